/* saved_model.c - one metagraph out of a SavedModel (frontends/graphdef). */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "metagraph.h"
#include "scratch.h"

static int is_file(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

static rn_status *find_file(scratch *s, const char *path, const char **out) {
  *out = path;
  if (is_file(path)) return NULL;
  for (int text = 0; text < 2; text++) {
    *out = scratch_print(s, "%s/saved_model.%s", path, text ? "pbtxt" : "pb");
    if (*out == NULL) return out_of_memory();
    if (is_file(*out)) return NULL;
  }
  return rn_status_make(RN_NOT_FOUND, "'%s' holds no saved_model.pb and no saved_model.pbtxt", path);
}

static int has_tag(const Tf__MetaGraphDef *g, const char *tag) {
  for (size_t i = 0; g->meta_info_def != NULL && i < g->meta_info_def->n_tags; i++)
    if (strcmp(g->meta_info_def->tags[i], tag) == 0) return 1;
  return 0;
}

static int same_tags(const Tf__MetaGraphDef *g, const char *const *tags, uint32_t n) {
  if ((g->meta_info_def ? g->meta_info_def->n_tags : 0) != n) return 0;
  for (uint32_t i = 0; i < n; i++)
    if (!has_tag(g, tags[i])) return 0;
  return 1;
}

static rn_status *no_such_tags(scratch *s, const Tf__SavedModel *m, const char *origin) {
  const char *text = "";
  for (size_t i = 0; i < m->n_meta_graphs && text != NULL; i++) {
    const Tf__MetaGraphDef__MetaInfoDef *info = m->meta_graphs[i]->meta_info_def;
    text = scratch_print(s, "%s%s{", text, i ? ", " : "");
    for (size_t k = 0; info != NULL && text != NULL && k < info->n_tags; k++)
      text = scratch_print(s, "%s%s%s", text, k ? ", " : "", info->tags[k]);
    if (text != NULL) text = scratch_print(s, "%s}", text);
  }
  if (text == NULL) return out_of_memory();
  return rn_status_make(RN_NOT_FOUND, "'%s' has no metagraph with exactly these tags; there are: %s", origin, text);
}

static rn_status *choose(scratch *s, Tf__SavedModel *m, const char *origin, const char *const *tags, uint32_t n_tags,
                         Tf__MetaGraphDef **out) {
  for (size_t i = 0; i < m->n_meta_graphs; i++) {
    if (n_tags == 0 ? m->n_meta_graphs != 1 : !same_tags(m->meta_graphs[i], tags, n_tags)) continue;
    *out = m->meta_graphs[i];
    m->meta_graphs[i] = m->meta_graphs[--m->n_meta_graphs]; /* out of the message's hands */
    return NULL;
  }
  return no_such_tags(s, m, origin);
}

static rn_status *read_model(scratch *s, rn_runtime *rt, const char *path, const char *const *tags, uint32_t n_tags,
                             uint32_t flags, rn_metagraph **out) {
  void *data;
  size_t n;
  ProtobufCMessage *model;
  RN_TRY(find_file(s, path, &path));
  RN_TRY(file_read(path, &data, &n));
  rn_status *e = message_parse(&tf__saved_model__descriptor, data, n, file_format(path), path, &model);
  free(data);
  if (e != NULL) return e;
  Tf__MetaGraphDef *def = NULL;
  e = choose(s, (Tf__SavedModel *)model, path, tags, n_tags, &def);
  protobuf_c_message_free_unpacked(model, NULL);
  return e ? e : metagraph_from(rt, def, path, flags, out);
}

rn_status *rn_saved_model_read(rn_runtime *rt, const char *path, const char *const *tags, uint32_t n_tags,
                               uint32_t flags, rn_metagraph **out) {
  scratch s = {NULL, NULL};
  rn_status *e = read_model(&s, rt, path, tags, n_tags, flags, out);
  scratch_finish(&s);
  return e;
}
