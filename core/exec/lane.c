/* exec/lane.c - one device's part in a running step (core/exec).
 *
 * A lane has the values that are at home on its device and, unless the device is synchronous, a queue
 * and a timeline. What is submitted waits for what was submitted before it and signals one more. The
 * host waits where it reads: after a copy to the host, and before the step ends. An instance whose lane
 * failed is not used again. */
#include "exec/exec.h"

#define SLICE_NS 50000000u
#define DRAIN_NS 10000000000u

uint64_t exec_lane_chunk(const exec_device *d) {
  uint64_t a = d->info.max_alloc_bytes, b = d->info.max_binding_bytes;
  uint64_t least = a == 0 || (b != 0 && b < a) ? b : a, align = d->info.align_bytes > 64 ? d->info.align_bytes : 64;
  return least / align * align;
}

exec_lane *exec_lane_of(exec_instance *x, const exec_device *d) { return &x->lane[exec_plan_lane(x->layout->plan, d)]; }

static rn_status *open_lane(const exec_instance *x, uint32_t i) {
  exec_lane *lane = &x->lane[i];
  exec_device *d = lane->device = x->layout->plan->lane[i];
  uint64_t bytes = x->layout->lane_bytes[i], chunk = exec_lane_chunk(d);
  if ((d->info.features & RN_DEVICE_SYNCHRONOUS) == 0) {
    RN_TRY(d->type->def->queue_create(d->handle, &lane->queue));
    RN_TRY(d->type->def->timeline_create(d->handle, &lane->timeline));
  }
  if (bytes == 0) return NULL;
  uint64_t count = chunk == 0 ? 1 : (bytes + chunk - 1) / chunk;
  if (count > UINT32_MAX || (lane->chunk = rn_mem_zero((size_t)count, sizeof(rn_mem *))) == NULL)
    return exec_out_of_memory("a step");
  for (uint64_t k = 0; k < count; k++) {
    uint64_t size = chunk == 0 || bytes - k * chunk < chunk ? bytes - k * chunk : chunk;
    RN_TRY(exec_device_alloc(d, size, &lane->chunk[k]));
    lane->n_chunk++;
  }
  return NULL;
}

rn_status *exec_lanes_create(exec_instance *x) {
  const exec_layout *l = x->layout;
  const exec_plan *p = l->plan;
  if (p->n_lane == 0) return NULL;
  x->lane = rn_mem_zero(p->n_lane, sizeof *x->lane);
  x->epoch = rn_mem_zero(p->n_cell + (size_t)1, sizeof *x->epoch);
  x->recorded = rn_mem_zero(l->n_segment + (size_t)1, sizeof *x->recorded);
  if (x->lane == NULL || x->epoch == NULL || x->recorded == NULL) return exec_out_of_memory("a step");
  for (uint32_t i = 0; i < p->n_lane; i++) RN_TRY(open_lane(x, i));
  return NULL;
}

static void close_lane(const exec_instance *x, exec_lane *lane) {
  exec_device *d = lane->device;
  if (d == NULL) return;
  if (x->broken && d->type->def->drain != NULL) rn_status_free(d->type->def->drain(d->handle, DRAIN_NS));
  for (uint32_t k = 0; k < lane->n_chunk; k++) d->type->def->release(d->handle, lane->chunk[k]);
  if (lane->timeline != NULL) d->type->def->timeline_destroy(d->handle, lane->timeline);
  if (lane->queue != NULL) d->type->def->queue_destroy(d->handle, lane->queue);
  rn_mem_free(lane->chunk);
}

void exec_lanes_destroy(exec_instance *x) {
  if (x->recorded != NULL) exec_segments_destroy(x);
  for (uint32_t i = 0; x->lane != NULL && i < x->layout->plan->n_lane; i++) close_lane(x, &x->lane[i]);
  rn_mem_free(x->lane);
  rn_mem_free(x->epoch);
  rn_mem_free(x->recorded);
}

void exec_lane_place(const exec_instance *x, uint32_t v, rn_tensor_view *out) {
  const exec_layout *l = x->layout;
  exec_device *home = l->plan->value[v].home;
  uint64_t chunk = exec_lane_chunk(home), offset = l->slot[v].offset;
  const exec_lane *lane = &x->lane[exec_plan_lane(l->plan, home)];
  out->data = NULL;
  if (lane->n_chunk == 0) return; /* nothing but empty values */
  out->mem = lane->chunk[chunk == 0 || out->size_bytes == 0 ? 0 : offset / chunk];
  out->offset_bytes = chunk == 0 ? offset : offset % chunk;
  char *base = exec_device_address(home, out->mem);
  if (base != NULL) out->data = base + out->offset_bytes;
}

/* The device's memory too: what lies in the host's would be somebody else's by the time it is used. */
void *exec_lane_scratch(const exec_instance *x, uint32_t node) {
  const exec_layout *l = x->layout;
  exec_device *d = l->plan->node[node].device;
  const exec_lane *lane = &x->lane[exec_plan_lane(l->plan, d)];
  uint64_t chunk = exec_lane_chunk(d), offset = l->step[node].prep.scratch_offset;
  char *base = exec_device_address(d, lane->chunk[chunk == 0 ? 0 : offset / chunk]);
  if (base == NULL) return NULL;
  return (void *)(((uintptr_t)base + (chunk == 0 ? offset : offset % chunk) + 63) & ~(uintptr_t)63);
}

