/* metagraph.c - a MetaGraphDef: life, saver, tags, assets (frontends/graphdef). */
#include "metagraph.h"
#include <stdlib.h>
#include <string.h>
#include "export.h"
#include "import.h"

void *message_new(message_type type) {
  ProtobufCMessage *m = calloc(1, type->sizeof_message);
  if (m != NULL) protobuf_c_message_init(type, m);
  return m;
}

int text_set(char **field, const char *text) {
  char *copy = strdup(text ? text : "");
  if (copy == NULL) return 0;
  if (*field != protobuf_c_empty_string) free(*field);
  *field = copy;
  return 1;
}

void *repeated_room(void *items_field, size_t n, size_t size) {
  char *items, *more;
  memcpy(&items, items_field, sizeof items);
  more = realloc(items, (n + 1) * size);
  if (more == NULL) return NULL;
  memcpy(items_field, &more, sizeof more);
  return memset(more + n * size, 0, size);
}

static rn_status *metagraph_new(Tf__MetaGraphDef *def /* given */, rn_metagraph **out) {
  *out = def ? calloc(1, sizeof **out) : NULL;
  if (*out != NULL) {
    (*out)->def = def;
    return NULL;
  }
  if (def != NULL) tf__meta_graph_def__free_unpacked(def, NULL);
  return out_of_memory();
}

rn_status *rn_metagraph_create(rn_graph *g, rn_metagraph **out) {
  RN_TRY(metagraph_new(message_new(&tf__meta_graph_def__descriptor), out));
  (*out)->graph = g;
  return NULL;
}

rn_status *metagraph_from(rn_runtime *rt, Tf__MetaGraphDef *def, const char *origin, uint32_t flags,
                          rn_metagraph **out) {
  rn_metagraph *m;
  RN_TRY(metagraph_new(def, &m));
  Tf__GraphDef empty = TF__GRAPH_DEF__INIT;
  rn_status *s = import_graph(rt, def->graph_def ? def->graph_def : &empty, origin, flags, &m->graph);
  m->owns_graph = 1;
  if (def->graph_def != NULL) tf__graph_def__free_unpacked(def->graph_def, NULL);
  def->graph_def = NULL;
  if (s != NULL) {
    rn_metagraph_destroy(m);
    return s;
  }
  *out = m;
  return NULL;
}

rn_status *rn_metagraph_parse(rn_runtime *rt, const void *data, size_t size_bytes, int format, const char *origin,
                              uint32_t flags, rn_metagraph **out) {
  ProtobufCMessage *def;
  RN_TRY(message_parse(&tf__meta_graph_def__descriptor, data, size_bytes, format, origin, &def));
  return metagraph_from(rt, (Tf__MetaGraphDef *)def, origin, flags, out);
}

rn_status *rn_metagraph_read(rn_runtime *rt, const char *path, uint32_t flags, rn_metagraph **out) {
  void *data;
  size_t n;
  RN_TRY(file_read(path, &data, &n));
  rn_status *s = rn_metagraph_parse(rt, data, n, file_format(path), path, flags, out);
  free(data);
  return s;
}

Tf__MetaGraphDef__MetaInfoDef *metagraph_info(rn_metagraph *m) {
  if (m->def->meta_info_def == NULL)
    m->def->meta_info_def = message_new(&tf__meta_graph_def__meta_info_def__descriptor);
  return m->def->meta_info_def;
}

/* Lends the exported graph and op list to the message while it is written. */
rn_status *rn_metagraph_write(rn_metagraph *m, const char *path, int format) {
  scratch memory = {NULL, NULL};
  Tf__GraphDef *graph = NULL;
  Tf__OpList *ops = NULL;
  Tf__MetaGraphDef__MetaInfoDef *info = metagraph_info(m);
  if (info == NULL) return out_of_memory();
  if (info->tensorflow_version[0] == '\0' && !text_set(&info->tensorflow_version, "1.15.0")) return out_of_memory();
  rn_status *s = export_graph(&memory, m->graph, &graph);
  if (s == NULL) s = export_op_list(&memory, m->graph, &ops);
  if (s == NULL) {
    Tf__OpList *before = info->stripped_op_list;
    m->def->graph_def = graph;
    info->stripped_op_list = ops;
    s = message_write(&m->def->base, path, format);
    m->def->graph_def = NULL;
    info->stripped_op_list = before;
  }
  scratch_finish(&memory);
  return s;
}

