/* vulkan_devices_test.c - two Vulkan devices in one graph, and how one is chosen (tests/e2e).
 *
 * Where the machine has one device only, the loader is given more: Mesa's software driver and SwiftShader, which comes
 * with Chromium, where that is installed; and Mesa's twice, as a copy of its library under another name is another
 * driver. */
#include <dirent.h>
#include <runnel/plugin.h>
#include <unistd.h>
#include "vulkan.h"

typedef struct found {
  int n;
  char name[128], uuid[33], second[128];
} found;
static void look(void *arg, const rn_device_entry *d) {
  found *f = arg;
  if (strcmp(d->type, "vulkan") != 0) return;
  if (f->n++ == 1) snprintf(f->second, sizeof f->second, "%s", d->name);
  if (f->n > 1) return;
  snprintf(f->name, sizeof f->name, "%s", d->name);
  snprintf(f->uuid, sizeof f->uuid, "%s", d->uuid);
}
static found devices(rn_runtime *rt) {
  found f = {0};
  must(rn_runtime_devices(rt, look, &f));
  return f;
}

/* The description of the software driver, or 0. */
static int find_driver(char *path, size_t room) {
  static const char folder[] = "/usr/share/vulkan/icd.d";
  DIR *d = opendir(folder);
  int yes = 0;
  for (const struct dirent *e; d != NULL && !yes && (e = readdir(d)) != NULL;) {
    yes = strncmp(e->d_name, "lvp", 3) == 0;
    if (yes) snprintf(path, room, "%s/%s", folder, e->d_name);
  }
  if (d != NULL) closedir(d);
  return yes;
}

static void offer(const char *drivers) {
  setenv("VK_ICD_FILENAMES", drivers, 1);
  setenv("VK_DRIVER_FILES", drivers, 1);
}

/* Two makers' software drivers. ThreadSanitizer does not know SwiftShader's fibers. */
static int give_two(void) {
  static const char *const places[] = {"/usr/lib/chromium/vk_swiftshader_icd.json",
                                       "/opt/google/chrome/vk_swiftshader_icd.json"};
  char path[400], both[1000];
  if ((RN_BUILD_FLAGS & RN_BUILD_TSAN) != 0 || !find_driver(path, sizeof path)) return 0;
  for (int i = 0; i < 2; i++) {
    if (access(places[i], R_OK) != 0) continue;
    snprintf(both, sizeof both, "%s:%s", path, places[i]);
    offer(both);
    return 1;
  }
  return 0;
}

static char copies[] = "/tmp/runnel_drivers_XXXXXX";
static int give_twice(void) {
  char path[400], command[1600], both[1000];
  if (!find_driver(path, sizeof path) || mkdtemp(copies) == NULL) return 0;
  snprintf(
      command, sizeof command,
      "set -e; so=$(sed -n 's/.*\"library_path\": *\"\\([^\"]*\\)\".*/\\1/p' %s); case $so in /*) ;; *) so=$(ldconfig "
      "-p | sed -n \"s#.*$so.*=> ##p\" | head -1);; esac; cp \"$so\" %s/libsecond.so; sed "
      "'s#\"library_path\": *\"[^\"]*\"#\"library_path\": \"%s/libsecond.so\"#' %s > %s/second.json",
      path, copies, copies, path, copies);
  if (system(command) != 0) return 0;
  snprintf(both, sizeof both, "%s:%s/second.json", path, copies);
  offer(both);
  return 1;
}
static void give_once(void) {
  char command[100];
  snprintf(command, sizeof command, "rm -rf %s", copies);
  assert_int_equal(system(command), 0);
}

/* A runtime that sees two; NULL: there is no way to have them here. */
static rn_runtime *with_two(const char *const *more, uint32_t n) {
  rn_runtime *rt = runtime(more, n);
  if (devices(rt).n >= 2) return rt;
  rn_runtime_destroy(rt);
  return NULL;
}
#define NEEDS_TWO(rt)                                                                \
  do {                                                                               \
    if ((rt) != NULL) break;                                                         \
    print_message("skipped: the loader offers one device, and no driver to copy\n"); \
    skip();                                                                          \
  } while (0)

static int64_t dispatches_of(rn_session *s, rn_value counts) {
  int64_t c[COUNTS];
  read_counts(s, counts, c);
  assert_int_equal(c[MESSAGES], 0);
  return c[DISPATCHES];
}

