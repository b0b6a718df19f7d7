/* plugin.c - recorder: a device that records and replays, with memory the host cannot read (test plugin)
 * (tests/plugins/recorder).
 *
 * A command is a kernel's loop with its operands. Outside a recording it runs when it is submitted;
 * between record_begin and record_end it is kept, and replay runs the kept ones in order. The
 * device counts recordings, replays and commands so that a test can see what happened. */
#include <runnel/plugin.h>

static const rn_host_api *host;

struct rn_mem {
  float *elems;
  uint64_t size_bytes;
};
typedef struct operand {
  rn_mem *mem;
  uint64_t offset_bytes, count;
} operand;
typedef struct command {
  void (*run)(const struct command *c);
  operand out, in[3];
  int64_t m, n, k;
} command;
struct rn_recording {
  command *commands;
  uint32_t count, capacity;
};
struct rn_queue {
  rn_recording *open;
};
struct rn_timeline {
  uint64_t value;
};
typedef struct recorder {
  uint64_t recordings, replays, commands_run;
} recorder;
static recorder the_device;

static float *at(const operand *o) { return o->mem->elems + o->offset_bytes / sizeof(float); }

static void run_add(const command *c) {
  for (uint64_t i = 0; i < c->out.count; i++)
    at(&c->out)[i] = at(&c->in[0])[i % c->in[0].count] + at(&c->in[1])[i % c->in[1].count];
}
static void run_mul(const command *c) {
  for (uint64_t i = 0; i < c->out.count; i++)
    at(&c->out)[i] = at(&c->in[0])[i % c->in[0].count] * at(&c->in[1])[i % c->in[1].count];
}
static void run_matmul(const command *c) {
  for (int64_t i = 0; i < c->m; i++)
    for (int64_t j = 0; j < c->n; j++) {
      float sum = 0;
      for (int64_t l = 0; l < c->k; l++) sum += at(&c->in[0])[i * c->k + l] * at(&c->in[1])[l * c->n + j];
      at(&c->out)[i * c->n + j] = sum;
    }
}
static void run_apply_gradient_descent(const command *c) {
  for (uint64_t i = 0; i < c->in[0].count; i++) at(&c->in[0])[i] -= at(&c->in[1])[0] * at(&c->in[2])[i];
}
static void run_copy(const command *c) { memcpy(at(&c->in[0]), at(&c->in[1]), c->in[1].count * sizeof(float)); }

static rn_status *submit(rn_queue *q, const command *c) {
  rn_recording *r = q->open;
  if (!r) {
    the_device.commands_run++;
    c->run(c);
    return NULL;
  }
  if (r->count == r->capacity) {
    uint32_t capacity = r->capacity ? r->capacity * 2 : 16;
    command *grown = host->alloc(host->ctx, capacity * sizeof *grown, 16);
    if (!grown) return host->status(RN_RESOURCE_EXHAUSTED, "recorder: out of memory");
    if (r->count) memcpy(grown, r->commands, r->count * sizeof *grown);
    host->free(host->ctx, r->commands);
    r->commands = grown;
    r->capacity = capacity;
  }
  r->commands[r->count++] = *c;
  return NULL;
}

static operand operand_of(const rn_tensor_view *v) {
  return (operand){v->mem, v->offset_bytes, v->size_bytes / sizeof(float)};
}

static rn_status *compute(const void *state, rn_call *call) {
  command c;
  memset(&c, 0, sizeof c);
  c.run = *(void (*const *)(const command *))state;
  for (uint32_t i = 0; i < call->n_in && i < 3; i++) c.in[i] = operand_of(call->in[i]);
  if (call->n_out) c.out = operand_of(call->out[0]);
  if (c.run == run_matmul) {
    c.m = call->in[0]->shape.dim[0];
    c.k = call->in[0]->shape.dim[1];
    c.n = call->in[1]->shape.dim[1];
  }
  RN_TRY(submit(call->queue, &c));
  for (uint32_t i = 0; i < call->signal.count; i++) call->signal.items[i].timeline->value = call->signal.items[i].value;
  return NULL;
}

/* Called outside of recordings for what has no memory yet. */
static rn_status *assign(const void *state, rn_call *call) {
  if (call->queue->open) return compute(state, call);
  RN_TRY(call->api->cell_assign(call, call->resource[0], call->in[1]));
  for (uint32_t i = 0; i < call->signal.count; i++) call->signal.items[i].timeline->value = call->signal.items[i].value;
  return NULL;
}

static rn_status *no_transpose(const void *user, const rn_self *s, uint8_t *out_yes, char reason[256]) {
  (void)user;
  *out_yes = !rn_self_bool(s, "transpose_a", 0) && !rn_self_bool(s, "transpose_b", 0);
  if (!*out_yes) snprintf(reason, 256, "it multiplies untransposed matrices only");
  return NULL;
}

