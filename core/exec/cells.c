/* exec/cells.c - which variable each value stands for (core/exec).
 *
 * Ref and resource values are followed to the node that names the variable, or to the function
 * argument that brings it. An identity of a Ref takes an alias of the content. What ops do to cells
 * is listed as accesses, in order of nodes; functions that a node calls are looked through for the
 * variables they name, so that a step knows all its locks before it starts. */
#include <stdlib.h>
#include "exec/cells.h"

static uint64_t bit_of(uint32_t i) { return i < 64 ? (uint64_t)1 << i : 0; }

static rn_status *reserve(void *array, uint32_t *capacity, uint32_t count, size_t item) {
  void **a = array;
  if (count < *capacity) return NULL;
  uint32_t wanted = *capacity * 2 + 64;
  void *grown = rn_mem_grow(*a, wanted, item);
  if (grown == NULL) return exec_out_of_memory("the plan's variables");
  *a = grown;
  *capacity = wanted;
  return NULL;
}

rn_status *exec_add_access(exec_resolve *w, exec_access a) {
  RN_TRY(reserve(&w->access, &w->access_capacity, w->p->n_access, sizeof *w->access));
  w->access[w->p->n_access++] = a;
  exec_cell *c = &w->p->cell[a.cell];
  if (a.writes)
    c->writes = 1;
  else
    c->reads = 1;
  return NULL;
}

static rn_status *add_cell(exec_resolve *w, exec_cell c, uint32_t *out) {
  exec_plan *p = w->p;
  RN_TRY(reserve(&p->cell, &w->cell_capacity, p->n_cell, sizeof *p->cell));
  p->cell[p->n_cell] = c;
  *out = p->n_cell++;
  return NULL;
}

static rn_status *spec_of(const rn_graph *g, rn_node_id id, const rn_op *op, rn_resource_spec *spec) {
  char text[256];
  memset(spec, 0, sizeof *spec);
  spec->struct_size = (uint32_t)sizeof *spec;
  spec->shape.rank = -1;
  rn_self self = {op->host, rn_graph_view(), g, id, 0};
  if (!RN_HAS_FN(op->def, rn_op_def, resource))
    return rn_status_make(RN_INTERNAL, "%s: its op names a resource but does not say which",
                          rn_node_text(g, id, text, sizeof text));
  rn_status *s = op->def->resource(&self, spec);
  if (s != NULL) return rn_status_wrap(s, "%s", rn_node_text(g, id, text, sizeof text));
  if (spec->shared_name.size == 0) {
    spec->shared_name.data = rn_graph_name(g, id);
    spec->shared_name.size = strlen(spec->shared_name.data);
  }
  return NULL;
}

rn_status *exec_open_cell(exec_resolve *w, const rn_graph *g, rn_node_id id, const rn_op *op, uint32_t maker,
                          uint32_t *out) {
  exec_plan *p = w->p;
  rn_resource_spec spec;
  RN_TRY(spec_of(g, id, op, &spec));
  exec_cell c = {.feed = EXEC_NONE,
                 .maker = maker,
                 .step_scope = spec.scope == RN_SCOPE_STEP,
                 .first_reader = EXEC_NONE,
                 .dtype = spec.dtype,
                 .declared = spec.shape};
  if (!c.step_scope) {
    char text[256];
    rn_store *store = spec.scope == RN_SCOPE_PROCESS ? exec_process_store(p->session->rt) : p->session->store;
    if (store == NULL) return exec_out_of_memory("the process's resources");
    rn_status *s = rn_store_cell(store, spec.container, spec.shared_name, spec.dtype, &spec.shape, &c.resource);
    if (s != NULL) return rn_status_wrap(s, "%s", rn_node_text(g, id, text, sizeof text));
    uint64_t order = rn_resource_order(c.resource);
    uint32_t at = rn_map_find(&w->index, (const char *)&order, sizeof order);
    if (at != RN_MAP_NONE) {
      *out = at;
      if (p->cell[at].maker == EXEC_NONE) p->cell[at].maker = maker;
      return NULL;
    }
    uint64_t *key = rn_arena_alloc(&p->memory, sizeof *key);
    if (key == NULL) return exec_out_of_memory("the plan's variables");
    *key = order;
    if (!rn_map_put(&w->index, (const char *)key, sizeof *key, p->n_cell))
      return exec_out_of_memory("the plan's variables");
  }
  return add_cell(w, c, out);
}

