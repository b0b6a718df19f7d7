/* vulkan_half_products_test.c - products of half and bfloat16 on the Vulkan device, in every variant that a device may
 * need, with cooperative matrices where the device has them (tests/e2e).
 *
 * Operands are multiples of 1/32 in [-1, 1], so sums of up to 8192 products are exact in float, in any order: a result
 * must be the exact one, rounded once, to the bit. */
#include "vulkan_products.h"

static char of_matrices[256], of_kernel[256], of_choice[256]; /* the last that the device said of each */
static void overheard(void *arg, int level, const char *message) {
  heard(arg, level, message);
  if (strstr(message, "cooperative matrices") != NULL) snprintf(of_matrices, sizeof of_matrices, "%s", message);
  if (strstr(message, "profile:") != NULL) snprintf(of_kernel, sizeof of_kernel, "%s", message);
  if (strstr(message, "tuned kernel") != NULL) snprintf(of_choice, sizeof of_choice, "%s", message);
}
static int has_matrices(void) { return strstr(of_matrices, "has cooperative matrices") != NULL; }

static const pretence narrow_pretences[] = {
    {"", "0", 2},
    {"no_texels", "0", 6},
    {"gpu", "32", 7},
    {"gpu", "64", 5},
    {"gpu", "128", 5},
    {"gpu, small_workgroups, little_shared, separate_memory", "0", 7},
    {"gpu, no_matrices", "64", 6},
    {"gpu, no_matrices", "128", 6},
};
enum { NARROW_PRETENCES = sizeof narrow_pretences / sizeof narrow_pretences[0], WITHOUT = 6 };
/* Shaders take seconds to compile where the driver runs on the CPU, so each variant gets a part of the cases in one
 * order of its operands; all of them with RUNNEL_ALL (`./dev slow`). */
static int all(void) { return getenv("RUNNEL_ALL") != NULL; }
/* Without matrices to do without, the last ones say nothing new. */
static size_t variants(void) { return has_matrices() ? NARROW_PRETENCES : WITHOUT; }

static rn_runtime *listening(const char *pretend, const char *tile, const char *more) {
  char words[160], side[64];
  snprintf(words, sizeof words, "plugin.vulkan.pretend=%s", pretend);
  snprintf(side, sizeof side, "plugin.vulkan.tile=%s", tile);
  const char *settings[] = {words,
                            "run.log_level=debug",
                            side,
                            "plugin.vulkan.tune=false",
                            "plugin.vulkan.pipeline_cache=false",
                            validation ? "plugin.vulkan.validation=true" : "plugin.vulkan.validation=false",
                            more};
  rn_runtime_options o = {
      .struct_size = (uint32_t)sizeof o, .settings = settings, .n_settings = more != NULL ? 7 : 6, .log = overheard};
  rn_runtime *rt = NULL;
  must(rn_runtime_create(&o, &rt));
  return rt;
}

static uint16_t bits_at(const rn_tensor *t, int64_t k) { return ((const uint16_t *)rn_tensor_data(t))[k]; }
static void same_bits(const rn_tensor *y, int64_t k, uint16_t wanted, const char *what) {
  if (bits_at(y, k) != wanted)
    fail_msg("%s[%lld]: %.9g (0x%04x), not %.9g (0x%04x)", what, (long long)k,
             widened(rn_tensor_dtype(y), bits_at(y, k)), bits_at(y, k), widened(rn_tensor_dtype(y), wanted), wanted);
}

/* ---------------------------------------------------------------------------------------------
 * products */
typedef struct half_product {
  int64_t batches_a, batches_b, m, n, k;
  int ta, tb;
  rn_dtype t;
} half_product;

