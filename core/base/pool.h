/* base/pool.h - the one thread pool (core/base).
 *
 * width threads compute: width - 1 workers and the caller. Workers spin briefly, then sleep. No
 * worker blocks on another step's work: a nested parallel_for runs its pieces with whoever is free
 * and otherwise on the calling thread.
 * thread: all functions from any thread. */
#ifndef RN_BASE_POOL_H
#define RN_BASE_POOL_H
#include <runnel/status.h>

typedef struct rn_pool rn_pool;
rn_status *rn_pool_create(uint32_t width, rn_pool **out); /* width 0: one per processor allowed */
void rn_pool_destroy(rn_pool *p);
uint32_t rn_pool_width(const rn_pool *p);
/* Pieces depend on n, grain and width alone. limit: at most that many threads (0: width). Allocates nothing. */
void rn_pool_parallel_for(rn_pool *p, uint64_t n, uint64_t grain, uint32_t limit,
                          void (*fn)(void *arg, uint64_t lo, uint64_t hi, uint32_t worker), void *arg);
/* A task the caller owns until fn has run; no allocation. */
typedef struct rn_task {
  struct rn_task *next;
  void (*fn)(struct rn_task *t);
} rn_task;
void rn_pool_submit(rn_pool *p, rn_task *t);
/* The caller helps: runs queued tasks until *done becomes non-zero (set with rn_pool_notify). */
void rn_pool_help_until(rn_pool *p, const _Atomic uint32_t *done);
void rn_pool_notify(rn_pool *p, _Atomic uint32_t *done); /* sets it to 1 and wakes who waits */
/* Parks the workers, runs fn alone on this thread, lets them go on. */
void rn_pool_exclusive(rn_pool *p, void (*fn)(void *arg), void *arg);
#endif
