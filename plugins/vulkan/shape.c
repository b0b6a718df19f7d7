/* shape.c - ops about shapes: they read and write host memory alone (plugins/vulkan).
 *
 * They are kernels of this device so that their tensors need not come to the host for the sake of a shape. */
#include "kernel.h"

void gpu_put_int(const rn_tensor_view *v, int64_t i, int64_t value) {
  if (v->dtype == RN_INT64)
    ((int64_t *)v->data)[i] = value;
  else
    ((int32_t *)v->data)[i] = (int32_t)value;
}

static rn_status *shape_n(const void *op, rn_call *c) {
  (void)op;
  for (uint32_t k = 0; k < c->n_in; k++)
    for (int32_t i = 0; i < c->in[k]->shape.rank; i++) gpu_put_int(c->out[k], i, c->in[k]->shape.dim[i]);
  return NULL;
}
static rn_status *size(const void *op, rn_call *c) {
  (void)op;
  gpu_put_int(c->out[0], 0, rn_shape_elems(&c->in[0]->shape));
  return NULL;
}
static rn_status *rank(const void *op, rn_call *c) {
  (void)op;
  gpu_put_int(c->out[0], 0, c->in[0]->shape.rank);
  return NULL;
}

/* A shape out of an integer vector in host memory. */
static rn_status *read_shape(const rn_tensor_view *v, rn_shape *s) {
  int64_t rank = rn_shape_elems(&v->shape);
  if (rank > RN_MAX_RANK)
    return rn_error(gpu_host, RN_INVALID_ARGUMENT, "rank %lld is above %d", (long long)rank, RN_MAX_RANK);
  *s = rn_shape_scalar();
  s->rank = (int32_t)rank;
  for (int32_t i = 0; i < s->rank; i++) s->dim[i] = gpu_int_at(v, i);
  return NULL;
}

/* The axes of the result over which each side was repeated. Both 1: listed for both, as TensorFlow. */
static rn_status *broadcast_gradient_args(const void *op, rn_call *c) {
  rn_shape in[2];
  (void)op;
  for (int k = 0; k < 2; k++) RN_TRY(read_shape(c->in[k], &in[k]));
  int32_t rank = GPU_MAX(in[0].rank, in[1].rank);
  int same = gpu_same_shape(&in[0], &in[1]);
  for (uint32_t k = 0; k < 2; k++) {
    int64_t n = 0, axes[RN_MAX_RANK];
    for (int32_t i = 0; i < rank && !same; i++) {
      int32_t at = i - (rank - in[k].rank);
      if (at < 0 || in[k].dim[at] == 1) axes[n++] = i;
    }
    rn_shape line = rn_shape_vector(n);
    RN_TRY(c->api->set_output(c, k, &line));
    for (int64_t i = 0; i < n; i++) gpu_put_int(c->out[k], i, axes[i]);
  }
  return NULL;
}

static const gpu_op shape_op = {shape_n}, size_op = {size}, rank_op = {rank}, gradient_op = {broadcast_gradient_args};
static const rn_kernel_def kernels[] = {
    GPU_HOST("Shape", "output", &shape_op),
    GPU_HOST("ShapeN", "output", &shape_op),
    GPU_HOST("Size", "output", &size_op),
    GPU_HOST("Rank", "output", &rank_op),
    GPU_HOST("BroadcastGradientArgs", "s0, s1, r0, r1", &gradient_op),
};
GPU_GROUP(gpu_shape_kernels, kernels);
