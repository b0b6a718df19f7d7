/* proto.c - the parts of a Summary as protobuf bytes, and handing one over (plugins/summaries). */
#include "summaries.h"

void sum_put_double(io_buffer *b, uint32_t number, double v) {
  uint64_t bits;
  memcpy(&bits, &v, sizeof bits);
  if (bits == 0) return; /* the default is not written */
  io_put_varint(b, (uint64_t)number << 3 | 1);
  io_put_fixed(b, 8, bits);
}

void sum_put_float(io_buffer *b, uint32_t number, float v) {
  uint32_t bits;
  memcpy(&bits, &v, sizeof bits);
  io_put_varint(b, (uint64_t)number << 3 | 5);
  io_put_fixed(b, 4, bits);
}

void sum_put_value(io_buffer *summary, const sum_value *v) {
  io_buffer one = {0};
  if (v->tag.size != 0) io_put_body(&one, 1, v->tag.data, v->tag.size);
  if (v->node_name.size != 0) io_put_body(&one, 7, v->node_name.data, v->node_name.size);
  if (v->body != NULL)
    io_put_body(&one, v->part, v->body->data, v->body->size);
  else
    sum_put_float(&one, v->part, v->number);
  if (v->metadata.size != 0) io_put_body(&one, SUM_METADATA, v->metadata.data, v->metadata.size);
  io_put_body(summary, 1, one.data, one.size);
  if (one.failed || (v->body != NULL && v->body->failed)) summary->failed = 1;
  io_drop(&one);
}

rn_status *sum_no_memory(const rn_host_api *h) { return h->status(RN_RESOURCE_EXHAUSTED, "no memory for a summary"); }

rn_status *sum_give(rn_call *c, const io_buffer *summary) {
  rn_shape scalar = rn_shape_scalar();
  rn_bytes item = {summary->size != 0 ? (const char *)summary->data : "", summary->size};
  rn_tensor *t;
  if (summary->failed) return sum_no_memory(c->host);
  RN_TRY(c->host->tensor_strings(&scalar, &item, &t));
  rn_status *s = c->api->set_output_tensor(c, 0, t);
  c->host->tensor_release(t);
  return s;
}

rn_status *sum_tag(rn_call *c, uint32_t input, rn_bytes *out) {
  if (sum_count(c->in[input]) != 1)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "the tag (input %u) has %llu strings; it must be one", input,
                    (unsigned long long)sum_count(c->in[input]));
  *out = c->host->string_at(c->in[input], 0);
  return NULL;
}

rn_status *sum_infer_scalar(rn_infer *c) {
  rn_shape scalar = rn_shape_scalar();
  c->api->set_shape(c, 0, &scalar);
  return NULL;
}
