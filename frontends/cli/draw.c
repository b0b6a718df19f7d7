/* draw.c - runnel draw: a graph file as a picture, and what happened when it ran (frontends/cli). */
#include <runnel/c/trace.h>
#include <runnel/viz.h>
#include <stdlib.h>
#include <string.h>
#include "commands.h"
#include "heat.h"
#include "job.h"
#include "new_file.h"

enum { PLAIN, BY_DEVICE, BY_TIME, BY_MEMORY };
typedef struct request {
  rn_viz_options viz;
  const char *path, *output, *trace, *function;
  uint32_t color, steps;
} request;

static rn_status *parse_depth(const char *text, int32_t *out) {
  char *end;
  if (!text) return NULL;
  long v = strcmp(text, "all") == 0 ? RN_VIZ_DEPTH_ALL : strtol(text, &end, 10);
  if (strcmp(text, "all") != 0 && (*end || v < 0 || v > RN_VIZ_DEPTH_ALL))
    return rn_status_make(RN_INVALID_ARGUMENT, "--depth takes a number from 0, or all; not '%s'", text);
  *out = (int32_t)v;
  return NULL;
}

static rn_status *parse_number(const char *name, const char *text, uint32_t *out) {
  char *end = NULL;
  if (!text) return NULL;
  long v = strtol(text, &end, 10);
  if (end == text || *end || v < 1 || v > 1000)
    return rn_status_make(RN_INVALID_ARGUMENT, "--%s takes a number from 1 to 1000, not '%s'", name, text);
  *out = (uint32_t)v;
  return NULL;
}

static rn_status *parse_color(const char *text, uint32_t *out) {
  static const char *const names[] = {"none", "device", "time", "memory"};
  for (uint32_t i = 0; text && i < 4; i++)
    if (strcmp(text, names[i]) == 0) *out = i;
  if (!text || strcmp(text, names[*out]) == 0) return NULL;
  return rn_status_make(RN_INVALID_ARGUMENT, "--color takes device, time or memory, not '%s'", text);
}

/* ---- what a step did */
static rn_bytes bytes_of(const char *text) { return (rn_bytes){text, strlen(text)}; }

static rn_status *see_event(heat *h, const rn_trace_event *e, uint64_t own_ns) {
  rn_bytes *covers = calloc(e->n_covers + (size_t)1, sizeof *covers);
  if (!covers) return rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory");
  for (uint32_t i = 0; i < e->n_covers; i++) covers[i] = bytes_of(e->covers[i]);
  heat_span s = {.kind = e->kind,
                 .node = bytes_of(e->node),
                 .scope = bytes_of(e->scope),
                 .device = bytes_of(e->device),
                 .kernel = bytes_of(e->kernel),
                 .plugin = bytes_of(e->plugin),
                 .own_ns = (double)own_ns,
                 .bytes = e->bytes,
                 .memory_bytes = e->memory_bytes,
                 .n_covers = e->n_covers,
                 .covers = covers};
  rn_status *failed = heat_add(h, &s);
  free(covers);
  return failed;
}

static rn_status *run_once(job *j, const request *q, rn_trace *t, heat *h) {
  rn_run_options options = {.struct_size = (uint32_t)sizeof options};
  rn_status *s = NULL;
  rn_trace_watch(t, &options);
  for (uint32_t i = 0; !s && i < q->steps; i++) s = job_run(j, i + 1 < q->steps ? NULL : &options);
  for (uint32_t i = 0, n = s ? 0 : rn_trace_count(t); !s && i < n; i++) {
    uint64_t own_ns;
    const rn_trace_event *e = rn_trace_get(t, i, &own_ns);
    s = see_event(h, e, own_ns);
  }
  return s;
}

static rn_status *take_times(job *j, const request *q, heat *h) {
  rn_trace *t = NULL;
  if (q->trace) return heat_read(h, q->trace);
  if (j->n_fetches + j->n_targets == 0)
    return q->color == BY_DEVICE
               ? NULL
               : rn_status_make(RN_INVALID_ARGUMENT,
                                "of which step? --trace FILE or DIR of one that ran, or --fetch and --feed to run one");
  RN_TRY(job_restore(j));
  RN_TRY(rn_trace_create(&t));
  rn_status *s = run_once(j, q, t, h);
  rn_trace_destroy(t);
  return s;
}

/* ---- a function's body */
static rn_status *no_function(const rn_graph *g, const char *name) {
  char list[512] = "";
  uint32_t n = rn_graph_function_count(g);
  size_t used = 0;
  for (uint32_t i = 0; i < n && i < 8 && used < sizeof list; i++)
    used += (size_t)snprintf(list + used, sizeof list - used, "%s%.60s", i == 0 ? ": " : ", ",
                             rn_graph_function_name(g, i));
  return rn_status_make(RN_NOT_FOUND, "no function '%s', and no node of that name that calls one; the graph has %u%s%s",
                        name, n, list, n > 8 ? ", ..." : "");
}

