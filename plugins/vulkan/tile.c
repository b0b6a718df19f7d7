/* tile.c - how a product is cut into tiles and its k into splits (plugins/vulkan).
 *
 * A GPU multiplies tiles through shared memory: 128 x 128 results of 256 invocations, 64 x 64 of 256, or 32 x 32 of
 * 64 where a workgroup, its memory or the matrix is small. For half there are cooperative matrices too, where the
 * device has them: 64 x 64 or 128 x 128 results (blocks.c). A driver on the CPU takes the direct form. Where results
 * are few and k is long, k is split and the parts are added. Which way is best is measured once per device (tune.c)
 * or by this rule: matrices before tiles, the largest of which there are enough to keep the device busy. */
#include "blocks.h"
#include "cast.h"
#include "epilogue.h"
#include "narrow.h"
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

/* The ways there are for a product: tiles, then blocks of matrices. */
typedef struct ways {
  uint32_t tiles, matrices;
} ways;
static ways ways_of(const gpu_limits *l, const gpu_product_plan *p) {
  ways w = {0, 0};
  gpu_matrix_block b;
  while (w.tiles < TILES && fits(l, &tiles[w.tiles])) w.tiles++;
  if (p->type != CAST_HALF) return w;
  while (w.matrices < GPU_MATRIX_BLOCKS && gpu_matrix_block_fit(l, w.matrices, p->form, &b)) w.matrices++;
  return w;
}

static uint32_t side_of(const ways *w, uint32_t way) {
  return way < w->tiles ? tiles[way].side * tiles[way].per : gpu_matrix_sides[way - w->tiles];
}

/* The last of the ways [from, to) with enough blocks, or the first. */
static uint32_t busy_way(const gpu_product_plan *p, const ways *w, uint32_t from, uint32_t to) {
  uint64_t deep = p->k >= 1024 ? p->k / 512 : 1; /* splits make up for few blocks */
  uint32_t best = from;
  for (uint32_t i = from + 1; i < to; i++) {
    uint32_t side = side_of(w, i);
    if ((uint64_t)GPU_CEIL(p->m, side) * GPU_CEIL(p->n, side) * p->batches * deep >= BUSY) best = i;
  }
  return best;
}

/* The largest that the setting `tile` allows; matrices before tiles. */
static uint32_t wanted_way(const ways *w, uint32_t wanted) {
  uint32_t best = 0;
  for (uint32_t i = 0; i < w->tiles + w->matrices; i++)
    if (side_of(w, i) <= wanted) best = i;
  return best;
}

