/* check_test.c - runnel plugin check finds what is wrong and passes what is right (tests/conform). */
#include "command.h"

/* Runs `runnel plugin check ARGUMENTS`; its exit code, what it printed in `output`. */
static int check(const char *arguments) {
  char command[4096];
  snprintf(command, sizeof command, "runnel plugin check %s", arguments);
  return command_run(".", command);
}

static int check_wrong(const char *name, const char *options) {
  char arguments[1024];
  snprintf(arguments, sizeof arguments, "%s/../wrong_plugins/%s.so %s", getenv("RUNNEL_BIN"), name, options);
  return check(arguments);
}
static int check_ours(const char *name, const char *options) {
  char arguments[1024];
  snprintf(arguments, sizeof arguments, "%s/%s.so %s", getenv("RUNNEL_PLUGIN_PATH"), name, options);
  return check(arguments);
}

/* ---- right ones */
static void the_skeleton_passes(void **state) {
  (void)state;
  assert_int_equal(check_ours("skeleton", ""), 0);
  says("all passed");
  says("2 of 2 kernels times element types were exercised");
  says("float(double)");
}
static void ops_with_hard_inputs_pass_and_are_exercised(void **state) {
  (void)state;
  assert_int_equal(check_ours("cpu", "--op MatMul"), 0);
  says("openblas");
  says("(reference)");
  assert_int_equal(check_ours("cpu", "--op Gather"), 0);
  assert_null(strstr(output, "not exercised: float"));
  assert_int_equal(check_ours("ops", "--op Conv2D"), 0);
  says("gradient         1       0              0        0");
  assert_int_equal(check_ours("optimizers", "--op ApplyAdam"), 0);
}
static void the_report_comes_as_json(void **state) {
  (void)state;
  assert_int_equal(check_ours("skeleton", "--json"), 0);
  says("\"failed\":\t0");
  says("\"id\":\t\"kernel/Cube/cpu/loops/float/values\"");
  says("\"compared_with\":\t\"double\"");
}
static void speeds_are_measured(void **state) {
  (void)state;
  assert_int_equal(check_ours("cpu", "--op MatMul --bench --case bench/MatMul/cpu/openblas"), 0);
  says("GFLOP/s");
  says("against reference");
}

/* ---- wrong ones: found, and in words */
static void a_wrong_tail_is_found_against_another_kernel(void **state) {
  (void)state;
  assert_int_equal(check_wrong("wrong_tail", ""), 1);
  says("kernel/Square/cpu/fast/float/values: output 0: element ");
  says("the kernel of plugin 'cpu' has");
}
static void a_write_outside_names_the_buffer(void **state) {
  (void)state;
  assert_int_equal(check_wrong("writes_outside", "--case kernel/Thrice/cpu/test/float/values"), 1);
  says("written outside of output 0: byte ");
  says("behind its end");
}
static void a_write_to_an_input_names_it(void **state) {
  (void)state;
  assert_int_equal(check_wrong("writes_input", "--case kernel/Thrice/cpu/test/float/values"), 1);
  says("crashed with SIGSEGV at 0x");
  says("written, but only to be read: input 0 (x)");
  says("in kernel 'test' of op Thrice on cpu, float, x [");
}
static void a_kept_view_is_found_when_it_is_used(void **state) {
  (void)state;
  assert_int_equal(check_wrong("keeps_view", "--case kernel/Thrice/cpu/test/float/values"), 1);
  says("used after the call: input 0 (x)");
}
static void a_wrong_gradient_is_found_by_differences(void **state) {
  (void)state;
  assert_int_equal(check_wrong("wrong_gradient", "--case gradient/Thrice"), 1);
  says("the gradient is");
  says("differences give");
}
static void a_crash_in_a_shape_function_is_survived(void **state) {
  (void)state;
  assert_int_equal(check_wrong("crashes_in_infer", ""), 1);
  says("op/Thrice/shapes: crashed with SIGSEGV at 0x10 in the shape function of op Thrice");
  says("kernel           8       0              0        0"); /* the rest went on */
}
static void a_hang_is_ended(void **state) {
  (void)state;
  assert_int_equal(check_wrong("hangs", "--case kernel/Thrice/cpu/test/float/values --case-timeout 1"), 1);
  says("hangs: no end after 1 s in kernel 'test' of op Thrice on cpu, float, x [7]");
}
static void an_abort_in_init_is_survived(void **state) {
  (void)state;
  assert_int_equal(check_wrong("aborts_in_init", ""), 1);
  says("file/load: crashed with SIGABRT in loading the plugin");
}
static void a_leak_is_found(void **state) {
  (void)state;
  assert_int_equal(check_wrong("leaks", "--case kernel/Thrice/cpu/test/float/memory"), 1);
  says("leaks: each use of it leaves 1 blocks or tensors");
}
static void an_ignored_failure_of_memory_is_found(void **state) {
  (void)state;
  assert_int_equal(check_wrong("ignores_failed_allocation", "--case kernel/Thrice/cpu/test/float/memory"), 1);
  says("when allocation 1 fails it returns success with wrong results");
}
static void another_result_each_time_is_found(void **state) {
  (void)state;
  assert_int_equal(check_wrong("not_deterministic", "--case kernel/Thrice/cpu/test/float/values"), 1);
  says("the first time it has");
}
static void a_corrupted_heap_is_survived(void **state) {
  (void)state;
  assert_int_equal(check_wrong("corrupts_heap", "--case kernel/Thrice/cpu/test/float/values"), 1);
#ifdef __SANITIZE_ADDRESS__
  says("the process ended (exit code 1)"); /* AddressSanitizer was first */
#else
  says("crashed with SIGABRT");
#endif
  says("in kernel 'test' of op Thrice on cpu, float");
}

