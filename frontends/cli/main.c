/* main.c - the runnel command: its table of commands, its help (frontends/cli). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "commands.h"

typedef struct command {
  const char *name;
  int (*run)(cli *c);
  const char *summary, *help;
} command;

static const command commands[] = {
    {"devices", command_devices, "the devices plugins offer", "runnel devices [--json]\n\nExample: runnel devices\n"},
    {"ops", command_ops, "the ops plugins define, or one in full",
     "runnel ops [NAME] [--json]\n\nExamples: runnel ops\n          runnel ops MatMul\n"},
    {"optimizers", command_optimizers, "the optimizers plugins offer, or one in full",
     "runnel optimizers [NAME] [--json]\n\nExamples: runnel optimizers\n          runnel optimizers Adam\n"},
    {"plugin", command_plugin, "list plugins, show one, explain why one does not load",
     "runnel plugin list | info ID | why ID-or-FILE [--json]\n\nExamples: runnel plugin list\n"
     "          runnel plugin info cpu\n          runnel plugin why ./build/lib/runnel/plugins/cpu.so\n"},
    {"config", command_config, "each setting, its value and where it comes from",
     "runnel config [--json]\n\nExample: RUNNEL_RUN_THREADS=1 runnel config\n"},
    {"run", command_run, "run a graph file",
     "runnel run GRAPH [--feed NAME=VALUE|@FILE.npy]... --fetch NAME[:PORT]... [--out NAME[:PORT]=@FILE.npy]...\n"
     "           [--target NODE]... [--checkpoint PREFIX|none] [--device D] [--explain] [--json]\n\n"
     "VALUE is a number or a list like 1,2,3 (shaped as the placeholder is, as far as that is known).\n"
     "Of a MetaGraphDef (.meta) or a saved model the variables get the values of the checkpoint beside it.\n\n"
     "Examples: runnel run half_plus_two.pb --feed x=0.5 --fetch y:0\n"
     "          runnel run net.pb --feed image=@in.npy --fetch logits --out logits=@out.npy\n"
     "          runnel run lab2/model-2000.meta --feed images=@x.npy --fetch softmax_linear/add\n"},
    {"show", command_show, "print a graph file as text",
     "runnel show GRAPH [--json]\n\nGRAPH: GraphDef (.pb, .pbtxt), MetaGraphDef (.meta) or the folder of a saved "
     "model.\n\n"
     "Example: runnel show net.pb\n"},
    {"draw", command_draw, "draw a graph file",
     "runnel draw GRAPH -o FILE.svg|FILE.dot [--depth N|all] [--title T]\n\n"
     "Examples: runnel draw net.pb -o net.svg\n          runnel draw model.ckpt-1000.meta -o net.svg --depth 2\n"},
};
#define N_COMMANDS (sizeof commands / sizeof commands[0])

static void print_help(FILE *to) {
  fputs(
      "runnel - build, run and look at dataflow graphs; every op, kernel and device is a plugin\n\n"
      "usage: runnel COMMAND [ARGUMENTS] [--json]\n\n",
      to);
  for (size_t i = 0; i < N_COMMANDS; i++) fprintf(to, "  %-11s %s\n", commands[i].name, commands[i].summary);
  fputs(
      "\nFor all commands: --set section.key=value changes a setting, --config FILE reads another file.\n"
      "Help for one: runnel COMMAND --help. Version: runnel --version.\n",
      to);
}

static rn_status *create_runtime(cli *c) {
  enum { MAX_SETTINGS = 64 };
  const char *settings[MAX_SETTINGS];
  rn_runtime_options options;
  memset(&options, 0, sizeof options);
  options.struct_size = (uint32_t)sizeof options;
  options.config_file = cli_option(c, "config");
  options.settings = settings;
  const char *s;
  while ((s = cli_option(c, "set")) != NULL) {
    if (options.n_settings == MAX_SETTINGS)
      return rn_status_make(RN_INVALID_ARGUMENT, "more than %d --set options", MAX_SETTINGS);
    settings[options.n_settings++] = s;
  }
  return rn_runtime_create(&options, &c->runtime);
}

static int run_command(const command *which, cli *c) {
  if (cli_flag(c, "help")) {
    fputs(which->help, stdout);
    return 0;
  }
  c->json = cli_flag(c, "json");
  rn_status *status = create_runtime(c);
  if (status) return cli_fail(c, status);
  int code = which->run(c);
  rn_runtime_destroy(c->runtime);
  return code;
}

int main(int argc, char **argv) {
  if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
    print_help(argc < 2 ? stderr : stdout);
    return argc < 2 ? 2 : 0;
  }
  if (strcmp(argv[1], "--version") == 0) {
    printf("runnel %s\n", rn_version());
    return 0;
  }
  for (size_t i = 0; i < N_COMMANDS; i++) {
    if (strcmp(argv[1], commands[i].name) != 0) continue;
    cli c = {.command = argv[1], .args = argv + 2, .count = argc - 2};
    return run_command(&commands[i], &c);
  }
  fprintf(stderr, "runnel: no command '%s'\n\n", argv[1]);
  print_help(stderr);
  return 2;
}
