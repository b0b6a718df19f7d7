/* pool_test.c - the thread pool under load: every piece once, nesting, several callers, tasks, exclusive regions
 * (tests/unit/base). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include "base/mem.h"
#include "base/pool.h"

enum { N = 10007 };
typedef struct cover {
  rn_pool *pool;
  _Atomic uint32_t hits[N];
  _Atomic uint32_t busy[64]; /* workers of this loop inside a piece */
  _Atomic uint32_t clashes, shortest;
} cover;

static rn_pool *make_pool(uint32_t width) {
  rn_pool *p;
  assert_null(rn_pool_create(width, &p));
  assert_int_equal(rn_pool_width(p), width);
  return p;
}

static void mark(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  cover *c = arg;
  if (atomic_exchange(&c->busy[worker], 1) != 0) atomic_fetch_add(&c->clashes, 1);
  uint32_t least = atomic_load(&c->shortest);
  while (hi - lo < least && !atomic_compare_exchange_weak(&c->shortest, &least, (uint32_t)(hi - lo))) continue;
  for (uint64_t i = lo; i < hi; i++) atomic_fetch_add_explicit(&c->hits[i], 1, memory_order_relaxed);
  atomic_store(&c->busy[worker], 0);
}

static void every_index_is_visited_once(void **state) {
  (void)state;
  static cover c;
  for (uint32_t width = 1; width <= 5; width++) {
    rn_pool *p = make_pool(width);
    for (uint64_t grain = 0; grain <= 6000; grain = grain * 3 + 1) {
      for (uint32_t limit = 0; limit <= 3; limit++) {
        memset(&c, 0, sizeof c);
        atomic_store(&c.shortest, UINT32_MAX);
        rn_pool_parallel_for(p, N, grain, limit, mark, &c);
        for (int i = 0; i < N; i++) assert_int_equal(c.hits[i], 1);
        assert_int_equal(c.clashes, 0);
        assert_true(c.shortest >= grain);
      }
    }
    rn_pool_parallel_for(p, 0, 1, 0, mark, NULL);
    rn_pool_destroy(p);
  }
}

typedef struct piece_list {
  uint64_t lo[64], hi[64];
  _Atomic uint32_t count;
} piece_list;
static void list_piece(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  piece_list *l = arg;
  (void)worker;
  uint32_t i = atomic_fetch_add(&l->count, 1);
  l->lo[i] = lo;
  l->hi[i] = hi;
}

static void pieces_do_not_depend_on_the_limit(void **state) {
  (void)state;
  rn_pool *p = make_pool(4);
  piece_list all = {.count = 0}, one = {.count = 0};
  rn_pool_parallel_for(p, 1000, 10, 0, list_piece, &all);
  rn_pool_parallel_for(p, 1000, 10, 1, list_piece, &one);
  assert_int_equal(all.count, one.count);
  for (uint32_t i = 0; i < one.count; i++) {
    uint32_t found = 0;
    for (uint32_t j = 0; j < all.count; j++) found += all.lo[j] == one.lo[i] && all.hi[j] == one.hi[i];
    assert_int_equal(found, 1);
  }
  rn_pool_destroy(p);
}

typedef struct nest {
  rn_pool *pool;
  int depth;
  _Atomic uint64_t *leaves;
} nest;
static void descend(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  nest *n = arg;
  (void)worker;
  if (n->depth == 0) {
    atomic_fetch_add(n->leaves, hi - lo);
    return;
  }
  nest inner = {n->pool, n->depth - 1, n->leaves};
  for (uint64_t i = lo; i < hi; i++) rn_pool_parallel_for(n->pool, 7, 1, 0, descend, &inner);
}

static void nested_loops_end(void **state) {
  (void)state;
  for (uint32_t width = 1; width <= 4; width++) {
    _Atomic uint64_t leaves = 0;
    nest top = {make_pool(width), 3, &leaves};
    for (int i = 0; i < 20; i++) rn_pool_parallel_for(top.pool, 7, 1, 0, descend, &top);
    assert_int_equal(leaves, 20 * 7 * 7 * 7 * 7);
    rn_pool_destroy(top.pool);
  }
}

static void add_range(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  (void)worker;
  uint64_t sum = 0;
  for (uint64_t i = lo; i < hi; i++) sum += i;
  atomic_fetch_add((_Atomic uint64_t *)arg, sum);
}
static void *call_many(void *arg) {
  for (int i = 0; i < 3000; i++) {
    _Atomic uint64_t sum = 0;
    rn_pool_parallel_for(arg, 500, 10, 0, add_range, &sum);
    if (sum != 499 * 500 / 2) return arg;
  }
  return NULL;
}

static void several_callers_share_the_pool(void **state) {
  (void)state;
  rn_pool *p = make_pool(3);
  pthread_t callers[4];
  for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&callers[i], NULL, call_many, p), 0);
  for (int i = 0; i < 4; i++) {
    void *bad;
    (void)pthread_join(callers[i], &bad);
    assert_null(bad);
  }
  rn_pool_destroy(p);
}

static void a_loop_allocates_nothing(void **state) {
  (void)state;
  rn_pool *p = make_pool(3);
  uint64_t before = rn_mem_alloc_count();
  for (int i = 0; i < 100; i++) {
    _Atomic uint64_t sum = 0;
    rn_pool_parallel_for(p, 500, 10, 0, add_range, &sum);
  }
  assert_int_equal(rn_mem_alloc_count(), before);
  rn_pool_destroy(p);
}

