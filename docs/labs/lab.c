/* lab.c - one run of a lab: its graph, its session, the training loop (docs/labs). */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "lab.h"

static volatile sig_atomic_t interrupted;
static void on_interrupt(int signal_number) {
  (void)signal_number;
  interrupted = 1;
}
int lab_interrupted(void) { return interrupted != 0; }

/* Warnings of the runtime: that a node does not run where it was wanted, for one. */
static void warn(void *arg, int level, const char *message) {
  (void)arg;
  (void)level;
  fprintf(stderr, "%s\n", message);
}

rn_status *lab_open(const lab_flags *f, lab_run *r) {
  rn_runtime_options options = {.struct_size = (uint32_t)sizeof options, .log = warn};
  struct sigaction act;
  memset(&act, 0, sizeof act);
  act.sa_handler = on_interrupt;
  sigaction(SIGINT, &act, NULL);
  memset(r, 0, sizeof *r);
  r->flags = f;
  r->train = r->init = RN_NO_NODE;
  r->saved_step = -1;
  RN_TRY(rn_runtime_create(&options, &r->runtime));
  RN_TRY(rn_graph_create(r->runtime, 0, &r->graph));
  RN_TRY(rn_scope_create(r->graph, &r->scope));
  rn_scope_set_seed(r->scope, f->seed);
  r->global_step = rn_global_step_create(r->scope);
  return NULL;
}

static void print_graph(const rn_graph *g) {
  for (rn_node_id n = 0; n < rn_graph_node_count(g); n++) {
    char shape[96] = "";
    if (rn_graph_output_count(g, n)) rn_shape_print(rn_graph_shape(g, (rn_value){n, 0}), shape, sizeof shape);
    printf("%s = %s(", rn_graph_name(g, n), rn_graph_op(g, n));
    for (uint32_t i = 0; i < rn_graph_input_count(g, n); i++) {
      rn_value v = rn_graph_input(g, n, i);
      printf(v.port ? "%s%s:%u" : "%s%s", i ? ", " : "", rn_graph_name(g, v.node), v.port);
    }
    printf(") %s\n", shape);
  }
}

rn_status *lab_finish_graph(lab_run *r) {
  const lab_flags *f = r->flags;
  rn_hyper rate = {"learning_rate", f->learning_rate};
  rn_collection_add(r->scope, "losses", r->loss);
  if (!f->evaluate) /* so that any optimizer's checkpoint can be evaluated */
    r->train = rn_minimize(r->scope, r->loss, f->optimizer, &rate, f->learning_rate >= 0, &r->global_step);
  lab_watch_graph(r);
  r->init = rn_variables_init(r->scope, "init");
  RN_TRY(rn_scope_take_status(r->scope));
  RN_TRY(rn_saver_create(r->scope, 5, &r->saver));
  if (f->print_graph) print_graph(r->graph);
  rn_session_options o = {.struct_size = (uint32_t)sizeof o, .device = f->device};
  return rn_session_create(r->graph, &o, &r->session);
}

double lab_number(const rn_tensor *t) {
  return rn_tensor_dtype(t) == RN_INT64 ? (double)*(const int64_t *)rn_tensor_data(t)
                                        : (double)*(const float *)rn_tensor_data(t);
}

static rn_status *read_step(lab_run *r) {
  rn_tensor *t = NULL;
  RN_TRY(rn_session_run(r->session, NULL, NULL, 0, &r->global_step.read, 1, &t, NULL, 0));
  r->step = (int64_t)lab_number(t);
  rn_tensor_release(t);
  return NULL;
}

