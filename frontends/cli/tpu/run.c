/* run.c - runnel tpu run: a program file, or a graph with the programs that were compiled for it (frontends/cli/tpu).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "commands.h"
#include "feed.h"
#include "print.h"
#include "tpu/verbs.h"

/* ------------------------------------------------------------------------------- a program file */
typedef struct execution {
  rn_program *program;
  const rn_program_info *info;
  rn_tensor **in, **cells, **out;
} execution;

static int is_called(const rn_program_value *v, const char *name, size_t n) {
  size_t node = strcspn(v->name, ":");
  return strncmp(v->name, name, n) == 0 && (v->name[n] == '\0' || (n == node && strcmp(v->name + n, ":0") == 0));
}

static rn_status *add_feed(const execution *x, const char *text) {
  const rn_program_value *list[] = {x->info->in, x->info->cells};
  const uint32_t count[] = {x->info->n_in, x->info->n_cells};
  rn_tensor **to[] = {x->in, x->cells};
  size_t n = strcspn(text, "=");
  int found = 0;
  if (text[n] != '=') return rn_status_make(RN_INVALID_ARGUMENT, "'%s' should be NAME=VALUE", text);
  for (int k = 0; k < 2; k++)
    for (uint32_t i = 0; i < count[k]; i++) {
      const rn_program_value *v = &list[k][i];
      if (!is_called(v, text, n)) continue;
      rn_tensor_release(to[k][i]);
      to[k][i] = NULL;
      RN_TRY(feed_parse_as(v->dtype, &v->shape, v->name, text + n + 1, &to[k][i]));
      found = 1;
    }
  if (found) return NULL;
  return rn_status_make(RN_NOT_FOUND, "the program takes no '%.*s' (runnel tpu disasm shows what it takes)",
                        (int)(n > 200 ? 200 : n), text);
}

static rn_status *check_all(const execution *x) {
  char missing[1024] = "";
  size_t n = 0;
  for (uint32_t i = 0; i < x->info->n_in + x->info->n_cells; i++) {
    const rn_program_value *v = i < x->info->n_in ? &x->info->in[i] : &x->info->cells[i - x->info->n_in];
    char shape[192];
    int is_there = (i < x->info->n_in ? x->in[i] : x->cells[i - x->info->n_in]) != NULL || v->data != NULL;
    if (is_there || n + 300 > sizeof missing) continue;
    (void)rn_shape_print(&v->shape, shape, sizeof shape);
    n += (size_t)snprintf(missing + n, sizeof missing - n, "\n  --feed %.60s=... (%s %.60s)", v->name,
                          rn_dtype_name(v->dtype), shape);
  }
  return n == 0 ? NULL : rn_status_make(RN_INVALID_ARGUMENT, "the program also takes:%s", missing);
}

static rn_status *execute(cli *c, execution *x) {
  const rn_program_info *f = x->info;
  const char *text;
  x->in = calloc(f->n_in + 1u, sizeof *x->in);
  x->cells = calloc(f->n_cells + 1u, sizeof *x->cells);
  x->out = calloc(f->n_out + 1u, sizeof *x->out);
  if (!x->in || !x->cells || !x->out) return rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory");
  while ((text = cli_option(c, "feed")) != NULL) RN_TRY(add_feed(x, text));
  if (c->count) return rn_status_make(RN_INVALID_ARGUMENT, "'%s' is not understood here", c->args[0]);
  RN_TRY(check_all(x));
  return rn_program_run(x->program, x->in, x->cells, x->out);
}

static void deliver(const cli *c, const execution *x) {
  const rn_program_info *f = x->info;
  cJSON *list = c->json ? cJSON_CreateArray() : NULL;
  for (uint32_t i = 0; i < f->n_out + f->n_cells; i++) {
    const rn_program_value *v = i < f->n_out ? &f->out[i] : &f->cells[i - f->n_out];
    const rn_tensor *t = i < f->n_out ? x->out[i] : x->cells[i - f->n_out];
    if (list)
      cJSON_AddItemToArray(list, json_tensor(v->name, t));
    else
      print_tensor(v->name, t);
  }
  if (list) cli_print_json(list);
}

static void release_all(rn_tensor **t, uint32_t n) {
  for (uint32_t i = 0; t && i < n; i++) rn_tensor_release(t[i]);
  free(t);
}

static int run_program(cli *c, const char *path) {
  execution x = {0};
  const char *device = cli_option(c, "device");
  rn_status *s = rn_program_open(c->runtime, path, device, &x.program);
  if (!s) {
    x.info = rn_program_get_info(x.program);
    s = execute(c, &x);
    if (!s) deliver(c, &x);
    release_all(x.in, x.info->n_in);
    release_all(x.cells, x.info->n_cells);
    release_all(x.out, x.info->n_out);
  }
  rn_program_destroy(x.program);
  return s ? cli_fail(c, s) : 0;
}

/* ------------------------------------------------------------------- a graph with its programs */
/* As `runnel run` does it, with nothing compiled. */
static int run_graph(cli *c, char *path, const char *folder) {
  static char device[] = "--device", which[64];
  char setting[4200];
  const char *set[] = {setting, "programs.only=true"}, *asked = cli_option(c, "device");
  snprintf(setting, sizeof setting, "programs.folder=%s", folder);
  rn_status *s = tpu_set(c, set, 2);
  if (s) return cli_fail(c, s);
  char **args = calloc((size_t)c->count + 4, sizeof *args), **old = c->args;
  if (!args) return cli_fail(c, rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory"));
  snprintf(which, sizeof which, "%s", tpu_default_device);
  args[0] = path;
  memcpy(args + 1, c->args, (size_t)c->count * sizeof *args);
  args[c->count + 1] = device;
  args[c->count + 2] = asked ? (char *)(uintptr_t)asked : which;
  c->args = args;
  c->count += 3;
  int code = command_run(c);
  c->args = old;
  c->count = 0;
  free(args);
  return code;
}

static int is_program(const char *path) {
  char head[8] = "";
  FILE *f = fopen(path, "rb");
  if (!f) return 0;
  size_t n = fread(head, 1, sizeof head, f);
  fclose(f);
  return n == sizeof head && memcmp(head, "RNKEEP", 6) == 0;
}

int tpu_run(cli *c) {
  const char *folder = cli_option(c, "programs");
  char *path = (char *)(uintptr_t)cli_positional(c); /* one of argv */
  if (!path) return cli_usage(c, "which program, or which graph?");
  if (is_program(path) && folder) return cli_usage(c, "a program file runs by itself: --programs is for a graph");
  if (folder) return run_graph(c, path, folder);
  if (is_program(path) || access(path, F_OK) != 0) return run_program(c, path); /* or says that there is none */
  return cli_usage(c, "that is no program file; a graph runs with --programs FOLDER, which runnel tpu compile makes");
}
