/* base/arena.h - memory that goes all at once (core/base). For graphs, plans and parsers.
 * Chunks grow geometrically; pointers stay valid until reset or finish. */
#ifndef RN_BASE_ARENA_H
#define RN_BASE_ARENA_H
#include <stddef.h>
#include <stdint.h>

typedef struct rn_arena {
  struct rn_arena_chunk *head;
  size_t next_bytes;
} rn_arena;
void rn_arena_init(rn_arena *a, size_t first_bytes);
void *rn_arena_alloc(rn_arena *a, size_t size_bytes);               /* 16-byte aligned; NULL: out of memory */
void *rn_arena_array(rn_arena *a, size_t count, size_t size_bytes); /* overflow checked; not zeroed */
char *rn_arena_text(rn_arena *a, const char *s, size_t length);     /* copy, NUL added */
void rn_arena_finish(rn_arena *a);
/* A mark to go back to: everything allocated since is released. */
typedef struct rn_arena_mark {
  struct rn_arena_chunk *chunk;
  size_t used;
} rn_arena_mark;
rn_arena_mark rn_arena_get_mark(const rn_arena *a);
void rn_arena_rewind(rn_arena *a, rn_arena_mark m);
#endif
