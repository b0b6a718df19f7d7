/* tile.c - how a product is cut into tiles and its k into splits (plugins/vulkan).
 *
 * A GPU multiplies tiles through shared memory: 128 x 128 results of 256 invocations, 64 x 64 of 256, or 32 x 32 of
 * 64 where a workgroup, its memory or the matrix is small. A driver on the CPU takes the direct form. Where results
 * are few and k is long, k is split and the parts are added. Which tile is best is measured once per device (tune.c)
 * or by this rule: the largest of which there are enough to keep the device busy. */
#include "epilogue.h"
#include "product.h"
#include "reduce.h"
#include "tune.h"

enum { DIRECT_ROWS = 32, DIRECT_COLUMNS = 4, BUSY = 96 };
typedef struct tile {
  uint32_t side, per; /* invocations and sums of one in each direction */
  uint32_t shared_bytes;
} tile;
static const tile tiles[] = {{8, 4, 9216}, {16, 4, 17408}, {16, 8, 16896}};
enum { TILES = sizeof tiles / sizeof tiles[0] };

static int fits(const gpu_limits *l, const tile *t) {
  return t->side * t->side <= l->workgroup && t->shared_bytes <= l->shared_bytes;
}

static uint64_t blocks_of(const gpu_product_plan *p, const tile *t) {
  uint32_t block = t->side * t->per;
  return (uint64_t)GPU_CEIL(p->m, block) * GPU_CEIL(p->n, block) * p->batches;
}

static uint32_t usual_tile(const gpu_limits *l, const gpu_product_plan *p) {
  uint32_t best = 0, wanted = l->tile;
  for (uint32_t i = 0; i < TILES && wanted != 0; i++)
    if (tiles[i].side * tiles[i].per <= wanted && fits(l, &tiles[i])) best = i;
  if (wanted != 0) return best;
  for (uint32_t i = 1; i < TILES; i++) {
    uint64_t deep = p->k >= 1024 ? p->k / 512 : 1; /* splits make up for few blocks */
    if (fits(l, &tiles[i]) && blocks_of(p, &tiles[i]) * deep >= BUSY) best = i;
  }
  return best;
}

static gpu_dispatch begin_direct(const rn_call *c, const gpu_product_plan *p, uint32_t shader) {
  const gpu_limits *l = &((const gpu_device *)c->device)->limits;
  gpu_dispatch d = gpu_dispatch_of(c, shader);
  d.spec[0] = l->subgroup;
  gpu_spec(&d, l->subgroup);
  gpu_spec(&d, 1);
  d.groups[0] = GPU_CEIL(p->n, l->subgroup * DIRECT_COLUMNS);
  d.groups[1] = GPU_CEIL(p->m, DIRECT_ROWS);
  return d;
}

static gpu_dispatch begin_tile(const rn_call *c, const gpu_product_plan *p, const gpu_product_code *code,
                               uint32_t which) {
  const tile *t = &tiles[which];
  gpu_dispatch d = gpu_dispatch_of(c, t->per == 8 ? code->large : code->small);
  d.spec[0] = t->side * t->side;
  gpu_spec(&d, t->side);
  gpu_spec(&d, t->side);
  d.groups[0] = GPU_CEIL(p->n, t->side * t->per);
  d.groups[1] = GPU_CEIL(p->m, t->side * t->per);
  return d;
}

static gpu_dispatch begin(const rn_call *c, gpu_product_plan *p, const gpu_product_code *code, uint32_t which) {
  const gpu_limits *l = &((const gpu_device *)c->device)->limits;
  int direct = l->subgroup != 0;
  gpu_dispatch d = direct ? begin_direct(c, p, code->direct) : begin_tile(c, p, code, which);
  uint64_t blocks = (uint64_t)d.groups[0] * d.groups[1] * p->batches;
  p->splits = p->whole ? 1 : gpu_reduce_splits(c, blocks * (direct ? 8 : 128), 4 * (uint64_t)p->k, 1024);
  gpu_spec(&d, p->form);
  gpu_push(&d, p->m);
  gpu_push(&d, p->n);
  gpu_push(&d, p->k);
  gpu_push(&d, GPU_CEIL(GPU_CEIL(p->k, p->splits), 16) * 16);
  gpu_push(&d, p->splits);
  d.groups[1] = GPU_MIN(d.groups[1], l->max_groups);
  d.groups[2] = GPU_MIN(p->batches * p->splits, l->max_groups);
  return d;
}

