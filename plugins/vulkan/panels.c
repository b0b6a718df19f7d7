/* panels.c - products on drivers that run on the CPU (plugins/vulkan).
 *
 * A driver like llvmpipe makes a vector of a subgroup's lanes. It reads storage buffers lane by lane, and texel
 * buffers as vectors; an operand of eight rows is read once and reaches all lanes by shuffles. So operands are copied
 * into panels, in the order in which the product reads them, which also takes care of transposed, picked
 * (convolutions) and ragged ones. Panels of rows have x[index, k] at [index / 8][k / 4][index % 8][k % 4], panels of
 * columns at [index / 32][k][index % 32]; k is padded with zeros to eights.
 *
 * An operand that is whole as it lies, with few of the other's panels to serve, is read in place: packing would cost
 * more than it gains. What is large is done in slices, one after another in the same scratch. Measured figures are in
 * docs/decisions/vulkan.md. */
#include "divide.h"
#include "epilogue.h"
#include "panels.h"
#include "reduce.h"

enum { LANES = 8, COLUMNS = 32, MOST_DEPTH = 1 << 16, SLICE_BYTES = 8 << 20, PACK_GROUP = 64, FEW = 384 };

/* A side with its share of a slice. */
typedef struct part {
  const gpu_side *side;
  int rows;                     /* in panels of rows, else of columns */
  uint32_t panel, step, panels; /* indices of a panel; indices of a slice; panels of this slice */
  uint32_t at;                  /* the first index of this slice */
  int in_place;
  rn_mem *mem;
} part;
typedef struct slicing {
  part row, column;
  uint32_t bytes, most_depth; /* what a slice of a side may have */
  uint32_t row_block, depth, k0, batch0, batches, splits, all_parts;
} slicing;

int gpu_panels_fit(const rn_call *c) { return ((const gpu_device *)c->device)->limits.max_texels != 0; }

/* ------------------------------------------------------------------------------------------------- packing */
static void push_patches(gpu_dispatch *d, const gpu_patches *p) {
  gpu_divisor w = gpu_divisor_of(p->w), h = gpu_divisor_of(p->h), ch = gpu_divisor_of(p->c), kw = gpu_divisor_of(p->kw);
  gpu_push_all(d, (const uint32_t[]){p->w, p->h, w.m, w.s, h.m, h.s, p->c, ch.m, ch.s, p->kw, kw.m, kw.s}, 12);
  gpu_push_all(d, (const uint32_t[]){p->xh, p->xw, p->sh, p->sw, p->dh, p->dw, p->pt, p->pl}, 8);
  gpu_push_all(d, (const uint32_t[]){p->sn, p->sr, p->sc, p->sz}, 4);
}

/* Four elements that lie together, and either all belong to the operand or none. */
static uint32_t along(const gpu_panel_product *p, const part *o) {
  const gpu_side *x = o->side;
  const gpu_batches *b = &p->batches;
  const uint32_t *stride = x == &p->a ? b->sa : b->sb;
  uint32_t uneven = 0;
  if (x->x->offset_bytes % 16 != 0) return PANEL_SINGLE;
  if (x->patches != NULL) {
    const gpu_patches *i = x->patches;
    if (i->sz != 1 || ((i->c | i->sn | i->sr | i->sc) & 3) != 0) return PANEL_SINGLE;
    return i->taps ? PANEL_ALONG_INDEX : PANEL_ALONG_K;
  }
  for (uint32_t k = 0; k < b->rank; k++) uneven |= stride[k] & 3;
  if (uneven == 0 && x->sn == 1 && ((x->sk | x->n) & 3) == 0) return PANEL_ALONG_INDEX;
  if (uneven == 0 && x->sk == 1 && ((x->sn | p->k) & 3) == 0) return PANEL_ALONG_K;
  return PANEL_SINGLE;
}

