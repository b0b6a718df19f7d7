/* exec/kernel.c - which kernel computes a node on a device (core/exec).
 *
 * The registry lists kernels best first: priority, then more constraints, then plugin. The first whose
 * type constraints hold and which does not refuse wins. Every refusal is kept in words, for explain
 * and for the error when nobody is left. */
#include "exec/exec.h"

static void add_types(rn_text *why, const rn_dtype *types, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) rn_text_printf(why, "%s%s", i == 0 ? "" : " or ", rn_dtype_name(types[i]));
}

static int is_among(rn_dtype t, const rn_dtype *types, uint32_t n) {
  for (uint32_t i = 0; i < n; i++)
    if (types[i] == t) return 1;
  return 0;
}

static void refuse(rn_text *why, const rn_kernel *k, const char *reason) {
  if (why == NULL) return;
  rn_text_printf(why, "\n  %s '%s' (plugin %s): %s", k->def->device_type,
                 k->def->label != NULL ? k->def->label : "kernel", k->plugin, reason);
}

static int refuse_type(rn_text *why, const rn_kernel *k, const rn_op *op, uint32_t constraint, rn_dtype got) {
  if (why == NULL) return 0;
  refuse(why, k, "");
  rn_text_printf(why, "%s is %s, takes ", op->sig->attr[k->constraint_attr[constraint]].name, rn_dtype_name(got));
  add_types(why, k->constraint_types[constraint], k->constraint_count[constraint]);
  return 0;
}

/* One constraint may speak of a type or of a list of types. */
static int constraint_holds(const rn_graph *g, rn_node_id id, const rn_op *op, const rn_kernel *k, uint32_t c,
                            rn_text *why) {
  const rn_attr_value *a = rn_node_sig_attr(g, id, (uint32_t)k->constraint_attr[c]);
  if (a == NULL) return 1;
  const rn_dtype *types = (a->type & RN_ATTR_LIST) != 0 ? a->u.list : &a->u.type;
  uint32_t n = (a->type & RN_ATTR_LIST) != 0 ? a->count : 1;
  for (uint32_t i = 0; i < n; i++) {
    if (!is_among(rn_dtype_base(types[i]), k->constraint_types[c], k->constraint_count[c]))
      return refuse_type(why, k, op, c, types[i]);
  }
  return 1;
}

static int constraints_hold(const rn_graph *g, rn_node_id id, const rn_op *op, const rn_kernel *k, rn_text *why) {
  for (uint32_t c = 0; c < k->n_constraints; c++)
    if (!constraint_holds(g, id, op, k, c, why)) return 0;
  return 1;
}

static rn_status *agrees(const rn_graph *g, rn_node_id id, const rn_kernel *k, uint8_t *yes, rn_text *why) {
  char reason[256] = "refuses";
  *yes = 1;
  if (!RN_HAS_FN(k->def, rn_kernel_def, supports)) return NULL;
  rn_self self = {k->host, rn_graph_view(), g, id, 0};
  RN_TRY(k->def->supports(k->def->user, &self, yes, reason));
  reason[sizeof reason - 1] = '\0';
  if (!*yes) refuse(why, k, reason);
  return NULL;
}

rn_status *exec_kernel_choose(const rn_graph *g, rn_node_id id, const rn_op *op, const exec_device *d,
                              const rn_kernel **out, rn_text *why) {
  const rn_kernel *const *list;
  uint32_t n;
  *out = NULL;
  RN_TRY(rn_registry_kernels(rn_graph_runtime(g), op, &list, &n));
  for (uint32_t i = 0; i < n && *out == NULL; i++) {
    uint8_t yes = 0;
    if (strcasecmp(list[i]->def->device_type, d->type->def->type) != 0) continue;
    if (!constraints_hold(g, id, op, list[i], why)) continue;
    RN_TRY(agrees(g, id, list[i], &yes, why));
    if (yes) *out = list[i];
  }
  return NULL;
}

static int host_bit(uint64_t bits, uint32_t arg) { return arg < 64 && (bits >> arg & 1) != 0; }

int exec_kernel_host_input(const exec_plan *p, const exec_node *n, uint32_t i) {
  if (n->device == NULL || exec_device_is_host(n->device)) return 1;
  return host_bit(n->kernel->host_in, rn_node_input_arg(p->graph, n->id, i));
}

int exec_kernel_host_output(const exec_plan *p, const exec_node *n, uint32_t i) {
  if (n->device == NULL || exec_device_is_host(n->device)) return 1;
  return host_bit(n->kernel->host_out, rn_node_output_arg(p->graph, n->id, i));
}
