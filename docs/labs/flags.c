/* flags.c - the labs' command line (docs/labs). */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include "lab.h"

enum { TEXT, COUNT, REAL, YES };
typedef struct flag {
  const char *name;
  int kind;
  void *to;
  const char *help;
} flag;

static void print_help(const char *program, const char *about, const flag *flags, int n) {
  printf("%s\n\nusage: %s [flags]\n", about, program);
  for (int i = 0; i < n; i++)
    printf("  --%s%-*s %s\n", flags[i].name, 22 - (int)strlen(flags[i].name), flags[i].kind == YES ? "" : " VALUE",
           flags[i].help);
}

static int set_flag(const flag *f, const char *text) {
  char *end = NULL;
  switch (f->kind) {
    case TEXT:
      *(const char **)f->to = text;
      return 1;
    case YES:
      *(int *)f->to = 1;
      return 1;
    case REAL:
      *(double *)f->to = strtod(text, &end);
      break;
    default:
      *(int64_t *)f->to = strtoll(text, &end, 10);
      break;
  }
  int bad = end == text || *end || (f->kind == REAL && !(*(double *)f->to >= 0)) ||
            (f->kind == COUNT && *(int64_t *)f->to < 0);
  if (bad) fprintf(stderr, "--%s: '%s' is not a number of 0 or more\n", f->name, text);
  return !bad;
}

int lab_flags_parse(int argc, char **argv, const char *about, lab_flags *f) {
  const flag flags[] = {
      {"data", TEXT, &f->data, "folder with MNIST's four files (default: digits drawn by the program)"},
      {"steps", COUNT, &f->steps, "the global step to reach"},
      {"batch", COUNT, &f->batch, "examples per step"},
      {"optimizer", TEXT, &f->optimizer, "name of an optimizer; runnel optimizers lists them"},
      {"learning-rate", REAL, &f->learning_rate, "default: 0.001 for Adam, else 0.01 (lab 1: 0.5)"},
      {"device", TEXT, &f->device, "first choice of device, as cpu:0"},
      {"seed", COUNT, &f->seed, "start of all random numbers; 0: another one each time"},
      {"logdir", TEXT, &f->logdir, "folder for checkpoints, the event file and the trace"},
      {"save-every", COUNT, &f->save_every, "steps between checkpoints"},
      {"trace-step", COUNT, &f->trace_step, "the step whose timeline is kept; default: one in the middle"},
      {"resume", YES, &f->resume, "go on from the newest checkpoint in --logdir"},
      {"json", YES, &f->json, "print one JSON object at the end and nothing else"},
      {"model", TEXT, &f->model, "lab 2: mlp or lenet"},
      {"activation", TEXT, &f->activation, "lab 2: an operation of one input, as Relu (the default) or Elu"},
      {"evaluate", YES, &f->evaluate, "do not train; evaluate the newest checkpoint"},
      {"follow", TEXT, &f->follow, "with --evaluate: evaluate each new checkpoint of this folder"},
      {"print-graph", YES, &f->print_graph, "print the nodes and stop"},
  };
  enum { N = sizeof flags / sizeof flags[0] };
  struct option options[N + 2];
  memset(options, 0, sizeof options);
  for (int i = 0; i < N; i++) options[i] = (struct option){flags[i].name, flags[i].kind != YES, NULL, i + 256};
  options[N] = (struct option){"help", 0, NULL, 'h'};
  for (int at; (at = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
    if (at == 'h') {
      print_help(argv[0], about, flags, N);
      return 0;
    }
    if (at < 256 || !set_flag(&flags[at - 256], optarg)) return -1;
  }
  if (f->follow) f->evaluate = 1;
  if (optind < argc) fprintf(stderr, "%s: no such argument; see --help\n", argv[optind]);
  return optind < argc ? -1 : 1;
}
