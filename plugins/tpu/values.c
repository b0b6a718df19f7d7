/* values.c - what a node's inputs and outputs stand for while a claim is lowered (plugins/tpu). */
#include "lower.h"

rn_status *tpu_cannot(const tpu_lowering *l, const tpu_node *n, const char *format, ...) {
  char text[300];
  va_list ap;
  va_start(ap, format);
  vsnprintf(text, sizeof text, format, ap);
  va_end(ap);
  return rn_error(l->host, RN_UNIMPLEMENTED, "tpu: %s '%s': %s", l->s->view->op(l->s->graph, n->id),
                  l->s->view->name(l->s->graph, n->id), text);
}

tpu_value *tpu_in(const tpu_lowering *l, const tpu_node *n, uint32_t i) { return &l->value[n->in[i]]; }
tpu_value *tpu_out(const tpu_lowering *l, const tpu_node *n, uint32_t o) { return &l->value[n->first + o]; }
rn_self tpu_self(const tpu_lowering *l, const tpu_node *n) {
  return (rn_self){l->host, l->s->view, l->s->graph, n->id, 0};
}

static uint64_t bytes_of(const tpu_lowering *l, const tpu_value *v) {
  uint64_t elem = v->dtype == RN_INT64 || v->dtype == RN_DOUBLE          ? 8
                  : v->dtype == RN_FLOAT && l->m->arithmetic == TPU_INT8 ? 1
                                                                         : 4;
  return (uint64_t)rn_shape_elems(&v->shape) * elem;
}

static rn_status *take(tpu_lowering *l, uint64_t size_bytes, tpu_place *out) {
  uint64_t offset;
  if (tpu_heap_take(&l->buffer, size_bytes, &offset))
    *out = (tpu_place){(uint32_t)offset, 0, TPU_BUFFER, 0};
  else if (tpu_heap_take(&l->memory, size_bytes, &offset))
    *out = (tpu_place){(uint32_t)offset, 0, TPU_MEMORY, 0};
  else
    return rn_error(l->host, RN_UNIMPLEMENTED, "tpu: %llu bytes are too many for the memory of machine '%s'",
                    (unsigned long long)size_bytes, l->m->name);
  return NULL;
}

rn_status *tpu_keep(tpu_lowering *l, uint64_t size_bytes, tpu_place *out) { return take(l, size_bytes, out); }
rn_status *tpu_keep_memory(tpu_lowering *l, uint64_t size_bytes, tpu_place *out) {
  uint64_t offset;
  if (!tpu_heap_take(&l->memory, size_bytes, &offset))
    return rn_error(l->host, RN_UNIMPLEMENTED, "tpu: no memory for %llu bytes of weights",
                    (unsigned long long)size_bytes);
  *out = (tpu_place){(uint32_t)offset, 0, TPU_MEMORY, 0};
  return NULL;
}

rn_status *tpu_temp(tpu_lowering *l, uint64_t size_bytes, tpu_place *out) {
  if (l->n_temp == 64) return rn_error(l->host, RN_UNIMPLEMENTED, "tpu: a node needs more than 64 stretches of memory");
  RN_TRY(take(l, size_bytes, out));
  l->temp[l->n_temp].place = *out;
  l->temp[l->n_temp++].size_bytes = size_bytes;
  return NULL;
}

/* Until the program is whole a constant's place is marked: where the constants begin is not known yet. */
rn_status *tpu_constant(tpu_lowering *l, const void *data, uint64_t size_bytes, tpu_place *out) {
  for (uint32_t i = 0; i < l->p->n_data; i++) { /* the same constant again */
    const tpu_data *d = &l->p->data[i];
    if (d->size_bytes != size_bytes || memcmp(l->p->bytes + d->at, data, size_bytes) != 0) continue;
    *out = (tpu_place){d->offset, 0, TPU_MEMORY, 1};
    return NULL;
  }
  if (size_bytes > UINT32_MAX / 2 - l->constants)
    return rn_error(l->host, RN_UNIMPLEMENTED, "tpu: no memory for a constant of %llu bytes",
                    (unsigned long long)size_bytes);
  *out = (tpu_place){(uint32_t)l->constants, 0, TPU_MEMORY, 1};
  l->constants += (size_bytes + 63) / 64 * 64;
  return tpu_program_add_data(l->p, out->offset, data, (uint32_t)size_bytes);
}

static rn_status *place_ints(tpu_lowering *l, tpu_value *v) {
  int64_t wide[TPU_MAX_INTS];
  int32_t narrow[TPU_MAX_INTS];
  for (uint32_t i = 0; i < v->n_ints; i++) wide[i] = v->ints[i], narrow[i] = (int32_t)v->ints[i];
  const void *data = v->dtype == RN_INT64 ? (const void *)wide : (const void *)narrow;
  return tpu_constant(l, data, (uint64_t)v->n_ints * (v->dtype == RN_INT64 ? 8 : 4), &v->place);
}