/* --------------------------------------------------------------------------------- submitting */
void exec_lane_next(exec_lane *lane, rn_points *wait, rn_points *signal) {
  *wait = *signal = (rn_points){NULL, 0, 0};
  if (lane->timeline == NULL) return;
  lane->wait = (rn_point){lane->timeline, lane->value};
  lane->signal = (rn_point){lane->timeline, lane->value + 1};
  *wait = (rn_points){&lane->wait, lane->value != 0, 0};
  *signal = (rn_points){&lane->signal, 1, 0};
}

rn_status *exec_lane_done(exec_instance *x, exec_lane *lane, rn_status *s) {
  if (s != NULL) x->broken = 1;
  if (s == NULL && lane->timeline != NULL) lane->value++;
  return s;
}

static rn_status *wait_for(exec_instance *x, exec_lane *lane) {
  const exec_device *d = lane->device;
  rn_status *stop = NULL, *s = d->type->def->flush != NULL ? d->type->def->flush(d->handle, lane->queue) : NULL;
  int reached = 0;
  while (s == NULL && !reached && (stop == NULL || atomic_load(&lane->launched) != 0)) {
    s = d->type->def->timeline_wait(d->handle, (rn_point){lane->timeline, lane->value}, SLICE_NS);
    reached = s == NULL;
    if (s == NULL || rn_status_code(s) != RN_DEADLINE_EXCEEDED) continue;
    rn_status_free(s);
    s = NULL;
    if (stop == NULL) stop = exec_run_check(x->run);
    if (stop != NULL) atomic_store(&x->run->stopped, 1); /* what was launched and has not begun does nothing */
  }
  if (reached)
    lane->reached = lane->value;
  else
    x->broken = 1;
  if (s == NULL && stop == NULL && atomic_load(&x->run->stopped))
    s = rn_status_make(RN_CANCELLED, "a node before it failed");
  if (s != NULL) rn_status_free(stop);
  return s != NULL ? s : stop;
}

rn_status *exec_lane_wait(exec_instance *x, exec_lane *lane) {
  if (lane->timeline == NULL || lane->reached == lane->value) return NULL;
  uint64_t begin = exec_trace_now(x->run);
  rn_status *s = wait_for(x, lane);
  if (begin != 0) exec_trace_part(x->run, RN_TRACE_WAIT, lane->device, "", 0, begin);
  return s;
}

rn_status *exec_lanes_wait(exec_instance *x) {
  rn_status *first = NULL;
  for (uint32_t i = 0; i < x->layout->plan->n_lane; i++) {
    rn_status *s = exec_lane_wait(x, &x->lane[i]);
    if (first == NULL)
      first = s;
    else
      rn_status_free(s);
  }
  return first;
}

/* ------------------------------------------------------------------------------------- running */
static rn_status *copy(exec_instance *x, exec_lane *lane, const rn_tensor_view *from, const rn_tensor_view *to) {
  const rn_device_def *def = lane->device->type->def;
  rn_points wait, signal;
  rn_region r = {from->mem != NULL ? from->offset_bytes : 0, to->mem != NULL ? to->offset_bytes : 0, to->size_bytes};
  if (from->size_bytes != to->size_bytes) return rn_status_make(RN_INTERNAL, "a copy of another size");
  if (to->size_bytes == 0) return NULL;
  rn_copy c = {(uint32_t)sizeof c, 1, to->mem, from->mem, to->mem == NULL ? to->data : from->data, &r};
  if (to->mem != NULL && from->mem != NULL) c.host = NULL;
  if (c.dst == NULL && c.src == NULL) {
    memcpy(to->data, from->data, to->size_bytes);
    return NULL;
  }
  exec_lane_next(lane, &wait, &signal);
  RN_TRY(exec_lane_done(x, lane, def->copy(lane->device->handle, lane->queue, wait, signal, &c)));
  return NULL;
}

/* The host side of a copy must stay as it is until the copy is done. */
static int must_wait(const exec_layout *l, const exec_node *n, uint32_t i) {
  const exec_plan *p = l->plan;
  uint32_t v = p->input[n->in + i], root = l->slot[v].root;
  if (p->value[n->out + i].home == NULL) return 1;
  return p->value[v].home == NULL && l->slot[root].kind == SLOT_CELL;
}

static rn_status *run_copies(exec_instance *x, exec_lane *lane, uint32_t position) {
  exec_call *c = &x->call[position];
  const exec_layout *l = x->layout;
  const exec_node *n = &l->plan->node[c->node];
  const exec_step *step = &l->step[c->node];
  for (uint32_t i = 0; i < step->copies; i++) {
    exec_lane_mark(x, lane, position);
    RN_TRY(copy(x, lane, c->pub.in[step->copied + i], c->pub.out[i]));
    exec_lane_mark(x, lane, EXEC_NONE);
    if (must_wait(l, n, i)) RN_TRY(exec_lane_wait(x, lane));
  }
  return NULL;
}

rn_status *exec_lane_run(exec_instance *x, uint32_t position) {
  exec_call *c = &x->call[position];
  const exec_layout *l = x->layout;
  const exec_step *step = &l->step[c->node];
  exec_lane *lane = exec_lane_of(x, l->plan->node[c->node].device);
  c->pub.queue = lane->queue;
  if (step->copies != 0) return run_copies(x, lane, position);
  if (step->segment != EXEC_NONE)
    return l->segment[step->segment].first == position ? exec_segment_run(x, step->segment) : NULL;
  if (step->launched) return exec_launch(x, lane, position);
  exec_lane_mark(x, lane, position);
  exec_lane_next(lane, &c->pub.wait, &c->pub.signal);
  rn_status *s = exec_node_compute(c, step->prep.compute, step->prep.state);
  exec_lane_mark(x, lane, EXEC_NONE);
  return exec_lane_done(x, lane, s);
}