static rn_status *pack(const rn_call *c, const gpu_panel_product *p, const slicing *s, const part *o) {
  const gpu_patches *patches = o->side->patches;
  uint32_t how = along(p, o);
  if (o->in_place) return NULL;
  gpu_dispatch d = gpu_dispatch_of(c, patches != NULL ? SHADER_panel_image : SHADER_panel_matrix);
  d.spec[0] = PACK_GROUP;
  gpu_spec(&d, (uint32_t)o->rows);
  gpu_spec(&d, patches != NULL && patches->taps);
  gpu_spec(&d, patches != NULL && patches->back);
  gpu_spec(&d, p->batches.n > 1);
  gpu_spec(&d, how);
  gpu_push_all(&d, (const uint32_t[]){o->side->n, p->k, o->at, s->k0, s->depth}, 5);
  if (patches != NULL) {
    push_patches(&d, patches);
  } else {
    gpu_push_all(&d, (const uint32_t[]){o->side->sn, o->side->sk, s->batch0, p->batches.rank}, 4);
    gpu_push_all(&d, p->batches.dim, 4);
    gpu_push_all(&d, o->side == &p->a ? p->batches.sa : p->batches.sb, 4);
  }
  gpu_bind_texels(&d, o->side->x, how == PANEL_SINGLE ? 1 : 4);
  gpu_bind_scratch(&d, o->mem, 1);
  d.groups[0] = GPU_CEIL(s->depth / 4 * (o->panel / 4), PACK_GROUP);
  d.groups[1] = o->panels;
  d.groups[2] = s->batches;
  return gpu_run(c, &d);
}

/* --------------------------------------------------------------------------------------------- multiplying */
static int by_fours(const gpu_panel_product *p, const slicing *s, uint32_t step, uint32_t other) {
  uint32_t unaligned = other % 4 | p->image_words % 4 | s->column.side->n % 4 | s->row.side->n * s->column.side->n % 4;
  return step == 1 && unaligned == 0 && (p->pixels == 0 || s->row.side == &p->a);
}

static void push_rows(gpu_dispatch *d, const slicing *s) {
  uint32_t row = s->row.side->sn / 4;
  if (s->row.in_place)
    gpu_push_all(d, (const uint32_t[]){0, 8 * row, row, 1}, 4);
  else
    gpu_push_all(d, (const uint32_t[]){s->row.panels * s->depth * 2, s->depth * 2, 1, 8}, 4);
}
static void push_columns(gpu_dispatch *d, const slicing *s) {
  if (s->column.in_place)
    gpu_push_all(d, (const uint32_t[]){0, 8, s->column.side->sk / 4}, 3);
  else
    gpu_push_all(d, (const uint32_t[]){s->column.panels * s->depth * 8, s->depth * 8, 8}, 3);
}
static void bind_part(gpu_dispatch *d, const part *o) {
  if (o->in_place)
    gpu_bind_texels(d, o->side->x, 4);
  else
    gpu_bind_scratch_texels(d, o->mem);
}

