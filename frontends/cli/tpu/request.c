/* request.c - a graph with the shapes of what is fed, and the programs that are made of it (frontends/cli/tpu).
 *
 * Programs depend on shapes, not on what is fed. So placeholders that nobody feeds hold zeros, and dimensions that
 * the graph leaves open are the batch. */
#include <stdlib.h>
#include <string.h>
#include <runnel/plugin.h>
#include "feed.h"
#include "graph_file.h"
#include "sinks.h"
#include "tpu/verbs.h"

const char tpu_default_device[] = "tpu:bf16";

/* --------------------------------------------------------------------------------- what is asked */
static rn_status *add_feed(tpu_request *q, const char *text) {
  char name[512];
  rn_feed *f = &q->feeds[q->n_feeds];
  size_t n = strcspn(text, "=");
  if (text[n] != '=' || n >= sizeof name) return rn_status_make(RN_INVALID_ARGUMENT, "'%s' should be NAME=VALUE", text);
  memcpy(name, text, n);
  name[n] = '\0';
  RN_TRY(rn_graph_find_value(q->graph, name, &f->value));
  RN_TRY(feed_parse(q->graph, f->value, name, text + n + 1, &f->tensor));
  q->n_feeds++;
  return NULL;
}

static rn_status *add_target(tpu_request *q, const char *name) {
  rn_value v = {rn_graph_find(q->graph, name), 0};
  if (v.node == RN_NO_NODE) RN_TRY(rn_graph_find_value(q->graph, name, &v)); /* says which names are near */
  q->targets[q->n_targets++] = v.node;
  return NULL;
}

static rn_status *zeros(rn_dtype dtype, const rn_shape *shape, rn_tensor **out) {
  rn_bytes empty = {"", 0};
  rn_shape scalar = rn_shape_scalar();
  if (dtype == RN_STRING) return rn_tensor_strings(&scalar, &empty, out);
  RN_TRY(rn_tensor_create(dtype, shape, out));
  memset(rn_tensor_data(*out), 0, rn_tensor_size_bytes(*out));
  return NULL;
}

/* NAME=100x784: zeros of that shape. */
static rn_status *add_shape(tpu_request *q, const char *text) {
  char name[512], *end;
  rn_feed *f = &q->feeds[q->n_feeds];
  rn_shape shape = rn_shape_scalar();
  const char *at = strchr(text, '=');
  if (!at || (size_t)(at - text) >= sizeof name)
    return rn_status_make(RN_INVALID_ARGUMENT, "'%s' should be NAME=SHAPE, as x=100x784", text);
  memcpy(name, text, (size_t)(at - text));
  name[at - text] = '\0';
  for (at++; *at; at = end + (*end == 'x')) {
    long long n = strtoll(at, &end, 10);
    if (end == at || n < 0 || shape.rank == RN_MAX_RANK || (*end != 'x' && *end != '\0'))
      return rn_status_make(RN_INVALID_ARGUMENT, "'%s' should be NAME=SHAPE, as x=100x784", text);
    shape.dim[shape.rank++] = n;
  }
  RN_TRY(rn_graph_find_value(q->graph, name, &f->value));
  RN_TRY(zeros(rn_graph_dtype(q->graph, f->value), &shape, &f->tensor));
  q->n_feeds++;
  return NULL;
}

static int is_fed(const tpu_request *q, rn_node_id n) {
  for (uint32_t i = 0; i < q->n_feeds; i++)
    if (q->feeds[i].value.node == n) return 1;
  return 0;
}

static rn_status *add_zeros(tpu_request *q, rn_node_id n) {
  rn_feed *f = &q->feeds[q->n_feeds];
  f->value = (rn_value){n, 0};
  const rn_shape *declared = rn_graph_shape(q->graph, f->value);
  rn_dtype dtype = rn_graph_dtype(q->graph, f->value);
  rn_shape shape = declared && declared->rank >= 0 ? *declared : rn_shape_scalar();
  if (!(declared && declared->rank >= 0) && dtype != RN_STRING && !q->guessed) q->guessed = rn_graph_name(q->graph, n);
  for (int32_t i = 0; i < shape.rank; i++)
    if (shape.dim[i] < 0) shape.dim[i] = q->batch;
  RN_TRY(zeros(dtype, &shape, &f->tensor));
  q->n_feeds++;
  return NULL;
}

static rn_status *feed_the_rest(tpu_request *q) {
  for (rn_node_id n = 0; n < rn_graph_node_count(q->graph); n++)
    if (sinks_is_placeholder(q->graph, n) && !is_fed(q, n)) RN_TRY(add_zeros(q, n));
  return NULL;
}

static rn_status *read_batch(cli *c, tpu_request *q) {
  const char *text = cli_option(c, "batch");
  char *end = NULL;
  q->batch = text ? strtoll(text, &end, 10) : 1;
  if (q->batch >= 1 && q->batch <= INT32_MAX && (!text || (end != text && *end == '\0'))) return NULL;
  return rn_status_make(RN_INVALID_ARGUMENT, "--batch takes a number from 1 on, not '%s'", text);
}

