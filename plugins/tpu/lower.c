/* lower.c - a claim becomes a program (plugins/tpu).
 *
 * Values first: inputs, variables, every output. Then which share memory, who reads them last, and which are the
 * claim's outputs. Then each node's rule; updates of variables come last, after all that reads the old values. */
#include "lower.h"

static const tpu_rule *const groups[] = {tpu_rules_product, tpu_rules_elementwise, tpu_rules_shape,     tpu_rules_image,
                                         tpu_rules_loss,    tpu_rules_update,      tpu_rules_fake_quant};

static const tpu_rule *find_rule(const tpu_rule *r, const char *op) {
  while (r->op != NULL && strcmp(r->op, op) != 0) r++;
  return r->op != NULL ? r : NULL;
}

const tpu_rule *tpu_rule_of(uint32_t arithmetic, const char *op) {
  if (arithmetic == TPU_INT8) {
    const tpu_rule *r = find_rule(tpu_rules_integer, op);
    return r != NULL ? r : find_rule(tpu_rules_table, op);
  }
  for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++) {
    const tpu_rule *r = find_rule(groups[g], op);
    if (r != NULL) return r;
  }
  return NULL;
}

static int is_handle(rn_dtype t) { return t >= RN_REF || t == RN_RESOURCE; }

static rn_status *no_memory(const tpu_lowering *l) {
  return l->host->status(RN_RESOURCE_EXHAUSTED, "tpu: out of memory for a claim");
}

/* -------------------------------------------------------------------------------------- values */
static tpu_value *add_value(tpu_lowering *l, rn_value id, rn_dtype dtype) {
  tpu_value *v = &l->value[l->n_values];
  memset(v, 0, sizeof *v);
  v->id = id;
  v->dtype = dtype;
  v->shape = rn_shape_unknown();
  v->root = l->n_values++;
  v->out = -1;
  return v;
}

static uint32_t elem_bytes(rn_dtype t) {
  static const uint8_t size[24] = {[RN_FLOAT] = 4, [RN_DOUBLE] = 8, [RN_INT32] = 4, [RN_INT64] = 8, [RN_UINT32] = 4};
  t %= RN_REF;
  return t < 24 ? size[t] : 0;
}
static uint64_t size_of(rn_dtype t, const rn_shape *s) {
  return is_handle(t) || !rn_shape_known(s) ? 0 : (uint64_t)rn_shape_elems(s) * elem_bytes(t);
}

static rn_status *add_outside(tpu_lowering *l) {
  const rn_subgraph *s = l->s;
  for (uint32_t i = 0; i < s->n_in; i++) {
    rn_dtype t = s->view->dtype(s->graph, s->in[i]);
    tpu_value *v = add_value(l, s->in[i], t);
    v->shape = s->in_shape[i];
    v->known = TPU_PLACED;
    v->place = (tpu_place){0, (uint16_t)i, TPU_IO, 0};
    RN_TRY(tpu_program_add_io(l->p, (tpu_io){size_of(t, &v->shape), 1, 0, 1, {0}}));
  }
  for (uint32_t o = 0; o < s->n_out; o++) {
    rn_dtype t = s->view->dtype(s->graph, s->out[o]);
    RN_TRY(tpu_program_add_io(l->p, (tpu_io){size_of(t, &s->out_shape[o]), 0, 1, 1, {0}}));
  }
  for (uint32_t c = 0; c < s->n_cells; c++) {
    const rn_shape *declared = s->view->shape(s->graph, s->cells[c]);
    tpu_value *v = add_value(l, s->cells[c], RN_FLOAT);
    v->place = (tpu_place){0, (uint16_t)(s->n_in + s->n_out + c), TPU_IO, 0};
    v->known = TPU_PLACED;
    if (s->view->dtype(s->graph, s->cells[c]) % RN_REF == RN_FLOAT && declared != NULL) v->shape = *declared;
    RN_TRY(tpu_program_add_io(l->p, (tpu_io){size_of(RN_FLOAT, &v->shape), 1, 1, 1, {0}}));
  }
  return NULL;
}

