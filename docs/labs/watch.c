/* watch.c - what a run says about itself: summaries, its event file, one traced step (docs/labs).
 *
 * The summaries are nodes of the graph. Only the steps that are reported fetch them, so the others are as fast as
 * without. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "lab.h"

/* One histogram for each variable that is trained, of what the collection has for it. */
static void add_histograms(lab_run *r, const char *scope, const char *collection) {
  rn_scope *s = r->scope;
  rn_scope_enter(s, scope);
  for (uint32_t i = 0; i < rn_collection_count(s, collection); i++) {
    rn_value variable = rn_collection_get(s, "trainable_variables", i);
    rn_summary_histogram(s, rn_graph_name(r->graph, variable.node), rn_collection_get(s, collection, i));
  }
  rn_scope_leave(s);
}

void lab_watch_graph(lab_run *r) {
  rn_summary_scalar(r->scope, "loss", r->loss);
  add_histograms(r, "weights", "trainable_variables");
  add_histograms(r, "gradient", "gradients"); /* none when nothing is trained */
  r->summaries = rn_summaries_merge(r->scope);
}

static rn_status *make_folders(const char *path) {
  char part[4096];
  snprintf(part, sizeof part, "%s", path);
  for (char *p = part + 1; *p; p++)
    if (*p == '/') {
      *p = '\0';
      (void)mkdir(part, 0777);
      *p = '/';
    }
  struct stat st;
  if (mkdir(part, 0777) == 0) return NULL;
  int cause = errno;
  if (stat(part, &st) == 0 && S_ISDIR(st.st_mode)) return NULL;
  return rn_status_make(RN_PERMISSION_DENIED, "--logdir: folder '%s' cannot be made: %s", path, strerror(cause));
}

rn_status *lab_watch_open(lab_run *r) {
  RN_TRY(make_folders(r->flags->logdir));
  RN_TRY(rn_events_create(r->runtime, r->flags->logdir, &r->events));
  return rn_events_add_graph(r->events, r->graph);
}

rn_status *lab_note(lab_run *r, const char *tag, double value) {
  return r->events != NULL ? rn_events_add_scalar(r->events, r->step, tag, value) : NULL;
}

static rn_status *keep_trace(lab_run *r, rn_trace *t) {
  char name[64], path[4096];
  snprintf(name, sizeof name, "step_%lld", (long long)r->step + 1);
  RN_TRY(rn_events_add_run_metadata(r->events, r->step + 1, name, t));
  if ((size_t)snprintf(path, sizeof path, "%s/%s.json", r->flags->logdir, name) >= sizeof path)
    return rn_status_make(RN_INVALID_ARGUMENT, "--logdir: the name is too long");
  return rn_trace_write(t, path);
}

rn_status *lab_traced_step(lab_run *r, rn_step *step, rn_tensor **feeds, rn_tensor **loss) {
  rn_run_options o = {.struct_size = (uint32_t)sizeof o};
  rn_trace *t = NULL;
  RN_TRY(rn_trace_create(&t));
  rn_trace_watch(t, &o);
  rn_status *e = rn_step_run(step, &o, feeds, loss);
  if (e == NULL) e = keep_trace(r, t);
  rn_trace_destroy(t);
  return e;
}
