/* exec/session.c - a graph's variables and plans (core/exec).
 *
 * Plans are found by what is fed, fetched and targeted and by the graph's version; a step that was
 * prepared holds its plan and finds nothing again. */
#include <time.h>
#include "exec/validate.h"

struct rn_step {
  rn_session *session;
  exec_plan *plan;
};

/* ------------------------------------------------------------------------------------ creation */
static rn_status *read_options(rn_session *s, const rn_session_options *given) {
  const rn_config *c = rn_runtime_config(s->rt);
  rn_session_options o = {0};
  if (given != NULL) memcpy(&o, given, given->struct_size < sizeof o ? given->struct_size : sizeof o);
  const char *fallback = o.fallback != NULL ? o.fallback : rn_config_get(c, "devices", "fallback");
  const char *interop = rn_config_get(c, "run", "interop");
  s->flags = o.flags;
  s->fallback = FALLBACK_ERROR;
  s->pins_are_strict = fallback == NULL || strcmp(fallback, "auto") == 0;
  if (s->pins_are_strict || strcmp(fallback, "warn") == 0)
    s->fallback = FALLBACK_WARN;
  else if (strcmp(fallback, "allow") == 0)
    s->fallback = FALLBACK_ALLOW;
  else if (strcmp(fallback, "error") != 0)
    return rn_status_make(RN_INVALID_ARGUMENT, "fallback is 'auto', 'error', 'warn' or 'allow', not '%s'", fallback);
  const char *numbers = rn_config_get(c, "run", "check_numerics");
  s->check_numbers = numbers != NULL && strcmp(numbers, "true") == 0;
  s->interop = interop == NULL || strcmp(interop, "off") != 0;
  s->threads = o.threads != 0 ? o.threads : rn_pool_width(rn_runtime_pool(s->rt));
  RN_TRY(exec_session_devices(s, o.device));
  RN_TRY(exec_read_preferences(s));
  RN_TRY(exec_validation_create(s));
  return rn_store_create(&s->store);
}

rn_status *rn_session_create(rn_graph *g, const rn_session_options *options, rn_session **out) {
  rn_session *s = rn_mem_zero(1, sizeof *s);
  if (s == NULL) return exec_out_of_memory("a session");
  s->graph = g;
  s->rt = rn_graph_runtime(g);
  rn_arena_init(&s->names, 1024);
  (void)pthread_mutex_init(&s->guard, NULL);
  (void)pthread_mutex_init(&s->planning, NULL);
  rn_status *failed = rn_runtime_pool(s->rt) != NULL ? read_options(s, options) : exec_out_of_memory("the thread pool");
  if (failed != NULL)
    rn_session_destroy(s);
  else
    *out = s;
  return failed;
}

void rn_session_close(rn_session *s) { atomic_store(&s->closed, 1); }

/* Steps still running end at their next op; their caller's threads are waited for. */
void rn_session_destroy(rn_session *s) {
  if (s == NULL) return;
  rn_session_close(s);
  while (atomic_load(&s->running) != 0) (void)nanosleep(&(struct timespec){0, 100000}, NULL);
  while (s->plans != NULL) {
    exec_plan *p = s->plans;
    s->plans = p->next;
    exec_plan_release(p);
  }
  exec_functions_destroy(s);
  for (uint32_t i = 0; i < s->n_old_passed; i++) rn_graph_destroy(s->old_passed[i]);
  rn_mem_free(s->old_passed);
  rn_graph_destroy(s->passed);
  rn_store_destroy(s->store);
  exec_validation_destroy(s);
  rn_arena_finish(&s->names);
  (void)pthread_mutex_destroy(&s->planning);
  (void)pthread_mutex_destroy(&s->guard);
  rn_mem_free(s);
}

/* --------------------------------------------------------------------------------------- running */
static const volatile int never = 0;

