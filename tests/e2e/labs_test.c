/* labs_test.c - the tutorial programs as their users run them (tests/e2e). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <runnel/events.h>
#include <runnel/graphdef.h>

static char folder[64], output[65536];

/* The command's exit code; what it prints goes to `output`. */
static int shell(const char *command) {
  FILE *p = popen(command, "r");
  assert_non_null(p);
  size_t n = fread(output, 1, sizeof output - 1, p);
  output[n] = '\0';
  int status = pclose(p);
  return status == -1 ? -1 : status >> 8;
}

/* Runs a lab with --logdir `dir` under the test's folder. */
static int lab(const char *program, const char *dir, const char *flags) {
  char command[4096];
  const char *bin = getenv("RUNNEL_BIN");
  snprintf(command, sizeof command, "%s/%s --logdir %s/%s %s 2>&1", bin ? bin : "build/bin", program, folder, dir,
           flags);
  return shell(command);
}

static double number(const char *key) {
  char text[64];
  snprintf(text, sizeof text, "\"%s\": ", key);
  const char *at = strstr(output, text);
  if (at == NULL) fail_msg("no %s in: %s", key, output);
  return at ? strtod(at + strlen(text), NULL) : 0;
}

static void the_hidden_line_is_found(void **state) {
  (void)state;
  assert_int_equal(lab("lab1_linear_regression", "line", "--json"), 0);
  assert_true(number("w") > 0.09 && number("w") < 0.11);
  assert_true(number("b") > 0.29 && number("b") < 0.31);
}

static void drawn_digits_are_learnt(void **state) {
  (void)state;
  assert_int_equal(lab("lab2_mnist", "digits", "--json --optimizer Adam --steps 300 --save-every 100"), 0);
  assert_true(number("final_loss") < 0.5);
  assert_true(number("validation_accuracy") > 0.9);
  assert_true(number("test_accuracy") > 0.9);
  assert_true(number("steps_per_second") > 0);
}

/* Interrupted half way and resumed, a run ends where the uninterrupted one does, to the last bit. */
static void a_resumed_run_continues_the_same_run(void **state) {
  (void)state;
  assert_int_equal(lab("lab2_mnist", "whole", "--json --optimizer Adam --steps 40"), 0);
  double loss = number("final_loss");
  assert_int_equal(lab("lab2_mnist", "parts", "--json --optimizer Adam --steps 20"), 0);
  assert_int_equal(lab("lab2_mnist", "parts", "--json --optimizer Adam --steps 40 --resume"), 0);
  assert_true(number("final_loss") == loss);
  assert_int_equal(lab("lab2_mnist", "parts", "--json --optimizer Adam --steps 40 --resume"), 0);
  assert_non_null(strstr(output, "\"final_loss\": null"));
  assert_int_equal((int)number("step"), 40);
}

/* The same seed gives the same run, with dropout too; another seed another one. */
static void the_same_seed_gives_the_same_losses(void **state) {
  (void)state;
  assert_int_equal(lab("lab2_mnist", "first", "--json --optimizer Adam --steps 30 --seed 5"), 0);
  double loss = number("final_loss");
  assert_int_equal(lab("lab2_mnist", "second", "--json --optimizer Adam --steps 30 --seed 5"), 0);
  assert_true(number("final_loss") == loss);
  assert_int_equal(lab("lab2_mnist", "other", "--json --optimizer Adam --steps 30 --seed 6"), 0);
  assert_true(number("final_loss") != loss);
  assert_int_equal(lab("lab2_mnist", "conv", "--json --model lenet --batch 4 --optimizer Adam --steps 3"), 0);
  loss = number("final_loss");
  assert_int_equal(lab("lab2_mnist", "conv2", "--json --model lenet --batch 4 --optimizer Adam --steps 3"), 0);
  assert_true(number("final_loss") == loss);
}

