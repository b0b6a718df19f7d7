/* exec/ready.c - branches side by side (core/exec).
 *
 * Every executing node counts those it waits for; whoever brings a count to zero runs the node next,
 * itself or as a task of the pool. Chosen per layout when the cost that can run beside the longest
 * path is worth it, and always when a kernel is asynchronous. After a failure the rest is only counted
 * down. Results do not depend on timing: writers of cells are ordered, memory is shared along the
 * order, and of several failures the first in order is reported. */
#include "exec/exec.h"

static void run_task(rn_task *t);

static rn_pool *pool_of(const exec_instance *x) { return rn_runtime_pool(x->layout->plan->session->rt); }

/* Counts down who waited; gives one of those that became ready (run it next), the others go to the pool. */
static uint32_t finish(exec_instance *x, uint32_t position, int keep_one) {
  const exec_layout *l = x->layout;
  exec_run *r = x->run;
  rn_pool *pool = pool_of(x);
  uint32_t next = EXEC_NONE;
  for (uint32_t k = l->after_at[position]; k < l->after_at[position + 1]; k++) {
    uint32_t to = l->after[k];
    if (atomic_fetch_sub_explicit(&x->waits[to], 1, memory_order_acq_rel) != 1) continue;
    if (keep_one && next == EXEC_NONE)
      next = to;
    else
      rn_pool_submit(pool, &x->call[to].task);
  }
  if (atomic_fetch_sub_explicit(&r->left, 1, memory_order_acq_rel) == 1)
    rn_pool_notify(pool, &r->done); /* x may be gone */
  return next;
}

/* 0: it failed, or the step is over. */
static int run_one(exec_instance *x, uint32_t position) {
  exec_run *r = x->run;
  if (atomic_load_explicit(&r->stopped, memory_order_relaxed)) return 0;
  rn_status *s = exec_run_check(r);
  const exec_step *step = &x->layout->step[x->layout->order[position]];
  uint64_t begin = s == NULL ? exec_trace_now(r) : 0;
  int later = step->async | step->launched;
  if (step->async) x->call[position].begun_ns = begin;
  if (s == NULL) s = exec_node_run(x, position); /* an asynchronous one may be over, and x gone, from here on */
  if (begin != 0 && !later) exec_trace_node(&x->call[position], begin);
  if (s != NULL) exec_run_fail(r, position, s);
  return s == NULL;
}

/* Compute returning and complete being called come in either order; whoever is second goes on. */
static int is_second(exec_call *c) { return atomic_fetch_add(&c->half, 1) == 1; }

static void run_chain(exec_instance *x, uint32_t position) {
  while (position != EXEC_NONE) {
    int async = x->layout->step[x->layout->order[position]].async;
    if (run_one(x, position) && async && !is_second(&x->call[position])) return;
    position = finish(x, position, 1);
  }
}

static void run_task(rn_task *t) {
  exec_call *c = (exec_call *)(void *)((char *)t - offsetof(exec_call, task));
  run_chain(c->instance, c->position);
}

void exec_async_done(exec_call *c, rn_status *s) {
  exec_instance *x = c->instance;
  if (!x->layout->step[x->layout->order[c->position]].async) { /* nobody waits for it: its return is its end */
    rn_status_free(s);
    return;
  }
  if (s == NULL) s = exec_node_after(x, c->position);
  if (c->begun_ns != 0) exec_trace_node(c, c->begun_ns);
  if (s != NULL) exec_run_fail(x->run, c->position, exec_wrap_failure(c->plan, c->node, s));
  if (is_second(c)) (void)finish(x, c->position, 0);
}

rn_status *exec_run_parallel(exec_instance *x) {
  const exec_layout *l = x->layout;
  exec_run *r = x->run;
  uint32_t first = EXEC_NONE;
  if (l->n_order == 0) return NULL;
  atomic_store(&r->stopped, 0);
  atomic_store(&r->done, 0);
  atomic_store(&r->left, l->n_order);
  r->failure = NULL;
  for (uint32_t i = 0; i < l->n_order; i++) {
    atomic_store_explicit(&x->waits[i], l->waits[i], memory_order_relaxed);
    x->call[i].task.fn = run_task;
    atomic_store_explicit(&x->call[i].half, 0, memory_order_relaxed);
  }
  for (uint32_t i = 0; i < l->n_order; i++) {
    if (l->waits[i] != 0) continue;
    if (first == EXEC_NONE)
      first = i;
    else
      rn_pool_submit(pool_of(x), &x->call[i].task);
  }
  run_chain(x, first);
  rn_pool_help_until(pool_of(x), &r->done);
  return exec_run_failure(r);
}
