/* exec/memory.h - buffers on their way into the arena; seen by memory.c and offset.c alone (core/exec). */
#ifndef RN_EXEC_MEMORY_H
#define RN_EXEC_MEMORY_H
#include "exec/exec.h"

#define EXEC_MANY_BUFFERS 2048u
#define EXEC_ALIGN 64u

typedef struct exec_buffer {
  uint64_t size, offset;
  uint32_t first, last;    /* positions; last n_order: fetched */
  uint32_t users, n_users; /* into user: positions that touch it, when branches run side by side */
} exec_buffer;
typedef struct exec_memory {
  exec_layout *l;
  exec_buffer *buf;
  uint32_t n_buf;
  uint32_t space;        /* 0: the host's arena; k: that of plan->lane[k - 1] */
  uint64_t bytes;        /* the arena's size so far */
  uint64_t align, chunk; /* no buffer crosses a multiple of chunk; 0: none */
  uint32_t *of;          /* per value: its buffer, or EXEC_NONE */
  uint64_t *above;       /* per position: bits of all that go before it */
  uint32_t words;
  uint32_t *user;
  uint32_t scratch_user; /* user[scratch_user + i] is i */
} exec_memory;
/* May the two not overlap? memory.c */
int exec_buffers_meet(const exec_memory *w, const exec_buffer *a, const exec_buffer *b);
/* Give every buffer an offset, and the arena its size. offset.c */
rn_status *exec_place_by_size(exec_memory *w);
rn_status *exec_place_in_order(exec_memory *w);
#endif
