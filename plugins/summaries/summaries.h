/* summaries.h - what the files of this plugin share: groups, protobuf parts, reading numbers (plugins/summaries). */
#ifndef RN_SUMMARIES_SUMMARIES_H
#define RN_SUMMARIES_SUMMARIES_H
#include <runnel/plugin.h>
#include "bytes.h"

extern const rn_group sum_scalar_group, sum_histogram_group, sum_image_group, sum_audio_group, sum_tensor_group,
    sum_merge_group, sum_writer_group, sum_write_group;

/* The types that summaries of numbers take, in TensorFlow's order. */
#define SUM_NUMBERS "T: {float, double, int32, uint8, int16, int8, int64, bfloat16, uint16, half, uint32, uint64}"
#define SUM_NUMBERS_OR_FLOAT \
  "T: {float, double, int32, uint8, int16, int8, int64, bfloat16, uint16, half, uint32, uint64} = float"
#define SUM_KERNEL(op_name, fn)                                                                                        \
  {                                                                                                                    \
    .struct_size = sizeof(rn_kernel_def), .op = (op_name), .device_type = "cpu", .label = "summaries", .priority = 10, \
    .compute = (fn)                                                                                                    \
  }

/* ---- number.c */
double sum_number(const rn_tensor_view *v, uint64_t index); /* any type of SUM_NUMBERS */
static inline uint64_t sum_count(const rn_tensor_view *v) { return (uint64_t)rn_shape_elems(&v->shape); }

/* ---- proto.c: TensorFlow's Summary, written part by part. Numbers: tensorflow/core/framework/summary.proto */
enum { SUM_SIMPLE_VALUE = 2, SUM_IMAGE = 4, SUM_HISTOGRAM = 5, SUM_AUDIO = 6, SUM_TENSOR = 8, SUM_METADATA = 9 };
void sum_put_double(io_buffer *b, uint32_t number, double v);
void sum_put_float(io_buffer *b, uint32_t number, float v);
/* Summary.value with tag and one part (a body, or a float when body is NULL). name is for TensorSummary. */
typedef struct sum_value {
  rn_bytes tag, node_name, metadata;
  uint32_t part;
  const io_buffer *body;
  float number;
} sum_value;
void sum_put_value(io_buffer *summary, const sum_value *v);
rn_status *sum_give(rn_call *c, const io_buffer *summary); /* as scalar output 0 */
rn_status *sum_no_memory(const rn_host_api *h);
rn_status *sum_tag(rn_call *c, uint32_t input, rn_bytes *out); /* the one string of a scalar input */

/* ---- the content of one summary, for the op that gives it and the op that writes it to a file */
rn_status *sum_scalar(rn_call *c, uint32_t tag, uint32_t value, io_buffer *out);
rn_status *sum_histogram(rn_call *c, uint32_t tag, uint32_t values, io_buffer *out);
typedef struct sum_image_options {
  int64_t most;
  uint8_t bad[4];
} sum_image_options;
rn_status *sum_image(rn_call *c, const sum_image_options *o, uint32_t tag, uint32_t images, io_buffer *out);
rn_status *sum_audio(rn_call *c, int64_t most, float rate, uint32_t tag, uint32_t sound, io_buffer *out);
rn_status *sum_tensor(rn_call *c, const sum_value *v, uint32_t tensor, io_buffer *out);

/* ---- state.c: what prepare decides. Its first member is the host that gave the memory and takes it back. */
typedef struct sum_state {
  const rn_host_api *host;
} sum_state;
void *sum_state_make(const rn_prepare *p, size_t size_bytes, rn_prepared *out); /* NULL: out of memory */

/* ---- inference */
rn_status *sum_infer_scalar(rn_infer *c); /* output 0 is a scalar */

/* ---- record.c: a file of events */
typedef struct sum_file sum_file;
/* logdir/events.out.tfevents.SECONDS.HOST[suffix], begun with its version record. own: owned */
rn_status *sum_file_create(const rn_host_api *h, rn_bytes logdir, rn_bytes suffix, sum_file **out);
/* One Event: `number` is the field of its content (5 a summary, 4 a graph). Appended in one write. */
rn_status *sum_file_add(const rn_host_api *h, sum_file *f, int64_t step, uint32_t number, const void *p, size_t n);
rn_status *sum_file_add_event(const rn_host_api *h, sum_file *f, rn_bytes event);
rn_status *sum_file_flush(const rn_host_api *h, sum_file *f);
void sum_file_close(sum_file *f); /* NULL is accepted */
#endif
