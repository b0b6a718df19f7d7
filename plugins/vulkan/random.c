/* random.c - random tensors by Philox 4x32-10, the CPU's numbers (plugins/vulkan).
 *
 * The counter of a node is the host's and moves with every step, so these are not recorded: they are written to
 * the command buffer beside the recordings and submitted with them. Seeds 0, 0 stand for unpredictable ones. */
#include "kernel.h"

typedef struct random_state {
  gpu_op op;
  uint64_t key, high;
  uint32_t what;
} random_state;
typedef struct random_row {
  gpu_op op;
  uint32_t what;
} random_row;

static rn_status *draw(const void *op, rn_call *c) {
  const random_state *s = op;
  uint32_t n = gpu_elems(c->out[0]), least = 0, range = 1;
  uint64_t base = c->api->reserve(c, (uint64_t)n * 256);
  if (s->what == RANDOM_INT) {
    int64_t lo = gpu_int_at(c->in[1], 0), hi = gpu_int_at(c->in[2], 0);
    if (lo >= hi)
      return rn_error(c->host, RN_INVALID_ARGUMENT, "RandomUniformInt: minval %lld is not below maxval %lld",
                      (long long)lo, (long long)hi);
    least = (uint32_t)lo;
    range = (uint32_t)((uint64_t)hi - (uint64_t)lo);
  }
  gpu_dispatch d = gpu_dispatch_of(c, SHADER_random);
  gpu_spec(&d, s->what);
  gpu_bind(&d, c->out[0], 1);
  const uint64_t wide[3] = {base, s->key, s->high};
  gpu_push(&d, n);
  for (int i = 0; i < 3; i++) {
    gpu_push(&d, (uint32_t)wide[i]);
    gpu_push(&d, (uint32_t)(wide[i] >> 32));
  }
  gpu_push(&d, least);
  gpu_push(&d, range);
  gpu_over(&d, c, GPU_CEIL(n, 4));
  return gpu_run(c, &d);
}

static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  random_state *s;
  RN_TRY(gpu_state(out, sizeof *s, draw, &s));
  s->what = ((const random_row *)p->user)->what;
  s->key = (uint64_t)rn_self_int(&p->self, "seed", 0);
  s->high = (uint64_t)rn_self_int(&p->self, "seed2", 0);
  if (s->key == 0 && s->high == 0) {
    s->key = gpu_host->entropy();
    s->high = gpu_host->entropy();
  }
  return NULL;
}

#define RANDOM(Op, types, what, host)                                                                    \
  GPU_KERNEL(Op, types, 0, gpu_compute, (&(const random_row){{draw}, RANDOM_##what}), .host_args = host, \
             .prepare = prepare)
static const rn_kernel_def kernels[] = {
    RANDOM("RandomUniform", "dtype: float", UNIFORM, "shape"),
    RANDOM("RandomStandardNormal", "dtype: float", NORMAL, "shape"),
    RANDOM("TruncatedNormal", "dtype: float", TRUNCATED, "shape"),
    RANDOM("RandomUniformInt", "Tout: int32", INT, "shape, minval, maxval"),
};
GPU_GROUP(gpu_random_kernels, kernels);
