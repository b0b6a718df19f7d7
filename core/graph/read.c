/* graph/read.c - answers about a graph (core/graph). A node that a pass removed answers as an empty one. */
#include "graph/node.h"

static const graph_node *live(const rn_graph *g, rn_node_id n) {
  if (n >= g->n_nodes) return NULL;
  const graph_node *node = rn_node_at(g, n);
  return node->removed ? NULL : node;
}

uint32_t rn_graph_node_count(const rn_graph *g) { return g->n_nodes; }

const char *rn_graph_name(const rn_graph *g, rn_node_id n) { return n < g->n_nodes ? rn_node_at(g, n)->name : ""; }

const char *rn_graph_op(const rn_graph *g, rn_node_id n) {
  const graph_node *node = live(g, n);
  return node != NULL ? node->op_name : "";
}

const char *rn_graph_device(const rn_graph *g, rn_node_id n) {
  const graph_node *node = live(g, n);
  return node != NULL ? node->device : "";
}

uint32_t rn_graph_input_count(const rn_graph *g, rn_node_id n) {
  const graph_node *node = live(g, n);
  return node != NULL ? node->n_in : 0;
}

uint32_t rn_graph_output_count(const rn_graph *g, rn_node_id n) {
  const graph_node *node = live(g, n);
  return node != NULL ? node->n_out : 0;
}

rn_value rn_graph_input(const rn_graph *g, rn_node_id n, uint32_t i) {
  const graph_node *node = live(g, n);
  return node != NULL && i < node->n_in ? node->in[i] : RN_NO_VALUE;
}

uint32_t rn_graph_control_count(const rn_graph *g, rn_node_id n) {
  const graph_node *node = live(g, n);
  return node != NULL ? node->n_control : 0;
}

rn_node_id rn_graph_control(const rn_graph *g, rn_node_id n, uint32_t i) {
  const graph_node *node = live(g, n);
  return node != NULL && i < node->n_control ? node->control[i] : RN_NO_NODE;
}

rn_dtype rn_graph_dtype(const rn_graph *g, rn_value v) {
  const graph_value *value = rn_value_of(g, v);
  return value != NULL ? value->dtype : RN_INVALID;
}

const rn_shape *rn_graph_shape(const rn_graph *g, rn_value v) {
  const graph_value *value = rn_value_of(g, v);
  return value != NULL ? value->shape : &rn_graph_shape_unknown;
}

rn_tensor *rn_graph_constant(const rn_graph *g, rn_value v) {
  const graph_value *value = rn_value_of(g, v);
  return value != NULL && value->extra != NULL ? value->extra->constant : NULL;
}

int rn_graph_op_known(const rn_graph *g, rn_node_id n, uint32_t *out_flags, uint32_t *out_role) {
  const graph_node *node = live(g, n);
  const rn_op_def *def = node != NULL && node->op != NULL ? node->op->def : NULL;
  if (out_flags != NULL) *out_flags = def != NULL ? def->flags : 0;
  if (out_role != NULL) *out_role = def != NULL ? def->role : RN_ROLE_NONE;
  return def != NULL;
}

const rn_op *rn_node_op(const rn_graph *g, rn_node_id n) {
  const graph_node *node = live(g, n);
  return node != NULL ? node->op : NULL;
}

/* The argument that holds flat element i; its place in the argument in out_position. */
static uint32_t arg_of(const rn_sig_arg *args, uint32_t n_args, const rn_attr_value *attr, uint32_t i,
                       uint32_t *out_position) {
  uint64_t first = 0;
  for (uint32_t a = 0; a < n_args; a++) {
    uint64_t count = rn_check_arg_count(&args[a], attr);
    if (i < first + count) {
      *out_position = (uint32_t)(i - first);
      return a;
    }
    first += count;
  }
  *out_position = 0;
  return UINT32_MAX;
}

