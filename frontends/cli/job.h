/* job.h - a graph file, and the step of it that is asked for (frontends/cli). For the commands that run one. */
#ifndef RN_CLI_JOB_H
#define RN_CLI_JOB_H
#include "cli.h"
#include "graph_file.h"

enum { JOB_ITEMS = 256 };
typedef struct job {
  rn_graph *graph;
  graph_saver saver;
  rn_session *session;
  rn_feed feeds[JOB_ITEMS];
  rn_value fetches[JOB_ITEMS];
  const char *fetch_names[JOB_ITEMS];
  const char *out_files[JOB_ITEMS]; /* NULL: to be printed */
  rn_tensor *results[JOB_ITEMS];
  rn_node_id targets[JOB_ITEMS];
  uint32_t n_feeds, n_fetches, n_targets;
  char *names[JOB_ITEMS * 2]; /* copies of the names cut from NAME=VALUE */
  uint32_t n_names;
  const char *checkpoint; /* as asked; NULL: the one beside the graph */
  const char *fallback;   /* for the session; NULL: the configuration's */
} job;

/* Reads the graph, takes --feed, --fetch, --out, --target, --device and --checkpoint, and opens a session.
 * own: j zeroed before; job_finish in any case */
rn_status *job_start(cli *c, job *j, const char *path);
/* Gives the variables the values of the checkpoint beside the graph, or of the one asked for. */
rn_status *job_restore(job *j);
rn_status *job_run(job *j, const rn_run_options *o); /* one step; its results in place of those before */
void job_finish(job *j);
#endif
