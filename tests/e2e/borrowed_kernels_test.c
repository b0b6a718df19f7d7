/* borrowed_kernels_test.c - training on a device that brings a queue and memory but no kernels (tests/e2e). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[64];

/* What the lab says about its training on that device, with nothing allowed to run elsewhere. */
static void lab(const char *device, const char *flags, char out[8192]) {
  char command[4096];
  (void)snprintf(
      command, sizeof command,
      "RUNNEL_PLUGIN_PATH=$RUNNEL_PLUGIN_PATH:$RUNNEL_TEST_PLUGINS RUNNEL_DEVICES_FALLBACK=error "
      "RUNNEL_PLUGINS_DISABLE=claimer "
      "$RUNNEL_BIN/lab2_mnist --json --logdir %s/%s --device %s %s 2>&1 | sed 's/\"[a-z_]*_per_second\".*//'",
      folder, device, device, flags);
  FILE *p = popen(command, "r");
  assert_non_null(p);
  size_t n = fread(out, 1, 8191, p);
  out[n] = '\0';
  assert_int_equal(pclose(p), 0);
  assert_non_null(strstr(out, "final_loss"));
}

static void learns_the_same(const char *flags) {
  char here[8192], there[8192];
  lab("cpu", flags, here);
  lab("lender", flags, there);
  const char *a = strstr(here, "\"final_loss\""), *b = strstr(there, "\"final_loss\"");
  assert_non_null(a);
  assert_non_null(b);
  assert_true(strcspn(a, ",") == strcspn(b, ",") && strncmp(a, b, strcspn(a, ",")) == 0);
}

static void a_perceptron_learns_the_same_to_the_last_bit(void **state) {
  (void)state;
  learns_the_same("--optimizer Adam --steps 20");
}
static void a_convolutional_network_learns_the_same(void **state) {
  (void)state;
  learns_the_same("--model lenet --batch 4 --steps 5");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_perceptron_learns_the_same_to_the_last_bit),
                                     cmocka_unit_test(a_convolutional_network_learns_the_same)};
  (void)snprintf(folder, sizeof folder, "/tmp/runnel_borrowed_XXXXXX");
  if (mkdtemp(folder) == NULL) return 1;
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  char command[128];
  (void)snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command) != 0 ? 1 : failed;
}
