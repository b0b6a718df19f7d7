/* graphdef.c - GraphDef files in and out (frontends/graphdef). */
#include <runnel/graphdef.h>
#include <stdlib.h>
#include "export.h"
#include "import.h"

rn_status *rn_graphdef_parse(rn_runtime *rt, const void *data, size_t size_bytes, int format, const char *origin,
                             uint32_t flags, rn_graph **out) {
  ProtobufCMessage *def;
  RN_TRY(message_parse(&tf__graph_def__descriptor, data, size_bytes, format, origin, &def));
  rn_status *s = import_graph(rt, (const Tf__GraphDef *)def, origin, flags, out);
  protobuf_c_message_free_unpacked(def, NULL);
  return s;
}

rn_status *rn_graphdef_read(rn_runtime *rt, const char *path, uint32_t flags, rn_graph **out) {
  void *data;
  size_t n;
  RN_TRY(file_read(path, &data, &n));
  rn_status *s = rn_graphdef_parse(rt, data, n, file_format(path), path, flags, out);
  free(data);
  return s;
}

rn_status *rn_graphdef_print(const rn_graph *g, int format, void **out_data, size_t *out_size_bytes) {
  scratch memory = {NULL, NULL};
  Tf__GraphDef *def;
  rn_status *s = export_graph(&memory, g, &def);
  if (s == NULL) s = message_print(&def->base, format, out_data, out_size_bytes);
  scratch_finish(&memory);
  return s;
}

rn_status *rn_graphdef_write(const rn_graph *g, const char *path, int format) {
  void *data;
  size_t n;
  RN_TRY(rn_graphdef_print(g, format, &data, &n));
  rn_status *s = file_write(path, data, n);
  free(data);
  return s;
}
