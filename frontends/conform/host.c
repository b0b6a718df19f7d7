/* host.c - the table a plugin is checked with (frontends/conform). */
#include "host.h"
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <runnel/status.h>
#include <runnel/tensor.h>

/* tensor_create and its like have no ctx: there is one plugin in a child. */
static hostile *the_host;

static int refuses(hostile *h) {
  uint64_t n = atomic_fetch_add(&h->asked, 1) + 1;
  if (n != atomic_load(&h->fail_at)) return 0;
  atomic_store(&h->failed, 1);
  return 1;
}

void hostile_arm(hostile *h, uint64_t nth) {
  atomic_store(&h->fail_at, nth);
  atomic_store(&h->asked, 0);
  atomic_store(&h->failed, 0);
}

static void *host_alloc(void *ctx, size_t size_bytes, size_t align) {
  hostile *h = ctx;
  if (refuses(h)) return NULL;
  void *p = h->real->alloc(h->real->ctx, size_bytes, align);
  if (p != NULL) atomic_fetch_add(&h->blocks, 1);
  if (p != NULL) memset(p, 0x5C, size_bytes); /* who counts on zeros is found */
  return p;
}
static void host_free(void *ctx, void *p) {
  hostile *h = ctx;
  if (p != NULL) atomic_fetch_sub(&h->blocks, 1);
  h->real->free(h->real->ctx, p);
}
static void host_log(void *ctx, uint32_t level, const char *message) {
  hostile *h = ctx;
  h->real->log(h->real->ctx, level, message);
}
static uint32_t host_threads(void *ctx) {
  hostile *h = ctx;
  return h->how == AS_HOST ? h->real->threads(h->real->ctx) : h->how == ONE_PIECE ? 1 : h->threads;
}
static const char *host_config(void *ctx, const char *key) {
  hostile *h = ctx;
  return h->real->config(h->real->ctx, key);
}
static const char *host_plugin_dir(void *ctx) {
  hostile *h = ctx;
  return h->real->plugin_dir(h->real->ctx);
}
static const void *host_get_ext(void *ctx, const char *name, uint32_t min_version) {
  hostile *h = ctx;
  return h->real->get_ext(h->real->ctx, name, min_version);
}

/* ------------------------------------------------------------------------------------------- pieces */
typedef void (*piece_fn)(void *arg, uint64_t lo, uint64_t hi, uint32_t worker);
enum { MOST_PIECES = 7 };
typedef struct piece {
  piece_fn fn;
  void *arg;
  uint64_t lo, hi;
  uint32_t worker;
} piece;
static void *run_piece(void *arg) {
  const piece *p = arg;
  p->fn(p->arg, p->lo, p->hi, p->worker);
  return NULL;
}

/* Odd cuts, each at least a grain long, that cover [0, n). */
static uint32_t cut(piece *out, const hostile *h, uint64_t n, uint64_t grain, piece_fn fn, void *arg) {
  if (grain == 0) grain = 1;
  uint64_t most = n / grain, count = most < 1 ? 1 : most > MOST_PIECES ? MOST_PIECES : most, at = 0;
  for (uint64_t i = 0; i < count; i++) {
    uint64_t left = count - i, size = i + 1 == count ? n - at : (n - at) / left;
    if (size > grain && i + 1 < count) size -= (size - grain) % 3; /* not always even */
    if (i + 1 == count) size = n - at;
    out[i] = (piece){fn, arg, at, at + size, (uint32_t)(i % h->threads)};
    at += size;
  }
  return (uint32_t)count;
}

static void host_parallel_for(void *ctx, uint64_t n, uint64_t grain, piece_fn fn, void *arg) {
  hostile *h = ctx;
  piece p[MOST_PIECES];
  pthread_t thread[MOST_PIECES];
  if (h->how == AS_HOST) {
    h->real->parallel_for(h->real->ctx, n, grain, fn, arg);
    return;
  }
  if (n == 0) return;
  if (h->how == ONE_PIECE) {
    fn(arg, 0, n, 0);
    return;
  }
  uint32_t count = cut(p, h, n, grain, fn, arg), started[MOST_PIECES] = {0};
  if (h->how == MANY_PIECES) {
    for (uint32_t i = count; i-- > 0;) (void)run_piece(&p[i]);
    return;
  }
  /* A worker's number is held by one piece at a time: rounds of as many threads as there are workers. */
  for (uint32_t from = 0; from < count; from += h->threads) {
    uint32_t to = from + h->threads < count ? from + h->threads : count;
    for (uint32_t i = from; i < to; i++) started[i] = pthread_create(&thread[i], NULL, run_piece, &p[i]) == 0;
    for (uint32_t i = from; i < to; i++) {
      if (started[i])
        (void)pthread_join(thread[i], NULL);
      else
        (void)run_piece(&p[i]);
    }
  }
}

/* ------------------------------------------------------------------------------------------ tensors */
static rn_status *host_tensor_create(rn_dtype t, const rn_shape *s, rn_tensor **out) {
  if (refuses(the_host)) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for a tensor");
  RN_TRY(the_host->real->tensor_create(t, s, out));
  atomic_fetch_add(&the_host->tensors, 1);
  return NULL;
}
static rn_status *host_tensor_strings(const rn_shape *s, const rn_bytes *items, rn_tensor **out) {
  if (refuses(the_host)) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for a tensor");
  RN_TRY(the_host->real->tensor_strings(s, items, out));
  atomic_fetch_add(&the_host->tensors, 1);
  return NULL;
}
static rn_tensor *host_tensor_retain(rn_tensor *t) {
  if (t != NULL) atomic_fetch_add(&the_host->tensors, 1);
  return the_host->real->tensor_retain(t);
}
static void host_tensor_release(rn_tensor *t) {
  if (t != NULL) atomic_fetch_sub(&the_host->tensors, 1);
  the_host->real->tensor_release(t);
}

void hostile_init(hostile *h, const rn_host_api *real) {
  memset(h, 0, sizeof *h);
  h->real = real;
  h->api = *real;
  h->api.struct_size = (uint32_t)sizeof h->api;
  h->api.ctx = h;
  h->api.alloc = host_alloc;
  h->api.free = host_free;
  h->api.log = host_log;
  h->api.threads = host_threads;
  h->api.parallel_for = host_parallel_for;
  h->api.config = host_config;
  h->api.plugin_dir = host_plugin_dir;
  h->api.get_ext = host_get_ext;
  h->api.tensor_create = host_tensor_create;
  h->api.tensor_strings = host_tensor_strings;
  h->api.tensor_retain = host_tensor_retain;
  h->api.tensor_release = host_tensor_release;
  h->how = AS_HOST;
  h->threads = 4;
  the_host = h;
}
