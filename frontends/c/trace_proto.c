/* trace_proto.c - a step as TensorFlow's RunMetadata (frontends/c).
 *
 * Field numbers: tensorflow/core/framework/step_stats.proto, tensor_description.proto. TensorBoard adds up what it
 * finds under "/device:TYPE:N": that is the own time of nodes, on the device that has the better clock; what ran as one
 * counts for each of its nodes, in equal shares. What the host did besides stands under other names. Fields from 60001
 * are Runnel's own; other readers pass over them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "bytes.h"
#include "trace_impl.h"

enum { DEVICE_NAME = 300 };

static void put_bytes(io_buffer *b, uint32_t field, const char *text) {
  if (text[0] != '\0') io_put_body(b, field, text, strlen(text));
}

/* A string of protobuf is UTF-8, or the whole message is refused. */
static void put_text(io_buffer *b, uint32_t field, const char *text) {
  io_buffer clean = {0};
  for (const unsigned char *s = (const unsigned char *)text; *s != '\0';) {
    size_t n = trace_utf8(s);
    io_put(&clean, n != 0 ? (const void *)s : "?", n != 0 ? n : 1);
    s += n != 0 ? n : 1;
  }
  if (clean.size != 0) io_put_body(b, field, clean.data, clean.size);
  b->failed |= clean.failed;
  io_drop(&clean);
}

static void put_part(io_buffer *b, uint32_t field, io_buffer *part) {
  io_put_body(b, field, part->data, part->size);
  b->failed |= part->failed;
  io_drop(part);
}

/* "float[100,784]" as dtype and TensorShapeProto. */
static void put_description(io_buffer *b, const rn_trace_event *e) {
  io_buffer description = {0}, shape = {0};
  char name[32];
  const char *at = strchr(e->shape, '[');
  (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(e->shape, "["), e->shape);
  io_put_field(&description, 1, (uint64_t)rn_dtype_parse(name, strlen(name)));
  while (at != NULL && *at != ']' && *at != '\0') {
    io_buffer dim = {0};
    char *end;
    long long size = strtoll(at + 1, &end, 10);
    if (end == at + 1) break;
    io_put_field(&dim, 1, (uint64_t)size);
    put_part(&shape, 2, &dim);
    at = end;
  }
  put_part(&description, 2, &shape);
  put_part(b, 3, &description);
}

static void put_output(io_buffer *b, const rn_trace_event *e) {
  io_buffer output = {0};
  if (e->shape[0] == '\0') return;
  put_description(&output, e);
  put_part(b, 7, &output);
}

static void put_memory(io_buffer *b, const rn_trace_event *e) {
  io_buffer memory = {0};
  if (e->bytes == 0) return;
  put_text(&memory, 1, trace_device(e));
  io_put_field(&memory, 2, e->bytes);
  io_put_field(&memory, 5, e->memory_bytes);
  put_part(b, 6, &memory);
}

static void put_label(io_buffer *b, const rn_trace_event *e) {
  char text[512];
  if (e->node[0] == '\0')
    (void)snprintf(text, sizeof text, "%s", trace_kind(e->kind));
  else
    (void)snprintf(text, sizeof text, "%.150s = %.100s() by %.60s%s%.60s", e->node,
                   e->op[0] != '\0' ? e->op : trace_kind(e->kind), e->kernel, e->plugin[0] != '\0' ? " of " : "",
                   e->plugin);
  put_text(b, 8, text);
}

static void put_own_fields(io_buffer *b, const rn_trace_event *e, uint64_t own_ns) {
  io_put_field(b, 60001, e->kind + (uint64_t)1);
  put_bytes(b, 60002, e->op);
  put_bytes(b, 60003, e->kernel);
  put_bytes(b, 60004, e->plugin);
  put_bytes(b, 60005, e->track);
  put_bytes(b, 60006, e->scope);
  put_bytes(b, 60007, e->shape);
  for (uint32_t i = 0; i < e->n_covers; i++) io_put_body(b, 60008, e->covers[i], strlen(e->covers[i]));
  io_put_field(b, 60009, e->memory_bytes);
  io_put_field(b, 60010, e->queue);
  put_bytes(b, 60011, e->device);
  io_put_field(b, 60012, own_ns);
  io_put_field(b, 60013, e->bytes);
  put_bytes(b, 60014, e->node);
}

/* A node that ran takes a microsecond at least, or viewers take it for one that did not. */
static void put_times(io_buffer *b, const rn_trace_event *e) {
  uint64_t begin_us = e->begin_ns / 1000, length = e->end_ns - e->begin_ns, us = (length + 999) / 1000;
  io_put_field(b, 2, begin_us);
  io_put_field(b, 4, us);
  io_put_field(b, 5, us != 0 ? us : 1);
  io_put_field(b, 10, e->queue != 0 ? e->queue : e->thread);
  io_put_field(b, 13, e->begin_ns);
  io_put_field(b, 15, length);
  io_put_field(b, 16, length);
}

static void put_name(io_buffer *b, const rn_trace_event *e) {
  char text[1024];
  if (e->scope[0] == '\0') {
    put_text(b, 1, e->node[0] != '\0' ? e->node : trace_kind(e->kind));
    return;
  }
  (void)snprintf(text, sizeof text, "%.500s/%.500s", e->scope, e->node);
  put_text(b, 1, text);
}

static void put_node(io_buffer *b, const rn_trace_event *e, uint64_t own_ns) {
  io_buffer node = {0};
  put_name(&node, e);
  put_times(&node, e);
  put_memory(&node, e);
  put_output(&node, e);
  put_label(&node, e);
  put_own_fields(&node, e, own_ns);
  put_part(b, 2, &node);
}

