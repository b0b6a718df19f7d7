/* plugin/host.c - what plugins may call (core/plugin). Every function is safe from any thread. */
#include "plugin/host.h"
#include <errno.h>
#include <sched.h>
#include <sys/random.h>
#include <time.h>
#include <runnel/tensor.h>
#include "base/mem.h"
#include "base/text.h"
#include "plugin/registry.h"
#include "plugin/validate.h"

static rn_host_user *enter(rn_host *h) {
  for (;;) {
    rn_host_user *u = h->user;
    if (u == NULL) return NULL;
    u->calls++;
    if (h->user == u) return u;
    u->calls--;
  }
}

static void leave(rn_host_user *u) {
  if (u != NULL) u->calls--;
}

void rn_host_switch(rn_host *h, rn_host_user *next) {
  rn_host_user *old = h->user;
  h->user = next;
  while (old != NULL && old != next && old->calls != 0) sched_yield();
}

static rn_status *make_status(int32_t code, const char *message) { return rn_status_make(code, "%s", message); }
static rn_status *wrap_status(rn_status *cause, const char *message) { return rn_status_wrap(cause, "%s", message); }

static void *host_alloc(void *ctx, size_t size_bytes, size_t align) {
  rn_host *h = ctx;
  void *p = rn_mem_alloc_aligned(size_bytes, align);
  if (p != NULL) ++*h->blocks;
  return p;
}

static void host_free(void *ctx, void *p) {
  rn_host *h = ctx;
  if (p != NULL) --*h->blocks;
  rn_mem_free(p);
}

static void host_log(void *ctx, uint32_t level, const char *message) {
  rn_host *h = ctx;
  rn_host_user *u = enter(h);
  if (u != NULL) rn_log_write(rn_runtime_log(u->runtime), (int)level, "%s: %s", h->id, message);
  leave(u);
}

static uint32_t host_threads(void *ctx) {
  rn_host_user *u = enter(ctx);
  rn_pool *pool = u != NULL ? rn_runtime_pool(u->runtime) : NULL;
  uint32_t n = pool != NULL ? rn_pool_width(pool) : 1;
  leave(u);
  return n;
}

static void host_parallel_for(void *ctx, uint64_t n, uint64_t grain,
                              void (*fn)(void *arg, uint64_t lo, uint64_t hi, uint32_t worker), void *arg) {
  rn_host_user *u = enter(ctx);
  rn_pool *pool = u != NULL ? rn_runtime_pool(u->runtime) : NULL;
  if (pool != NULL) {
    rn_pool_parallel_for(pool, n, grain, 0, fn, arg);
  } else if (n > 0) {
    fn(arg, 0, n, 0);
  }
  leave(u);
}

static const char *host_config(void *ctx, const char *key) {
  rn_host *h = ctx;
  char section[256];
  int n = snprintf(section, sizeof section, "plugin.%s", h->id);
  if (n < 0 || (size_t)n >= sizeof section) return NULL;
  rn_host_user *u = enter(h);
  const char *value = u != NULL ? rn_config_get(rn_runtime_config(u->runtime), section, key) : NULL;
  leave(u);
  return value;
}

static const char *host_plugin_dir(void *ctx) { return ((rn_host *)ctx)->folder; }

static uint64_t host_entropy(void) {
  uint64_t bits = 0;
  ssize_t n;
  do {
    n = getrandom(&bits, sizeof bits, 0);
  } while (n < 0 && errno == EINTR);
  if (n == (ssize_t)sizeof bits) return bits;
  struct timespec t; /* no getrandom in this kernel: time and an address still differ */
  clock_gettime(CLOCK_REALTIME, &t);
  return (uint64_t)t.tv_nsec * 0x9e3779b97f4a7c15u ^ (uint64_t)t.tv_sec ^ (uint64_t)(uintptr_t)&bits;
}

static void host_tensor_view(rn_tensor *t, rn_tensor_view *out) {
  rn_tensor_view v;
  uint32_t room = out->struct_size;
  memset(&v, 0, sizeof v);
  v.struct_size = room;
  v.dtype = rn_tensor_dtype(t);
  v.shape = *rn_tensor_shape(t);
  v.data = rn_tensor_data(t);
  v.size_bytes = rn_tensor_size_bytes(t);
  v.tensor = t;
  memcpy(out, &v, room < sizeof v ? room : sizeof v);
}

static rn_bytes host_string_at(const rn_tensor_view *v, uint64_t index) {
  rn_bytes none = {"", 0};
  if (!RN_HAS_FN(v, rn_tensor_view, tensor) || index > INT64_MAX) return none;
  return rn_tensor_string(v->tensor, (int64_t)index);
}

static const void *host_get_ext(void *ctx, const char *name, uint32_t min_version) {
  (void)ctx, (void)name, (void)min_version; /* this version has no extensions */
  return NULL;
}

void rn_plain_table(rn_host *h, rn_host_api *out) {
  *out = (rn_host_api){.struct_size = sizeof(rn_host_api),
                       .abi_minor = RN_ABI_MINOR,
                       .ctx = h,
                       .status = make_status,
                       .status_wrap = wrap_status,
                       .status_code = rn_status_code,
                       .status_message = rn_status_message,
                       .status_free = rn_status_free,
                       .alloc = host_alloc,
                       .free = host_free,
                       .log = host_log,
                       .threads = host_threads,
                       .parallel_for = host_parallel_for,
                       .config = host_config,
                       .plugin_dir = host_plugin_dir,
                       .cpu_features = rn_cpu_features,
                       .entropy = host_entropy,
                       .tensor_create = rn_tensor_create,
                       .tensor_strings = rn_tensor_strings,
                       .tensor_view = host_tensor_view,
                       .tensor_retain = rn_tensor_retain,
                       .tensor_release = rn_tensor_release,
                       .string_at = host_string_at,
                       .get_ext = host_get_ext};
}

void rn_host_init(rn_host *h, const char *id, const char *folder, _Atomic int64_t *blocks, rn_host_user *user) {
  h->id = id;
  h->folder = folder;
  h->blocks = blocks;
  h->user = user;
  rn_plain_table(h, &h->api);
}
