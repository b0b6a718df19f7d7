/* claim.h - the nodes of a plan while it is decided which are claimed (plugins/tpu). */
#ifndef TPU_CLAIM_H
#define TPU_CLAIM_H
#include "lower.h"

typedef struct tpu_claiming {
  const tpu_machine *m;
  tpu_ranges ranges; /* integers */
  int calibrates;    /* ranges are being measured */
  const rn_host_api *host;
  const rn_graph_view_api *v;
  const rn_graph *g;
  const rn_node_id *candidate;
  uint32_t n, n_ids;
  const tpu_rule **rule; /* by id; NULL: cannot be claimed */
  uint8_t *known;        /* by id: gives integers known when a claim is compiled */
  uint8_t *offered;      /* by id: is a candidate */
  uint32_t *level, *parent;
} tpu_claiming;
static inline int tpu_is_handle(rn_dtype t) { return t >= RN_REF || t == RN_RESOURCE; }

/* NULL: node n, which r lowers if it is not NULL, can be claimed. What it reads was asked for before. */
const char *tpu_why_not(const tpu_claiming *c, rn_node_id n, const tpu_rule *r);
#endif
