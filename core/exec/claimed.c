/* exec/claimed.c - a claim in a layout (core/exec).
 *
 * Where all shapes are known the compiler makes a program of the members, which the layout keeps.
 * Where they are not, or the compiler cannot, the members execute by themselves and the claim's values
 * are other names for theirs. */
#include "exec/stored.h"
#include "exec/validate.h"

static int shapes_known(const exec_layout *l, const exec_node *n) {
  const exec_plan *p = l->plan;
  for (uint32_t i = 0; i < n->claim->n_in; i++)
    if (!rn_shape_known(&l->proto[p->input[n->in + i]].shape)) return 0;
  for (uint32_t i = n->claim->n_in; i < n->n_in; i++)
    if (!rn_shape_known(&l->key[p->n_feed + p->value[p->input[n->in + i]].cell])) return 0;
  for (uint32_t m = 0; m < n->claim->n_nodes; m++) {
    const exec_node *member = &p->node[n->claim->member[m]];
    for (uint32_t o = 0; o < member->n_out; o++)
      if (!rn_shape_known(&l->proto[member->out + o].shape)) return 0;
  }
  return 1;
}

static rn_status *compile(const exec_layout *l, const exec_node *n, void **out) {
  exec_subgraph g;
  RN_TRY(exec_subgraph_init(&g, l, n));
  rn_status *s = exec_stored_program(&g, out);
  exec_subgraph_finish(&g);
  return s;
}

static rn_status *run_members(exec_layout *l, const exec_node *n) {
  const exec_claim *c = n->claim;
  for (uint32_t m = 0; m < c->n_nodes; m++) RN_TRY(exec_layout_kernel(l, c->member[m]));
  for (uint32_t o = 0; o < c->n_out; o++)
    if (l->slot[n->out + o].kind != SLOT_CELL) exec_layout_alias(l, n->out + o, c->out_value[o]);
  return NULL;
}

rn_status *exec_layout_claim(exec_layout *l, uint32_t node) {
  const exec_node *n = &l->plan->node[node];
  exec_prep *prep = &l->step[node].prep;
  if (!shapes_known(l, n)) return run_members(l, n);
  rn_status *s = compile(l, n, &prep->state);
  if (s == NULL) {
    l->step[node].program = prep->state;
    prep->compute = n->claim->def->execute;
    prep->destroy = n->claim->def->release;
    RN_TRY(exec_validate_prep(l->plan, node, prep));
    return exec_layout_executes(l, node, 0);
  }
  if (rn_status_code(s) != RN_UNIMPLEMENTED) return exec_wrap_failure(l->plan, node, s);
  rn_log_write(rn_runtime_log(l->plan->session->rt), RN_LOG_WARNING,
               "compiler '%s' leaves its claim of %u nodes to their kernels: %s", n->claim->def->name,
               n->claim->n_nodes, rn_status_message(s));
  rn_status_free(s);
  return run_members(l, n);
}
