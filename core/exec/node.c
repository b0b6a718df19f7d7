/* exec/node.c - one node that needs care (core/exec).
 *
 * Around the compute of a node that writes a cell, makes or reads a heap tensor, calls functions, or
 * whose shapes were open: resources are looked up, views refreshed, dead tensors given back. */
#include "exec/exec.h"

rn_status *exec_wrap_failure(const exec_plan *p, uint32_t node, rn_status *cause) {
  const exec_node *n = &p->node[node];
  char text[512];
  (void)exec_node_text(p, node, text, sizeof text);
  if (n->kind == NODE_CLAIM)
    return rn_status_wrap(cause, "%u nodes up to %s (%s, compiler '%s')", n->claim->n_nodes, text,
                          n->device->type->def->type, n->claim->def->name);
  if (n->kernel == NULL) return rn_status_wrap(cause, "%s", text);
  return rn_status_wrap(cause, "%s (%s, %s)", text, n->device->type->def->type,
                        n->kernel->def->label != NULL ? n->kernel->def->label : n->kernel->plugin);
}

typedef struct exclusive {
  exec_call *call;
  rn_compute_fn compute;
  const void *state;
  rn_status *result;
} exclusive;

static void run_exclusive(void *arg) {
  exclusive *e = arg;
  e->result = e->compute(e->state, &e->call->pub);
}

rn_status *exec_node_compute(exec_call *c, rn_compute_fn compute, const void *state) {
  const rn_kernel *k = c->plan->node[c->node].kernel;
  if (k == NULL || (k->def->flags & RN_KERNEL_EXCLUSIVE) == 0) return compute(state, &c->pub);
  /* A worker may be waiting for the very queue that this runs on: it would never park. */
  if (c->launched && c->plan->has_async) return compute(state, &c->pub);
  exclusive e = {c, compute, state, NULL};
  rn_pool_exclusive(rn_runtime_pool(c->plan->session->rt), run_exclusive, &e);
  return e.result;
}

static int writes_cells(const exec_node *n) {
  if (n->kind == NODE_CLAIM) return n->claim->n_cells != 0;
  return n->op != NULL && (n->op->def->writes != 0 || (n->op->def->flags & RN_OP_CALLS) != 0);
}

/* Handles that kernels made during the step. */
static void look_up_resources(exec_instance *x, exec_call *c) {
  const exec_plan *p = c->plan;
  const exec_node *n = &p->node[c->node];
  rn_resource **resource = (rn_resource **)(uintptr_t)c->pub.resource;
  for (uint32_t i = 0; i < n->n_in; i++) resource[i] = x->resource[x->layout->slot[p->input[n->in + i]].root];
}

/* After a write (touch) only what was written has news; others may be reading the rest right now. */
static void see_inputs(exec_instance *x, const exec_node *n, int touch) {
  const exec_plan *p = x->layout->plan;
  for (uint32_t i = 0; i < n->n_in; i++) {
    uint32_t cell = p->value[p->input[n->in + i]].cell;
    if (cell == EXEC_NONE || x->cell[cell] == NULL) continue;
    if (touch && !exec_node_writes(p, n, i)) continue;
    if (touch && rn_resource_is_cell(x->cell[cell])) rn_cell_touch(x->cell[cell]);
    exec_instance_see_cell(x, cell);
  }
}

/* A called function may have written any cell: those its node lists as accesses are few, so all. */
static void see_all(exec_instance *x) {
  for (uint32_t c = 0; c < x->layout->plan->n_cell; c++)
    if (x->layout->plan->cell[c].writes) exec_instance_see_cell(x, c);
}

/* Locks of a plan that takes them per op: the few cells of one node, in the one order. */
static void lock_inputs(exec_instance *x, const exec_node *n, int take, int alone) {
  const exec_plan *p = x->layout->plan;
  for (uint32_t k = 0; k < p->n_lock; k++) {
    const exec_lock *lock = &p->lock[take ? k : p->n_lock - 1 - k];
    int wanted = 0;
    for (uint32_t i = 0; i < n->n_in && !wanted; i++) {
      uint32_t cell = p->value[p->input[n->in + i]].cell;
      wanted = cell != EXEC_NONE && x->cell[cell] == lock->resource;
    }
    if (wanted && take)
      rn_resource_lock(lock->resource, alone || lock->exclusive);
    else if (wanted)
      rn_resource_unlock(lock->resource, alone || lock->exclusive);
  }
}

/* Alone where a variable may have to come home: the first device may join while the lock is waited for. */
static int take_inputs(exec_instance *x, const exec_node *n) {
  const rn_session *s = x->layout->plan->session;
  for (;;) {
    int alone = s->has_homes;
    lock_inputs(x, n, 1, alone);
    if (alone == s->has_homes) return alone;
    lock_inputs(x, n, 0, alone);
  }
}