/* No file may grow beyond 100 KB, as on a full disk: the new checkpoint fails, the old one stays. */
static void a_full_disk_leaves_the_old_checkpoint_good(void **state) {
  (void)state;
  char command[1024];
  const char *bin = getenv("RUNNEL_BIN");
  assert_int_equal(lab("lab2_mnist", "full", "--json --steps 10"), 0);
  snprintf(command, sizeof command,
           "trap '' XFSZ; ulimit -f 100; %s/lab2_mnist --logdir %s/full --resume --steps 20 2>&1; code=$?; "
           "ls %s/full | grep -c tmp; exit $code",
           bin ? bin : "build/bin", folder, folder);
  assert_int_equal(shell(command), 1);
  assert_non_null(strstr(output, "model-20"));
  assert_non_null(strstr(output, "File too large"));
  assert_non_null(strstr(output, "step 10 is still good"));
  assert_non_null(strstr(output, "\n0\n")); /* no half file is left */
  assert_int_equal(lab("lab2_mnist", "full", "--json --evaluate"), 0);
  assert_int_equal((int)number("step"), 10);
}

static void only_the_newest_five_checkpoints_stay(void **state) {
  (void)state;
  char path[256];
  rn_checkpoint_state s;
  assert_int_equal(lab("lab2_mnist", "many", "--json --steps 70 --save-every 10"), 0);
  snprintf(path, sizeof path, "%s/many", folder);
  assert_null(rn_checkpoint_state_read(path, &s));
  assert_int_equal(s.n_all, 5);
  assert_string_equal(s.current, "model-70");
  assert_string_equal(s.all[0], "model-30");
  rn_checkpoint_state_finish(&s);
  snprintf(path, sizeof path, "%s/many/model-30.meta", folder);
  assert_int_equal(access(path, F_OK), 0);
  snprintf(path, sizeof path, "%s/many/model-20.index", folder);
  assert_int_not_equal(access(path, F_OK), 0);
}

static void following_names_the_best_checkpoint(void **state) {
  (void)state;
  char flags[128];
  assert_int_equal(lab("lab2_mnist", "followed", "--json --steps 20"), 0);
  snprintf(flags, sizeof flags, "--json --steps 20 --follow %s/followed", folder);
  assert_int_equal(lab("lab2_mnist", "unused", flags), 0);
  assert_non_null(strstr(output, "followed/model-20"));
}

static void a_checkpoint_is_evaluated_and_one_example_is_drawn(void **state) {
  (void)state;
  assert_int_equal(lab("lab2_mnist", "drawn", "--optimizer Adam --steps 50"), 0);
  assert_int_equal(lab("lab2_mnist", "drawn", "--evaluate"), 0); /* of any optimizer */
  assert_non_null(strstr(output, "truth "));
  assert_non_null(strstr(output, "prediction "));
  assert_non_null(strstr(output, "test accuracy"));
}

static void a_loss_that_is_no_number_names_a_node(void **state) {
  (void)state;
  assert_int_equal(lab("lab1_linear_regression", "nan", "--learning-rate 1e30 --steps 50"), 1);
  assert_non_null(strstr(output, "the loss became"));
  assert_non_null(strstr(output, "holds NaN or infinity"));
}

/* The command restores what lies beside a .meta file. */
static void a_meta_graph_runs_with_its_checkpoint(void **state) {
  (void)state;
  char command[1024];
  const char *bin = getenv("RUNNEL_BIN");
  assert_int_equal(lab("lab1_linear_regression", "meta", "--json --steps 300"), 0);
  snprintf(command, sizeof command, "%s/runnel run %s/meta/model-300.meta --fetch global_step 2>&1",
           bin ? bin : "build/bin", folder);
  assert_int_equal(shell(command), 0);
  assert_non_null(strstr(output, "300"));
  snprintf(command, sizeof command, "%s/runnel run %s/meta/model-300.meta --checkpoint none --fetch W 2>&1",
           bin ? bin : "build/bin", folder);
  assert_int_equal(shell(command), 1);
  assert_non_null(strstr(output, "not initialised"));
}

/* Starts an endless training, waits for a checkpoint newer than the last, then sends it a signal. */
static void train_and_signal(const char *dir, const char *signal_name, int hundredths) {
  char command[1024];
  const char *bin = getenv("RUNNEL_BIN");
  snprintf(
      command, sizeof command,
      "mkdir -p %s/%s; touch %s/%s/before; %s/lab2_mnist --steps 100000000 --save-every 3 --resume --logdir %s/%s "
      ">/dev/null 2>&1 & "
      "p=$!; for i in $(seq 600); do [ %s/%s/checkpoint -nt %s/%s/before ] && break; sleep 0.1; done; sleep 0.%02d; "
      "kill -%s $p; wait $p",
      folder, dir, folder, dir, bin ? bin : "build/bin", folder, dir, folder, dir, folder, dir, hundredths,
      signal_name);
  assert_true(system(command) != -1);
}

