/* collection.c - a metagraph's collections (frontends/graphdef). */
#include <stdlib.h>
#include <string.h>
#include "metagraph.h"

uint32_t rn_metagraph_collection_count(const rn_metagraph *m) { return (uint32_t)m->def->n_collection_def; }

const char *rn_metagraph_collection_name(const rn_metagraph *m, uint32_t i) {
  return i < m->def->n_collection_def ? m->def->collection_def[i]->key : NULL;
}

static Tf__CollectionDef *find(const rn_metagraph *m, const char *name) {
  for (size_t i = 0; i < m->def->n_collection_def; i++)
    if (strcmp(m->def->collection_def[i]->key, name) == 0) return m->def->collection_def[i]->value;
  return NULL;
}

/* All five kinds are one message: a base and one repeated field `value`. */
typedef struct list_message {
  ProtobufCMessage base;
  size_t n;
  void *items;
} list_message;
_Static_assert(offsetof(list_message, items) == offsetof(Tf__CollectionDef__BytesList, value) &&
                   sizeof(list_message) == sizeof(Tf__CollectionDef__FloatList),
               "the kinds of collections have one layout");

static list_message *list_of(const Tf__CollectionDef *c) { return (list_message *)c->node_list; }

int rn_metagraph_collection(const rn_metagraph *m, const char *name, uint32_t *out_count) {
  const Tf__CollectionDef *c = find(m, name);
  if (out_count != NULL) *out_count = 0;
  if (c == NULL || c->kind_case == TF__COLLECTION_DEF__KIND__NOT_SET) return RN_COLLECT_NONE;
  if (out_count != NULL) *out_count = (uint32_t)list_of(c)->n;
  return (int)c->kind_case;
}

static const Tf__CollectionDef *item_of(const rn_metagraph *m, const char *name, uint32_t i) {
  const Tf__CollectionDef *c = find(m, name);
  return c && c->kind_case != TF__COLLECTION_DEF__KIND__NOT_SET && i < list_of(c)->n ? c : NULL;
}

int rn_metagraph_collected(const rn_metagraph *m, const char *name, uint32_t i, rn_bytes *out) {
  const Tf__CollectionDef *c = item_of(m, name, i);
  const ProtobufCBinaryData *b = NULL;
  if (c == NULL) return 0;
  if (c->kind_case == TF__COLLECTION_DEF__KIND_NODE_LIST) {
    *out = (rn_bytes){c->node_list->value[i], strlen(c->node_list->value[i])};
    return 1;
  }
  if (c->kind_case == TF__COLLECTION_DEF__KIND_BYTES_LIST) b = &c->bytes_list->value[i];
  if (c->kind_case == TF__COLLECTION_DEF__KIND_ANY_LIST) b = &c->any_list->value[i]->value;
  if (b != NULL) *out = (rn_bytes){b->len ? (const char *)b->data : "", b->len};
  return b != NULL;
}

int rn_metagraph_collected_int(const rn_metagraph *m, const char *name, uint32_t i, int64_t *out) {
  const Tf__CollectionDef *c = item_of(m, name, i);
  if (c == NULL || c->kind_case != TF__COLLECTION_DEF__KIND_INT64_LIST) return 0;
  *out = c->int64_list->value[i];
  return 1;
}

int rn_metagraph_collected_float(const rn_metagraph *m, const char *name, uint32_t i, float *out) {
  const Tf__CollectionDef *c = item_of(m, name, i);
  if (c == NULL || c->kind_case != TF__COLLECTION_DEF__KIND_FLOAT_LIST) return 0;
  *out = c->float_list->value[i];
  return 1;
}

static Tf__CollectionDef *collection_new(rn_metagraph *m, const char *name) {
  Tf__MetaGraphDef__CollectionEntry *e = message_new(&tf__meta_graph_def__collection_entry__descriptor);
  if (e == NULL) return NULL;
  e->value = message_new(&tf__collection_def__descriptor);
  void **at = e->value && text_set(&e->key, name)
                  ? repeated_room(&m->def->collection_def, m->def->n_collection_def, sizeof *at)
                  : NULL;
  if (at == NULL) {
    protobuf_c_message_free_unpacked(&e->base, NULL);
    return NULL;
  }
  *at = e;
  m->def->n_collection_def++;
  return e->value;
}

