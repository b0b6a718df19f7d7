/* timeline.c - the spans of a step as JSON (viz/report). The page's side of this is page/timeline.js. */
#include <runnel/session.h>
#include <runnel/timeline.h>
#include "gather.h"

enum { MOST_SPANS = 20000, MOST_COVERS = 64 };
typedef struct listing {
  json *out;
  uint32_t shown, left_out;
} listing;

static void put_bytes(json *j, const char *key, rn_bytes b) {
  if (b.size != 0) json_text(j, key, b, MOST_NAME_BYTES);
}

static void put_covers(json *j, const rn_span *s) {
  if (s->n_covers == 0) return;
  json_begin(j, "covers", '[');
  for (uint32_t i = 0; i < s->n_covers && i < MOST_COVERS; i++) json_text(j, NULL, s->covers[i], MOST_NAME_BYTES);
  json_end(j, ']');
}

static rn_status *print_span(void *arg, const rn_span *s) {
  listing *l = arg;
  json *j = l->out;
  if (l->shown == MOST_SPANS) {
    l->left_out++;
    return NULL;
  }
  l->shown++;
  json_begin(j, NULL, '{');
  json_whole(j, "kind", s->kind);
  json_whole(j, "thread", s->thread);
  json_whole(j, "queue", s->queue);
  json_seconds(j, "begin", s->begin_us);
  json_seconds(j, "end", s->end_us);
  put_bytes(j, "node", s->node);
  put_bytes(j, "op", s->op);
  put_bytes(j, "device", s->device);
  put_bytes(j, "kernel", s->kernel);
  put_bytes(j, "plugin", s->plugin);
  put_bytes(j, "track", s->track);
  put_bytes(j, "scope", s->scope);
  put_bytes(j, "shape", s->shape);
  if (s->own_us > 0) json_seconds(j, "own", s->own_us);
  if (s->bytes != 0) json_number(j, "bytes", (double)s->bytes);
  if (s->memory_bytes != 0) json_number(j, "memory", (double)s->memory_bytes);
  put_covers(j, s);
  json_end(j, '}');
  return NULL;
}

/* The words of the kinds, by their numbers. */
static void put_kinds(json *j) {
  json_begin(j, "kinds", '[');
  for (uint32_t i = 0; i <= RN_TRACE_STEP; i++) json_word(j, NULL, rn_timeline_kind(i));
  json_end(j, ']');
}

rn_status *timeline_print(const rn_event *e, json *j) {
  listing l = {.out = j};
  json_begin(j, NULL, '{');
  json_whole(j, "step", e->step);
  json_text(j, "name", e->tag, MOST_NAME_BYTES);
  put_kinds(j);
  json_begin(j, "spans", '[');
  rn_status *s = rn_timeline_read(e->bytes.data, (size_t)e->bytes.size, print_span, &l);
  json_end(j, ']');
  json_whole(j, "left_out", l.left_out);
  json_end(j, '}');
  return s;
}
