/* checkpoint_state.c - the text file that says which checkpoints there are (frontends/graphdef). */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "message.h"
#include "scratch.h"

static const char *state_path(scratch *s, const char *path) {
  struct stat st;
  if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) return scratch_print(s, "%s/checkpoint", path);
  return path;
}

static rn_status *copy_state(const Tf__CheckpointState *d, rn_checkpoint_state *out) {
  memset(out, 0, sizeof *out);
  out->current = strdup(d->model_checkpoint_path);
  out->all = calloc(d->n_all_model_checkpoint_paths + 1, sizeof *out->all);
  int ok = out->current != NULL && out->all != NULL && d->n_all_model_checkpoint_paths < UINT32_MAX;
  for (size_t i = 0; ok && i < d->n_all_model_checkpoint_paths; i++) {
    ok = (out->all[i] = strdup(d->all_model_checkpoint_paths[i])) != NULL;
    out->n_all += (uint32_t)ok;
  }
  if (ok) return NULL;
  rn_checkpoint_state_finish(out);
  return out_of_memory();
}

static rn_status *read_state(const char *path, rn_checkpoint_state *out) {
  void *data;
  size_t n;
  ProtobufCMessage *m;
  if (path == NULL) return out_of_memory();
  RN_TRY(file_read(path, &data, &n));
  rn_status *s = text_parse(&tf__checkpoint_state__descriptor, data, n, path, &m);
  free(data);
  if (s != NULL) return s;
  s = copy_state((const Tf__CheckpointState *)m, out);
  protobuf_c_message_free_unpacked(m, NULL);
  return s;
}

rn_status *rn_checkpoint_state_read(const char *path, rn_checkpoint_state *out) {
  scratch memory = {NULL, NULL};
  memset(out, 0, sizeof *out);
  rn_status *s = read_state(state_path(&memory, path), out);
  scratch_finish(&memory);
  return s;
}

rn_status *rn_checkpoint_state_write(const char *path, const rn_checkpoint_state *s) {
  scratch memory = {NULL, NULL};
  Tf__CheckpointState d = TF__CHECKPOINT_STATE__INIT;
  d.model_checkpoint_path = s->current ? s->current : (char *)(uintptr_t) "";
  d.n_all_model_checkpoint_paths = s->n_all;
  d.all_model_checkpoint_paths = s->all;
  const char *file = state_path(&memory, path);
  rn_status *e = file ? message_write(&d.base, file, RN_FILE_TEXT) : out_of_memory();
  scratch_finish(&memory);
  return e;
}

void rn_checkpoint_state_finish(rn_checkpoint_state *s) {
  for (uint32_t i = 0; i < s->n_all; i++) free(s->all[i]);
  free(s->all);
  free(s->current);
  memset(s, 0, sizeof *s);
}

rn_status *rn_checkpoint_latest(const char *folder, char **out_prefix) {
  rn_checkpoint_state state;
  scratch memory = {NULL, NULL};
  RN_TRY(rn_checkpoint_state_read(folder, &state));
  const char *joined = state.current[0] == '/' ? state.current : scratch_print(&memory, "%s/%s", folder, state.current);
  *out_prefix = joined ? strdup(joined) : NULL;
  int named = state.current[0] != '\0';
  scratch_finish(&memory);
  rn_checkpoint_state_finish(&state);
  if (*out_prefix == NULL) return out_of_memory();
  if (named) return NULL;
  free(*out_prefix);
  *out_prefix = NULL;
  return rn_status_make(RN_NOT_FOUND, "'%s' names no checkpoint", folder);
}
