/* exec/offset.c - buffers get their offsets (core/exec).
 *
 * A moderate number is placed by decreasing size, each into the smallest gap that takes it. Very many
 * are placed in order, into freed blocks of the same size class: linear, at most a quarter wasted. */
#include <stdlib.h>
#include "exec/memory.h"

#define CLASSES 256u

static int by_size(const void *a, const void *b) {
  const exec_buffer *x = *(const exec_buffer *const *)a, *y = *(const exec_buffer *const *)b;
  if (x->size != y->size) return x->size < y->size ? 1 : -1;
  return x < y ? -1 : x > y;
}

static uint64_t fit(const exec_memory *w, uint64_t at, uint64_t size) {
  if (w->chunk == 0 || at / w->chunk == (at + size - 1) / w->chunk) return at;
  return (at / w->chunk + 1) * w->chunk;
}

/* The smallest gap between placed neighbours in time; `placed` is sorted by offset. */
static uint64_t find_gap(const exec_memory *w, exec_buffer *const *placed, uint32_t n, const exec_buffer *b) {
  uint64_t end = 0, best = UINT64_MAX, best_size = UINT64_MAX;
  for (uint32_t i = 0; i < n; i++) {
    if (!exec_buffers_meet(w, placed[i], b)) continue;
    uint64_t at = fit(w, end, b->size);
    if (placed[i]->offset >= at + b->size && placed[i]->offset - at < best_size) {
      best = at;
      best_size = placed[i]->offset - at;
    }
    uint64_t past = placed[i]->offset + placed[i]->size;
    if (past > end) end = past;
  }
  return best != UINT64_MAX ? best : fit(w, end, b->size);
}

rn_status *exec_place_by_size(exec_memory *w) {
  exec_buffer **sorted = rn_mem_alloc((w->n_buf + (size_t)1) * 2 * sizeof(exec_buffer *));
  if (sorted == NULL) return exec_out_of_memory("a layout");
  exec_buffer **placed = sorted + w->n_buf + 1;
  uint32_t n = 0;
  for (uint32_t b = 0; b < w->n_buf; b++) sorted[b] = &w->buf[b];
  qsort(sorted, w->n_buf, sizeof *sorted, by_size);
  for (uint32_t k = 0; k < w->n_buf; k++) {
    exec_buffer *b = sorted[k];
    if (b->size == 0) continue;
    b->offset = find_gap(w, placed, n, b);
    uint32_t at = n++;
    for (; at > 0 && placed[at - 1]->offset > b->offset; at--) placed[at] = placed[at - 1];
    placed[at] = b;
    if (b->offset + b->size > w->bytes) w->bytes = b->offset + b->size;
  }
  rn_mem_free(sorted);
  return NULL;
}

/* Size classes: four per power of two. */
static uint32_t class_of(uint64_t size, uint64_t *out_rounded) {
  uint64_t units = size / EXEC_ALIGN;
  if (units < 4) {
    *out_rounded = size;
    return (uint32_t)units;
  }
  uint32_t top = 63 - (uint32_t)__builtin_clzll(units);
  uint64_t step = (uint64_t)1 << (top - 2);
  uint64_t rounded = (units + step - 1) / step * step;
  *out_rounded = rounded * EXEC_ALIGN;
  top = 63 - (uint32_t)__builtin_clzll(rounded);
  return (top * 4 + (uint32_t)(rounded >> (top - 2) & 3)) % CLASSES;
}

/* Free blocks of a class form a list through `next`; ends[] lists buffers by the position they die at. */
rn_status *exec_place_in_order(exec_memory *w) {
  uint32_t n_order = w->l->n_order, head[CLASSES];
  uint32_t *next = rn_mem_alloc((w->n_buf + (size_t)1) * sizeof *next);
  uint32_t *ends = rn_mem_alloc((n_order + (size_t)1) * sizeof *ends),
           *starts = rn_mem_alloc((n_order + (size_t)1) * sizeof *starts);
  uint32_t *next_end = rn_mem_alloc((w->n_buf + (size_t)1) * sizeof *next_end);
  int ok = next != NULL && ends != NULL && starts != NULL && next_end != NULL;
  if (ok) {
    memset(head, 0xff, sizeof head);
    memset(ends, 0xff, (n_order + (size_t)1) * sizeof *ends);
    memset(starts, 0xff, (n_order + (size_t)1) * sizeof *starts);
    for (uint32_t b = 0; b < w->n_buf; b++) {
      if (w->buf[b].size == 0) continue;
      next_end[b] = ends[w->buf[b].last];
      ends[w->buf[b].last] = b;
      next[b] = starts[w->buf[b].first];
      starts[w->buf[b].first] = b;
    }
  }
  for (uint32_t i = 0; ok && i < n_order; i++) {
    for (uint32_t b = starts[i], after; b != EXEC_NONE; b = after) {
      uint64_t rounded;
      uint32_t c = class_of(w->buf[b].size, &rounded);
      after = next[b];
      if (head[c] != EXEC_NONE && !w->l->parallel) {
        w->buf[b].offset = w->buf[head[c]].offset;
        head[c] = next[head[c]];
      } else {
        w->buf[b].offset = w->bytes;
        w->bytes += rounded;
      }
    }
    for (uint32_t b = ends[i]; b != EXEC_NONE; b = next_end[b]) {
      uint64_t rounded;
      uint32_t c = class_of(w->buf[b].size, &rounded);
      next[b] = head[c];
      head[c] = b;
    }
  }
  rn_mem_free(next);
  rn_mem_free(ends);
  rn_mem_free(starts);
  rn_mem_free(next_end);
  return ok ? NULL : exec_out_of_memory("a layout");
}
