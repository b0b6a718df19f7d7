/* exec/launch.c - kernels of another type that a device runs when their turn comes (core/exec).
 *
 * The device calls `work` on a thread of its own, in the order of its queue. What the kernel may ask of the
 * host it asks from there, so nothing here waits for the device. The first failure stays with the run;
 * what was launched after it does nothing. The host learns of it where it waits. Until a step ends its
 * lanes are waited for, whatever happened: `work` writes to the step's memory. */
#include <time.h>
#include "exec/exec.h"

static rn_status *compute(exec_call *c) {
  const exec_step *step = &c->instance->layout->step[c->node];
  const exec_run *r = c->instance->run;
  rn_status *s = exec_node_compute(c, step->prep.compute, step->prep.state);
  if (s == NULL && (r->flags & RN_RUN_CHECK_NUMERICS) != 0) s = exec_check_numbers(c->plan, c->node, c->pub.out);
  return s != NULL ? exec_wrap_failure(c->plan, c->node, s) : NULL;
}

static void work(void *arg) {
  exec_call *c = arg;
  exec_instance *x = c->instance;
  exec_run *r = x->run;
  exec_lane *lane = exec_lane_of(x, c->plan->node[c->node].device);
  if (!atomic_load(&r->stopped)) {
    rn_status *s = exec_run_check(r);
    uint64_t begin = s == NULL ? exec_trace_now(r) : 0;
    if (s == NULL) s = compute(c);
    if (begin != 0) exec_trace_node(c, begin);
    if (s != NULL) exec_run_fail(r, c->position, s);
  }
  atomic_fetch_sub(&lane->launched, 1); /* x may be gone */
}

rn_status *exec_launch(exec_instance *x, exec_lane *lane, uint32_t position) {
  exec_call *c = &x->call[position];
  const exec_plan *p = c->plan;
  const rn_device_def *def = lane->device->type->def;
  rn_points wait, signal;
  if (atomic_load(&x->run->stopped)) return rn_status_make(RN_CANCELLED, "a node before it failed");
  c->pub.queue = NULL;
  exec_lane_next(lane, &wait, &signal);
  atomic_fetch_add(&lane->launched, 1);
  rn_status *s = def->launch(lane->device->handle, lane->queue, wait, signal,
                             rn_graph_name(p->graph, p->node[c->node].id), work, c);
  if (s != NULL) atomic_fetch_sub(&lane->launched, 1);
  return exec_lane_done(x, lane, s);
}

/* Variables that lie on a device were written there without a word to the host. */
static void touch_cells(const exec_instance *x, const exec_device *d) {
  const exec_plan *p = x->layout->plan;
  for (uint32_t i = 0; i < p->n_cell; i++)
    if (p->cell[i].writes && p->cell[i].home == d && x->cell[i] != NULL && rn_resource_is_cell(x->cell[i]))
      rn_cell_touch(x->cell[i]);
}

void exec_launches_end(exec_instance *x) {
  for (uint32_t i = 0; i < x->layout->plan->n_lane; i++) {
    exec_lane *lane = &x->lane[i];
    while (atomic_load(&lane->launched) != 0) (void)nanosleep(&(struct timespec){0, 100000}, NULL);
    if (lane->device->kernels_of != NULL && lane->timeline != NULL) touch_cells(x, lane->device);
  }
}