static one product_node(const half_product *p) {
  one o = {.op = p->batches_a * p->batches_b > 1 ? "BatchMatMulV2" : "MatMul", .t = p->t, .n_attrs = 2};
  int layered = o.op[0] == 'B';
  int64_t a[] = {p->ta ? p->k : p->m, p->ta ? p->m : p->k}, b[] = {p->tb ? p->n : p->k, p->tb ? p->k : p->n};
  o.in[0] = dims(2, a[0], a[1]);
  o.in[1] = dims(2, b[0], b[1]);
  if (layered) {
    o.in[0] = dims(3, p->batches_a, a[0]);
    o.in[0].dim[2] = a[1];
    o.in[1] = dims(3, p->batches_b, b[0]);
    o.in[1].dim[2] = b[1];
  }
  o.attrs[0] = (rn_attr)RN_AB(layered ? "adj_x" : "transpose_a", p->ta);
  o.attrs[1] = (rn_attr)RN_AB(layered ? "adj_y" : "transpose_b", p->tb);
  return o;
}

static double *wide_copy(const rn_tensor *x) {
  double *v = malloc((size_t)rn_tensor_count(x) * sizeof *v + 1);
  assert_non_null(v);
  for (int64_t k = 0; k < rn_tensor_count(x); k++) v[k] = widened(rn_tensor_dtype(x), bits_at(x, k));
  return v;
}

/* y[batch, i, j] by the sum over k in double: exact. */
static double entry(const half_product *p, const double *a, const double *b, int64_t batch, int64_t i, int64_t j) {
  const double *la = a + (p->batches_a > 1 ? batch : 0) * p->m * p->k;
  const double *lb = b + (p->batches_b > 1 ? batch : 0) * p->n * p->k;
  double sum = 0;
  for (int64_t k = 0; k < p->k; k++)
    sum += la[p->ta ? k * p->m + i : i * p->k + k] * lb[p->tb ? j * p->k + k : k * p->n + j];
  return sum;
}

static void check_product(rn_runtime *rt, const half_product *p, const char *words) {
  one o = product_node(p);
  rn_tensor *y = run_one(rt, "vulkan", &o), *x[2] = {numbers(p->t, &o.in[0], 1), numbers(p->t, &o.in[1], 2)};
  double *a = wide_copy(x[0]), *b = wide_copy(x[1]);
  char what[200];
  snprintf(what, sizeof what, "'%s' %s %lld x %lld x %lld, %d%d", words, p->t == RN_HALF ? "half" : "bfloat16",
           (long long)p->m, (long long)p->n, (long long)p->k, p->ta, p->tb);
  assert_int_equal(rn_tensor_dtype(y), p->t);
  int64_t batches = p->batches_a > p->batches_b ? p->batches_a : p->batches_b;
  assert_int_equal(rn_tensor_count(y), batches * p->m * p->n);
  for (int64_t l = 0; l < batches; l++)
    for (int64_t i = 0; i < p->m; i++)
      for (int64_t j = 0; j < p->n; j++)
        same_bits(y, (l * p->m + i) * p->n + j, narrow(p->t, entry(p, a, b, l, i, j)), what);
  free(a);
  free(b);
  rn_tensor_release(x[0]);
  rn_tensor_release(x[1]);
  rn_tensor_release(y);
}

/* Odd and even widths, edges of blocks of 64 and 128, k of one, of a step, of splits. */
static const half_product products[] = {
    {1, 1, 1, 1, 1, 0, 0, 0},      {1, 1, 3, 2, 0, 0, 0, 0},      {1, 1, 7, 5, 3, 0, 0, 0},
    {1, 1, 33, 31, 17, 0, 0, 0},   {1, 1, 64, 64, 64, 0, 0, 0},   {1, 1, 65, 1, 40, 0, 0, 0},
    {1, 1, 1, 70, 33, 0, 0, 0},    {1, 1, 130, 130, 1, 0, 0, 0},  {1, 1, 100, 10, 32, 0, 0, 0},
    {1, 1, 129, 136, 72, 0, 0, 0}, {1, 1, 16, 32, 4097, 0, 0, 0}, {1, 1, 160, 256, 128, 0, 0, 0},
    {1, 1, 40, 68, 4096, 0, 0, 0}, {3, 3, 17, 33, 9, 0, 0, 0},    {3, 1, 40, 64, 48, 0, 0, 0},
    {1, 4, 5, 6, 300, 0, 0, 0},    {2, 2, 72, 12, 64, 0, 0, 0},   {5, 5, 1, 1, 7, 0, 0, 0},
};
enum { PRODUCTS = sizeof products / sizeof products[0] };

