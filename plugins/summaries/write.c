/* write.c - the ops that make a summary and write it to a writer's file in one go (plugins/summaries).
 *
 * All have inputs writer and step; what is written is a Summary (field 5 of an Event) or a graph (4). */
#include <stdlib.h>
#include "summaries.h"
#include "writer.h"

enum { EVENT_GRAPH = 4, EVENT_SUMMARY = 5 };

/* Writes what `made` holds (given), unless making it failed. */
static rn_status *write_out(rn_call *c, uint32_t number, io_buffer *made, rn_status *s) {
  sum_writer *w = NULL;
  if (s == NULL) s = sum_writer_begin(c, &w);
  if (s == NULL) {
    int64_t step = *(const int64_t *)c->in[1]->data;
    s = sum_writer_end(c, w, sum_file_add(c->host, w->file, step, number, made->data, made->size));
  }
  io_drop(made);
  return s;
}

static rn_status *scalar(const void *state, rn_call *c) {
  io_buffer b = {0};
  (void)state;
  rn_status *s = sum_scalar(c, 2, 3, &b);
  return write_out(c, EVENT_SUMMARY, &b, s);
}

static rn_status *histogram(const void *state, rn_call *c) {
  io_buffer b = {0};
  (void)state;
  rn_status *s = sum_histogram(c, 2, 3, &b);
  return write_out(c, EVENT_SUMMARY, &b, s);
}

static rn_status *image(const void *state, rn_call *c) {
  io_buffer b = {0};
  sum_image_options o = {(int64_t)(intptr_t)state, {255, 0, 0, 255}};
  for (uint64_t i = 0; i < 4 && i < sum_count(c->in[4]); i++) o.bad[i] = ((const uint8_t *)c->in[4]->data)[i];
  rn_status *s = sum_image(c, &o, 2, 3, &b);
  return write_out(c, EVENT_SUMMARY, &b, s);
}

static rn_status *audio(const void *state, rn_call *c) {
  io_buffer b = {0};
  rn_status *s = sum_audio(c, (int64_t)(intptr_t)state, (float)sum_number(c->in[4], 0), 2, 3, &b);
  return write_out(c, EVENT_SUMMARY, &b, s);
}

static rn_status *tensor(const void *state, rn_call *c) {
  io_buffer b = {0};
  sum_value v = {.tag = {NULL, 0}};
  (void)state;
  rn_status *s = sum_tag(c, 3, &v.tag);
  if (s == NULL) s = sum_tag(c, 4, &v.metadata);
  if (s == NULL) s = sum_tensor(c, &v, 2, &b);
  return write_out(c, EVENT_SUMMARY, &b, s);
}

static rn_status *raw(rn_call *c, uint32_t number) {
  io_buffer b = {0};
  rn_bytes given;
  rn_status *s = sum_tag(c, 2, &given);
  if (s == NULL) io_put(&b, given.data, given.size);
  if (s == NULL && b.failed) s = sum_no_memory(c->host);
  return write_out(c, number, &b, s);
}
static rn_status *graph(const void *state, rn_call *c) {
  (void)state;
  return raw(c, EVENT_GRAPH);
}
static rn_status *raw_proto(const void *state, rn_call *c) {
  (void)state;
  return raw(c, EVENT_SUMMARY);
}

/* An Event as it stands. */
static rn_status *import(const void *state, rn_call *c) {
  sum_writer *w;
  rn_bytes event;
  (void)state;
  RN_TRY(sum_tag(c, 1, &event));
  io_span in = {(const uint8_t *)event.data, (const uint8_t *)event.data + event.size};
  io_field f;
  while (in.p < in.end)
    if (!io_take_field(&in, &f)) return c->host->status(RN_INVALID_ARGUMENT, "input 1 is not an Event");
  RN_TRY(sum_writer_begin(c, &w));
  return sum_writer_end(c, w, sum_file_add_event(c->host, w->file, event));
}