void rn_metagraph_destroy(rn_metagraph *m) {
  if (m == NULL) return;
  if (m->owns_graph) rn_graph_destroy(m->graph);
  if (m->variable != NULL) protobuf_c_message_free_unpacked(m->variable, NULL);
  tf__meta_graph_def__free_unpacked(m->def, NULL);
  free(m);
}

rn_graph *rn_metagraph_graph(const rn_metagraph *m) { return m->graph; }

rn_graph *rn_metagraph_take_graph(rn_metagraph *m) {
  m->owns_graph = 0;
  return m->graph;
}

const char *rn_metagraph_tensorflow_version(const rn_metagraph *m) {
  return m->def->meta_info_def ? m->def->meta_info_def->tensorflow_version : "";
}

int rn_metagraph_saver(const rn_metagraph *m, rn_saver_def *out) {
  const Tf__SaverDef *d = m->def->saver_def;
  if (d == NULL) return 0;
  *out = (rn_saver_def){d->filename_tensor_name, d->save_tensor_name, d->restore_op_name,
                        d->max_to_keep,          d->sharded != 0,     d->keep_checkpoint_every_n_hours,
                        (int32_t)d->version};
  return 1;
}

rn_status *rn_metagraph_set_saver(rn_metagraph *m, const rn_saver_def *s) {
  if (m->def->saver_def == NULL) m->def->saver_def = message_new(&tf__saver_def__descriptor);
  Tf__SaverDef *d = m->def->saver_def;
  if (d == NULL || !text_set(&d->filename_tensor_name, s->filename_tensor) ||
      !text_set(&d->save_tensor_name, s->save_tensor) || !text_set(&d->restore_op_name, s->restore_op))
    return out_of_memory();
  d->max_to_keep = s->max_to_keep;
  d->sharded = s->sharded != 0;
  d->keep_checkpoint_every_n_hours = s->keep_every_hours;
  d->version = (Tf__SaverDef__CheckpointFormatVersion)s->version;
  return NULL;
}

uint32_t rn_metagraph_tag_count(const rn_metagraph *m) {
  return m->def->meta_info_def ? (uint32_t)m->def->meta_info_def->n_tags : 0;
}

const char *rn_metagraph_tag(const rn_metagraph *m, uint32_t i) {
  return i < rn_metagraph_tag_count(m) ? m->def->meta_info_def->tags[i] : NULL;
}

rn_status *rn_metagraph_add_tag(rn_metagraph *m, const char *tag) {
  Tf__MetaGraphDef__MetaInfoDef *info = metagraph_info(m);
  char **at = info ? repeated_room(&info->tags, info->n_tags, sizeof *at) : NULL;
  if (at == NULL || (*at = strdup(tag)) == NULL) return out_of_memory();
  info->n_tags++;
  return NULL;
}

uint32_t rn_metagraph_asset_count(const rn_metagraph *m) { return (uint32_t)m->def->n_asset_file_def; }

int rn_metagraph_asset(const rn_metagraph *m, uint32_t i, const char **out_tensor, const char **out_file) {
  if (i >= m->def->n_asset_file_def) return 0;
  const Tf__AssetFileDef *a = m->def->asset_file_def[i];
  int named = a->tensor_info != NULL && a->tensor_info->encoding_case == TF__TENSOR_INFO__ENCODING_NAME;
  *out_tensor = named ? a->tensor_info->name : "";
  *out_file = a->filename;
  return 1;
}
