/* exec/bind.c - what must hold before a step, and what its instance sees (core/exec).
 *
 * Resource arguments and cells of step scope are bound when the step starts; feeds have the declared
 * dtype; what is read before it is written is initialised. */
#include "exec/exec.h"

static rn_status *step_cell(exec_run *r, const exec_plan *p, const exec_cell *c, rn_resource **out) {
  rn_status *s = NULL;
  const char *name = c->maker != EXEC_NONE ? rn_graph_name(p->graph, p->node[c->maker].id) : "step";
  while (r->parent != NULL) r = r->parent;
  (void)pthread_mutex_lock(&r->guard);
  if (r->step_store == NULL) s = rn_store_create(&r->step_store);
  (void)pthread_mutex_unlock(&r->guard);
  if (s != NULL) return s;
  return rn_store_cell(r->step_store, (rn_bytes){"", 0}, (rn_bytes){name, strlen(name)}, c->dtype, &c->declared, out);
}

rn_status *exec_bind_cells(exec_run *r, const exec_plan *p, const exec_args *a, rn_resource **cell) {
  for (uint32_t i = 0; i < p->n_cell; i++) {
    const exec_cell *c = &p->cell[i];
    cell[i] = c->resource;
    if (c->feed != EXEC_NONE) cell[i] = a->resources != NULL ? a->resources[c->feed] : NULL;
    if (c->feed != EXEC_NONE && cell[i] == NULL)
      return rn_status_make(RN_INVALID_ARGUMENT, "the resource argument '%s' was not given",
                            rn_graph_name(p->graph, p->feed[c->feed].node));
    if (c->step_scope) RN_TRY(step_cell(r, p, c, &cell[i]));
  }
  return NULL;
}

rn_status *exec_check_initialised(const exec_plan *p, rn_resource *const *cell) {
  char text[256];
  for (uint32_t i = 0; i < p->n_cell; i++) {
    const exec_cell *c = &p->cell[i];
    if (c->first_reader == EXEC_NONE || !rn_resource_is_cell(cell[i]) || rn_cell_initialized(cell[i])) continue;
    return rn_status_make(RN_FAILED_PRECONDITION, "%s reads variable '%s', which is not initialised",
                          exec_node_text(p, c->first_reader, text, sizeof text), rn_resource_name(cell[i]));
  }
  return NULL;
}

rn_status *exec_check_feeds(const exec_plan *p, const exec_args *a) {
  for (uint32_t i = 0; i < p->n_feed; i++) {
    if (p->value[i].dtype == RN_RESOURCE) continue;
    const char *name = rn_graph_name(p->graph, p->feed[i].node);
    if (a->feeds[i] == NULL)
      return rn_status_make(RN_INVALID_ARGUMENT, "feed '%s:%u' has no tensor", name, p->feed[i].port);
    if (rn_tensor_dtype(a->feeds[i]) == p->value[i].dtype) continue;
    return rn_status_make(RN_INVALID_ARGUMENT, "feed '%s:%u' is %s, the graph declares %s", name, p->feed[i].port,
                          rn_dtype_name(rn_tensor_dtype(a->feeds[i])), rn_dtype_name(p->value[i].dtype));
  }
  return NULL;
}

/* Inputs of calls that stand for cells; needed again only when a cell is another one. */
static void place_resources(exec_instance *x) {
  const exec_layout *l = x->layout;
  const exec_plan *p = l->plan;
  for (uint32_t k = 0; k < l->n_order; k++) {
    const exec_node *n = &p->node[l->order[k]];
    rn_resource **resource = (rn_resource **)(uintptr_t)x->call[k].pub.resource;
    for (uint32_t i = 0; i < n->n_in; i++) {
      uint32_t cell = p->value[p->input[n->in + i]].cell;
      if (cell != EXEC_NONE) resource[i] = x->cell[cell];
    }
  }
}

void exec_see_cells(exec_instance *x, rn_resource *const *cell) {
  const exec_plan *p = x->layout->plan;
  int moved = 0;
  for (uint32_t i = 0; i < p->n_cell; i++) {
    if (x->cell[i] != cell[i]) {
      moved = 1;
      x->moved++;
    }
    x->cell[i] = cell[i];
    exec_instance_see_cell(x, i);
  }
  if (moved) place_resources(x);
}

void exec_see_feeds(exec_instance *x, const exec_args *a) {
  const exec_plan *p = x->layout->plan;
  for (uint32_t i = 0; i < p->n_feed; i++)
    if (p->value[i].dtype != RN_RESOURCE) exec_instance_point(x, i, rn_tensor_data(a->feeds[i]), a->feeds[i]);
}
