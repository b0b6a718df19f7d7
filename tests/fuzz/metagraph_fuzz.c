/* metagraph_fuzz.c - any bytes as a MetaGraphDef, binary and text, and as a SavedModel (tests/fuzz).
 * Everything that can be asked of what is accepted is asked. */
#include <runnel/graphdef.h>
#include <stdlib.h>
#include <string.h>
#include "memory_file.h"

static void walk_collection(rn_metagraph *m, const char *name) {
  uint32_t n = 0;
  int kind = rn_metagraph_collection(m, name, &n);
  if (kind == RN_COLLECT_NONE) n = 0;
  for (uint32_t i = 0; i <= n; i++) {
    rn_bytes bytes;
    int64_t integer;
    float real;
    rn_variable_def v;
    (void)rn_metagraph_collected(m, name, i, &bytes);
    (void)rn_metagraph_collected_int(m, name, i, &integer);
    (void)rn_metagraph_collected_float(m, name, i, &real);
    rn_status_free(rn_metagraph_variable(m, name, i, &v));
  }
}

static void walk_signature(rn_metagraph *m, uint32_t i) {
  rn_signature_info info;
  rn_signature_tensor t;
  size_t bytes = 0;
  if (!rn_metagraph_signature(m, i, &info)) return;
  for (uint32_t k = 0; k <= info.n_inputs; k++)
    if (rn_metagraph_signature_input(m, i, k, &t)) bytes += strlen(t.key) + strlen(t.tensor);
  for (uint32_t k = 0; k <= info.n_outputs; k++)
    if (rn_metagraph_signature_output(m, i, k, &t)) bytes += strlen(t.key) + strlen(t.tensor);
  if (bytes == (size_t)-1) abort();
}

static void walk(rn_metagraph *m) {
  rn_saver_def saver;
  const char *tensor, *file;
  size_t bytes = strlen(rn_metagraph_tensorflow_version(m));
  if (rn_metagraph_saver(m, &saver)) bytes += strlen(saver.filename_tensor) + strlen(saver.restore_op);
  for (uint32_t i = 0; i < rn_metagraph_collection_count(m); i++)
    walk_collection(m, rn_metagraph_collection_name(m, i));
  for (uint32_t i = 0; i < rn_metagraph_signature_count(m); i++) walk_signature(m, i);
  for (uint32_t i = 0; i < rn_metagraph_tag_count(m); i++) bytes += strlen(rn_metagraph_tag(m, i));
  for (uint32_t i = 0; i < rn_metagraph_asset_count(m); i++)
    if (rn_metagraph_asset(m, i, &tensor, &file)) bytes += strlen(tensor) + strlen(file);
  if (rn_metagraph_graph(m) == NULL || bytes == (size_t)-1) abort();
}

static void take(rn_status *s, rn_metagraph **m) {
  if (s == NULL) {
    walk(*m);
    rn_metagraph_destroy(*m);
  }
  rn_status_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static rn_runtime *rt;
  static const char *const serve[] = {"serve"};
  rn_metagraph *m = NULL;
  memory_file f;
  if (rt == NULL) rn_status_free(rn_runtime_create(NULL, &rt));
  if (rt == NULL) return 0;
  take(rn_metagraph_parse(rt, data, size, RN_FILE_BINARY, "fuzz", RN_GRAPH_ALLOW_UNKNOWN_OPS, &m), &m);
  take(rn_metagraph_parse(rt, data, size, RN_FILE_TEXT, "fuzz", RN_GRAPH_ALLOW_UNKNOWN_OPS, &m), &m);
  if (!memory_file_open(&f, data, size)) return 0;
  take(rn_saved_model_read(rt, f.path, NULL, 0, RN_GRAPH_ALLOW_UNKNOWN_OPS, &m), &m);
  take(rn_saved_model_read(rt, f.path, serve, 1, RN_GRAPH_ALLOW_UNKNOWN_OPS, &m), &m);
  memory_file_close(&f);
  return 0;
}
