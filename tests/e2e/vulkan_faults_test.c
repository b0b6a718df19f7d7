/* vulkan_faults_test.c - a lost device, a memory limit, a damaged cache, no driver (tests/e2e). */
#include "vulkan.h"

/* ------------------------------------------------------------------------------------- when things go wrong */
static void a_lost_device_is_an_error_from_then_on(void **state) {
  (void)state;
  NEEDS_DEVICE;
  static const char *const lose = "plugin.vulkan.lose_after=12";
  rn_runtime *rt = runtime(&lose, 1);
  mlp m = build_mlp(rt, "vulkan", 20);
  float loss = 0;
  rn_status *s = NULL;
  int step = 0;
  for (; step < 50 && s == NULL; step++) s = train(&m, 20, step, &loss);
  assert_in_range(step, 2, 49);
  assert_status(s, RN_UNAVAILABLE, "lost", NULL);
  assert_status(train(&m, 20, step, &loss), RN_UNAVAILABLE, "lost", NULL);
  drop_mlp(&m);
  mlp host = build_mlp(rt, "cpu", 20); /* the process goes on */
  must(train(&host, 20, 0, &loss));
  drop_mlp(&host);
  rn_runtime_destroy(rt);
}

static void a_memory_limit_says_what_holds_it(void **state) {
  (void)state;
  NEEDS_DEVICE;
  static const char *const limit[2] = {"plugin.vulkan.memory_limit_mb=24", "plugin.vulkan.block_mb=8"};
  static const int64_t big[3] = {2048, 2048, 2048};
  rn_runtime *rt = runtime(limit, 2);
  rn_graph *g = NULL;
  must(rn_graph_create(rt, 0, &g));
  rn_shape s = dims(2, big[0], big[1]);
  rn_value x = placeholder(g, "x", RN_FLOAT, s), y = matmul(g, "y", x, x, 0, 0);
  rn_session *ss = session_on(g, "vulkan");
  rn_tensor *t = NULL, *out = NULL;
  must(rn_tensor_create(RN_FLOAT, &s, &t));
  rn_feed feed = {x, t};
  assert_status(rn_session_run(ss, NULL, &feed, 1, &y, 1, &out, NULL, 0), RN_RESOURCE_EXHAUSTED, "memory_limit_mb",
                "MiB", NULL);
  rn_session_destroy(ss);
  rn_graph_destroy(g);
  static const int64_t small[3] = {64, 64, 64};
  rn_tensor *fine = product(rt, "vulkan", small, 0, 0); /* and what fits still runs */
  rn_tensor_release(fine);
  rn_tensor_release(t);
  rn_runtime_destroy(rt);
}

static void the_pipeline_cache_is_kept_and_damage_ignored(void **state) {
  (void)state;
  NEEDS_DEVICE;
  static const char *const kept[] = {"plugin.vulkan.pipeline_cache=true"};
  static const int64_t size[3] = {40, 40, 40};
  char folder[] = "/tmp/runnel_vulkan_XXXXXX", text[512];
  assert_non_null(mkdtemp(folder));
  setenv("XDG_CACHE_HOME", folder, 1);
  for (int again = 0; again < 3; again++) {
    rn_runtime *rt = runtime(kept, 1);
    rn_tensor_release(product(rt, "vulkan", size, 0, 0));
    rn_runtime_destroy(rt);
    snprintf(text, sizeof text, "test $(ls %s/runnel/vulkan | wc -l) = 1", folder);
    assert_int_equal(system(text), 0);
    snprintf(text, sizeof text,
             "for f in %s/runnel/vulkan/*; do printf damaged | dd of=$f bs=1 seek=40 conv=notrunc 2>/dev/null; done",
             folder);
    if (again == 1) assert_int_equal(system(text), 0);
  }
  unsetenv("XDG_CACHE_HOME");
  snprintf(text, sizeof text, "rm -r %s", folder);
  assert_int_equal(system(text), 0);
}

static void without_a_driver_the_reason_is_said(void **state) {
  (void)state;
  NEEDS_DEVICE;
  int n = 0;
  setenv("VK_ICD_FILENAMES", "/nowhere/none.json", 1);
  setenv("VK_DRIVER_FILES", "/nowhere/none.json", 1);
  why_not[0] = '\0';
  rn_runtime *rt = runtime(NULL, 0);
  must(rn_runtime_devices(rt, count_vulkan, &n));
  assert_int_equal(n, 0);
  assert_non_null(strstr(why_not, "driver"));
  rn_runtime_destroy(rt);
  unsetenv("VK_ICD_FILENAMES");
  unsetenv("VK_DRIVER_FILES");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_lost_device_is_an_error_from_then_on),
      cmocka_unit_test(a_memory_limit_says_what_holds_it),
      cmocka_unit_test(the_pipeline_cache_is_kept_and_damage_ignored),
      cmocka_unit_test(without_a_driver_the_reason_is_said),
  };
  RUN_VULKAN_TESTS(tests);
}
