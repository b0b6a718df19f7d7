/* exec/function.c - functions that kernels call (core/exec).
 *
 * A record per body and session, made when a kernel is prepared; its plan is made at the first call,
 * so a function may name itself. A call runs on the calling thread, under the caller's locks, with an
 * instance of its own. */
#include "exec/exec.h"

#define NODE_BITS 24 /* of a correlation; above them the depth of calls, then the step */

static const rn_function *find(const rn_session *s, const rn_graph *body) {
  const rn_function *f = s->functions;
  while (f != NULL && f->info.body != body) f = f->next;
  return f;
}

static rn_status *create(rn_session *s, const rn_graph *root, const char *name, const rn_function_info *info,
                         const rn_function **out) {
  rn_function *f = rn_mem_zero(1, sizeof *f);
  char *copy = rn_mem_copy_text(name);
  if (f == NULL || copy == NULL) {
    rn_mem_free(f);
    rn_mem_free(copy);
    return exec_out_of_memory("a function");
  }
  f->session = s;
  f->name = copy;
  f->graph = root;
  f->info = *info;
  (void)pthread_mutex_init(&f->guard, NULL);
  f->next = s->functions;
  s->functions = f;
  *out = f;
  return NULL;
}

rn_status *exec_function_get(rn_session *s, const rn_graph *g, const char *name, size_t length,
                             const rn_function **out) {
  char text[512];
  rn_function_info info;
  if (length >= sizeof text) return rn_status_make(RN_INVALID_ARGUMENT, "a function's name has %zu characters", length);
  memcpy(text, name, length);
  text[length] = '\0';
  const rn_graph *root = rn_graph_root(g);
  RN_TRY(rn_graph_function(root, text, &info));
  (void)pthread_mutex_lock(&s->guard);
  *out = find(s, info.body);
  rn_status *failed = *out == NULL ? create(s, root, text, &info, out) : NULL;
  (void)pthread_mutex_unlock(&s->guard);
  return failed;
}

static rn_status *plan_of(const rn_function *f, exec_plan **out) {
  rn_function *w = (rn_function *)(uintptr_t)f; /* the plan is made once, under the guard */
  rn_status *s = NULL;
  *out = atomic_load_explicit(&w->plan, memory_order_acquire);
  if (*out != NULL) return NULL;
  (void)pthread_mutex_lock(&w->guard);
  *out = atomic_load(&w->plan);
  if (*out == NULL) {
    exec_request r = {.graph = f->info.body,
                      .feeds = f->info.inputs,
                      .fetches = f->info.outputs,
                      .targets = f->info.control_outputs,
                      .n_feeds = f->info.n_inputs,
                      .n_fetches = f->info.n_outputs,
                      .n_targets = f->info.n_control_outputs,
                      .version = rn_graph_version(f->info.body),
                      .is_body = 1};
    s = exec_plan_create(f->session, &r, out);
    if (s == NULL) atomic_store_explicit(&w->plan, *out, memory_order_release);
  }
  (void)pthread_mutex_unlock(&w->guard);
  return s;
}

static rn_status *run(exec_run *parent, const exec_call *caller, const rn_function *f, const exec_args *a) {
  exec_plan *p;
  RN_TRY(plan_of(f, &p));
  exec_run r = {.session = parent->session,
                .options = parent->options,
                .cancel = parent->cancel,
                .deadline_ns = parent->deadline_ns,
                .flags = parent->flags,
                .depth = parent->depth + 1,
                .correlation = (parent->correlation >> 32 << 32) | (uint64_t)(parent->depth + 1) << NODE_BITS,
                .trace = parent->trace,
                .parent = parent,
                .scope = parent->trace != NULL ? exec_trace_scope(parent, caller) : NULL};
  (void)pthread_mutex_init(&r.guard, NULL);
  rn_status *s = exec_run_latest(p, &r, a);
  (void)pthread_mutex_destroy(&r.guard);
  return s;
}

rn_status *exec_function_call(exec_run *parent, const exec_call *caller, const rn_function *f, const exec_args *a,
                              uint32_t n_args, uint32_t n_results) {
  if (n_args != f->info.n_inputs || n_results != f->info.n_outputs)
    return rn_status_make(RN_INVALID_ARGUMENT,
                          "function '%s' takes %u arguments and gives %u results; called with %u and %u", f->name,
                          f->info.n_inputs, f->info.n_outputs, n_args, n_results);
  if (parent->depth + 1 >= EXEC_MAX_DEPTH)
    return rn_status_make(RN_RESOURCE_EXHAUSTED, "function '%s': calls are nested deeper than %u", f->name,
                          EXEC_MAX_DEPTH);
  rn_status *s = run(parent, caller, f, a);
  return s != NULL ? rn_status_wrap(s, "in function '%s'", f->name) : NULL;
}

void exec_functions_destroy(rn_session *s) {
  while (s->functions != NULL) {
    rn_function *f = s->functions;
    s->functions = f->next;
    exec_plan_release(atomic_load(&f->plan));
    (void)pthread_mutex_destroy(&f->guard);
    rn_mem_free((char *)(uintptr_t)f->name);
    rn_mem_free(f);
  }
}
