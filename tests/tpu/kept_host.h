/* kept_host.h - what a kept program needs of a host beside host.h: settings, and a call to execute (tests/tpu). */
#ifndef TPU_TEST_KEPT_HOST_H
#define TPU_TEST_KEPT_HOST_H
#include "compiled.h"
#include "random_program.h"

static inline const char *no_setting(void *ctx, const char *key) {
  (void)ctx;
  (void)key;
  return NULL;
}
static inline rn_host_api kept_host(void) {
  rn_host_api h = host;
  h.config = no_setting;
  return h;
}

typedef struct kept_bytes {
  uint8_t *data;
  size_t n;
} kept_bytes;
static inline rn_status *kept_write(void *arg, const void *bytes, size_t n) {
  kept_bytes *b = arg;
  b->data = realloc(b->data, b->n + n);
  if (b->data == NULL) exit(3);
  memcpy(b->data + b->n, bytes, n);
  b->n += n;
  return NULL;
}

static inline rn_status *kept_cell(rn_call *c, rn_resource *r, rn_tensor_view *out) {
  (void)c;
  *out = *(const rn_tensor_view *)(const void *)r;
  return NULL;
}
static inline uint8_t kept_cancelled(const rn_call *c) {
  (void)c;
  return 0;
}

/* Can it be executed here? What it says of its tensors may be anything. */
static inline int kept_is_small(const tpu_compiled *c) {
  int small = c->needs.work < 1e5 && c->made.program.n_io < 64;
  for (uint32_t i = 0; small && i < c->made.program.n_io; i++) small = c->made.program.io[i].size_bytes <= 65536;
  return small;
}

/* Executes with tensors that are exactly as large as the program says, or as a pack needs them. */
static inline rn_status *kept_execute(const tpu_compiled *c, rn_compute_fn execute, const rn_host_api *h) {
  static const rn_call_api api = {.struct_size = sizeof api, .cell_view = kept_cell, .cancelled = kept_cancelled};
  uint32_t n = c->made.program.n_io;
  rn_tensor_view *view = calloc(n + (size_t)1, sizeof *view);
  const rn_tensor_view **at = calloc(n + (size_t)1, sizeof *at);
  rn_resource **cell = calloc(n + (size_t)1, sizeof *cell);
  if (view == NULL || at == NULL || cell == NULL) exit(3);
  for (uint32_t i = 0; i < n; i++) {
    uint64_t bytes = c->made.program.io[i].size_bytes;
    for (uint32_t k = 0; k < c->made.n_packs; k++)
      if (c->made.pack[k].weights == i) bytes = c->made.pack[k].k * c->made.pack[k].n * 4;
    view[i] = (rn_tensor_view){.struct_size = sizeof view[i], .data = calloc(1, bytes + 1), .size_bytes = bytes};
  }
  uint32_t taken = c->n_in + c->n_cells;
  for (uint32_t i = 0; i < n; i++) { /* a program's tensors: inputs, outputs, variables */
    uint32_t to = i < c->n_in ? i : i < c->n_in + c->n_out ? taken + i - c->n_in : i - c->n_out;
    at[to] = &view[i];
  }
  for (uint32_t i = c->n_in; i < taken; i++) cell[i] = (rn_resource *)(void *)(uintptr_t)at[i];
  rn_call call = {.struct_size = sizeof call,
                  .n_in = taken,
                  .n_out = c->n_out,
                  .in = at,
                  .out = (rn_tensor_view *const *)(uintptr_t)(at + taken),
                  .resource = cell,
                  .api = &api,
                  .host = h};
  rn_status *s = execute(c, &call);
  for (uint32_t i = 0; i < n; i++) free(view[i].data);
  free(view);
  free(at);
  free(cell);
  return s;
}
#endif
