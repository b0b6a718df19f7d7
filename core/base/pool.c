/* base/pool.c - the one thread pool (core/base).
 *
 * A parallel_for is a job on its caller's stack: threads take its pieces with one atomic counter. The
 * job stands in the pool's list while it has pieces; helpers join under the lock, and the caller
 * leaves only when the list no longer holds the job and every helper has left, so nobody touches a
 * dead stack. The caller takes pieces until none is left and waits only for those others are running:
 * nesting cannot deadlock.
 *
 * Idle workers watch `version` for SPIN_NS and then sleep. Long enough to bridge the gaps of a step
 * whose ops take tens of microseconds (joining costs well under one), short enough not to burn a
 * core. A pool wider than the machine does not spin. Waking is a chain: whoever posts wakes two, whoever joins
 * wakes two more while there is work.
 *
 * `running` counts workers inside work. A worker that must wait steps back from it, so that an
 * exclusive region waits for work alone, never for another waiter. */
#include "base/pool.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>
#include "base/mem.h"

#define SPIN_NS 50000
#define PIECES_PER_THREAD 4
#define WIDEST 4096u

typedef struct job {
  struct job *next;
  void (*fn)(void *arg, uint64_t lo, uint64_t hi, uint32_t worker);
  void *arg;
  uint64_t piece_elems, longer, pieces; /* the first `longer` pieces have one element more */
  _Atomic uint64_t next_piece;
  _Atomic uint32_t helpers; /* inside now */
  uint32_t joined, limit;   /* threads ever, the caller included; guarded by the pool's lock */
} job;

struct rn_pool {
  pthread_mutex_t lock;
  pthread_cond_t work; /* something to do: workers and help_until sleep here */
  pthread_cond_t rare; /* a job's last helper left, the workers are parked, an exclusive region ended */
  job *jobs;           /* newest first: inner loops end before outer ones */
  rn_task *first, *last;
  uint32_t width, started, sleepers, spinners, running;
  int64_t spin_ns;
  int stop;
  const void *owner;             /* the thread in an exclusive region or waiting for the workers; NULL: none */
  _Atomic uint32_t version;      /* bumped with everything a spinning thread should see */
  _Atomic uint32_t tail_waiters; /* callers asleep in the tail of a parallel_for */
  _Atomic uint32_t done_waiters; /* threads asleep in help_until */
  pthread_t threads[];
};

/* What this thread is: the address of `self` names it; of which pool it is a worker; which pool's
 * tasks it is running inline. */
static _Thread_local char self;
static _Thread_local const rn_pool *worker_of;
static _Thread_local const rn_pool *inline_of;

static void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  __asm__ volatile("yield");
#endif
}