/* The function of that name, or the first that the node of that name calls. */
static rn_status *find_function(const rn_graph *g, const char *name, rn_function_info *out) {
  rn_status *unknown = rn_graph_function(g, name, out);
  if (unknown == NULL) return NULL;
  rn_status_free(unknown);
  rn_node_id node = rn_graph_find(g, name);
  for (uint32_t i = 0; node != RN_NO_NODE && i < rn_graph_attr_count(g, node); i++) {
    rn_attr_value v;
    char called[512];
    rn_status *other = rn_graph_attr(g, node, rn_graph_attr_name(g, node, i), RN_ATTR_FUNC, &v);
    int is_named = other == NULL && v.u.bytes.size < sizeof called;
    rn_status_free(other);
    if (!is_named) continue;
    snprintf(called, sizeof called, "%.*s", (int)v.u.bytes.size, v.u.bytes.data);
    return rn_graph_function(g, called, out);
  }
  return no_function(g, name);
}

/* ---- */
static rn_status *draw(job *j, request *q) {
  char *bytes = NULL;
  size_t n = 0;
  heat h = {0};
  rn_status *s = NULL;
  if (q->color != PLAIN) {
    s = heat_init(&h, j->graph);
    h.by_memory = q->color == BY_MEMORY;
    if (!s) s = heat_explain(&h, j->session);
    if (!s) s = take_times(j, q, &h);
    heat_paint(&h, &q->viz, q->color != BY_DEVICE);
  }
  rn_function_info called = {.body = j->graph};
  if (!s && q->function) s = find_function(j->graph, q->function, &called);
  if (!s) s = rn_viz_draw(called.body, &q->viz, &bytes, &n);
  if (!s) s = new_file_write(q->output, bytes, n);
  rn_viz_free(bytes);
  heat_finish(&h);
  return s;
}

/* ---- what is asked */
static int has_option(const cli *c, const char *name) {
  size_t n = strlen(name);
  for (int i = 0; i < c->count; i++)
    if (strncmp(c->args[i], name, n) == 0 && (c->args[i][n] == '\0' || c->args[i][n] == '=')) return 1;
  return 0;
}

static rn_status *read_request(cli *c, request *q) {
  rn_viz_options *o = &q->viz;
  *o = (rn_viz_options){.struct_size = (uint32_t)sizeof *o, .depth = RN_VIZ_DEPTH_AUTO};
  o->title = cli_option(c, "title");
  o->from = cli_option(c, "from");
  o->to = cli_option(c, "to");
  o->around = cli_option(c, "around");
  o->highlight = cli_option(c, "highlight");
  q->trace = cli_option(c, "trace");
  q->function = cli_option(c, "function");
  q->steps = 1;
  const char *dot = strrchr(q->output, '.');
  o->format = dot ? dot + 1 : "svg";
  RN_TRY(parse_depth(cli_option(c, "depth"), &o->depth));
  RN_TRY(parse_number("hops", cli_option(c, "hops"), &o->hops));
  RN_TRY(parse_number("steps", cli_option(c, "steps"), &q->steps));
  RN_TRY(parse_color(cli_option(c, "color"), &q->color));
  if (q->color == PLAIN) q->color = q->trace ? BY_TIME : has_option(c, "--device") ? BY_DEVICE : PLAIN;
  if (q->function && q->color != PLAIN)
    return rn_status_make(RN_INVALID_ARGUMENT,
                          "--function draws a body as it is; times and devices belong to the graph that calls it");
  return NULL;
}

static rn_status *run_draw(cli *c, job *j, request *q) {
  RN_TRY(read_request(c, q));
  if (q->color != PLAIN) {
    j->fallback = "allow"; /* the picture says it */
    RN_TRY(job_start(c, j, q->path));
  } else {
    if (c->count) return rn_status_make(RN_INVALID_ARGUMENT, "'%s' is not understood here", c->args[0]);
    RN_TRY(graph_file_read(c->runtime, q->path, &j->graph));
  }
  return draw(j, q);
}

int command_draw(cli *c) {
  request q = {0};
  q.output = cli_option(c, "o");
  q.path = cli_positional(c);
  if (!q.path) return cli_usage(c, "which graph?");
  if (!q.output) return cli_usage(c, "say where to: -o FILE.svg");
  job *j = calloc(1, sizeof *j);
  if (!j) return cli_fail(c, rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory"));
  rn_status *status = run_draw(c, j, &q);
  job_finish(j);
  free(j);
  return status ? cli_fail(c, status) : 0;
}
