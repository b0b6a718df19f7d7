/* exec/explain_body.c - the bodies of the functions that a plan's nodes call, explained as well (core/exec).
 *
 * A body is planned as its first call would plan it, where that can be done: what compilers claim in it is known
 * only then. Its nodes are named after the node that calls. A function that calls itself is told once. */
#include "exec/exec.h"

enum { DEEPEST = 16 };

/* The functions on the way here. */
typedef struct caller {
  const struct caller *outer;
  const rn_graph *body;
} caller;
typedef struct visiting {
  void (*visit)(void *arg, const rn_node_explanation *n);
  void *arg;
  const char *prefix, *function;
  int failed;
} visiting;

static void pass_on(void *arg, const rn_node_explanation *n) {
  visiting *v = arg;
  rn_node_explanation e = *n;
  rn_text name;
  rn_text_init(&name);
  rn_text_printf(&name, "%s/%s", v->prefix, n->name);
  v->failed |= name.failed;
  e.name = name.failed ? n->name : name.data;
  if (e.function[0] == '\0') e.function = v->function;
  v->visit(v->arg, &e);
  rn_text_finish(&name);
}

static rn_status *explain_calls(const exec_plan *p, const caller *outer, uint32_t depth, visiting *v);

static rn_status *explain_body(const exec_plan *p, const rn_function *f, const caller *outer, uint32_t depth,
                               visiting *v) {
  caller here = {outer, f->info.body};
  exec_plan *told = NULL, *real = NULL;
  for (const caller *c = outer; c != NULL; c = c->outer)
    if (c->body == here.body) return NULL;
  exec_request r = {.graph = f->info.body,
                    .feeds = f->info.inputs,
                    .fetches = f->info.outputs,
                    .targets = f->info.control_outputs,
                    .n_feeds = f->info.n_inputs,
                    .n_fetches = f->info.n_outputs,
                    .n_targets = f->info.n_control_outputs,
                    .version = rn_graph_version(f->info.body),
                    .is_body = 1};
  rn_status_free(exec_plan_create(p->session, &r, &real)); /* NULL: it cannot run, which its nodes say */
  r.explains = 1;
  rn_status *s = exec_plan_create(p->session, &r, &told);
  if (s == NULL) s = exec_explain_nodes(told, real, pass_on, v);
  if (s == NULL) s = explain_calls(told, &here, depth + 1, v);
  exec_plan_release(told);
  exec_plan_release(real);
  return s;
}

static rn_status *explain_attr(const exec_plan *p, uint32_t node, const rn_attr_value *a, const caller *outer,
                               uint32_t depth, visiting *v) {
  const rn_bytes *list = (a->type & RN_ATTR_LIST) != 0 ? a->u.list : &a->u.bytes;
  if ((a->type & ~(uint32_t)RN_ATTR_LIST) != RN_ATTR_FUNC) return NULL;
  for (uint32_t i = 0; i < a->count; i++) {
    const rn_function *f;
    rn_status *s = exec_function_get(p->session, p->graph, list[i].data, (size_t)list[i].size, &f);
    if (s != NULL) { /* a call of it says so */
      rn_status_free(s);
      continue;
    }
    visiting inner = {pass_on, v, rn_graph_name(p->graph, p->node[node].id), f->name, 0};
    if (depth == 0) inner = (visiting){v->visit, v->arg, inner.prefix, f->name, 0};
    RN_TRY(explain_body(p, f, outer, depth, &inner));
    v->failed |= inner.failed;
  }
  return NULL;
}

static rn_status *explain_calls(const exec_plan *p, const caller *outer, uint32_t depth, visiting *v) {
  const rn_graph_view_api *view = rn_graph_view();
  for (uint32_t i = 0; i < p->n_node && depth < DEEPEST; i++) {
    const exec_node *n = &p->node[i];
    if (n->op == NULL || (n->op->def->flags & RN_OP_CALLS) == 0) continue;
    for (uint32_t k = 0; k < view->attr_count(p->graph, n->id); k++) {
      rn_attr_value a;
      rn_status *s = view->attr(p->graph, n->id, view->attr_name(p->graph, n->id, k), 0, &a);
      if (s == NULL) s = explain_attr(p, i, &a, outer, depth, v);
      if (s != NULL) return s;
    }
  }
  return NULL;
}

rn_status *exec_explain_bodies(const exec_plan *p, void (*visit)(void *arg, const rn_node_explanation *n), void *arg) {
  visiting v = {visit, arg, "", "", 0};
  RN_TRY(explain_calls(p, NULL, 0, &v));
  return v.failed ? exec_out_of_memory("an explanation") : NULL;
}