rn_status *exec_run_begin(exec_run *r, rn_session *s, const rn_run_options *o) {
  memset(r, 0, sizeof *r);
  r->session = s;
  r->cancel = &never;
  (void)pthread_mutex_init(&r->guard, NULL);
  r->correlation = (atomic_fetch_add(&s->steps, 1) + 1) << 32;
  if (o == NULL) return NULL;
  r->options = o;
  if (RN_HAS(o, rn_run_options, flags)) r->flags = o->flags;
  if (RN_HAS(o, rn_run_options, timeout_ns) && o->timeout_ns != 0) r->deadline_ns = exec_now_ns() + o->timeout_ns;
  if (RN_HAS_FN(o, rn_run_options, cancel)) r->cancel = o->cancel;
  return RN_HAS_FN(o, rn_run_options, trace) ? exec_trace_begin(r) : NULL;
}

rn_status *exec_run_end(exec_run *r, rn_status *failure) {
  exec_trace_end(r);
  rn_store_destroy(r->step_store);
  (void)pthread_mutex_destroy(&r->guard);
  return exec_validation_late(r->session->validation, failure);
}

/* planned_ns: when the plan began to be made, if it was for this run, and it is traced; else 0. */
static rn_status *run_plan(rn_session *s, exec_plan *p, const rn_run_options *o, const exec_args *a,
                           uint64_t planned_ns) {
  exec_run r;
  atomic_fetch_add(&s->running, 1);
  rn_status *failed = exec_run_begin(&r, s, o);
  if (s->check_numbers) r.flags |= RN_RUN_CHECK_NUMERICS;
  if (planned_ns != 0 && r.trace != NULL) exec_trace_part(&r, RN_TRACE_PLAN, NULL, "", 0, planned_ns);
  if (failed == NULL && atomic_load(&s->closed)) failed = rn_status_make(RN_CANCELLED, "the session is closed");
  if (failed == NULL) failed = exec_run_latest(p, &r, a);
  failed = exec_run_end(&r, failed);
  atomic_fetch_sub(&s->running, 1);
  return failed;
}

static rn_status *run_request(rn_session *s, const rn_run_options *o, exec_request *r, rn_tensor *const *feeds,
                              rn_tensor **fetches) {
  exec_plan *p;
  int traced = o != NULL && RN_HAS_FN(o, rn_run_options, trace);
  uint64_t begin = traced ? exec_now_ns() : 0, made = atomic_load(&s->made_plans);
  RN_TRY(exec_plan_find(s, r, &p));
  if (made == atomic_load(&s->made_plans)) begin = 0;
  rn_status *failed = run_plan(s, p, o, &(exec_args){feeds, NULL, fetches}, begin);
  exec_plan_release(p);
  return failed;
}

#define FEW_FEEDS 32u
rn_status *rn_session_run(rn_session *s, const rn_run_options *o, const rn_feed *feeds, uint32_t n_feeds,
                          const rn_value *fetches, uint32_t n_fetches, rn_tensor **out_fetches,
                          const rn_node_id *targets, uint32_t n_targets) {
  rn_value few_values[FEW_FEEDS], *value = few_values;
  rn_tensor *few_tensors[FEW_FEEDS], **tensor = few_tensors;
  rn_status *failed = NULL;
  if (n_feeds > FEW_FEEDS) {
    value = rn_mem_alloc(n_feeds * sizeof *value);
    tensor = rn_mem_alloc(n_feeds * sizeof(rn_tensor *));
  }
  if (value == NULL || tensor == NULL) failed = exec_out_of_memory("feeds");
  for (uint32_t i = 0; failed == NULL && i < n_feeds; i++) {
    value[i] = feeds[i].value;
    tensor[i] = feeds[i].tensor;
  }
  exec_request r = {.feeds = value,
                    .fetches = fetches,
                    .targets = targets,
                    .n_feeds = n_feeds,
                    .n_fetches = n_fetches,
                    .n_targets = n_targets};
  if (failed == NULL) failed = run_request(s, o, &r, tensor, out_fetches);
  if (value != few_values) rn_mem_free(value);
  if (tensor != few_tensors) rn_mem_free(tensor);
  return failed;
}

