/* import.h - nodes of a GraphDef or of a function body into a graph (frontends/graphdef). */
#ifndef RN_GRAPHDEF_IMPORT_H
#define RN_GRAPHDEF_IMPORT_H
#include "names.h"
#include "op_def.h"
#include "value.h"

/* An input as written, taken apart. arg is set in function bodies: `node:arg:position`. */
typedef struct import_ref {
  uint32_t node; /* number in the file */
  uint32_t position;
  const char *arg;
  uint32_t is_control, is_back; /* is_back: closes a loop */
} import_ref;

/* One list of nodes on its way into one graph. */
typedef struct import {
  rn_graph *g;
  scratch *memory;
  op_defs *ops;
  const char *origin;
  const Tf__FunctionDefLibrary *library; /* or NULL */
  Tf__NodeDef **nodes;
  uint32_t n_nodes;
  int32_t producer;
  int in_function;
  names names;
  import_ref **refs; /* per node */
  uint32_t *order;   /* numbers in the order of adding */
  rn_node_id *ids;   /* per node, once added */
  rn_value *thawed;  /* per node: the variable that stands for a frozen one; thaw.c */
} import;

rn_status *import_nodes(import *m);
/* A value named as inputs are, after import_nodes. */
rn_status *import_value(const import *m, const char *text, rn_value *out);
/* The whole file. own: owned */
rn_status *import_graph(rn_runtime *rt, const Tf__GraphDef *def, const char *origin, uint32_t flags, rn_graph **out);

/* order.c: refs and order; finds the edges that close loops. */
rn_status *import_order(import *m);
rn_status *import_ref_parse(const import *m, const char *text, import_ref *out);
/* function.c */
rn_status *import_library(rn_graph *g, const Tf__GraphDef *def, op_defs *ops, const char *origin, uint32_t flags);
const Tf__OpDef *library_find(const Tf__FunctionDefLibrary *l, const char *name); /* its signature, or NULL */
/* node.c */
rn_status *import_node(import *m, uint32_t i);
/* thaw.c: where node i writes to a variable that was frozen into a constant, a variable takes its place. */
rn_status *import_thaw(import *m, uint32_t i, const Tf__OpDef *def, rn_value *inputs, uint32_t n_inputs);
#endif
