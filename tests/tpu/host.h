/* host.h - a host for the parts of the matrix machine: memory, statuses, one thread (tests/tpu). */
#ifndef TPU_TEST_HOST_H
#define TPU_TEST_HOST_H
#include <runnel/plugin.h>
#include <stdlib.h>

/* A status is its text with the code before it. */
typedef struct host_status {
  int32_t code;
  char text[600];
} host_status;
static rn_status *host_make(int32_t code, const char *message) {
  host_status *s = calloc(1, sizeof *s);
  if (s == NULL) exit(3);
  s->code = code;
  (void)snprintf(s->text, sizeof s->text, "%s", message);
  return (rn_status *)(void *)s;
}
static int32_t host_code(const rn_status *s) {
  return s != NULL ? ((const host_status *)(const void *)s)->code : RN_OK;
}
static const char *host_text(const rn_status *s) {
  return s != NULL ? ((const host_status *)(const void *)s)->text : "";
}
static void host_free_status(rn_status *s) { free(s); }
static void *host_alloc(void *ctx, size_t size_bytes, size_t align) {
  void *p = NULL;
  (void)ctx;
  return posix_memalign(&p, align < sizeof(void *) ? sizeof(void *) : align, size_bytes > 0 ? size_bytes : 1) == 0
             ? p
             : NULL;
}
static void host_free(void *ctx, void *p) {
  (void)ctx;
  free(p);
}
static void host_for(void *ctx, uint64_t n, uint64_t grain, void (*fn)(void *, uint64_t, uint64_t, uint32_t),
                     void *arg) {
  (void)ctx;
  for (uint64_t lo = 0; lo < n; lo += grain) fn(arg, lo, lo + grain < n ? lo + grain : n, 0);
}
static const rn_host_api host = {.struct_size = sizeof host,
                                 .status = host_make,
                                 .status_code = host_code,
                                 .status_message = host_text,
                                 .status_free = host_free_status,
                                 .alloc = host_alloc,
                                 .free = host_free,
                                 .parallel_for = host_for};

static uint64_t host_seed = 88172645463325252u;
static inline uint32_t chance(uint32_t below) { /* xorshift */
  host_seed ^= host_seed << 13;
  host_seed ^= host_seed >> 7;
  host_seed ^= host_seed << 17;
  return below > 0 ? (uint32_t)(host_seed >> 32) % below : 0;
}
#endif
