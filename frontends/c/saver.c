/* saver.c - checkpoints through TensorFlow's save/... nodes (frontends/c).
 *
 * Order of writing: values, meta graph, state file, then removal of old ones. Every file appears by
 * rename, so whatever interrupts a save leaves a state file that names a whole checkpoint. */
#include <stdio.h>
#include <stdlib.h>
#include <runnel/graphdef.h>
#include "saver.h"

static int by_name(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

/* The variables in the order of their names, as TensorFlow lists them. */
static rn_status *list_variables(rn_scope *s, const char ***out_names, rn_value **out_refs) {
  uint32_t n = s->n_variables;
  const char **names = calloc(n + 1u, sizeof *names);
  rn_value *refs = calloc(n + 1u, sizeof *refs);
  *out_names = names;
  *out_refs = refs;
  if (names == NULL || refs == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory for a saver");
  if (n == 0) return rn_status_make(RN_FAILED_PRECONDITION, "there are no variables to save");
  for (uint32_t i = 0; i < n; i++) names[i] = rn_graph_name(s->g, s->variable[i].ref.node);
  qsort(names, n, sizeof *names, by_name);
  for (uint32_t i = 0; i < n; i++) refs[i] = (rn_value){rn_graph_find(s->g, names[i]), 0};
  return NULL;
}

static rn_tensor *text_tensor(rn_scope *s, const char *text) {
  rn_shape scalar;
  rn_bytes b = {text, strlen(text)};
  rn_tensor *t = NULL;
  memset(&scalar, 0, sizeof scalar);
  if (!s->error) rn_scope_fail(s, rn_tensor_strings(&scalar, &b, &t));
  return t;
}

static rn_value default_placeholder(rn_scope *s, const char *name, rn_value v) {
  rn_shape scalar;
  memset(&scalar, 0, sizeof scalar);
  rn_attr attrs[2] = {RN_AT("dtype", RN_STRING), RN_ASHAPE("shape", &scalar)};
  return rn_scope_op(s, "PlaceholderWithDefault", name, &v, 1, attrs, 2);
}

static void add_save(rn_saver *v, const char *const *names, const char *const *slices, const rn_value *refs,
                     uint32_t n) {
  rn_op_call c;
  rn_scope *s = v->s;
  rn_dtype *types = calloc(n + 1u, sizeof *types);
  if (types == NULL) {
    rn_scope_fail(s, rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory for a saver"));
    return;
  }
  for (uint32_t i = 0; i < n; i++) types[i] = rn_dtype_base(rn_graph_dtype(s->g, refs[i]));
  rn_attr list = RN_ATLIST("dtypes", types, n);
  rn_op_begin(&c, s, "SaveV2", "SaveV2");
  rn_op_input(&c, v->filename);
  rn_op_input(&c, rn_scope_texts(s, "SaveV2/tensor_names", names, n));
  rn_op_input(&c, rn_scope_texts(s, "SaveV2/shape_and_slices", slices, n));
  rn_op_inputs(&c, refs, n);
  rn_op_attr(&c, list.name, &list.value);
  rn_node_id save = rn_op_end(&c);
  rn_scope_with_control(s, &save, 1);
  v->saved = rn_scope_op(s, "Identity", "control_dependency", &v->filename, 1, NULL, 0);
  rn_scope_leave(s);

  rn_op_begin(&c, s, "RestoreV2", "RestoreV2");
  rn_op_input(&c, v->filename);
  rn_op_input(&c, rn_scope_texts(s, "RestoreV2/tensor_names", names, n));
  rn_op_input(&c, rn_scope_texts(s, "RestoreV2/shape_and_slices", slices, n));
  rn_op_attr(&c, list.name, &list.value);
  rn_node_id restore = rn_op_end(&c), *assigns = calloc(n + 1u, sizeof *assigns);
  free(types);
  if (assigns == NULL) {
    rn_scope_fail(s, rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory for a saver"));
    return;
  }
  for (uint32_t i = 0; i < n; i++) {
    rn_value in[2] = {refs[i], {restore, i}};
    rn_scope_with_colocation(s, refs[i].node);
    assigns[i] = rn_scope_op(s, "Assign", "Assign", in, 2, NULL, 0).node;
    rn_scope_leave(s);
  }
  v->restore = rn_scope_group(s, "restore_all", assigns, n);
  free(assigns);
}

rn_status *rn_saver_create(rn_scope *s, uint32_t keep, rn_saver **out) {
  const char **names = NULL;
  rn_value *refs = NULL;
  if (s->error) return rn_status_make(RN_FAILED_PRECONDITION, "the scope has failed: %s", rn_status_message(s->error));
  rn_saver *v = calloc(1, sizeof *v);
  rn_status *e =
      v ? list_variables(s, &names, &refs) : rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory for a saver");
  uint32_t n = s->n_variables;
  const char **slices = calloc(n + 1u, sizeof *slices);
  if (e == NULL && slices == NULL) e = rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory for a saver");
  if (e == NULL) {
    for (uint32_t i = 0; i < n; i++) slices[i] = "";
    v->s = s;
    v->keep = keep;
    rn_scope_enter(s, "save");
    rn_value model = rn_scope_constant(s, "filename/input", text_tensor(s, "model"));
    v->filename = default_placeholder(s, "Const", default_placeholder(s, "filename", model));
    add_save(v, names, slices, refs, n);
    rn_scope_leave(s);
    e = rn_scope_take_status(s);
  }
  free(names);
  free(refs);
  free(slices);
  if (e == NULL)
    *out = v;
  else
    free(v);
  return e;
}

void rn_saver_destroy(rn_saver *v) { free(v); }

static char *folder_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
}
static const char *base_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static rn_status *run_with_path(rn_saver *v, rn_session *session, const char *path, rn_node_id target) {
  rn_shape scalar;
  rn_bytes b = {path, strlen(path)};
  rn_tensor *t = NULL;
  memset(&scalar, 0, sizeof scalar);
  RN_TRY(rn_tensor_strings(&scalar, &b, &t));
  rn_feed feed = {v->filename, t};
  rn_status *e = rn_session_run(session, NULL, &feed, 1, NULL, 0, NULL, &target, 1);
  rn_tensor_release(t);
  return e;
}

rn_status *rn_saver_save(rn_saver *v, rn_session *session, const char *prefix, int64_t step) {
  char path[4096], meta[4112];
  if ((size_t)snprintf(path, sizeof path, "%s-%lld", prefix, (long long)step) >= sizeof path)
    return rn_status_make(RN_INVALID_ARGUMENT, "the checkpoint's name is too long: %.80s...", prefix);
  snprintf(meta, sizeof meta, "%s.meta", path);
  char *folder = folder_of(path);
  if (folder == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory while saving");
  rn_status *e = run_with_path(v, session, path, v->saved.node);
  if (e == NULL) e = rn_saver_write_meta(v, meta);
  if (e == NULL) e = saver_remember(v, folder, base_of(path));
  free(folder);
  return e ? rn_status_wrap(e, "saving %s", path) : NULL;
}

rn_status *rn_saver_restore(rn_saver *v, rn_session *session, const char *checkpoint) {
  rn_status *e = run_with_path(v, session, checkpoint, v->restore);
  return e ? rn_status_wrap(e, "restoring %s", checkpoint) : NULL;
}

rn_status *rn_latest_checkpoint(const char *folder, char **out) {
  *out = NULL;
  rn_status *e = rn_checkpoint_latest(folder, out);
  if (rn_status_code(e) != RN_NOT_FOUND) return e;
  rn_status_free(e);
  return NULL;
}
