/* tpu_command_test.c - runnel tpu: compile, disasm, run, profile, and programs that a second process takes over
 * (tests/e2e). */
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
static int code;

/* y = relu(x w + b), all in one program; z = softplus(y), which no rule lowers. */
static const char net[] =
    "node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: 'shape' value { "
    "shape { dim { size: -1 } dim { size: 3 } } } } }\n"
    "node { name: 'w' op: 'Const' attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: 'value' value { tensor { "
    "dtype: DT_FLOAT tensor_shape { dim { size: 3 } dim { size: 2 } } float_val: 1 float_val: 2 float_val: 3 "
    "float_val: 4 float_val: 5 float_val: 6 } } } }\n"
    "node { name: 'b' op: 'Const' attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: 'value' value { tensor { "
    "dtype: DT_FLOAT tensor_shape { dim { size: 2 } } float_val: 0.5 float_val: -30 } } } }\n"
    "node { name: 'm' op: 'MatMul' input: 'x' input: 'w' attr { key: 'T' value { type: DT_FLOAT } } }\n"
    "node { name: 's' op: 'BiasAdd' input: 'm' input: 'b' attr { key: 'T' value { type: DT_FLOAT } } }\n"
    "node { name: 'y' op: 'Relu' input: 's' attr { key: 'T' value { type: DT_FLOAT } } }\n"
    "node { name: 'z' op: 'Softplus' input: 'y' attr { key: 'T' value { type: DT_FLOAT } } }\n";

static void write_file(const char *name, const char *text) {
  char path[128];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "we");
  assert_non_null(f);
  assert_true(fputs(text, f) >= 0);
  assert_int_equal(fclose(f), 0);
}

static void sh(const char *command) { code = command_run(folder, command); }
static void does(const char *command) {
  sh(command);
  if (code != 0) fail_msg("%s: %s", command, output);
}
static void refuses(const char *command) {
  sh(command);
  if (code == 0) fail_msg("%s: %s", command, output);
}
static void does_not_say(const char *words) {
  if (strstr(output, words) != NULL) fail_msg("'%s' is in:\n%s", words, output);
}

/* Nobody reads y: it is what the graph gives. */
static void what_nobody_reads_is_what_comes_out(void **state) {
  (void)state;
  does(
      "head -6 net.pbtxt > short.pbtxt; runnel tpu compile short.pbtxt -o short.tpu --batch 2; runnel tpu run "
      "short.tpu "
      "--feed x=1,2,3,4,5,6");
  says("y:0 = float[2,2]");
  does(
      "runnel tpu compile short.pbtxt -o kept_short/ --batch 2; runnel tpu run short.pbtxt --programs kept_short "
      "--feed "
      "x=1,2,3,4,5,6 --fetch y");
  says("[[22.5, 0],");
}

static void a_file_runs_without_the_graph(void **state) {
  (void)state;
  does("runnel tpu compile net.pbtxt -o net.tpu --batch 2");
  says("3 nodes from MatMul m on: bf16: ");
  does("mv net.pbtxt away; runnel tpu run net.tpu --feed x=1,2,3,4,5,6; mv away net.pbtxt");
  says("[[22.5, 0],");
  says("[49.5, 34]]");
  does("runnel tpu run net.tpu --feed x=1,2,3,4,5,6 --feed b=0,0");
  says("[[22, 28],");
}

static void disasm_shows_what_goes_in_and_the_text(void **state) {
  (void)state;
  does("runnel tpu compile net.pbtxt -o net.tpu --batch 2; runnel tpu disasm net.tpu");
  says("; node BiasAdd s");
  says("; io0 in float [2,3] x:0");
  says("; io1 constant float [3,2] w:0");
  says("; io3 out float [2,2] y:0");
  says("store.relu dst=io3");
  does("runnel tpu disasm net.tpu --json");
  says("\"constant\":\ttrue");
}

static void what_is_no_program_is_refused_with_the_reason(void **state) {
  (void)state;
  does("runnel tpu compile net.pbtxt -o net.tpu --batch 2");
  refuses("runnel tpu disasm net.pbtxt");
  says("net.pbtxt is no program");
  refuses("head -c 200 net.tpu > cut.tpu; runnel tpu run cut.tpu");
  says("cut.tpu is cut or spoilt");
  refuses("{ head -c 400 net.tpu; printf '!'; tail -c +402 net.tpu; } > spoilt.tpu; runnel tpu disasm spoilt.tpu");
  says("spoilt.tpu is spoilt");
  refuses("runnel tpu disasm none.tpu");
  says("there is no file 'none.tpu'");
  refuses("runnel tpu disasm net.tpu --device tpu:v1");
  says("for machine 'bf16'");
  refuses("RUNNEL_PLUGIN_TPU_MACHINE=v1 runnel tpu run net.tpu --feed x=1,2,3,4,5,6");
  says("for the tpu 'bf16");
  refuses("RUNNEL_PLUGINS_DISABLE=tpu runnel tpu run net.tpu --feed x=1,2,3,4,5,6");
  says("no plugin here reads its programs");
}

