/* plugin.c - later: an asynchronous kernel (test plugin) (tests/plugins/later). Compute starts a thread and returns;
 * the thread waits as many milliseconds as the attribute says, writes x + 1, and completes. A negative delay fails. */
#include <runnel/plugin.h>
#include <pthread.h>
#include <time.h>

typedef struct job {
  rn_call *call;
  int64_t delay_ms;
} job;

static void *run(void *arg) {
  job j = *(job *)arg;
  j.call->host->free(j.call->host->ctx, arg);
  struct timespec t = {j.delay_ms / 1000, (long)(j.delay_ms % 1000) * 1000000L};
  if (j.delay_ms > 0) nanosleep(&t, NULL);
  if (j.delay_ms < 0) {
    j.call->api->complete(j.call, j.call->host->status(RN_ABORTED, "a negative delay"));
    return NULL;
  }
  const float *x = j.call->in[0]->data;
  float *y = j.call->out[0]->data;
  for (uint64_t i = 0; i < j.call->out[0]->size_bytes / sizeof *y; i++) y[i] = x[i] + 1;
  j.call->api->complete(j.call, NULL);
  return NULL;
}

static rn_status *compute(const void *state, rn_call *c) {
  job *j = c->host->alloc(c->host->ctx, sizeof *j, 16);
  if (!j) return c->host->status(RN_RESOURCE_EXHAUSTED, "later: out of memory");
  *j = (job){c, (int64_t)(intptr_t)state};
  pthread_attr_t detached;
  pthread_attr_init(&detached);
  pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
  pthread_t t;
  int failed = pthread_create(&t, &detached, run, j);
  pthread_attr_destroy(&detached);
  if (!failed) return NULL;
  c->host->free(c->host->ctx, j);
  return c->host->status(RN_RESOURCE_EXHAUSTED, "later: no thread");
}

static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  out->state = (void *)(intptr_t)rn_self_int(&p->self, "delay_ms", 0);
  return NULL;
}
static rn_status *infer(rn_infer *c) {
  c->api->set_shape(c, 0, c->api->shape(c, 0));
  return NULL;
}
static const rn_op_def ops[] = {{.struct_size = sizeof(rn_op_def),
                                 .flags = RN_OP_NO_GRADIENT,
                                 .name = "AddOneLater",
                                 .signature = "(x: float) -> (y: float); delay_ms: int = 0",
                                 .doc = "x + 1, after a while (test).",
                                 .infer = infer}};
static const rn_kernel_def kernels[] = {{.struct_size = sizeof(rn_kernel_def),
                                         .flags = RN_KERNEL_ASYNC,
                                         .op = "AddOneLater",
                                         .device_type = "cpu",
                                         .label = "later",
                                         .compute = compute,
                                         .prepare = prepare}};
static const rn_group group = {.struct_size = sizeof(rn_group), .ops = RN_TABLE(ops), .kernels = RN_TABLE(kernels)};
static const rn_group *const groups[] = {&group};
static const rn_plugin_desc desc = {
    .struct_size = sizeof(rn_plugin_desc),
    .abi_major = RN_ABI_MAJOR,
    .abi_minor = RN_ABI_MINOR,
    .build_flags = RN_BUILD_FLAGS,
    .id = "later",
    .version = "1.0",
    .license = "Apache-2.0",
    .doc = "An asynchronous kernel (test).",
    .groups = groups,
    .group_count = 1,
};
RN_EXPORT const rn_plugin_desc *RN_PLUGIN_ENTRY(later)(void) { return &desc; }
