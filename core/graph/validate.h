/* graph/validate.h - callbacks of plugins, called through checking tables when their plugin is checked (core/graph).
 *
 * A callback gets copies of its subject that stay mapped for a while after it returned: what is called
 * through them then is reported and does nothing. */
#ifndef RN_GRAPH_VALIDATE_H
#define RN_GRAPH_VALIDATE_H
#include "graph/graph.h"
#include "plugin/validate.h"

rn_status *rn_call_infer(const rn_op_def *def, rn_infer *c);
rn_status *rn_call_gradient(const rn_op_def *def, rn_grad *c);
rn_status *rn_call_pass(const rn_pass_def *p, rn_builder *b, uint32_t *out_changes);
/* The graph's view; reading an attribute as another type than its own is reported. */
const rn_graph_view_api *rn_graph_checking_view(void);

/* --- for validate*.c of this room --- */
typedef struct graph_subject {
  rn_infer infer;
  rn_grad grad;
  rn_builder builder;
  rn_infer *real_infer; /* NULL: the callback has returned, or had none */
  rn_grad *real_grad;
  rn_builder *real_builder;
  rn_validator *plugin;
  char what[300];
} graph_subject;
extern const rn_infer_api rn_checking_infer;     /* validate_infer.c */
extern const rn_grad_api rn_checking_grad;       /* validate_builder.c */
extern const rn_builder_api rn_checking_builder; /* validate_builder.c */
#endif
