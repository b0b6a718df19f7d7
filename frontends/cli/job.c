/* job.c - a graph file, and the step of it that is asked for (frontends/cli). */
#include "job.h"
#include <stdlib.h>
#include <string.h>
#include "feed.h"

static rn_status *too_many(void) {
  return rn_status_make(RN_INVALID_ARGUMENT, "more than %d feeds or fetches", JOB_ITEMS);
}

/* Cuts NAME=REST; the name is kept by the job. */
static rn_status *cut(job *j, const char *text, const char **name, const char **rest) {
  const char *equals = strchr(text, '=');
  if (!equals) return rn_status_make(RN_INVALID_ARGUMENT, "'%s' should be NAME=VALUE", text);
  if (j->n_names == JOB_ITEMS * 2) return too_many();
  char *copy = strndup(text, (size_t)(equals - text));
  if (!copy) return rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory");
  j->names[j->n_names++] = copy;
  *name = copy;
  *rest = equals + 1;
  return NULL;
}

static rn_status *add_feed(job *j, const char *text) {
  if (j->n_feeds == JOB_ITEMS) return too_many();
  const char *name, *value;
  RN_TRY(cut(j, text, &name, &value));
  rn_feed *f = &j->feeds[j->n_feeds];
  RN_TRY(rn_graph_find_value(j->graph, name, &f->value));
  RN_TRY(feed_parse(j->graph, f->value, name, value, &f->tensor));
  j->n_feeds++;
  return NULL;
}

static rn_status *add_fetch(job *j, const char *name, const char *file) {
  if (j->n_fetches == JOB_ITEMS) return too_many();
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

static rn_status *add_target(job *j, const char *text) {
  if (j->n_targets == JOB_ITEMS) return too_many();
  rn_node_id n = rn_graph_find(j->graph, text);
  rn_value v = {n, 0};
  if (n == RN_NO_NODE) RN_TRY(rn_graph_find_value(j->graph, text, &v)); /* says which names are near */
  j->targets[j->n_targets++] = v.node;
  return NULL;
}

static rn_status *read_step(cli *c, job *j) {
  const char *text;
  while ((text = cli_option(c, "feed")) != NULL) RN_TRY(add_feed(j, text));
  while ((text = cli_option(c, "fetch")) != NULL) RN_TRY(add_fetch(j, text, NULL));
  while ((text = cli_option(c, "out")) != NULL) RN_TRY(add_out(j, text));
  while ((text = cli_option(c, "target")) != NULL) RN_TRY(add_target(j, text));
  return NULL;
}

rn_status *job_restore(job *j) {
  const char *prefix = j->checkpoint ? j->checkpoint : j->saver.prefix;
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

rn_status *job_start(cli *c, job *j, const char *path) {
  rn_session_options options;
  memset(&options, 0, sizeof options);
  options.struct_size = (uint32_t)sizeof options;
  options.device = cli_option(c, "device");
  options.fallback = j->fallback;
  j->checkpoint = cli_option(c, "checkpoint");
  RN_TRY(graph_file_read_saver(c->runtime, path, &j->graph, &j->saver));
  RN_TRY(read_step(c, j));
  if (c->count) return rn_status_make(RN_INVALID_ARGUMENT, "'%s' is not understood here", c->args[0]);
  return rn_session_create(j->graph, &options, &j->session);
}

static void drop_results(job *j) {
  for (uint32_t i = 0; i < j->n_fetches; i++) {
    rn_tensor_release(j->results[i]);
    j->results[i] = NULL;
  }
}

rn_status *job_run(job *j, const rn_run_options *o) {
  drop_results(j);
  return rn_session_run(j->session, o, j->feeds, j->n_feeds, j->fetches, j->n_fetches, j->results, j->targets,
                        j->n_targets);
}

void job_finish(job *j) {
  for (uint32_t i = 0; i < j->n_feeds; i++) rn_tensor_release(j->feeds[i].tensor);
  drop_results(j);
  for (uint32_t i = 0; i < j->n_names; i++) free(j->names[i]);
  rn_session_destroy(j->session);
  rn_graph_destroy(j->graph);
  free(j->saver.prefix);
}
