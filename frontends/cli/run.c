/* run.c - runnel run: one step of a graph file (frontends/cli). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "commands.h"
#include "feed.h"
#include "graph_file.h"
#include "npy.h"
#include "print.h"

#define MAX_ITEMS 256

typedef struct job {
  rn_graph *graph;
  graph_saver saver;
  rn_session *session;
  rn_feed feeds[MAX_ITEMS];
  rn_value fetches[MAX_ITEMS];
  const char *fetch_names[MAX_ITEMS];
  const char *out_files[MAX_ITEMS]; /* NULL: print */
  rn_tensor *results[MAX_ITEMS];
  rn_node_id targets[MAX_ITEMS];
  uint32_t n_feeds, n_fetches, n_targets;
  char *names[MAX_ITEMS * 2]; /* copies of the names cut from NAME=VALUE */
  uint32_t n_names;
} job;

static rn_status *too_many(void) {
  return rn_status_make(RN_INVALID_ARGUMENT, "more than %d feeds or fetches", MAX_ITEMS);
}

/* Cuts NAME=REST; the name is kept by the job. */
static rn_status *cut(job *j, const char *text, const char **name, const char **rest) {
  const char *equals = strchr(text, '=');
  if (!equals) return rn_status_make(RN_INVALID_ARGUMENT, "'%s' should be NAME=VALUE", text);
  char *copy = strndup(text, (size_t)(equals - text));
  if (!copy) return rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory");
  j->names[j->n_names++] = copy;
  *name = copy;
  *rest = equals + 1;
  return NULL;
}

static rn_status *add_feed(job *j, const char *text) {
  if (j->n_feeds == MAX_ITEMS) return too_many();
  const char *name, *value;
  RN_TRY(cut(j, text, &name, &value));
  rn_feed *f = &j->feeds[j->n_feeds];
  RN_TRY(rn_graph_find_value(j->graph, name, &f->value));
  RN_TRY(feed_parse(j->graph, f->value, name, value, &f->tensor));
  j->n_feeds++;
  return NULL;
}

static rn_status *add_fetch(job *j, const char *name, const char *file) {
  if (j->n_fetches == MAX_ITEMS) return too_many();
  RN_TRY(rn_graph_find_value(j->graph, name, &j->fetches[j->n_fetches]));
  j->fetch_names[j->n_fetches] = name;
  j->out_files[j->n_fetches++] = file;
  return NULL;
}

static rn_status *add_out(job *j, const char *text) {
  const char *name, *file;
  RN_TRY(cut(j, text, &name, &file));
  if (*file == '@') file++;
  for (uint32_t i = 0; i < j->n_fetches; i++) {
    if (strcmp(j->fetch_names[i], name) != 0 || j->out_files[i]) continue;
    j->out_files[i] = file;
    return NULL;
  }
  return add_fetch(j, name, file);
}

static rn_status *read_job(cli *c, job *j) {
  const char *text;
  while ((text = cli_option(c, "feed")) != NULL) RN_TRY(add_feed(j, text));
  while ((text = cli_option(c, "fetch")) != NULL) RN_TRY(add_fetch(j, text, NULL));
  while ((text = cli_option(c, "out")) != NULL) RN_TRY(add_out(j, text));
  while ((text = cli_option(c, "target")) != NULL) {
    if (j->n_targets == MAX_ITEMS) return too_many();
    rn_node_id n = rn_graph_find(j->graph, text);
    rn_value v = {n, 0};
    if (n == RN_NO_NODE) RN_TRY(rn_graph_find_value(j->graph, text, &v)); /* says which names are near */
    j->targets[j->n_targets++] = v.node;
  }
  return NULL;
}

static rn_status *explain(job *j) {
  rn_value feeds[MAX_ITEMS];
  for (uint32_t i = 0; i < j->n_feeds; i++) feeds[i] = j->feeds[i].value;
  char *text;
  RN_TRY(rn_session_explain(j->session, feeds, j->n_feeds, j->fetches, j->n_fetches, j->targets, j->n_targets, &text));
  fputs(text, stdout);
  free(text);
  return NULL;
}

static rn_status *deliver(cli *c, job *j) {
  cJSON *array = c->json ? cJSON_CreateArray() : NULL;
  rn_status *status = NULL;
  for (uint32_t i = 0; i < j->n_fetches && status == NULL; i++) {
    if (j->out_files[i])
      status = npy_write(j->out_files[i], j->results[i]);
    else if (array)
      cJSON_AddItemToArray(array, json_tensor(j->fetch_names[i], j->results[i]));
    else
      print_tensor(j->fetch_names[i], j->results[i]);
  }
  if (array) cli_print_json(array);
  return status;
}

/* Gives the variables the values of the checkpoint beside the graph, or of the one asked for. */
static rn_status *restore(job *j, const char *asked) {
  const char *prefix = asked ? asked : j->saver.prefix;
  if (prefix == NULL || strcmp(prefix, "none") == 0) return NULL;
  if (j->saver.restore == RN_NO_NODE)
    return rn_status_make(RN_FAILED_PRECONDITION, "--checkpoint %s: the graph file names no saver to restore it with",
                          prefix);
  rn_shape scalar;
  rn_bytes text = {prefix, strlen(prefix)};
  rn_feed feed = {j->saver.filename, NULL};
  memset(&scalar, 0, sizeof scalar);
  RN_TRY(rn_tensor_strings(&scalar, &text, &feed.tensor));
  rn_status *e = rn_session_run(j->session, NULL, &feed, 1, NULL, 0, NULL, &j->saver.restore, 1);
  rn_tensor_release(feed.tensor);
  return e ? rn_status_wrap(e, "restoring %s (--checkpoint none leaves it out)", prefix) : NULL;
}

static rn_status *run_job(cli *c, job *j, const char *path) {
  rn_session_options options;
  memset(&options, 0, sizeof options);
  options.struct_size = (uint32_t)sizeof options;
  options.device = cli_option(c, "device");
  const char *checkpoint = cli_option(c, "checkpoint");
  int want_explain = cli_flag(c, "explain");
  RN_TRY(graph_file_read_saver(c->runtime, path, &j->graph, &j->saver));
  RN_TRY(read_job(c, j));
  if (c->count) return rn_status_make(RN_INVALID_ARGUMENT, "'%s' is not understood here", c->args[0]);
  RN_TRY(rn_session_create(j->graph, &options, &j->session));
  RN_TRY(restore(j, checkpoint));
  if (want_explain) RN_TRY(explain(j));
  RN_TRY(rn_session_run(j->session, NULL, j->feeds, j->n_feeds, j->fetches, j->n_fetches, j->results, j->targets,
                        j->n_targets));
  return deliver(c, j);
}

int command_run(cli *c) {
  const char *path = cli_positional(c);
  if (!path) return cli_usage(c, "which graph?");
  job *j = calloc(1, sizeof *j);
  if (!j) return cli_fail(c, rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory"));
  rn_status *status = run_job(c, j, path);
  for (uint32_t i = 0; i < j->n_feeds; i++) rn_tensor_release(j->feeds[i].tensor);
  for (uint32_t i = 0; i < j->n_fetches; i++) rn_tensor_release(j->results[i]);
  for (uint32_t i = 0; i < j->n_names; i++) free(j->names[i]);
  rn_session_destroy(j->session);
  rn_graph_destroy(j->graph);
  free(j->saver.prefix);
  free(j);
  return status ? cli_fail(c, status) : 0;
}
