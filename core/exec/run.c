/* exec/run.c - one step from feeds to fetches (core/exec).
 *
 * Locks, checks, a layout, an instance, the loop, the fetches. In the steady state of a static layout
 * nothing here allocates, hashes or locks per op. The loop has a twin that watches the clock, traces
 * and checks numbers; which one runs is chosen once per step. */
#include <time.h>
#include "exec/exec.h"

#define FEW_CELLS 64u

uint64_t exec_now_ns(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static rn_status *why_stopped(const exec_run *r) {
  if (atomic_load_explicit(&r->session->closed, memory_order_relaxed))
    return rn_status_make(RN_CANCELLED, "the session was closed while the step ran");
  if (*r->cancel != 0) return rn_status_make(RN_CANCELLED, "the step was cancelled by its caller");
  if (r->deadline_ns != 0 && exec_now_ns() > r->deadline_ns)
    return rn_status_make(RN_DEADLINE_EXCEEDED, "the step took longer than %.3g ms",
                          (double)r->options->timeout_ns / 1e6);
  return NULL;
}

void exec_run_fail(exec_run *r, uint32_t position, rn_status *s) {
  (void)pthread_mutex_lock(&r->guard);
  int first = r->failure == NULL || position < r->failed_at;
  rn_status *drop = first ? r->failure : s;
  if (first) {
    r->failure = s;
    r->failed_at = position;
  }
  (void)pthread_mutex_unlock(&r->guard);
  rn_status_free(drop);
  atomic_store(&r->stopped, 1);
}

rn_status *exec_run_failure(exec_run *r) {
  (void)pthread_mutex_lock(&r->guard);
  rn_status *s = r->failure;
  r->failure = NULL;
  (void)pthread_mutex_unlock(&r->guard);
  return s;
}

rn_status *exec_run_check(const exec_run *r) {
  while (r->parent != NULL) r = r->parent;
  return why_stopped(r);
}

/* ---------------------------------------------------------------------------------- the loops */
static rn_status *run_fast(exec_instance *x, uint32_t n) {
  const exec_entry *e = x->entry;
  const volatile int *cancel = x->run->cancel;
  const _Atomic int *closed = &x->run->session->closed;
  for (uint32_t i = 0; i < n; i++) {
    if ((*cancel | atomic_load_explicit(closed, memory_order_relaxed)) != 0) return exec_run_check(x->run);
    if (e[i].compute == NULL) {
      RN_TRY(exec_node_run(x, i));
      continue;
    }
    rn_status *s = e[i].compute(e[i].state, e[i].call);
    if (s != NULL) return exec_wrap_failure(x->layout->plan, x->layout->order[i], s);
  }
  return NULL;
}

static rn_status *run_watched(exec_instance *x, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    RN_TRY(exec_run_check(x->run));
    uint64_t begin = exec_trace_now(x->run);
    rn_status *s = exec_node_run(x, i);
    if (begin != 0 && !x->layout->step[x->layout->order[i]].launched) exec_trace_node(&x->call[i], begin);
    if (s != NULL) return s;
  }
  return NULL;
}

rn_status *exec_run_serial(exec_instance *x) {
  const exec_run *r = x->run;
  int watched = r->deadline_ns != 0 || r->trace != NULL || r->flags != 0;
  return watched ? run_watched(x, x->layout->n_order) : run_fast(x, x->layout->n_order);
}

/* ------------------------------------------------------------------------------ before and after */
static void reset_heap(exec_instance *x) {
  const exec_layout *l = x->layout;
  for (uint32_t v = 0; l->has_heap && v < l->plan->n_value; v++)
    atomic_store_explicit(&x->uses[v], l->slot[v].uses, memory_order_relaxed);
}

/* Tensors still held: fetched ones, and all that a failed step left. */
static void drop_heap(exec_instance *x) {
  const exec_layout *l = x->layout;
  for (uint32_t v = 0; v < l->plan->n_value && l->has_heap; v++) {
    rn_tensor_release(x->held[v]);
    x->held[v] = NULL;
  }
}

static void lock_all(const exec_plan *p, int take, int exclusive) {
  for (uint32_t i = 0; i < p->n_lock; i++) {
    const exec_lock *l = &p->lock[take ? i : p->n_lock - 1 - i];
    if (take)
      rn_resource_lock(l->resource, l->exclusive | exclusive);
    else
      rn_resource_unlock(l->resource, l->exclusive | exclusive);
  }
}

