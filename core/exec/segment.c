/* exec/segment.c - nodes that are recorded together and replayed (core/exec).
 *
 * A segment is a run of consecutive device nodes whose kernels record. An instance records it at its
 * first step and replays it from then on: arenas, constants and slots of feeds stay where they are. When a
 * variable is elsewhere than it was, the segment is recorded again. */
#include "exec/exec.h"

/* What a kernel reads from host memory is baked into a recording, and what it writes there is written only once. */
static int host_arguments_stay(const exec_layout *l, const exec_node *n) {
  const exec_plan *p = l->plan;
  for (uint32_t i = 0; i < n->n_in; i++)
    if (exec_kernel_host_input(p, n, i) && l->slot[l->slot[p->input[n->in + i]].root].kind != SLOT_CONST) return 0;
  for (uint32_t o = 0; o < n->n_out; o++)
    if (exec_kernel_host_output(p, n, o)) return 0;
  return 1;
}

/* Making a variable's memory cannot be replayed; overwriting it can, where the kernel says so. */
static int may_make_cell(const exec_layout *l, const exec_node *n) {
  const exec_plan *p = l->plan;
  if (n->op->def->writes == 0 || (n->op->def->flags & RN_OP_UNINITIALIZED_OK) == 0) return 0;
  int stays = (n->kernel->def->flags & RN_KERNEL_OVERWRITES) != 0;
  for (uint32_t i = 0; i < n->n_in && i < 64; i++) {
    uint32_t cell = p->value[p->input[n->in + i]].cell;
    if ((n->op->def->writes >> i & 1) != 0 && (cell == EXEC_NONE || !l->stays[cell])) stays = 0;
  }
  return !stays;
}

static int records(const exec_layout *l, uint32_t position) {
  const exec_node *n = &l->plan->node[l->order[position]];
  const exec_step *step = &l->step[l->order[position]];
  if (step->mode != STEP_DEVICE || step->copies != 0 || step->async || n->borrowed) return 0;
  if ((n->device->info.features & (RN_DEVICE_RECORDS | RN_DEVICE_SYNCHRONOUS)) != RN_DEVICE_RECORDS) return 0;
  if (n->kind == NODE_CLAIM) return (n->claim->def->flags & RN_KERNEL_RECORDS) != 0;
  if (!host_arguments_stay(l, n)) return 0;
  return (n->kernel->def->flags & RN_KERNEL_RECORDS) != 0 && !may_make_cell(l, n);
}

rn_status *exec_layout_segments(exec_layout *l) {
  const exec_plan *p = l->plan;
  if (p->n_lane == 0) return NULL;
  l->segment = rn_arena_array(&l->memory, l->n_order + (size_t)1, sizeof *l->segment);
  if (l->segment == NULL) return exec_out_of_memory("a layout");
  for (uint32_t i = 0; i < l->n_order; i++) {
    exec_step *step = &l->step[l->order[i]];
    step->segment = EXEC_NONE;
    if (l->parallel || !records(l, i)) continue;
    const exec_step *before = i > 0 ? &l->step[l->order[i - 1]] : NULL;
    int goes_on = before != NULL && before->mode == STEP_DEVICE && before->segment != EXEC_NONE &&
                  p->node[l->order[i - 1]].device == p->node[l->order[i]].device;
    if (!goes_on) l->segment[l->n_segment++].first = i;
    step->segment = l->n_segment - 1;
    l->segment[step->segment].last = i;
  }
  return NULL;
}

static rn_status *record_node(exec_instance *x, const exec_lane *lane, uint32_t position) {
  exec_call *c = &x->call[position];
  const exec_step *step = &x->layout->step[c->node];
  c->run = x->run;
  c->pub.correlation = x->run->correlation | position;
  c->pub.queue = lane->queue;
  c->pub.wait = c->pub.signal = (rn_points){NULL, 0, 0};
  rn_status *s = exec_node_compute(c, step->prep.compute, step->prep.state);
  return s != NULL ? exec_wrap_failure(x->layout->plan, c->node, s) : NULL;
}

static void forget(const exec_lane *lane, exec_recorded *r) {
  if (r->recording != NULL) lane->device->type->def->recording_destroy(lane->device->handle, r->recording);
  r->recording = NULL;
}

static rn_status *record(exec_instance *x, exec_lane *lane, uint32_t segment) {
  const exec_segment *seg = &x->layout->segment[segment];
  const rn_device_def *def = lane->device->type->def;
  exec_recorded *r = &x->recorded[segment];
  forget(lane, r);
  RN_TRY(def->record_begin(lane->device->handle, lane->queue));
  rn_status *s = NULL;
  for (uint32_t i = seg->first; i <= seg->last && s == NULL; i++) {
    exec_lane_mark(x, lane, i);
    s = record_node(x, lane, i);
  }
  exec_lane_mark(x, lane, EXEC_NONE);
  rn_status *end = def->record_end(lane->device->handle, lane->queue, &r->recording);
  if (end != NULL) r->recording = NULL;
  if (s != NULL) {
    rn_status_free(end);
    forget(lane, r);
    return s;
  }
  r->moved = x->moved;
  r->traced = lane->traced;
  return end;
}

rn_status *exec_segment_run(exec_instance *x, uint32_t segment) {
  const exec_layout *l = x->layout;
  rn_points wait, signal;
  exec_device *d = l->plan->node[l->order[l->segment[segment].first]].device;
  exec_lane *lane = exec_lane_of(x, d);
  exec_recorded *r = &x->recorded[segment];
  if (r->recording == NULL || r->moved != x->moved || (r->traced | lane->traced) != 0) {
    RN_TRY(exec_lane_wait(x, lane)); /* the old recording may still run */
    uint64_t begin = exec_trace_now(x->run);
    RN_TRY(exec_lane_done(x, lane, record(x, lane, segment)));
    if (lane->timeline != NULL) lane->value--; /* recording submits nothing */
    if (begin != 0) exec_trace_part(x->run, RN_TRACE_RECORD, d, "", 0, begin);
  }
  exec_lane_next(lane, &wait, &signal);
  return exec_lane_done(x, lane, d->type->def->replay(d->handle, lane->queue, r->recording, wait, signal));
}

void exec_segments_destroy(exec_instance *x) {
  const exec_layout *l = x->layout;
  for (uint32_t k = 0; k < l->n_segment; k++) {
    const exec_device *d = l->plan->node[l->order[l->segment[k].first]].device;
    forget(exec_lane_of(x, d), &x->recorded[k]);
  }
}
