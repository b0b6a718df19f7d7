/* entry.c - the plugins of the runtime as JSON objects (frontends/cli/plugin). */
#include "plugin/entry.h"
#include <runnel/plugin.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void add_processor(cJSON *o, uint64_t required) {
  static const char *const names[] = {"SSE4.2", "AVX2", "AVX-512", "NEON"};
  cJSON *list = cJSON_AddArrayToObject(o, "cpu");
  for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
    if (required >> i & 1) cJSON_AddItemToArray(list, cJSON_CreateString(names[i]));
}

static void add(void *arg, const rn_plugin_info *p) {
  char abi[32] = "";
  cJSON *o = cJSON_CreateObject();
  const struct {
    const char *key, *value;
  } texts[] = {{"id", p->id},         {"version", p->version},  {"license", p->license}, {"doc", p->doc},
               {"path", p->path},     {"folder", p->folder},    {"source", p->source},   {"state", p->state},
               {"reason", p->reason}, {"life", p->life},        {"step", p->step},       {"build", p->build},
               {"winner", p->winner}, {"verified", p->verified}};
  const struct {
    const char *key;
    uint32_t value;
  } counts[] = {{"ops", p->n_ops},
                {"kernels", p->n_kernels},
                {"devices", p->n_devices},
                {"compilers", p->n_compilers},
                {"optimizers", p->n_optimizers},
                {"passes", p->n_passes}};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) cJSON_AddStringToObject(o, texts[i].key, texts[i].value);
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
    cJSON_AddNumberToObject(o, counts[i].key, counts[i].value);
  if (p->abi_major != UINT32_MAX) snprintf(abi, sizeof abi, "%u.%u", p->abi_major, p->abi_minor);
  cJSON_AddStringToObject(o, "abi", abi);
  add_processor(o, p->cpu_required);
  cJSON_AddItemToArray(arg, o);
}

cJSON *plugin_entries(rn_runtime *rt) {
  cJSON *all = cJSON_CreateArray();
  rn_runtime_plugins(rt, add, all);
  return all;
}

const char *plugin_text(const cJSON *entry, const char *key) {
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, key));
  return text ? text : "";
}

int plugin_is(const cJSON *entry, const char *state) { return strcmp(plugin_text(entry, "state"), state) == 0; }

cJSON *plugin_in_force(const cJSON *entries, const char *id) {
  cJSON *e;
  cJSON_ArrayForEach(e, entries) if (strcmp(plugin_text(e, "id"), id) == 0 && !plugin_is(e, "shadowed")) return e;
  return NULL;
}

cJSON *plugin_at(const cJSON *entries, const char *path) {
  char real[PATH_MAX];
  cJSON *e;
  cJSON_ArrayForEach(e, entries) {
    if (strcmp(plugin_text(e, "path"), path) == 0) return e;
    if (realpath(plugin_text(e, "path"), real) && strcmp(real, path) == 0) return e;
  }
  return NULL;
}

char *plugin_file_path(const char *word) {
  size_t n = strlen(word);
  if (!strchr(word, '/') && (n < 4 || strcmp(word + n - 3, ".so") != 0)) return NULL;
  char *real = realpath(word, NULL), here[PATH_MAX], *path = NULL;
  if (real) return real;
  if (word[0] == '/') return strdup(word);
  while (strncmp(word, "./", 2) == 0) word += 2;
  if (!getcwd(here, sizeof here) || asprintf(&path, "%s/%s", here, word) < 0) return strdup(word);
  return path;
}

void plugin_print_folders(rn_runtime *rt) {
  const char *const *folders;
  uint32_t n = rn_runtime_plugin_folders(rt, &folders);
  puts("folders searched:");
  for (uint32_t i = 0; i < n; i++) printf("  %s\n", folders[i]);
}

void plugin_add_folders(rn_runtime *rt, cJSON *to) {
  const char *const *folders;
  uint32_t n = rn_runtime_plugin_folders(rt, &folders);
  cJSON *list = cJSON_AddArrayToObject(to, "folders");
  for (uint32_t i = 0; i < n; i++) cJSON_AddItemToArray(list, cJSON_CreateString(folders[i]));
}

rn_status *plugin_look_again(const cli *c, rn_runtime **out) {
  rn_runtime_options o;
  memset(&o, 0, sizeof o);
  o.struct_size = (uint32_t)sizeof o;
  o.config_file = c->config_file;
  o.settings = c->settings;
  o.n_settings = c->n_settings;
  o.flags = RN_RUNTIME_ASK_LATER;
  return rn_runtime_create(&o, out);
}

int plugin_timeout(cli *c, double *out) {
  const char *text = cli_option(c, "timeout");
  char *end = NULL;
  *out = text ? strtod(text, &end) : 10; /* a plugin has five seconds to come to rest */
  if (!text || (end != text && *end == '\0' && *out > 0 && *out < 1e6)) return 1;
  cli_usage(c, "--timeout takes a number of seconds");
  return 0;
}

void plugin_now(char out[32]) {
  time_t t = time(NULL);
  struct tm tm;
  out[0] = '\0';
  if (localtime_r(&t, &tm)) strftime(out, 32, "%Y-%m-%d %H:%M", &tm);
}