/* Without a wish: all that the graph gives, and what nobody reads for its effect. */
static rn_status *want_all(tpu_request *q) {
  uint32_t n = 0;
  RN_TRY(sinks_find(q->graph, q->targets, &n));
  for (uint32_t i = 0; i < n; i++) {
    rn_value v = {q->targets[i], 0};
    rn_dtype t = rn_graph_dtype(q->graph, v);
    int gives = t != RN_INVALID && t != RN_RESOURCE && t != RN_VARIANT;
    if (gives) q->fetches[q->n_fetches++] = v;
    if (!gives) q->targets[q->n_targets++] = v.node;
  }
  return NULL;
}

rn_status *tpu_request_read(cli *c, const char *path, tpu_request *q) {
  const char *text, *device = cli_option(c, "device");
  rn_session_options options = {.struct_size = (uint32_t)sizeof options};
  q->runtime = c->runtime;
  q->device = options.device = device ? device : tpu_default_device;
  RN_TRY(read_batch(c, q));
  RN_TRY(graph_file_read(c->runtime, path, &q->graph));
  size_t room = rn_graph_node_count(q->graph) + (size_t)c->count + 1;
  q->feeds = calloc(room, sizeof *q->feeds);
  q->fetches = calloc(room, sizeof *q->fetches);
  q->targets = calloc(room, sizeof *q->targets);
  if (!q->feeds || !q->fetches || !q->targets) return rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory");
  while ((text = cli_option(c, "feed")) != NULL) RN_TRY(add_feed(q, text));
  while ((text = cli_option(c, "shape")) != NULL) RN_TRY(add_shape(q, text));
  while ((text = cli_option(c, "fetch")) != NULL)
    RN_TRY(rn_graph_find_value(q->graph, text, &q->fetches[q->n_fetches++]));
  while ((text = cli_option(c, "target")) != NULL) RN_TRY(add_target(q, text));
  if (c->count) return rn_status_make(RN_INVALID_ARGUMENT, "'%s' is not understood here", c->args[0]);
  RN_TRY(feed_the_rest(q));
  if (q->n_fetches + q->n_targets == 0) RN_TRY(want_all(q));
  return rn_session_create(q->graph, &options, &q->session);
}

void tpu_request_finish(tpu_request *q) {
  for (uint32_t i = 0; q->feeds && i < q->n_feeds; i++) rn_tensor_release(q->feeds[i].tensor);
  rn_session_destroy(q->session);
  rn_graph_destroy(q->graph);
  free(q->feeds);
  free(q->fetches);
  free(q->targets);
}

/* ---------------------------------------------------------------------------------- the programs */
typedef struct visiting {
  tpu_request *q;
  void (*visit)(void *arg, const rn_program *p);
  void *arg;
} visiting;
static void count(void *arg, const rn_program *p) {
  visiting *v = arg;
  v->q->n_programs++;
  v->visit(v->arg, p);
}

typedef struct reasons {
  char text[1024];
  size_t length;
} reasons;
static void gather(void *arg, const rn_node_explanation *n) {
  reasons *r = arg;
  if (!n->left_reason[0] || strstr(r->text, n->left_reason) || r->length + 200 > sizeof r->text) return;
  r->length += (size_t)snprintf(r->text + r->length, sizeof r->text - r->length, "\n  %s '%s': %.120s", n->op, n->name,
                                n->left_reason);
}

static rn_status *say_why_none(const tpu_request *q) {
  reasons r = {{0}, 0};
  rn_status *problem = NULL;
  rn_value *fed = calloc(q->n_feeds + 1u, sizeof *fed);
  if (!fed) return rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory");
  for (uint32_t i = 0; i < q->n_feeds; i++) fed[i] = q->feeds[i].value;
  rn_status *s = rn_session_explain_nodes(q->session, fed, q->n_feeds, q->fetches, q->n_fetches, q->targets,
                                          q->n_targets, gather, &r, &problem);
  free(fed);
  rn_status_free(problem);
  if (s) return s;
  return rn_status_make(RN_NOT_FOUND, "nothing of the graph became a program for %s%s%s", q->device,
                        r.length ? ":" : "", r.text);
}

rn_status *tpu_request_programs(tpu_request *q, void (*visit)(void *arg, const rn_program *p), void *arg) {
  visiting v = {q, visit, arg};
  q->n_programs = 0;
  rn_status *s = rn_session_programs(q->session, q->feeds, q->n_feeds, q->fetches, q->n_fetches, q->targets,
                                     q->n_targets, count, &v);
  if (s && q->guessed)
    return rn_status_wrap(s, "the graph says no shape for '%s', which was taken for a scalar (--shape %s=100x784)",
                          q->guessed, q->guessed);
  if (s) return s;
  return q->n_programs > 0 ? NULL : say_why_none(q);
}

rn_status *tpu_set(cli *c, const char *const *settings, uint32_t n) {
  const uint32_t most = sizeof c->settings / sizeof c->settings[0];
  rn_runtime *made;
  if (c->n_settings + n > most) return rn_status_make(RN_INVALID_ARGUMENT, "more than %u --set options", most - n);
  for (uint32_t i = 0; i < n; i++) c->settings[c->n_settings++] = settings[i];
  rn_runtime_options options = {.struct_size = (uint32_t)sizeof options,
                                .config_file = c->config_file,
                                .settings = c->settings,
                                .n_settings = c->n_settings,
                                .log = cli_tell};
  RN_TRY(rn_runtime_create(&options, &made));
  rn_runtime_destroy(c->runtime);
  c->runtime = made;
  return NULL;
}
