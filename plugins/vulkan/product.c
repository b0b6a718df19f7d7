/* product.c - MatMul and the batched products (plugins/vulkan).
 *
 * A GPU multiplies tiles through shared memory, 16 x 16 invocations with 4 x 4 sums each, or 8 x 8 where a workgroup or
 * the matrix is small. A driver on the CPU takes the direct form. Where results are few and k is long, k is
 * split and the parts are added. */
#include "product.h"
#include "reduce.h"

enum { DIRECT_ROWS = 32, DIRECT_COLUMNS = 4 };

static void choose_tile(const gpu_limits *l, gpu_product_plan *p) {
  int large = l->workgroup >= 256 && p->m > 32 && p->n > 32 && (uint64_t)p->m * p->n * p->batches >= 128 * 128 * 4;
  p->tx = p->ty = large ? 16 : 8;
}

gpu_dispatch gpu_product_begin(const rn_call *c, gpu_product_plan *p, uint32_t tile, uint32_t direct) {
  const gpu_limits *l = &((const gpu_device *)c->device)->limits;
  gpu_dispatch d = gpu_dispatch_of(c, l->subgroup != 0 ? direct : tile);
  uint32_t block_m = DIRECT_ROWS, block_n;
  if (l->subgroup != 0) {
    p->tx = l->subgroup;
    p->ty = 1;
    block_n = p->tx * DIRECT_COLUMNS;
  } else {
    choose_tile(l, p);
    block_m = p->ty * 4;
    block_n = p->tx * 4;
  }
  uint64_t blocks = (uint64_t)GPU_CEIL(p->m, block_m) * GPU_CEIL(p->n, block_n) * p->batches;
  p->splits = gpu_reduce_splits(c, l->subgroup != 0 ? blocks * 8 : blocks * 128, 4 * (uint64_t)p->k, 256);
  d.spec[0] = p->tx * p->ty;
  gpu_spec(&d, p->tx);
  gpu_spec(&d, p->ty);
  gpu_spec(&d, (uint32_t)p->a_inner_k);
  gpu_spec(&d, (uint32_t)p->b_inner_k);
  gpu_push(&d, p->m);
  gpu_push(&d, p->n);
  gpu_push(&d, p->k);
  gpu_push(&d, GPU_CEIL(p->k, p->splits));
  gpu_push(&d, p->splits);
  d.groups[0] = GPU_CEIL(p->n, block_n);
  d.groups[1] = GPU_MIN(GPU_CEIL(p->m, block_m), l->max_groups);
  d.groups[2] = GPU_MIN(p->batches * p->splits, l->max_groups);
  return d;
}

rn_status *gpu_product_end(const rn_call *c, const gpu_product_plan *p, gpu_dispatch *d, const rn_tensor_view *y) {
  rn_mem *parts;
  uint64_t n = (uint64_t)p->m * p->n;
  if (p->splits == 1) {
    gpu_bind(d, y, 1);
    return gpu_run(c, d);
  }
  RN_TRY(gpu_scratch(c, n * p->splits * 4, &parts));
  gpu_bind_scratch(d, parts, 1);
  RN_TRY(gpu_run(c, d));
  return gpu_reduce_parts(c, parts, (uint32_t)n, p->splits, y);
}

typedef struct product_state {
  gpu_op op;
  int ta, tb;
} product_state;
typedef struct batch {
  uint32_t rank, dim[4], sa[4], sb[4];
} batch;

