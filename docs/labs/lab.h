/* lab.h - what the labs share: flags, the terminal, one training run (docs/labs).
 *
 * A lab builds its graph; a training run then opens a session, resumes, steps, reports and saves. */
#ifndef LAB_H
#define LAB_H
#include <stdio.h>
#include <runnel/c/data.h>
#include <runnel/c/summary.h>
#include <runnel/c/train.h>
#include <runnel/runnel.h>

typedef struct lab_flags {
  const char *data, *optimizer, *device, *logdir, *model, *activation, *follow;
  int64_t steps, batch, save_every;
  double learning_rate;     /* below 0: the optimizer's usual one */
  int64_t seed, trace_step; /* trace_step: the step that is traced; 0: one in the middle */
  int resume, json, evaluate, print_graph;
} lab_flags;
/* 1: go on; 0: help was printed; -1: a bad flag was named on stderr. */
int lab_flags_parse(int argc, char **argv, const char *about, lab_flags *f);
/* Prints the message on stderr and frees it. Returns 1, an exit code. */
int lab_report(rn_status *s);

typedef struct lab_run {
  const lab_flags *flags;
  rn_runtime *runtime;
  rn_graph *graph;
  rn_scope *scope;
  rn_session *session;
  rn_saver *saver;
  rn_variable global_step;
  rn_value loss, summaries; /* summaries: what lab_watch_graph adds and whatever the lab added before */
  rn_events *events;        /* the run's event file, from the first step on */
  rn_node_id init, train;
  rn_value feeds[3];
  uint32_t n_feeds;
  int64_t step;       /* the global step reached */
  int64_t saved_step; /* of the newest checkpoint; -1: none */
  double last_loss, seconds;
  double curve[128]; /* the losses that were reported */
  uint32_t n_curve;
  int64_t steps_done;
  int stopped; /* Ctrl-C */
} lab_run;
/* Runtime, graph, scope with the seed, global step. */
rn_status *lab_open(const lab_flags *f, lab_run *r);
/* With loss and feeds set: optimizer, initialisation, saver, session; prints the graph if asked. */
rn_status *lab_finish_graph(lab_run *r);
/* Initial values, or the newest checkpoint with --resume or --evaluate. */
rn_status *lab_start(lab_run *r);
/* Fills the tensors for step `step`. */
typedef rn_status *(*lab_feed)(void *arg, int64_t step, rn_tensor **feeds);
/* Steps to flags->steps, saving on the way, at the end and on Ctrl-C. */
rn_status *lab_train(lab_run *r, rn_tensor **feeds, lab_feed feed, void *arg);
void lab_close(lab_run *r);

/* ---- what a run says about itself (watch.c) */
/* Summaries of the loss, the weights and their gradients, all as one value to fetch. */
void lab_watch_graph(lab_run *r);
/* The event file, with the graph. */
rn_status *lab_watch_open(lab_run *r);
/* A number of the run for its event file; without one it is dropped. */
rn_status *lab_note(lab_run *r, const char *tag, double value);
/* Runs one step and keeps what it did and when: in the event file, and as LOGDIR/step_N.json for a trace viewer. */
rn_status *lab_traced_step(lab_run *r, rn_step *step, rn_tensor **feeds, rn_tensor **loss);

/* ---- the terminal (terminal.c) */
/* Has Ctrl-C been pressed? */
int lab_interrupted(void);
/* The terminal or, for --json, nothing but errors. */
void lab_say(const lab_flags *f, const char *format, ...) RN_FORMAT(2, 3);
/* How far the run is, and how the loss falls: on a terminal one line that is written over, else a line each time. */
void lab_progress(lab_run *r, double steps_per_second);
void lab_progress_end(const lab_run *r);
/* Opens the JSON object with "final_loss": the loss of the last step, null when none was made. */
void lab_json_loss(const lab_run *r);
/* A picture as text, two rows per line. */
void lab_draw(const uint8_t *pixels, int64_t height, int64_t width);
/* The number in a scalar tensor of float or int64. */
double lab_number(const rn_tensor *t);
#endif
