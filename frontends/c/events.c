/* events.c - an event file, written by a small graph of its own (frontends/c).
 *
 * The ops of the plugin `summaries` know the format; here they are fed. So a program that writes events has
 * no other code for it than one whose training graph writes them. */
#include <stdlib.h>
#include <string.h>
#include <runnel/c/summary.h>
#include <runnel/graphdef.h>
#include <time.h>
#include "bytes.h"

struct rn_events {
  rn_graph *graph;
  rn_scope *scope;
  rn_session *session;
  rn_value step, bytes, tag, number; /* what is fed */
  rn_node_id open, add_graph, add_summary, add_scalar, add_event, flush, close;
};

static rn_value writer_op(rn_events *e, const char *op, const rn_value *in, uint32_t n) {
  return rn_scope_op(e->scope, op, NULL, in, n, NULL, 0);
}

static rn_value text(rn_events *e, const char *name, const char *value) {
  rn_shape scalar = {0, 0, {0}};
  rn_bytes item = {value, strlen(value)};
  rn_tensor *t = NULL;
  rn_scope_fail(e->scope, rn_tensor_strings(&scalar, &item, &t));
  return rn_scope_constant(e->scope, name, t);
}

static rn_status *build(rn_events *e, const char *logdir) {
  enum { QUEUE = 100, FLUSH_MS = 1000 };
  rn_shape scalar = {0, 0, {0}};
  rn_scope *s = e->scope;
  e->step = rn_scope_placeholder(s, "step", RN_INT64, &scalar);
  e->bytes = rn_scope_placeholder(s, "bytes", RN_STRING, &scalar);
  e->tag = rn_scope_placeholder(s, "tag", RN_STRING, &scalar);
  e->number = rn_scope_placeholder(s, "number", RN_DOUBLE, &scalar);
  rn_value w = writer_op(e, "SummaryWriter", NULL, 0);
  rn_value file[5] = {w, text(e, "logdir", logdir), rn_scope_scalar(s, "queue", RN_INT32, QUEUE),
                      rn_scope_scalar(s, "millis", RN_INT32, FLUSH_MS), text(e, "suffix", "")};
  rn_value raw[3] = {w, e->step, e->bytes}, event[2] = {w, e->bytes}, scalars[4] = {w, e->step, e->tag, e->number};
  e->open = writer_op(e, "CreateSummaryFileWriter", file, 5).node;
  e->add_graph = writer_op(e, "WriteGraphSummary", raw, 3).node;
  e->add_summary = writer_op(e, "WriteRawProtoSummary", raw, 3).node;
  e->add_scalar = writer_op(e, "WriteScalarSummary", scalars, 4).node;
  e->add_event = writer_op(e, "ImportEvent", event, 2).node;
  e->flush = writer_op(e, "FlushSummaryWriter", &w, 1).node;
  e->close = writer_op(e, "CloseSummaryWriter", &w, 1).node;
  return rn_scope_take_status(s);
}

static rn_status *run(rn_events *e, const rn_feed *feeds, uint32_t n_feeds, rn_node_id target) {
  return rn_session_run(e->session, NULL, feeds, n_feeds, NULL, 0, NULL, &target, 1);
}