static uint32_t find(const tpu_lowering *l, rn_value id) {
  if (id.node < l->n_ids && l->of_id[id.node] != 0) return l->node[l->of_id[id.node] - 1].first + id.port;
  for (uint32_t i = 0; i < l->s->n_in + l->s->n_cells; i++)
    if (l->value[i].id.node == id.node && l->value[i].id.port == id.port) return i;
  return UINT32_MAX;
}

static rn_status *add_nodes(tpu_lowering *l) {
  const rn_subgraph *s = l->s;
  for (uint32_t i = 0; i < s->n_nodes; i++) {
    tpu_node *n = &l->node[i];
    n->id = s->nodes[i];
    n->rule = tpu_rule_of(l->m->arithmetic, s->view->op(s->graph, n->id));
    if (n->rule == NULL) return tpu_cannot(l, n, "there is no rule for it");
    n->first = l->n_values;
    for (uint32_t o = 0; o < s->view->output_count(s->graph, n->id); o++) {
      rn_value id = {n->id, o};
      (void)add_value(l, id, s->view->dtype(s->graph, id));
    }
    l->of_id[n->id] = i + 1;
    l->n_nodes++;
  }
  for (uint32_t i = 0; i < s->n_nodes; i++) {
    tpu_node *n = &l->node[i];
    uint32_t count = s->view->input_count(s->graph, n->id);
    if (count > TPU_MAX_INPUTS) return tpu_cannot(l, n, "more than %d inputs", TPU_MAX_INPUTS);
    for (n->n_in = 0; n->n_in < count; n->n_in++) {
      n->in[n->n_in] = find(l, s->view->input(s->graph, n->id, n->n_in));
      if (n->in[n->n_in] == UINT32_MAX) return tpu_cannot(l, n, "its input %u is neither inside nor given", n->n_in);
    }
  }
  return NULL;
}

/* ---------------------------------------------------------------------------------- life times */
static uint32_t root_of(const tpu_lowering *l, uint32_t v) {
  while (l->value[v].root != v) v = l->value[v].root;
  return v;
}

static void join_aliases(tpu_lowering *l) {
  for (uint32_t i = 0; i < l->n_nodes; i++) {
    const tpu_node *n = &l->node[i];
    if (n->n_in == 0) continue;
    const tpu_value *x = &l->value[n->in[0]];
    int alone = (n->rule->what & TPU_RULE_FAKE) != 0 && l->m->arithmetic == TPU_INT8 && x->root == n->in[0] &&
                tpu_only_reader(l, x) == n;
    if ((n->rule->what & TPU_RULE_ALIAS) != 0 || alone) l->value[n->first].root = root_of(l, n->in[0]);
  }
}

static void find_last_readers(tpu_lowering *l) {
  const rn_subgraph *s = l->s;
  uint32_t given = s->n_in + s->n_cells;
  for (uint32_t i = 0; i < l->n_nodes; i++) {
    const tpu_node *n = &l->node[i];
    uint32_t end = i + 1 < l->n_nodes ? l->node[i + 1].first : l->n_values;
    for (uint32_t v = n->first; v < end; v++) {
      tpu_value *r = &l->value[l->value[v].root];
      if (r->last < i) r->last = i;
    }
    for (uint32_t k = 0; k < n->n_in; k++) {
      tpu_value *r = &l->value[l->value[n->in[k]].root];
      uint32_t at = (n->rule->what & TPU_RULE_UPDATE) != 0 ? UINT32_MAX : i; /* updates wait for the end */
      if (r->last < at) r->last = at;
    }
  }
  for (uint32_t o = 0; o < s->n_out; o++) {
    uint32_t v = find(l, s->out[o]);
    if (v == UINT32_MAX || is_handle(l->value[v].dtype)) continue;
    tpu_value *r = &l->value[l->value[v].root];
    r->last = UINT32_MAX;
    if (r->out < 0 && l->value[v].root >= given) r->out = (int32_t)o;
  }
}

