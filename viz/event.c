/* event.c - an Event's bytes, taken apart (viz).
 *
 * Field numbers: tensorflow/core/util/event.proto and framework/summary.proto. Scalars, histograms and pictures
 * are known both as TensorFlow 1 wrote them and as tensors with a plugin's name, as TensorFlow 2 does for
 * scalars. What is not known is passed on as such. */
#include "event.h"
#include <stdlib.h>
#include "proto.h"

static rn_status *damaged(const char *what) { return rn_status_make(RN_DATA_LOSS, "%s is damaged", what); }
static rn_bytes bytes_of(proto_span s) { return (rn_bytes){(const char *)s.at, (uint64_t)(s.end - s.at)}; }

/* A list of doubles, packed or one by one. own: *out owned */
static rn_status *add_doubles(const proto_field *f, double **out, uint32_t *n) {
  proto_span s = f->body;
  uint64_t count = f->wire == 2 ? (uint64_t)(s.end - s.at) / 8 : 1, bits;
  if (count > 1u << 24) return damaged("a histogram");
  double *more = realloc(*out, (size_t)(*n + count + 1) * sizeof *more);
  if (more == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for a histogram");
  *out = more;
  if (f->wire == 1) more[(*n)++] = proto_double(f);
  while (f->wire == 2 && proto_fixed(&s, 8, &bits)) memcpy(&more[(*n)++], &bits, sizeof bits);
  return NULL;
}

static rn_status *histogram(proto_span s, rn_event *e, const event_visitor *v) {
  rn_histogram h = {0};
  double *limit = NULL, *bucket = NULL, *const number[] = {NULL, &h.min, &h.max, &h.count, &h.sum, &h.sum_squares};
  uint32_t n_limit = 0, n_bucket = 0;
  proto_field f;
  rn_status *failed = NULL;
  while (failed == NULL && s.at < s.end) {
    if (!proto_next(&s, &f)) failed = damaged("a histogram");
    if (failed == NULL && f.number <= 5 && f.wire == 1) *number[f.number] = proto_double(&f);
    if (failed == NULL && f.number == 6) failed = add_doubles(&f, &limit, &n_limit);
    if (failed == NULL && f.number == 7) failed = add_doubles(&f, &bucket, &n_bucket);
  }
  if (failed == NULL && n_limit != n_bucket) failed = damaged("a histogram");
  h.n_buckets = n_limit;
  h.limit = limit;
  h.bucket = bucket;
  e->kind = RN_EVENT_HISTOGRAM;
  e->histogram = &h;
  if (failed == NULL) failed = v->visit(v->arg, e);
  e->histogram = NULL;
  free(limit);
  free(bucket);
  return failed;
}

/* Image: height 1, width 2, bytes 4. Audio: bytes 4. */
static rn_status *media(proto_span s, uint32_t kind, rn_event *e, const event_visitor *v) {
  proto_field f;
  e->kind = kind;
  while (s.at < s.end) {
    if (!proto_next(&s, &f)) return damaged("a picture or sound");
    if (kind == RN_EVENT_IMAGE && f.wire == 0 && f.number == 1) e->height = (int64_t)f.value;
    if (kind == RN_EVENT_IMAGE && f.wire == 0 && f.number == 2) e->width = (int64_t)f.value;
    if (f.wire == 2 && f.number == 4) e->bytes = bytes_of(f.body);
  }
  return v->visit(v->arg, e);
}

/* A float or double of rank 0 or one element in a TensorProto: its number. */
static int tensor_number(proto_span s, double *out) {
  uint64_t dtype = 0, bits;
  int found = 0;
  proto_field f;
  while (s.at < s.end && proto_next(&s, &f)) {
    if (f.number == 1 && f.wire == 0) dtype = f.value;
    unsigned size = dtype == 1 ? 4 : dtype == 2 ? 8 : 0;
    int content = f.number == 4 || (f.number == 5 && dtype == 1) || (f.number == 6 && dtype == 2);
    if (size == 0 || !content) continue;
    proto_field number = {.wire = size == 4 ? 5 : 1, .value = f.value};
    if (f.wire == 2 && ((size_t)(f.body.end - f.body.at) != size || !proto_fixed(&f.body, size, &bits))) return 0;
    if (f.wire == 2) number.value = bits;
    *out = proto_double(&number);
    found++;
  }
  return found == 1;
}

static rn_status *one_value(proto_span s, rn_event e, const event_visitor *v) {
  proto_field f, part = {0};
  while (s.at < s.end) {
    if (!proto_next(&s, &f)) return damaged("a summary");
    if (f.wire == 2 && (f.number == 1 || (f.number == 7 && e.tag.size == 0))) e.tag = bytes_of(f.body);
    if (f.number == 2 || (f.number >= 4 && f.number <= 8 && f.number != 7)) part = f;
  }
  if (part.number == 2 && part.wire == 5) {
    e.kind = RN_EVENT_SCALAR;
    e.number = proto_double(&part);
    return v->visit(v->arg, &e);
  }
  if (part.wire == 2 && part.number == 5) return histogram(part.body, &e, v);
  if (part.wire == 2 && (part.number == 4 || part.number == 6))
    return media(part.body, part.number == 4 ? RN_EVENT_IMAGE : RN_EVENT_AUDIO, &e, v);
  e.kind = part.wire == 2 && part.number == 8 ? RN_EVENT_TENSOR : RN_EVENT_OTHER;
  if (e.kind == RN_EVENT_TENSOR) e.bytes = bytes_of(part.body);
  if (e.kind == RN_EVENT_TENSOR && tensor_number(part.body, &e.number)) e.kind = RN_EVENT_SCALAR;
  return v->visit(v->arg, &e);
}

static rn_status *summary(proto_span s, const rn_event *e, const event_visitor *v) {
  proto_field f;
  while (s.at < s.end) {
    if (!proto_next(&s, &f)) return damaged("a summary");
    if (f.number == 1 && f.wire == 2) RN_TRY(one_value(f.body, *e, v));
  }
  return NULL;
}

static rn_status *whole(proto_span body, uint32_t kind, const rn_event *e, const event_visitor *v) {
  rn_event one = *e;
  one.kind = kind;
  one.bytes = bytes_of(body);
  return v->visit(v->arg, &one);
}

/* TaggedRunMetadata: tag 1, run_metadata 2. */
static rn_status *run_metadata(proto_span s, const rn_event *e, const event_visitor *v) {
  rn_event one = *e;
  proto_field f;
  one.kind = RN_EVENT_RUN_METADATA;
  while (s.at < s.end) {
    if (!proto_next(&s, &f)) return damaged("run metadata");
    if (f.wire == 2 && f.number == 1) one.tag = bytes_of(f.body);
    if (f.wire == 2 && f.number == 2) one.bytes = bytes_of(f.body);
  }
  return v->visit(v->arg, &one);
}

/* Time and step may stand anywhere, so they are looked for first. */
rn_status *event_take_apart(const uint8_t *bytes, size_t size, const event_visitor *v) {
  proto_span s = {bytes, bytes + size};
  rn_event e = {.struct_size = (uint32_t)sizeof e};
  proto_field f;
  while (s.at < s.end) {
    if (!proto_next(&s, &f)) return damaged("an event");
    if (f.number == 1 && f.wire == 1) e.wall_time = proto_double(&f);
    if (f.number == 2 && f.wire == 0) e.step = (int64_t)f.value;
  }
  s = (proto_span){bytes, bytes + size};
  while (s.at < s.end && proto_next(&s, &f)) {
    if (f.wire != 2) continue;
    if (f.number == 5)
      RN_TRY(summary(f.body, &e, v));
    else if (f.number == 8)
      RN_TRY(run_metadata(f.body, &e, v));
    else
      RN_TRY(whole(f.body, f.number == 3 ? RN_EVENT_VERSION : f.number == 4 ? RN_EVENT_GRAPH : RN_EVENT_OTHER, &e, v));
  }
  return NULL;
}