uint32_t rn_node_input_arg(const rn_graph *g, rn_node_id n, uint32_t i) {
  const graph_node *node = live(g, n);
  uint32_t position;
  if (node == NULL || node->op == NULL) return UINT32_MAX;
  return arg_of(node->op->sig->in, node->op->sig->n_in, node->attr, i, &position);
}

uint32_t rn_node_output_arg(const rn_graph *g, rn_node_id n, uint32_t i) {
  const graph_node *node = live(g, n);
  uint32_t position;
  if (node == NULL || node->op == NULL) return UINT32_MAX;
  return arg_of(node->op->sig->out, node->op->sig->n_out, node->attr, i, &position);
}

const char *rn_graph_output_arg(const rn_graph *g, rn_node_id n, uint32_t i, uint32_t *out_position) {
  const graph_node *node = live(g, n);
  uint32_t position = 0, a = UINT32_MAX;
  if (node != NULL && node->op != NULL) a = arg_of(node->op->sig->out, node->op->sig->n_out, node->attr, i, &position);
  if (out_position != NULL) *out_position = position;
  return a != UINT32_MAX ? node->op->sig->out[a].name : NULL;
}

rn_status *rn_graph_output_index(const rn_graph *g, rn_node_id n, const char *arg, uint32_t position, uint32_t *out) {
  const graph_node *node = live(g, n);
  char text[RN_NODE_TEXT];
  uint64_t first = 0;
  for (uint32_t a = 0; node != NULL && node->op != NULL && a < node->op->sig->n_out; a++) {
    uint64_t count = rn_check_arg_count(&node->op->sig->out[a], node->attr);
    if (strcmp(node->op->sig->out[a].name, arg) == 0 && position < count) {
      *out = (uint32_t)first + position;
      return NULL;
    }
    first += count;
  }
  return rn_status_make(RN_NOT_FOUND, "%s has no output '%.100s' number %u", rn_node_text(g, n, text, sizeof text), arg,
                        position);
}

const rn_value *rn_node_inputs(const rn_graph *g, rn_node_id n, uint32_t *out_count) {
  const graph_node *node = live(g, n);
  *out_count = node != NULL ? node->n_in : 0;
  return node != NULL ? node->in : NULL;
}

const rn_node_id *rn_node_controls(const rn_graph *g, rn_node_id n, uint32_t *out_count) {
  const graph_node *node = live(g, n);
  *out_count = node != NULL ? node->n_control : 0;
  return node != NULL ? node->control : NULL;
}

rn_node_id rn_node_colocation(const rn_graph *g, rn_node_id n) {
  const graph_node *node = live(g, n);
  return node != NULL ? node->colocate : RN_NO_NODE;
}

int rn_node_removed(const rn_graph *g, rn_node_id n) { return n < g->n_nodes && rn_node_at(g, n)->removed; }

static const rn_graph *function_body(const rn_graph *g, const char *name) {
  const graph_function *f = name != NULL ? rn_function_find(g, name) : NULL;
  return f != NULL ? f->body : NULL;
}

static const rn_value *function_outputs(const rn_graph *g, const char *name, uint32_t *out_count) {
  const graph_function *f = name != NULL ? rn_function_find(g, name) : NULL;
  *out_count = f != NULL ? f->n_outputs : 0;
  return f != NULL ? f->outputs : NULL;
}

static const rn_graph_view_api view = {
    .struct_size = sizeof view,
    .node_count = rn_graph_node_count,
    .name = rn_graph_name,
    .op = rn_graph_op,
    .device = rn_graph_device,
    .input_count = rn_graph_input_count,
    .output_count = rn_graph_output_count,
    .input = rn_graph_input,
    .control_count = rn_graph_control_count,
    .control = rn_graph_control,
    .consumers = rn_graph_consumers,
    .dtype = rn_graph_dtype,
    .shape = rn_graph_shape,
    .attr = rn_graph_attr,
    .attr_count = rn_graph_attr_count,
    .attr_name = rn_graph_attr_name,
    .constant = rn_graph_constant,
    .function = function_body,
    .function_outputs = function_outputs,
};
const rn_graph_view_api *rn_graph_view(void) { return &view; }
