/* report_run.h - a small run that writes all a report can show (tests/e2e). */
#ifndef RN_TEST_REPORT_RUN_H
#define RN_TEST_REPORT_RUN_H
#include "build.h"
#include <runnel/c/data.h>
#include <runnel/c/summary.h>
#include <runnel/c/trace.h>
#include <runnel/c/train.h>

/* Two layers, trained on noise: a graph with scopes, a loss, a histogram, a picture. */
typedef struct small_run {
  rn_runtime *rt;
  rn_graph *g;
  rn_scope *s;
  rn_session *session;
  rn_saver *saver;
  rn_events *events;
  rn_value x, labels, loss, summaries;
  rn_node_id train;
  int64_t step;
} small_run;

static inline void small_run_begin(small_run *r, const char *folder) {
  rn_shape rows = dims(2, 8, 16), eight = dims(1, 8, 0);
  memset(r, 0, sizeof *r);
  must(rn_runtime_create(NULL, &r->rt));
  must(rn_graph_create(r->rt, 0, &r->g));
  must(rn_scope_create(r->g, &r->s));
  rn_scope *s = r->s;
  rn_scope_set_seed(s, 7);
  rn_variable global_step = rn_global_step_create(s);
  r->x = rn_scope_placeholder(s, "x", RN_FLOAT, &rows);
  r->labels = rn_scope_placeholder(s, "labels", RN_INT32, &eight);
  rn_value hidden = rn_dense(s, "hidden", r->x, 12, RN_RELU), logits = rn_dense(s, "logits", hidden, 4, RN_LINEAR);
  r->loss = rn_cross_entropy_mean(s, "loss", logits, r->labels);
  rn_value picture[2] = {r->x, rn_scope_ints(s, "picture", (const int32_t[]){1, 8, 16, 1}, 4)};
  rn_summary_scalar(s, "loss", r->loss);
  rn_summary_histogram(s, "hidden_out", hidden);
  rn_summary_image(s, "input", rn_scope_op(s, "Reshape", "as_picture", picture, 2, NULL, 0), 1);
  r->summaries = rn_summaries_merge(s);
  rn_hyper rate = {"learning_rate", 0.05};
  r->train = rn_minimize(s, r->loss, "Adam", &rate, 1, &global_step);
  rn_node_id init = rn_variables_init(s, "init");
  must(rn_scope_take_status(s));
  must(rn_saver_create(s, 5, &r->saver));
  must(rn_session_create(r->g, NULL, &r->session));
  must(rn_session_run(r->session, NULL, NULL, 0, NULL, 0, NULL, &init, 1));
  must(rn_events_create(r->rt, folder, &r->events));
  must(rn_events_add_graph(r->events, r->g));
}

/* trace NULL: without. */
static inline void small_run_step(small_run *r, rn_trace *trace) {
  float pixels[8 * 16];
  int32_t classes[8];
  rn_run_options o = {.struct_size = (uint32_t)sizeof o};
  if (trace != NULL) rn_trace_watch(trace, &o);
  for (int i = 0; i < 8 * 16; i++) pixels[i] = (float)(i * i % 11) / 11.0f;
  for (int i = 0; i < 8; i++) classes[i] = i % 4;
  rn_shape rows = dims(2, 8, 16), eight = dims(1, 8, 0);
  rn_feed feeds[2] = {{r->x, floats(rows, pixels)}, {r->labels, NULL}};
  must(rn_tensor_from(RN_INT32, &eight, classes, &feeds[1].tensor));
  rn_tensor *summary = NULL;
  must(rn_session_run(r->session, &o, feeds, 2, &r->summaries, 1, &summary, &r->train, 1));
  must(rn_events_add_summary(r->events, r->step++, summary));
  rn_tensor_release(summary);
  rn_tensor_release(feeds[0].tensor);
  rn_tensor_release(feeds[1].tensor);
}

static inline void small_run_end(small_run *r) {
  rn_events_destroy(r->events);
  rn_saver_destroy(r->saver);
  rn_session_destroy(r->session);
  rn_scope_destroy(r->s);
  rn_graph_destroy(r->g);
  rn_runtime_destroy(r->rt);
}

/* A whole run: steps, the last of them with its timeline, a checkpoint. */
static inline void write_run(const char *folder, int steps) {
  small_run r;
  rn_trace *trace = NULL;
  char prefix[512];
  small_run_begin(&r, folder);
  must(rn_trace_create(&trace));
  for (int i = 0; i < steps; i++) small_run_step(&r, i + 1 == steps ? trace : NULL);
  must(rn_events_add_run_metadata(r.events, steps - 1, "last", trace));
  snprintf(prefix, sizeof prefix, "%s/model", folder);
  must(rn_saver_save(r.saver, r.session, prefix, steps));
  rn_trace_destroy(trace);
  small_run_end(&r);
}

static inline void make_folder(char *out) {
  strcpy(out, "/tmp/runnel_report_XXXXXX");
  assert_non_null(mkdtemp(out));
}
static inline void remove_folder(const char *folder) {
  char command[600];
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  assert_int_equal(system(command), 0);
}
#endif