static void ctrl_c_saves_and_exits(void **state) {
  (void)state;
  train_and_signal("stopped", "INT", 10);
  assert_int_equal(lab("lab2_mnist", "stopped", "--evaluate --json"), 0);
  assert_true(number("step") > 0);
}

static void killed_at_any_moment_the_last_checkpoint_is_good(void **state) {
  (void)state;
  double last = 0;
  for (int i = 0; i < 3; i++) {
    train_and_signal("killed", "KILL", 7 + 13 * i);
    assert_int_equal(lab("lab2_mnist", "killed", "--evaluate --json"), 0);
    assert_true(number("step") > last);
    last = number("step");
  }
}

static void flags_that_make_no_sense_are_named(void **state) {
  (void)state;
  assert_int_equal(lab("lab2_mnist", "bad", "--steps many"), 2);
  assert_non_null(strstr(output, "--steps: 'many'"));
  assert_int_equal(lab("lab2_mnist", "bad", "--optimizer Nothing"), 1);
  assert_non_null(strstr(output, "Nothing"));
  assert_int_equal(lab("lab2_mnist", "bad", "--data /nowhere"), 1);
  assert_non_null(strstr(output, "/nowhere"));
  assert_int_equal(lab("lab2_mnist", "bad", "--model cat"), 1);
  assert_int_equal(lab("lab2_mnist", "empty", "--evaluate"), 1);
  assert_non_null(strstr(output, "no checkpoint"));
}

static void every_optimizer_trains(void **state) {
  (void)state;
  static const char *const flags[] = {"GradientDescent --learning-rate 0.5",
                                      "Momentum --learning-rate 0.05",
                                      "Adagrad --learning-rate 0.5",
                                      "Adadelta --learning-rate 5 --steps 5000",
                                      "Adam --learning-rate 0.05",
                                      "RMSProp --learning-rate 0.01",
                                      "Ftrl --learning-rate 0.5"};
  for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
    char all[128], dir[8];
    snprintf(all, sizeof all, "--json --steps 1000 --optimizer %s", flags[i]);
    snprintf(dir, sizeof dir, "opt%zu", i);
    if (lab("lab1_linear_regression", dir, all) != 0) fail_msg("%s: %s", flags[i], output);
    if (!(number("final_loss") < 5e-3)) fail_msg("%s: %s", flags[i], output);
  }
}

/* Any operation of one input is an activation. */
static void another_activation_trains(void **state) {
  (void)state;
  assert_int_equal(lab("lab2_mnist", "elu", "--json --activation Elu --optimizer Adam --steps 200"), 0);
  assert_true(number("test_accuracy") > 0.9);
  assert_int_equal(lab("lab2_mnist", "elu", "--print-graph --activation Tanh --model lenet"), 0);
  assert_non_null(strstr(output, "conv1/Tanh = Tanh(conv1/BiasAdd)"));
  assert_int_equal(lab("lab2_mnist", "bad", "--activation Nothing"), 1);
  assert_non_null(strstr(output, "'hidden1/Nothing': no op 'Nothing'"));
  assert_int_equal(lab("lab2_mnist", "bad", "--activation MatMul"), 1);
  assert_non_null(strstr(output, "1 input given, but 2 wanted"));
}

static int open_folder(void **state) {
  (void)state;
  strcpy(folder, "/tmp/runnel-labs-XXXXXX");
  return mkdtemp(folder) == NULL;
}
static int remove_folder(void **state) {
  (void)state;
  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command);
}

/* ---- what a run writes to be looked at */
typedef struct seen {
  uint32_t kind[RN_EVENT_RUN_METADATA + 1], weights, gradients, losses;
  char trace[64];
} seen;
static int starts(rn_bytes tag, const char *with) {
  return tag.size >= strlen(with) && memcmp(tag.data, with, strlen(with)) == 0;
}
static rn_status *look(void *arg, const rn_event *e) {
  seen *s = arg;
  if (e->kind <= RN_EVENT_RUN_METADATA) s->kind[e->kind]++;
  s->weights += e->kind == RN_EVENT_HISTOGRAM && starts(e->tag, "weights/");
  s->gradients += e->kind == RN_EVENT_HISTOGRAM && starts(e->tag, "gradient/");
  s->losses += e->kind == RN_EVENT_SCALAR && starts(e->tag, "loss");
  if (e->kind == RN_EVENT_RUN_METADATA)
    snprintf(s->trace, sizeof s->trace, "%.*s", (int)e->tag.size, (const char *)e->tag.data);
  return NULL;
}

