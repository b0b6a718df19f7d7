/* strided.c - moving elements between two strided layouts: what most array ops are (plugins/vulkan).
 *
 * Elements of 8 or 16 bytes are several words: one more dimension. Dimensions that lie against each other on both
 * sides are merged. */
#include "strided.h"

void gpu_strides(const rn_shape *s, int64_t *out) {
  int64_t step = 1;
  for (int32_t k = s->rank - 1; k >= 0; k--) {
    out[k] = step;
    step *= s->dim[k];
  }
}

void gpu_strided_init(gpu_strided *w, const rn_shape *s) {
  memset(w, 0, sizeof *w);
  w->rank = s->rank;
  memcpy(w->dim, s->dim, (size_t)s->rank * sizeof *s->dim);
  gpu_strides(s, w->sx);
  gpu_strides(s, w->sy);
}

gpu_units gpu_units_of(const rn_tensor_view *v) {
  uint32_t bytes = (uint32_t)(v->size_bytes / (uint64_t)rn_shape_elems(&v->shape));
  return (gpu_units){bytes >= 4 ? bytes / 4 : 1, bytes >= 4 ? 1 : 4 / bytes};
}

static void scale(gpu_strided *w, int64_t words) {
  if (words == 1) return;
  for (int32_t k = 0; k < w->rank; k++) {
    w->sx[k] *= words;
    w->sy[k] *= words;
  }
  w->x0 *= words;
  w->y0 *= words;
  w->dim[w->rank] = words;
  w->sx[w->rank] = w->sy[w->rank] = 1;
  w->rank++;
}

static void merge(const gpu_strided *w, gpu_strided *m) {
  memset(m, 0, sizeof *m);
  m->x0 = w->x0;
  m->y0 = w->y0;
  for (int32_t k = 0; k < w->rank; k++) {
    if (w->dim[k] == 1) continue;
    int32_t last = m->rank - 1;
    if (last >= 0 && m->sx[last] == w->sx[k] * w->dim[k] && m->sy[last] == w->sy[k] * w->dim[k]) {
      m->dim[last] *= w->dim[k];
      m->sx[last] = w->sx[k];
      m->sy[last] = w->sy[k];
      continue;
    }
    m->dim[m->rank] = w->dim[k];
    m->sx[m->rank] = w->sx[k];
    m->sy[m->rank++] = w->sy[k];
  }
}

static void push_innermost_first(gpu_dispatch *d, const gpu_strided *m, const int64_t *values, int64_t rest) {
  for (int32_t k = 0; k < RN_MAX_RANK; k++)
    gpu_push(d, (uint32_t)(int32_t)(k < m->rank ? values[m->rank - 1 - k] : rest));
}

/* whole: as many elements as y has, so that it is written word by word where their order is its own. */
static gpu_dispatch small(const rn_call *c, const gpu_strided *m, gpu_units u, int whole) {
  int64_t step = 1;
  for (int32_t k = m->rank - 1; k >= 0 && whole; step *= m->dim[k--]) whole = m->sy[k] == step;
  gpu_dispatch d = gpu_dispatch_of(c, SHADER_strided_small);
  gpu_spec(&d, u.per_word);
  gpu_spec(&d, whole && m->y0 == 0);
  return d;
}

rn_status *gpu_strided_run(const gpu_strided *w, const rn_call *c, const rn_tensor_view *x, const rn_tensor_view *y) {
  gpu_strided words = *w, m;
  int64_t n = 1, elems = rn_shape_elems(&x->shape);
  for (int32_t k = 0; k < w->rank; k++) n *= w->dim[k];
  if (n == 0 || elems == 0) return NULL;
  gpu_units u = gpu_units_of(x);
  int64_t per = u.per_elem;
  scale(&words, per);
  merge(&words, &m);
  if (m.rank > RN_MAX_RANK)
    return rn_error(c->host, RN_UNIMPLEMENTED, "the copy has %d dimensions, the device takes %d", m.rank, RN_MAX_RANK);
  gpu_dispatch d =
      u.per_word == 1 ? gpu_dispatch_of(c, SHADER_strided) : small(c, &m, u, n == rn_shape_elems(&y->shape));
  gpu_bind(&d, x, 0);
  gpu_bind(&d, y, 1);
  gpu_push(&d, (uint32_t)(n * per));
  gpu_push(&d, (uint32_t)m.rank);
  gpu_push(&d, (uint32_t)m.x0);
  gpu_push(&d, (uint32_t)m.y0);
  push_innermost_first(&d, &m, m.dim, 1);
  push_innermost_first(&d, &m, m.sx, 0);
  push_innermost_first(&d, &m, m.sy, 0);
  gpu_over(&d, c, (uint64_t)(n * per));
  return gpu_run(c, &d);
}

rn_status *gpu_strided_fill(const rn_call *c, const rn_tensor_view *x, const rn_tensor_view *y) {
  rn_shape line = rn_shape_vector(rn_shape_elems(&y->shape));
  gpu_strided w;
  gpu_strided_init(&w, &line);
  w.sx[0] = 0;
  return gpu_strided_run(&w, c, x, y);
}
