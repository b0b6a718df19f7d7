/* timeline.c - RunMetadata, taken apart into spans (viz).
 *
 * Field numbers: tensorflow/core/framework/step_stats.proto; from 60001
 * Runnel's own (frontends/c/trace_proto.c). What TensorFlow writes has neither
 * kind nor queue: everything counts as a node's work, and the operation is
 * taken from labels of the form "node = Op(...)". */
#include "proto.h"
#include <runnel/timeline.h>
#include <stdlib.h>
#include <string.h>

typedef struct reading {
  rn_span *span;
  rn_bytes *covers; /* of all spans; a span's are found by number until all are
                       read */
  size_t n_span, cap_span, n_covers, cap_covers;
  uint64_t *begin_ns; /* per span */
} reading;

static rn_status *damaged(void) { return rn_status_make(RN_DATA_LOSS, "run metadata is damaged"); }
static rn_status *no_memory(void) { return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for run metadata"); }
static rn_bytes bytes_of(proto_span s) { return (rn_bytes){(const char *)s.at, (uint64_t)(s.end - s.at)}; }

static void *one_more(void *array, size_t n, size_t *capacity, size_t size) {
  if (n < *capacity) return array;
  *capacity = n * 2 + 64;
  return realloc(array, *capacity * size);
}

static rn_status *add_cover(reading *r, rn_bytes name) {
  rn_bytes *grown = one_more(r->covers, r->n_covers, &r->cap_covers, sizeof *grown);
  if (grown == NULL) return no_memory();
  r->covers = grown;
  r->covers[r->n_covers++] = name;
  return NULL;
}

/* "node = Op(...)" */
static rn_bytes op_of(rn_bytes label) {
  const char *at = label.size != 0 ? memmem(label.data, label.size, " = ", 3) : NULL;
  if (at == NULL) return (rn_bytes){"", 0};
  at += 3;
  size_t left = label.size - (size_t)(at - label.data);
  const char *end = memchr(at, '(', left);
  return (rn_bytes){at, end != NULL ? (uint64_t)(end - at) : 0};
}

static uint64_t memory_of(proto_span s) {
  uint64_t total = 0;
  proto_field f;
  while (s.at < s.end && proto_next(&s, &f))
    if (f.number == 2 && f.wire == 0) total = f.value;
  return total;
}

/* ---- one node: what both write, and what only Runnel does */
typedef struct node {
  rn_span s;
  rn_bytes name, label;
  uint64_t begin_us, length_us, begin_ns, length_ns, memory, own_ns;
  int is_ours, is_share; /* is_share: of a claim that is there as a whole */
} node;

static void see_number(node *n, uint32_t number, uint64_t value) {
  switch (number) {
    case 2:
      n->begin_us = value;
      break;
    case 5:
      n->length_us = value;
      break;
    case 10:
      n->s.thread = (uint32_t)value;
      break;
    case 13:
      n->begin_ns = value;
      break;
    case 16:
      n->length_ns = value;
      break;
    case 60001:
      n->s.kind = (uint32_t)value - 1;
      n->is_ours = 1;
      break;
    case 60009:
      n->s.memory_bytes = value;
      break;
    case 60010:
      n->s.queue = (uint32_t)value;
      break;
    case 60012:
      n->own_ns = value;
      break;
    case 60013:
      n->s.bytes = value;
      break;
    case 60015:
      n->is_share = value != 0;
      break;
    default:
      break;
  }
}

static rn_status *see_body(reading *r, node *n, const proto_field *f) {
  rn_bytes *const text[] = {&n->s.op, &n->s.kernel, &n->s.plugin, &n->s.track, &n->s.scope, &n->s.shape};
  rn_bytes body = bytes_of(f->body);
  if (f->number == 1) n->name = body;
  if (f->number == 6) n->memory += memory_of(f->body);
  if (f->number == 8) n->label = body;
  if (f->number >= 60002 && f->number <= 60007) *text[f->number - 60002] = body;
  if (f->number == 60011) n->s.device = body;
  if (f->number == 60014) n->s.node = body;
  if (f->number != 60008) return NULL;
  n->s.n_covers++;
  return add_cover(r, body);
}

/* Not Runnel's: all is a node's work, on the device that is named. */
static void complete(node *n, rn_bytes device) {
  if (n->begin_ns == 0) n->begin_ns = n->begin_us * 1000;
  if (n->length_ns == 0) n->length_ns = n->length_us * 1000;
  if (n->is_ours) return;
  n->s.device = device;
  n->s.node = n->name;
  n->s.op = op_of(n->label);
  n->s.bytes = n->memory;
  n->own_ns = n->length_ns;
}

static rn_status *read_node(reading *r, proto_span s, rn_bytes device) {
  const rn_bytes none = {"", 0};
  node n = {.s = {.struct_size = (uint32_t)sizeof n.s,
                  .node = none,
                  .op = none,
                  .device = none,
                  .kernel = none,
                  .plugin = none,
                  .track = none,
                  .scope = none,
                  .shape = none},
            .name = none,
            .label = none};
  proto_field f;
  while (s.at < s.end) {
    if (!proto_next(&s, &f)) return damaged();
    if (f.wire == 0) see_number(&n, f.number, f.value);
    if (f.wire == 2) RN_TRY(see_body(r, &n, &f));
  }
  if (n.is_share) return NULL;
  complete(&n, device);
  size_t capacity = r->cap_span;
  rn_span *grown = one_more(r->span, r->n_span, &r->cap_span, sizeof *grown);
  if (grown == NULL) return no_memory();
  r->span = grown;
  uint64_t *begin = one_more(r->begin_ns, r->n_span, &capacity, sizeof *begin);
  if (begin == NULL) return no_memory();
  r->begin_ns = begin;
  n.s.end_us = (double)n.length_ns / 1e3;
  n.s.own_us = (double)n.own_ns / 1e3;
  r->begin_ns[r->n_span] = n.begin_ns;
  r->span[r->n_span++] = n.s;
  return NULL;
}

static rn_status *read_device(reading *r, proto_span s) {
  proto_span again = s;
  proto_field f;
  rn_bytes device = {"", 0};
  while (again.at < again.end) {
    if (!proto_next(&again, &f)) return damaged();
    if (f.number == 1 && f.wire == 2) device = bytes_of(f.body);
  }
  while (s.at < s.end && proto_next(&s, &f))
    if (f.number == 2 && f.wire == 2) RN_TRY(read_node(r, f.body, device));
  return NULL;
}

static rn_status *read_stats(reading *r, proto_span s) {
  proto_field f;
  while (s.at < s.end) {
    if (!proto_next(&s, &f)) return damaged();
    if (f.number == 1 && f.wire == 2) RN_TRY(read_device(r, f.body));
  }
  return NULL;
}

/* ---- handing over, by begin */
static int by_begin(const void *a, const void *b) {
  const rn_span *x = a, *y = b;
  if (x->begin_us != y->begin_us) return x->begin_us < y->begin_us ? -1 : 1;
  return x->end_us > y->end_us ? -1 : x->end_us < y->end_us;
}

static void settle(reading *r) {
  uint64_t first = r->n_span != 0 ? r->begin_ns[0] : 0;
  size_t cover = 0;
  for (size_t i = 0; i < r->n_span; i++) first = r->begin_ns[i] < first ? r->begin_ns[i] : first;
  for (size_t i = 0; i < r->n_span; i++) {
    r->span[i].begin_us = (double)(r->begin_ns[i] - first) / 1e3;
    r->span[i].end_us += r->span[i].begin_us;
    r->span[i].covers = r->span[i].n_covers != 0 ? r->covers + cover : NULL;
    cover += r->span[i].n_covers;
  }
  if (r->n_span > 1) qsort(r->span, r->n_span, sizeof *r->span, by_begin);
}

rn_status *rn_timeline_read(const void *run_metadata, size_t size, rn_status *(*visit)(void *arg, const rn_span *s),
                            void *arg) {
  const uint8_t *bytes = run_metadata;
  proto_span s = {bytes, bytes != NULL ? bytes + size : bytes};
  reading r = {0};
  proto_field f;
  rn_status *failed = NULL;
  while (failed == NULL && s.at < s.end) {
    if (!proto_next(&s, &f))
      failed = damaged();
    else if (f.number == 1 && f.wire == 2)
      failed = read_stats(&r, f.body);
  }
  if (failed == NULL) settle(&r);
  for (size_t i = 0; failed == NULL && i < r.n_span; i++) failed = visit(arg, &r.span[i]);
  free(r.span);
  free(r.begin_ns);
  free(r.covers);
  return failed;
}

const char *rn_timeline_kind(uint32_t kind) {
  static const char *const word[] = {"kernel", "claim", "call", "copy to device", "copy to host", "submit",
                                     "record", "wait",  "feed", "fetch",          "plan",         "step"};
  return kind < sizeof word / sizeof word[0] ? word[kind] : "other";
}