static void a_training_graph_over_two_devices_and_the_cpu(void **state) {
  (void)state;
  NEEDS_DEVICE;
  static const char *const rules[] = {"place.h=vulkan:1", "place.dh=vulkan:1", "place.xent=cpu", "place.v2=vulkan:1"};
  rn_runtime *rt = with_two(rules, 4);
  NEEDS_TWO(rt);
  found f = devices(rt);
  print_message("%s, %s\n", f.name, f.second);
  rn_runtime *plain = runtime(NULL, 0);
  mlp host = build_mlp(plain, "cpu", 20), split = build_mlp(rt, "vulkan:0", 20);
  rn_attr second[] = {RN_AI("index", 1)};
  rn_value counts = node(split.g, "VulkanCounts", "counts1", NULL, 0, second, 1);
  float a = 0, b = 0;
  for (int step = 0; step < 40; step++) {
    must(train(&host, 20, step, &a));
    must(train(&split, 20, step, &b));
    if (!(fabsf(a - b) <= 1e-3f * (fabsf(a) + 1)))
      fail_msg("step %d: %.7g on the CPU, %.7g split", step, (double)a, (double)b);
  }
  assert_true(dispatches_of(split.s, split.counts) > 0);
  assert_true(dispatches_of(split.s, counts) > 0);
  drop_mlp(&host);
  drop_mlp(&split);
  rn_runtime_destroy(plain);
  rn_runtime_destroy(rt);
}

/* A value that was made on one device and is read on the other, in both directions, in one step. */
static void values_go_from_device_to_device(void **state) {
  (void)state;
  NEEDS_DEVICE;
  static const char *const rules[] = {"place.there*=vulkan:1"};
  rn_runtime *rt = with_two(rules, 1);
  NEEDS_TWO(rt);
  rn_graph *g = NULL;
  must(rn_graph_create(rt, 0, &g));
  rn_shape s = dims(1, 1000, 0);
  rn_tensor *t = NULL, *out = NULL;
  rn_value x = placeholder(g, "x", RN_FLOAT, s), y = x;
  for (int i = 0; i < 6; i++) {
    char name[16];
    snprintf(name, sizeof name, "%s%d", i % 2 ? "there" : "here", i);
    y = node2(g, "Add", name, y, x);
  }
  rn_session *ss = session_on(g, "vulkan:0");
  must(rn_tensor_create(RN_FLOAT, &s, &t));
  for (int step = 0; step < 3; step++) {
    for (int i = 0; i < 1000; i++) ((float *)rn_tensor_data(t))[i] = (float)(i + step);
    rn_feed feed = {x, t};
    must(rn_session_run(ss, NULL, &feed, 1, &y, 1, &out, NULL, 0));
    for (int i = 0; i < 1000; i++) assert_true(((const float *)rn_tensor_data(out))[i] == 7.0f * (float)(i + step));
    rn_tensor_release(out);
    out = NULL;
  }
  rn_tensor_release(t);
  rn_session_destroy(ss);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
}

/* The device that a session asked for in these words runs the node on. */
static void assert_runs_on(rn_runtime *rt, const char *words, const char *full_name) {
  rn_graph *g = NULL;
  char *text = NULL;
  must(rn_graph_create(rt, 0, &g));
  rn_value x = placeholder(g, "x", RN_FLOAT, dims(1, 8, 0)), y = node1(g, "Neg", "y", x);
  rn_session *s = session_on(g, words);
  must(rn_session_explain(s, &x, 1, &y, 1, NULL, 0, &text));
  if (strstr(text, full_name) == NULL) fail_msg("device '%s': %s is not in:\n%s", words, full_name, text);
  free(text);
  rn_session_destroy(s);
  rn_graph_destroy(g);
}

