/* scope.c - prefixes, devices and control inputs around added nodes (frontends/c).
 *
 * Frames form a stack; each holds the whole state, so leaving is dropping one. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "scope_impl.h"

void rn_scope_fail(rn_scope *s, rn_status *failed) {
  if (s->error == NULL)
    s->error = failed;
  else
    rn_status_free(failed);
}
int rn_scope_failed(const rn_scope *s) { return s->error != NULL; }
rn_graph *rn_scope_graph(const rn_scope *s) { return s->g; }
rn_status *rn_scope_take_status(rn_scope *s) {
  rn_status *e = s->error;
  s->error = NULL;
  return e;
}

static void no_memory(rn_scope *s) { rn_scope_fail(s, rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory")); }

int scope_grow(rn_scope *s, void *items, uint32_t n, uint32_t *cap, size_t size) {
  void **at = items;
  if (n < *cap) return 1;
  uint32_t next = *cap ? *cap * 2 : 8;
  void *p = next > *cap ? realloc(*at, next * size) : NULL;
  if (p == NULL) {
    no_memory(s);
    return 0;
  }
  *at = p;
  *cap = next;
  return 1;
}

char *scope_text(rn_scope *s, const char *format, ...) {
  va_list ap;
  char *out = NULL;
  va_start(ap, format);
  int n = vasprintf(&out, format, ap);
  va_end(ap);
  if (n >= 0) return out;
  no_memory(s);
  return NULL;
}

static void frame_finish(scope_frame *f) {
  free(f->prefix);
  free(f->device);
  free(f->control);
}

/* A copy of the frame in force, or NULL after an error (then leave finds its frame all the same). */
static scope_frame *push(rn_scope *s) {
  scope_frame f = {NULL, NULL, NULL, 0, RN_NO_NODE};
  if (!scope_grow(s, &s->frame, s->n_frames, &s->cap_frames, sizeof f)) return NULL;
  if (s->n_frames) {
    const scope_frame *top = &s->frame[s->n_frames - 1];
    f = *top;
    f.prefix = scope_text(s, "%s", top->prefix ? top->prefix : "");
    f.device = scope_text(s, "%s", top->device ? top->device : "");
    f.control = calloc(top->n_control + 1u, sizeof *f.control);
    if (f.control == NULL) no_memory(s);
    if (f.control == NULL)
      f.n_control = 0;
    else if (top->n_control)
      memcpy(f.control, top->control, top->n_control * sizeof *f.control);
  } else {
    f.prefix = scope_text(s, "%s", "");
    f.device = scope_text(s, "%s", "");
  }
  s->frame[s->n_frames] = f;
  return &s->frame[s->n_frames++];
}

rn_status *rn_scope_create(rn_graph *g, rn_scope **out) {
  rn_scope *s = calloc(1, sizeof *s);
  if (s == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory for a scope");
  s->g = g;
  push(s);
  rn_status *e = rn_scope_take_status(s);
  if (e == NULL)
    *out = s;
  else
    rn_scope_destroy(s);
  return e;
}

void rn_scope_destroy(rn_scope *s) {
  if (s == NULL) return;
  for (uint32_t i = 0; i < s->n_frames; i++) frame_finish(&s->frame[i]);
  for (uint32_t i = 0; i < s->n_collections; i++) {
    free(s->collection[i].key);
    free(s->collection[i].items);
  }
  free(s->frame);
  scope_names_finish(&s->names);
  free(s->collection);
  free(s->variable);
  rn_status_free(s->error);
  free(s);
}

void rn_scope_enter(rn_scope *s, const char *name) {
  scope_frame *f = push(s);
  if (f == NULL) return;
  char *whole = scope_text(s, "%s%s", f->prefix, name), *mine = whole ? scope_name_free(s, whole) : NULL;
  free(whole);
  if (mine == NULL) return;
  free(f->prefix);
  f->prefix = scope_text(s, "%s/", mine);
  scope_name_take(s, mine);
  free(mine);
}

void scope_enter_root(rn_scope *s) {
  scope_frame *f = push(s);
  if (f && f->prefix) f->prefix[0] = '\0';
}

void rn_scope_with_device(rn_scope *s, const char *device) {
  scope_frame *f = push(s);
  if (f == NULL) return;
  free(f->device);
  f->device = scope_text(s, "%s", device ? device : "");
}

void rn_scope_with_control(rn_scope *s, const rn_node_id *nodes, uint32_t n) {
  scope_frame *f = push(s);
  if (f == NULL) return;
  rn_node_id *all = realloc(f->control, ((size_t)f->n_control + n + 1) * sizeof *all);
  if (all == NULL) {
    no_memory(s);
    return;
  }
  if (n) memcpy(all + f->n_control, nodes, n * sizeof *nodes);
  f->control = all;
  f->n_control += n;
}

void rn_scope_with_colocation(rn_scope *s, rn_node_id node) {
  scope_frame *f = push(s);
  if (f) f->colocate = node;
}

void rn_scope_leave(rn_scope *s) {
  if (s->n_frames > 1) {
    frame_finish(&s->frame[--s->n_frames]);
    return;
  }
  rn_scope_fail(s, rn_status_make(RN_FAILED_PRECONDITION, "rn_scope_leave: the outermost scope cannot be left"));
}

const char *rn_scope_prefix(const rn_scope *s) {
  const char *p = s->frame[s->n_frames - 1].prefix;
  return p ? p : "";
}
void rn_scope_set_seed(rn_scope *s, int64_t seed) { s->seed = seed; }
void rn_scope_next_seed(rn_scope *s, int64_t out_seed[2]) {
  s->n_random++;
  out_seed[0] = s->seed;
  out_seed[1] = s->seed ? s->n_random : 0;
}

static char *node_name(rn_scope *s, const rn_node_request *r) {
  const char *prefix = rn_scope_prefix(s);
  if (r->name == NULL || r->name[0] != '\0') {
    char *base = scope_text(s, "%s%s", prefix, r->name ? r->name : r->op), *name = NULL;
    if (base == NULL || !scope_name_taken(s, base)) return base; /* the graph numbers it among nodes */
    name = scope_name_free(s, base);
    free(base);
    return name;
  }
  size_t n = strlen(prefix);
  return scope_text(s, "%.*s", n ? (int)(n - 1) : 0, prefix);
}

rn_node_id rn_scope_add(rn_scope *s, const rn_node_request *given) {
  if (s->error) return RN_NO_NODE;
  const scope_frame *f = &s->frame[s->n_frames - 1];
  rn_node_request r = *given;
  rn_node_id id = RN_NO_NODE;
  char *name = node_name(s, given);
  rn_node_id *control = malloc(((size_t)f->n_control + r.n_control + 1) * sizeof *control);
  if (name == NULL || control == NULL) {
    if (control == NULL) no_memory(s);
    free(name);
    free(control);
    return RN_NO_NODE;
  }
  for (uint32_t i = 0; i < r.n_control; i++) control[i] = r.control[i];
  for (uint32_t i = 0; i < f->n_control; i++) control[r.n_control + i] = f->control[i];
  r.name = name[0] ? name : NULL;
  r.control = control;
  r.n_control += f->n_control;
  if (r.device == NULL || r.device[0] == '\0') r.device = f->device;
  if (r.colocate_with == RN_NO_NODE) r.colocate_with = f->colocate;
  rn_scope_fail(s, rn_graph_add(s->g, &r, &id));
  free(name);
  free(control);
  return id;
}