/* How many pictures or sounds at most: in the state itself. */
static rn_status *prepare_images(const rn_prepare *p, rn_prepared *out) {
  out->state = (void *)(intptr_t)rn_self_int(&p->self, "max_images", 3);
  return NULL;
}
static rn_status *prepare_sounds(const rn_prepare *p, rn_prepared *out) {
  out->state = (void *)(intptr_t)rn_self_int(&p->self, "max_outputs", 3);
  return NULL;
}

static rn_status *infer(rn_infer *c) {
  const rn_shape *step = c->api->shape(c, 1);
  if (step->rank <= 0) return NULL;
  return rn_error(c->self.host, RN_INVALID_ARGUMENT, "the step (input 1) has rank %d; it must be a scalar", step->rank);
}

#define OP(op_name, text, about)                                                                     \
  {                                                                                                  \
    .struct_size = sizeof(rn_op_def), .flags = RN_OP_NO_GRADIENT | RN_OP_HOST_ONLY | RN_OP_STATEFUL, \
    .name = (op_name), .signature = (text), .doc = (about), .infer = infer                           \
  }
static const rn_op_def ops[] = {
    OP("WriteScalarSummary", "(writer: resource, step: int64, tag: string, value: T) -> (); " SUM_NUMBERS,
       "Writes a number to an event file."),
    OP("WriteHistogramSummary", "(writer: resource, step: int64, tag: string, values: T) -> (); " SUM_NUMBERS_OR_FLOAT,
       "Writes a histogram to an event file."),
    OP("WriteImageSummary",
       "(writer: resource, step: int64, tag: string, tensor: T, bad_color: uint8) -> (); max_images: int >= 1 = 3; "
       "T: {uint8, float, half} = float",
       "Writes pictures to an event file."),
    OP("WriteAudioSummary",
       "(writer: resource, step: int64, tag: string, tensor: float, sample_rate: float) -> (); "
       "max_outputs: int >= 1 = 3",
       "Writes sounds to an event file."),
    OP("WriteSummary",
       "(writer: resource, step: int64, tensor: T, tag: string, summary_metadata: string) -> (); T: type",
       "Writes a whole tensor to an event file."),
    OP("WriteGraphSummary", "(writer: resource, step: int64, tensor: string) -> ()",
       "Writes a serialised GraphDef to an event file."),
    OP("WriteRawProtoSummary", "(writer: resource, step: int64, tensor: string) -> ()",
       "Writes a serialised Summary to an event file."),
    {.struct_size = sizeof(rn_op_def),
     .flags = RN_OP_NO_GRADIENT | RN_OP_HOST_ONLY | RN_OP_STATEFUL,
     .name = "ImportEvent",
     .signature = "(writer: resource, event: string) -> ()",
     .doc = "Writes a serialised Event to an event file."},
};
#define WITH_COUNT(op_name, fn, prep)                                                                                  \
  {                                                                                                                    \
    .struct_size = sizeof(rn_kernel_def), .op = (op_name), .device_type = "cpu", .label = "summaries", .priority = 10, \
    .compute = (fn), .prepare = (prep)                                                                                 \
  }
static const rn_kernel_def kernels[] = {
    SUM_KERNEL("WriteScalarSummary", scalar),
    SUM_KERNEL("WriteHistogramSummary", histogram),
    WITH_COUNT("WriteImageSummary", image, prepare_images),
    WITH_COUNT("WriteAudioSummary", audio, prepare_sounds),
    SUM_KERNEL("WriteSummary", tensor),
    SUM_KERNEL("WriteGraphSummary", graph),
    SUM_KERNEL("WriteRawProtoSummary", raw_proto),
    SUM_KERNEL("ImportEvent", import),
};
const rn_group sum_write_group = {.struct_size = sizeof(rn_group), .ops = RN_TABLE(ops), .kernels = RN_TABLE(kernels)};