static void free_temps(tpu_lowering *l) {
  for (uint32_t t = 0; t < l->n_temp; t++)
    tpu_heap_give(l->temp[t].place.space == TPU_BUFFER ? &l->buffer : &l->memory, l->temp[t].place.offset,
                  l->temp[t].size_bytes);
  l->n_temp = 0;
}

static void free_dead(tpu_lowering *l, uint32_t at) {
  free_temps(l);
  for (uint32_t v = l->s->n_in + l->s->n_cells; v < l->n_values; v++) {
    const tpu_value *r = &l->value[v];
    if (r->root != v || r->last != at || r->known != TPU_PLACED || l->keep) continue;
    if (r->place.space != TPU_BUFFER && r->place.space != TPU_MEMORY) continue;
    tpu_heap_give(r->place.space == TPU_BUFFER ? &l->buffer : &l->memory, r->place.offset,
                  size_of(r->dtype, &r->shape) / (l->m->arithmetic == TPU_INT8 && r->dtype == RN_FLOAT ? 4 : 1));
  }
}

/* ------------------------------------------------------------------------------------- lowering */
static rn_status *lower_nodes(tpu_lowering *l) {
  for (uint32_t i = 0; i < l->n_nodes; i++) {
    tpu_node *n = &l->node[i];
    l->at = i;
    if ((n->rule->what & TPU_RULE_UPDATE) == 0 && !n->done) RN_TRY(n->rule->lower(l, n));
    free_dead(l, i);
  }
  for (uint32_t i = 0; i < l->n_nodes; i++) {
    tpu_node *n = &l->node[i];
    if ((n->rule->what & TPU_RULE_UPDATE) != 0) RN_TRY(n->rule->lower(l, n));
    free_temps(l);
  }
  return NULL;
}

/* Outputs that were not made in their tensor: names of inputs, second names, integers. */
static rn_status *copy_outputs(tpu_lowering *l) {
  for (uint32_t o = 0; o < l->s->n_out; o++) {
    uint32_t at = find(l, l->s->out[o]);
    tpu_place to = {0, (uint16_t)(l->s->n_in + o), TPU_IO, 0}, from;
    if (at == UINT32_MAX || is_handle(l->value[at].dtype)) continue;
    const tpu_value *v = &l->value[at];
    tpu_node one = {.id = v->id.node, .n_in = 1, .in = {at}};
    if (v->known == TPU_INTS && v->n_ints == 0) continue;
    RN_TRY(tpu_need(l, &one, 0, &from));
    if (from.space == to.space && from.io == to.io) continue;
    uint64_t size = size_of(v->dtype, &v->shape);
    if (size == 0) continue;
    if (size != l->p->io[to.io].size_bytes) return tpu_cannot(l, &one, "its result is not as large as was said");
    RN_TRY(tpu_emit_dense(l, TPU_V_COPY, to, from, (tpu_place){0}, (int64_t)(size / 4), 0));
  }
  return NULL;
}

/* Integers: every output was written by what made it, or the claim is not for this machine. */
static rn_status *check_outputs(const tpu_lowering *l) {
  for (uint32_t o = 0; o < l->s->n_out; o++) {
    uint32_t i = 0, io = l->s->n_in + o;
    while (i < l->p->n_ins && !(l->p->ins[i].dst.space == TPU_IO && l->p->ins[i].dst.io == io)) i++;
    if (i == l->p->n_ins)
      return rn_error(l->host, RN_UNIMPLEMENTED, "tpu: output %u, '%s', would leave the machine in a way it cannot", o,
                      l->s->view->name(l->s->graph, l->s->out[o].node));
    l->p->io[io].near = 0;
  }
  return NULL;
}

static void settle(tpu_place *p, uint32_t base) {
  if (p->reserved != 0) p->offset += base;
  p->reserved = 0;
}

