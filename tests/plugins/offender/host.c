/* host.c - offences against the host's table, each by a kernel of the op Offend (tests/plugins/offender). */
#include "offender.h"
#include <pthread.h>
#include <time.h>

static rn_status *status_twice(rn_call *c) {
  rn_status *s = c->host->status(RN_ABORTED, "a status freed twice");
  c->host->status_free(s);
  c->host->status_free(s);
  offender_copy(c);
  return NULL;
}
static rn_status *status_used(rn_call *c) {
  rn_status *s = c->host->status(RN_ABORTED, "a status read too late");
  c->host->status_free(s);
  (void)c->host->status_message(s);
  offender_copy(c);
  return NULL;
}
static rn_status *status_leak(rn_call *c) {
  (void)c->host->status(RN_ABORTED, "a forgotten status");
  offender_copy(c);
  return NULL;
}
static rn_status *status_returned(rn_call *c) {
  rn_status *s = c->host->status(RN_ABORTED, "a status given back twice");
  c->host->status_free(s);
  return s;
}
static rn_status *status_wrapped(rn_call *c) {
  rn_status *s = c->host->status(RN_ABORTED, "a cause that is gone");
  c->host->status_free(s);
  return c->host->status_wrap(s, "around it");
}
static rn_status *status_code(rn_call *c) { return c->host->status(4711, "a code of my own"); }
static rn_status *status_unknown(rn_call *c) {
  long stack[4] = {1, 2, 3, 4};
  c->host->status_free((rn_status *)(void *)stack);
  offender_copy(c);
  return NULL;
}

static rn_status *block_twice(rn_call *c) {
  void *p = c->host->alloc(c->host->ctx, 40, 16);
  c->host->free(c->host->ctx, p);
  c->host->free(c->host->ctx, p);
  offender_copy(c);
  return NULL;
}
static rn_status *block_foreign(rn_call *c) {
  int on_the_stack = 0;
  c->host->free(c->host->ctx, &on_the_stack);
  offender_copy(c);
  return NULL;
}
static rn_status *block_lent(rn_call *c) {
  offender_copy(c);
  c->host->free(c->host->ctx, c->out[0]->data);
  return NULL;
}
static rn_status *block_write(rn_call *c, int64_t at) {
  char *p = c->host->alloc(c->host->ctx, 10, 16);
  if (p != NULL) p[at] = 1;
  c->host->free(c->host->ctx, p);
  offender_copy(c);
  return NULL;
}
static rn_status *block_past(rn_call *c) { return block_write(c, 12); }
static rn_status *block_before(rn_call *c) { return block_write(c, -1); }
static rn_status *block_late(rn_call *c) {
  char *p = c->host->alloc(c->host->ctx, 10, 16);
  c->host->free(c->host->ctx, p);
  if (p != NULL) p[4] = 1;
  offender_copy(c);
  return NULL;
}
static rn_status *block_leak(rn_call *c) {
  (void)c->host->alloc(c->host->ctx, 1234, 16);
  offender_copy(c);
  return NULL;
}
static rn_status *block_alignment(rn_call *c) {
  c->host->free(c->host->ctx, c->host->alloc(c->host->ctx, 10, 24));
  offender_copy(c);
  return NULL;
}
static rn_status *context(rn_call *c) {
  (void)c->host->alloc(c, 10, 16);
  offender_copy(c);
  return NULL;
}

