/* tpu_training_test.c - lab 2 on the matrix machine: trained as well as on the CPU, and as right in integers
 * (tests/e2e).
 *
 * With RUNNEL_SLOW set the steps are those of the table in docs/tpu.md, on MNIST where its files are. */
#include "tpu.h"

static double accuracy(const char *device, const char *flags, const char *setting) {
  char command[2048], out[4096], conf[128];
  (void)snprintf(conf, sizeof conf, "%s/conf", folder);
  FILE *c = fopen(conf, "wb");
  assert_non_null(c);
  fprintf(c, "[plugin.tpu]\nreport = %s\n%s\n", report, setting);
  fclose(c);
  (void)snprintf(command, sizeof command,
                 "RUNNEL_CONFIG=%s $RUNNEL_BIN/lab2_mnist --json --save-every 0 --logdir %s/lab --device '%s' %s", conf,
                 folder, device, flags);
  FILE *p = popen(command, "r");
  assert_non_null(p);
  size_t n = fread(out, 1, sizeof out - 1, p);
  out[n] = '\0';
  assert_int_equal(pclose(p), 0);
  const char *at = strstr(out, "\"test_accuracy\": ");
  assert_non_null(at);
  return atof(at + 17);
}

/* Flags of lab 2; `steps` in the short run, `many` with MNIST in the long one. */
static const char *flags_of(char out[512], const char *model, const char *optimizer, int steps, int many) {
  const char *data = getenv("RUNNEL_DATA");
  int slow = getenv("RUNNEL_SLOW") != NULL;
  int n = snprintf(out, 512, "--model %s --optimizer %s --steps %d", model, optimizer, slow ? many : steps);
  if (slow && data != NULL) (void)snprintf(out + n, 512 - (size_t)n, " --data %s/mnist", data);
  return out;
}

static void trains_to(double here, const char *flags) {
  (void)unlink(report);
  double there = accuracy("tpu:name~bf16", flags, "");
  char *text = programs();
  print_message("lab2 %s: cpu %.4f, bf16 %.4f\n", flags, here, there);
  assert_true(fabs(here - there) <= 0.005);
  assert_true(count(text, " nodes, the first") >= 2); /* a step, an evaluation */
  free(text);
}
static void trains_as_well(const char *model, const char *optimizer, int steps, int many) {
  char flags[512];
  trains_to(accuracy("cpu", flags_of(flags, model, optimizer, steps, many), ""), flags);
}

static void a_perceptron_trains_as_well(void **state) {
  (void)state;
  trains_as_well("mlp", "GradientDescent --learning-rate 0.1", 1000, 5000);
  trains_as_well("mlp", "Adam", 200, 2000);
  trains_as_well("mlp", "Momentum --learning-rate 0.02", 200, 2000);
}

/* What the CPU trained last, measured on the same feeds, then evaluated in integers. */
static void integers_are_as_accurate(double real, const char *model) {
  char flags[512], setting[256];
  const char *data = getenv("RUNNEL_DATA");
  (void)snprintf(setting, sizeof setting, "%s/ranges", folder);
  (void)unlink(setting);
  int n = snprintf(flags, sizeof flags, "--model %s --evaluate", model);
  if (getenv("RUNNEL_SLOW") != NULL && data != NULL)
    (void)snprintf(flags + n, sizeof flags - (size_t)n, " --data %s/mnist", data);
  (void)snprintf(setting, sizeof setting, "calibrate = %s/ranges", folder);
  (void)accuracy("tpu:name~v1", flags, setting);
  (void)unlink(report);
  (void)snprintf(setting, sizeof setting, "ranges = %s/ranges", folder);
  double integer = accuracy("tpu:name~v1", flags, setting);
  char *text = programs();
  print_message("lab2 %s: float %.4f, int8 %.4f\n", flags, real, integer);
  assert_true(fabs(real - integer) <= 0.005);
  assert_non_null(strstr(text, "on machine v1"));
  free(text);
}

static double trained_anew(const char *flags) {
  char command[128];
  (void)snprintf(command, sizeof command, "rm -rf %s/lab", folder);
  assert_int_equal(system(command), 0);
  return accuracy("cpu", flags, "");
}
static void a_perceptron_in_integers_is_as_accurate(void **state) {
  (void)state;
  char flags[512];
  integers_are_as_accurate(trained_anew(flags_of(flags, "mlp", "Adam", 400, 2000)), "mlp");
}

/* Dropout's random numbers are the host's, the same on both devices. */
static void a_convolutional_network_is_as_accurate(void **state) {
  (void)state;
  char flags[512];
  double real = trained_anew(flags_of(flags, "lenet", "Adam", 40, 600));
  assert_true(real > 0.97);
  integers_are_as_accurate(real, "lenet");
  trains_to(real, flags);
  if (getenv("RUNNEL_SLOW") != NULL) trains_as_well("lenet", "Momentum --learning-rate 0.05", 400, 400);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_perceptron_trains_as_well),
                                     cmocka_unit_test(a_perceptron_in_integers_is_as_accurate),
                                     cmocka_unit_test(a_convolutional_network_is_as_accurate)};
  return in_a_folder(tests, sizeof tests / sizeof tests[0]);
}
