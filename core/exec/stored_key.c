/* exec/stored_key.c - what the program of a claimed part depends on, in 128 bits (core/exec).
 *
 * Nodes are told by their order in the part, so the same part in another graph has the same key as long as its
 * names are the same: compilers may look at names, so they count. Of what goes in, shapes and types count, and
 * the content where the layout knows it. */
#include "base/map.h"
#include "exec/stored.h"

typedef struct digest {
  uint64_t a, b;
} digest;

static void add(digest *d, const void *bytes, size_t n) {
  d->a = rn_hash_bytes(bytes, n, d->a);
  d->b = rn_hash_bytes(bytes, n, d->b ^ 0x9e3779b97f4a7c15u);
}
static void add_number(digest *d, uint64_t x) { add(d, &x, sizeof x); }
static void add_text(digest *d, const char *text) { add(d, text != NULL ? text : "", text != NULL ? strlen(text) : 0); }
static void add_bytes(digest *d, rn_bytes b) { add(d, b.data, (size_t)b.size); }

static void add_shape(digest *d, const rn_shape *s) {
  if (s == NULL) return add_number(d, UINT64_MAX);
  add_number(d, (uint64_t)(int64_t)s->rank);
  for (int32_t i = 0; i < s->rank; i++) add_number(d, (uint64_t)s->dim[i]);
}

static void add_view(digest *d, const rn_tensor_view *v) {
  add_number(d, (uint64_t)v->dtype);
  add_shape(d, &v->shape);
  if (v->dtype != RN_STRING) return add(d, v->data, (size_t)v->size_bytes);
  for (int64_t i = 0; v->tensor != NULL && i < rn_tensor_count(v->tensor); i++)
    add_bytes(d, rn_tensor_string(v->tensor, i));
}

static void add_tensor(digest *d, rn_tensor *t) {
  rn_tensor_view v = {.struct_size = (uint32_t)sizeof v};
  if (t == NULL) return add_number(d, 0);
  exec_view_tensor(t, &v);
  v.tensor = t;
  add_view(d, &v);
}

static void add_item(digest *d, uint32_t type, const void *list, uint32_t i) {
  switch (type) {
    case RN_ATTR_INT:
      return add_number(d, (uint64_t)((const int64_t *)list)[i]);
    case RN_ATTR_FLOAT:
      return add(d, (const float *)list + i, sizeof(float));
    case RN_ATTR_BOOL:
      return add_number(d, ((const uint8_t *)list)[i]);
    case RN_ATTR_TYPE:
      return add_number(d, (uint64_t)((const rn_dtype *)list)[i]);
    case RN_ATTR_SHAPE:
      return add_shape(d, (const rn_shape *)list + i);
    case RN_ATTR_TENSOR:
      return add_tensor(d, ((rn_tensor *const *)list)[i]);
    default:
      return add_bytes(d, ((const rn_bytes *)list)[i]);
  }
}

static void add_attr(digest *d, const rn_attr_value *v) {
  uint32_t type = v->type & ~(uint32_t)RN_ATTR_LIST;
  add_number(d, v->type);
  add_number(d, v->count);
  if ((v->type & RN_ATTR_LIST) == 0)
    return add_item(d, type, type == RN_ATTR_SHAPE ? (const void *)v->u.shape : &v->u, 0);
  for (uint32_t i = 0; i < v->count; i++) add_item(d, type, v->u.list, i);
}

static void add_attrs(digest *d, const exec_subgraph *g, rn_node_id id) {
  const rn_graph_view_api *view = g->pub.view;
  for (uint32_t i = 0; i < view->attr_count(g->pub.graph, id); i++) {
    rn_attr_value v;
    const char *name = view->attr_name(g->pub.graph, id, i);
    rn_status *s = view->attr(g->pub.graph, id, name, 0, &v);
    add_text(d, name);
    if (s == NULL) add_attr(d, &v);
    rn_status_free(s);
  }
}

/* Where a value comes from: the how-manieth node, input or variable of the part. */
static void add_source(digest *d, const exec_subgraph *g, rn_value v) {
  const rn_subgraph *s = &g->pub;
  const rn_value *list[] = {s->in, s->cells};
  const uint32_t count[] = {s->n_in, s->n_cells};
  add_number(d, v.port);
  for (uint32_t m = 0; m < s->n_nodes; m++)
    if (s->nodes[m] == v.node) return add_number(d, m);
  for (uint32_t k = 0; k < 2; k++)
    for (uint32_t i = 0; i < count[k]; i++)
      if (list[k][i].node == v.node && list[k][i].port == v.port) return add_number(d, (uint64_t)(k + 1) << 32 | i);
  add_number(d, UINT64_MAX);
}

static void add_known(digest *d, const exec_subgraph *g, rn_value v) {
  const rn_tensor_view *content = g->pub.value_of(&g->pub, v);
  add_number(d, (uint64_t)g->pub.view->dtype(g->pub.graph, v));
  add_shape(d, g->pub.shape_of(&g->pub, v));
  if (content != NULL) add_view(d, content);
}

static void add_node(digest *d, const exec_subgraph *g, rn_node_id id) {
  const rn_graph_view_api *view = g->pub.view;
  const rn_graph *graph = g->pub.graph;
  add_text(d, view->op(graph, id));
  add_text(d, view->name(graph, id));
  add_attrs(d, g, id);
  for (uint32_t i = 0; i < view->input_count(graph, id); i++) add_source(d, g, view->input(graph, id, i));
  for (uint32_t o = 0; o < view->output_count(graph, id); o++) add_known(d, g, (rn_value){id, o});
}

static void add_named(digest *d, const exec_subgraph *g, const rn_value *list, uint32_t n) {
  add_number(d, n);
  for (uint32_t i = 0; i < n; i++) {
    add_text(d, g->pub.view->name(g->pub.graph, list[i].node));
    add_known(d, g, list[i]);
  }
}

static void add_makers(digest *d, const exec_subgraph *g) {
  const exec_claim *c = g->node->claim;
  const exec_device *device = g->node->device;
  rn_maker maker = rn_registry_maker(g->layout->plan->session->rt, c->host);
  add_text(d, maker.id);
  add_text(d, maker.version);
  add_text(d, maker.build);
  add_text(d, c->def->name);
  add_text(d, device->type->def->type);
  add_text(d, device->info.name);
  add_text(d, device->info.driver);
  add(d, device->info.uuid, sizeof device->info.uuid);
  if (c->def->fingerprint != NULL) add_number(d, c->def->fingerprint(c->host, device->handle));
}

rn_program_key exec_stored_key(const exec_subgraph *g) {
  const rn_subgraph *s = &g->pub;
  digest d = {1, 2};
  add_makers(&d, g);
  add_named(&d, g, s->in, s->n_in);
  add_named(&d, g, s->cells, s->n_cells);
  add_number(&d, s->n_nodes);
  for (uint32_t m = 0; m < s->n_nodes; m++) add_node(&d, g, s->nodes[m]);
  add_number(&d, s->n_out);
  for (uint32_t o = 0; o < s->n_out; o++) add_source(&d, g, s->out[o]);
  for (uint32_t o = 0; o < s->n_out; o++) add_number(&d, s->out_unread[o]);
  return (rn_program_key){{d.a, d.b}};
}
