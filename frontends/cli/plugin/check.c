/* check.c - runnel plugin check, and the child processes it is made of (frontends/cli/plugin). */
#include <conform/conform.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "commands.h"

enum { MOST_SETTINGS = 60 };
/* What is set, for the children: they read no flags but these. */
typedef struct settings {
  char *text[MOST_SETTINGS];
  uint32_t n;
} settings;

static void collect(void *arg, const rn_setting_info *s) {
  settings *all = arg;
  if (s->value == NULL || strcmp(s->source, "default") == 0 || all->n == MOST_SETTINGS) return;
  size_t room = strlen(s->section) + strlen(s->key) + strlen(s->value) + 3;
  char *text = malloc(room);
  if (text == NULL) return;
  snprintf(text, room, "%s.%s=%s", s->section, s->key, s->value);
  all->text[all->n++] = text;
}

static const char *result_name(conform_result r) {
  static const char *const names[] = {"passed", "failed", "not exercised", "not run"};
  return names[r];
}

static cJSON *json_cases(const conform_report *r) {
  cJSON *array = cJSON_CreateArray();
  for (uint32_t i = 0; i < r->n_cases; i++) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "id", r->cases[i].id);
    cJSON_AddStringToObject(o, "result", result_name(r->cases[i].result));
    if (r->cases[i].words[0] != '\0') cJSON_AddStringToObject(o, "words", r->cases[i].words);
    cJSON_AddNumberToObject(o, "seconds", r->cases[i].seconds);
    cJSON_AddItemToArray(array, o);
  }
  return array;
}

static cJSON *json_rows(const conform_report *r) {
  cJSON *array = cJSON_CreateArray();
  for (uint32_t i = 0; i < r->n_rows; i++) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "op", r->rows[i].op);
    cJSON_AddStringToObject(o, "dtype", r->rows[i].dtype);
    cJSON_AddStringToObject(o, "device", r->rows[i].device);
    cJSON_AddStringToObject(o, "kernel", r->rows[i].kernel);
    cJSON_AddStringToObject(o, "compared_with", r->rows[i].oracle);
    cJSON_AddStringToObject(o, "result", result_name(r->rows[i].result));
    cJSON_AddItemToArray(array, o);
  }
  return array;
}

static cJSON *json_speeds(const conform_report *r) {
  cJSON *array = cJSON_CreateArray();
  for (uint32_t i = 0; i < r->n_speeds; i++) {
    const conform_speed *s = &r->speeds[i];
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "op", s->op);
    cJSON_AddStringToObject(o, "dtype", s->dtype);
    cJSON_AddStringToObject(o, "kernel", s->kernel);
    cJSON_AddStringToObject(o, "shape", s->shape);
    cJSON_AddNumberToObject(o, "ns", s->ns);
    if (s->against_ns > 0) cJSON_AddStringToObject(o, "against", s->against);
    if (s->against_ns > 0) cJSON_AddNumberToObject(o, "against_ns", s->against_ns);
    if (s->gbytes_per_s > 0) cJSON_AddNumberToObject(o, "gbytes_per_s", s->gbytes_per_s);
    if (s->gflops_per_s > 0) cJSON_AddNumberToObject(o, "gflops_per_s", s->gflops_per_s);
    cJSON_AddItemToArray(array, o);
  }
  return array;
}

static int print_json(const conform_report *r) {
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "plugin", r->id);
  cJSON_AddStringToObject(o, "version", r->version);
  cJSON_AddStringToObject(o, "file", r->file);
  cJSON_AddNumberToObject(o, "executed", r->n_executed);
  for (int k = 0; k < 4; k++) {
    const char *name = result_name((conform_result)k);
    cJSON_AddNumberToObject(o,
                            k == 2   ? "not_exercised"
                            : k == 3 ? "not_run"
                                     : name,
                            conform_count(r, "", (conform_result)k));
  }
  cJSON_AddBoolToObject(o, "out_of_time", r->out_of_time);
  cJSON_AddNumberToObject(o, "seconds", r->seconds);
  cJSON_AddItemToObject(o, "cases", json_cases(r));
  cJSON_AddItemToObject(o, "kernels", json_rows(r));
  if (r->n_speeds != 0) cJSON_AddItemToObject(o, "speeds", json_speeds(r));
  return cli_print_json(o);
}

static int check(cli *c, const conform_options *o) {
  conform_report *r = NULL;
  rn_status *s = conform_check(o, &r);
  if (s != NULL) return cli_fail(c, s);
  if (c->json)
    (void)print_json(r);
  else
    conform_report_print(r);
  int code = conform_report_code(r);
  conform_report_free(r);
  return code;
}

static int seconds_of(const char *text, double *out) {
  char *end;
  if (text == NULL) return 1;
  *out = strtod(text, &end);
  return *text != '\0' && *end == '\0' && *out > 0;
}

typedef struct wanted {
  const char *id;
  char *path;
} wanted;
static void match(void *arg, const rn_plugin_info *p) {
  wanted *w = arg;
  if (w->path == NULL && strcmp(p->id, w->id) == 0 && strcmp(p->state, "shadowed") != 0) w->path = strdup(p->path);
}
/* A file, or the id of a plugin that is found. */
static int find_file(cli *c, const char *what, char path[PATH_MAX]) {
  if (realpath(what, path) != NULL) return 1;
  wanted w = {what, NULL};
  if (strchr(what, '/') == NULL) rn_runtime_plugins(c->runtime, match, &w);
  int found = w.path != NULL && realpath(w.path, path) != NULL;
  free(w.path);
  return found;
}

/* Both verbs: check, and check-worker, which conform_check starts. */
int command_plugin_check(cli *c, int is_worker) {
  char path[PATH_MAX];
  settings all = {.n = 0};
  const char *file = cli_positional(c), *from = is_worker ? cli_option(c, "from") : NULL;
  conform_options o = {
      .op = cli_option(c, "op"), .only = cli_option(c, "case"), .case_seconds = 10, .all_seconds = 300};
  const char *one = cli_option(c, "case-timeout"), *most = cli_option(c, "timeout");
  o.bench = cli_flag(c, "bench");
  if (!cli_finish(c)) return 2;
  if (file == NULL) return cli_usage(c, "check which file?");
  if (!seconds_of(most, &o.all_seconds) || !seconds_of(one, &o.case_seconds))
    return cli_usage(c, "--timeout and --case-timeout take a number of seconds");
  if (!find_file(c, file, path))
    return cli_fail(c, rn_status_make(RN_NOT_FOUND, "no file %s, and no plugin with that id", file));
  o.file = path;
  rn_runtime_settings(c->runtime, collect, &all);
  o.settings = (const char *const *)(void *)all.text;
  o.n_settings = all.n;
  int code = is_worker ? conform_worker(&o, from != NULL ? (uint32_t)strtoul(from, NULL, 10) : 0) : check(c, &o);
  for (uint32_t i = 0; i < all.n; i++) free(all.text[i]);
  return code;
}
