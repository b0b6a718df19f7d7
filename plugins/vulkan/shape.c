/* shape.c - ops about shapes: they read and write host memory alone (plugins/vulkan).
 *
 * They are kernels of this device so that their tensors need not come to the host for the sake of a shape. */
#include "strided.h"

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

static rn_status *broadcast_args(const void *op, rn_call *c) {
  rn_shape in[2], y = rn_shape_scalar();
  (void)op;
  for (int k = 0; k < 2; k++) RN_TRY(read_shape(c->in[k], &in[k]));
  y.rank = GPU_MAX(in[0].rank, in[1].rank);
  for (int32_t i = 1; i <= y.rank; i++) {
    int64_t a = i <= in[0].rank ? in[0].dim[in[0].rank - i] : 1, b = i <= in[1].rank ? in[1].dim[in[1].rank - i] : 1;
    if (a != b && a != 1 && b != 1)
      return rn_error(gpu_host, RN_INVALID_ARGUMENT, "%lld and %lld do not broadcast", (long long)a, (long long)b);
    y.dim[y.rank - i] = a == 1 ? b : a;
  }
  rn_shape line = rn_shape_vector(y.rank);
  RN_TRY(c->api->set_output(c, 0, &line));
  for (int32_t i = 0; i < y.rank; i++) gpu_put_int(c->out[0], i, y.dim[i]);
  return NULL;
}

/* ConcatOffset(axis, shapes...): where each begins. */
static rn_status *concat_offset(const void *op, rn_call *c) {
  int64_t n = rn_shape_elems(&c->in[1]->shape), at = 0;
  int32_t axis;
  (void)op;
  RN_TRY(gpu_axis(gpu_int_at(c->in[0], 0), (int32_t)n, &axis));
  for (uint32_t k = 1; k < c->n_in; k++) {
    for (int64_t i = 0; i < n; i++) {
      if (i != axis && gpu_int_at(c->in[k], i) != gpu_int_at(c->in[1], i))
        return rn_error(gpu_host, RN_INVALID_ARGUMENT, "shapes 0 and %u differ in dimension %lld", k - 1, (long long)i);
      gpu_put_int(c->out[k - 1], i, i == axis ? at : 0);
    }
    at += gpu_int_at(c->in[k], axis);
  }
  return NULL;
}

static rn_status *invert_permutation(const void *op, rn_call *c) {
  const rn_tensor_view *x = c->in[0], *y = c->out[0];
  int64_t n = rn_shape_elems(&x->shape);
  (void)op;
  for (int64_t i = 0; i < n; i++) gpu_put_int(y, i, -1);
  for (int64_t i = 0; i < n; i++) {
    int64_t at = gpu_int_at(x, i);
    if (at < 0 || at >= n || gpu_int_at(y, at) >= 0)
      return rn_error(gpu_host, RN_INVALID_ARGUMENT, "element %lld is %lld: out of [0, %lld) or twice", (long long)i,
                      (long long)at, (long long)n);
    gpu_put_int(y, at, i);
  }
  return NULL;
}

static rn_status *lin_space(const void *op, rn_call *c) {
  float start = *(const float *)c->in[0]->data, stop = *(const float *)c->in[1]->data;
  uint32_t n = gpu_elems(c->out[0]);
  (void)op;
  gpu_dispatch d = gpu_dispatch_of(c, SHADER_range);
  gpu_bind(&d, c->out[0], 1);
  gpu_push(&d, n);
  gpu_push_float(&d, start);
  gpu_push_float(&d, n > 1 ? (stop - start) / (float)(n - 1) : 0);
  gpu_push_float(&d, stop);
  gpu_over(&d, c, n);
  return gpu_run(c, &d);
}

#define OP(fn) \
  &(const gpu_op) { fn }
static const gpu_op shape_op = {shape_n}, size_op = {size}, rank_op = {rank}, gradient_op = {broadcast_gradient_args};
static const rn_kernel_def kernels[] = {
    GPU_HOST("Shape", "output", &shape_op, .types = GPU_ANY("T")),
    GPU_HOST("ShapeN", "output", &shape_op, .types = GPU_ANY("T")),
    GPU_HOST("Size", "output", &size_op, .types = GPU_ANY("T")),
    GPU_HOST("Rank", "output", &rank_op, .types = GPU_ANY("T")),
    GPU_HOST("BroadcastGradientArgs", "s0, s1, r0, r1", &gradient_op),
    GPU_HOST("BroadcastArgs", "s0, s1, r0", OP(broadcast_args)),
    GPU_HOST("ConcatOffset", "concat_dim, shape, offset", OP(concat_offset)),
    GPU_HOST("InvertPermutation", "x, y", OP(invert_permutation)),
    GPU_K("LinSpace", "T: float", OP(lin_space), .host_args = "start, stop, num"),
};
GPU_GROUP(gpu_shape_kernels, kernels);
