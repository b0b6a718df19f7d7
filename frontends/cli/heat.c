/* heat.c - what is known of the nodes of a drawing (frontends/cli).
 *
 * Two sources: the plan says who would run each node and who refused; a trace says what ran and how long. Names of a
 * trace that the graph does not have (nodes of functions) count for the node that called them. */
#include "heat.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sinks.h"

enum { NOTE_BYTES = 4096 };

static rn_status *no_memory(void) { return rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory"); }

rn_status *heat_init(heat *h, const rn_graph *g) {
  uint32_t n = rn_graph_node_count(g);
  *h = (heat){.graph = g};
  h->node = calloc(n + (size_t)1, sizeof *h->node);
  if (!h->node) return no_memory();
  for (uint32_t i = 0; i < n; i++) h->node[i].ns = h->node[i].bytes = -1;
  return NULL;
}

void heat_finish(heat *h) {
  for (uint32_t i = 0; h->node && i < rn_graph_node_count(h->graph); i++) {
    free(h->node[i].device);
    free(h->node[i].note);
    free(h->node[i].joint);
    free(h->node[i].painted);
  }
  free(h->node);
}

/* One more line for the tooltip. */
__attribute__((format(printf, 2, 3))) static rn_status *add_note(node_facts *f, const char *format, ...) {
  char line[1024], *grown;
  va_list a;
  va_start(a, format);
  (void)vsnprintf(line, sizeof line, format, a);
  va_end(a);
  size_t had = f->note ? strlen(f->note) : 0, n = strlen(line);
  if (had + n + 2 > NOTE_BYTES) return NULL;
  grown = realloc(f->note, had + n + 2);
  if (!grown) return no_memory();
  f->note = grown;
  if (had) f->note[had++] = '\n';
  memcpy(f->note + had, line, n + 1);
  return NULL;
}

static rn_status *set_text(char **to, const char *from, size_t n) {
  char *copy = strndup(from, n);
  if (!copy) return no_memory();
  free(*to);
  *to = copy;
  return NULL;
}

/* "VULKAN:0" of "/device:VULKAN:0" */
static rn_bytes short_device(rn_bytes d) {
  static const char prefix[] = "/device:";
  size_t n = sizeof prefix - 1;
  return d.size > n && memcmp(d.data, prefix, n) == 0 ? (rn_bytes){d.data + n, d.size - n} : d;
}

static rn_status *set_device(node_facts *f, rn_bytes device) {
  rn_bytes name = short_device(device);
  return name.size != 0 ? set_text(&f->device, name.data, name.size) : NULL;
}

/* ------------------------------------------------------------------------------------ from the plan */
typedef struct telling {
  heat *h;
  rn_status *failed;
} telling;

/* "TPU:0, kernels of cpu": the device has none for it. */
static rn_status *paint_borrowed(node_facts *f, const rn_node_explanation *n) {
  char text[160];
  int borrowed = 0;
  for (uint32_t i = 0; i < n->n_candidates; i++) borrowed |= n->candidates[i]->chosen & n->candidates[i]->borrowed;
  if (!borrowed) return NULL;
  (void)snprintf(text, sizeof text, "%.60s, kernels of %.60s", f->device, n->plugin);
  return set_text(&f->painted, text, strlen(text));
}

static rn_status *note_node(node_facts *f, const rn_node_explanation *n) {
  if (n->part[0]) return add_note(f, "needs no kernel: %s", n->part);
  if (n->problem[0]) return add_note(f, "runs nowhere: %.*s", (int)strcspn(n->problem, "\n"), n->problem);
  RN_TRY(set_device(f, (rn_bytes){n->device, strlen(n->device)}));
  RN_TRY(add_note(f, "%s%s, '%s' of %s (%s)", n->claimed_by[0] ? "alone it would run on " : "", n->device, n->label,
                  n->plugin, n->kernel_rule));
  if (n->fell_back) RN_TRY(add_note(f, "not where it was wanted: %s", n->device_rule));
  for (uint32_t i = 0; i < n->n_candidates && i < 8 && !n->candidates[i]->chosen; i++) {
    const rn_candidate *k = n->candidates[i];
    if (k->reason[0]) RN_TRY(add_note(f, "refused: %s '%s' of %s: %s", k->device, k->label, k->plugin, k->reason));
  }
  if (n->left_reason[0]) RN_TRY(add_note(f, "left: %s", n->left_reason));
  if (!n->claimed_by[0]) return paint_borrowed(f, n);
  RN_TRY(add_note(f, "claimed by '%s': %s", n->claimed_by, n->claim_reason));
  char joint[96];
  (void)snprintf(joint, sizeof joint, "claimed by %.60s", n->claimed_by);
  return set_text(&f->joint, joint, strlen(joint));
}

static void see_node(void *arg, const rn_node_explanation *n) {
  telling *t = arg;
  rn_node_id id = rn_graph_find(t->h->graph, n->name);
  if (id == RN_NO_NODE || t->failed) return;
  t->failed = note_node(&t->h->node[id], n);
}

rn_status *heat_explain(heat *h, rn_session *s) {
  uint32_t n = rn_graph_node_count(h->graph), n_feeds = 0, n_targets = 0;
  rn_value *feeds = calloc(n + (size_t)1, sizeof *feeds);
  rn_node_id *targets = calloc(n + (size_t)1, sizeof *targets);
  rn_status *problem = NULL, *failed = feeds && targets ? sinks_find(h->graph, targets, &n_targets) : no_memory();
  for (rn_node_id i = 0; !failed && i < n; i++)
    if (sinks_is_placeholder(h->graph, i)) feeds[n_feeds++] = (rn_value){i, 0};
  telling t = {h, NULL};
  if (!failed && n_targets != 0)
    failed = rn_session_explain_nodes(s, feeds, n_feeds, NULL, 0, targets, n_targets, see_node, &t, &problem);
  rn_status_free(problem); /* the nodes it is about say it themselves */
  free(feeds);
  free(targets);
  if (!failed) return t.failed;
  rn_status_free(t.failed);
  return failed;
}

/* ------------------------------------------------------------------------------------- from a trace */
static rn_node_id find(const heat *h, rn_bytes name) {
  char few[512], *text = name.size < sizeof few ? few : malloc(name.size + 1);
  if (!text) return RN_NO_NODE;
  if (name.size != 0) memcpy(text, name.data, name.size);
  text[name.size] = '\0';
  rn_node_id id = rn_graph_find(h->graph, text);
  if (text != few) free(text);
  return id;
}

/* The node itself; of a function's node, the one of the graph that called it: the front of its scope. */
static rn_node_id node_of(const heat *h, const heat_span *s) {
  rn_bytes scope = s->scope;
  if (scope.size == 0) return find(h, s->node);
  for (;;) {
    rn_node_id id = find(h, scope);
    const char *slash = memrchr(scope.data, '/', scope.size);
    if (id != RN_NO_NODE || !slash) return id;
    scope.size = (uint64_t)(slash - scope.data);
  }
}

static void put_time(char *out, size_t size, double ns) {
  if (ns < 1e6)
    (void)snprintf(out, size, "%.3g µs", ns / 1e3);
  else
    (void)snprintf(out, size, ns < 1e9 ? "%.4g ms" : "%.4g s", ns < 1e9 ? ns / 1e6 : ns / 1e9);
}

static void put_bytes(char *out, size_t size, double bytes) {
  static const char *const unit[] = {"bytes", "KiB", "MiB", "GiB"};
  int k = 0;
  for (; bytes >= 1024 && k < 3; k++) bytes /= 1024;
  (void)snprintf(out, size, "%.4g %s", bytes, unit[k]);
}

static rn_status *add_share(heat *h, rn_node_id id, const heat_span *s, double ns, double bytes) {
  node_facts *f = &h->node[id];
  char time[32], memory[32];
  put_time(time, sizeof time, s->own_ns);
  put_bytes(memory, sizeof memory, (double)s->memory_bytes);
  int ran_before = f->ns >= 0;
  f->ns = (ran_before ? f->ns : 0) + ns;
  f->bytes = (f->bytes > 0 ? f->bytes : 0) + bytes;
  if (ran_before) return NULL; /* once is enough to say where */
  RN_TRY(set_device(f, s->device));
  if (s->n_covers > 1) return add_note(f, "ran together with %u others, in %s", s->n_covers - 1, time);
  return add_note(f, "ran on %.*s in %s, by '%.*s' of %.*s; %s in use there", (int)s->device.size, s->device.data, time,
                  (int)s->kernel.size, s->kernel.data, (int)s->plugin.size, s->plugin.data, memory);
}

static rn_status *add_claim(heat *h, const heat_span *s) {
  char joint[96];
  (void)snprintf(joint, sizeof joint, "%u as one %.*s (%u)", s->n_covers,
                 (int)(s->kernel.size < 40 ? s->kernel.size : 40), s->kernel.data, ++h->n_joint);
  for (uint32_t i = 0; i < s->n_covers; i++) {
    rn_node_id id = find(h, s->covers[i]);
    if (id == RN_NO_NODE) continue;
    RN_TRY(add_share(h, id, s, s->own_ns / s->n_covers, (double)s->bytes / s->n_covers));
    RN_TRY(set_text(&h->node[id].joint, joint, strlen(joint)));
  }
  return NULL;
}

rn_status *heat_add(heat *h, const heat_span *s) {
  int is_copy = s->kind == RN_TRACE_UPLOAD || s->kind == RN_TRACE_DOWNLOAD;
  if (s->own_ns <= 0 || s->kind > RN_TRACE_DOWNLOAD) return NULL;
  if (s->kind == RN_TRACE_CLAIM && s->n_covers != 0 && s->scope.size == 0) return add_claim(h, s);
  rn_node_id id = node_of(h, s);
  if (id == RN_NO_NODE) return NULL;
  if (!is_copy) return add_share(h, id, s, s->own_ns, (double)s->bytes);
  h->node[id].copy_ns[s->kind == RN_TRACE_DOWNLOAD] += s->own_ns;
  h->node[id].copy_bytes[s->kind == RN_TRACE_DOWNLOAD] += s->bytes;
  return NULL;
}

/* ---------------------------------------------------------------------------------- for the picture */
static const char *paint(void *arg, rn_node_id n) {
  const node_facts *f = &((heat *)arg)->node[n];
  return f->painted ? f->painted : f->device;
}
static const char *note(void *arg, rn_node_id n) { return ((heat *)arg)->node[n].note; }
static const char *joint(void *arg, rn_node_id n) { return ((heat *)arg)->node[n].joint; }
static double value(void *arg, rn_node_id n) {
  const heat *h = arg;
  return h->by_memory ? h->node[n].bytes : h->node[n].ns;
}

static const char *copy(void *arg, rn_value v, rn_node_id reader) {
  heat *h = arg;
  const node_facts *from = &h->node[v.node], *to = &h->node[reader];
  char time[32], size[32];
  if (!from->device || !to->device || strcmp(from->device, to->device) == 0) return NULL;
  int back = strncmp(to->device, "CPU", 3) == 0;
  if (from->copy_ns[back] <= 0) return "copied";
  put_time(time, sizeof time, from->copy_ns[back]);
  put_bytes(size, sizeof size, (double)from->copy_bytes[back]);
  (void)snprintf(h->text, sizeof h->text, "copied: %s, %s", size, time);
  return h->text;
}

void heat_paint(heat *h, rn_viz_options *o, int by_heat) {
  o->paint = paint;
  o->paint_arg = o->run_arg = h;
  o->note = note;
  o->joint = joint;
  o->copy = copy;
  if (!by_heat) return;
  o->heat = value;
  o->heat_title = h->by_memory ? "memory of results" : "time of one step";
  o->heat_unit = h->by_memory ? "bytes" : "ns";
}