typedef struct chain {
  rn_task task;
  rn_pool *pool;
  uint32_t left;
  uint64_t work;
  _Atomic uint32_t done;
} chain;
static void run_link(rn_task *t) {
  chain *c = (chain *)t;
  _Atomic uint64_t sum = 0;
  if (c->left % 16 == 0) rn_pool_parallel_for(c->pool, 500, 10, 0, add_range, &sum);
  c->work++;
  if (--c->left == 0)
    rn_pool_notify(c->pool, &c->done);
  else
    rn_pool_submit(c->pool, &c->task);
}

static void chains_of_tasks_run_to_their_end(void **state) {
  (void)state;
  for (uint32_t width = 1; width <= 4; width++) {
    rn_pool *p = make_pool(width);
    static chain chains[8];
    memset(chains, 0, sizeof chains);
    for (int i = 0; i < 8; i++) {
      chains[i].task.fn = run_link;
      chains[i].pool = p;
      chains[i].left = 20000; /* deep enough to overflow a stack if links nested */
      rn_pool_submit(p, &chains[i].task);
    }
    for (int i = 0; i < 8; i++) rn_pool_help_until(p, &chains[i].done);
    for (int i = 0; i < 8; i++) assert_int_equal(chains[i].work, 20000);
    rn_pool_destroy(p);
  }
}

static void *wait_on_a_chain(void *arg) {
  for (int i = 0; i < 300; i++) {
    chain c = {.task = {.fn = run_link}, .pool = arg, .left = 5};
    rn_pool_submit(arg, &c.task);
    rn_pool_help_until(arg, &c.done);
  }
  return NULL;
}

static void waiting_is_on_the_stack_of_many(void **state) {
  (void)state;
  for (uint32_t width = 1; width <= 3; width++) {
    rn_pool *p = make_pool(width);
    pthread_t callers[4];
    for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&callers[i], NULL, wait_on_a_chain, p), 0);
    for (int i = 0; i < 4; i++) (void)pthread_join(callers[i], NULL);
    rn_pool_destroy(p);
  }
}

typedef struct alone {
  rn_pool *pool;
  _Atomic uint32_t inside, wrong, regions;
} alone;
static void be_alone(void *arg) {
  alone *a = arg;
  _Atomic uint64_t sum = 0;
  if (atomic_fetch_add(&a->inside, 1) != 0) atomic_fetch_add(&a->wrong, 1);
  rn_pool_parallel_for(a->pool, 500, 10, 0, add_range, &sum);
  if (sum != 499 * 500 / 2) atomic_fetch_add(&a->wrong, 1);
  atomic_fetch_add(&a->regions, 1);
  atomic_fetch_sub(&a->inside, 1);
}
static void sometimes_alone(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  alone *a = arg;
  (void)worker;
  for (uint64_t i = lo; i < hi; i++) {
    if (i % 4 == 0) rn_pool_exclusive(a->pool, be_alone, a);
  }
}
static void *alone_many(void *arg) {
  alone *a = arg;
  for (int i = 0; i < 100; i++) rn_pool_parallel_for(a->pool, 40, 1, 0, sometimes_alone, a);
  return NULL;
}

static void exclusive_regions_never_meet(void **state) {
  (void)state;
  for (uint32_t width = 1; width <= 4; width++) {
    alone a = {.pool = make_pool(width)};
    pthread_t callers[3];
    for (int i = 0; i < 3; i++) assert_int_equal(pthread_create(&callers[i], NULL, alone_many, &a), 0);
    for (int i = 0; i < 3; i++) (void)pthread_join(callers[i], NULL);
    assert_int_equal(a.wrong, 0);
    assert_int_equal(a.regions, 3 * 100 * 10);
    rn_pool_destroy(a.pool);
  }
}

static void a_pool_that_cannot_be_is_refused(void **state) {
  (void)state;
  rn_pool *p = NULL;
  rn_status *s = rn_pool_create(1000000, &p);
  assert_int_equal(rn_status_code(s), RN_INVALID_ARGUMENT);
  rn_status_free(s);
  rn_mem_fail_at(1, 0);
  s = rn_pool_create(2, &p);
  rn_mem_fail_at(0, 0);
  assert_int_equal(rn_status_code(s), RN_RESOURCE_EXHAUSTED);
  rn_status_free(s);
  assert_null(rn_pool_create(0, &p));
  assert_true(rn_pool_width(p) >= 1);
  rn_pool_destroy(p);
  rn_pool_destroy(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_index_is_visited_once),
                                     cmocka_unit_test(pieces_do_not_depend_on_the_limit),
                                     cmocka_unit_test(nested_loops_end),
                                     cmocka_unit_test(several_callers_share_the_pool),
                                     cmocka_unit_test(a_loop_allocates_nothing),
                                     cmocka_unit_test(chains_of_tasks_run_to_their_end),
                                     cmocka_unit_test(waiting_is_on_the_stack_of_many),
                                     cmocka_unit_test(exclusive_regions_never_meet),
                                     cmocka_unit_test(a_pool_that_cannot_be_is_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
