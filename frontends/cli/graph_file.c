/* graph_file.c - a graph from whatever file the user names (frontends/cli). */
#include "graph_file.h"
#include <runnel/graphdef.h>
#include <string.h>
#include <sys/stat.h>

static int ends_with(const char *s, const char *end) {
  size_t n = strlen(s), m = strlen(end);
  return n >= m && strcmp(s + n - m, end) == 0;
}

static rn_status *take(rn_metagraph *m, rn_graph **out) {
  *out = rn_metagraph_take_graph(m);
  rn_metagraph_destroy(m);
  return NULL;
}

rn_status *graph_file_read(rn_runtime *rt, const char *path, rn_graph **out) {
  struct stat st;
  rn_metagraph *m = NULL;
  if ((stat(path, &st) == 0 && S_ISDIR(st.st_mode)) || ends_with(path, "saved_model.pb") ||
      ends_with(path, "saved_model.pbtxt")) {
    RN_TRY(rn_saved_model_read(rt, path, NULL, 0, RN_GRAPH_ALLOW_UNKNOWN_OPS, &m));
    return take(m, out);
  }
  if (ends_with(path, ".meta")) {
    RN_TRY(rn_metagraph_read(rt, path, RN_GRAPH_ALLOW_UNKNOWN_OPS, &m));
    return take(m, out);
  }
  return rn_graphdef_read(rt, path, RN_GRAPH_ALLOW_UNKNOWN_OPS, out);
}
