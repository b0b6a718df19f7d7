/* info.c - runnel plugin info: one plugin in full, and the others with its id (frontends/cli/plugin). */
#include <runnel/plugins.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "plugin/entry.h"
#include "plugin/verbs.h"
#include "install/stage.h"

#define MOST_NAMES 12 /* of one kind, as text; JSON has all */
static const char *const kinds[][2] = {{"op", "ops"},
                                       {"kernel", "kernels"},
                                       {"device", "devices"},
                                       {"compiler", "compilers"},
                                       {"optimizer", "optimizers"},
                                       {"pass", "passes"}};
#define N_KINDS (sizeof kinds / sizeof kinds[0])

static void add_name(void *arg, const char *kind, const char *name, const char *device) {
  char text[300];
  cJSON *list = NULL, *e;
  for (size_t i = 0; i < N_KINDS; i++)
    if (strcmp(kinds[i][0], kind) == 0) list = cJSON_GetObjectItemCaseSensitive(arg, kinds[i][1]);
  snprintf(text, sizeof text, "%s%s%s%s", name, device[0] ? " (" : "", device, device[0] ? ")" : "");
  cJSON_ArrayForEach(e, list) if (strcmp(cJSON_GetStringValue(e), text) == 0) return;
  cJSON_AddItemToArray(list, cJSON_CreateString(text));
}

static cJSON *names_of(rn_runtime *rt, const cJSON *entry) {
  cJSON *offers = cJSON_CreateObject();
  for (size_t i = 0; i < N_KINDS; i++) cJSON_AddArrayToObject(offers, kinds[i][1]);
  rn_status_free(rn_plugin_offers(rt, plugin_text(entry, "path"), add_name, offers));
  return offers;
}

static void print_list(const char *title, const cJSON *list, int most) {
  const cJSON *e;
  int n = 0, all = cJSON_GetArraySize(list);
  if (all == 0) return;
  printf("%-12s", title);
  cJSON_ArrayForEach(e, list) {
    if (n == most) break;
    printf("%s%s", n++ ? ", " : "", cJSON_GetStringValue(e));
  }
  if (all > n) printf(" and %d more", all - n);
  putchar('\n');
}

static void print_row(const char *title, const char *text) {
  if (text[0]) printf("%-12s%s\n", title, text);
}

static void print_entry(const cJSON *e) {
  printf("%s %s (%s)\n%s\n\n", plugin_text(e, "id"), plugin_text(e, "version"), plugin_text(e, "license"),
         plugin_text(e, "doc"));
  print_row("file:", plugin_text(e, "path"));
  printf("%-12s%s%s%s%s\n", "folder:", plugin_text(e, "folder"), plugin_text(e, "source")[0] ? " (" : "",
         plugin_text(e, "source"), plugin_text(e, "source")[0] ? ")" : "");
  printf("%-12s%s%s%s\n", "state:", plugin_text(e, "state"), plugin_text(e, "reason")[0] ? ": " : "",
         plugin_text(e, "reason"));
  print_row("verified:", plugin_text(e, "verified")[0] ? plugin_text(e, "verified") : "not this build");
  print_row("ABI:", plugin_text(e, "abi"));
  print_row("build:", plugin_text(e, "build"));
  const cJSON *cpu = cJSON_GetObjectItemCaseSensitive(e, "cpu");
  if (cJSON_GetArraySize(cpu) == 0) print_row("processor:", "any");
  print_list("processor:", cpu, 8);
  print_row("shadowed by:", plugin_text(e, "winner"));
  print_list("shadows:", cJSON_GetObjectItemCaseSensitive(e, "shadows"), 8);
  print_list("files:", cJSON_GetObjectItemCaseSensitive(e, "files"), MOST_NAMES);
  const cJSON *offers = cJSON_GetObjectItemCaseSensitive(e, "offers"), *list;
  cJSON_ArrayForEach(list, offers) {
    char title[32];
    snprintf(title, sizeof title, "%s:", list->string);
    print_list(title, list, MOST_NAMES);
  }
}

static void complete(cli *c, cJSON *entry, const cJSON *all) {
  const cJSON *other;
  cJSON *shadows = cJSON_AddArrayToObject(entry, "shadows");
  cJSON_ArrayForEach(other, all) if (strcmp(plugin_text(other, "winner"), plugin_text(entry, "path")) == 0)
      cJSON_AddItemToArray(shadows, cJSON_CreateString(plugin_text(other, "path")));
  cJSON_AddItemToObject(entry, "files", stage_files(plugin_text(entry, "path")));
  cJSON_AddItemToObject(entry, "offers", names_of(c->runtime, entry));
}

int plugin_info(cli *c) {
  const char *id = cli_positional(c);
  if (!cli_finish(c)) return 2;
  if (!id) return cli_usage(c, "info on which plugin?");
  cJSON *all = plugin_entries(c->runtime), *out = cJSON_CreateArray(), *e;
  char *path = plugin_file_path(id);
  int n = 0;
  cJSON_ArrayForEach(e, all) {
    if (strcmp(plugin_text(e, "id"), id) != 0 && !(path && plugin_at(all, path) == e)) continue;
    cJSON *copy = cJSON_Duplicate(e, 1);
    complete(c, copy, all);
    if (!c->json && n++) puts("");
    if (!c->json) print_entry(copy);
    cJSON_AddItemToArray(out, copy);
  }
  int found = cJSON_GetArraySize(out);
  free(path);
  cJSON_Delete(all);
  if (found && c->json) return cli_print_json(out);
  cJSON_Delete(out);
  if (found) return 0;
  int code = cli_fail(c, rn_status_make(RN_NOT_FOUND, "no plugin '%s'", id));
  if (!c->json) plugin_print_folders(c->runtime);
  return code;
}