rn_status *lab_start(lab_run *r) {
  const lab_flags *f = r->flags;
  char *checkpoint = NULL;
  if (f->resume || f->evaluate) RN_TRY(rn_latest_checkpoint(f->logdir, &checkpoint));
  if (checkpoint == NULL && f->evaluate) return rn_status_make(RN_NOT_FOUND, "no checkpoint in '%s'", f->logdir);
  if (checkpoint == NULL) return rn_session_run(r->session, NULL, NULL, 0, NULL, 0, NULL, &r->init, 1);
  rn_status *e = rn_saver_restore(r->saver, r->session, checkpoint);
  if (e == NULL) e = read_step(r);
  r->saved_step = r->step;
  if (e == NULL) lab_say(f, "restored %s (step %lld)\n", checkpoint, (long long)r->step);
  free(checkpoint);
  return e;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static rn_status *save(lab_run *r) {
  char prefix[4096];
  if ((size_t)snprintf(prefix, sizeof prefix, "%s/model", r->flags->logdir) >= sizeof prefix)
    return rn_status_make(RN_INVALID_ARGUMENT, "--logdir: the name is too long");
  rn_status *e = rn_saver_save(r->saver, r->session, prefix, r->step);
  if (e == NULL) {
    r->saved_step = r->step;
    return NULL;
  }
  if (r->saved_step < 0) return e;
  rn_status *more = rn_status_make(rn_status_code(e), "%s; the checkpoint of step %lld is still good",
                                   rn_status_message(e), (long long)r->saved_step);
  rn_status_free(e);
  return more;
}

/* A loss that is no number: the same step again, checked node by node. */
static rn_status *explain_nan(lab_run *r, rn_tensor **feeds) {
  rn_run_options o = {.struct_size = (uint32_t)sizeof o, .flags = RN_RUN_CHECK_NUMERICS};
  rn_feed feed[3];
  rn_tensor *loss = NULL;
  for (uint32_t i = 0; i < r->n_feeds; i++) feed[i] = (rn_feed){r->feeds[i], feeds[i]};
  rn_status *e = rn_session_run(r->session, &o, feed, r->n_feeds, &r->loss, 1, &loss, NULL, 0);
  rn_tensor_release(loss);
  if (e != NULL) return rn_status_wrap(e, "the loss became %g at step %lld", r->last_loss, (long long)r->step);
  return rn_status_make(RN_INVALID_ARGUMENT, "the loss became %g at step %lld; try a smaller --learning-rate",
                        r->last_loss, (long long)r->step);
}

typedef struct lab_steps {
  rn_step *plain, *full; /* full: with the summaries */
} lab_steps;

/* Numbers are noted a hundred times in a run; weights, gradients and pictures, which are large, ten times. */
static int is_due(const lab_run *r, int64_t step, int64_t times) {
  int64_t steps = r->flags->steps, every = (steps + times - 1) / times;
  return step % every == 0 || step == steps;
}

static rn_status *full_step(lab_run *r, rn_step *step, rn_tensor **feeds, rn_tensor **loss) {
  rn_tensor *got[2] = {*loss, NULL};
  rn_status *e = rn_step_run(step, NULL, feeds, got);
  *loss = got[0];
  if (e == NULL) e = rn_events_add_summary(r->events, r->step + 1, got[1]);
  rn_tensor_release(got[1]);
  return e;
}

static rn_status *one_step(lab_run *r, const lab_steps *steps, int64_t traced, rn_tensor **feeds, rn_tensor **loss) {
  int64_t next = r->step + 1;
  int is_full = next != traced && is_due(r, next, 10);
  if (is_full)
    RN_TRY(full_step(r, steps->full, feeds, loss));
  else if (next == traced)
    RN_TRY(lab_traced_step(r, steps->plain, feeds, loss));
  else
    RN_TRY(rn_step_run(steps->plain, NULL, feeds, loss));
  r->last_loss = lab_number(*loss);
  r->step = next;
  if (!isfinite(r->last_loss)) return explain_nan(r, feeds);
  return !is_full && is_due(r, next, 100) ? lab_note(r, "loss", r->last_loss) : NULL;
}

static rn_status *train_with(lab_run *r, const lab_steps *steps, rn_tensor **feeds, lab_feed feed, void *arg) {
  int64_t first = r->step, traced = r->flags->trace_step;
  int lines = isatty(STDOUT_FILENO) ? 100 : 10;
  double start = now();
  rn_tensor *loss = NULL;
  rn_status *e = NULL;
  if (traced == 0) traced = (first + r->flags->steps) / 2 + 1;
  while (e == NULL && r->step < r->flags->steps && !interrupted) {
    e = feed(arg, r->step, feeds);
    if (e == NULL) e = one_step(r, steps, traced, feeds, &loss);
    if (e == NULL && is_due(r, r->step, lines)) lab_progress(r, (double)(r->step - first) / (now() - start));
    if (e == NULL && r->flags->save_every && r->step % r->flags->save_every == 0) e = save(r);
  }
  rn_tensor_release(loss);
  r->seconds = now() - start;
  r->steps_done = r->step - first;
  return e;
}

rn_status *lab_train(lab_run *r, rn_tensor **feeds, lab_feed feed, void *arg) {
  lab_steps steps = {NULL, NULL};
  rn_value fetches[2] = {r->loss, r->summaries};
  if (r->step >= r->flags->steps) return NULL;
  RN_TRY(lab_watch_open(r));
  RN_TRY(rn_session_prepare(r->session, r->feeds, r->n_feeds, fetches, 1, &r->train, 1, &steps.plain));
  rn_status *e = rn_session_prepare(r->session, r->feeds, r->n_feeds, fetches, 2, &r->train, 1, &steps.full);
  if (e == NULL) e = train_with(r, &steps, feeds, feed, arg);
  rn_step_destroy(steps.plain);
  rn_step_destroy(steps.full);
  if (e == NULL && r->steps_done) e = save(r);
  lab_progress_end(r);
  if (e == NULL && interrupted)
    lab_say(r->flags, "interrupted; saved at step %lld, --resume goes on\n", (long long)r->step);
  r->stopped = interrupted != 0;
  return e;
}

void lab_close(lab_run *r) {
  rn_events_destroy(r->events);
  rn_saver_destroy(r->saver);
  rn_session_destroy(r->session);
  rn_scope_destroy(r->scope);
  rn_graph_destroy(r->graph);
  rn_runtime_destroy(r->runtime);
}
