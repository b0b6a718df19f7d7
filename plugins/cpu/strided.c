/* strided.c - moving elements between two strided layouts (plugins/cpu).
 *
 * Dimensions that lie against each other on both sides are merged first, so the inner loop is long;
 * dense rows are memcpy. Large copies are split over the outermost dimension. */
#include "strided.h"

void cpu_strided_init(cpu_strided *w, const rn_shape *s, uint64_t elem_bytes) {
  int64_t step = (int64_t)elem_bytes;
  w->rank = s->rank;
  w->elem_bytes = (uint32_t)elem_bytes;
  for (int32_t i = s->rank - 1; i >= 0; i--) {
    w->dim[i] = s->dim[i];
    w->sx[i] = w->sy[i] = step;
    step *= s->dim[i];
  }
}

static void merge(const cpu_strided *w, cpu_strided *m) {
  m->rank = 0;
  m->elem_bytes = w->elem_bytes;
  for (int32_t i = 0; i < w->rank; i++) {
    if (w->dim[i] == 1) continue;
    int32_t k = m->rank - 1;
    if (k >= 0 && m->sx[k] == w->sx[i] * w->dim[i] && m->sy[k] == w->sy[i] * w->dim[i]) {
      m->dim[k] *= w->dim[i];
      m->sx[k] = w->sx[i];
      m->sy[k] = w->sy[i];
      continue;
    }
    m->dim[m->rank] = w->dim[i];
    m->sx[m->rank] = w->sx[i];
    m->sy[m->rank++] = w->sy[i];
  }
  if (m->rank == 0) {
    m->dim[0] = 1;
    m->sx[0] = m->sy[0] = w->elem_bytes;
    m->rank = 1;
  }
}

#define ROW(T) \
  for (int64_t i = 0; i < n; i++, x += sx, y += sy) memcpy(y, x, sizeof(T));
static void copy_row(const char *x, char *y, int64_t n, int64_t sx, int64_t sy, uint32_t bytes) {
  if (sx == bytes && sy == bytes) {
    memcpy(y, x, (uint64_t)n * bytes);
    return;
  }
  switch (bytes) {
    case 1:
      ROW(uint8_t) return;
    case 2:
      ROW(uint16_t) return;
    case 4:
      ROW(uint32_t) return;
    case 8:
      ROW(uint64_t) return;
    default:
      for (int64_t i = 0; i < n; i++, x += sx, y += sy) memcpy(y, x, bytes);
  }
}

static void copy_part(const cpu_strided *m, const char *x, char *y, int64_t lo, int64_t hi) {
  int64_t at[CPU_STRIDED_RANK] = {0}, rows = 1;
  int32_t last = m->rank - 1;
  x += lo * m->sx[0];
  y += lo * m->sy[0];
  if (last == 0) {
    copy_row(x, y, hi - lo, m->sx[0], m->sy[0], m->elem_bytes);
    return;
  }
  rows = hi - lo;
  for (int32_t k = 1; k < last; k++) rows *= m->dim[k];
  for (int64_t r = 0; r < rows; r++) {
    copy_row(x, y, m->dim[last], m->sx[last], m->sy[last], m->elem_bytes);
    for (int32_t k = last - 1; k >= 0; k--) {
      x += m->sx[k];
      y += m->sy[k];
      if (k == 0 || ++at[k] < m->dim[k]) break;
      x -= m->sx[k] * m->dim[k];
      y -= m->sy[k] * m->dim[k];
      at[k] = 0;
    }
  }
}

typedef struct job {
  const cpu_strided *m;
  const char *x;
  char *y;
} job;
static void piece(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  (void)worker;
  const job *j = arg;
  copy_part(j->m, j->x, j->y, (int64_t)lo, (int64_t)hi);
}

void cpu_strided_copy(const cpu_strided *w, const void *x, void *y) {
  cpu_strided m;
  int64_t total = 1;
  for (int32_t i = 0; i < w->rank; i++) total *= w->dim[i];
  if (total == 0) return;
  merge(w, &m);
  job j = {&m, x, y};
  int64_t per = total / m.dim[0];
  if (total < 1 << 16)
    copy_part(&m, x, y, 0, m.dim[0]);
  else
    cpu_parallel((uint64_t)m.dim[0], (uint64_t)CPU_MAX(1, (1 << 14) / per), piece, &j);
}

void cpu_fill(void *y, const void *elem, uint64_t elem_bytes, int64_t n) {
  cpu_strided w = {.rank = 1, .elem_bytes = (uint32_t)elem_bytes, .dim = {n}, .sx = {0}, .sy = {(int64_t)elem_bytes}};
  static const char zero[16];
  if (memcmp(elem, zero, elem_bytes) == 0)
    memset(y, 0, (uint64_t)n * elem_bytes);
  else
    cpu_strided_copy(&w, elem, y);
}