/* -------------------------------------------------------------------------------------------------- tuning */
static const gpu_product_code plain = {SHADER_product_large, SHADER_product_small, SHADER_product_direct};

static rn_status *scratch_view(const rn_call *c, uint64_t elems, rn_tensor_view *out) {
  rn_mem *m;
  memset(out, 0, sizeof *out);
  RN_TRY(gpu_scratch(c, elems * 4, &m));
  out->struct_size = (uint32_t)sizeof *out;
  out->mem = m;
  out->size_bytes = elems * 4;
  return gpu_fill(c, out, 0);
}

static rn_status *record_tile(const rn_call *c, const void *arg, uint32_t way) {
  gpu_product_plan p = *(const gpu_product_plan *)arg;
  rn_tensor_view a, b, y;
  RN_TRY(scratch_view(c, (uint64_t)p.batches * p.m * p.k, &a));
  RN_TRY(scratch_view(c, (uint64_t)p.batches * p.n * p.k, &b));
  RN_TRY(scratch_view(c, (uint64_t)p.batches * p.m * p.n, &y));
  gpu_dispatch d = begin(c, &p, &plain, way);
  int ai = (p.form & PRODUCT_A_INNER_K) != 0, bi = (p.form & PRODUCT_B_INNER_K) != 0;
  gpu_push_all(&d, (const uint32_t[]){ai ? p.k : 1, ai ? 1 : p.m, bi ? 1 : p.n, bi ? p.k : 1}, 4);
  gpu_push_all(&d, (const uint32_t[]){p.batches, 1, p.batches, 1, 1, 1, p.m * p.k, 0, 0, 0, p.n * p.k, 0, 0, 0}, 14);
  gpu_bind(&d, &a, 0);
  gpu_bind(&d, &b, 0);
  return gpu_product_end(c, &p, &d, &y);
}

/* Large products are tried on a piece of themselves. */
static void shrink(gpu_product_plan *p, double most) {
  while (2.0 * p->m * p->n * p->k * p->batches > most) {
    uint32_t *largest = p->batches > 1                 ? &p->batches
                        : p->m >= p->n && p->m >= p->k ? &p->m
                        : p->n >= p->k                 ? &p->n
                                                       : &p->k;
    *largest = GPU_MAX(*largest / 2 / 16 * 16, *largest == p->batches ? *largest / 2 : 16);
  }
}

static uint32_t choose(const rn_call *c, const gpu_product_plan *p) {
  const gpu_limits *l = &((const gpu_device *)c->device)->limits;
  gpu_product_plan piece = *p;
  gpu_trial t = {
      .family = GPU_TUNE_TILES, .size = {p->m, p->n, p->k, p->batches}, .arg = &piece, .record = record_tile};
  while (t.ways < TILES && fits(l, &tiles[t.ways])) t.ways++;
  t.usual = GPU_MIN(usual_tile(l, p), t.ways == 0 ? 0 : t.ways - 1);
  piece.whole = 0;
  if (l->tile != 0) return t.usual;
  shrink(&piece, l->scalar_threads ? 1 << 23 : 4e9);
  return gpu_tune(c, &t);
}

gpu_dispatch gpu_product_begin(const rn_call *c, gpu_product_plan *p, const gpu_product_code *code) {
  return begin(c, p, code, ((const gpu_device *)c->device)->limits.subgroup != 0 ? 0 : choose(c, p));
}

rn_status *gpu_product_end(const rn_call *c, const gpu_product_plan *p, gpu_dispatch *d, const rn_tensor_view *y) {
  rn_mem *parts;
  uint64_t n = (uint64_t)p->m * p->n * p->batches;
  gpu_epilogue *then = gpu_epilogue_asked(c);
  if (p->splits == 1) {
    gpu_bind(d, y, 1);
    if (then != NULL) gpu_epilogue_take(d, then);
    return gpu_run(c, d);
  }
  RN_TRY(gpu_scratch(c, n * p->splits * 4, &parts));
  gpu_bind_scratch(d, parts, 1);
  RN_TRY(gpu_run(c, d));
  if (then != NULL) return gpu_epilogue_parts(c, parts, (uint32_t)n, p->n, p->splits, y, then);
  return gpu_reduce_parts(c, parts, (uint32_t)n, p->splits, y);
}
