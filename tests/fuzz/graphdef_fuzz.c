/* graphdef_fuzz.c - any bytes as a GraphDef, binary and text; what is accepted must survive writing. */
#include <stdlib.h>
#include <runnel/graphdef.h>

static void try_format(rn_runtime *rt, const uint8_t *data, size_t size, int format) {
  rn_graph *g = NULL;
  rn_status *s = rn_graphdef_parse(rt, data, size, format, "fuzz", RN_GRAPH_ALLOW_UNKNOWN_OPS, &g);
  if (s == NULL) {
    void *text = NULL;
    size_t n;
    rn_status_free(rn_graphdef_print(g, RN_FILE_TEXT, &text, &n));
    free(text);
    rn_graph_destroy(g);
  }
  rn_status_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static rn_runtime *rt;
  if (rt == NULL) rn_status_free(rn_runtime_create(NULL, &rt));
  if (rt == NULL) return 0;
  try_format(rt, data, size, RN_FILE_BINARY);
  try_format(rt, data, size, RN_FILE_TEXT);
  return 0;
}
