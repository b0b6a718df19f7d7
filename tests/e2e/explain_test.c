/* explain_test.c - what `runnel explain` says for each rule of the total order and each refusal (tests/e2e). */
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

static const char graph[] =
    "node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } }\n"
    "node { name: 'neg' op: 'Neg' input: 'x' attr { key: 'T' value { type: DT_FLOAT } } }\n"
    "node { name: 'abs' op: 'Abs' input: 'x' attr { key: 'T' value { type: DT_FLOAT } } }\n"
    "node { name: 'square' op: 'Square' input: 'x' attr { key: 'T' value { type: DT_FLOAT } } }\n"
    "node { name: 'sqrt' op: 'Sqrt' input: 'x' attr { key: 'T' value { type: DT_FLOAT } } }\n"
    "node { name: 'pinned' op: 'Tanh' input: 'x' device: '/device:CPU:0' attr { key: 'T' value { type: DT_FLOAT } } }\n"
    "node { name: 'gpu' op: 'Tanh' input: 'x' device: '/gpu:0' attr { key: 'T' value { type: DT_FLOAT } } }\n"
    "node { name: 'words' op: 'Frobnicate' input: 'x' }\n";

/* outer calls twice; forever calls itself. */
#define CALL(name, f, in)                                    \
  "name: '" name "' op: 'PartitionedCall' input: '" in       \
  "' attr { key: 'Tin' value { list { type: DT_FLOAT } } } " \
  "attr { key: 'Tout' value { list { type: DT_FLOAT } } } attr { key: 'f' value { func { name: '" f "' } } }"
#define FUNCTION(name, node, result)                                       \
  "function { signature { name: '" name                                    \
  "' input_arg { name: 'a' type: DT_FLOAT } output_arg { name: 'b' type: " \
  "DT_FLOAT } } node_def { " node " } ret { key: 'b' value: '" result "' } }\n"
static const char functions[] =
    "node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } }\n"
    "node { " CALL("start", "outer", "x") " }\n"
    "node { " CALL("ring", "forever", "x") " }\n"
    "library {\n" FUNCTION("outer", CALL("inner", "twice", "a"), "inner:output:0")
    FUNCTION("twice", "name: 'sum' op: 'Add' input: 'a' input: 'a' attr { key: 'T' value { type: DT_FLOAT } }",
             "sum:z:0") FUNCTION("forever", CALL("again", "forever", "a"), "again:output:0") "}\n";

static void write_file(const char *name, const char *text) {
  char path[128];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "we");
  assert_non_null(f);
  assert_true(fputs(text, f) >= 0);
  assert_int_equal(fclose(f), 0);
}

/* Explains the graph; the output is kept. before: assignments and the like for the shell. */
static void explain(const char *before, const char *flags) {
  char command[2048];
  (void)snprintf(
      command, sizeof command,
      "export RUNNEL_PLUGINS_DISABLE=claimer RUNNEL_PLUGIN_PATH=$RUNNEL_PLUGIN_PATH:$RUNNEL_TEST_PLUGINS; %s "
      "$RUNNEL_BIN/runnel explain graph.pbtxt %s",
      before, flags);
  if (command_run(folder, command) != 0) fail_msg("%s: %s", command, output);
}

static void priority_decides(void **state) {
  (void)state;
  explain("", "--node neg");
  says("Neg 'neg' runs on /device:CPU:0 with 'rival' of rivals");
  says("  device: devices.order (default)");
  says("  kernel: priority 50 before 10");
  says("    * /device:CPU:0    rivals 'rival', priority 50, T: float\n");
  says("    + /device:CPU:0    cpu 'loops', priority 10, T: float\n");
}
static void then_the_more_specific_kernel(void **state) {
  (void)state;
  explain("", "--node abs");
  says("  kernel: more specific: 1 type constraints, the next has 0");
  says("    + /device:CPU:0    rivals 'rival', priority 10\n");
}
static void then_the_plugins_id(void **state) {
  (void)state;
  explain("", "--node square");
  says("  kernel: plugin id 'cpu' before 'rivals'");
}
static void the_configured_order_comes_before_priority(void **state) {
  (void)state;
  write_file("mine.conf", "[kernels]\nNeg = cpu/loops, rivals\nS*r* = rivals\n");
  explain("", "--config mine.conf --node '*'");
  says("Neg 'neg' runs on /device:CPU:0 with 'loops' of cpu");
  says("  kernel: [kernels] Neg (mine.conf:2)");
  says("Square 'square' runs on /device:CPU:0 with 'rival' of rivals");
  says("  kernel: [kernels] S*r* (mine.conf:3)");
}
static void what_the_configuration_bans_is_never_used(void **state) {
  (void)state;
  write_file("ban.conf", "[kernels]\nNeg = rivals\n* = !rivals/rival\n");
  explain("", "--config ban.conf --node neg");
  says("Neg 'neg' runs on /device:CPU:0 with 'loops' of cpu");
  says("  kernel: the only one that takes the node");
  says("    - /device:CPU:0    rivals 'rival', priority 50, T: float: kernels.* in ban.conf:3 says so");
}
static void a_kernels_own_refusal_is_shown(void **state) {
  (void)state;
  explain("", "--node sqrt");
  says("    - /device:CPU:0    rivals 'rival', priority 50, T: float: roots are not for today");
  says("cpu 'loops', priority 10: T is float, takes double");
}
static void pins_and_place_rules_decide_on_the_device(void **state) {
  (void)state;
  write_file("place.conf", "[place]\nop:Neg = cpu:0\n");
  explain("", "--config place.conf --device lender");
  says("Neg 'neg' runs on /device:CPU:0");
  says("  device: [place] op:Neg = cpu:0 (place.conf:2)");
  says("Tanh 'pinned' runs on /device:CPU:0");
  says("  device: pinned in the graph");
  says("Abs 'abs' runs on /device:LENDER:0");
  says("  device: the session's first choice");
  says("cpu 'loops', priority 10, T: float, borrowed\n");
  explain("RUNNEL_DEVICES_ORDER=lender,cpu", "--node abs");
  says("  device: devices.order (environment RUNNEL_DEVICES_ORDER)");
}