static uint32_t usual_way(const gpu_limits *l, const gpu_product_plan *p, const ways *w) {
  if (l->tile != 0) return wanted_way(w, l->tile);
  return w->matrices != 0 ? busy_way(p, w, w->tiles, w->tiles + w->matrices) : busy_way(p, w, 0, w->tiles);
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

static gpu_dispatch begin(const rn_call *c, gpu_product_plan *p, const gpu_product_code *code, uint32_t way) {
  const gpu_limits *l = &((const gpu_device *)c->device)->limits;
  const ways w = ways_of(l, p);
  int direct = l->subgroup != 0, by_matrices = !direct && way >= w.tiles && w.matrices != 0;
  gpu_matrix_block block;
  if (by_matrices) (void)gpu_matrix_block_fit(l, way - w.tiles, p->form, &block);
  gpu_dispatch d = direct        ? begin_direct(c, p, code->direct)
                   : by_matrices ? gpu_matrix_begin(c, p, code->matrix, &block)
                                 : begin_tile(c, p, code, way);
  uint64_t blocks = (uint64_t)d.groups[0] * d.groups[1] * p->batches;
  uint32_t step = by_matrices ? PRODUCT_MATRIX_STEP : 16;
  p->splits = p->whole ? 1 : gpu_reduce_splits(c, blocks * (direct ? 8 : 128), 4 * (uint64_t)p->k, 1024);
  if (p->type != CAST_FLOAT && !direct && p->splits == 1 && (p->form & PRODUCT_Y_FOURS) != 0)
    p->form |= PRODUCT_Y_NARROW;
  gpu_spec(&d, p->form);
  if (by_matrices)
    gpu_matrix_specs(&d, l, &block);
  else
    gpu_spec(&d, p->type);
  gpu_push(&d, p->m);
  gpu_push(&d, p->n);
  gpu_push(&d, p->k);
  gpu_push(&d, GPU_CEIL(GPU_CEIL(p->k, p->splits), step) * step);
  gpu_push(&d, p->splits);
  d.groups[1] = GPU_MIN(d.groups[1], l->max_groups);
  d.groups[2] = GPU_MIN(p->batches * p->splits, l->max_groups);
  return d;
}

/* -------------------------------------------------------------------------------------------------- tuning */
static const gpu_product_code plain = {SHADER_product_large, SHADER_product_small, SHADER_product_direct,
                                       SHADER_product_matrix};

static rn_status *scratch_view(const rn_call *c, uint64_t elems, uint32_t type, rn_tensor_view *out) {
  rn_mem *m;
  uint64_t bytes = elems * (type == CAST_FLOAT ? 4 : 2);
  memset(out, 0, sizeof *out);
  RN_TRY(gpu_scratch(c, bytes, &m));
  out->struct_size = (uint32_t)sizeof *out;
  out->dtype = type == CAST_FLOAT ? RN_FLOAT : type == CAST_HALF ? RN_HALF : RN_BFLOAT16;
  out->shape.rank = 1;
  out->shape.dim[0] = (int64_t)elems;
  out->mem = m;
  out->size_bytes = bytes;
  return gpu_fill(c, out, 0);
}

static rn_status *record_way(const rn_call *c, const void *arg, uint32_t way) {
  gpu_product_plan p = *(const gpu_product_plan *)arg;
  rn_tensor_view a, b, y;
  RN_TRY(scratch_view(c, (uint64_t)p.batches * p.m * p.k, p.type, &a));
  RN_TRY(scratch_view(c, (uint64_t)p.batches * p.n * p.k, p.type, &b));
  RN_TRY(scratch_view(c, (uint64_t)p.batches * p.m * p.n, p.type, &y));
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
  static const uint32_t family[] = {
      [CAST_FLOAT] = GPU_TUNE_TILES, [CAST_HALF] = GPU_TUNE_HALF, [CAST_BFLOAT16] = GPU_TUNE_BFLOAT16};
  const gpu_limits *l = &((const gpu_device *)c->device)->limits;
  const ways w = ways_of(l, p);
  gpu_product_plan piece = *p;
  gpu_trial t = {.family = family[p->type],
                 .size = {p->m, p->n, p->k, p->batches},
                 .ways = w.tiles + w.matrices,
                 .usual = usual_way(l, p, &w),
                 .arg = &piece,
                 .record = record_way};
  piece.whole = 0;
  if (l->tile != 0) return t.usual;
  shrink(&piece, l->scalar_threads ? 1 << 23 : 4e9);
  return gpu_tune(c, &t);
}

gpu_dispatch gpu_product_begin(const rn_call *c, gpu_product_plan *p, const gpu_product_code *code) {
  return begin(c, p, code, ((const gpu_device *)c->device)->limits.subgroup != 0 ? 0 : choose(c, p));
}

/* Into y in float, or as it is if the kernel narrows itself. */
static rn_status *sum(const rn_call *c, const gpu_product_plan *p, gpu_dispatch *d, const rn_tensor_view *y) {
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

rn_status *gpu_product_end(const rn_call *c, const gpu_product_plan *p, gpu_dispatch *d, const rn_tensor_view *y) {
  rn_tensor_view sums;
  if (p->type == CAST_FLOAT || (p->form & PRODUCT_Y_NARROW) != 0) return sum(c, p, d, y);
  RN_TRY(gpu_widen(c, y, &sums));
  RN_TRY(sum(c, p, d, &sums));
  return gpu_cast(c, &sums, y);
}
