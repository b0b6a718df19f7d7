/* lower_grid.c - int8 values while a claim is lowered: their grids, on their way in and out (plugins/tpu). */
#include "lower_integer.h"

int tpu_is_op(const tpu_lowering *l, const tpu_node *n, const char *op) {
  return strcmp(l->s->view->op(l->s->graph, n->id), op) == 0;
}

tpu_node *tpu_maker(const tpu_lowering *l, const tpu_value *v) {
  return v->id.node < l->n_ids && l->of_id[v->id.node] != 0 ? &l->node[l->of_id[v->id.node] - 1] : NULL;
}

int tpu_is_output(const tpu_lowering *l, const tpu_value *v, uint32_t *out) {
  for (*out = 0; *out < l->s->n_out; ++*out)
    if (l->s->out[*out].node == v->id.node && l->s->out[*out].port == v->id.port) return 1;
  return 0;
}

int tpu_has_reader(const tpu_lowering *l, const tpu_value *v) {
  uint32_t index = (uint32_t)(v - l->value);
  for (uint32_t i = 0; i < l->n_nodes; i++)
    for (uint32_t k = 0; k < l->node[i].n_in; k++)
      if (l->node[i].in[k] == index && (l->node[i].rule->what & TPU_RULE_SHAPE_ONLY) == 0) return 1;
  return 0;
}

int tpu_known_real(const tpu_lowering *l, const tpu_node *n, uint32_t i, float *out) {
  const tpu_value *v = tpu_in(l, n, i);
  rn_tensor *t = n->in[i] < l->s->n_in ? l->s->view->constant(l->s->graph, v->id) : NULL;
  rn_tensor_view view;
  if (t == NULL) return 0;
  memset(&view, 0, sizeof view);
  view.struct_size = (uint32_t)sizeof view;
  l->host->tensor_view(t, &view);
  if (view.dtype != RN_FLOAT || view.data == NULL || rn_shape_elems(&view.shape) != 1) return 0;
  memcpy(out, view.data, sizeof *out);
  return 1;
}

static const char *grid_of_fake(const tpu_lowering *l, const tpu_node *n, tpu_grid *out) {
  tpu_fake f;
  const char *no = tpu_fake_of(l->host, l->s->view, l->s->graph, n->id, &f);
  return no != NULL ? no : tpu_fake_grid(&f, out);
}

rn_status *tpu_find_grid(const tpu_lowering *l, const tpu_node *n, const tpu_value *v, tpu_grid *out) {
  char name[192];
  const tpu_node *reader = tpu_only_reader(l, v), *maker = tpu_maker(l, v);
  const rn_graph_view_api *view = l->s->view;
  if (reader != NULL && tpu_is_fake_quant(view->op(l->s->graph, reader->id)) &&
      reader->in[0] == (uint32_t)(v - l->value))
    if (grid_of_fake(l, reader, out) == NULL) return NULL;
  if (maker != NULL && tpu_is_fake_quant(view->op(l->s->graph, maker->id))) {
    const char *no = grid_of_fake(l, maker, out);
    return no != NULL ? tpu_cannot(l, maker, "%s", no) : NULL;
  }
  if (maker != NULL && tpu_grid_of_op(view->op(l->s->graph, maker->id), out)) return NULL;
  tpu_value_name(view, l->s->graph, v->id, name);
  const tpu_range *r = tpu_ranges_find(l->ranges, name);
  if (r == NULL) return tpu_cannot(l, n, "no range of '%.150s' was measured, and no FakeQuant says it", name);
  *out = tpu_grid_of_range(r);
  return NULL;
}

/* Elements cross the host's link in pieces, so that the array begins before the last is there. */
rn_status *tpu_emit_transfer(tpu_lowering *l, const tpu_ins *whole, uint64_t count) {
  const uint64_t piece = 65536;
  uint32_t to = whole->op == TPU_DEQUANTIZE ? 4 : 1, from = whole->op == TPU_DEQUANTIZE ? 1 : 4;
  for (uint64_t at = 0; at < count; at += piece) {
    tpu_ins i = *whole;
    i.n[Q_COUNT] = (uint32_t)(count - at < piece ? count - at : piece);
    i.dst.offset += (uint32_t)at * to, i.a.offset += (uint32_t)at * from;
    RN_TRY(tpu_emit(l, &i));
  }
  return NULL;
}

/* Floats of the host's become int8 in `to`. */
static rn_status *bring_in(tpu_lowering *l, tpu_place from, const rn_shape *s, const tpu_grid *g, tpu_place to) {
  float inverse = 1.0f / g->scale.scale;
  tpu_ins i;
  memset(&i, 0, sizeof i);
  i.op = TPU_QUANTIZE;
  i.a = from, i.dst = to;
  i.n[Q_ZERO] = (uint32_t)g->scale.zero, i.n[Q_LOW] = (uint32_t)g->low, i.n[Q_HIGH] = (uint32_t)g->high;
  memcpy(&i.n[Q_SCALE], &inverse, sizeof inverse);
  l->p->io[from.io].near = 0;
  return tpu_emit_transfer(l, &i, (uint64_t)rn_shape_elems(s));
}

rn_status *tpu_int_input(tpu_lowering *l, const tpu_node *n, uint32_t i, tpu_place *place, tpu_grid *grid) {
  tpu_value *v = tpu_in(l, n, i), *root = &l->value[v->root];
  if (root->known != TPU_PLACED) return tpu_cannot(l, n, "its input %u has no content here", i);
  if (root->place.space == TPU_IO) {
    tpu_place to;
    if (root->dtype != RN_FLOAT) return tpu_cannot(l, n, "its input %u is not float", i);
    RN_TRY(tpu_find_grid(l, n, root, &root->grid));
    RN_TRY(tpu_keep(l, (uint64_t)rn_shape_elems(&root->shape), &to));
    RN_TRY(bring_in(l, root->place, &root->shape, &root->grid, to));
    root->place = to;
  }
  *place = root->place;
  *grid = root->grid;
  return NULL;
}

rn_status *tpu_give_out(tpu_lowering *l, const tpu_value *v) {
  uint32_t o;
  tpu_ins i;
  const tpu_value *root = &l->value[v->root];
  if (!tpu_is_output(l, v, &o)) return NULL;
  memset(&i, 0, sizeof i);
  i.op = TPU_DEQUANTIZE;
  i.dst = (tpu_place){0, (uint16_t)(l->s->n_in + o), TPU_IO, 0};
  i.a = root->place;
  i.n[Q_ZERO] = (uint32_t)root->grid.scale.zero;
  memcpy(&i.n[Q_SCALE], &root->grid.scale.scale, sizeof(float));
  return tpu_emit_transfer(l, &i, (uint64_t)rn_shape_elems(&v->shape));
}
