/* merge.c - MergeSummary: many Summaries as one (plugins/summaries).
 *
 * The values are copied as they stand, so what a newer TensorFlow wrote into them survives. */
#include "summaries.h"
#include <stdlib.h>

typedef struct tags {
  rn_bytes *items;
  size_t n, room;
} tags;

static rn_status *remember(const rn_host_api *host, tags *t, io_span tag) {
  rn_bytes b = {(const char *)tag.p, (uint64_t)(tag.end - tag.p)};
  for (size_t i = 0; i < t->n; i++)
    if (t->items[i].size == b.size && memcmp(t->items[i].data, b.data, b.size) == 0)
      return rn_error(host, RN_INVALID_ARGUMENT, "two summaries have the tag '%.*s'",
                      (int)(b.size < 200 ? b.size : 200), b.data);
  if (t->n == t->room) {
    size_t room = t->room != 0 ? 2 * t->room : 16;
    rn_bytes *more = realloc(t->items, room * sizeof *more);
    if (more == NULL) return sum_no_memory(host);
    t->items = more;
    t->room = room;
  }
  t->items[t->n++] = b;
  return NULL;
}

static rn_status *damaged(rn_call *c, uint32_t input) {
  return rn_error(c->host, RN_INVALID_ARGUMENT, "input %u holds something that is not a Summary", input);
}

static rn_status *copy_value(rn_call *c, uint32_t input, const io_field *value, tags *t, io_buffer *out) {
  io_span in = value->body;
  io_field f;
  while (in.p < in.end) {
    if (!io_take_field(&in, &f)) return damaged(c, input);
    if (f.number == 1 && f.wire == 2) RN_TRY(remember(c->host, t, f.body));
  }
  io_put_body(out, 1, value->body.p, (size_t)(value->body.end - value->body.p));
  return NULL;
}

static rn_status *merge(rn_call *c, uint32_t input, rn_bytes one, tags *t, io_buffer *out) {
  io_span in = {(const uint8_t *)one.data, (const uint8_t *)one.data + one.size};
  io_field f;
  while (in.p < in.end) {
    if (!io_take_field(&in, &f)) return damaged(c, input);
    if (f.number == 1 && f.wire == 2) RN_TRY(copy_value(c, input, &f, t, out));
  }
  return NULL;
}

static rn_status *compute(const void *state, rn_call *c) {
  io_buffer out = {0};
  tags t = {NULL, 0, 0};
  rn_status *s = NULL;
  (void)state;
  for (uint32_t i = 0; i < c->n_in; i++)
    for (uint64_t k = 0; s == NULL && k < sum_count(c->in[i]); k++)
      s = merge(c, i, c->host->string_at(c->in[i], k), &t, &out);
  if (s == NULL) s = sum_give(c, &out);
  free(t.items);
  io_drop(&out);
  return s;
}

static const rn_op_def ops[] = {{.struct_size = sizeof(rn_op_def),
                                 .flags = RN_OP_NO_GRADIENT | RN_OP_HOST_ONLY,
                                 .name = "MergeSummary",
                                 .signature = "(inputs: N * string) -> (summary: string); N: int >= 1",
                                 .doc = "Many Summaries as one.",
                                 .infer = sum_infer_scalar}};
static const rn_kernel_def kernels[] = {SUM_KERNEL("MergeSummary", compute)};
const rn_group sum_merge_group = {.struct_size = sizeof(rn_group), .ops = RN_TABLE(ops), .kernels = RN_TABLE(kernels)};
