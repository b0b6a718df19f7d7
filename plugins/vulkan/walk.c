/* walk.c - broadcasting as strides (plugins/vulkan). */
#include "walk.h"

static uint32_t stride_of(const rn_shape *x, int32_t from_end, uint32_t before) {
  return from_end > x->rank || x->dim[x->rank - from_end] == 1 ? 0 : before;
}

static int joins(const gpu_walk *w, const uint32_t *stride) {
  uint32_t k = w->rank - 1;
  for (uint32_t i = 0; i < w->inputs; i++) {
    if (stride[i] != w->stride[i][k] * w->dim[k] || (stride[i] != 0) != (w->stride[i][k] != 0)) return 0;
  }
  return 1;
}

void gpu_walk_shapes(gpu_walk *w, const rn_shape *y, const rn_shape *const *x, uint32_t inputs) {
  uint32_t before[3] = {1, 1, 1}, stride[3];
  memset(w, 0, sizeof *w);
  w->inputs = inputs;
  w->n = (uint32_t)rn_shape_elems(y);
  for (int32_t k = 1; k <= y->rank; k++) {
    uint32_t size = (uint32_t)y->dim[y->rank - k];
    for (uint32_t i = 0; i < inputs; i++) {
      stride[i] = stride_of(x[i], k, before[i]);
      if (k <= x[i]->rank) before[i] *= (uint32_t)x[i]->dim[x[i]->rank - k];
    }
    if (size == 1) continue;
    if (w->rank > 0 && joins(w, stride)) {
      w->dim[w->rank - 1] *= size;
      continue;
    }
    w->dim[w->rank] = size;
    for (uint32_t i = 0; i < inputs; i++) w->stride[i][w->rank] = stride[i];
    w->rank++;
  }
}

void gpu_walk_inputs(gpu_walk *w, const rn_call *c, uint32_t inputs) {
  const rn_shape *x[3] = {NULL, NULL, NULL};
  for (uint32_t i = 0; i < inputs; i++) x[i] = &c->in[i]->shape;
  gpu_walk_shapes(w, &c->out[0]->shape, x, inputs);
}

uint32_t gpu_walk_mode(const gpu_walk *w) {
  if (w->rank == 0) return WALK_SAME;
  if (w->rank > 1) return WALK_ANY;
  if (w->stride[0][0] == 1 && w->stride[1][0] == 1) return WALK_SAME;
  return w->stride[0][0] == 0 ? w->stride[1][0] == 1 ? WALK_LEFT : WALK_ANY : WALK_RIGHT;
}

void gpu_walk_push(const gpu_walk *w, gpu_dispatch *d, uint32_t inputs) {
  gpu_push(d, w->rank);
  gpu_push_all(d, w->dim, RN_MAX_RANK);
  for (uint32_t i = 0; i < inputs; i++) gpu_push_all(d, w->stride[i], RN_MAX_RANK);
}
