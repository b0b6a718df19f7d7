/* three_devices_test.c - one graph on the host, a GPU and a matrix machine by lines of [place]: the right result, and
 * a picture and an explanation of who did what (tests/e2e). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "command.h"

static char folder[64];

static void sh(const char *command) {
  char whole[2048];
  (void)snprintf(whole, sizeof whole, "export RUNNEL_CONFIG=place.conf; %s", command);
  if (command_run(folder, whole) != 0) fail_msg("%s: %s", command, output);
}

/* A layer of two: name/out = relu(in w + b), w and b small integers, which bfloat16 has exactly. */
static void layer(FILE *f, const char *name, const char *in, const char *numbers) {
  static const char T[] = "attr { key: 'T' value { type: DT_FLOAT } }";
  fprintf(f,
          "node { name: '%s/w' op: 'Const' attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: 'value' value { "
          "tensor { dtype: DT_FLOAT tensor_shape { dim { size: 2 } dim { size: 2 } } %s } } } }\n"
          "node { name: '%s/b' op: 'Const' attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: 'value' value { "
          "tensor { dtype: DT_FLOAT tensor_shape { dim { size: 2 } } float_val: 1 float_val: -2 } } } }\n",
          name, numbers, name);
  fprintf(f,
          "node { name: '%s/product' op: 'MatMul' input: '%s' input: '%s/w' %s }\n"
          "node { name: '%s/sum' op: 'BiasAdd' input: '%s/product' input: '%s/b' %s }\n"
          "node { name: '%s/out' op: 'Relu' input: '%s/sum' %s }\n",
          name, in, name, T, name, name, name, T, name, name, T);
}

static void write_graph(void) {
  char path[128];
  (void)snprintf(path, sizeof path, "%s/net.pbtxt", folder);
  FILE *f = fopen(path, "we");
  assert_non_null(f);
  fprintf(f,
          "node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: 'shape' "
          "value { shape { dim { size: 3 } dim { size: 2 } } } } }\n");
  layer(f, "first", "x", "float_val: 1 float_val: 2 float_val: -1 float_val: 3");
  layer(f, "second", "first/out", "float_val: 2 float_val: 1 float_val: 1 float_val: -1");
  layer(f, "third", "second/out", "float_val: 1 float_val: 0 float_val: 2 float_val: 1");
  layer(f, "fourth", "third/out", "float_val: -1 float_val: 1 float_val: 1 float_val: 1");
  fclose(f);
}

static void write_rules(const char *first, const char *second, const char *third, const char *fourth) {
  char path[128];
  (void)snprintf(path, sizeof path, "%s/place.conf", folder);
  FILE *f = fopen(path, "we");
  assert_non_null(f);
  fprintf(f, "[place]\nfirst/* = %s\nsecond/* = %s\nthird/* = %s\nfourth/* = %s\n", first, second, third, fourth);
  fclose(f);
}

static const char run[] = "runnel run net.pbtxt --feed x=1,2,3,4,-5,6 --fetch fourth/out --fetch second/out";
static char expected[1 << 18];

static int on_the_host(void **state) {
  (void)state;
  write_rules("cpu", "cpu", "cpu", "cpu");
  sh(run);
  says("fourth/out = float[3,2]");
  (void)snprintf(expected, sizeof expected, "%s", output);
  return 0;
}

static int has_vulkan(void) {
  sh("runnel devices");
  if (strstr(output, "/device:VULKAN:0") != NULL) return 1;
  print_message("skipped: there is no Vulkan device\n");
  return 0;
}

static void each_order_of_three_gives_the_same(void **state) {
  (void)state;
  static const char *const rules[][4] = {{"cpu", "vulkan:0", "tpu:bf16", "cpu"},
                                         {"tpu:bf16", "vulkan:0", "cpu", "tpu:bf16"},
                                         {"vulkan:0", "tpu:bf16", "vulkan:0", "cpu"},
                                         {"vulkan:0", "cpu", "tpu:bf16", "vulkan:0"}};
  if (!has_vulkan()) skip();
  for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
    write_rules(rules[i][0], rules[i][1], rules[i][2], rules[i][3]);
    sh(run);
    assert_string_equal(output, expected);
  }
}

static void it_is_explained_and_drawn(void **state) {
  (void)state;
  if (!has_vulkan()) skip();
  write_rules("cpu", "vulkan:0", "tpu:bf16", "cpu");
  sh("runnel explain net.pbtxt --fetch fourth/out --node second/product");
  says("runs on /device:VULKAN:0");
  says("[place] second/* = vulkan:0 (place.conf:3)");
  sh("runnel explain net.pbtxt --fetch fourth/out --node third/product");
  says("runs on /device:TPU:1");
  says("compiler 'tpu' computes it together with others");
  sh("runnel draw net.pbtxt -o who.svg --color device; cat who.svg");
  says("VULKAN:0");
  says("TPU:1");
  says("CPU:0");
}

/* Without a GPU: the two that are always there. */
static void two_devices_give_the_same(void **state) {
  (void)state;
  write_rules("cpu", "tpu:bf16", "cpu", "tpu:bf16");
  sh(run);
  assert_string_equal(output, expected);
  sh("runnel draw net.pbtxt -o who.svg --color device; cat who.svg");
  says("TPU:1");
  says("CPU:0");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(two_devices_give_the_same),
                                     cmocka_unit_test(each_order_of_three_gives_the_same),
                                     cmocka_unit_test(it_is_explained_and_drawn)};
  char command[128];
  (void)snprintf(folder, sizeof folder, "/tmp/runnel_three_XXXXXX");
  if (mkdtemp(folder) == NULL) return 1;
  write_graph();
  int failed = cmocka_run_group_tests(tests, on_the_host, NULL);
  (void)snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command) != 0 ? 1 : failed;
}
