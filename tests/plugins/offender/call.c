/* call.c - offences of kernels: memory, outputs, completion, what is kept (tests/plugins/offender). */
#include "offender.h"

static float *data(const rn_tensor_view *v) { return v->data; }
static uint64_t count(const rn_tensor_view *v) { return v->size_bytes / sizeof(float); }

static rn_status *past(rn_call *c) {
  offender_copy(c);
  data(c->out[0])[count(c->out[0]) + 1] = 1;
  return NULL;
}
static rn_status *before(rn_call *c) {
  offender_copy(c);
  data(c->out[0])[-1] = 1;
  return NULL;
}
static rn_status *input(rn_call *c) {
  offender_copy(c);
  data(c->in[0])[1] = 5;
  return NULL;
}
static rn_status *input_past(rn_call *c) {
  offender_copy(c);
  data(c->in[0])[count(c->in[0])] = 5;
  return NULL;
}
static rn_status *scratch(rn_call *c) {
  offender_copy(c);
  ((char *)c->scratch)[8] = 1;
  return NULL;
}
static rn_status *unwritten(rn_call *c) {
  data(c->out[0])[0] = 1;
  return NULL;
}
static rn_status *complete(rn_call *c) {
  offender_copy(c);
  c->api->complete(c, NULL);
  return NULL;
}
static rn_status *port(rn_call *c) {
  const rn_shape s = rn_shape_scalar();
  c->host->status_free(c->api->set_output(c, 5, &s));
  offender_copy(c);
  return NULL;
}
static rn_status *other_shape(rn_call *c) {
  const rn_shape s = rn_shape_vector(77);
  c->host->status_free(c->api->set_output(c, 0, &s));
  offender_copy(c);
  return NULL;
}
static rn_status *input_port(rn_call *c) {
  c->host->tensor_release(c->api->input_tensor(c, 3));
  offender_copy(c);
  return NULL;
}
static rn_status *resource(rn_call *c) {
  rn_tensor_view v = {.struct_size = sizeof v};
  long not_a_resource[64] = {0};
  c->host->status_free(c->api->cell_view(c, (rn_resource *)(void *)not_a_resource, &v));
  offender_copy(c);
  return NULL;
}

/* In the first step something is kept, in the second it is used. */
static rn_status *kept_view(rn_call *c) {
  static float *kept;
  offender_copy(c);
  if (kept != NULL) kept[0] = 1;
  kept = kept == NULL ? data(c->out[0]) : NULL;
  return NULL;
}
static rn_status *kept_call(rn_call *c) {
  static rn_call *kept;
  offender_copy(c);
  if (kept != NULL) (void)kept->api->cancelled(kept);
  kept = kept == NULL ? c : NULL;
  return NULL;
}

static const offence closed[] = {{"past", past},
                                 {"before", before},
                                 {"input", input},
                                 {"input past", input_past},
                                 {"scratch", scratch},
                                 {"unwritten", unwritten},
                                 {"complete", complete},
                                 {"port", port},
                                 {"other shape", other_shape},
                                 {"input port", input_port},
                                 {"resource", resource},
                                 {"kept view", kept_view},
                                 {"kept call", kept_call},
                                 {"state", NULL},
                                 {"attribute", past},
                                 {NULL, NULL}};
static rn_status *prepare_closed(const rn_prepare *p, rn_prepared *out) { return offender_prepare(p, out, closed); }

/* ------------------------------------------------------------------- outputs whose shape is open */
static rn_status *made_twice(rn_call *c) {
  rn_shape s = rn_shape_vector(2);
  c->host->status_free(c->api->set_output(c, 0, &s));
  memset(c->out[0]->data, 0, c->out[0]->size_bytes);
  s.dim[0] = 3;
  c->host->status_free(c->api->set_output(c, 0, &s));
  return NULL;
}
static rn_status *never_made(rn_call *c) {
  (void)c;
  return NULL;
}
static rn_status *half_known(rn_call *c) {
  rn_shape s = rn_shape_vector(RN_DIM_UNKNOWN);
  return c->api->set_output(c, 0, &s);
}
static rn_status *open_past(rn_call *c) {
  rn_shape s = rn_shape_vector(2);
  rn_status *failed = c->api->set_output(c, 0, &s);
  if (failed != NULL) return failed;
  for (int i = 0; i < 3; i++) data(c->out[0])[i] = 1;
  return NULL;
}
static const offence open_shapes[] = {
    {"twice", made_twice}, {"never", never_made}, {"half known", half_known}, {"past", open_past}, {NULL, NULL}};