static int64_t now_ns(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Watches *word until it is no longer `old` or the time is over. */
static int spin_while(const _Atomic uint32_t *word, uint32_t old, int64_t ns) {
  if (ns == 0) return atomic_load_explicit(word, memory_order_acquire) != old;
  int64_t end = now_ns() + ns;
  do {
    for (int i = 0; i < 32; i++) {
      if (atomic_load_explicit(word, memory_order_acquire) != old) return 1;
      relax();
    }
  } while (now_ns() < end);
  return 0;
}

static void lock(rn_pool *p) { (void)pthread_mutex_lock(&p->lock); }
static void unlock(rn_pool *p) { (void)pthread_mutex_unlock(&p->lock); }
static int closed_to_me(const rn_pool *p) { return p->owner != NULL && p->owner != &self; }

/* Gets up to `most` threads to look for work; spinning ones come by themselves. Under the lock. */
static void wake(rn_pool *p, uint32_t most) {
  uint32_t n = most > p->spinners ? most - p->spinners : 0;
  if (n > p->sleepers) n = p->sleepers;
  for (uint32_t i = 0; i < n; i++) (void)pthread_cond_signal(&p->work);
}

static void post(rn_pool *p, uint32_t most) {
  atomic_fetch_add_explicit(&p->version, 1, memory_order_release);
  wake(p, most);
}

/* ---------------------------------------------------------------- work, taken under the lock */
static int has_room(const job *j) {
  return j->joined < j->limit && atomic_load_explicit(&j->next_piece, memory_order_relaxed) < j->pieces;
}

static job *find_job(const rn_pool *p) {
  for (job *j = p->jobs; j != NULL; j = j->next) {
    if (has_room(j)) return j;
  }
  return NULL;
}

static int has_work(const rn_pool *p) { return !closed_to_me(p) && (p->first != NULL || find_job(p) != NULL); }

static void run_pieces(job *j, uint32_t worker) {
  for (;;) {
    uint64_t i = atomic_fetch_add_explicit(&j->next_piece, 1, memory_order_relaxed);
    if (i >= j->pieces) return;
    uint64_t lo = i * j->piece_elems + (i < j->longer ? i : j->longer);
    j->fn(j->arg, lo, lo + j->piece_elems + (i < j->longer), worker);
  }
}

static void help_job(rn_pool *p, job *j) {
  uint32_t worker = j->joined++;
  atomic_fetch_add_explicit(&j->helpers, 1, memory_order_relaxed);
  if (has_work(p)) wake(p, 2);
  unlock(p);
  run_pieces(j, worker);
  int last = atomic_fetch_sub(&j->helpers, 1) == 1; /* j is gone from here on */
  int wanted = last && atomic_load(&p->tail_waiters) != 0;
  lock(p);
  if (wanted) (void)pthread_cond_broadcast(&p->rare);
}

static void run_task(rn_pool *p) {
  rn_task *t = p->first;
  p->first = t->next;
  if (p->first == NULL) p->last = NULL;
  if (has_work(p)) wake(p, 2);
  unlock(p);
  t->fn(t);
  lock(p);
}

/* Does one piece of work with the lock given up meanwhile. 0: there was none. */
static int work_once(rn_pool *p) {
  if (closed_to_me(p)) return 0;
  job *j = find_job(p);
  if (j != NULL)
    help_job(p, j);
  else if (p->first != NULL)
    run_task(p);
  else
    return 0;
  return 1;
}

/* ---------------------------------------------------------------- who runs, who waits */
static void set_running(rn_pool *p, int enter) {
  p->running = enter ? p->running + 1 : p->running - 1;
  if (!enter && p->owner != NULL) (void)pthread_cond_broadcast(&p->rare);
}

static void step_back(rn_pool *p) {
  if (worker_of == p) set_running(p, 0);
}

static void step_in(rn_pool *p) {
  if (worker_of != p) return;
  while (closed_to_me(p)) (void)pthread_cond_wait(&p->rare, &p->lock);
  set_running(p, 1);
}

/* Watches for news after version `seen` with the lock given up. 0: nothing came in time. */
static int watch(rn_pool *p, uint32_t seen) {
  if (p->spin_ns == 0 || p->owner != NULL) return 0;
  p->spinners++;
  unlock(p);
  int news = spin_while(&p->version, seen, p->spin_ns);
  lock(p);
  p->spinners--;
  if (p->owner != NULL) (void)pthread_cond_broadcast(&p->rare);
  return news;
}

static void sleep_for_work(rn_pool *p) {
  p->sleepers++;
  (void)pthread_cond_wait(&p->work, &p->lock);
  p->sleepers--;
}

static void *worker_main(void *arg) {
  rn_pool *p = arg;
  worker_of = p;
  lock(p);
  for (;;) {
    if (has_work(p)) {
      set_running(p, 1);
      while (work_once(p)) continue;
      set_running(p, 0);
    }
    if (p->stop && !has_work(p)) break;
    if (watch(p, atomic_load(&p->version)) || has_work(p) || p->stop) continue;
    sleep_for_work(p);
  }
  unlock(p);
  return NULL;
}

/* ---------------------------------------------------------------- life */
static uint32_t processors_allowed(void) {
  cpu_set_t set;
  CPU_ZERO(&set);
  long n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : sysconf(_SC_NPROCESSORS_ONLN);
  return n > 0 ? (uint32_t)n : 1;
}

static void init_lock(rn_pool *p) {
  pthread_mutexattr_t kind;
  (void)pthread_mutexattr_init(&kind);
  (void)pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ADAPTIVE_NP); /* held for tens of nanoseconds */
  (void)pthread_mutex_init(&p->lock, &kind);
  (void)pthread_mutexattr_destroy(&kind);
  (void)pthread_cond_init(&p->work, NULL);
  (void)pthread_cond_init(&p->rare, NULL);
}

