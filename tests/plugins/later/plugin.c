/* plugin.c - later: an asynchronous kernel (test plugin) (tests/plugins/later). Compute starts a thread and returns;
 * the thread waits as many milliseconds as the attribute says, writes x + 1, and completes. A negative delay fails.
 * `linger_ms` is how long the thread stays in this file's code after that. */
#include <runnel/plugin.h>
#include <pthread.h>
#include <time.h>

typedef struct job {
  rn_call *call;
  int64_t delay_ms, linger_ms;
} job;

static void sleep_ms(int64_t ms) {
  struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000L};
  if (ms > 0) nanosleep(&t, NULL);
}

static void *run(void *arg) {
  job j = *(job *)arg;
  j.call->host->free(j.call->host->ctx, arg);
  sleep_ms(j.delay_ms);
  if (j.delay_ms < 0) {
    j.call->api->complete(j.call, j.call->host->status(RN_ABORTED, "a negative delay"));
    return NULL;
  }
  const float *x = j.call->in[0]->data;
  float *y = j.call->out[0]->data;
  for (uint64_t i = 0; i < j.call->out[0]->size_bytes / sizeof *y; i++) y[i] = x[i] + 1;
  j.call->api->complete(j.call, NULL);
  sleep_ms(j.linger_ms);
  return NULL;
}

static rn_status *compute(const void *state, rn_call *c) {
  const job *as = state;
  job *j = c->host->alloc(c->host->ctx, sizeof *j, 16);
  if (!j) return c->host->status(RN_RESOURCE_EXHAUSTED, "later: out of memory");
  *j = (job){c, as->delay_ms, as->linger_ms};
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

static const rn_host_api *own_host;
static rn_status *init(const rn_host_api *host) {
  own_host = host;
  return NULL;
}
static void forget(void *state) { own_host->free(own_host->ctx, state); }

static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  const rn_host_api *host = p->self.host;
  job *j = host->alloc(host->ctx, sizeof *j, 16);
  if (!j) return host->status(RN_RESOURCE_EXHAUSTED, "later: out of memory");
  *j = (job){NULL, rn_self_int(&p->self, "delay_ms", 0), rn_self_int(&p->self, "linger_ms", 0)};
  out->state = j;
  out->destroy = forget;
  return NULL;
}
static rn_status *infer(rn_infer *c) {
  c->api->set_shape(c, 0, c->api->shape(c, 0));
  return NULL;
}
static const rn_op_def ops[] = {{.struct_size = sizeof(rn_op_def),
                                 .flags = RN_OP_NO_GRADIENT,
                                 .name = "AddOneLater",
                                 .signature = "(x: float) -> (y: float); delay_ms: int = 0; linger_ms: int = 0",
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
    .init = init,
};
RN_EXPORT const rn_plugin_desc *RN_PLUGIN_ENTRY(later)(void) { return &desc; }