/* ------------------------------------------------------------------------------ values to cells */
int exec_node_writes(const exec_plan *p, const exec_node *n, uint32_t i) {
  const exec_value *v = &p->value[p->input[n->in + i]];
  if (n->kind == NODE_CLAIM) return i >= n->claim->n_in && n->claim->writes[i - n->claim->n_in];
  if (n->op == NULL || v->cell == EXEC_NONE || v->reader != EXEC_NONE) return 0;
  return (n->op->def->writes & bit_of(i)) != 0;
}

/* Reading a resource variable is an identity too, when its kernel says its output is the input. */
static int takes_alias(const exec_node *n) {
  if (n->kind == NODE_IDENTITY) return 1;
  if (n->kind != NODE_COMPUTE || n->n_in != 1 || n->n_out != 1 || n->op->def->writes != 0) return 0;
  return (n->op->def->reads & 1) != 0 && n->kernel != NULL && n->kernel->def->alias == 1;
}

static int is_handle(rn_dtype t) { return t >= RN_REF || t == RN_RESOURCE; }

static void forward(exec_plan *p, uint32_t node) {
  exec_node *n = &p->node[node];
  if (takes_alias(n)) {
    n->kind = NODE_IDENTITY;
    for (uint32_t i = 0; i < n->n_out && i < n->n_in; i++) {
      const exec_value *from = &p->value[p->input[n->in + i]];
      exec_value *to = &p->value[n->out + i];
      to->cell = from->cell;
      to->reader = from->cell == EXEC_NONE || is_handle(to->dtype) ? EXEC_NONE
                   : from->reader != EXEC_NONE                     ? from->reader
                                                                   : node;
    }
    return;
  }
  int32_t ref = n->op->def->ref_forward;
  if (n->kind == NODE_COMPUTE && ref > 0 && (uint32_t)ref <= n->n_in && n->n_out > 0)
    p->value[n->out].cell = p->value[p->input[n->in + (uint32_t)ref - 1]].cell;
}

static rn_status *list_accesses(exec_resolve *w, uint32_t node) {
  const exec_plan *p = w->p;
  const exec_node *n = &p->node[node];
  int tolerant = n->op != NULL && (n->op->def->flags & RN_OP_UNINITIALIZED_OK) != 0;
  for (uint32_t i = 0; i < n->n_in; i++) {
    const exec_value *v = &p->value[p->input[n->in + i]];
    if (v->cell == EXEC_NONE) continue;
    int writes = exec_node_writes(p, n, i);
    int passes_on = n->kind == NODE_IDENTITY && is_handle(p->value[n->out + i].dtype);
    int unread = v->dtype == RN_RESOURCE && n->kind != NODE_IDENTITY && n->op != NULL &&
                 (n->op->def->reads & bit_of(i)) == 0 && !writes;
    if (passes_on || unread) continue;
    RN_TRY(exec_add_access(w, (exec_access){v->cell, node, v->reader, (uint8_t)writes, 0, (uint8_t)(writes && tolerant),
                                            (uint8_t)!tolerant}));
  }
  return NULL;
}

static rn_status *resolve_node(exec_resolve *w, uint32_t node) {
  exec_plan *p = w->p;
  exec_node *n = &p->node[node];
  if (n->kind == NODE_RESOURCE) {
    uint32_t cell;
    RN_TRY(exec_open_cell(w, p->graph, n->id, n->op, node, &cell));
    if (n->n_out > 0) p->value[n->out].cell = cell;
    return NULL;
  }
  if (n->kind == NODE_TOKEN) return NULL;
  forward(p, node);
  if ((n->op->def->flags & RN_OP_CALLS) != 0) return exec_resolve_calls(w, node);
  return list_accesses(w, node);
}