static void what_is_fed_is_checked(void **state) {
  (void)state;
  does("runnel tpu compile net.pbtxt -o net.tpu --batch 2");
  refuses("runnel tpu run net.tpu");
  says("the program also takes:\n  --feed x:0=... (float [2,3])");
  refuses("runnel tpu run net.tpu --feed x=1,2");
  says("feed 'x:0': 2 values given, it takes 6");
  refuses("runnel tpu run net.tpu --feed q=1");
  says("the program takes no 'q'");
  refuses("runnel tpu compile net.pbtxt -o net.tpu --batch none");
  says("--batch takes a number");
  refuses("runnel tpu compile net.pbtxt -o net.tpu --shape x=3xy");
  says("should be NAME=SHAPE");
  refuses(
      "sed 's/attr { key: .shape.*//; s/^node { name: .x. .*/& }/' net.pbtxt > open.pbtxt; runnel tpu profile "
      "open.pbtxt");
  says("the graph says no shape for 'x', which was taken for a scalar (--shape x=100x784)");
  does("runnel tpu profile open.pbtxt --shape x=4x3");
}

static void a_graph_runs_with_its_programs_and_no_other(void **state) {
  (void)state;
  does("runnel tpu compile net.pbtxt -o programs/ --shape x=2x3; ls programs | wc -l");
  says("1\n");
  does("runnel tpu run net.pbtxt --programs programs --feed x=1,2,3,4,5,6 --fetch z");
  says("[[22.5, 0.6931472],");
  refuses("runnel tpu run net.pbtxt --programs programs --feed x=1,2,3 --fetch z");
  says("programs.only: there is no program for these 3 nodes from MatMul 'm' on");
  refuses("runnel tpu run net.pbtxt");
  says("a graph runs with --programs FOLDER");
}

/* The report has a table for each program that was made: the second process makes none. */
static void a_second_process_does_not_compile(void **state) {
  (void)state;
  static const char run[] =
      "export RUNNEL_PROGRAMS_FOLDER=kept RUNNEL_PLUGIN_TPU_REPORT=report RUNNEL_RUN_LOG_LEVEL=info; "
      "runnel run net.pbtxt --device tpu:bf16 --feed x=1,2,3,4,5,6 --fetch y; grep -c '^; 3 nodes' report";
  does(run);
  says("[[22.5, 0],");
  says("\n1\n");
  does(run);
  says("a program of 3 nodes is taken from");
  says("[[22.5, 0],");
  says("\n1\n");
  /* Another's file in its place is reported, and compiled again; and then it is the right one. */
  does("for f in kept/*; do cp net.pbtxt $f; done");
  does(run);
  says("a kept program is not used");
  says("is no program");
  says("\n2\n");
  does(run);
  says("\n2\n");
  does_not_say("is not used");
}

static void a_profile_is_a_table_and_a_roofline(void **state) {
  (void)state;
  does("runnel tpu profile net.pbtxt --batch 100 -o roof.svg --title 'a small net'; head -c 100 roof.svg");
  says("bf16: 128 x 128 bfloat16 at 940 MHz: 30.8 TOPS, 600 GB/s of memory");
  says("array active weight stall weight shift  input stall    RAW stall   non-matrix");
  says("<svg");
  does("runnel tpu profile net.pbtxt --batch 100 -o roof.png --json; head -c 4 roof.png | tail -c 3");
  says("\"array_active\":");
  says("\"all\":");
  says("PNG");
  refuses("runnel tpu profile net.pbtxt -o roof.gif");
  says("svg or png, not 'gif'");
}

static void a_machine_that_takes_nothing_says_why(void **state) {
  (void)state;
  refuses("runnel tpu profile net.pbtxt --device tpu:v1");
  says("nothing of the graph became a program for tpu:v1");
  says("MatMul 'm': compiler 'tpu': no range of its input was measured");
  does("runnel explain net.pbtxt --device tpu:bf16 --node z");
  says("left:   compiler 'tpu': no rule lowers it");
  says("3 nodes are in programs that compilers make");
  does("runnel explain net.pbtxt --device tpu:bf16 --node m");
  says("computes it together with others: one program: 1 products");
}

static void fallback_error_means_something(void **state) {
  (void)state;
  refuses("runnel run net.pbtxt --device tpu:bf16 --set devices.fallback=error --feed x=1,2,3 --fetch z");
  says("1 nodes are in no program of /device:TPU:1");
  says("Softplus 'z': compiler 'tpu': no rule lowers it");
  does("runnel run net.pbtxt --device tpu:bf16 --set devices.fallback=error --feed x=1,2,3 --fetch y");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(what_nobody_reads_is_what_comes_out),
                                     cmocka_unit_test(a_file_runs_without_the_graph),
                                     cmocka_unit_test(disasm_shows_what_goes_in_and_the_text),
                                     cmocka_unit_test(what_is_no_program_is_refused_with_the_reason),
                                     cmocka_unit_test(what_is_fed_is_checked),
                                     cmocka_unit_test(a_graph_runs_with_its_programs_and_no_other),
                                     cmocka_unit_test(a_second_process_does_not_compile),
                                     cmocka_unit_test(a_profile_is_a_table_and_a_roofline),
                                     cmocka_unit_test(a_machine_that_takes_nothing_says_why),
                                     cmocka_unit_test(fallback_error_means_something)};
  char command[128];
  (void)snprintf(folder, sizeof folder, "/tmp/runnel_tpu_XXXXXX");
  if (mkdtemp(folder) == NULL) return 1;
  write_file("net.pbtxt", net);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  (void)snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command) != 0 ? 1 : failed;
}
