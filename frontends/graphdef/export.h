/* export.h - graphs as messages (frontends/graphdef). */
#ifndef RN_GRAPHDEF_EXPORT_H
#define RN_GRAPHDEF_EXPORT_H
#include "op_def.h"
#include "value.h"

/* Lives in the scratch and points into the graph. */
rn_status *export_graph(scratch *s, const rn_graph *g, Tf__GraphDef **out);
/* The definitions of all known ops used, functions' bodies included, sorted by name. */
rn_status *export_op_list(scratch *s, const rn_graph *g, Tf__OpList **out);
/* Names an input: "x", "x:1", in a function body "x:arg:0". */
rn_status *export_ref(scratch *s, const rn_graph *g, rn_value v, int in_function, char **out);
rn_status *export_node(scratch *s, const rn_graph *g, rn_node_id id, int in_function, Tf__NodeDef **out);
rn_status *export_library(scratch *s, const rn_graph *g, Tf__FunctionDefLibrary **out); /* NULL: no functions */
#endif
