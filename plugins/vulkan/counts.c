/* counts.c - VulkanCounts: what a device has done so far, as numbers in a graph (plugins/vulkan).
 *
 * For benchmarks and tests: {submissions, recordings, replays, dispatches, barriers, copies, copies in place,
 * pipelines, bytes reserved, validation messages} of the device with this index, as the runtime that asks has it;
 * zeros while it is not open. */
#include "kernel.h"

enum { COUNTS = 10 };
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static gpu_device *open_devices;

void gpu_counts_add(gpu_device *d) {
  (void)pthread_mutex_lock(&guard);
  d->next_open = open_devices;
  open_devices = d;
  (void)pthread_mutex_unlock(&guard);
}

void gpu_counts_remove(gpu_device *d) {
  (void)pthread_mutex_lock(&guard);
  for (gpu_device **at = &open_devices; *at != NULL; at = &(*at)->next_open)
    if (*at == d) {
      *at = d->next_open;
      break;
    }
  (void)pthread_mutex_unlock(&guard);
}

static void read_counts(gpu_device *d, int64_t *y) {
  (void)pthread_mutex_lock(&d->lock);
  const gpu_counts *n = &d->counts;
  const uint64_t all[COUNTS] = {n->submissions, n->recordings,  n->replays,   n->dispatches, n->barriers,
                                n->copies,      n->host_copies, n->pipelines, d->reserved,   d->instance.messages};
  (void)pthread_mutex_unlock(&d->lock);
  for (int i = 0; i < COUNTS; i++) y[i] = (int64_t)all[i];
}

static rn_status *compute(const void *state, rn_call *c) {
  const int64_t *index = state;
  int64_t *y = c->out[0]->data;
  memset(y, 0, COUNTS * sizeof *y);
  (void)pthread_mutex_lock(&guard);
  for (gpu_device *d = open_devices; d != NULL; d = d->next_open)
    if ((int64_t)d->index == *index && d->host->ctx == c->host->ctx) read_counts(d, y);
  (void)pthread_mutex_unlock(&guard);
  return NULL;
}

static rn_status *infer(rn_infer *c) {
  rn_shape s = rn_shape_vector(COUNTS);
  c->api->set_shape(c, 0, &s);
  return NULL;
}

static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  int64_t *index = gpu_zero(sizeof *index);
  if (index == NULL) return gpu_no_memory("a kernel's state");
  *index = rn_self_int(&p->self, "index", 0);
  out->state = index;
  out->destroy = gpu_free;
  return NULL;
}

static const rn_op_def ops[] = {{.struct_size = (uint32_t)sizeof(rn_op_def),
                                 .flags = RN_OP_STATEFUL | RN_OP_NO_GRADIENT | RN_OP_HOST_ONLY,
                                 .name = "VulkanCounts",
                                 .signature = "() -> (counts: int64); index: int = 0",
                                 .doc = "What the Vulkan device with this index has done so far.\n"
                                        "Submissions, recordings, replays, dispatches, barriers, copies, copies in "
                                        "place, pipelines made, bytes reserved, validation messages.",
                                 .infer = infer}};
static const rn_kernel_def kernels[] = {{.struct_size = (uint32_t)sizeof(rn_kernel_def),
                                         .op = "VulkanCounts",
                                         .device_type = "cpu",
                                         .label = "counts",
                                         .priority = 10,
                                         .compute = compute,
                                         .prepare = prepare}};
const rn_group gpu_counts_group = {
    .struct_size = (uint32_t)sizeof(rn_group), .ops = RN_TABLE(ops), .kernels = RN_TABLE(kernels)};
