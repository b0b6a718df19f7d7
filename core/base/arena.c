/* base/arena.c - memory that goes all at once (core/base).
 *
 * A list of chunks, newest first; an allocation is an addition in the newest one. Chunks double up to
 * 1 MiB, so a graph of a million nodes takes a few hundred of them and wastes at most the last. */
#include "base/arena.h"
#include <string.h>
#include "base/mem.h"

#define ALIGN ((size_t)16)
#define FIRST_BYTES ((size_t)4096)
#define MAX_GROWTH_BYTES ((size_t)32 << 20)

struct rn_arena_chunk {
  struct rn_arena_chunk *older;
  size_t used, capacity;
  size_t reserved; /* keeps the bytes after it 16-byte aligned */
};
_Static_assert(sizeof(struct rn_arena_chunk) % 16 == 0, "chunk bytes start aligned");

void rn_arena_init(rn_arena *a, size_t first_bytes) {
  a->head = NULL;
  a->next_bytes = first_bytes != 0 ? first_bytes : FIRST_BYTES;
}

static int add_chunk(rn_arena *a, size_t size_bytes) {
  size_t capacity = a->next_bytes > size_bytes ? a->next_bytes : size_bytes;
  if (capacity > SIZE_MAX - sizeof(struct rn_arena_chunk)) return 0;
  struct rn_arena_chunk *c = rn_mem_alloc(sizeof *c + capacity);
  if (c == NULL) return 0;
  c->older = a->head;
  c->used = 0;
  c->capacity = capacity;
  a->head = c;
  if (a->next_bytes < MAX_GROWTH_BYTES) a->next_bytes *= 2;
  return 1;
}

void *rn_arena_alloc(rn_arena *a, size_t size_bytes) {
  if (size_bytes > SIZE_MAX - ALIGN) return NULL;
  size_t rounded = (size_bytes + ALIGN - 1) & ~(ALIGN - 1);
  struct rn_arena_chunk *c = a->head;
  if (c == NULL || c->capacity - c->used < rounded) {
    if (!add_chunk(a, rounded)) return NULL;
    c = a->head;
  }
  void *p = (char *)(c + 1) + c->used;
  c->used += rounded;
  return p;
}

void *rn_arena_array(rn_arena *a, size_t count, size_t size_bytes) {
  size_t total;
  return rn_mul_size(count, size_bytes, &total) ? rn_arena_alloc(a, total) : NULL;
}

char *rn_arena_text(rn_arena *a, const char *s, size_t length) {
  if (length == SIZE_MAX) return NULL;
  char *copy = rn_arena_alloc(a, length + 1);
  if (copy == NULL) return NULL;
  if (length != 0) memcpy(copy, s, length);
  copy[length] = '\0';
  return copy;
}

static void drop_until(rn_arena *a, const struct rn_arena_chunk *keep) {
  while (a->head != keep && a->head != NULL) {
    struct rn_arena_chunk *older = a->head->older;
    rn_mem_free(a->head);
    a->head = older;
  }
}

void rn_arena_finish(rn_arena *a) { drop_until(a, NULL); }

rn_arena_mark rn_arena_get_mark(const rn_arena *a) {
  return (rn_arena_mark){a->head, a->head != NULL ? a->head->used : 0};
}

void rn_arena_rewind(rn_arena *a, rn_arena_mark m) {
  drop_until(a, m.chunk);
  if (a->head != NULL) a->head->used = m.used;
}
