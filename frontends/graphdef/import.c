/* import.c - a list of nodes into a graph, in an order that can be added (frontends/graphdef). */
#include "import.h"
#include <string.h>

/* Graphs that only a newer reader understands say so; this is the version that we are. */
#define OUR_VERSION 134

static rn_status *number_nodes(import *m) {
  m->ids = scratch_take(m->memory, m->n_nodes, sizeof *m->ids);
  m->thawed = scratch_take(m->memory, m->n_nodes, sizeof *m->thawed);
  if (m->ids == NULL || m->thawed == NULL || !names_init(&m->names, m->memory, m->n_nodes)) return out_of_memory();
  for (uint32_t i = 0; i < m->n_nodes; i++) {
    const char *name = m->nodes[i]->name;
    m->ids[i] = RN_NO_NODE;
    m->thawed[i] = RN_NO_VALUE;
    if (names_put(&m->names, name, strlen(name), i) != NAMES_NONE)
      return rn_status_make(RN_INVALID_ARGUMENT, "%s '%s': the name stands twice", m->nodes[i]->op, name);
  }
  return NULL;
}

static rn_status *close_loops(import *m, uint32_t i) {
  uint32_t input = 0;
  for (size_t k = 0; k < m->nodes[i]->n_input; k++) {
    const import_ref *r = &m->refs[i][k];
    if (r->is_control) continue;
    if (r->is_back) RN_TRY(rn_graph_set_input(m->g, m->ids[i], input, (rn_value){m->ids[r->node], r->position}));
    input++;
  }
  return NULL;
}

rn_status *import_nodes(import *m) {
  RN_TRY(number_nodes(m));
  RN_TRY(import_order(m));
  for (uint32_t i = 0; i < m->n_nodes; i++) RN_TRY(import_node(m, m->order[i]));
  for (uint32_t i = 0; i < m->n_nodes; i++) RN_TRY(close_loops(m, i));
  return NULL;
}

rn_status *import_value(const import *m, const char *text, rn_value *out) {
  import_ref r;
  RN_TRY(import_ref_parse(m, text, &r));
  *out = (rn_value){m->ids[r.node], r.is_control ? RN_CONTROL : r.position};
  if (r.arg == NULL || !rn_graph_op_known(m->g, out->node, NULL, NULL)) return NULL;
  return rn_graph_output_index(m->g, out->node, r.arg, r.position, &out->port);
}

static rn_status *check_versions(const Tf__GraphDef *def) {
  const Tf__VersionDef *v = def->versions;
  if (v == NULL) return NULL;
  if (v->min_consumer > OUR_VERSION)
    return rn_status_make(RN_INVALID_ARGUMENT, "the graph needs a reader of version %d; this one is %d",
                          v->min_consumer, OUR_VERSION);
  for (size_t i = 0; i < v->n_bad_consumers; i++)
    if (v->bad_consumers[i] == OUR_VERSION)
      return rn_status_make(RN_INVALID_ARGUMENT, "the graph refuses readers of version %d", OUR_VERSION);
  return NULL;
}

static rn_status *fill(rn_graph *g, const Tf__GraphDef *def, const char *origin, uint32_t flags, scratch *memory) {
  op_defs ops = {rn_graph_runtime(g), memory, NULL, 0, 0};
  if (def->n_node >= UINT32_MAX / 4) return rn_status_make(RN_RESOURCE_EXHAUSTED, "%zu nodes", def->n_node);
  RN_TRY(check_versions(def));
  RN_TRY(import_library(g, def, &ops, origin, flags));
  struct import m = {0};
  m.g = g;
  m.memory = memory;
  m.ops = &ops;
  m.origin = origin;
  m.library = def->library;
  m.nodes = def->node;
  m.n_nodes = (uint32_t)def->n_node;
  m.producer = def->versions ? def->versions->producer : 0;
  return import_nodes(&m);
}

rn_status *import_graph(rn_runtime *rt, const Tf__GraphDef *def, const char *origin, uint32_t flags, rn_graph **out) {
  rn_graph *g;
  scratch memory = {NULL, NULL};
  RN_TRY(rn_graph_create(rt, flags, &g));
  rn_status *s = fill(g, def, origin, flags, &memory);
  scratch_finish(&memory);
  if (s != NULL) {
    rn_graph_destroy(g);
    return rn_status_wrap(s, "%s", origin);
  }
  *out = g;
  return NULL;
}
