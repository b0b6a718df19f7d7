/* unique.c - Unique and UniqueWithCounts (plugins/cpu).
 *
 * y holds x's elements at their first appearance; idx[i] says which of them x[i] is. A hash table of
 * indices into y, twice as large as x; elements are compared as numbers: 0 and -0 are one, a NaN is
 * never another's equal. */
#include "cpu.h"

typedef struct table {
  int64_t *slot; /* 1 + index into y; 0: free */
  uint64_t mask;
  const unsigned char *x;
  uint64_t elem_bytes;
  rn_dtype dtype;
} table;

static int is_real(rn_dtype t) { return t == RN_FLOAT || t == RN_DOUBLE; }

static uint64_t hash_of(const table *t, int64_t i) {
  const unsigned char *p = t->x + (uint64_t)i * t->elem_bytes;
  uint64_t h = 1469598103934665603u;
  double v = t->dtype == RN_FLOAT ? (double)((const float *)(const void *)t->x)[i] : 0;
  if (t->dtype == RN_DOUBLE) v = ((const double *)(const void *)t->x)[i];
  if (is_real(t->dtype) && v == 0) return h;
  for (uint64_t k = 0; k < t->elem_bytes; k++) h = (h ^ p[k]) * 1099511628211u;
  return h ^ h >> 29;
}

static int equal(const table *t, int64_t i, int64_t k) {
  if (t->dtype == RN_FLOAT) return ((const float *)(const void *)t->x)[i] == ((const float *)(const void *)t->x)[k];
  if (t->dtype == RN_DOUBLE) return ((const double *)(const void *)t->x)[i] == ((const double *)(const void *)t->x)[k];
  return memcmp(t->x + (uint64_t)i * t->elem_bytes, t->x + (uint64_t)k * t->elem_bytes, t->elem_bytes) == 0;
}

static void put_index(const rn_tensor_view *v, int64_t i, int64_t value) {
  if (v->dtype == RN_INT32)
    ((int32_t *)v->data)[i] = (int32_t)value;
  else
    ((int64_t *)v->data)[i] = value;
}

/* For each element its place among the first appearances, which are listed. Returns how many there are. */
static int64_t number(table *t, int64_t n, int64_t *first, int64_t *place) {
  int64_t found = 0;
  for (int64_t i = 0; i < n; i++) {
    uint64_t at = hash_of(t, i) & t->mask;
    while (t->slot[at] != 0 && !equal(t, first[t->slot[at] - 1], i)) at = (at + 1) & t->mask;
    if (t->slot[at] == 0) {
      first[found] = i;
      t->slot[at] = ++found;
    }
    place[i] = t->slot[at] - 1;
  }
  return found;
}

static rn_status *write(rn_call *c, const table *t, int64_t n, int64_t found, const int64_t *first, int64_t *place) {
  rn_shape few = rn_shape_vector(found), all = rn_shape_vector(n);
  RN_TRY(cpu_output(c, 0, &few));
  RN_TRY(cpu_output(c, 1, &all));
  unsigned char *y = c->out[0]->data;
  for (int64_t i = 0; i < found; i++)
    memcpy(y + (uint64_t)i * t->elem_bytes, t->x + (uint64_t)first[i] * t->elem_bytes, t->elem_bytes);
  for (int64_t i = 0; i < n; i++) put_index(c->out[1], i, place[i]);
  if (c->n_out < 3) return NULL;
  RN_TRY(cpu_output(c, 2, &few));
  int64_t *count = t->slot; /* free again */
  memset(count, 0, (size_t)found * sizeof *count);
  for (int64_t i = 0; i < n; i++) count[place[i]]++;
  for (int64_t i = 0; i < found; i++) put_index(c->out[2], i, count[i]);
  return NULL;
}

static rn_status *unique(const void *state, rn_call *c) {
  const rn_tensor_view *x = c->in[0];
  int64_t n = x->shape.rank == 1 ? x->shape.dim[0] : 0;
  uint64_t slots = 4;
  void *memory;
  (void)state;
  if (x->shape.rank != 1)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "Unique takes a vector, x has rank %d", x->shape.rank);
  while (slots < 2 * (uint64_t)n) slots *= 2;
  RN_TRY(cpu_alloc((slots + 2 * (uint64_t)n) * sizeof(int64_t), &memory));
  table t = {memory, slots - 1, x->data, cpu_dtype_bytes(x->dtype), x->dtype};
  memset(t.slot, 0, slots * sizeof(int64_t));
  int64_t *first = t.slot + slots, *place = first + n;
  rn_status *s = write(c, &t, n, number(&t, n, first, place), first, place);
  cpu_free(memory);
  return s;
}

static const rn_kernel_def kernels[] = {
    CPU_K("Unique", CPU_POD("T"), unique),
    CPU_K("UniqueWithCounts", CPU_POD("T"), unique),
};
CPU_GROUP(cpu_unique, kernels);