static rn_status *multiply(const rn_call *c, const gpu_panel_product *p, const slicing *s, const rn_tensor_view *y) {
  int swapped = s->row.side == &p->b;
  gpu_epilogue *then = gpu_epilogue_asked(c);
  uint32_t yi = swapped ? p->yn : p->ym, yj = swapped ? p->ym : p->yn, each = p->a.n * p->b.n;
  gpu_divisor pixels = gpu_divisor_of(GPU_MAX(p->pixels, 1));
  gpu_dispatch d = gpu_dispatch_of(c, s->row_block == 16 ? SHADER_product_panels_16 : SHADER_product_panels_8);
  uint32_t slice = s->k0 / s->most_depth;
  d.spec[0] = LANES;
  gpu_spec(&d, p->pixels == 0 ? 0 : swapped ? 2 : 1);
  gpu_spec(&d, (uint32_t)by_fours(p, s, yj, yi));
  gpu_spec(&d, (uint32_t)swapped);
  gpu_push_all(&d, (const uint32_t[]){s->row.side->n, s->column.side->n, s->row.at, s->column.at, s->depth}, 5);
  gpu_push(&d, GPU_CEIL(GPU_CEIL(s->depth, s->splits), 8) * 8);
  gpu_push(&d, s->splits);
  push_rows(&d, s);
  push_columns(&d, s);
  gpu_push(&d, s->row.in_place ? (s->row.at * s->row.side->sn + s->k0) / 4 : 0);
  gpu_push(&d, s->column.in_place ? (s->column.at + s->k0 * s->column.side->sk) / 4 : 0);
  gpu_push(&d, slice * s->splits * each * p->batches.n + s->batch0 * each);
  gpu_push_all(&d, (const uint32_t[]){each * p->batches.n, yi, yj, p->image_words, p->pixels, pixels.m, pixels.s}, 7);
  bind_part(&d, &s->row);
  bind_part(&d, &s->column);
  gpu_bind(&d, y, 1);
  if (then != NULL && s->all_parts == 1 && p->pixels == 0) gpu_epilogue_take(&d, then);
  d.groups[0] = s->column.panels;
  d.groups[1] = s->row.panels * 8 / s->row_block;
  d.groups[2] = s->batches * s->splits;
  return gpu_run(c, &d);
}

/* ------------------------------------------------------------------------------------------------- slicing */
/* The side that is padded less goes to the lanes. */
static void orient(const gpu_panel_product *p, slicing *s) {
  const gpu_side *side[2] = {&p->a, &p->b};
  uint64_t cost[2];
  uint32_t block[2];
  for (int i = 0; i < 2; i++) {
    uint32_t rows = side[i]->n, columns = side[1 - i]->n;
    block[i] = rows > 8 && (rows % 16 == 0 || rows % 16 > 8) ? 16 : rows > 48 ? 16 : 8;
    cost[i] = (uint64_t)GPU_CEIL(rows, block[i]) * (block[i] == 16 ? 16 : 10) * GPU_CEIL(columns, COLUMNS);
  }
  int rows = cost[0] <= cost[1] ? 0 : 1;
  s->row_block = block[rows];
  s->row = (part){.side = side[rows], .rows = 1, .panel = 8};
  s->column = (part){.side = side[1 - rows], .panel = COLUMNS};
}

static void size_part(part *o, uint32_t bytes, uint32_t depth) {
  uint32_t fit = o->in_place ? o->side->n : bytes / (depth * 4u) / COLUMNS * COLUMNS;
  o->step = GPU_MIN(GPU_MAX(fit, COLUMNS), o->side->n);
}

/* Indices [at, at + step) of a side. Rows come in blocks, of which the last may reach beyond the panels: they exist. */
static void set_part(part *o, uint32_t at, uint32_t block) {
  o->at = at;
  o->panels = GPU_CEIL(GPU_MIN(o->step, o->side->n - at), block) * (block / o->panel);
}

/* Is it read as it lies? `others` indices of the other side share the cost of packing it. */
static int stays(const gpu_panel_product *p, const part *o, uint32_t block, uint32_t others) {
  uint32_t how = o->rows ? PANEL_ALONG_K : PANEL_ALONG_INDEX;
  int whole = o->side->n % block == 0 && p->k % 8 == 0 && p->batches.n == 1 && o->side->patches == NULL;
  return whole && others <= FEW && along(p, o) == how;
}

