/* exec/claim_left.c - nodes that no claim holds: why, and where that is a fall back (core/exec).
 *
 * A device that computes by claims alone (RN_COMPILER_ALONE) is given nodes as any other is, by its borrowed
 * kernels. Which of them it really computes is known only now. What lays a variable out for the first time, calls
 * functions, or does arithmetic on shapes is no part of anybody's program, and not counted. */
#include "exec/claim.h"

enum { MOST_NAMED = 20 };

void exec_claim_leave(exec_plan *p, const rn_compiler_def *def, uint32_t node, const char *why, const char *name) {
  rn_text t;
  exec_node *n = &p->node[node];
  rn_text_init(&t);
  if (n->left != NULL) rn_text_printf(&t, "%s; ", n->left);
  rn_text_printf(&t, "compiler '%s': %s%s", def->name, why, name);
  char *kept = t.failed ? NULL : rn_arena_text(&p->memory, t.data, t.length);
  if (kept != NULL) n->left = kept; /* without memory for words there are none */
  rn_text_finish(&t);
}

void exec_claim_leave_all(exec_plan *p, const exec_offer *o, const char *why, const char *name) {
  for (uint32_t i = 0; i < o->count; i++)
    if (p->node[o->node[i]].kind == NODE_COMPUTE) exec_claim_leave(p, o->def, o->node[i], why, name);
}

/* ---------------------------------------------------------------------------------- falling back */
static rn_status *stands_alone(const exec_plan *p, const exec_device *d, int *out) {
  const rn_compiler_def *const *defs;
  const rn_host_api *const *hosts;
  uint32_t n;
  *out = 0;
  if (d->kernels_of == NULL) return NULL;
  RN_TRY(rn_registry_compilers(p->session->rt, d->type->def->type, &defs, &hosts, &n));
  for (uint32_t i = 0; i < n; i++) *out |= (defs[i]->flags & RN_COMPILER_ALONE) != 0;
  return NULL;
}

static int is_shape_arithmetic(const exec_plan *p, const exec_node *n) {
  for (uint32_t o = 0; o < n->n_out; o++) {
    rn_fact f;
    rn_dtype t = p->value[n->out + o].dtype;
    rn_graph_fact(p->graph, (rn_value){n->id, o}, &f);
    if ((t != RN_INT32 && t != RN_INT64) || f.n_value < 0) return 0;
  }
  return n->n_out > 0;
}

static int has_fallen(const exec_plan *p, const exec_node *n, const exec_device *d) {
  if (n->kind != NODE_COMPUTE || n->device != d || !n->borrowed) return 0;
  const rn_op_def *op = n->op->def;
  int makes_variable = op->writes != 0 && (op->flags & RN_OP_UNINITIALIZED_OK) != 0;
  return !makes_variable && (op->flags & RN_OP_CALLS) == 0 && !is_shape_arithmetic(p, n);
}

static void mark(exec_plan *p, const exec_device *d, rn_text *list, uint32_t *count) {
  char text[512];
  for (uint32_t i = 0; i < p->n_node; i++) {
    exec_node *n = &p->node[i];
    if (!has_fallen(p, n, d)) continue;
    n->placing |= PLACE_FELL;
    if (++*count > MOST_NAMED) continue;
    rn_text_printf(list, "\n%s: %s", exec_node_text(p, i, text, sizeof text),
                   n->left != NULL   ? n->left
                   : p->has_tokens   ? "nothing is claimed in a step with control-flow primitives"
                   : p->locks_per_op ? "nothing is claimed where variables are locked per op"
                                     : "no compiler wants it");
  }
  if (*count > MOST_NAMED) rn_text_printf(list, "\nand %u more", *count - MOST_NAMED);
}

static rn_status *report(const exec_plan *p, const exec_device *d, const rn_text *list, uint32_t count) {
  const rn_session *s = p->session;
  const char *words = list->data != NULL ? list->data : "";
  if (count == 0 || s->fallback == FALLBACK_ALLOW) return NULL;
  if (s->fallback == FALLBACK_ERROR)
    return rn_status_make(RN_NOT_FOUND,
                          "%u nodes are in no program of %s, which computes nothing else (allow it with fallback = "
                          "warn):%s",
                          count, d->full_name, words);
  rn_log_write(rn_runtime_log(s->rt), RN_LOG_WARNING,
               "%u nodes are in no program of %s; the kernels of '%s' compute them:%s", count, d->full_name,
               d->kernels_of, words);
  return NULL;
}

rn_status *exec_claim_fallen(exec_plan *p) {
  for (uint32_t k = 0; k < p->session->n_order; k++) {
    const exec_device *d = p->session->order[k];
    uint32_t count = 0;
    int alone;
    rn_text list;
    RN_TRY(stands_alone(p, d, &alone));
    if (!alone) continue;
    rn_text_init(&list);
    mark(p, d, &list, &count);
    rn_status *s = report(p, d, &list, count);
    rn_text_finish(&list);
    if (s != NULL) return s;
  }
  return NULL;
}
