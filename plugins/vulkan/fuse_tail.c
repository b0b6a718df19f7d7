/* fuse_tail.c - what may follow a product into its own dispatch (plugins/vulkan).
 *
 * A bias along the columns, then one formula: with the product alone, or with a value of the product's own shape. */
#include "fuse.h"

static const struct {
  const char *op;
  uint8_t form, place, alpha; /* place: of the product among the inputs; alpha: a number of the node comes last */
  uint32_t number;
} rows[] = {
#define ALONE(Op) {#Op, TAIL_OP, 0, 0, EPILOGUE_##Op},
#define BEFORE(Op) {#Op, TAIL_SIDE, 0, 0, EPILOGUE_##Op},
#define AFTER(Op) {#Op, TAIL_SIDE, 1, 0, EPILOGUE_##Op},
#define ALONE_ALPHA(Op) {#Op, TAIL_OP, 0, 1, EPILOGUE_##Op},
#define BEFORE_ALPHA(Op) {#Op, TAIL_SIDE, 0, 1, EPILOGUE_##Op},
    GPU_EPILOGUE(ALONE) GPU_EPILOGUE_BEFORE(BEFORE) GPU_EPILOGUE_AFTER(AFTER) GPU_EPILOGUE_ALPHA(ALONE_ALPHA)
        GPU_EPILOGUE_BEFORE_ALPHA(BEFORE_ALPHA)};

int gpu_is_product(const gpu_graph *g, rn_node_id n) {
  static const char *const ops[] = {"MatMul", "BatchMatMul", "BatchMatMulV2", "Conv2D", "Conv2DBackpropInput"};
  const char *op = g->view->op(g->graph, n);
  if (g->view->dtype(g->graph, (rn_value){n, 0}) != RN_FLOAT) return 0;
  for (size_t k = 0; k < sizeof ops / sizeof ops[0]; k++)
    if (strcmp(op, ops[k]) == 0) return 1;
  return 0;
}

static int is(const char *op, const char *a, const char *b, const char *c) {
  return strcmp(op, a) == 0 || strcmp(op, b) == 0 || strcmp(op, c) == 0;
}

static const rn_shape *shape_of(const gpu_graph *g, rn_node_id n, uint32_t i) {
  return g->view->shape(g->graph, g->view->input(g->graph, n, i));
}

/* One number per column, which is the last dimension unless the image says otherwise. */
static int is_bias(const gpu_graph *g, rn_node_id n, const char *op, const rn_shape *y) {
  rn_self self = {g->host, g->view, g->graph, n, 0};
  const rn_shape *b = shape_of(g, n, 1);
  int named = is(op, "BiasAdd", "BiasAddV1", "BiasAdd");
  if (!named && !is(op, "Add", "AddV2", "Add")) return 0;
  if (named && rn_bytes_equal(rn_self_string(&self, "data_format"), "NCHW")) return 0;
  return b != NULL && b->rank == 1 && y != NULL && y->rank >= 2 && b->dim[0] != 1 && b->dim[0] == y->dim[y->rank - 1] &&
         b->dim[0] != RN_DIM_UNKNOWN;
}

static int equal(const rn_shape *a, const rn_shape *b) {
  if (a == NULL || b == NULL || a->rank < 0 || a->rank != b->rank) return 0;
  for (int32_t d = 0; d < a->rank; d++)
    if (a->dim[d] != b->dim[d] || a->dim[d] == RN_DIM_UNKNOWN) return 0;
  return 1;
}

static int is_nchw(const gpu_graph *g, rn_node_id product) {
  rn_self self = {g->host, g->view, g->graph, product, 0};
  return rn_bytes_equal(rn_self_string(&self, "data_format"), "NCHW");
}

static float alpha_of(const gpu_graph *g, rn_node_id n) {
  rn_self self = {g->host, g->view, g->graph, n, 0};
  return rn_self_float(&self, "alpha", 0.2f);
}

void gpu_tail_of(const gpu_graph *g, rn_node_id n, rn_value from, int after, gpu_tail *out) {
  const char *op = g->view->op(g->graph, n);
  const rn_shape *y = g->view->shape(g->graph, from);
  *out = (gpu_tail){TAIL_NOT, 0, UINT32_MAX, 0};
  if (g->view->dtype(g->graph, (rn_value){n, 0}) != RN_FLOAT || after == TAIL_OP || after == TAIL_SIDE) return;
  uint32_t count = g->view->input_count(g->graph, n), at = 0;
  while (at < count && g->view->input(g->graph, n, at).node != from.node) at++;
  if (at == 0 && count == 2 && after == TAIL_NOT && !is_nchw(g, from.node) && is_bias(g, n, op, y)) {
    *out = (gpu_tail){TAIL_BIAS, 0, 1, 0};
    return;
  }
  for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
    if (strcmp(rows[k].op, op) != 0 || rows[k].place != at) continue;
    float alpha = rows[k].alpha ? alpha_of(g, n) : 0;
    if (rows[k].form == TAIL_OP && count == 1) *out = (gpu_tail){TAIL_OP, rows[k].number, UINT32_MAX, alpha};
    if (rows[k].form != TAIL_SIDE || count != 2) continue;
    rn_value side = g->view->input(g->graph, n, 1 - at);
    if (side.node != from.node && equal(g->view->shape(g->graph, side), y))
      *out = (gpu_tail){TAIL_SIDE, rows[k].number, 1 - at, alpha};
  }
}
