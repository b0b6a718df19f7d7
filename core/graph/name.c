/* graph/name.c - names of nodes (core/graph).
 *
 * A taken name gets TensorFlow's numbers: x, x_1, x_2. The next number to try is kept per name, so that
 * a million nodes asking for the same name cost one look-up each. */
#include "graph/node.h"
#include <stdio.h>
#include "base/text.h"

static int is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
static int may_follow(char c) { return is_letter(c) || (c != '\0' && strchr("_.>/\\-", c) != NULL); }

rn_status *rn_name_check(const char *what, const char *name) {
  if (name[0] == '\0') return rn_status_make(RN_INVALID_ARGUMENT, "%s: the name is empty", what);
  size_t i = 0;
  if (!is_letter(name[0]) && name[0] != '.' && name[0] != '_')
    return rn_status_make(RN_INVALID_ARGUMENT, "%s '%.200s': a name begins with a letter, a digit or '.'", what, name);
  while (may_follow(name[i])) i++;
  if (name[i] != '\0')
    return rn_status_make(RN_INVALID_ARGUMENT, "%s '%.200s': byte %zu (0x%02x) may not stand in a name", what, name, i,
                          (unsigned)(unsigned char)name[i]);
  return NULL;
}

static uint32_t find_name(const rn_graph *g, const char *name) { return rn_map_find(&g->names, name, strlen(name)); }

/* First free number from `first` on; the name is left in buf. */
static uint32_t number(const rn_graph *g, const char *prefix, uint32_t first, char *buf, size_t size_bytes) {
  uint32_t i = first;
  for (;; i++) {
    (void)snprintf(buf, size_bytes, "%s_%u", prefix, i);
    if (find_name(g, buf) == RN_MAP_NONE) return i;
  }
}

static uint32_t next_number(const rn_graph *g, const char *prefix) {
  uint32_t n = rn_map_find(&g->suffixes, prefix, strlen(prefix));
  return n == RN_MAP_NONE ? 1 : n;
}

rn_status *rn_name_take(rn_graph *g, const char *wanted, uint32_t exact, const char **out) {
  size_t length = strlen(wanted);
  uint32_t taken = rn_map_find(&g->names, wanted, length);
  if (taken == RN_MAP_NONE) {
    char *name = rn_arena_text(&g->store->arena, wanted, length);
    *out = name;
    return name != NULL ? NULL : rn_graph_no_memory();
  }
  if (exact) return rn_status_make(RN_ALREADY_EXISTS, "a node named '%.200s' is there already", wanted);
  const char *key = rn_node_at(g, taken)->name; /* lives as long as the number is wanted */
  char *name = rn_graph_alloc(g, length + 12, 1);
  if (name == NULL) return rn_graph_no_memory();
  uint32_t old = rn_map_find(&g->suffixes, key, length);
  uint32_t used = number(g, wanted, next_number(g, wanted), name, length + 12);
  graph_undo u = {RN_UNDO_SUFFIX, RN_NO_NODE, 0, old, RN_NO_VALUE, key};
  RN_TRY(rn_undo_note(g, &u));
  if (!rn_map_put(&g->suffixes, key, length, used + 1)) {
    g->n_undo--;
    return rn_graph_no_memory();
  }
  *out = name;
  return NULL;
}

size_t rn_graph_unique_name(const rn_graph *g, const char *prefix, char *buf, size_t size_bytes) {
  size_t length = strlen(prefix);
  if (find_name(g, prefix) == RN_MAP_NONE) {
    if (buf != NULL && size_bytes != 0) (void)snprintf(buf, size_bytes, "%s", prefix);
    return length;
  }
  char *whole = rn_mem_alloc(length + 12);
  if (whole == NULL) {
    if (buf != NULL && size_bytes != 0) buf[0] = '\0';
    return 0;
  }
  (void)number(g, prefix, next_number(g, prefix), whole, length + 12);
  if (buf != NULL && size_bytes != 0) (void)snprintf(buf, size_bytes, "%s", whole);
  length = strlen(whole);
  rn_mem_free(whole);
  return length;
}

