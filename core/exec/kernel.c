/* exec/kernel.c - which kernel computes a node on a device (core/exec).
 *
 * The total order: what [kernels] of the configuration names, in its order; kernels of the device's own
 * type before those it borrows from another; then as the registry lists them: priority, more constraints,
 * plugin. The first whose type constraints hold and that does not refuse wins. Every refusal is kept in
 * words, for explain and for the error when nobody is left. */
#include "exec/validate.h"

#define FEW 16u

static void add_types(rn_text *why, const rn_dtype *types, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) rn_text_printf(why, "%s%s", i == 0 ? "" : " or ", rn_dtype_name(types[i]));
}

static int is_among(rn_dtype t, const rn_dtype *types, uint32_t n) {
  for (uint32_t i = 0; i < n; i++)
    if (types[i] == t) return 1;
  return 0;
}

static int refuse_type(rn_text *why, const rn_kernel *k, const rn_op *op, uint32_t constraint, rn_dtype got) {
  if (why == NULL) return 0;
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

static rn_status *agrees(const rn_graph *g, rn_node_id id, const rn_kernel *k, int *yes, rn_text *why) {
  char reason[256] = "refuses";
  uint8_t answer = 1;
  if (RN_HAS_FN(k->def, rn_kernel_def, supports)) {
    rn_self self = {k->host, rn_graph_view(), g, id, 0};
    RN_TRY(exec_call_supports(k, &self, &answer, reason));
  }
  reason[sizeof reason - 1] = '\0';
  if (!answer && why != NULL) rn_text_add(why, reason);
  *yes = answer != 0;
  return NULL;
}

/* A kernel written for host memory, on a device that runs it later: what that cannot give it. */
static const char *cannot_borrow(const rn_graph *g, rn_node_id id, const rn_op *op, const rn_kernel *k) {
  if ((k->def->flags & RN_KERNEL_ASYNC) != 0) return "it is asynchronous by itself, which is for the host";
  if ((op->def->flags & RN_OP_CALLS) != 0) return "functions are called on the host";
  for (uint32_t o = 0; o < rn_graph_output_count(g, id); o++) {
    rn_dtype t = rn_graph_dtype(g, (rn_value){id, o});
    if (t == RN_STRING || t == RN_VARIANT) return "text and variants stay in the host's memory";
    if (t == RN_RESOURCE) return "it makes a resource, which is done on the host";
  }
  for (uint32_t i = 0; i < rn_graph_input_count(g, id); i++) {
    rn_value v = rn_graph_input(g, id, i);
    uint32_t flags, role = RN_ROLE_NONE;
    rn_dtype t = rn_dtype_base(rn_graph_dtype(g, v));
    if (t == RN_STRING || t == RN_VARIANT) return "text and variants stay in the host's memory";
    if (t != RN_RESOURCE) continue;
    int known = rn_graph_op_known(g, v.node, &flags, &role);
    if (!known || role != RN_ROLE_RESOURCE) return "its resource is known only while the step runs";
  }
  return NULL;
}

rn_status *exec_kernel_judge(const rn_graph *g, rn_node_id id, const rn_op *op, const exec_candidate *c, int *out_yes,
                             rn_text *why) {
  const char *held = c->borrowed ? cannot_borrow(g, id, op, c->kernel) : NULL;
  *out_yes = 0;
  if (c->preference != NULL && c->preference->never) {
    if (why != NULL) rn_text_printf(why, "kernels.%s in %s says so", c->preference->pattern, c->preference->origin);
    return NULL;
  }
  if (held != NULL && why != NULL) rn_text_add(why, held);
  if (held != NULL || !constraints_hold(g, id, op, c->kernel, why)) return NULL;
  return agrees(g, id, c->kernel, out_yes, why);
}

/* --------------------------------------------------------------------------------------- the list */
/* Is a before b, as far as configuration and borrowing say? Wishes are entries of one array. */
static int goes_before(const exec_candidate *a, const exec_candidate *b) {
  const exec_preference *x = a->preference != NULL && !a->preference->never ? a->preference : NULL,
                        *y = b->preference != NULL && !b->preference->never ? b->preference : NULL;
  if (x != y) return y == NULL || (x != NULL && x < y);
  return a->borrowed < b->borrowed;
}

static void insert(exec_candidate *list, uint32_t n, exec_candidate c) {
  for (; n > 0 && goes_before(&c, &list[n - 1]); n--) list[n] = list[n - 1];
  list[n] = c;
}

static rn_status *kernels_for(const rn_session *s, const rn_op *op, const char *type, const rn_kernel *const **list,
                              uint32_t *n) {
  *list = NULL;
  *n = 0;
  return type != NULL ? rn_registry_kernels(s->rt, op, type, list, n) : NULL;
}

static uint32_t add_all(const rn_session *s, const rn_kernel *const *list, uint32_t n, uint8_t borrowed,
                        exec_candidate *to, uint32_t count) {
  for (uint32_t i = 0; i < n; i++) {
    const exec_preference *p = s->n_preference > 0 ? exec_preference_of(s, list[i]) : NULL;
    insert(to, count++, (exec_candidate){list[i], p, borrowed});
  }
  return count;
}

rn_status *exec_kernel_list(const rn_session *s, const rn_op *op, const exec_device *d, exec_candidate *few,
                            uint32_t n_few, exec_candidate **out, uint32_t *out_count) {
  const rn_kernel *const *own, *const *other;
  uint32_t n_own, n_other;
  RN_TRY(kernels_for(s, op, d->type->def->type, &own, &n_own));
  RN_TRY(kernels_for(s, op, d->kernels_of, &other, &n_other));
  *out = few;
  if (n_own + n_other > n_few) *out = rn_mem_alloc((n_own + (size_t)n_other) * sizeof **out);
  if (*out == NULL) return exec_out_of_memory("placement");
  *out_count = add_all(s, own, n_own, 0, *out, 0);
  *out_count = add_all(s, other, n_other, 1, *out, *out_count);
  return NULL;
}

static void tell(rn_text *why, const rn_kernel *k, const rn_text *reason) {
  rn_text_printf(why, "\n  %s '%s' (plugin %s): %s", k->def->device_type,
                 k->def->label != NULL ? k->def->label : "kernel", k->plugin, reason->data != NULL ? reason->data : "");
}

rn_status *exec_kernel_choose(const rn_session *s, const rn_graph *g, rn_node_id id, const rn_op *op,
                              const exec_device *d, const rn_kernel **out, rn_text *why) {
  exec_candidate few[FEW], *list;
  uint32_t n;
  rn_status *failed = NULL;
  *out = NULL;
  RN_TRY(exec_kernel_list(s, op, d, few, FEW, &list, &n));
  for (uint32_t i = 0; i < n && *out == NULL && failed == NULL; i++) {
    rn_text reason;
    int yes;
    rn_text_init(&reason);
    failed = exec_kernel_judge(g, id, op, &list[i], &yes, why != NULL ? &reason : NULL);
    if (failed == NULL && yes) *out = list[i].kernel;
    if (failed == NULL && !yes && why != NULL) tell(why, list[i].kernel, &reason);
    rn_text_finish(&reason);
  }
  if (list != few) rn_mem_free(list);
  return failed;
}

static int host_bit(uint64_t bits, uint32_t arg) { return arg < 64 && (bits >> arg & 1) != 0; }

/* A borrowed kernel reads the device's memory as it would the host's. */
int exec_kernel_host_input(const exec_plan *p, const exec_node *n, uint32_t i) {
  if (n->device == NULL || exec_device_is_host(n->device)) return 1;
  return !n->borrowed && host_bit(n->kernel->host_in, rn_node_input_arg(p->graph, n->id, i));
}

int exec_kernel_host_output(const exec_plan *p, const exec_node *n, uint32_t i) {
  if (n->device == NULL || exec_device_is_host(n->device)) return 1;
  return !n->borrowed && host_bit(n->kernel->host_out, rn_node_output_arg(p->graph, n->id, i));
}
