/* random.c - random tensors by Philox 4x32-10, number for number as TensorFlow (plugins/cpu).
 *
 * Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3" (2011). The key is seed, the upper half
 * of the counter seed2. Group g of the output (4 numbers, 2 of 64 bits) takes block base + g; a run
 * moves base on by 256 blocks per output. Truncated normals reject, so each group has 64 blocks per
 * output of its own. Uniforms and integers are TensorFlow's to the bit, normal floats within 3e-7 of
 * their size (normal.c). Seeds 0, 0 stand for unpredictable ones. */
#include "cpu.h"
#include "normal.h"
#include <math.h>

typedef struct seeds {
  uint64_t key, high;
  int what;
} seeds;
enum { UNIFORM, NORMAL, TRUNCATED, UNIFORM_INT };
typedef struct block {
  uint32_t x[4];
} block;

static block philox(const seeds *s, uint64_t at) {
  uint64_t high = s->high;
  uint32_t c[4] = {(uint32_t)at, (uint32_t)(at >> 32), (uint32_t)high, (uint32_t)(high >> 32)};
  uint32_t k0 = (uint32_t)s->key, k1 = (uint32_t)(s->key >> 32);
  for (int round = 0; round < 10; round++) {
    uint64_t p0 = (uint64_t)0xD2511F53u * c[0], p1 = (uint64_t)0xCD9E8D57u * c[2];
    uint32_t n0 = (uint32_t)(p1 >> 32) ^ c[1] ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c[3] ^ k1;
    c[0] = n0;
    c[1] = (uint32_t)p1;
    c[2] = n2;
    c[3] = (uint32_t)p0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  block b = {{c[0], c[1], c[2], c[3]}};
  return b;
}

/* Mantissa bits of a number in [1, 2), less 1. */
static float unit_f32(uint32_t x) {
  uint32_t bits = 0x3f800000u | (x & 0x7fffffu);
  float f;
  memcpy(&f, &bits, 4);
  return f - 1.0f;
}
static double unit_f64(uint32_t hi, uint32_t lo) {
  uint64_t bits = 0x3ff0000000000000u | (uint64_t)(hi & 0xfffffu) << 32 | lo;
  double d;
  memcpy(&d, &bits, 8);
  return d - 1.0;
}
/* Box and Muller: two uniforms to two normals; normal.c has the floats. */
static void normal_f64(const uint32_t *x, double *y) {
  double u = unit_f64(x[0], x[1]), angle = 2.0 * M_PI * unit_f64(x[2], x[3]);
  if (u < 1.0e-7) u = 1.0e-7;
  double radius = sqrt(-2.0 * log(u));
  y[0] = sin(angle) * radius;
  y[1] = cos(angle) * radius;
}

/* Four normals of block at[0], four of block at[1]. */
static void normals_f32(const seeds *s, const uint64_t *at, float *y) {
  const block b[2] = {philox(s, at[0]), philox(s, at[1])};
  uint32_t bits[8];
  memcpy(bits, b, sizeof bits);
  cpu_normals(bits, y);
}
static void truncated_f32(const seeds *s, const uint64_t *first, float *y) {
  uint64_t at[2] = {first[0], first[1]};
  for (int have[2] = {0}; have[0] < 4 || have[1] < 4; at[0]++, at[1]++) {
    float z[8];
    normals_f32(s, at, z);
    for (int i = 0; i < 8; i++)
      if (have[i / 4] < 4 && fabsf(z[i]) < 2.0f) y[i / 4 * 4 + have[i / 4]++] = z[i];
  }
}
static float uniform_f32(rn_dtype dt, uint32_t x) { /* narrow floats use their own mantissa's width */
  if (dt == RN_HALF) return (float)(x & 0x3ffu) * 0x1p-10f;
  return dt == RN_BFLOAT16 ? (float)(x & 0x7fu) * 0x1p-7f : unit_f32(x);
}

/* The floats of groups g and g + 1. */
static void groups_f32(const seeds *s, rn_dtype dt, uint64_t base, uint64_t g, float *y) {
  if (s->what == TRUNCATED) {
    truncated_f32(s, (const uint64_t[]){base + g * 256, base + (g + 1) * 256}, y);
  } else if (s->what == NORMAL) {
    normals_f32(s, (const uint64_t[]){base + g, base + g + 1}, y);
  } else {
    block b[2] = {philox(s, base + g), philox(s, base + g + 1)};
    for (int i = 0; i < 8; i++) y[i] = uniform_f32(dt, b[i / 4].x[i % 4]);
  }
}
static void group_f64(const seeds *s, uint64_t base, uint64_t g, double *y) {
  if (s->what == TRUNCATED) {
    uint64_t at = base + g * 128;
    for (int have = 0; have < 2; at++) {
      block b = philox(s, at);
      double z[2];
      normal_f64(b.x, z);
      for (int i = 0; i < 2 && have < 2; i++)
        if (fabs(z[i]) < 2.0) y[have++] = z[i];
    }
    return;
  }
  block b = philox(s, base + g);
  if (s->what == NORMAL) {
    normal_f64(b.x, y);
    return;
  }
  y[0] = unit_f64(b.x[0], b.x[1]);
  y[1] = unit_f64(b.x[2], b.x[3]);
}

typedef struct job {
  const seeds *s;
  rn_dtype dt;
  uint64_t base, n;
  char *y;
} job;
static void piece_f64(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  (void)worker;
  const job *j = arg;
  for (uint64_t g = lo; g < hi; g++) {
    double d[2];
    group_f64(j->s, j->base, g, d);
    memcpy(j->y + g * 16, d, CPU_MIN(j->n - g * 2, 2) * sizeof *d);
  }
}
static void piece_f32(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  (void)worker;
  const job *j = arg;
  for (uint64_t g = lo; g < hi; g += 2) {
    float f[8];
    uint64_t count = CPU_MIN(CPU_MIN(hi - g, 2) * 4, j->n - g * 4);
    groups_f32(j->s, j->dt, j->base, g, f);
    if (j->dt == RN_FLOAT)
      memcpy(j->y + g * 16, f, count * sizeof *f);
    else
      cpu_narrow(j->dt, f, j->y + g * 8, (int64_t)count);
  }
}
static rn_status *fill(const void *state, rn_call *c) {
  const seeds *s = state;
  rn_shape shape;
  RN_TRY(cpu_shape_input(c, 0, &shape));
  RN_TRY(cpu_output(c, 0, &shape));
  int wide = c->out[0]->dtype == RN_DOUBLE;
  uint64_t n = (uint64_t)rn_shape_elems(&shape), per = wide ? 2 : 4;
  job j = {s, c->out[0]->dtype, c->api->reserve(c, n * 256), n, c->out[0]->data};
  cpu_parallel((n + per - 1) / per, 1024, wide ? piece_f64 : piece_f32, &j);
  return NULL;
}

static rn_status *uniform_int(const void *state, rn_call *c) {
  const seeds *s = state;
  rn_shape shape;
  int64_t lo = cpu_int_at(c->in[1], 0), hi = cpu_int_at(c->in[2], 0);
  if (lo >= hi)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "RandomUniformInt: minval %lld is not below maxval %lld",
                    (long long)lo, (long long)hi);
  RN_TRY(cpu_shape_input(c, 0, &shape));
  RN_TRY(cpu_output(c, 0, &shape));
  int64_t n = rn_shape_elems(&shape);
  uint64_t base = c->api->reserve(c, (uint64_t)n * 256), range = (uint64_t)hi - (uint64_t)lo;
  int wide = c->out[0]->dtype == RN_INT64;
  block b = {{0}};
  for (int64_t i = 0; i < n; i++) {
    if (i % (wide ? 2 : 4) == 0) b = philox(s, base + (uint64_t)(i / (wide ? 2 : 4)));
    uint64_t x = wide ? b.x[i % 2 * 2] | (uint64_t)b.x[i % 2 * 2 + 1] << 32 : b.x[i % 4];
    int64_t v = (int64_t)((uint64_t)lo + x % range);
    if (wide)
      ((int64_t *)c->out[0]->data)[i] = v;
    else
      ((int32_t *)c->out[0]->data)[i] = (int32_t)v;
  }
  return NULL;
}