rn_node_id rn_graph_find(const rn_graph *g, const char *name) {
  if (name == NULL) return RN_NO_NODE;
  uint32_t n = find_name(g, name);
  return n == RN_MAP_NONE || rn_node_at(g, n)->removed ? RN_NO_NODE : n;
}

/* The closest name, or NULL. */
static const char *near_name(const rn_graph *g, const char *name) {
  uint32_t best = 3;
  const char *found = NULL;
  for (rn_node_id n = 0; n < g->n_nodes && best > 0; n++) {
    const char *other = rn_node_at(g, n)->name;
    uint32_t d = rn_edit_distance(name, other, best);
    if (d >= best + (found == NULL) || rn_node_at(g, n)->removed) continue;
    best = d;
    found = other;
  }
  return found;
}

static rn_status *not_found(const rn_graph *g, const char *name) {
  const char *near = strlen(name) <= 256 ? near_name(g, name) : NULL;
  if (near != NULL) return rn_status_make(RN_NOT_FOUND, "no node '%.200s' (did you mean '%.200s'?)", name, near);
  return rn_status_make(RN_NOT_FOUND, "no node '%.200s' among the graph's %u", name, g->n_nodes);
}

static rn_status *find_port(const rn_graph *g, const char *text, rn_node_id n, const char *port_text, rn_value *out) {
  int64_t port;
  if (!rn_parse_i64(port_text, strlen(port_text), &port) || port < 0)
    return rn_status_make(RN_INVALID_ARGUMENT, "value '%.200s': '%.40s' is no output number", text, port_text);
  const graph_node *node = rn_node_at(g, n);
  if (port >= (int64_t)node->n_out && (node->op != NULL || port > UINT16_MAX))
    return rn_status_make(RN_NOT_FOUND, "value '%.200s': %s '%.200s' has %u output%s", text, node->op_name, node->name,
                          node->n_out, node->n_out == 1 ? "" : "s");
  *out = (rn_value){n, (uint32_t)port};
  return NULL;
}

rn_status *rn_graph_find_value(const rn_graph *g, const char *text, rn_value *out) {
  *out = RN_NO_VALUE;
  if (text == NULL || text[0] == '\0' || (text[0] == '^' && text[1] == '\0'))
    return rn_status_make(RN_INVALID_ARGUMENT, "a value is written 'node', 'node:1' or '^node'; this text is empty");
  int control = text[0] == '^';
  const char *name = text + control, *colon = strchr(name, ':');
  if (colon == NULL) {
    rn_node_id n = rn_graph_find(g, name);
    if (n == RN_NO_NODE) return not_found(g, name);
    if (!control) return find_port(g, text, n, "0", out);
    *out = (rn_value){n, RN_CONTROL};
    return NULL;
  }
  if (control) return rn_status_make(RN_INVALID_ARGUMENT, "value '%.200s': a control edge has no output number", text);
  uint32_t n = rn_map_find(&g->names, name, (size_t)(colon - name));
  if (n != RN_MAP_NONE && !rn_node_at(g, n)->removed) return find_port(g, text, n, colon + 1, out);
  char *alone = rn_mem_alloc((size_t)(colon - name) + 1);
  if (alone == NULL) return rn_graph_no_memory();
  memcpy(alone, name, (size_t)(colon - name));
  alone[colon - name] = '\0';
  rn_status *s = not_found(g, alone);
  rn_mem_free(alone);
  return s;
}

const char *rn_node_text(const rn_graph *g, rn_node_id n, char *buf, size_t size_bytes) {
  if (n >= g->n_nodes)
    (void)snprintf(buf, size_bytes, "node %u", n);
  else
    (void)snprintf(buf, size_bytes, "%s '%s'", rn_node_at(g, n)->op_name, rn_node_at(g, n)->name);
  return buf;
}