static void products_are_exact_and_rounded_once(void **state) {
  (void)state;
  NEEDS_DEVICE;
  for (size_t v = 0; v < variants(); v++) {
    const pretence *as = &narrow_pretences[v];
    rn_runtime *rt = listening(as->words, as->tile, NULL);
    for (size_t i = all() ? 0 : v % as->step; i < PRODUCTS; i += all() ? 1 : as->step)
      for (size_t how = all() ? 0 : (i / as->step + v) % 4; how < 4; how += all() ? 1 : 4) {
        half_product p = products[i];
        p.ta = (int)(how & 1);
        p.tb = (int)(how >> 1);
        p.t = (how + i + v) % 5 == 4 ? RN_BFLOAT16 : RN_HALF;
        check_product(rt, &p, as->words);
      }
    nobody_complained(rt);
    rn_runtime_destroy(rt);
  }
}

/* -----------------------------------------------------------------------------------------
 * convolutions */
static void convolutions_are_as_the_cpu_rounds_them(void **state) {
  (void)state;
  NEEDS_DEVICE;
  static const char *const ops[] = {"Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter"};
  for (size_t v = 0; v < variants(); v++) {
    const pretence *as = &narrow_pretences[v];
    rn_runtime *rt = listening(as->words, as->tile, NULL);
    for (size_t i = all() ? 0 : v % 6; i < sizeof layers / sizeof layers[0]; i += all() ? 1 : v == 0 ? 2 : 6)
      for (size_t k = all() ? 0 : (v + i) % 3; k < 3; k += all() ? 1 : 3) {
        int64_t strides[4], dilations[4];
        one o = layer_node(&layers[i], ops[k], (int)((i + v) % 4 == 2), strides, dilations);
        char what[160];
        o.t = (i + v) % 3 == 2 ? RN_BFLOAT16 : RN_HALF;
        snprintf(what, sizeof what, "'%s' %s of layer %zu", as->words, ops[k], i);
        rn_tensor *a = run_one(rt, "cpu", &o), *b = run_one(rt, "vulkan", &o);
        assert_int_equal(rn_tensor_count(a), rn_tensor_count(b));
        for (int64_t e = 0; e < rn_tensor_count(a); e++) same_bits(b, e, bits_at(a, e), what);
        rn_tensor_release(a);
        rn_tensor_release(b);
      }
    nobody_complained(rt);
    rn_runtime_destroy(rt);
  }
}

/* -----------------------------------------------------------------------------------------
 * matrices */
static const char *kernel_of(const half_product *p, const char *pretend, const char *more) {
  rn_runtime *rt = listening(pretend, "64", more);
  of_kernel[0] = '\0';
  check_product(rt, p, pretend);
  rn_runtime_destroy(rt);
  return of_kernel;
}
static void matrices_multiply_half_where_the_device_has_them(void **state) {
  (void)state;
  NEEDS_DEVICE;
  const half_product half = {1, 1, 64, 64, 64, 0, 1, RN_HALF}, other = {1, 1, 64, 64, 64, 0, 1, RN_BFLOAT16};
  const char *const profile = "plugin.vulkan.profile=true";
  (void)kernel_of(&half, "gpu", "plugin.vulkan.matrices=false");
  assert_non_null(strstr(of_matrices, "has no cooperative matrices: without a setting that allows them"));
  const char *kernel = kernel_of(&half, "gpu", profile);
  print_message("%s\n", of_matrices);
  if (!has_matrices()) {
    assert_non_null(strstr(of_matrices, "has no cooperative matrices: without "));
    assert_non_null(strstr(kernel, "product_small"));
    skip();
  }
  assert_non_null(strstr(kernel, "product_matrix"));
  assert_non_null(strstr(kernel_of(&other, "gpu", profile), "product_small"));
  assert_non_null(strstr(kernel_of(&half, "gpu, no_matrices", profile), "product_small"));
}

