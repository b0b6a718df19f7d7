/* list.c - runnel plugin list: every plugin found, its state, what it offers (frontends/cli/plugin). */
#include <stdio.h>
#include <string.h>
#include "plugin/entry.h"
#include "plugin/verbs.h"

static void print_offers(const cJSON *e) {
  static const char *const keys[] = {"ops", "kernels", "devices", "compilers", "optimizers", "passes"};
  const char *mark = "";
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    int n = (int)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(e, keys[i]));
    if (n == 0) continue;
    int cut = (int)strlen(keys[i]) - (n > 1 ? 0 : i == 5 ? 2 : 1); /* "1 pass", "2 passes" */
    printf("%s%d %.*s", mark, n, cut, keys[i]);
    mark = ", ";
  }
}

static void print_entry(const cJSON *e) {
  printf("%-16s %-8s %-11s ", plugin_text(e, "id"), plugin_text(e, "version"), plugin_text(e, "state"));
  print_offers(e);
  printf("\n    %s\n", plugin_text(e, "path"));
  if (plugin_text(e, "verified")[0]) printf("    verified %s\n", plugin_text(e, "verified"));
  if (plugin_text(e, "reason")[0]) printf("    %s\n", plugin_text(e, "reason"));
}

int plugin_list(cli *c) {
  if (!cli_finish(c)) return 2;
  cJSON *all = plugin_entries(c->runtime), *e;
  if (c->json) return cli_print_json(all);
  cJSON_ArrayForEach(e, all) print_entry(e);
  if (cJSON_GetArraySize(all) == 0) puts("no plugins");
  plugin_print_folders(c->runtime);
  cJSON_Delete(all);
  return 0;
}
