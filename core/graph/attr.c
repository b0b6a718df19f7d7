/* graph/attr.c - attribute values: copying and reading them (core/graph).
 *
 * A copy owns all it points at: bytes and lists lie in the arena, tensors are retained by the store. */
#include "graph/node.h"
#include <stdio.h>
#include "base/text.h"

static const char *const type_names[] = {"none", "string", "int",    "float", "bool",
                                         "type", "shape",  "tensor", "func",  "placeholder"};

const char *rn_attr_type_name(uint32_t type, char buf[32]) {
  uint32_t element = type & ~(uint32_t)RN_ATTR_LIST;
  const char *name = element < sizeof type_names / sizeof type_names[0] ? type_names[element] : "unknown";
  (void)snprintf(buf, 32, type & RN_ATTR_LIST ? "list(%s)" : "%s", name);
  return buf;
}

static size_t element_size(uint32_t element) {
  switch (element) {
    case RN_ATTR_STRING:
    case RN_ATTR_FUNC:
      return sizeof(rn_bytes);
    case RN_ATTR_INT:
      return sizeof(int64_t);
    case RN_ATTR_FLOAT:
      return sizeof(float);
    case RN_ATTR_BOOL:
      return sizeof(uint8_t);
    case RN_ATTR_TYPE:
      return sizeof(rn_dtype);
    case RN_ATTR_SHAPE:
      return sizeof(rn_shape);
    case RN_ATTR_TENSOR:
      return sizeof(rn_tensor *);
    default:
      return 0;
  }
}

static rn_status *copy_bytes(rn_graph *g, rn_bytes in, rn_bytes *out) {
  if (in.size != 0 && in.data == NULL)
    return rn_status_make(RN_INVALID_ARGUMENT, "%llu bytes at a NULL pointer", (unsigned long long)in.size);
  out->data = rn_arena_text(&g->store->arena, in.data, (size_t)in.size);
  out->size = in.size;
  return out->data != NULL ? NULL : rn_graph_no_memory();
}

/* Symbols belong to a graph's inference: in an attribute they are just unknown. */
static rn_status *copy_shape(const rn_shape *in, rn_shape *out) {
  if (in->rank < -1 || in->rank > RN_MAX_RANK)
    return rn_status_make(RN_INVALID_ARGUMENT, "a shape of rank %d; at most %d is supported", in->rank, RN_MAX_RANK);
  memset(out, 0, sizeof *out);
  out->rank = in->rank;
  for (int32_t i = 0; i < in->rank; i++) out->dim[i] = in->dim[i] < 0 ? RN_DIM_UNKNOWN : in->dim[i];
  return NULL;
}

static rn_status *copy_tensor(rn_graph *g, rn_tensor *t) {
  if (t == NULL) return rn_status_make(RN_INVALID_ARGUMENT, "a NULL tensor");
  return rn_graph_keep_tensor(g, t);
}

static rn_status *copy_element(rn_graph *g, uint32_t element, void *at) {
  if (element == RN_ATTR_STRING || element == RN_ATTR_FUNC) return copy_bytes(g, *(rn_bytes *)at, at);
  if (element == RN_ATTR_TENSOR) return copy_tensor(g, *(rn_tensor **)at);
  if (element == RN_ATTR_SHAPE) {
    rn_shape s = *(rn_shape *)at;
    return copy_shape(&s, at);
  }
  return NULL;
}

static rn_status *copy_list(rn_graph *g, uint32_t element, const rn_attr_value *in, rn_attr_value *out) {
  size_t size_bytes = element_size(element);
  if (in->count != 0 && in->u.list == NULL)
    return rn_status_make(RN_INVALID_ARGUMENT, "a list of %u elements at a NULL pointer", in->count);
  char *items = rn_graph_alloc(g, in->count, size_bytes);
  if (items == NULL) return rn_graph_no_memory();
  if (in->count != 0) memcpy(items, in->u.list, in->count * size_bytes);
  out->u.list = items;
  for (uint32_t i = 0; i < in->count; i++) RN_TRY(copy_element(g, element, items + i * size_bytes));
  return NULL;
}

rn_status *rn_attr_copy_value(rn_graph *g, const rn_attr_value *in, rn_attr_value *out) {
  uint32_t element = in->type & ~(uint32_t)RN_ATTR_LIST;
  *out = *in;
  if (in->type & RN_ATTR_LIST) {
    if (element_size(element) == 0 && in->count != 0)
      return rn_status_make(RN_INVALID_ARGUMENT, "a list of elements of unknown type %u", element);
    return copy_list(g, element, in, out);
  }
  out->count = 1;
  switch (element) {
    case RN_ATTR_STRING:
    case RN_ATTR_FUNC:
    case RN_ATTR_PLACEHOLDER:
      return copy_bytes(g, in->u.bytes, &out->u.bytes);
    case RN_ATTR_TENSOR:
      return copy_tensor(g, in->u.tensor);
    case RN_ATTR_SHAPE: {
      if (in->u.shape == NULL) return rn_status_make(RN_INVALID_ARGUMENT, "a NULL shape");
      rn_shape *s = rn_graph_alloc(g, 1, sizeof *s);
      if (s == NULL) return rn_graph_no_memory();
      out->u.shape = s;
      return copy_shape(in->u.shape, s);
    }
    case RN_ATTR_INT:
    case RN_ATTR_FLOAT:
    case RN_ATTR_BOOL:
    case RN_ATTR_TYPE:
      return NULL;
    default:
      return rn_status_make(RN_INVALID_ARGUMENT, "a value of unknown type %u", in->type);
  }
}

