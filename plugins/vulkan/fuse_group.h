/* fuse_group.h - nodes in groups while claims are made: seen by fuse_group.c and fuse_claim.c alone (plugins/vulkan).
 */
#ifndef GPU_FUSE_GROUP_H
#define GPU_FUSE_GROUP_H
#include "fuse.h"

enum { GPU_NONE = UINT32_MAX, GPU_MOST_READERS = 8, GPU_MOST_FORMULAS = 40 };
typedef struct gpu_claiming {
  gpu_graph g;
  const rn_node_id *candidate;
  uint32_t n, n_ids;
  uint8_t *offered, *formulas; /* by id; formulas: how many, 0: none */
  uint32_t *group, *next;      /* by id: its group's first node, or GPU_NONE; the next of its group, or GPU_NONE */
  uint32_t *shaped;            /* by id: a node whose result has this shape in every step; GPU_NONE: one element */
  uint32_t *seen, stamp;       /* by id, of one walk */
  rn_node_id *stack;           /* a node is on it once per walk */
  uint8_t *is_product;         /* by id: its group is a product's */
  rn_node_id *list;
} gpu_claiming;
/* A product takes what may follow it. */
void gpu_group_product(gpu_claiming *c, rn_node_id product);
/* A node with a formula joins groups of what it reads. */
void gpu_group_place(gpu_claiming *c, rn_node_id n);
uint32_t gpu_group_formulas(const gpu_claiming *c, uint32_t group);
/* The nodes of the plan on this device that read v, but for those that read its shape alone: up to GPU_MOST_READERS
 * of them; GPU_MOST_READERS + 1: more. */
uint32_t gpu_readers_of(const gpu_claiming *c, rn_value v, rn_node_id *out);
#endif
