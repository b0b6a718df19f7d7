/* rule.c - what the rules share: the parameter at hand, its gradient, the op that moves it (plugins/optimizers). */
#include "rule.h"

rn_status *rule_begin(rn_opt *o, update *u) {
  const rn_graph_view_api *view = o->b->self.view;
  memset(u, 0, sizeof *u);
  u->o = o;
  u->param = o->api->param(o);
  u->is_resource = view->dtype(o->b->self.graph, u->param) == RN_RESOURCE;
  u->is_sparse = o->api->grad_slices(o, &u->grad, &u->indices);
  if (!u->is_sparse) u->grad = o->api->grad(o);
  return NULL;
}

rn_value rule_hyper(const update *u, const char *name) { return u->o->api->hyper(u->o, name); }
rn_value rule_slot(const update *u, const char *name, double init) { return u->o->api->slot(u->o, name, init); }

rn_value rule_read(rn_builder *b, rn_value v) {
  rn_value reader[8];
  uint32_t n = b->self.view->consumers(b->self.graph, v, reader, 8);
  for (uint32_t i = 0; i < n && i < 8; i++)
    if (strcmp(b->self.view->op(b->self.graph, reader[i].node), "Identity") == 0) return (rn_value){reader[i].node, 0};
  return v;
}

void rule_deduplicate(update *u) {
  rn_builder *b = u->o->b;
  rn_value unique = rn_op1(b, "Unique", u->indices);
  rn_value rows = rn_op1(b, "Size", unique);
  u->grad = rn_op3(b, "UnsortedSegmentSum", u->grad, rn_port(unique, 1), rows);
  u->indices = unique;
}

rn_status *rule_emit(const update *u, const char *base, const rn_value *in, uint32_t n, const rn_attr *attrs,
                     uint32_t n_attrs) {
  char op[64];
  snprintf(op, sizeof op, "%s%s%s", u->is_resource ? "Resource" : "", u->is_sparse ? "Sparse" : "", base);
  rn_node_request r = rn_node_request_for(op, NULL);
  r.inputs = in;
  r.n_inputs = n;
  r.attrs = attrs;
  r.n_attrs = n_attrs;
  r.colocate_with = u->param.node;
  u->o->api->update(u->o, u->o->b->api->add(u->o->b, &r));
  return NULL;
}
