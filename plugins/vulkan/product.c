/* product.c - MatMul and the batched products (plugins/vulkan).
 *
 * On GPUs in tiles or by matrices (tile.c), on drivers that run on the CPU by panels (panels.c), which are float: half
 * is cast for them. */
#include "product.h"
#include "cast.h"
#include "narrow.h"
#include "panels.h"

typedef struct product_state {
  gpu_op op;
  int ta, tb;
} product_state;

/* The batch dimensions of y, innermost first, with the strides of a and b: 0 where one stands for all. */
static rn_status *find_batch(const rn_call *c, gpu_batches *b) {
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

typedef struct sizes {
  uint32_t m, n, k, lda, ldb;
} sizes;

static rn_status *by_panels(const rn_call *c, const product_state *s, const sizes *z, const gpu_batches *b) {
  gpu_panel_product p = {.a = {.x = c->in[0], .n = z->m, .sn = s->ta ? 1 : z->lda, .sk = s->ta ? z->lda : 1},
                         .b = {.x = c->in[1], .n = z->n, .sn = s->tb ? z->ldb : 1, .sk = s->tb ? 1 : z->ldb},
                         .k = z->k,
                         .batches = *b,
                         .ym = z->n,
                         .yn = 1,
                         .y = c->out[0]};
  return gpu_panels_run(c, &p);
}

static uint64_t offset_of(const rn_tensor_view *v) { return v->offset_bytes / (v->dtype == RN_FLOAT ? 4 : 2); }

/* What may be read and written by fours, or read by eights: aligned, and whole or not at all. */
static uint32_t form_of(const rn_call *c, const product_state *s, const sizes *z, const gpu_batches *b) {
  uint32_t form = (s->ta ? 0 : PRODUCT_A_INNER_K) | (s->tb ? PRODUCT_B_INNER_K : 0);
  uint64_t a = z->lda | offset_of(c->in[0]), w = z->ldb | offset_of(c->in[1]), y = z->n | offset_of(c->out[0]);
  for (uint32_t k = 0; k < b->rank; k++) {
    a |= b->sa[k];
    w |= b->sb[k];
  }
  if ((a & 3) == 0) form |= PRODUCT_A_FOURS;
  if ((w & 3) == 0) form |= PRODUCT_B_FOURS;
  if ((a & 7) == 0) form |= PRODUCT_A_EIGHTS;
  if ((w & 7) == 0) form |= PRODUCT_B_EIGHTS;
  return (y & 3) == 0 ? form | PRODUCT_Y_FOURS : form;
}

static rn_status *multiply(const void *op, rn_call *c) {
  static const gpu_product_code code = {SHADER_product_large, SHADER_product_small, SHADER_product_direct,
                                        SHADER_product_matrix};
  const product_state *s = op;
  const rn_shape *x = &c->in[0]->shape, *w = &c->in[1]->shape, *y = &c->out[0]->shape;
  gpu_batches b;
  RN_TRY(find_batch(c, &b));
  sizes z = {.m = (uint32_t)y->dim[y->rank - 2], .n = (uint32_t)y->dim[y->rank - 1]};
  z.k = (uint32_t)x->dim[x->rank - (s->ta ? 2 : 1)];
  z.lda = (uint32_t)x->dim[x->rank - 1];
  z.ldb = (uint32_t)w->dim[w->rank - 1];
  if (gpu_elems(c->out[0]) == 0) return NULL;
  b.n = gpu_elems(c->out[0]) / (z.m * z.n);
  if (z.k == 0) return gpu_fill(c, c->out[0], 0);
  uint32_t type = gpu_cast_number(c->out[0]->dtype);
  if (gpu_panels_fit(c)) return type != CAST_FLOAT ? gpu_in_float(op, c) : by_panels(c, s, &z, &b);
  gpu_product_plan p = {.m = z.m, .n = z.n, .k = z.k, .batches = b.n, .form = form_of(c, s, &z, &b), .type = type};
  gpu_dispatch d = gpu_product_begin(c, &p, &code);
  gpu_push_all(&d, (const uint32_t[]){s->ta ? 1 : z.lda, s->ta ? z.lda : 1, s->tb ? 1 : z.ldb, s->tb ? z.ldb : 1}, 4);
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
    GPU_K("MatMul", "T: {float, half, bfloat16}", &product_op, .prepare = prepare),
    GPU_K("BatchMatMul", "T: {float, half, bfloat16}", &product_op, .prepare = prepare_batch),
    GPU_K("BatchMatMulV2", "T: {float, half, bfloat16}", &product_op, .prepare = prepare_batch),
};
GPU_GROUP(gpu_product_kernels, kernels);