static void plan(const rn_call *c, const gpu_panel_product *p, slicing *s) {
  s->bytes = (uint32_t)GPU_MIN(SLICE_BYTES, ((const gpu_device *)c->device)->limits.max_binding);
  s->most_depth = GPU_MIN(MOST_DEPTH, s->bytes / (COLUMNS * 4) / 8 * 8);
  uint32_t depth = GPU_MIN(GPU_CEIL(p->k, 8) * 8, s->most_depth);
  orient(p, s);
  s->row.in_place = stays(p, &s->row, s->row_block, s->column.side->n);
  s->column.in_place = stays(p, &s->column, COLUMNS, s->row.side->n);
  size_part(&s->row, s->bytes, depth);
  size_part(&s->column, s->bytes, depth);
  uint64_t padded = GPU_MAX(GPU_CEIL(s->row.step, 16) * 16, GPU_CEIL(s->column.step, COLUMNS) * COLUMNS);
  uint64_t batch_bytes = padded * depth * 4;
  s->batches = (uint32_t)GPU_MIN(p->batches.n, GPU_MAX(s->bytes / batch_bytes, 1));
  uint64_t blocks = (uint64_t)GPU_CEIL(s->row.step, s->row_block) * GPU_CEIL(s->column.step, COLUMNS) * s->batches;
  uint64_t splits = GPU_MIN(32 / GPU_MIN(blocks, 32), GPU_CEIL(depth, 256));
  s->splits = (uint32_t)GPU_MAX(splits, 1);
  s->all_parts = s->splits * GPU_CEIL(p->k, s->most_depth);
}

static rn_status *room(const rn_call *c, const slicing *s, const part *o, uint32_t block, uint32_t slot, rn_mem **out) {
  uint64_t indices = (uint64_t)GPU_CEIL(o->step, block) * block;
  return gpu_scratch_shared(c, slot, indices * s->depth * 4 * s->batches, out);
}

static rn_status *run_slice(const rn_call *c, const gpu_panel_product *p, slicing *s, const rn_tensor_view *y) {
  int rows_stay = s->row.step == s->row.side->n;
  for (uint32_t j = 0; j < s->column.side->n; j += s->column.step) {
    set_part(&s->column, j, COLUMNS);
    RN_TRY(pack(c, p, s, &s->column));
    for (uint32_t i = 0; i < s->row.side->n; i += s->row.step) {
      set_part(&s->row, i, s->row_block);
      if (j == 0 || !rows_stay) RN_TRY(pack(c, p, s, &s->row));
      RN_TRY(multiply(c, p, s, y));
    }
  }
  return NULL;
}

static rn_status *run_all(const rn_call *c, const gpu_panel_product *p, slicing *s, const rn_tensor_view *y) {
  uint32_t most = s->batches;
  s->depth = GPU_MIN(GPU_CEIL(p->k, 8) * 8, s->most_depth);
  if (!s->row.in_place) RN_TRY(room(c, s, &s->row, s->row_block, 0, &s->row.mem));
  if (!s->column.in_place) RN_TRY(room(c, s, &s->column, COLUMNS, 1, &s->column.mem));
  for (s->k0 = 0; s->k0 < p->k; s->k0 += s->most_depth)
    for (s->batch0 = 0; s->batch0 < p->batches.n; s->batch0 += most) {
      s->depth = GPU_MIN(GPU_CEIL(p->k - s->k0, 8) * 8, s->most_depth);
      s->batches = GPU_MIN(most, p->batches.n - s->batch0);
      RN_TRY(run_slice(c, p, s, y));
    }
  return NULL;
}

rn_status *gpu_panels_run(const rn_call *c, const gpu_panel_product *p) {
  uint64_t n = (uint64_t)p->a.n * p->b.n * p->batches.n;
  slicing s;
  memset(&s, 0, sizeof s);
  plan(c, p, &s);
  if (s.all_parts == 1) return run_all(c, p, &s, p->y);
  rn_mem *parts;
  RN_TRY(gpu_scratch(c, n * s.all_parts * 4, &parts));
  rn_tensor_view y = *p->y;
  y.mem = parts;
  y.offset_bytes = 0;
  y.size_bytes = n * s.all_parts * 4;
  RN_TRY(run_all(c, p, &s, &y));
  gpu_epilogue *then = gpu_epilogue_asked(c);
  if (then != NULL && p->pixels == 0) return gpu_epilogue_parts(c, parts, (uint32_t)n, p->b.n, s.all_parts, p->y, then);
  return gpu_reduce_parts(c, parts, (uint32_t)n, s.all_parts, p->y);
}
