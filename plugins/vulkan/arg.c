/* arg.c - ArgMax, ArgMin, TopK, InTopK, Cumsum, Cumprod: order along an axis (plugins/vulkan). */
#include "kernel.h"

typedef struct arg_row {
  gpu_op op;
  uint32_t largest; /* of the scans: product */
} arg_row;
static rn_status *arg(const void *op, rn_call *c) {
  const rn_tensor_view *x = c->in[0], *y = c->out[0];
  int32_t axis;
  uint32_t n = gpu_elems(y);
  RN_TRY(gpu_axis(gpu_int_at(c->in[1], 0), x->shape.rank, &axis));
  if (x->shape.dim[axis] == 0 && n > 0)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "axis %d has no elements to choose from", axis);
  RN_TRY(gpu_rounds(c, (uint64_t)x->shape.dim[axis]));
  gpu_dispatch d = gpu_dispatch_of(c, SHADER_arg);
  gpu_spec(&d, ((const arg_row *)op)->largest);
  gpu_spec(&d, x->dtype == RN_INT32);
  gpu_spec(&d, y->dtype == RN_INT64 ? 2 : 1);
  gpu_bind(&d, x, 0);
  gpu_bind(&d, y, 1);
  gpu_push(&d, n);
  gpu_push(&d, (uint32_t)x->shape.dim[axis]);
  gpu_push(&d, (uint32_t)gpu_product(x->shape.dim + axis + 1, x->shape.rank - axis - 1));
  gpu_over(&d, c, n);
  return gpu_run(c, &d);
}

typedef struct top_state {
  gpu_op op;
  int64_t k;
} top_state;
static rn_status *in_top_k(const void *op, rn_call *c) {
  const rn_tensor_view *x = c->in[0];
  int64_t k = c->n_in > 2 ? gpu_int_at(c->in[2], 0) : ((const top_state *)op)->k;
  uint32_t rows = gpu_elems(c->out[0]);
  RN_TRY(gpu_rounds(c, 4 * (uint64_t)x->shape.dim[1]));
  gpu_dispatch d = gpu_dispatch_of(c, SHADER_in_top_k);
  gpu_spec(&d, c->in[1]->dtype == RN_INT64 ? 2 : 1);
  gpu_bind(&d, x, 0);
  gpu_bind(&d, c->in[1], 0);
  gpu_bind(&d, c->out[0], 1);
  gpu_push(&d, rows);
  gpu_push(&d, (uint32_t)x->shape.dim[1]);
  gpu_push(&d, k < 0 ? 0 : (uint32_t)GPU_MIN(k, x->shape.dim[1]));
  gpu_over(&d, c, GPU_CEIL(rows, 4));
  return gpu_run(c, &d);
}
static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  top_state *s;
  RN_TRY(gpu_state(out, sizeof *s, in_top_k, &s));
  s->k = rn_self_int(&p->self, "k", 0);
  return NULL;
}

static rn_status *top_k(const void *op, rn_call *c) {
  const rn_shape *s = &c->in[0]->shape;
  (void)op;
  if (gpu_elems(c->out[0]) == 0) return NULL;
  uint32_t d_ = (uint32_t)s->dim[s->rank - 1], k = (uint32_t)c->out[0]->shape.dim[s->rank - 1];
  RN_TRY(gpu_rounds(c, (uint64_t)k * (d_ + (uint64_t)1)));
  gpu_dispatch d = gpu_dispatch_of(c, SHADER_top_k);
  gpu_spec(&d, c->in[0]->dtype == RN_INT32);
  gpu_bind(&d, c->in[0], 0);
  gpu_bind(&d, c->out[0], 1);
  gpu_bind(&d, c->out[1], 1);
  gpu_push_all(&d, (const uint32_t[]){gpu_elems(c->in[0]) / d_, d_, k}, 3);
  gpu_over(&d, c, gpu_elems(c->in[0]) / d_);
  return gpu_run(c, &d);
}
static rn_status *sorted_only(const void *user, const rn_self *s, uint8_t *out_yes, char reason[256]) {
  (void)user;
  *out_yes = (uint8_t)rn_self_bool(s, "sorted", 1);
  if (!*out_yes) (void)snprintf(reason, 256, "it gives the largest sorted only");
  return NULL;
}

typedef struct scan_state {
  gpu_op op;
  uint32_t product, exclusive, reverse;
} scan_state;
static rn_status *scan(const void *op, rn_call *c) {
  const scan_state *s = op;
  const rn_tensor_view *x = c->in[0];
  int32_t axis;
  RN_TRY(gpu_axis(gpu_int_at(c->in[1], 0), x->shape.rank, &axis));
  if (gpu_elems(x) == 0) return NULL;
  uint32_t d_ = (uint32_t)x->shape.dim[axis], lines = gpu_elems(x) / d_;
  RN_TRY(gpu_rounds(c, d_));
  gpu_dispatch d = gpu_dispatch_of(c, x->dtype == RN_FLOAT ? SHADER_cumulate_f32 : SHADER_cumulate_i32);
  gpu_spec(&d, s->product);
  gpu_spec(&d, s->exclusive);
  gpu_spec(&d, s->reverse);
  gpu_bind(&d, x, 0);
  gpu_bind(&d, c->out[0], 1);
  gpu_push(&d, lines);
  gpu_push(&d, d_);
  gpu_push(&d, (uint32_t)gpu_product(x->shape.dim + axis + 1, x->shape.rank - axis - 1));
  gpu_over(&d, c, lines);
  return gpu_run(c, &d);
}
static rn_status *scan_prepare(const rn_prepare *p, rn_prepared *out) {
  scan_state *s;
  RN_TRY(gpu_state(out, sizeof *s, scan, &s));
  s->product = ((const arg_row *)p->user)->largest;
  s->exclusive = (uint32_t)rn_self_bool(&p->self, "exclusive", 0);
  s->reverse = (uint32_t)rn_self_bool(&p->self, "reverse", 0);
  return NULL;
}

static const arg_row largest = {{arg}, 1}, smallest = {{arg}, 0};
static const arg_row sums = {{scan}, 0}, products = {{scan}, 1};
static const gpu_op top_op = {in_top_k}, top_k_op = {top_k};
static const rn_kernel_def kernels[] = {
    GPU_K("ArgMax", "T: {float, int32}", &largest, .host_args = "dimension"),
    GPU_K("ArgMin", "T: {float, int32}", &smallest, .host_args = "dimension"),
    GPU_K("TopK", "T: {float, int32}", &top_k_op, .supports = sorted_only),
    GPU_K("TopKV2", "T: {float, int32}", &top_k_op, .host_args = "k", .supports = sorted_only),
    GPU_K("Cumsum", "T: {float, int32}", &sums, .host_args = "axis", .prepare = scan_prepare),
    GPU_K("Cumprod", "T: {float, int32}", &products, .host_args = "axis", .prepare = scan_prepare),
    GPU_K("InTopK", NULL, &top_op, .prepare = prepare),
    GPU_K("InTopKV2", NULL, &top_op, .host_args = "k"),
};
GPU_GROUP(gpu_arg_kernels, kernels);