/* Another step may have taken a variable to a device since. */
static rn_status *bring_home(exec_instance *x, const exec_node *n) {
  const exec_plan *p = x->layout->plan;
  for (uint32_t i = 0; p->session->has_homes && i < n->n_in; i++) {
    uint32_t cell = p->value[p->input[n->in + i]].cell;
    if (cell != EXEC_NONE) RN_TRY(exec_cell_go_home(p, cell, x->cell[cell], x->run));
  }
  return NULL;
}

static void release_use(exec_instance *x, uint32_t v) {
  uint32_t root = x->layout->slot[v].root;
  if (x->layout->slot[root].kind != SLOT_HEAP) return;
  if (atomic_fetch_sub_explicit(&x->uses[root], 1, memory_order_acq_rel) != 1) return;
  rn_tensor_release(x->held[root]);
  x->held[root] = NULL;
}

/* Heap outputs become visible to aliases; an output nobody made is an error of the kernel. */
static rn_status *publish(exec_instance *x, const exec_node *n) {
  const exec_layout *l = x->layout;
  for (uint32_t v = n->out; v < n->out + n->n_out; v++) {
    if (l->slot[v].kind != SLOT_HEAP) continue;
    if (x->held[v] == NULL) return rn_status_make(RN_INTERNAL, "the kernel did not make output %u", v - n->out);
    rn_tensor *t = x->held[v];
    if (l->slot[v].uses == 0) {
      rn_tensor_release(t);
      x->held[v] = NULL;
    } else {
      exec_instance_hold(x, v, t);
    }
  }
  return NULL;
}

rn_status *exec_node_after(exec_instance *x, uint32_t position) {
  const exec_layout *l = x->layout;
  const exec_node *n = &l->plan->node[l->order[position]];
  rn_status *s = publish(x, n);
  if (writes_cells(n)) see_inputs(x, n, 1);
  if (n->op != NULL && (n->op->def->flags & RN_OP_CALLS) != 0) see_all(x);
  for (uint32_t i = 0; l->has_heap && i < n->n_in; i++) release_use(x, l->plan->input[n->in + i]);
  return s;
}

/* Heap outputs of a prepared node start empty: shape as laid out, no data. */
static void clear_outputs(exec_instance *x, const exec_node *n) {
  for (uint32_t v = n->out; v < n->out + n->n_out; v++)
    if (x->layout->slot[v].kind == SLOT_HEAP) x->view[v] = x->layout->proto[v];
}

static rn_status *start(exec_instance *x, uint32_t position) {
  exec_call *c = &x->call[position];
  const exec_step *step = &x->layout->step[c->node];
  const exec_node *n = &x->layout->plan->node[c->node];
  c->run = x->run;
  c->pub.correlation = x->run->correlation | position;
  if (step->mode == STEP_STATIC) return step->prep.compute(step->prep.state, &c->pub);
  if (step->mode == STEP_DEVICE) return exec_lane_run(x, position);
  if (step->after_lanes) RN_TRY(exec_lanes_wait(x));
  look_up_resources(x, c);
  clear_outputs(x, n);
  if (x->layout->plan->locks_per_op) see_inputs(x, n, 0);
  if (step->mode == STEP_DYNAMIC) return exec_node_run_dynamic(c);
  return exec_node_compute(c, step->prep.compute, step->prep.state);
}

rn_status *exec_node_run(exec_instance *x, uint32_t position) {
  const exec_plan *p = x->layout->plan;
  exec_call *c = &x->call[position];
  const exec_node *n = &p->node[c->node];
  int locks = p->locks_per_op && p->n_lock > 0;
  int alone = locks ? take_inputs(x, n) : 0;
  const exec_step *step = &x->layout->step[c->node];
  int later = step->async | step->launched;
  int check = (x->run->flags & RN_RUN_CHECK_NUMERICS) != 0 && !later && n->kind != NODE_COPY;
  rn_status *s = locks ? bring_home(x, n) : NULL;
  if (s == NULL) s = start(x, position); /* an asynchronous one may be over, and x gone, from here on */
  if (s == NULL && step->mode != STEP_STATIC && !later) s = exec_node_after(x, position);
  if (s == NULL && check && step->mode == STEP_DEVICE) s = exec_lanes_wait(x);
  if (s == NULL && check) s = exec_check_numbers(p, c->node, c->pub.out);
  if (locks) lock_inputs(x, n, 0, alone);
  if (step->mode == STEP_DEVICE && step->segment != EXEC_NONE)
    return s; /* of several nodes: recording names the one that fails */
  return s != NULL ? exec_wrap_failure(p, c->node, s) : NULL;
}