static void (*const add_fn)(const command *) = run_add;
static void (*const mul_fn)(const command *) = run_mul;
static void (*const matmul_fn)(const command *) = run_matmul;
static void (*const apply_fn)(const command *) = run_apply_gradient_descent;
static void (*const copy_fn)(const command *) = run_copy;
#define KERNEL(op_, fn_, supports_)                                                                                   \
  {                                                                                                                   \
    .struct_size = sizeof(rn_kernel_def), .flags = RN_KERNEL_RECORDS, .op = op_, .device_type = "recorder",           \
    .types = "T: float", .label = "recorded", .priority = 10, .compute = compute, .user = &fn_, .supports = supports_ \
  }
static const rn_kernel_def kernels[] = {
    KERNEL("Add", add_fn, NULL),
    KERNEL("AddV2", add_fn, NULL),
    KERNEL("Mul", mul_fn, NULL),
    KERNEL("MatMul", matmul_fn, no_transpose),
    KERNEL("ApplyGradientDescent", apply_fn, NULL),
    {.struct_size = sizeof(rn_kernel_def),
     .flags = RN_KERNEL_RECORDS | RN_KERNEL_OVERWRITES,
     .op = "Assign",
     .device_type = "recorder",
     .types = "T: float",
     .label = "recorded",
     .priority = 10,
     .compute = assign,
     .user = &copy_fn},
};

static rn_status *enumerate(const rn_host_api *h, rn_status *(*put)(void *arg, const rn_device_info *i), void *arg) {
  (void)h;
  rn_device_info info;
  memset(&info, 0, sizeof info);
  info.struct_size = sizeof info;
  info.features = RN_DEVICE_RECORDS;
  info.align_bytes = 64;
  info.uuid[0] = 0x7e;
  snprintf(info.name, sizeof info.name, "test recorder");
  return put(arg, &info);
}
static rn_status *device_open(const rn_host_api *h, uint32_t index, void **out) {
  if (index != 0) return h->status(RN_NOT_FOUND, "there is one device, number 0");
  *out = &the_device;
  return NULL;
}
static rn_status *drain(void *d, uint64_t timeout_ns) {
  (void)d;
  (void)timeout_ns;
  return NULL;
}
static void device_close(void *d) { (void)d; }
static rn_status *mem_alloc(void *d, uint64_t size_bytes, rn_mem **out) {
  (void)d;
  rn_mem *m = host->alloc(host->ctx, sizeof *m, 16);
  if (!m) return host->status(RN_RESOURCE_EXHAUSTED, "recorder: out of memory");
  m->size_bytes = size_bytes;
  m->elems = host->alloc(host->ctx, size_bytes ? size_bytes : 4, 64);
  if (!m->elems) {
    host->free(host->ctx, m);
    return host->status(RN_RESOURCE_EXHAUSTED, "recorder: out of device memory");
  }
  *out = m;
  return NULL;
}
static void mem_release(void *d, rn_mem *m) {
  (void)d;
  if (!m) return;
  host->free(host->ctx, m->elems);
  host->free(host->ctx, m);
}
static void *mem_address(void *d, rn_mem *m) {
  (void)d;
  (void)m;
  return NULL;
}
static rn_status *mem_copy(void *d, rn_queue *q, rn_points wait, rn_points signal, const rn_copy *c) {
  (void)d;
  (void)q;
  (void)wait;
  for (uint32_t i = 0; i < c->region_count; i++) {
    const rn_region *r = &c->regions[i];
    const char *from = c->src ? (const char *)c->src->elems : (const char *)c->host;
    char *to = c->dst ? (char *)c->dst->elems : (char *)c->host;
    memcpy(to + r->dst_offset_bytes, from + r->src_offset_bytes, r->size_bytes);
  }
  for (uint32_t i = 0; i < signal.count; i++) signal.items[i].timeline->value = signal.items[i].value;
  return NULL;
}
static rn_status *queue_create(void *d, rn_queue **out) {
  (void)d;
  *out = host->alloc(host->ctx, sizeof **out, 16);
  if (!*out) return host->status(RN_RESOURCE_EXHAUSTED, "recorder: out of memory");
  (*out)->open = NULL;
  return NULL;
}
static void queue_destroy(void *d, rn_queue *q) {
  (void)d;
  host->free(host->ctx, q);
}
static rn_status *timeline_create(void *d, rn_timeline **out) {
  (void)d;
  *out = host->alloc(host->ctx, sizeof **out, 16);
  if (!*out) return host->status(RN_RESOURCE_EXHAUSTED, "recorder: out of memory");
  (*out)->value = 0;
  return NULL;
}
static void timeline_destroy(void *d, rn_timeline *t) {
  (void)d;
  host->free(host->ctx, t);
}
static rn_status *timeline_query(void *d, rn_timeline *t, uint64_t *out) {
  (void)d;
  *out = t->value;
  return NULL;
}
static rn_status *timeline_wait(void *d, rn_point p, uint64_t timeout_ns) {
  (void)d;
  (void)timeout_ns;
  return p.timeline->value >= p.value ? NULL : host->status(RN_DEADLINE_EXCEEDED, "recorder: nothing will signal this");
}
static rn_status *timeline_signal(void *d, rn_timeline *t, uint64_t value) {
  (void)d;
  t->value = value;
  return NULL;
}
static rn_status *flush(void *d, rn_queue *q) {
  (void)d;
  (void)q;
  return NULL;
}
static rn_status *record_begin(void *d, rn_queue *q) {
  (void)d;
  q->open = host->alloc(host->ctx, sizeof *q->open, 16);
  if (!q->open) return host->status(RN_RESOURCE_EXHAUSTED, "recorder: out of memory");
  memset(q->open, 0, sizeof *q->open);
  return NULL;
}
static rn_status *record_end(void *d, rn_queue *q, rn_recording **out) {
  ((recorder *)d)->recordings++;
  *out = q->open;
  q->open = NULL;
  return NULL;
}
static rn_status *replay(void *d, rn_queue *q, rn_recording *r, rn_points wait, rn_points signal) {
  (void)q;
  (void)wait;
  ((recorder *)d)->replays++;
  for (uint32_t i = 0; i < r->count; i++) {
    ((recorder *)d)->commands_run++;
    r->commands[i].run(&r->commands[i]);
  }
  for (uint32_t i = 0; i < signal.count; i++) signal.items[i].timeline->value = signal.items[i].value;
  return NULL;
}
static void recording_destroy(void *d, rn_recording *r) {
  (void)d;
  if (!r) return;
  host->free(host->ctx, r->commands);
  host->free(host->ctx, r);
}
static const rn_device_def devices[] = {{
    .struct_size = sizeof(rn_device_def),
    .type = "recorder",
    .doc = "Records a step once and replays it (test).",
    .enumerate = enumerate,
    .open = device_open,
    .drain = drain,
    .close = device_close,
    .alloc = mem_alloc,
    .release = mem_release,
    .address = mem_address,
    .copy = mem_copy,
    .queue_create = queue_create,
    .queue_destroy = queue_destroy,
    .timeline_create = timeline_create,
    .timeline_destroy = timeline_destroy,
    .timeline_query = timeline_query,
    .timeline_wait = timeline_wait,
    .timeline_signal = timeline_signal,
    .flush = flush,
    .record_begin = record_begin,
    .record_end = record_end,
    .replay = replay,
    .recording_destroy = recording_destroy,
}};