rn_status *rn_session_prepare(rn_session *s, const rn_value *feeds, uint32_t n_feeds, const rn_value *fetches,
                              uint32_t n_fetches, const rn_node_id *targets, uint32_t n_targets, rn_step **out) {
  exec_request r = {.feeds = feeds,
                    .fetches = fetches,
                    .targets = targets,
                    .n_feeds = n_feeds,
                    .n_fetches = n_fetches,
                    .n_targets = n_targets};
  rn_step *step = rn_mem_zero(1, sizeof *step);
  if (step == NULL) return exec_out_of_memory("a step");
  step->session = s;
  rn_status *failed = exec_plan_find(s, &r, &step->plan);
  if (failed != NULL)
    rn_mem_free(step);
  else
    *out = step;
  return failed;
}

rn_status *rn_step_run(rn_step *step, const rn_run_options *o, rn_tensor *const *feeds, rn_tensor **out_fetches) {
  return run_plan(step->session, step->plan, o, &(exec_args){feeds, NULL, out_fetches}, 0);
}

void rn_step_destroy(rn_step *step) {
  if (step == NULL) return;
  exec_plan_release(step->plan);
  rn_mem_free(step);
}

rn_status *rn_session_explain(rn_session *s, const rn_value *feeds, uint32_t n_feeds, const rn_value *fetches,
                              uint32_t n_fetches, const rn_node_id *targets, uint32_t n_targets, char **out_text) {
  exec_request r = {.feeds = feeds,
                    .fetches = fetches,
                    .targets = targets,
                    .n_feeds = n_feeds,
                    .n_fetches = n_fetches,
                    .n_targets = n_targets};
  exec_plan *p;
  RN_TRY(exec_plan_find(s, &r, &p));
  rn_status *failed = exec_explain(exec_plan_latest(p), out_text);
  exec_plan_release(p);
  return failed;
}

/* Placed once more for itself: a plan that runs is made of nodes that have a place. */
rn_status *rn_session_explain_nodes(rn_session *s, const rn_value *feeds, uint32_t n_feeds, const rn_value *fetches,
                                    uint32_t n_fetches, const rn_node_id *targets, uint32_t n_targets,
                                    void (*visit)(void *arg, const rn_node_explanation *n), void *arg,
                                    rn_status **out_problem) {
  exec_request r = {.feeds = feeds,
                    .fetches = fetches,
                    .targets = targets,
                    .n_feeds = n_feeds,
                    .n_fetches = n_fetches,
                    .n_targets = n_targets};
  exec_plan *p, *real = NULL;
  exec_request placed = r;
  *out_problem = exec_plan_find(s, &r, &real);
  placed.graph = r.graph;
  placed.version = r.version;
  placed.explains = 1;
  rn_status *failed = exec_plan_create(s, &placed, &p);
  if (failed == NULL) {
    failed = exec_explain_nodes(p, real, visit, arg);
    if (failed == NULL) failed = exec_explain_bodies(p, visit, arg);
    exec_plan_release(p);
  }
  exec_plan_release(real);
  if (failed == NULL) return NULL;
  rn_status_free(*out_problem);
  *out_problem = NULL;
  return failed;
}

void rn_session_get_stats(rn_session *s, rn_session_stats *out) {
  rn_session_stats now = {.struct_size = out->struct_size,
                          .plans = atomic_load(&s->made_plans),
                          .layouts = atomic_load(&s->made_layouts),
                          .steps = atomic_load(&s->steps),
                          .arena_bytes = atomic_load(&s->arena_bytes),
                          .cell_bytes = rn_store_cell_bytes(s->store)};
  memcpy(out, &now, out->struct_size < sizeof now ? out->struct_size : sizeof now);
}