/* ---- the command */
static void nothing_executed_is_a_failure(void **state) {
  (void)state;
  assert_int_equal(check_ours("skeleton", "--op NoSuchOp"), 1);
  says("nothing was executed, which is a failure");
}
static void what_is_no_plugin_is_refused_with_the_reason(void **state) {
  (void)state;
  assert_int_equal(check("/proc/self/exe"), 1);
  says("file/load");
  assert_int_equal(check("no_such_file.so"), 1);
  says("no file no_such_file.so");
}
static void wrong_calls_are_usage_errors(void **state) {
  (void)state;
  assert_int_equal(check(""), 2);
  assert_int_equal(check_ours("skeleton", "--timeout soon"), 2);
  assert_int_equal(check_ours("skeleton", "--loud"), 2);
}
static void time_that_is_up_is_no_pass(void **state) {
  (void)state;
  assert_int_equal(check_ours("cpu", "--timeout 0.2"), 1);
  says("the time was up");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_skeleton_passes),
                                     cmocka_unit_test(ops_with_hard_inputs_pass_and_are_exercised),
                                     cmocka_unit_test(the_report_comes_as_json),
                                     cmocka_unit_test(speeds_are_measured),
                                     cmocka_unit_test(a_wrong_tail_is_found_against_another_kernel),
                                     cmocka_unit_test(a_write_outside_names_the_buffer),
                                     cmocka_unit_test(a_write_to_an_input_names_it),
                                     cmocka_unit_test(a_kept_view_is_found_when_it_is_used),
                                     cmocka_unit_test(a_wrong_gradient_is_found_by_differences),
                                     cmocka_unit_test(a_crash_in_a_shape_function_is_survived),
                                     cmocka_unit_test(a_hang_is_ended),
                                     cmocka_unit_test(an_abort_in_init_is_survived),
                                     cmocka_unit_test(a_leak_is_found),
                                     cmocka_unit_test(an_ignored_failure_of_memory_is_found),
                                     cmocka_unit_test(another_result_each_time_is_found),
                                     cmocka_unit_test(a_corrupted_heap_is_survived),
                                     cmocka_unit_test(nothing_executed_is_a_failure),
                                     cmocka_unit_test(what_is_no_plugin_is_refused_with_the_reason),
                                     cmocka_unit_test(wrong_calls_are_usage_errors),
                                     cmocka_unit_test(time_that_is_up_is_no_pass)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