/* A fetched Ref of a cell that this step writes is copied at its own place in the order. */
static void add_snapshot(exec_plan *p, uint32_t fetch) {
  uint32_t v = p->fetch_value[fetch], made = p->n_value++;
  exec_node *n = &p->node[p->n_node];
  memset(n, 0, sizeof *n);
  n->id = p->node[p->value[v].node].id;
  n->kind = NODE_SNAPSHOT;
  n->snapshot = 1;
  n->in = p->n_input;
  n->n_in = n->n_out = n->n_pred = 1;
  n->out = made;
  n->pred = p->n_pred;
  p->input[p->n_input++] = v;
  p->pred[p->n_pred++] = p->value[v].node;
  p->value[made] =
      (exec_value){p->n_node++, 0, rn_dtype_base(p->value[v].dtype), EXEC_NONE, EXEC_NONE, EXEC_NONE, NULL};
  p->fetch_value[fetch] = made;
}

static rn_status *resolve_fetches(exec_resolve *w) {
  exec_plan *p = w->p;
  for (uint32_t i = 0; i < p->n_fetch; i++) {
    const exec_value *v = &p->value[p->fetch_value[i]];
    if (v->cell == EXEC_NONE || v->dtype == RN_RESOURCE) continue;
    uint32_t cell = v->cell, reader = v->reader, node = v->node;
    int handle = v->dtype >= RN_REF;
    if (handle && p->cell[cell].writes) {
      add_snapshot(p, i);
      node = p->n_node - 1;
    }
    RN_TRY(exec_add_access(w, (exec_access){cell, node, handle ? EXEC_NONE : reader, 0, (uint8_t)!handle, 0, 1}));
  }
  return NULL;
}

/* -------------------------------------------------------------------------------------- locks */
static int by_order(const void *a, const void *b) {
  uint64_t x = rn_resource_order(((const exec_lock *)a)->resource),
           y = rn_resource_order(((const exec_lock *)b)->resource);
  return x < y ? -1 : x > y;
}

static rn_status *list_locks(exec_plan *p) {
  p->lock = rn_arena_array(&p->memory, p->n_cell + (size_t)1, sizeof *p->lock);
  p->fixed_cell = rn_arena_array(&p->memory, p->n_cell + (size_t)1, sizeof(rn_resource *));
  if (p->lock == NULL || p->fixed_cell == NULL) return exec_out_of_memory("the plan's variables");
  for (uint32_t i = 0; i < p->n_cell; i++) {
    p->fixed_cell[i] = p->cell[i].resource;
    if (p->fixed_cell[i] == NULL) p->binds_cells = 1;
  }
  for (uint32_t i = 0; i < p->n_cell && !p->is_body; i++) {
    const exec_cell *c = &p->cell[i];
    if (c->resource != NULL && (c->reads || c->writes)) p->lock[p->n_lock++] = (exec_lock){c->resource, c->writes};
  }
  if (p->n_lock > 1) qsort(p->lock, p->n_lock, sizeof *p->lock, by_order);
  return NULL;
}

static rn_status *resolve_all(exec_resolve *w) {
  exec_plan *p = w->p;
  uint32_t n = p->n_node;
  for (uint32_t i = 0; i < p->n_feed; i++) {
    if (p->value[i].dtype != RN_RESOURCE) continue;
    rn_fact f;
    rn_graph_fact(p->graph, p->feed[i], &f);
    exec_cell c = {
        .feed = i, .maker = EXEC_NONE, .first_reader = EXEC_NONE, .dtype = f.handle_dtype, .declared = f.handle_shape};
    RN_TRY(add_cell(w, c, &p->value[i].cell));
  }
  for (uint32_t i = 0; i < n; i++) RN_TRY(resolve_node(w, i));
  RN_TRY(resolve_fetches(w));
  for (uint32_t i = 0; i < p->n_cell; i++)
    p->cell[i].shape_moves = p->cell[i].writes && !rn_shape_known(&p->cell[i].declared);
  return list_locks(p);
}

rn_status *exec_resolve_cells(exec_plan *p) {
  exec_resolve w = {.p = p};
  rn_map_init(&w.index);
  rn_status *s = resolve_all(&w);
  p->access = w.access;
  rn_map_finish(&w.index);
  rn_mem_free(w.seen);
  return s;
}
