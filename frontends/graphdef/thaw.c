/* thaw.c - variables that were frozen under their writers (frontends/graphdef).
 *
 * Freezing a graph turns variables into constants, also those that the graph itself writes to; what is
 * left then has an Assign or a Scatter on a constant, which TensorFlow refuses. Here a variable takes the
 * constant's place for the writers: at every step it starts from the constant, so the graph gives what it
 * gave before it was frozen. Readers that never asked for a reference keep the constant. */
#include <runnel/plugin.h>
#include <stdio.h>
#include <string.h>
#include "import.h"

static int is_frozen(const import *m, rn_value v) {
  uint32_t role = 0;
  return v.node != RN_NO_NODE && rn_graph_dtype(m->g, v) < RN_REF && rn_graph_op_known(m->g, v.node, NULL, &role) &&
         role == RN_ROLE_CONSTANT;
}

/* A variable named after the constant, and the node that fills it from the constant. */
static rn_status *thaw(import *m, rn_value constant, rn_value *out) {
  char name[512];
  rn_value inputs[2] = {RN_NO_VALUE, constant};
  rn_attr attrs[] = {RN_AT("dtype", rn_graph_dtype(m->g, constant)),
                     RN_ASHAPE("shape", rn_graph_shape(m->g, constant))};
  snprintf(name, sizeof name, "%.400s/thawed", rn_graph_name(m->g, constant.node));
  rn_node_request r = rn_node_request_for("VariableV2", name);
  r.attrs = attrs;
  r.n_attrs = 2;
  inputs[0].port = 0;
  RN_TRY(rn_graph_add(m->g, &r, &inputs[0].node));
  r = rn_node_request_for("Assign", NULL);
  snprintf(name, sizeof name, "%.400s/thawed/Assign", rn_graph_name(m->g, constant.node));
  r.name = name;
  r.inputs = inputs;
  r.n_inputs = 2;
  out->port = 0;
  return rn_graph_add(m->g, &r, &out->node);
}

rn_status *import_thaw(import *m, uint32_t i, const Tf__OpDef *def, rn_value *inputs, uint32_t n_inputs) {
  uint32_t k = 0;
  for (size_t at = 0; at < m->nodes[i]->n_input && k < n_inputs && k < def->n_input_arg; at++) {
    const import_ref *from = &m->refs[i][at];
    if (from->is_control) continue;
    if (def->input_arg[k]->is_ref && !from->is_back && is_frozen(m, inputs[k])) {
      rn_value *known = &m->thawed[from->node];
      if (known->node == RN_NO_NODE) RN_TRY(thaw(m, inputs[k], known));
      inputs[k] = *known;
    }
    k++;
  }
  return NULL;
}
