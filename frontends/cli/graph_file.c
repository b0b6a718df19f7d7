/* graph_file.c - a graph from whatever file the user names (frontends/cli). */
#include "graph_file.h"
#include <runnel/graphdef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int ends_with(const char *s, const char *end) {
  size_t n = strlen(s), m = strlen(end);
  return n >= m && strcmp(s + n - m, end) == 0;
}

/* "DIR/model-7.meta" -> "DIR/model-7"; a saved model's folder or file -> "DIR/variables/variables". */
static rn_status *prefix_of(const char *path, char **out) {
  size_t n = strlen(path);
  const char *tail = "";
  if (ends_with(path, ".meta")) {
    n -= strlen(".meta");
  } else {
    const char *slash = strrchr(path, '/');
    if (ends_with(path, ".pb") || ends_with(path, ".pbtxt")) n = slash ? (size_t)(slash - path) : 0;
    tail = n ? "/variables/variables" : "variables/variables";
  }
  size_t size = n + strlen(tail) + 1;
  char *prefix = malloc(size);
  if (prefix == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory");
  snprintf(prefix, size, "%.*s%s", (int)n, path, tail);
  *out = prefix;
  return NULL;
}

/* A checkpoint is PREFIX.index with its data, or in the old format PREFIX alone. */
static int is_checkpoint(const char *prefix) {
  char index[4096];
  int n = snprintf(index, sizeof index, "%s.index", prefix);
  return n > 0 && (size_t)n < sizeof index && (access(index, F_OK) == 0 || access(prefix, F_OK) == 0);
}

static rn_status *find_saver(const rn_metagraph *m, const char *path, graph_saver *out) {
  rn_saver_def def;
  if (!rn_metagraph_saver(m, &def)) return NULL;
  const rn_graph *g = rn_metagraph_graph(m);
  RN_TRY(rn_graph_find_value(g, def.filename_tensor, &out->filename));
  out->restore = rn_graph_find(g, def.restore_op);
  if (out->restore == RN_NO_NODE)
    return rn_status_make(RN_DATA_LOSS, "%s: its saver restores with node '%s', which the graph has not", path,
                          def.restore_op);
  RN_TRY(prefix_of(path, &out->prefix));
  if (is_checkpoint(out->prefix)) return NULL;
  free(out->prefix);
  out->prefix = NULL;
  return NULL;
}

static rn_status *read_metagraph(rn_runtime *rt, const char *path, rn_metagraph **out) {
  if (ends_with(path, ".meta")) return rn_metagraph_read(rt, path, RN_GRAPH_ALLOW_UNKNOWN_OPS, out);
  return rn_saved_model_read(rt, path, NULL, 0, RN_GRAPH_ALLOW_UNKNOWN_OPS, out);
}

rn_status *graph_file_read_saver(rn_runtime *rt, const char *path, rn_graph **out, graph_saver *out_saver) {
  struct stat st;
  rn_metagraph *m = NULL;
  rn_status *e = NULL;
  if (out_saver) *out_saver = (graph_saver){NULL, RN_NO_VALUE, RN_NO_NODE};
  if (!(stat(path, &st) == 0 && S_ISDIR(st.st_mode)) && !ends_with(path, "saved_model.pb") &&
      !ends_with(path, "saved_model.pbtxt") && !ends_with(path, ".meta"))
    return rn_graphdef_read(rt, path, RN_GRAPH_ALLOW_UNKNOWN_OPS, out);
  RN_TRY(read_metagraph(rt, path, &m));
  if (out_saver) e = find_saver(m, path, out_saver);
  if (e == NULL) *out = rn_metagraph_take_graph(m);
  rn_metagraph_destroy(m);
  return e;
}

rn_status *graph_file_read(rn_runtime *rt, const char *path, rn_graph **out) {
  return graph_file_read_saver(rt, path, out, NULL);
}