/* Fisher and Yates over the first dimension: row i changes places with one of those from i on. */
static rn_status *shuffle(const void *state, rn_call *c) {
  const seeds *s = state;
  const rn_tensor_view *x = c->in[0];
  RN_TRY(cpu_output(c, 0, &x->shape));
  int64_t n = x->shape.rank ? x->shape.dim[0] : 1;
  uint64_t row = n ? x->size_bytes / (uint64_t)n : 0;
  char *y = c->out[0]->data;
  if (n <= 1 || row == 0) {
    if (x->size_bytes && y != x->data) memcpy(y, x->data, x->size_bytes);
    return NULL;
  }
  int64_t *order;
  RN_TRY(cpu_alloc((uint64_t)n * sizeof *order, (void **)&order));
  for (int64_t i = 0; i < n; i++) order[i] = i;
  uint64_t base = c->api->reserve(c, ((uint64_t)n - 1 + 3) / 4);
  block b = {{0}};
  for (int64_t i = 0; i + 1 < n; i++) {
    if (i % 4 == 0) b = philox(s, base + (uint64_t)i / 4);
    int64_t other = i + (int64_t)(b.x[i % 4] % (uint32_t)(n - i)), kept = order[i];
    order[i] = order[other];
    order[other] = kept;
  }
  for (int64_t i = 0; i < n; i++) memcpy(y + (uint64_t)i * row, (const char *)x->data + (uint64_t)order[i] * row, row);
  cpu_free(order);
  return NULL;
}

static const int as_uniform = UNIFORM, as_normal = NORMAL, as_truncated = TRUNCATED, as_int = UNIFORM_INT;
static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  seeds *s;
  RN_TRY(cpu_state(out, sizeof *s, (void **)&s));
  s->what = *(const int *)p->user;
  s->key = (uint64_t)rn_self_int(&p->self, "seed", 0);
  s->high = (uint64_t)rn_self_int(&p->self, "seed2", 0);
  if (s->key == 0 && s->high == 0) {
    s->key = cpu_host->entropy();
    s->high = cpu_host->entropy();
  }
  return NULL;
}
#define FLOATS "dtype: {float, double, half, bfloat16}"
static const rn_kernel_def kernels[] = {
    CPU_K("RandomUniform", FLOATS, fill, .flags = RN_KERNEL_PARALLEL, .user = &as_uniform, .prepare = prepare),
    CPU_K("RandomStandardNormal", FLOATS, fill, .flags = RN_KERNEL_PARALLEL, .user = &as_normal, .prepare = prepare),
    CPU_K("TruncatedNormal", FLOATS, fill, .flags = RN_KERNEL_PARALLEL, .user = &as_truncated, .prepare = prepare),
    CPU_K("RandomUniformInt", "Tout: {int32, int64}", uniform_int, .user = &as_int, .prepare = prepare),
    CPU_K("RandomShuffle", CPU_POD("T"), shuffle, .user = &as_int, .prepare = prepare),
};
CPU_GROUP(cpu_random, kernels);
