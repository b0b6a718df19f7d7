/* graphdef_fuzz.c - any bytes as a GraphDef, binary and text; what is accepted must survive writing (tests/fuzz).
 *
 * With RUNNEL_PLUGIN_PATH set, the inference functions of the plugins' ops meet hostile graphs too. */
#include <runnel/graphdef.h>
#include <stdio.h>
#include <stdlib.h>

static void print_and_read(rn_runtime *rt, const rn_graph *g, int format) {
  void *bytes = NULL;
  size_t n = 0;
  rn_graph *again = NULL;
  rn_status *s = rn_graphdef_print(g, format, &bytes, &n);
  if (s == NULL) {
    s = rn_graphdef_parse(rt, bytes, n, format, "again", RN_GRAPH_ALLOW_UNKNOWN_OPS, &again);
    if (s != NULL && rn_status_code(s) != RN_RESOURCE_EXHAUSTED) {
      fprintf(stderr, "%.*s\n%s\n", format == RN_FILE_TEXT ? (int)n : 0, (char *)bytes, rn_status_message(s));
      abort();
    }
    rn_graph_destroy(again);
  }
  rn_status_free(s);
  free(bytes);
}

static void try_format(rn_runtime *rt, const uint8_t *data, size_t size, int format) {
  rn_graph *g = NULL;
  rn_status *s = rn_graphdef_parse(rt, data, size, format, "fuzz", RN_GRAPH_ALLOW_UNKNOWN_OPS, &g);
  if (s == NULL) {
    print_and_read(rt, g, RN_FILE_TEXT);
    print_and_read(rt, g, RN_FILE_BINARY);
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