static rn_status *prepare_open(const rn_prepare *p, rn_prepared *out) { return offender_prepare(p, out, open_shapes); }

/* --------------------------------------------------------------------------------- asynchronous */
static rn_status *completed_twice(rn_call *c) {
  offender_copy(c);
  c->api->complete(c, NULL);
  c->api->complete(c, NULL);
  return NULL;
}
static rn_status *error_too(rn_call *c) {
  c->api->complete(c, NULL);
  return c->host->status(RN_ABORTED, "and an error too");
}
static rn_status *never_completed(rn_call *c) {
  (void)c;
  return NULL;
}
static rn_status *late_past(rn_call *c) {
  (void)past(c);
  c->api->complete(c, NULL);
  return NULL;
}
static const offence late[] = {{"twice", completed_twice},
                               {"error too", error_too},
                               {"never", never_completed},
                               {"past", late_past},
                               {NULL, NULL}};
static rn_status *prepare_late(const rn_prepare *p, rn_prepared *out) { return offender_prepare(p, out, late); }

/* ------------------------------------------------------------------------------------ variables */
static rn_status *write_variable(rn_call *c) {
  rn_tensor_view v = {.struct_size = sizeof v};
  rn_status *s = c->api->cell_view(c, c->resource[0], &v);
  if (s != NULL) return s;
  memcpy(c->out[0]->data, v.data, c->out[0]->size_bytes);
  ((float *)v.data)[0] += 1;
  return NULL;
}
static rn_status *past_variable(rn_call *c) {
  rn_tensor_view v = {.struct_size = sizeof v};
  rn_status *s = c->api->cell_view(c, c->resource[0], &v);
  if (s != NULL) return s;
  memcpy(c->out[0]->data, v.data, c->out[0]->size_bytes);
  ((float *)v.data)[v.size_bytes / sizeof(float)] = 1;
  return NULL;
}
static const offence variables[] = {{"write", write_variable}, {"past", past_variable}, {NULL, NULL}};
static rn_status *prepare_variable(const rn_prepare *p, rn_prepared *out) {
  return offender_prepare(p, out, variables);
}
static rn_status *infer_variable(rn_infer *c) {
  rn_dtype t;
  rn_shape s;
  if (c->api->handle(c, 0, &t, &s)) c->api->set_shape(c, 0, &s);
  return NULL;
}

#define OP(name_, signature_, infer_, reads_)                                                            \
  {                                                                                                      \
    .struct_size = sizeof(rn_op_def), .flags = RN_OP_NO_GRADIENT | RN_OP_STATEFUL, .name = name_,        \
    .signature = signature_, .doc = "Breaks a rule of kernels (test).", .infer = infer_, .reads = reads_ \
  }
#define KERNEL(op_, prepare_, flags_)                                                                             \
  {                                                                                                               \
    .struct_size = sizeof(rn_kernel_def), .flags = flags_, .op = op_, .device_type = "cpu", .label = "offending", \
    .compute = offender_run, .prepare = prepare_                                                                  \
  }
static const rn_op_def ops[] = {
    OP("OffendCall", "(x: float) -> (y: float); how: string", offender_same_shape, 0),
    OP("OffendOpen", "(x: float) -> (y: float); how: string", NULL, 0),
    OP("OffendLater", "(x: float) -> (y: float); how: string", offender_same_shape, 0),
    OP("OffendVariable", "(v: resource) -> (y: float); how: string", infer_variable, 1),
};
static const rn_kernel_def kernels[] = {
    KERNEL("OffendCall", prepare_closed, 0),
    KERNEL("OffendOpen", prepare_open, 0),
    KERNEL("OffendLater", prepare_late, RN_KERNEL_ASYNC),
    KERNEL("OffendVariable", prepare_variable, 0),
};
const rn_group offender_call_group = {
    .struct_size = sizeof(rn_group), .ops = RN_TABLE(ops), .kernels = RN_TABLE(kernels)};