static void read_events(const char *dir, seen *s) {
  char command[256];
  rn_event_file *f = NULL;
  memset(s, 0, sizeof *s);
  snprintf(command, sizeof command, "ls %s/%s/events.out.tfevents.*", folder, dir);
  assert_int_equal(shell(command), 0);
  output[strcspn(output, "\n")] = '\0';
  assert_null(rn_event_file_open(output, &f));
  assert_null(rn_event_file_read(f, look, s));
  rn_event_file_close(f);
}

static void what_a_run_tells_about_itself(void **state) {
  (void)state;
  seen s;
  char path[256];
  assert_int_equal(lab("lab2_mnist", "told", "--optimizer Adam --steps 200 --trace-step 150"), 0);
  assert_null(strchr(output, '\r')); /* into a file: a line for every report, and no bar */
  assert_null(strstr(output, "[#"));
  assert_non_null(strstr(output, "step 20/200  loss "));
  assert_null(strstr(output, "step 22/200"));
  read_events("told", &s);
  assert_int_equal(s.kind[RN_EVENT_GRAPH], 1);
  assert_int_equal(s.losses, 100); /* whoever watches */
  assert_int_equal(s.weights, 10 * 6);
  assert_int_equal(s.gradients, 10 * 6);
  assert_int_equal(s.kind[RN_EVENT_IMAGE], 10 * 3);
  assert_int_equal(s.kind[RN_EVENT_RUN_METADATA], 1);
  assert_string_equal(s.trace, "step_150");
  snprintf(path, sizeof path, "%s/told/step_150.json", folder);
  assert_int_equal(access(path, R_OK), 0);
  assert_int_equal(lab("lab1_linear_regression", "silent", "--json --steps 50"), 0);
  assert_int_equal(output[0], '{'); /* one object and nothing else */
  assert_ptr_equal(strchr(output, '\n'), output + strlen(output) - 1);
  read_events("silent", &s);
  assert_string_equal(s.trace, "step_26"); /* in the middle */
}

static void on_a_terminal_one_line_is_written_over(void **state) {
  (void)state;
  char command[512];
  const char *bin = getenv("RUNNEL_BIN");
  snprintf(command, sizeof command, "script -qec '%s/lab1_linear_regression --logdir %s/seen --steps 50' /dev/null",
           bin ? bin : "build/bin", folder);
  assert_int_equal(shell(command), 0);
  assert_non_null(strstr(output, "\rstep 25/50  [##########..........]  loss "));
  assert_non_null(strstr(output, "\u2588")); /* where the loss was largest */
  assert_non_null(strstr(output, "0:00 left"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_hidden_line_is_found),
      cmocka_unit_test(every_optimizer_trains),
      cmocka_unit_test(drawn_digits_are_learnt),
      cmocka_unit_test(another_activation_trains),
      cmocka_unit_test(a_resumed_run_continues_the_same_run),
      cmocka_unit_test(the_same_seed_gives_the_same_losses),
      cmocka_unit_test(a_full_disk_leaves_the_old_checkpoint_good),
      cmocka_unit_test(a_meta_graph_runs_with_its_checkpoint),
      cmocka_unit_test(only_the_newest_five_checkpoints_stay),
      cmocka_unit_test(following_names_the_best_checkpoint),
      cmocka_unit_test(a_checkpoint_is_evaluated_and_one_example_is_drawn),
      cmocka_unit_test(a_loss_that_is_no_number_names_a_node),
      cmocka_unit_test(ctrl_c_saves_and_exits),
      cmocka_unit_test(killed_at_any_moment_the_last_checkpoint_is_good),
      cmocka_unit_test(flags_that_make_no_sense_are_named),
      cmocka_unit_test(what_a_run_tells_about_itself),
      cmocka_unit_test(on_a_terminal_one_line_is_written_over),
  };
  return cmocka_run_group_tests(tests, open_folder, remove_folder);
}
