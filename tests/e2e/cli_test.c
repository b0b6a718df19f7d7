/* cli_test.c - the runnel command as a person or a script uses it (tests/e2e). */
#include "build.h"
#include "command.h"
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/runnel-cli-XXXXXX";

/* Runs `runnel ARGUMENTS` in the test's folder; its exit code, everything it printed in `output`. */
static int runnel(const char *arguments) {
  char command[4096];
  snprintf(command, sizeof command, "runnel %s", arguments);
  return command_run(folder, command);
}

static void write_file(const char *name, const char *text) {
  char path[256];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  fputs(text, f);
  fclose(f);
}

/* y = 0.5 x + 2, as TensorFlow would write it in text. */
static const char half_plus_two[] =
    "node { name: \"x\" op: \"Placeholder\" attr { key: \"dtype\" value { type: DT_FLOAT } }\n"
    "  attr { key: \"shape\" value { shape { dim { size: -1 } } } } }\n"
    "node { name: \"a\" op: \"Const\" attr { key: \"dtype\" value { type: DT_FLOAT } }\n"
    "  attr { key: \"value\" value { tensor { dtype: DT_FLOAT tensor_shape { } float_val: 0.5 } } } }\n"
    "node { name: \"b\" op: \"Const\" attr { key: \"dtype\" value { type: DT_FLOAT } }\n"
    "  attr { key: \"value\" value { tensor { dtype: DT_FLOAT tensor_shape { } float_val: 2 } } } }\n"
    "node { name: \"ax\" op: \"Mul\" input: \"a\" input: \"x\" attr { key: \"T\" value { type: DT_FLOAT } } }\n"
    "node { name: \"y\" op: \"Add\" input: \"ax\" input: \"b\" attr { key: \"T\" value { type: DT_FLOAT } } }\n";

/* A call of a function that adds its argument to itself. */
static const char calling[] =
    "node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } }\n"
    "node { name: 'call' op: 'PartitionedCall' input: 'x' attr { key: 'f' value { func { name: 'twice' } } }\n"
    "  attr { key: 'Tin' value { list { type: DT_FLOAT } } } attr { key: 'Tout' value { list { type: DT_FLOAT } } } }\n"
    "library { function { signature { name: 'twice' input_arg { name: 'a' type: DT_FLOAT }\n"
    "    output_arg { name: 'b' type: DT_FLOAT } }\n"
    "  node_def { name: 'sum' op: 'Add' input: 'a' input: 'a' attr { key: 'T' value { type: DT_FLOAT } } }\n"
    "  ret { key: 'b' value: 'sum:z:0' } } }\n";

static int set_up(void **state) {
  (void)state;
  if (!mkdtemp(folder)) return 1;
  write_file("half_plus_two.pbtxt", half_plus_two);
  write_file("calling.pbtxt", calling);
  write_file("unknown.pbtxt", "node { name: \"n\" op: \"NoSuchOp\" }\n");
  write_file("broken.pbtxt", "node { name: \"n\" op: ");
  return 0;
}

static int tear_down(void **state) {
  char command[64];
  (void)state;
  snprintf(command, sizeof command, "rm -r %s", folder);
  return system(command);
}

static void help_and_version_answer(void **state) {
  (void)state;
  assert_int_equal(runnel("--help"), 0);
  says("runnel COMMAND [ARGUMENTS]");
  assert_int_equal(runnel("--version"), 0);
  says("runnel 0.");
  assert_int_equal(runnel("run --help"), 0);
  says("Examples:");
  assert_int_equal(runnel("dance"), 2);
  says("no command 'dance'");
  assert_int_equal(runnel("devices --loud"), 2);
  says("'--loud' is not understood");
}

static void what_is_there_is_listed(void **state) {
  (void)state;
  assert_int_equal(runnel("devices"), 0);
  says("/device:CPU:0");
  assert_int_equal(runnel("devices --json"), 0);
  says("\"memory_bytes\"");
  assert_int_equal(runnel("ops"), 0);
  says("MatMul");
  assert_int_equal(runnel("ops MatMul"), 0);
  says("transpose_a: bool = false");
  says("openblas");
  assert_int_equal(runnel("ops MatMull"), 1);
  says("MatMul");
  assert_int_equal(runnel("optimizers"), 0);
  says("Adam");
  assert_int_equal(runnel("optimizers Adam"), 0);
  says("learning_rate");
}

static void plugins_are_listed_and_explained(void **state) {
  (void)state;
  assert_int_equal(runnel("plugin list"), 0);
  says("cpu");
  says("folders searched");
  assert_int_equal(runnel("plugin info cpu"), 0);
  says("Apache-2.0");
  assert_int_equal(runnel("plugin why cpu"), 0);
  says("cpu loads");
  write_file("fake.so", "this is no shared object");
  char arguments[256];
  snprintf(arguments, sizeof arguments, "plugin why %s/fake.so", folder);
  assert_int_equal(runnel(arguments), 1);
  says("fake.so");
  assert_int_equal(runnel("plugin info nobody"), 1);
  says("no plugin 'nobody'");
}

