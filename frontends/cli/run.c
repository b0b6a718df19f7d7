/* run.c - runnel run: steps of a graph file (frontends/cli). */
#include <runnel/c/summary.h>
#include <runnel/c/trace.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "commands.h"
#include "job.h"
#include "npy.h"
#include "print.h"

typedef struct request {
  const char *trace, *logdir; /* NULL: not asked for */
  uint32_t steps, rows;
  int table, explain;
} request;

static rn_status *explain(job *j) {
  rn_value feeds[JOB_ITEMS];
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

/* ---- what the last step did */
static rn_status *write_events(cli *c, const job *j, const request *q, rn_trace *t) {
  rn_events *events = NULL;
  char tag[32];
  snprintf(tag, sizeof tag, "step_%u", q->steps);
  RN_TRY(rn_events_create(c->runtime, q->logdir, &events));
  rn_status *s = rn_events_add_graph(events, j->graph);
  if (!s) s = rn_events_add_run_metadata(events, q->steps, tag, t);
  if (!s) s = rn_events_flush(events);
  rn_events_destroy(events);
  return s;
}

static rn_status *print_table(const request *q, rn_trace *t) {
  char *text = NULL;
  RN_TRY(rn_trace_table(t, q->rows, &text));
  printf("\n%s", text);
  free(text);
  return NULL;
}

static rn_status *tell(cli *c, const job *j, const request *q, rn_trace *t) {
  if (q->trace) RN_TRY(rn_trace_write(t, q->trace));
  if (q->logdir) RN_TRY(write_events(c, j, q, t));
  if ((q->trace || q->table) && !c->json) RN_TRY(print_table(q, t));
  if (c->json) return NULL;
  if (q->trace) printf("\nThe trace is in %s: https://ui.perfetto.dev opens it\n", q->trace);
  if (q->logdir) printf("\nThe graph and the step are in %s: runnel report and TensorBoard show them\n", q->logdir);
  return NULL;
}

static rn_status *run_steps(cli *c, job *j, const request *q, rn_trace *t) {
  rn_run_options options = {.struct_size = (uint32_t)sizeof options};
  for (uint32_t i = 0; i + 1 < q->steps; i++) RN_TRY(job_run(j, NULL));
  if (t) rn_trace_watch(t, &options);
  RN_TRY(job_run(j, &options));
  RN_TRY(deliver(c, j));
  return t ? tell(c, j, q, t) : NULL;
}

/* ---- what is asked */
static rn_status *take_number(cli *c, const char *name, uint32_t least, uint32_t *out) {
  const char *text = cli_option(c, name);
  char *end = NULL;
  if (!text) return NULL;
  long v = strtol(text, &end, 10);
  if (end == text || *end || v < (long)least || v > 1000000000)
    return rn_status_make(RN_INVALID_ARGUMENT, "--%s takes a number from %u, not '%s'", name, least, text);
  *out = (uint32_t)v;
  return NULL;
}

static rn_status *read_request(cli *c, request *q) {
  q->trace = cli_option(c, "trace");
  q->logdir = cli_option(c, "logdir");
  q->table = cli_flag(c, "table");
  q->explain = cli_flag(c, "explain");
  RN_TRY(take_number(c, "steps", 1, &q->steps));
  RN_TRY(take_number(c, "rows", 1, &q->rows));
  if (q->table && c->json)
    return rn_status_make(RN_INVALID_ARGUMENT, "--table is text for people: --trace FILE writes the same as JSON");
  return NULL;
}

static rn_status *run_job(cli *c, job *j, const char *path) {
  request q = {.steps = 1, .rows = 15};
  rn_trace *t = NULL;
  RN_TRY(read_request(c, &q));
  RN_TRY(job_start(c, j, path));
  RN_TRY(job_restore(j));
  if (q.explain) RN_TRY(explain(j));
  if (q.trace || q.table || q.logdir) RN_TRY(rn_trace_create(&t));
  rn_status *s = run_steps(c, j, &q, t);
  rn_trace_destroy(t);
  return s;
}

int command_run(cli *c) {
  const char *path = cli_positional(c);
  if (!path) return cli_usage(c, "which graph?");
  job *j = calloc(1, sizeof *j);
  if (!j) return cli_fail(c, rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory"));
  rn_status *status = run_job(c, j, path);
  job_finish(j);
  free(j);
  return status ? cli_fail(c, status) : 0;
}