/* How a test looks inside: an op on the host that returns {recordings, replays, commands run}. */
static rn_status *counts_infer(rn_infer *c) {
  rn_shape three = rn_shape_vector(3);
  c->api->set_shape(c, 0, &three);
  return NULL;
}
static rn_status *counts_compute(const void *state, rn_call *c) {
  (void)state;
  int64_t *y = c->out[0]->data;
  y[0] = (int64_t)the_device.recordings;
  y[1] = (int64_t)the_device.replays;
  y[2] = (int64_t)the_device.commands_run;
  return NULL;
}
static const rn_op_def ops[] = {{.struct_size = sizeof(rn_op_def),
                                 .flags = RN_OP_STATEFUL | RN_OP_NO_GRADIENT | RN_OP_HOST_ONLY,
                                 .name = "RecorderCounts",
                                 .signature = "() -> (counts: int64)",
                                 .doc = "Recordings made, replays done, commands run (test).",
                                 .infer = counts_infer}};
static const rn_kernel_def host_kernels[] = {{.struct_size = sizeof(rn_kernel_def),
                                              .op = "RecorderCounts",
                                              .device_type = "cpu",
                                              .label = "counts",
                                              .compute = counts_compute}};

static const rn_group device_group = {
    .struct_size = sizeof(rn_group), .kernels = RN_TABLE(kernels), .devices = RN_TABLE(devices)};
static const rn_group counts_group = {
    .struct_size = sizeof(rn_group), .ops = RN_TABLE(ops), .kernels = RN_TABLE(host_kernels)};
static const rn_group *const groups[] = {&device_group, &counts_group};

static rn_status *init(const rn_host_api *h) {
  host = h;
  return NULL;
}
static const rn_plugin_desc desc = {
    .struct_size = sizeof(rn_plugin_desc),
    .abi_major = RN_ABI_MAJOR,
    .abi_minor = RN_ABI_MINOR,
    .build_flags = RN_BUILD_FLAGS,
    .id = "recorder",
    .version = "1.0",
    .license = "Apache-2.0",
    .doc = "A device that records and replays (test).",
    .groups = groups,
    .group_count = 2,
    .init = init,
};
RN_EXPORT const rn_plugin_desc *RN_PLUGIN_ENTRY(recorder)(void) { return &desc; }