/* Node k of a claim, for viewers that know nodes only: its share of the time, after the shares before it. */
static void put_share(io_buffer *b, const rn_trace_event *claim, uint32_t k) {
  io_buffer node = {0};
  rn_trace_event e = *claim;
  uint64_t share = (claim->end_ns - claim->begin_ns) / claim->n_covers;
  e.node = claim->covers[k];
  e.begin_ns += k * share;
  e.end_ns = e.begin_ns + share;
  e.bytes /= claim->n_covers;
  put_name(&node, &e);
  put_times(&node, &e);
  put_memory(&node, &e);
  put_label(&node, &e);
  io_put_field(&node, 60015, 1); /* said already, by the claim */
  put_part(b, 2, &node);
}

/* ---------------------------------------------------------------------------------------- devices */
static int is_shared(const rn_trace *t, uint32_t i) {
  return t->event[i].kind == RN_TRACE_CLAIM && t->event[i].n_covers != 0 && t->own_ns[i] != 0;
}

/* Where a viewer puts the event. Work under the device's own name; all else beside it. */
static void name_device(const rn_trace *t, uint32_t i, char out[DEVICE_NAME]) {
  const rn_trace_event *e = &t->event[i];
  const char *device = e->device[0] != '\0' ? e->device : "/host";
  if (e->track[0] != '\0')
    (void)snprintf(out, DEVICE_NAME, "%.100s/%.100s", device, e->track);
  else if (e->kind >= RN_TRACE_SUBMIT || e->device[0] == '\0')
    (void)snprintf(out, DEVICE_NAME, "%.100s%s", device, e->device[0] != '\0' ? "/host" : "");
  else if (is_shared(t, i))
    (void)snprintf(out, DEVICE_NAME, "%.100s/claims", device);
  else if (e->kind == RN_TRACE_UPLOAD || e->kind == RN_TRACE_DOWNLOAD)
    (void)snprintf(out, DEVICE_NAME, "%.100s/%s", device, t->own_ns[i] != 0 ? "copies" : "host");
  else
    (void)snprintf(out, DEVICE_NAME, "%.100s", device);
}

typedef struct placed {
  char device[DEVICE_NAME];
  uint32_t event;
} placed;

static int by_device(const void *a, const void *b) {
  const placed *x = a, *y = b;
  int o = strcmp(x->device, y->device);
  return o != 0 ? o : x->event < y->event ? -1 : x->event > y->event;
}

/* map<uint32, string> thread_names */
static void put_threads(io_buffer *b, const rn_trace *t, const placed *at, uint32_t n) {
  uint32_t most = 0;
  for (uint32_t i = 0; i < n; i++) most = t->event[at[i].event].thread > most ? t->event[at[i].event].thread : most;
  for (uint32_t k = 1; k <= most && k < 4096; k++) {
    io_buffer entry = {0};
    char name[32];
    (void)snprintf(name, sizeof name, "thread %u", k);
    io_put_field(&entry, 1, k);
    put_text(&entry, 2, name);
    put_part(b, 3, &entry);
  }
}

/* Of all claims on the device of that name. */
static void put_shares(io_buffer *b, const rn_trace *t, const char *device) {
  for (uint32_t i = 0; i < t->count; i++)
    for (uint32_t k = 0; is_shared(t, i) && strcmp(t->event[i].device, device) == 0 && k < t->event[i].n_covers; k++)
      put_share(b, &t->event[i], k);
}

static void put_device(io_buffer *b, const rn_trace *t, const placed *at, uint32_t n) {
  io_buffer device = {0};
  put_text(&device, 1, at[0].device);
  for (uint32_t i = 0; i < n; i++) put_node(&device, &t->event[at[i].event], t->own_ns[at[i].event]);
  put_shares(&device, t, at[0].device);
  put_threads(&device, t, at, n);
  put_part(b, 1, &device);
}

/* Devices that did nothing but claims. */
static void put_rest(io_buffer *b, const rn_trace *t, const placed *at) {
  for (uint32_t i = 0; i < t->count; i++) {
    int said = !is_shared(t, i);
    for (uint32_t k = 0; k < t->count && !said; k++)
      said = strcmp(at[k].device, t->event[i].device) == 0 ||
             (k < i && is_shared(t, k) && strcmp(t->event[k].device, t->event[i].device) == 0);
    if (said) continue;
    io_buffer device = {0};
    put_text(&device, 1, t->event[i].device);
    put_shares(&device, t, t->event[i].device);
    put_part(b, 1, &device);
  }
}

rn_status *rn_trace_metadata(rn_trace *t, void **out_data, size_t *out_size) {
  RN_TRY(trace_settle(t));
  io_buffer stats = {0}, all = {0};
  placed *at = malloc(t->count * sizeof *at);
  if (at == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for run metadata");
  for (uint32_t i = 0; i < t->count; i++) {
    name_device(t, i, at[i].device);
    at[i].event = i;
  }
  qsort(at, t->count, sizeof *at, by_device);
  for (uint32_t i = 0, n; i < t->count; i += n) {
    for (n = 1; i + n < t->count && strcmp(at[i].device, at[i + n].device) == 0;) n++;
    put_device(&stats, t, &at[i], n);
  }
  put_rest(&stats, t, at);
  free(at);
  put_part(&all, 1, &stats);
  if (all.failed) io_drop(&all);
  if (all.data == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for run metadata");
  *out_data = all.data;
  *out_size = all.size;
  return NULL;
}