static void each_setting_says_where_it_comes_from(void **state) {
  (void)state;
  assert_int_equal(runnel("config --set run.threads=3"), 0);
  says("run.threads                  3");
  assert_int_equal(runnel("config --set run.thread=3"), 1);
  says("run.threads");
  write_file("own.conf", "[run]\nthreads = many\n");
  assert_int_equal(runnel("config --config own.conf"), 1);
  says("own.conf:2");
}

static void a_graph_runs_with_values_from_the_command_line(void **state) {
  (void)state;
  assert_int_equal(runnel("run half_plus_two.pbtxt --feed x=0.5,1,4 --fetch y:0"), 0);
  says("y:0 = float[3]");
  says("[2.25, 2.5, 4]");
  assert_int_equal(runnel("run half_plus_two.pbtxt --feed x=2 --fetch y --json"), 0);
  says("\"data\"");
  assert_int_equal(runnel("run half_plus_two.pbtxt --feed x=2 --fetch y --explain"), 0);
  says("Mul");
}

static void tensors_travel_as_npy(void **state) {
  (void)state;
  assert_int_equal(runnel("run half_plus_two.pbtxt --feed x=1,2 --out y:0=@y.npy"), 0);
  assert_int_equal(runnel("run half_plus_two.pbtxt --feed x=@y.npy --fetch y:0"), 0);
  says("[3.25, 3.5]");
  write_file("bad.npy", "not numpy");
  assert_int_equal(runnel("run half_plus_two.pbtxt --feed x=@bad.npy --fetch y:0"), 1);
  says("bad.npy");
}

static void bad_requests_name_what_is_wrong(void **state) {
  (void)state;
  assert_int_equal(runnel("run half_plus_two.pbtxt --fetch y"), 1);
  says("'x'");
  assert_int_equal(runnel("run half_plus_two.pbtxt --feed x=1 --fetch z"), 1);
  says("'z'");
  assert_int_equal(runnel("run half_plus_two.pbtxt --feed x=two --fetch y"), 1);
  says("'two' is not a float");
  assert_int_equal(runnel("run half_plus_two.pbtxt --feed x=1"), 1);
  says("nothing to do");
  assert_int_equal(runnel("run nowhere.pb --fetch y"), 1);
  says("nowhere.pb");
  assert_int_equal(runnel("show broken.pbtxt"), 1);
  says("broken.pbtxt");
}

static void a_graph_with_an_unknown_op_is_shown_and_drawn_but_not_run(void **state) {
  (void)state;
  assert_int_equal(runnel("show unknown.pbtxt"), 0);
  says("(unknown op)");
  assert_int_equal(runnel("draw unknown.pbtxt -o unknown.svg"), 0);
  assert_int_equal(runnel("run unknown.pbtxt --target n"), 1);
  says("NoSuchOp");
  says("'n'");
}

static void a_graph_is_shown_and_drawn(void **state) {
  (void)state;
  char path[256], head[4096] = "";
  assert_int_equal(runnel("show half_plus_two.pbtxt"), 0);
  says("y = Add(ax, b)");
  assert_int_equal(runnel("show half_plus_two.pbtxt --json"), 0);
  assert_int_equal(runnel("draw half_plus_two.pbtxt -o net.svg --title 'Half & <two>'"), 0);
  snprintf(path, sizeof path, "%s/net.svg", folder);
  FILE *f = fopen(path, "r");
  assert_non_null(f);
  assert_true(fread(head, 1, sizeof head - 1, f) > 100);
  fclose(f);
  assert_non_null(strstr(head, "<svg"));
  assert_null(strstr(head, "<two>"));
  assert_int_equal(runnel("draw half_plus_two.pbtxt -o net.dot"), 0);
  assert_int_equal(runnel("draw half_plus_two.pbtxt -o net.bmp"), 1);
  says("bmp");
}

static void the_body_of_a_function_is_drawn(void **state) {
  (void)state;
  assert_int_equal(runnel("draw calling.pbtxt -o whole.dot && cat whole.dot"), 0);
  says("calls twice");
  assert_null(strstr(output, "Add"));
  assert_int_equal(runnel("draw calling.pbtxt -o body.dot --function twice && cat body.dot"), 0);
  says("Add");
  assert_int_equal(runnel("draw calling.pbtxt -o same.dot --function call && cmp body.dot same.dot"), 0);
  assert_int_equal(runnel("draw calling.pbtxt -o no.svg --function x"), 1);
  says("no function 'x'");
  says("twice");
  assert_int_equal(runnel("draw calling.pbtxt -o no.svg --function twice --device cpu"), 1);
  says("--function");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(help_and_version_answer),
      cmocka_unit_test(what_is_there_is_listed),
      cmocka_unit_test(plugins_are_listed_and_explained),
      cmocka_unit_test(each_setting_says_where_it_comes_from),
      cmocka_unit_test(a_graph_runs_with_values_from_the_command_line),
      cmocka_unit_test(tensors_travel_as_npy),
      cmocka_unit_test(bad_requests_name_what_is_wrong),
      cmocka_unit_test(a_graph_with_an_unknown_op_is_shown_and_drawn_but_not_run),
      cmocka_unit_test(a_graph_is_shown_and_drawn),
      cmocka_unit_test(the_body_of_a_function_is_drawn),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
