/* exec/trace_device.c - times that a device's own clock gives (core/exec).
 *
 * Before each node that goes to a lane the device is told the number of the node, so what it reports afterwards
 * can be said of nodes. What a segment holds is recorded once more for it: a recording made without marks has none
 * when it is replayed. */
#include "exec/trace.h"

static const rn_device_trace *trace_of(const exec_device *d) {
  const rn_device_def *def = d->type->def;
  if (!RN_HAS_FN(def, rn_device_def, trace) || !RN_HAS(def->trace, rn_device_trace, end)) return NULL;
  return def->trace->begin != NULL && def->trace->end != NULL ? def->trace : NULL;
}

static void begin(exec_instance *x, exec_lane *lane) {
  const rn_device_trace *t = trace_of(lane->device);
  if (t == NULL || (lane->queue == NULL && x->layout->plan->is_body)) return;
  rn_status *s = t->begin(lane->device->handle, lane->queue);
  lane->traced = s == NULL;
  if (s != NULL && rn_status_code(s) != RN_UNIMPLEMENTED)
    rn_log_write(rn_runtime_log(x->layout->plan->session->rt), RN_LOG_WARNING,
                 "device %s does not say when its work ran: %s", lane->device->full_name, rn_status_message(s));
  rn_status_free(s);
}

void exec_trace_instance(exec_instance *x) {
  exec_trace_alive(x);
  for (uint32_t i = 0; i < x->layout->plan->n_lane && x->run->trace->all; i++) begin(x, &x->lane[i]);
}

void exec_lane_mark(const exec_instance *x, const exec_lane *lane, uint32_t position) {
  if (!lane->traced) return;
  const rn_device_trace *t = lane->device->type->def->trace;
  if (t->mark == NULL) return;
  uint64_t number = position != EXEC_NONE ? x->run->correlation | position : 0;
  rn_status_free(t->mark(lane->device->handle, lane->queue, number)); /* what is not marked is not reported */
}

/* ------------------------------------------------------------------------------------------ taking */
typedef struct taking {
  exec_instance *x;
  uint32_t queue;
} taking;

static void put(void *arg, const rn_device_span *given) {
  const taking *w = arg;
  const exec_instance *x = w->x;
  rn_device_span s = {0};
  memcpy(&s, given, given->struct_size < sizeof s ? given->struct_size : sizeof s);
  uint64_t position = s.correlation ^ x->run->correlation;
  if (position >= x->layout->n_order || s.end_ns < s.begin_ns) return; /* of another step */
  traced t = exec_trace_describe(&x->call[position], 1);
  t.e.queue = w->queue;
  t.e.begin_ns = s.begin_ns;
  t.e.end_ns = s.end_ns;
  if (s.name != NULL) t.e.kernel = exec_trace_keep(x->run->trace, s.name);
  if (s.track != NULL) t.e.track = exec_trace_keep(x->run->trace, s.track);
  exec_trace_put(x->run->trace, &t);
}

static void end(exec_instance *x, exec_lane *lane) {
  taking w = {x, 0};
  if (!lane->traced) return;
  lane->traced = 0;
  if (x->broken && lane->queue != NULL) return; /* it goes with its queue */
  w.queue = atomic_fetch_add(&x->run->trace->queues, 1) + 1;
  rn_status *s = lane->device->type->def->trace->end(lane->device->handle, lane->queue, put, &w);
  if (s != NULL)
    rn_log_write(rn_runtime_log(x->layout->plan->session->rt), RN_LOG_WARNING, "device %s lost a trace: %s",
                 lane->device->full_name, rn_status_message(s));
  rn_status_free(s);
}

void exec_trace_instance_end(exec_instance *x) {
  for (uint32_t i = 0; i < x->layout->plan->n_lane; i++) end(x, &x->lane[i]);
  x->alive = NULL;
}
