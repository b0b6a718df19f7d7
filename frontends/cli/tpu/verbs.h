/* tpu/verbs.h - the verbs of runnel tpu, and what they share (frontends/cli/tpu). */
#ifndef RN_CLI_TPU_VERBS_H
#define RN_CLI_TPU_VERBS_H
#include <runnel/program.h>
#include "cli.h"

int tpu_compile(cli *c);
int tpu_disasm(cli *c);
int tpu_run(cli *c);
int tpu_profile(cli *c);

/* request.c: a graph with the shapes of what is fed, and what is wanted of it. */
typedef struct tpu_request {
  rn_runtime *runtime;
  rn_graph *graph;
  rn_session *session;
  const char *device, *guessed; /* guessed: a placeholder whose shape the graph does not say, or NULL */
  rn_feed *feeds;
  rn_value *fetches;
  rn_node_id *targets;
  uint32_t n_feeds, n_fetches, n_targets, n_programs;
  int64_t batch; /* what dimensions that are not known are taken for */
} tpu_request;
extern const char tpu_default_device[];
/* Takes --feed --shape --fetch --target --batch --device of the arguments; those left over are an error. */
rn_status *tpu_request_read(cli *c, const char *path, tpu_request *q);
void tpu_request_finish(tpu_request *q);
/* Compiles and calls visit for each program. err NOT_FOUND: none was made, with what the compilers said */
rn_status *tpu_request_programs(tpu_request *q, void (*visit)(void *arg, const rn_program *p), void *arg);
/* Another runtime in place of the command's, with settings more. */
rn_status *tpu_set(cli *c, const char *const *settings, uint32_t n);
#endif