static void a_device_is_chosen_by_place_name_and_uuid(void **state) {
  (void)state;
  NEEDS_DEVICE;
  char words[200];
  rn_runtime *rt = with_two(NULL, 0);
  NEEDS_TWO(rt);
  found f = devices(rt);
  assert_runs_on(rt, "vulkan", "/device:VULKAN:0");
  assert_runs_on(rt, "vulkan:1", "/device:VULKAN:1");
  snprintf(words, sizeof words, "vulkan:name~%.*s", (int)strcspn(f.name, " ("), f.name);
  assert_runs_on(rt, words, "/device:VULKAN:0");
  snprintf(words, sizeof words, "vulkan:uuid=%s", f.uuid);
  assert_runs_on(rt, words, "/device:VULKAN:0");
  rn_graph *g = NULL;
  rn_session *s = NULL;
  rn_session_options o = {.struct_size = (uint32_t)sizeof o, .device = "vulkan:name~no such maker"};
  must(rn_graph_create(rt, 0, &g));
  assert_status(rn_session_create(g, &o, &s), RN_INVALID_ARGUMENT, "no such maker", NULL);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
}

/* x + x over n floats in a runtime; what VulkanCounts says there afterwards. */
static rn_status *add_in(rn_runtime *rt, int64_t n, int64_t counts[COUNTS]) {
  rn_graph *g = NULL;
  rn_tensor *out = NULL;
  rn_shape s = dims(1, n, 0);
  must(rn_graph_create(rt, 0, &g));
  rn_value x = placeholder(g, "x", RN_FLOAT, s), y = node2(g, "Add", "y", x, x), c = counts_node(g);
  rn_session *session = session_on(g, "vulkan");
  rn_feed feed = {x, NULL};
  must(rn_tensor_create(RN_FLOAT, &s, &feed.tensor));
  memset(rn_tensor_data(feed.tensor), 0, rn_tensor_size_bytes(feed.tensor));
  rn_status *failed = rn_session_run(session, NULL, &feed, 1, &y, 1, &out, NULL, 0);
  read_counts(session, c, counts);
  rn_tensor_release(out);
  rn_tensor_release(feed.tensor);
  rn_session_destroy(session);
  rn_graph_destroy(g);
  return failed;
}
static void runtimes_have_settings_and_counts_of_their_own(void **state) {
  (void)state;
  NEEDS_DEVICE;
  enum { MANY = 4 << 20 };
  static const char *const tight[] = {"plugin.vulkan.memory_limit_mb=2", "plugin.vulkan.block_mb=1"};
  int64_t a[COUNTS], b[COUNTS];
  for (int first_is_tight = 0; first_is_tight < 2; first_is_tight++) {
    rn_runtime *x = runtime(tight, first_is_tight ? 2 : 0), *y = runtime(tight, first_is_tight ? 0 : 2);
    rn_runtime *small = first_is_tight ? x : y, *large = first_is_tight ? y : x;
    must(add_in(large, MANY, a));
    assert_status(add_in(small, MANY, b), RN_RESOURCE_EXHAUSTED, "memory_limit_mb", NULL);
    assert_int_equal(a[DISPATCHES], 1);
    assert_int_equal(b[DISPATCHES], 0);
    assert_true(a[RESERVED] > 2 << 20 && b[RESERVED] <= 2 << 20);
    for (int k = 0; k < 3; k++) must(add_in(small, 16, b));
    must(add_in(large, 16, a));
    assert_int_equal(a[DISPATCHES], 2);
    assert_int_equal(b[DISPATCHES], 3);
    assert_int_equal(a[MESSAGES] + b[MESSAGES], 0);
    rn_runtime_destroy(x); /* the older one goes: the other's settings stay */
    must(add_in(y, 16, b));
    if (first_is_tight)
      must(add_in(y, MANY, b));
    else
      assert_status(add_in(y, MANY, b), RN_RESOURCE_EXHAUSTED, "memory_limit_mb", NULL);
    rn_runtime_destroy(y);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_training_graph_over_two_devices_and_the_cpu),
      cmocka_unit_test(values_go_from_device_to_device),
      cmocka_unit_test(a_device_is_chosen_by_place_name_and_uuid),
      cmocka_unit_test(runtimes_have_settings_and_counts_of_their_own),
  };
  int n = has_device(), failed = 0;
  rn_runtime *rt = n ? runtime(NULL, 0) : NULL;
  int one = n && devices(rt).n < 2;
  rn_runtime_destroy(rt);
  if (!n) validation = -1;
  if (one && give_two()) failed = cmocka_run_group_tests_name("two drivers", tests, NULL, NULL);
  int copied = one && give_twice();
  failed += cmocka_run_group_tests(tests, NULL, NULL);
  if (copied) give_once();
  return failed;
}
