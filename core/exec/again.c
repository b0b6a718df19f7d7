/* exec/again.c - a plan made once more, with what a layout found out (core/exec).
 *
 * Placement works out which shapes hang on data before there are any (open.c), and where made-up sizes fit
 * nothing it takes them for known. A layout that finds such a node on a device that needs shapes before the step runs
 * marks it. Nothing of the step has run by then: a plan with the node and what follows it on the host succeeds this
 * one, which stays for whoever holds it and leads to its successor. */
#include "exec/exec.h"

static int is_listed(const rn_node_id *list, uint32_t n, rn_node_id id) {
  for (uint32_t i = 0; i < n; i++)
    if (list[i] == id) return 1;
  return 0;
}

int exec_plan_is_open(const exec_plan *p, rn_node_id id) { return is_listed(p->open, p->n_open, id); }

/* Under p->guard, as layouts are made. Without memory for it the layout's error stays what it is. */
void exec_plan_mark_open(exec_plan *p, rn_node_id id) {
  if (exec_plan_is_open(p, id)) return;
  rn_node_id *grown = rn_mem_grow(p->open, p->n_open + (size_t)1, sizeof *grown);
  if (grown == NULL) return;
  p->open = grown;
  p->open[p->n_open++] = id;
}

rn_status *exec_plan_take_open(exec_plan *p, const exec_request *r) {
  if (r->n_open == 0) return NULL;
  p->open = rn_mem_alloc(r->n_open * sizeof *p->open);
  if (p->open == NULL) return exec_out_of_memory("a plan");
  memcpy(p->open, r->open, r->n_open * sizeof *p->open);
  p->n_open = p->n_planned = r->n_open;
  return NULL;
}

exec_plan *exec_plan_latest(exec_plan *p) {
  for (exec_plan *next = p; next != NULL; next = atomic_load(&p->successor)) p = next;
  return p;
}

static rn_status *make_successor(exec_plan *p) {
  exec_plan *next = NULL;
  exec_request r = {.graph = p->graph,
                    .feeds = p->feed,
                    .fetches = p->fetch,
                    .targets = p->target,
                    .n_feeds = p->n_feed,
                    .n_fetches = p->n_fetch,
                    .n_targets = p->n_target,
                    .version = p->version,
                    .is_body = p->is_body};
  (void)pthread_mutex_lock(&p->guard); /* no layout marks more meanwhile */
  r.open = p->open;
  r.n_open = p->n_open;
  rn_status *failed = exec_plan_create(p->session, &r, &next);
  if (failed == NULL) atomic_store(&p->successor, next);
  (void)pthread_mutex_unlock(&p->guard);
  return failed;
}

/* failed: of a layout of p, given. NULL: there is a successor now. */
static rn_status *plan_again(exec_plan *p, rn_status *failed) {
  rn_session *s = p->session;
  rn_status_free(failed);
  failed = NULL;
  (void)pthread_mutex_lock(&s->planning);
  if (atomic_load(&p->successor) == NULL) failed = make_successor(p);
  (void)pthread_mutex_unlock(&s->planning);
  return failed;
}

rn_status *exec_run_latest(exec_plan *p, exec_run *r, const exec_args *a) {
  for (;;) {
    p = exec_plan_latest(p);
    r->plan_again = 0;
    rn_status *failed = exec_run_plan(p, r, a);
    if (failed == NULL || !r->plan_again) return failed;
    RN_TRY(plan_again(p, failed));
  }
}