static rn_tensor *make_tensor(const rn_call *c) {
  rn_tensor *t = NULL;
  const rn_shape two = rn_shape_vector(2);
  c->host->status_free(c->host->tensor_create(RN_FLOAT, &two, &t));
  return t;
}
static rn_status *tensor_twice(rn_call *c) {
  rn_tensor *t = make_tensor(c);
  c->host->tensor_release(t);
  c->host->tensor_release(t);
  offender_copy(c);
  return NULL;
}
static rn_status *tensor_used(rn_call *c) {
  rn_tensor_view v = {.struct_size = sizeof v};
  rn_tensor *t = make_tensor(c);
  c->host->tensor_release(t);
  c->host->tensor_view(t, &v);
  offender_copy(c);
  return NULL;
}
static rn_status *tensor_leak(rn_call *c) {
  (void)make_tensor(c);
  offender_copy(c);
  return NULL;
}
static rn_status *string_index(rn_call *c) {
  rn_tensor *t = NULL;
  rn_tensor_view v = {.struct_size = sizeof v};
  const rn_shape two = rn_shape_vector(2);
  c->host->status_free(c->host->tensor_strings(&two, NULL, &t));
  c->host->tensor_view(t, &v);
  (void)c->host->string_at(&v, 2);
  c->host->tensor_release(t);
  offender_copy(c);
  return NULL;
}

static rn_status *parallel_nothing(rn_call *c) {
  c->host->parallel_for(c->host->ctx, 10, 1, NULL, NULL);
  offender_copy(c);
  return NULL;
}
static void bad_piece(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  const rn_call *c = arg;
  (void)hi;
  (void)worker;
  if (lo == 0) c->host->log(c->host->ctx, 77, "from a piece");
}
static rn_status *parallel_piece(rn_call *c) {
  c->host->parallel_for(c->host->ctx, 64, 1, bad_piece, c);
  offender_copy(c);
  return NULL;
}
static rn_status *log_level(rn_call *c) {
  c->host->log(c->host->ctx, 9, "a level of my own");
  offender_copy(c);
  return NULL;
}

static void *call_late(void *arg) {
  struct timespec t = {0, 200000000};
  nanosleep(&t, NULL);
  (void)offender_host->threads(offender_host->ctx);
  return arg;
}
static rn_status *after_fini(rn_call *c) {
  pthread_t t;
  if (pthread_create(&t, NULL, call_late, NULL) == 0) pthread_detach(t);
  offender_copy(c);
  return NULL;
}

static const offence offences[] = {{"status twice", status_twice},
                                   {"status used", status_used},
                                   {"status leak", status_leak},
                                   {"status returned", status_returned},
                                   {"status wrapped", status_wrapped},
                                   {"status code", status_code},
                                   {"status unknown", status_unknown},
                                   {"block twice", block_twice},
                                   {"block foreign", block_foreign},
                                   {"block lent", block_lent},
                                   {"block past", block_past},
                                   {"block before", block_before},
                                   {"block late", block_late},
                                   {"block leak", block_leak},
                                   {"block alignment", block_alignment},
                                   {"context", context},
                                   {"tensor twice", tensor_twice},
                                   {"tensor used", tensor_used},
                                   {"tensor leak", tensor_leak},
                                   {"string index", string_index},
                                   {"parallel nothing", parallel_nothing},
                                   {"parallel piece", parallel_piece},
                                   {"log level", log_level},
                                   {"after fini", after_fini},
                                   {NULL, NULL}};
static rn_status *prepare(const rn_prepare *p, rn_prepared *out) { return offender_prepare(p, out, offences); }

static const rn_op_def ops[] = {{.struct_size = sizeof(rn_op_def),
                                 .flags = RN_OP_NO_GRADIENT | RN_OP_STATEFUL,
                                 .name = "OffendHost",
                                 .signature = "(x: float) -> (y: float); how: string",
                                 .doc = "Misuses the host's table (test).",
                                 .infer = offender_same_shape}};
static const rn_kernel_def kernels[] = {{.struct_size = sizeof(rn_kernel_def),
                                         .op = "OffendHost",
                                         .device_type = "cpu",
                                         .label = "offending",
                                         .compute = offender_run,
                                         .prepare = prepare}};
const rn_group offender_host_group = {
    .struct_size = sizeof(rn_group), .ops = RN_TABLE(ops), .kernels = RN_TABLE(kernels)};