/* The batch dimensions of y, innermost first, with the strides of a and b: 0 where one stands for all. */
static rn_status *find_batch(const rn_call *c, batch *b) {
  const rn_shape *x[2] = {&c->in[0]->shape, &c->in[1]->shape}, *y = &c->out[0]->shape;
  uint32_t step[2];
  memset(b, 0, sizeof *b);
  for (int i = 0; i < 2; i++) step[i] = (uint32_t)gpu_product(x[i]->dim + x[i]->rank - 2, 2);
  for (int32_t k = 3; k <= y->rank; k++) {
    uint32_t stride[2];
    for (int i = 0; i < 2; i++) {
      int64_t d = k <= x[i]->rank ? x[i]->dim[x[i]->rank - k] : 1;
      stride[i] = d == 1 ? 0 : step[i];
      step[i] *= (uint32_t)d;
    }
    if (y->dim[y->rank - k] == 1) continue;
    if (b->rank == 4) return rn_error(c->host, RN_UNIMPLEMENTED, "a product of more than four batch dimensions");
    b->dim[b->rank] = (uint32_t)y->dim[y->rank - k];
    b->sa[b->rank] = stride[0];
    b->sb[b->rank++] = stride[1];
  }
  return NULL;
}

static rn_status *multiply(const void *op, rn_call *c) {
  const product_state *s = op;
  const rn_shape *x = &c->in[0]->shape, *w = &c->in[1]->shape, *y = &c->out[0]->shape;
  batch b;
  RN_TRY(find_batch(c, &b));
  uint32_t m = (uint32_t)y->dim[y->rank - 2], n = (uint32_t)y->dim[y->rank - 1];
  uint32_t k = (uint32_t)x->dim[x->rank - (s->ta ? 2 : 1)], lda = (uint32_t)x->dim[x->rank - 1],
           ldb = (uint32_t)w->dim[w->rank - 1];
  if (gpu_elems(c->out[0]) == 0) return NULL;
  if (k == 0) return gpu_fill(c, c->out[0], 0);
  gpu_product_plan p = {.m = m, .n = n, .k = k, .a_inner_k = !s->ta, .b_inner_k = s->tb};
  p.batches = gpu_elems(c->out[0]) / (m * n);
  gpu_dispatch d = gpu_product_begin(c, &p, SHADER_product_tile, SHADER_product_direct);
  if (p.batches > 1 && p.splits > 1) { /* parts are added for one product at a time */
    RN_TRY(gpu_rounds(c, 4 * (uint64_t)k));
    d.push[3] = k;
    d.push[4] = p.splits = 1;
    d.groups[2] = GPU_MIN(p.batches, ((const gpu_device *)c->device)->limits.max_groups);
  }
  gpu_push_all(&d, (const uint32_t[]){s->ta ? 1 : lda, s->ta ? lda : 1, s->tb ? 1 : ldb, s->tb ? ldb : 1}, 4);
  gpu_push(&d, p.batches);
  gpu_push(&d, b.rank);
  gpu_push_all(&d, b.dim, 4);
  gpu_push_all(&d, b.sa, 4);
  gpu_push_all(&d, b.sb, 4);
  gpu_bind(&d, c->in[0], 0);
  gpu_bind(&d, c->in[1], 0);
  return gpu_product_end(c, &p, &d, c->out[0]);
}

static rn_status *prepare_as(const rn_prepare *p, rn_prepared *out, const char *ta, const char *tb) {
  product_state *s;
  RN_TRY(gpu_state(out, sizeof *s, multiply, &s));
  s->ta = rn_self_bool(&p->self, ta, 0);
  s->tb = rn_self_bool(&p->self, tb, 0);
  return NULL;
}
static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  return prepare_as(p, out, "transpose_a", "transpose_b");
}
static rn_status *prepare_batch(const rn_prepare *p, rn_prepared *out) { return prepare_as(p, out, "adj_x", "adj_y"); }

static const gpu_op product_op = {multiply};
static const rn_kernel_def kernels[] = {
    GPU_K("MatMul", "T: float", &product_op, .prepare = prepare),
    GPU_K("BatchMatMul", "T: float", &product_op, .prepare = prepare_batch),
    GPU_K("BatchMatMulV2", "T: float", &product_op, .prepare = prepare_batch),
};
GPU_GROUP(gpu_product_kernels, kernels);
