/* top_k.c - TopK: the k largest of every row (plugins/cpu).
 *
 * The order is total: larger values first, NaN after all numbers, equals by their index. (TensorFlow leaves the place
 * of a NaN open.) Sorted, the row is sorted whole: k is seldom much smaller. Not sorted, the order is that of a heap of
 * k + 1 with the last of the ranks in front, as TensorFlow's is: made of the first k + 1 elements, its
 * front dropped, and each later element that ranks before the front put in its place. */
#include "cpu.h"
#include <math.h>
#include <stdlib.h>

typedef struct ranked {
  double value;
  int64_t index;
} ranked;
typedef struct attrs {
  int64_t k;
  int sorted;
} attrs;

static int by_rank(const void *a, const void *b) {
  const ranked *x = a, *y = b;
  int x_is_nan = isnan(x->value), y_is_nan = isnan(y->value);
  if (x_is_nan != y_is_nan) return x_is_nan ? 1 : -1;
  if (!x_is_nan && x->value != y->value) return x->value > y->value ? -1 : 1;
  return x->index < y->index ? -1 : x->index > y->index;
}
static int before(ranked a, ranked b) { return by_rank(&a, &b) < 0; }

/* Moves v from the hole at `at` up to where its parent ranks after it. */
static void sift_up(ranked *h, int64_t at, ranked v) {
  while (at > 0 && before(h[(at - 1) / 2], v)) {
    h[at] = h[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  h[at] = v;
}
/* Fills the hole at `at` of n elements: the later child goes up to the very bottom, then v rises, but
 * not above `at`. */
static void sift_down(ranked *h, int64_t at, int64_t n, ranked v) {
  int64_t top = at;
  while (2 * at + 2 < n) {
    int64_t child = 2 * at + 2;
    if (before(h[child], h[child - 1])) child--;
    h[at] = h[child];
    at = child;
  }
  if (2 * at + 2 == n) {
    h[at] = h[n - 1];
    at = n - 1;
  }
  while (at > top && before(h[(at - 1) / 2], v)) {
    h[at] = h[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  h[at] = v;
}
/* Drops the front of a heap of n. */
static void drop_front(ranked *h, int64_t n) {
  if (n > 1) sift_down(h, 0, n - 1, h[n - 1]);
}
/* The k first ranks of d elements, to the front of row in the heap's order. */
static void select_some(ranked *row, int64_t d, int64_t k) {
  if (k == 0 || k == d) return;
  for (int64_t i = (k + 1) / 2 - 1; i >= 0; i--) sift_down(row, i, k + 1, row[i]);
  drop_front(row, k + 1);
  for (int64_t i = k + 1; i < d; i++) {
    if (!before(row[i], row[0])) continue;
    sift_up(row, k, row[i]);
    drop_front(row, k + 1);
  }
}

static rn_status *top_k(const void *state, rn_call *c) {
  const attrs *a = state;
  const rn_tensor_view *x = c->in[0];
  int64_t k = c->n_in > 1 ? cpu_int_at(c->in[1], 0) : a->k;
  rn_shape s = x->shape;
  if (s.rank < 1 || k < 0 || k > s.dim[s.rank - 1])
    return rn_error(c->host, RN_INVALID_ARGUMENT, "TopK: k = %lld of rows with %lld", (long long)k,
                    s.rank ? (long long)s.dim[s.rank - 1] : 0LL);
  int64_t d = s.dim[s.rank - 1], rows = cpu_product(s.dim, s.rank - 1);
  uint64_t bytes = cpu_dtype_bytes(x->dtype);
  s.dim[s.rank - 1] = k;
  RN_TRY(cpu_output(c, 0, &s));
  RN_TRY(cpu_output(c, 1, &s));
  ranked *row;
  RN_TRY(cpu_alloc((uint64_t)d * sizeof *row, (void **)&row));
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t i = 0; i < d; i++) row[i] = (ranked){cpu_real_at(x, r * d + i), i};
    if (a->sorted || k == 1 || k == d)
      qsort(row, (size_t)d, sizeof *row, by_rank);
    else
      select_some(row, d, k);
    for (int64_t i = 0; i < k; i++) {
      memcpy((char *)c->out[0]->data + (uint64_t)(r * k + i) * bytes,
             (const char *)x->data + (uint64_t)(r * d + row[i].index) * bytes, bytes);
      ((int32_t *)c->out[1]->data)[r * k + i] = (int32_t)row[i].index;
    }
  }
  cpu_free(row);
  return NULL;
}
static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  attrs *a;
  RN_TRY(cpu_state(out, sizeof *a, (void **)&a));
  a->k = rn_self_int(&p->self, "k", 0);
  a->sorted = rn_self_bool(&p->self, "sorted", 1);
  return NULL;
}

#define REAL "T: {float, double, int32, int64, uint8, int8, int16, uint16, half, bfloat16}"
static const rn_kernel_def kernels[] = {
    CPU_K("TopK", REAL, top_k, .prepare = prepare),
    CPU_K("TopKV2", REAL, top_k, .prepare = prepare),
};
CPU_GROUP(cpu_top_k, kernels);