const rn_attr *rn_attr_find_extra(const graph_node *n, const char *name) {
  for (uint32_t i = 0; i < n->n_extra; i++) {
    if (strcmp(n->extra[i].name, name) == 0) return &n->extra[i];
  }
  return NULL;
}

static const rn_attr_value *find_attr(const graph_node *n, const char *name) {
  if (n->op != NULL) {
    int32_t i = rn_signature_find_attr(n->op->sig, name, strlen(name));
    if (i >= 0) return &n->attr[i];
  }
  const rn_attr *extra = rn_attr_find_extra(n, name);
  return extra != NULL ? &extra->value : NULL;
}

rn_status *rn_graph_attr(const rn_graph *g, rn_node_id n, const char *name, uint32_t want_type, rn_attr_value *out) {
  char text[RN_NODE_TEXT], want[32], have[32];
  if (n >= g->n_nodes || name == NULL)
    return rn_status_make(RN_NOT_FOUND, "node %u of %u has no attributes", n, g->n_nodes);
  const rn_attr_value *v = find_attr(rn_node_at(g, n), name);
  if (v == NULL)
    return rn_status_make(RN_NOT_FOUND, "%s has no attribute '%.100s'", rn_node_text(g, n, text, sizeof text), name);
  if (want_type != 0 && v->type != want_type)
    return rn_status_make(RN_INVALID_ARGUMENT, "%s: attribute '%.100s' is %s, not %s",
                          rn_node_text(g, n, text, sizeof text), name, rn_attr_type_name(v->type, have),
                          rn_attr_type_name(want_type, want));
  *out = *v;
  return NULL;
}

static uint32_t signature_attrs(const graph_node *n) { return n->op != NULL ? n->op->sig->n_attr : 0; }

uint32_t rn_graph_attr_count(const rn_graph *g, rn_node_id n) {
  if (n >= g->n_nodes) return 0;
  const graph_node *node = rn_node_at(g, n);
  return signature_attrs(node) + node->n_extra;
}

const char *rn_graph_attr_name(const rn_graph *g, rn_node_id n, uint32_t i) {
  if (i >= rn_graph_attr_count(g, n)) return "";
  const graph_node *node = rn_node_at(g, n);
  uint32_t declared = signature_attrs(node);
  return i < declared ? node->op->sig->attr[i].name : node->extra[i - declared].name;
}

const rn_attr_value *rn_node_sig_attr(const rn_graph *g, rn_node_id n, uint32_t i) {
  if (n >= g->n_nodes) return NULL;
  const graph_node *node = rn_node_at(g, n);
  return i < signature_attrs(node) ? &node->attr[i] : NULL;
}

/* The list is written anew, never in place: a copy of the graph may be reading the old one. */
static rn_status *put_extra(rn_graph *g, graph_node *node, const rn_attr *a) {
  uint32_t at = 0;
  while (at < node->n_extra && strcmp(node->extra[at].name, a->name) != 0) at++;
  uint32_t count = at < node->n_extra ? node->n_extra : at + 1;
  rn_attr *list = rn_graph_alloc(g, count, sizeof *list);
  if (list == NULL) return rn_graph_no_memory();
  if (node->n_extra != 0) memcpy(list, node->extra, node->n_extra * sizeof *list);
  list[at].name = rn_arena_text(&g->store->arena, a->name, strlen(a->name));
  if (list[at].name == NULL) return rn_graph_no_memory();
  RN_TRY(rn_attr_copy_value(g, &a->value, &list[at].value));
  node->extra = list;
  node->n_extra = count;
  return NULL;
}

rn_status *rn_graph_set_attr(rn_graph *g, rn_node_id n, const rn_attr *a) {
  char text[RN_NODE_TEXT];
  if (n >= g->n_nodes || a == NULL || a->name == NULL || a->name[0] == '\0')
    return rn_status_make(RN_INVALID_ARGUMENT, "an attribute needs a name and a node; node %u of %u was named", n,
                          g->n_nodes);
  graph_node *node = rn_node_at(g, n);
  if (node->op != NULL && (a->name[0] != '_' || rn_signature_find_attr(node->op->sig, a->name, strlen(a->name)) >= 0))
    return rn_status_make(RN_INVALID_ARGUMENT,
                          "%s: attribute '%.100s' is part of the signature's check and cannot change later",
                          rn_node_text(g, n, text, sizeof text), a->name);
  rn_status *failed = put_extra(g, node, a);
  if (failed != NULL)
    return rn_status_wrap(failed, "%s: attribute '%.100s'", rn_node_text(g, n, text, sizeof text), a->name);
  g->version++;
  return NULL;
}