rn_status *rn_events_create(rn_runtime *rt, const char *logdir, rn_events **out) {
  rn_session_options o = {.struct_size = (uint32_t)sizeof o, .threads = 1, .device = "cpu"};
  rn_events *e = calloc(1, sizeof *e);
  if (e == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for an event file");
  rn_status *s = rn_graph_create(rt, 0, &e->graph);
  if (s == NULL) s = rn_scope_create(e->graph, &e->scope);
  if (s == NULL) s = build(e, logdir);
  if (s == NULL) s = rn_session_create(e->graph, &o, &e->session);
  if (s == NULL) s = run(e, NULL, 0, e->open);
  if (s == NULL) {
    *out = e;
    return NULL;
  }
  rn_events_destroy(e);
  return rn_status_wrap(s, "an event file in '%s'", logdir);
}

void rn_events_destroy(rn_events *e) {
  if (e == NULL) return;
  if (e->session != NULL) rn_status_free(run(e, NULL, 0, e->close));
  rn_session_destroy(e->session);
  rn_scope_destroy(e->scope);
  rn_graph_destroy(e->graph);
  free(e);
}

static rn_status *add(rn_events *e, int64_t step, rn_value where, rn_tensor *content, rn_node_id target) {
  rn_shape scalar = {0, 0, {0}};
  rn_tensor *at = NULL;
  RN_TRY(rn_tensor_from(RN_INT64, &scalar, &step, &at));
  rn_feed feeds[2] = {{e->step, at}, {where, content}};
  rn_status *s = run(e, feeds, 2, target);
  rn_tensor_release(at);
  return s;
}

rn_status *rn_events_add_summary(rn_events *e, int64_t step, rn_tensor *summary) {
  return add(e, step, e->bytes, summary, e->add_summary);
}

rn_status *rn_events_add_graph(rn_events *e, const rn_graph *g) {
  void *data = NULL;
  size_t size = 0;
  rn_shape scalar = {0, 0, {0}};
  rn_tensor *t = NULL;
  RN_TRY(rn_graphdef_print(g, RN_FILE_BINARY, &data, &size));
  rn_bytes item = {data, size};
  rn_status *s = rn_tensor_strings(&scalar, &item, &t);
  free(data);
  if (s == NULL) s = add(e, 0, e->bytes, t, e->add_graph);
  rn_tensor_release(t);
  return s;
}

rn_status *rn_events_add_scalar(rn_events *e, int64_t step, const char *tag, double value) {
  rn_shape scalar = {0, 0, {0}};
  rn_bytes item = {tag, strlen(tag)};
  rn_tensor *at = NULL, *name = NULL, *number = NULL;
  rn_status *s = rn_tensor_from(RN_INT64, &scalar, &step, &at);
  if (s == NULL) s = rn_tensor_strings(&scalar, &item, &name);
  if (s == NULL) s = rn_tensor_from(RN_DOUBLE, &scalar, &value, &number);
  rn_feed feeds[3] = {{e->step, at}, {e->tag, name}, {e->number, number}};
  if (s == NULL) s = run(e, feeds, 3, e->add_scalar);
  rn_tensor_release(at);
  rn_tensor_release(name);
  rn_tensor_release(number);
  return s;
}

/* An Event: wall_time 1, step 2, tagged_run_metadata 8 {tag 1, run_metadata 2}. */
static void put_tagged(io_buffer *b, int64_t step, const char *tag, const void *data, size_t size) {
  io_buffer tagged = {0};
  struct timespec now;
  uint64_t bits;
  (void)clock_gettime(CLOCK_REALTIME, &now);
  double seconds = (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
  memcpy(&bits, &seconds, sizeof bits);
  io_put_varint(b, 1 << 3 | 1);
  io_put_fixed(b, 8, bits);
  io_put_field(b, 2, (uint64_t)step);
  io_put_body(&tagged, 1, tag, strlen(tag));
  io_put_body(&tagged, 2, data, size);
  io_put_body(b, 8, tagged.data, tagged.size);
  b->failed |= tagged.failed;
  io_drop(&tagged);
}

rn_status *rn_events_add_run_metadata(rn_events *e, int64_t step, const char *tag, rn_trace *t) {
  void *data = NULL;
  size_t size = 0;
  io_buffer event = {0};
  rn_shape scalar = {0, 0, {0}};
  rn_tensor *content = NULL;
  RN_TRY(rn_trace_metadata(t, &data, &size));
  put_tagged(&event, step, tag, data, size);
  free(data);
  rn_bytes item = {(const char *)event.data, event.size};
  rn_status *s = event.failed ? rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for run metadata")
                              : rn_tensor_strings(&scalar, &item, &content);
  rn_feed feed = {e->bytes, content};
  if (s == NULL) s = run(e, &feed, 1, e->add_event);
  rn_tensor_release(content);
  io_drop(&event);
  return s;
}

rn_status *rn_events_flush(rn_events *e) { return run(e, NULL, 0, e->flush); }