/* Property 9: nothing runs elsewhere without a word. */
static void a_fallback_is_never_silent(void **state) {
  (void)state;
  explain("", "--device recorder --node sqrt");
  says("Sqrt 'sqrt' runs on /device:CPU:0");
  says("  device: fallback: where it was wanted it cannot be");
  says("    - /device:RECORDER:0 recorder: no plugin has a kernel for this op there");
  says("nodes fall back: they are not where they were wanted");
  explain("RUNNEL_DEVICES_ORDER=abacus,cpu", "--node abs");
  says("devices.order: there is no device 'abacus': ");
}

static void what_nothing_can_run_is_explained_too(void **state) {
  (void)state;
  explain("", "");
  says("Tanh 'gpu' runs nowhere\n  why:    Tanh 'gpu': there is no device '/gpu:0'");
  says("    + /device:CPU:0    cpu 'loops', priority 10, T: float\n");
  says("Frobnicate 'words' runs nowhere\n  why:    no op 'Frobnicate'");
  says("2 run nowhere");
  says("the step cannot be run: Frobnicate 'words' cannot run");
}

/* A plugin that would have had a kernel stands among the candidates with the reason it is not. */
static void a_plugin_that_does_not_load_says_why(void **state) {
  (void)state;
  explain(
      "mkdir -p broken && cp $RUNNEL_TEST_PLUGINS/rivals.manifest broken/ && "
      "head -c 2000 $RUNNEL_TEST_PLUGINS/rivals.so > broken/rivals.so; "
      "RUNNEL_PLUGIN_PATH=$PWD/broken:$RUNNEL_PLUGIN_PATH",
      "--node neg");
  says("Neg 'neg' runs on /device:CPU:0 with 'loops' of cpu");
  says("    - /device:CPU:0    rivals: the plugin cannot be loaded: ");
  says("plugin rivals is refused: ");
}

static void json_says_the_same(void **state) {
  (void)state;
  explain("", "--node neg --json");
  says("\"kernel_rule\":\t\"priority 50 before 10\"");
  says("\"device_rule\":\t\"devices.order (default)\"");
  says("\"chosen\":\ttrue");
  says("\"run_nowhere\":\t2");
}

static void nodes_of_functions_are_explained_too(void **state) {
  (void)state;
  write_file("graph.pbtxt", functions);
  explain("", "--node '*'");
  says("in function 'outer': PartitionedCall 'start/inner' runs on");
  says("in function 'twice': Add 'start/inner/sum' runs on");
  says("in function 'forever': PartitionedCall 'ring/again' runs on"); /* and no more of it */
  explain("", "--node 'start/inner/sum' --json");
  says("\"function\":\t\"twice\"");
  write_file("graph.pbtxt", graph);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(priority_decides),
                                     cmocka_unit_test(then_the_more_specific_kernel),
                                     cmocka_unit_test(then_the_plugins_id),
                                     cmocka_unit_test(the_configured_order_comes_before_priority),
                                     cmocka_unit_test(what_the_configuration_bans_is_never_used),
                                     cmocka_unit_test(a_kernels_own_refusal_is_shown),
                                     cmocka_unit_test(pins_and_place_rules_decide_on_the_device),
                                     cmocka_unit_test(a_fallback_is_never_silent),
                                     cmocka_unit_test(what_nothing_can_run_is_explained_too),
                                     cmocka_unit_test(a_plugin_that_does_not_load_says_why),
                                     cmocka_unit_test(json_says_the_same),
                                     cmocka_unit_test(nodes_of_functions_are_explained_too)};
  (void)snprintf(folder, sizeof folder, "/tmp/runnel_explain_XXXXXX");
  if (mkdtemp(folder) == NULL) return 1;
  write_file("graph.pbtxt", graph);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  char command[128];
  (void)snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command) != 0 ? 1 : failed;
}