/* Workers take no signals: those belong to the program's own threads. */
static int start_workers(rn_pool *p) {
  sigset_t all, before;
  int failed = 0;
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_SETMASK, &all, &before);
  while (failed == 0 && p->started + 1 < p->width) {
    failed = pthread_create(&p->threads[p->started], NULL, worker_main, p);
    if (failed == 0) (void)pthread_setname_np(p->threads[p->started++], "runnel worker");
  }
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  return failed == 0;
}

rn_status *rn_pool_create(uint32_t width, rn_pool **out) {
  uint32_t allowed = processors_allowed();
  if (width == 0) width = allowed;
  if (width > WIDEST) return rn_status_make(RN_INVALID_ARGUMENT, "%u threads asked for; at most %u", width, WIDEST);
  rn_pool *p = rn_mem_zero(1, sizeof *p + width * sizeof p->threads[0]);
  if (p == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for a pool of %u threads", width);
  p->width = width;
  p->spin_ns = width <= allowed ? SPIN_NS : 0;
  init_lock(p);
  if (!start_workers(p)) {
    uint32_t got = p->started + 1;
    rn_pool_destroy(p);
    return rn_status_make(RN_RESOURCE_EXHAUSTED, "could not start %u threads, only %u", width, got);
  }
  *out = p;
  return NULL;
}

void rn_pool_destroy(rn_pool *p) {
  if (p == NULL) return;
  lock(p);
  p->stop = 1;
  atomic_fetch_add_explicit(&p->version, 1, memory_order_release);
  (void)pthread_cond_broadcast(&p->work);
  unlock(p);
  for (uint32_t i = 0; i < p->started; i++) (void)pthread_join(p->threads[i], NULL);
  (void)pthread_cond_destroy(&p->rare);
  (void)pthread_cond_destroy(&p->work);
  (void)pthread_mutex_destroy(&p->lock);
  rn_mem_free(p);
}

uint32_t rn_pool_width(const rn_pool *p) { return p->width; }

/* ---------------------------------------------------------------- loops */
static void open_job(rn_pool *p, job *j) {
  lock(p);
  j->next = p->jobs;
  p->jobs = j;
  post(p, 2);
  unlock(p);
}

static void close_job(rn_pool *p, job *j) {
  lock(p);
  job **at = &p->jobs;
  while (*at != j) at = &(*at)->next;
  *at = j->next;
  unlock(p);
}

static void wait_for_helpers(rn_pool *p, job *j) {
  int64_t end = 0;
  uint32_t inside;
  while ((inside = atomic_load(&j->helpers)) != 0) {
    int64_t now = now_ns();
    if (end == 0) end = now + p->spin_ns;
    if (now >= end) break;
    (void)spin_while(&j->helpers, inside, end - now);
  }
  if (inside == 0) return;
  lock(p);
  step_back(p);
  atomic_fetch_add(&p->tail_waiters, 1);
  while (atomic_load(&j->helpers) != 0) (void)pthread_cond_wait(&p->rare, &p->lock);
  atomic_fetch_sub(&p->tail_waiters, 1);
  step_in(p);
  unlock(p);
}

/* Even pieces, none shorter than grain (unless n is), PIECES_PER_THREAD for each thread of the pool. */
static uint64_t count_pieces(uint64_t n, uint64_t grain, uint32_t width) {
  uint64_t most = width == 1 ? 1 : (uint64_t)width * PIECES_PER_THREAD;
  uint64_t fit = n / (grain != 0 ? grain : 1);
  if (fit > most) fit = most;
  return fit != 0 ? fit : 1;
}

void rn_pool_parallel_for(rn_pool *p, uint64_t n, uint64_t grain, uint32_t limit,
                          void (*fn)(void *arg, uint64_t lo, uint64_t hi, uint32_t worker), void *arg) {
  if (n == 0) return;
  job j = {.fn = fn, .arg = arg, .pieces = count_pieces(n, grain, p->width), .joined = 1};
  j.piece_elems = n / j.pieces;
  j.longer = n % j.pieces;
  j.limit = limit == 0 || limit > p->width ? p->width : limit;
  if (j.pieces == 1 || j.limit == 1) {
    run_pieces(&j, 0);
    return;
  }
  open_job(p, &j);
  run_pieces(&j, 0);
  close_job(p, &j);
  wait_for_helpers(p, &j);
}

/* ---------------------------------------------------------------- tasks */
static void append_task(rn_pool *p, rn_task *t) {
  t->next = NULL;
  if (p->last != NULL)
    p->last->next = t;
  else
    p->first = t;
  p->last = t;
}

/* A pool of width 1 runs tasks where they are submitted; one submitted by a task waits for that task
 * to end, so a long chain does not grow the stack. */
static void drain_inline(rn_pool *p) {
  const rn_pool *before = inline_of;
  inline_of = p;
  while (p->first != NULL) run_task(p);
  inline_of = before;
}

void rn_pool_submit(rn_pool *p, rn_task *t) {
  lock(p);
  append_task(p, t);
  post(p, 1);
  if (p->width == 1 && inline_of != p) drain_inline(p);
  unlock(p);
}

/* Sleeps until there is work or *done. */
static void sleep_until(rn_pool *p, const _Atomic uint32_t *done) {
  step_back(p);
  atomic_fetch_add(&p->done_waiters, 1);
  while (atomic_load(done) == 0 && !has_work(p)) sleep_for_work(p);
  atomic_fetch_sub(&p->done_waiters, 1);
  step_in(p);
}

void rn_pool_help_until(rn_pool *p, const _Atomic uint32_t *done) {
  if (atomic_load(done) != 0) return;
  lock(p);
  for (;;) {
    uint32_t seen = atomic_load(&p->version);
    if (atomic_load(done) != 0) break;
    if (work_once(p) || watch(p, seen)) continue;
    sleep_until(p, done);
  }
  if (has_work(p)) wake(p, 1); /* this thread may have been woken for it */
  unlock(p);
}

void rn_pool_notify(rn_pool *p, _Atomic uint32_t *done) {
  atomic_store(done, 1); /* its owner may be gone from here on */
  atomic_fetch_add(&p->version, 1);
  if (atomic_load(&p->done_waiters) == 0) return;
  lock(p);
  (void)pthread_cond_broadcast(&p->work);
  unlock(p);
}

void rn_pool_exclusive(rn_pool *p, void (*fn)(void *arg), void *arg) {
  lock(p);
  int outermost = p->owner != &self;
  if (outermost) {
    step_back(p);
    while (p->owner != NULL) (void)pthread_cond_wait(&p->rare, &p->lock);
    p->owner = &self;
    atomic_fetch_add_explicit(&p->version, 1, memory_order_release); /* spinning workers park */
    while (p->running != 0 || p->spinners != 0) (void)pthread_cond_wait(&p->rare, &p->lock);
    step_in(p);
  }
  unlock(p);
  fn(arg);
  if (!outermost) return;
  lock(p);
  p->owner = NULL;
  atomic_fetch_add_explicit(&p->version, 1, memory_order_release);
  (void)pthread_cond_broadcast(&p->rare);
  (void)pthread_cond_broadcast(&p->work);
  unlock(p);
}