/* The list of a collection, made when missing, with room for one more item of `size` bytes at *out_at. */
static rn_status *open_list(rn_metagraph *m, const char *name, int kind, size_t size, list_message **out,
                            void *out_at) {
  static const message_type types[] = {
      NULL, &tf__collection_def__node_list__descriptor, &tf__collection_def__bytes_list__descriptor,
      &tf__collection_def__int64_list__descriptor, &tf__collection_def__float_list__descriptor};
  static const char *const words[] = {"nothing", "nodes", "bytes", "integers", "floats", "Any"};
  Tf__CollectionDef *c = find(m, name);
  if (c == NULL && (c = collection_new(m, name)) == NULL) return out_of_memory();
  if (c->kind_case == TF__COLLECTION_DEF__KIND__NOT_SET) {
    c->node_list = message_new(types[kind]);
    if (c->node_list == NULL) return out_of_memory();
    c->kind_case = (Tf__CollectionDef__KindCase)kind;
  }
  if ((int)c->kind_case != kind)
    return rn_status_make(RN_INVALID_ARGUMENT, "collection '%s' holds %s, not %s", name, words[c->kind_case],
                          words[kind]);
  *out = list_of(c);
  void *at = repeated_room(&(*out)->items, (*out)->n, size);
  memcpy(out_at, &at, sizeof at);
  return at ? NULL : out_of_memory();
}

rn_status *rn_metagraph_collect_node(rn_metagraph *m, const char *name, const char *node) {
  list_message *l;
  char **at;
  RN_TRY(open_list(m, name, RN_COLLECT_NODES, sizeof *at, &l, &at));
  if ((*at = strdup(node)) == NULL) return out_of_memory();
  l->n++;
  return NULL;
}

rn_status *rn_metagraph_collect_bytes(rn_metagraph *m, const char *name, rn_bytes item) {
  list_message *l;
  ProtobufCBinaryData *at;
  RN_TRY(open_list(m, name, RN_COLLECT_BYTES, sizeof *at, &l, &at));
  at->data = malloc(item.size ? item.size : 1);
  if (at->data == NULL) return out_of_memory();
  if (item.size) memcpy(at->data, item.data, item.size);
  at->len = item.size;
  l->n++;
  return NULL;
}

rn_status *rn_metagraph_collect_int(rn_metagraph *m, const char *name, int64_t item) {
  list_message *l;
  int64_t *at;
  RN_TRY(open_list(m, name, RN_COLLECT_INTS, sizeof *at, &l, &at));
  *at = item;
  l->n++;
  return NULL;
}

rn_status *rn_metagraph_collect_float(rn_metagraph *m, const char *name, float item) {
  list_message *l;
  float *at;
  RN_TRY(open_list(m, name, RN_COLLECT_FLOATS, sizeof *at, &l, &at));
  *at = item;
  l->n++;
  return NULL;
}

static char *or_empty(const char *text) { return (char *)(uintptr_t)(text ? text : ""); }

rn_status *rn_metagraph_collect_variable(rn_metagraph *m, const char *name, const rn_variable_def *v) {
  Tf__VariableDef d = TF__VARIABLE_DEF__INIT;
  d.variable_name = or_empty(v->variable);
  d.initializer_name = or_empty(v->initializer);
  d.snapshot_name = or_empty(v->snapshot);
  d.initial_value_name = or_empty(v->initial_value);
  d.trainable = v->trainable != 0;
  d.is_resource = v->is_resource != 0;
  void *data;
  size_t n;
  RN_TRY(message_print(&d.base, RN_FILE_BINARY, &data, &n));
  rn_status *s = rn_metagraph_collect_bytes(m, name, (rn_bytes){data, n});
  free(data);
  return s;
}

rn_status *rn_metagraph_variable(rn_metagraph *m, const char *name, uint32_t i, rn_variable_def *out) {
  rn_bytes b;
  if (!rn_metagraph_collected(m, name, i, &b))
    return rn_status_make(RN_OUT_OF_RANGE, "collection '%s' has no item %u that is a variable", name, i);
  if (m->variable != NULL) protobuf_c_message_free_unpacked(m->variable, NULL);
  m->variable = NULL;
  RN_TRY(message_parse(&tf__variable_def__descriptor, b.data, b.size, RN_FILE_BINARY, name, &m->variable));
  const Tf__VariableDef *d = (const Tf__VariableDef *)m->variable;
  *out = (rn_variable_def){d->variable_name,      d->initializer_name, d->snapshot_name,
                           d->initial_value_name, d->trainable != 0,   d->is_resource != 0};
  return NULL;
}