static void tuning_tries_matrices_beside_tiles(void **state) {
  (void)state;
  NEEDS_DEVICE;
  const half_product p = {1, 1, 40, 48, 100, 0, 0, RN_HALF};
  rn_runtime *rt = listening("gpu", "0", "plugin.vulkan.tune=true");
  check_product(rt, &p, "tuned");
  print_message("%s\n", of_choice);
  assert_non_null(strstr(of_choice, has_matrices() ? " of 5, " : " of 3, "));
  nobody_complained(rt);
  rn_runtime_destroy(rt);
}

/* -----------------------------------------------------------------------------------------
 * beyond half */
static void sums_beyond_half_are_infinite_and_nan_stays(void **state) {
  (void)state;
  NEEDS_DEVICE;
  static const char *const words[] = {"", "gpu", "gpu, no_matrices"};
  for (size_t v = 0; v < sizeof words / sizeof words[0]; v++) {
    rn_runtime *rt = listening(words[v], "64", NULL);
    rn_graph *g = NULL;
    rn_shape shape = dims(2, 16, 16);
    rn_feed feed[2];
    rn_value in[2];
    rn_tensor *y = NULL;
    must(rn_graph_create(rt, 0, &g));
    for (int i = 0; i < 2; i++) {
      in[i] = placeholder(g, NULL, RN_HALF, shape);
      feed[i] = (rn_feed){in[i], numbers(RN_HALF, &shape, i)};
      memset(rn_tensor_data(feed[i].tensor), 0, 2 * 256);
    }
    uint16_t *a = rn_tensor_data(feed[0].tensor), *b = rn_tensor_data(feed[1].tensor);
    a[0] = narrow(RN_HALF, 60000);
    a[1] = narrow(RN_HALF, -60000);
    a[16] = narrow(RN_HALF, (double)NAN);
    a[32] = narrow(RN_HALF, 30000);
    b[0] = b[1] = narrow(RN_HALF, 2);
    b[16] = narrow(RN_HALF, 1.5); /* row 1 of b: takes 90000 off the first column */
    rn_value p = matmul(g, NULL, in[0], in[1], 0, 0);
    rn_session *s = session_on(g, "vulkan");
    must(rn_session_run(s, NULL, feed, 2, &p, 1, &y, NULL, 0));
    same_bits(y, 0, narrow(RN_HALF, 120000 - 90000), "sum within"); /* 30000, though its parts are not halves */
    same_bits(y, 1, 0x7c00, "sum beyond");
    assert_true(isnan(widened(RN_HALF, bits_at(y, 16))));
    same_bits(y, 32, narrow(RN_HALF, 60000), "product");
    rn_tensor_release(y);
    rn_session_destroy(s);
    for (int i = 0; i < 2; i++) rn_tensor_release(feed[i].tensor);
    rn_graph_destroy(g);
    rn_runtime_destroy(rt);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(matrices_multiply_half_where_the_device_has_them),
      cmocka_unit_test(tuning_tries_matrices_beside_tiles),
      cmocka_unit_test(products_are_exact_and_rounded_once),
      cmocka_unit_test(convolutions_are_as_the_cpu_rounds_them),
      cmocka_unit_test(sums_beyond_half_are_infinite_and_nan_stays),
  };
  RUN_VULKAN_TESTS(tests);
}
