/* random_test.c - a seed gives the same bits on every machine, with any number of threads (tests/e2e).
 *
 * That they are TensorFlow's numbers is in op_vectors_test.c, that a device has the same ones in vulkan_kernels_test.c.
 */
#include <math.h>
#include "build.h"

enum { MANY = 100003 };

static rn_tensor *draw(const char *op, const char *threads, int type) {
  rn_runtime_options o = {.struct_size = (uint32_t)sizeof o, .settings = &threads, .n_settings = 1};
  rn_runtime *rt = NULL;
  rn_graph *g = NULL;
  rn_session *s = NULL;
  rn_tensor *n = NULL;
  rn_shape one = dims(1, 1, 0);
  must(rn_runtime_create(&o, &rt));
  must(rn_graph_create(rt, 0, &g));
  must(rn_tensor_from(RN_INT32, &one, (const int32_t[]){MANY}, &n));
  rn_value size = constant(g, "size", n);
  rn_attr attrs[] = {RN_AI("seed", 7), RN_AI("seed2", 9), RN_AT("dtype", type)};
  rn_value y = node(g, op, "y", &size, 1, attrs, 3);
  must(rn_session_create(g, NULL, &s));
  rn_tensor *out = fetch(s, y);
  rn_session_destroy(s);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
  return out;
}

/* FNV-1a over the numbers' words: bits that moved show. */
static uint32_t mark_of(const rn_tensor *t) {
  const unsigned char *at = rn_tensor_data(t);
  uint32_t mark = 2166136261u;
  for (uint64_t i = 0; i < rn_tensor_size_bytes(t); i++) mark = (mark ^ at[i]) * 16777619u;
  return mark;
}

static void a_seed_gives_the_same_bits_everywhere(void **state) {
  static const struct {
    const char *op;
    rn_dtype type;
    uint32_t mark;
  } rows[] = {{"RandomUniform", RN_FLOAT, 0x33310f0d},
              {"RandomStandardNormal", RN_FLOAT, 0x06f3dc46},
              {"TruncatedNormal", RN_FLOAT, 0x9192d883},
              {"RandomStandardNormal", RN_HALF, 0x9c6a8498},
              {"RandomStandardNormal", RN_BFLOAT16, 0x18110b53}};
  (void)state;
  for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
    rn_tensor *a = draw(rows[r].op, "run.threads=1", rows[r].type),
              *b = draw(rows[r].op, "run.threads=3", rows[r].type);
    if (mark_of(a) != rows[r].mark || mark_of(b) != rows[r].mark)
      fail_msg("%s of type %d: 0x%08x with one thread, 0x%08x with three, not 0x%08x", rows[r].op, rows[r].type,
               mark_of(a), mark_of(b), rows[r].mark);
    rn_tensor_release(a);
    rn_tensor_release(b);
  }
}

static void normals_are_normal(void **state) {
  (void)state;
  static const char *const ops[] = {"RandomStandardNormal", "TruncatedNormal"};
  static const double deviation[] = {1, 0.8796}, beyond_one[] = {0.3173, 0.2847};
  for (int k = 0; k < 2; k++) {
    rn_tensor *t = draw(ops[k], "run.threads=1", RN_FLOAT);
    const float *x = rn_tensor_data(t);
    double sum = 0, squares = 0, far = 0, largest = 0;
    for (int i = 0; i < MANY; i++) {
      sum += (double)x[i];
      squares += (double)x[i] * (double)x[i];
      far += fabsf(x[i]) > 1;
      largest = fmax(largest, fabs((double)x[i]));
    }
    assert_true(fabs(sum / MANY) < 0.01);
    assert_true(fabs(sqrt(squares / MANY) - deviation[k]) < 0.01);
    assert_true(fabs(far / MANY - beyond_one[k]) < 0.01);
    assert_true(k == 0 ? largest > 3.5 && largest < 6 : largest > 1.99 && largest < 2);
    rn_tensor_release(t);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_seed_gives_the_same_bits_everywhere),
      cmocka_unit_test(normals_are_normal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
