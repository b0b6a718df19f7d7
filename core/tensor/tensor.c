/* tensor/tensor.c - reference-counted tensors in host memory (core/tensor).
 *
 * A tensor is a head (dtype, shape) over a storage (bytes). Reshaped tensors share one storage, and
 * the storage calls `done` or frees its bytes when the last head goes. Owned bytes are aligned to 64,
 * a cache line and the widest vector register.
 *
 * A string tensor's storage is one block: count + 1 offsets, then the bytes of all elements in line. */
#include <runnel/tensor.h>
#include <stdatomic.h>
#include "base/mem.h"
#include "tensor/refs.h"
#include "tensor/shape.h"

#define ALIGN_BYTES 64

typedef struct storage {
  _Atomic uint32_t refs;
  void *data;              /* RN_STRING: NULL */
  uint64_t *offsets;       /* RN_STRING: count + 1 of them, the bytes follow; else NULL */
  void (*done)(void *arg); /* wrapped memory */
  void *arg;
} storage;

struct rn_tensor {
  _Atomic uint32_t refs;
  rn_dtype dtype;
  rn_shape shape;
  int64_t count;
  size_t size_bytes;
  storage *bytes;
};

static rn_status *out_of_memory(rn_dtype t, const rn_shape *s, size_t size_bytes) {
  char text[RN_SHAPE_TEXT];
  (void)rn_shape_print(s, text, sizeof text);
  return rn_status_make(RN_RESOURCE_EXHAUSTED, "tensor %s%s: no memory for %zu bytes", rn_dtype_name(t), text,
                        size_bytes);
}

static void storage_release(storage *b) {
  if (atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) != 1) return;
  if (b->done != NULL)
    b->done(b->arg);
  else if (b->arg == b)
    rn_mem_free(b->offsets != NULL ? (void *)b->offsets : b->data);
  rn_mem_free(b);
}

/* Storage that owns what it points at (arg == itself says so) or only points (wrap without done). */
static storage *storage_new(void *data, uint64_t *offsets, int owned) {
  storage *b = rn_mem_alloc(sizeof *b);
  if (b == NULL) return NULL;
  atomic_init(&b->refs, 1);
  b->data = data;
  b->offsets = offsets;
  b->done = NULL;
  b->arg = owned ? b : NULL;
  return b;
}

/* A head over b, whose one reference it takes. NULL: out of memory, b is still the caller's. */
static rn_tensor *head_new(rn_dtype t, const rn_shape *s, int64_t count, size_t size_bytes, storage *b) {
  rn_tensor *head = rn_mem_alloc(sizeof *head);
  if (head == NULL) return NULL;
  atomic_init(&head->refs, 1);
  head->dtype = t;
  memset(&head->shape, 0, sizeof head->shape); /* unused dimensions are 0: shapes can be hashed */
  head->shape.rank = s->rank;
  for (int32_t i = 0; i < s->rank; i++) head->shape.dim[i] = s->dim[i];
  head->count = count;
  head->size_bytes = size_bytes;
  head->bytes = b;
  return head;
}

/* Both at once over memory the caller owns. `memory` is freed on failure when owned. */
static rn_status *assemble(rn_dtype t, const rn_shape *s, int64_t count, size_t size_bytes, storage *b,
                           rn_tensor **out) {
  rn_tensor *head = b != NULL ? head_new(t, s, count, size_bytes, b) : NULL;
  if (head == NULL) return out_of_memory(t, s, size_bytes);
  *out = head;
  return NULL;
}

/* Element count and bytes of a tensor with fixed-size elements. */
static rn_status *measure(rn_dtype t, const rn_shape *s, int64_t *count, size_t *size_bytes) {
  char text[RN_SHAPE_TEXT];
  size_t element = rn_dtype_size(t);
  if (t > RN_REF || element == 0)
    return rn_status_make(RN_INVALID_ARGUMENT, "a tensor cannot hold elements of dtype %s (%d)", rn_dtype_name(t), t);
  RN_TRY(rn_shape_count(s, count));
  if (rn_mul_size((size_t)*count, element, size_bytes) && *size_bytes <= PTRDIFF_MAX) return NULL;
  (void)rn_shape_print(s, text, sizeof text);
  return rn_status_make(RN_INVALID_ARGUMENT, "tensor %s%s: the number of bytes overflows", rn_dtype_name(t), text);
}

/* Uninitialised when `zero` is 0. */
static rn_status *create_dense(rn_dtype t, const rn_shape *s, int zero, rn_tensor **out) {
  int64_t count;
  size_t size_bytes;
  RN_TRY(measure(t, s, &count, &size_bytes));
  void *data = rn_mem_alloc_aligned(size_bytes, ALIGN_BYTES);
  storage *b = data != NULL ? storage_new(data, NULL, 1) : NULL;
  rn_status *failed = assemble(t, s, count, size_bytes, b, out);
  if (failed != NULL) {
    rn_mem_free(b);
    rn_mem_free(data);
    return failed;
  }
  if (zero) memset(data, 0, size_bytes);
  return NULL;
}