static void see_all(exec_instance *x, const exec_args *a, rn_resource *const *cell) {
  uint64_t begin = exec_trace_now(x->run), bytes = 0;
  exec_see_feeds(x, a);
  exec_see_cells(x, cell);
  reset_heap(x);
  if (begin == 0) return;
  for (uint32_t i = 0; i < x->layout->plan->n_feed; i++) bytes += x->view[i].size_bytes;
  if (!x->layout->plan->is_body) exec_trace_part(x->run, RN_TRACE_FEED, NULL, "", bytes, begin);
  exec_trace_instance(x);
}

static rn_status *fetch_all(exec_instance *x, const exec_args *a) {
  const exec_plan *p = x->layout->plan;
  uint64_t begin = exec_trace_now(x->run), bytes = 0;
  rn_status *s = exec_fetch(x, a);
  if (begin == 0 || p->is_body) return s;
  for (uint32_t i = 0; i < p->n_fetch; i++) bytes += x->view[p->fetch_value[i]].size_bytes;
  exec_trace_part(x->run, RN_TRACE_FETCH, NULL, "", bytes, begin);
  return s;
}

/* Under the plan's locks. A plan that may block gives them up while it runs and takes them per op. */
static rn_status *run_instance(exec_instance *x, exec_run *r, const exec_args *a, rn_resource *const *cell,
                               int exclusive) {
  const exec_plan *p = x->layout->plan;
  x->run = r;
  see_all(x, a, cell);
  if (p->locks_per_op) lock_all(p, 0, exclusive);
  rn_status *s = x->layout->parallel ? exec_run_parallel(x) : exec_run_serial(x);
  if (p->locks_per_op) {
    lock_all(p, 1, exclusive);
    exec_see_cells(x, cell);
  }
  if (p->n_lane != 0) {
    rn_status *late = exec_lanes_wait(x);
    if (s == NULL)
      s = late;
    else
      rn_status_free(late);
    exec_launches_end(x);
    rn_status *failure = exec_run_failure(r); /* of a launched node: it was before what the host came to */
    if (failure != NULL) rn_status_free(s);
    if (failure != NULL) s = failure;
  }
  if (r->trace != NULL) exec_trace_instance_end(x);
  if (s == NULL) s = fetch_all(x, a);
  drop_heap(x);
  x->run = NULL;
  return s;
}

/* Variables that are elsewhere than this plan wants them move first: nobody else may look meanwhile. */
static rn_status *lock_at_home(const exec_plan *p, rn_resource *const *cell, const exec_run *r, int *out_exclusive) {
  lock_all(p, 1, 0);
  if (!p->session->has_homes || p->is_body || exec_cells_are_home(p, cell)) return NULL;
  lock_all(p, 0, 0);
  lock_all(p, 1, 1);
  *out_exclusive = 1;
  return exec_cells_go_home(p, cell, r);
}

static rn_status *get_layout(exec_plan *p, exec_run *r, const exec_args *a, rn_resource *const *cell, exec_layout **l) {
  uint64_t begin = exec_trace_now(r), made = atomic_load(&p->session->made_layouts);
  rn_status *s = exec_layout_get(p, a->feeds, cell, l);
  if (begin != 0 && made != atomic_load(&p->session->made_layouts))
    exec_trace_part(r, RN_TRACE_PLAN, NULL, "", 0, begin);
  return s;
}

static rn_status *run_bound(exec_plan *p, exec_run *r, const exec_args *a, rn_resource *const *cell) {
  exec_layout *l = NULL;
  exec_instance *x = NULL;
  int exclusive = 0;
  rn_status *s = lock_at_home(p, cell, r, &exclusive);
  if (s == NULL) s = exec_check_initialised(p, cell);
  if (s == NULL && (s = get_layout(p, r, a, cell, &l)) != NULL) r->plan_again = p->n_open > p->n_planned;
  if (s == NULL) s = exec_instance_get(l, &x);
  if (s == NULL) s = run_instance(x, r, a, cell, exclusive);
  if (x != NULL) exec_instance_put(x);
  exec_layout_release(l);
  lock_all(p, 0, exclusive);
  return s;
}

rn_status *exec_run_plan(exec_plan *p, exec_run *r, const exec_args *a) {
  rn_resource *few[FEW_CELLS], **cell = p->fixed_cell;
  RN_TRY(exec_check_feeds(p, a));
  RN_TRY(exec_run_check(r));
  if (p->has_tokens) return exec_token_run(p, r, a);
  if (!p->binds_cells) return run_bound(p, r, a, cell);
  cell = p->n_cell <= FEW_CELLS ? few : rn_mem_zero(p->n_cell, sizeof(rn_resource *));
  if (cell == NULL) return exec_out_of_memory("a step");
  rn_status *s = exec_bind_cells(r, p, a, cell);
  if (s == NULL) s = run_bound(p, r, a, cell);
  if (cell != few) rn_mem_free(cell);
  return s;
}
