/* heap.c - stretches of a memory, given and taken back while a program is made (plugins/tpu).
 *
 * First fit over holes in order of address. When there are too many holes a stretch is not reused: that costs room,
 * never rightness. */
#include "lower.h"

enum { ALIGN = 64 };

void tpu_heap_init(tpu_heap *h, uint64_t size_bytes) {
  h->hole[0].lo = 0;
  h->hole[0].hi = size_bytes;
  h->n_holes = 1;
  h->top = 0;
}

static uint64_t rounded(uint64_t size_bytes) { return (size_bytes + ALIGN - 1) / ALIGN * ALIGN; }

int tpu_heap_take(tpu_heap *h, uint64_t size_bytes, uint64_t *out) {
  uint64_t size = rounded(size_bytes > 0 ? size_bytes : 1);
  for (uint32_t i = 0; i < h->n_holes; i++) {
    if (h->hole[i].hi - h->hole[i].lo < size) continue;
    *out = h->hole[i].lo;
    h->hole[i].lo += size;
    if (h->hole[i].lo > h->top) h->top = h->hole[i].lo;
    if (h->hole[i].lo == h->hole[i].hi) {
      memmove(&h->hole[i], &h->hole[i + 1], (h->n_holes - i - 1) * sizeof h->hole[0]);
      h->n_holes--;
    }
    return 1;
  }
  return 0;
}

void tpu_heap_give(tpu_heap *h, uint64_t offset, uint64_t size_bytes) {
  uint64_t end = offset + rounded(size_bytes > 0 ? size_bytes : 1);
  uint32_t i = 0;
  while (i < h->n_holes && h->hole[i].lo < offset) i++;
  int left = i > 0 && h->hole[i - 1].hi == offset, right = i < h->n_holes && h->hole[i].lo == end;
  if (left && right) {
    h->hole[i - 1].hi = h->hole[i].hi;
    memmove(&h->hole[i], &h->hole[i + 1], (h->n_holes - i - 1) * sizeof h->hole[0]);
    h->n_holes--;
  } else if (left) {
    h->hole[i - 1].hi = end;
  } else if (right) {
    h->hole[i].lo = offset;
  } else if (h->n_holes < TPU_MAX_HOLES) {
    memmove(&h->hole[i + 1], &h->hole[i], (h->n_holes - i) * sizeof h->hole[0]);
    h->hole[i].lo = offset;
    h->hole[i].hi = end;
    h->n_holes++;
  }
}