/* The constants' places are known now. */
static rn_status *settle_constants(tpu_lowering *l) {
  uint64_t base = (l->memory.top + 63) / 64 * 64;
  if (base + l->constants > l->m->memory_bytes)
    return rn_error(l->host, RN_UNIMPLEMENTED, "tpu: no memory for %llu bytes of constants",
                    (unsigned long long)l->constants);
  for (uint32_t i = 0; i < l->p->n_data; i++) l->p->data[i].offset += (uint32_t)base;
  for (uint32_t i = 0; i < l->p->n_ins; i++) {
    settle(&l->p->ins[i].dst, (uint32_t)base);
    settle(&l->p->ins[i].a, (uint32_t)base);
    settle(&l->p->ins[i].b, (uint32_t)base);
  }
  l->p->memory_bytes = base + l->constants;
  return NULL;
}

static rn_status *lower_all(tpu_lowering *l) {
  RN_TRY(add_outside(l));
  RN_TRY(add_nodes(l));
  join_aliases(l);
  find_last_readers(l);
  RN_TRY(lower_nodes(l));
  RN_TRY(l->m->arithmetic == TPU_BF16 ? copy_outputs(l) : check_outputs(l));
  RN_TRY(settle_constants(l));
  return tpu_emit(l, &(tpu_ins){.op = TPU_END});
}

static uint32_t most_values(const rn_subgraph *s) {
  uint32_t n = s->n_in + s->n_cells;
  for (uint32_t i = 0; i < s->n_nodes; i++) n += s->view->output_count(s->graph, s->nodes[i]);
  return n;
}

/* Calibrating: what was placed, inputs included, is there at the end. */
static void list_seen(const tpu_lowering *l, tpu_lowered *out) {
  for (uint32_t v = 0; v < l->n_values && out->n_seen < TPU_MAX_SEEN; v++) {
    const tpu_value *x = &l->value[v];
    if (x->known != TPU_PLACED || x->dtype != RN_FLOAT || x->root != v ||
        (v >= l->s->n_in && v < l->s->n_in + l->s->n_cells))
      continue;
    tpu_value_name(l->s->view, l->s->graph, x->id, out->seen[out->n_seen].name);
    out->seen[out->n_seen].place = x->place;
    out->seen[out->n_seen++].elems = (uint64_t)rn_shape_elems(&x->shape);
  }
}

rn_status *tpu_lower(const rn_host_api *host, const tpu_machine *m, const rn_subgraph *s, const tpu_ranges *ranges,
                     int keep, tpu_lowered *out) {
  tpu_lowering *l = host->alloc(host->ctx, sizeof *l, 16);
  memset(out, 0, sizeof *out);
  tpu_program_init(&out->program, host, m);
  if (l == NULL) return host->status(RN_RESOURCE_EXHAUSTED, "tpu: out of memory for a claim");
  memset(l, 0, sizeof *l);
  l->host = host, l->m = m, l->s = s, l->p = &out->program, l->ranges = ranges, l->keep = keep;
  l->n_ids = s->view->node_count(s->graph);
  tpu_heap_init(&l->buffer, m->buffer_bytes);
  tpu_heap_init(&l->memory, m->memory_bytes);
  l->value = host->alloc(host->ctx, ((size_t)most_values(s) + 1) * sizeof *l->value, 16);
  l->node = host->alloc(host->ctx, ((size_t)s->n_nodes + 1) * sizeof *l->node, 16);
  l->of_id = host->alloc(host->ctx, ((size_t)l->n_ids + 1) * sizeof *l->of_id, 16);
  rn_status *failed = l->value && l->node && l->of_id ? NULL : no_memory(l);
  if (failed == NULL) {
    memset(l->node, 0, ((size_t)s->n_nodes + 1) * sizeof *l->node);
    memset(l->of_id, 0, ((size_t)l->n_ids + 1) * sizeof *l->of_id);
    failed = lower_all(l);
  }
  if (failed == NULL) {
    memcpy(out->pack, l->pack, sizeof l->pack);
    out->n_packs = l->n_packs;
    if (keep) list_seen(l, out);
  }
  host->free(host->ctx, l->value);
  host->free(host->ctx, l->node);
  host->free(host->ctx, l->of_id);
  host->free(host->ctx, l);
  return failed;
}