rn_status *tpu_need(tpu_lowering *l, const tpu_node *n, uint32_t i, tpu_place *out) {
  tpu_value *v = tpu_in(l, n, i), *root = &l->value[v->root];
  if (v->known == TPU_INTS && v->place.space == TPU_NOWHERE) RN_TRY(place_ints(l, v));
  if (v->known == TPU_INTS) root = v;
  if (root->known != TPU_PLACED && root->known != TPU_INTS)
    return tpu_cannot(l, n, "its input %u has no content here", i);
  *out = root->place;
  return NULL;
}

/* What the host knows of it before the step: constants, and what follows from shapes. */
static int from_host(const tpu_lowering *l, tpu_value *v) {
  const rn_tensor_view *view = RN_HAS_FN(l->s, rn_subgraph, value_of) ? l->s->value_of(l->s, v->id) : NULL;
  if (view == NULL || (v->dtype != RN_INT32 && v->dtype != RN_INT64)) return 0;
  int64_t n = rn_shape_elems(&view->shape);
  if (n > TPU_MAX_INTS || (n > 0 && view->data == NULL)) return 0;
  for (int64_t i = 0; i < n; i++)
    v->ints[i] = v->dtype == RN_INT32 ? ((const int32_t *)view->data)[i] : ((const int64_t *)view->data)[i];
  v->n_ints = (uint32_t)n;
  v->shape = view->shape;
  return 1;
}

rn_status *tpu_known_ints(tpu_lowering *l, tpu_node *n) {
  for (uint32_t o = 0; o < l->s->view->output_count(l->s->graph, n->id); o++) {
    tpu_value *v = tpu_out(l, n, o);
    if (!from_host(l, v)) return tpu_cannot(l, n, "its output %u is not known before the step", o);
    v->known = TPU_INTS;
  }
  return NULL;
}

rn_status *tpu_shape_of(const tpu_lowering *l, const tpu_node *n, uint32_t o, rn_shape *out) {
  const rn_shape *s = RN_HAS_FN(l->s, rn_subgraph, shape_of) ? l->s->shape_of(l->s, tpu_out(l, n, o)->id) : NULL;
  if (s == NULL) return tpu_cannot(l, n, "the shape of its output %u is not known", o);
  *out = *s;
  return NULL;
}

rn_status *tpu_ints(const tpu_lowering *l, const tpu_node *n, uint32_t i, const int64_t **out, uint32_t *count) {
  tpu_value *v = tpu_in(l, n, i);
  const tpu_value *root = &l->value[v->root];
  if (v->known != TPU_INTS && root->known == TPU_INTS) {
    memcpy(v->ints, root->ints, sizeof v->ints);
    v->n_ints = root->n_ints;
  } else if (v->known != TPU_INTS && !from_host(l, v)) {
    return tpu_cannot(l, n, "its input %u is not known before the step", i);
  }
  *out = v->ints;
  *count = v->n_ints;
  return NULL;
}

rn_status *tpu_axis(const tpu_lowering *l, const tpu_node *n, uint32_t input, int32_t rank, int32_t *out) {
  const int64_t *v = NULL;
  uint32_t count = 0;
  RN_TRY(tpu_ints(l, n, input, &v, &count));
  int64_t axis = count == 1 ? v[0] : rank;
  if (axis < 0) axis += rank;
  if (axis < 0 || axis >= rank) return tpu_cannot(l, n, "its axis is not one of %d", rank);
  *out = (int32_t)axis;
  return NULL;
}

int64_t tpu_span(const rn_shape *s, int32_t lo, int32_t hi) {
  int64_t n = 1;
  for (int32_t k = lo; k < hi; k++) n *= s->dim[k];
  return n;
}

rn_status *tpu_make(tpu_lowering *l, const tpu_node *n, uint32_t o, const rn_shape *s, tpu_place *out) {
  tpu_value *v = tpu_out(l, n, o), *root = &l->value[v->root];
  if (rn_shape_elems(s) == 0) return tpu_cannot(l, n, "its result is empty");
  v->shape = *s;
  v->known = TPU_PLACED;
  if (root->out >= 0 && l->m->arithmetic == TPU_BF16) {
    root->place = (tpu_place){0, (uint16_t)(l->s->n_in + (uint32_t)root->out), TPU_IO, 0};
    if (l->p->io[root->place.io].size_bytes < bytes_of(l, v))
      return tpu_cannot(l, n, "its result is larger than was said");
  } else {
    RN_TRY(take(l, bytes_of(l, v), &root->place));
  }
  v->place = root->place;
  *out = v->place;
  return NULL;
}

tpu_node *tpu_only_reader(const tpu_lowering *l, const tpu_value *v) {
  tpu_node *only = NULL;
  uint32_t index = (uint32_t)(v - l->value), found = 0;
  for (uint32_t o = 0; o < l->s->n_out; o++)
    if (l->s->out[o].node == v->id.node && l->s->out[o].port == v->id.port) return NULL;
  for (uint32_t i = 0; i < l->n_nodes; i++)
    for (uint32_t k = 0; k < l->node[i].n_in; k++) {
      if (l->node[i].in[k] != index || (l->node[i].rule->what & TPU_RULE_SHAPE_ONLY) != 0) continue;
      found++;
      only = &l->node[i];
    }
  return found == 1 ? only : NULL;
}