/* Sum of the items' sizes; 0 on overflow. items NULL: empty strings. */
static int sum_sizes(const rn_bytes *items, int64_t count, size_t *out) {
  size_t total = 0;
  for (int64_t i = 0; items != NULL && i < count; i++) {
    if (__builtin_add_overflow(total, items[i].size, &total)) return 0;
  }
  *out = total;
  return 1;
}

static uint64_t *strings_block(const rn_bytes *items, int64_t count, size_t total) {
  size_t table, size_bytes;
  if (!rn_mul_size((size_t)count + 1, sizeof(uint64_t), &table)) return NULL;
  if (__builtin_add_overflow(table, total, &size_bytes)) return NULL;
  uint64_t *offsets = rn_mem_alloc_aligned(size_bytes, ALIGN_BYTES);
  if (offsets == NULL) return NULL;
  char *bytes = (char *)(offsets + count + 1);
  uint64_t at = 0;
  for (int64_t i = 0; i < count; i++) {
    uint64_t n = items != NULL ? items[i].size : 0;
    offsets[i] = at;
    if (n != 0) memcpy(bytes + at, items[i].data, n);
    at += n;
  }
  offsets[count] = at;
  return offsets;
}

rn_status *rn_tensor_strings(const rn_shape *s, const rn_bytes *items, rn_tensor **out) {
  int64_t count;
  size_t total;
  RN_TRY(rn_shape_count(s, &count));
  if (!sum_sizes(items, count, &total))
    return rn_status_make(RN_INVALID_ARGUMENT, "a string tensor's %lld elements have too many bytes", (long long)count);
  uint64_t *offsets = strings_block(items, count, total);
  storage *b = offsets != NULL ? storage_new(NULL, offsets, 1) : NULL;
  rn_status *failed = assemble(RN_STRING, s, count, total, b, out);
  if (failed == NULL) return NULL;
  rn_mem_free(b);
  rn_mem_free(offsets);
  return failed;
}

rn_status *rn_tensor_create(rn_dtype t, const rn_shape *s, rn_tensor **out) {
  return t == RN_STRING ? rn_tensor_strings(s, NULL, out) : create_dense(t, s, 1, out);
}

rn_status *rn_tensor_wrap(rn_dtype t, const rn_shape *s, void *data, void (*done)(void *arg), void *arg,
                          rn_tensor **out) {
  int64_t count;
  size_t size_bytes;
  RN_TRY(measure(t, s, &count, &size_bytes));
  if (data == NULL && size_bytes != 0)
    return rn_status_make(RN_INVALID_ARGUMENT, "no memory given for a tensor of %zu bytes", size_bytes);
  storage *b = storage_new(data, NULL, 0);
  rn_status *failed = assemble(t, s, count, size_bytes, b, out);
  if (failed != NULL) {
    rn_mem_free(b);
    return failed;
  }
  b->done = done;
  b->arg = arg;
  return NULL;
}

rn_status *rn_tensor_from(rn_dtype t, const rn_shape *s, const void *data, rn_tensor **out) {
  rn_tensor *made;
  RN_TRY(create_dense(t, s, 0, &made));
  if (made->size_bytes != 0) memcpy(made->bytes->data, data, made->size_bytes);
  *out = made;
  return NULL;
}

rn_status *rn_tensor_reshape(rn_tensor *t, const rn_shape *s, rn_tensor **out) {
  int64_t count;
  RN_TRY(rn_shape_count(s, &count));
  if (count != t->count) {
    char from[RN_SHAPE_TEXT], to[RN_SHAPE_TEXT];
    (void)rn_shape_print(&t->shape, from, sizeof from);
    (void)rn_shape_print(s, to, sizeof to);
    return rn_status_make(RN_INVALID_ARGUMENT, "cannot reshape %s (%lld elements) to %s (%lld elements)", from,
                          (long long)t->count, to, (long long)count);
  }
  RN_TRY(assemble(t->dtype, s, count, t->size_bytes, t->bytes, out));
  atomic_fetch_add_explicit(&t->bytes->refs, 1, memory_order_relaxed);
  return NULL;
}

rn_tensor *rn_tensor_retain(rn_tensor *t) {
  atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
  return t;
}

void rn_tensor_release(rn_tensor *t) {
  if (t == NULL || atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1) return;
  storage_release(t->bytes);
  rn_mem_free(t);
}

uint32_t rn_tensor_refs(const rn_tensor *t) { return atomic_load(&((rn_tensor *)(uintptr_t)t)->refs); }
rn_dtype rn_tensor_dtype(const rn_tensor *t) { return t->dtype; }
const rn_shape *rn_tensor_shape(const rn_tensor *t) { return &t->shape; }
int64_t rn_tensor_count(const rn_tensor *t) { return t->count; }
size_t rn_tensor_size_bytes(const rn_tensor *t) { return t->size_bytes; }
void *rn_tensor_data(const rn_tensor *t) { return t->bytes->data; }

rn_bytes rn_tensor_string(const rn_tensor *t, int64_t index) {
  const uint64_t *offsets = t->bytes->offsets;
  if (offsets == NULL || index < 0 || index >= t->count) return (rn_bytes){"", 0};
  const char *bytes = (const char *)(offsets + t->count + 1);
  return (rn_bytes){bytes + offsets[index], offsets[index + 1] - offsets[index]};
}
