/* remove.c - runnel plugin remove: takes out what install put in (frontends/cli/plugin). */
#include <stdio.h>
#include <string.h>
#include "plugin/entry.h"
#include "plugin/verbs.h"
#include "install/stage.h"

/* Why there is nothing to remove. */
static rn_status *not_there(cli *c, const stage *s, const char *id, int system, int unrecorded) {
  char other[PATH_MAX];
  cJSON *all = plugin_entries(c->runtime);
  const cJSON *e = plugin_in_force(all, id);
  const char *path = plugin_text(e, "path");
  rn_status *own = rn_plugin_folder(!system, other, sizeof other), *out;
  size_t n = own ? 0 : strlen(other);
  rn_status_free(own);
  if (unrecorded)
    out = rn_status_make(RN_FAILED_PRECONDITION, "%s/%s was not put there by install, so it stays", s->folder, id);
  else if (!e)
    out = rn_status_make(RN_NOT_FOUND, "no plugin '%s' in %s", id, s->folder);
  else if (!system && n && strncmp(path, other, n) == 0 && path[n] == '/')
    out =
        rn_status_make(RN_FAILED_PRECONDITION,
                       "'%s' is at %s, for everybody; `runnel plugin remove %s --system` removes it if install put it "
                       "there, `runnel plugin disable %s` hides it from you",
                       id, path, id, id);
  else
    out = rn_status_make(RN_FAILED_PRECONDITION, "'%s' is at %s: install did not put it there, so it stays", id, path);
  cJSON_Delete(all);
  return out;
}

static int tell(cli *c, const char *id, const char *folder, const char *left) {
  rn_runtime *rt = NULL;
  rn_status *s = plugin_look_again(c, &rt);
  if (s) return cli_fail(c, s);
  cJSON *all = plugin_entries(rt), *o = cJSON_CreateObject();
  const char *now = plugin_text(plugin_in_force(all, id), "path");
  cJSON_AddStringToObject(o, "removed", id);
  cJSON_AddStringToObject(o, "folder", folder);
  cJSON_AddStringToObject(o, "left", left);
  cJSON_AddStringToObject(o, "now", now);
  if (!c->json) {
    printf("removed %s from %s; programs that run go on with it until they end\n", id, folder);
    if (left[0]) printf("    left alone, as install did not put it there: what is in %s\n", left);
    if (now[0]) printf("    '%s' is now %s\n", id, now);
  }
  cJSON_Delete(all);
  rn_runtime_destroy(rt);
  if (c->json) return cli_print_json(o);
  cJSON_Delete(o);
  return 0;
}

int plugin_remove(cli *c) {
  stage s = {.lock = -1};
  char left[PATH_MAX] = "";
  int system = cli_flag(c, "system"), recorded = 0, was;
  const char *id = cli_positional(c);
  if (!cli_finish(c)) return 2;
  if (!id) return cli_usage(c, "remove which plugin?");
  if (strchr(id, '/') || id[0] == '.') return cli_usage(c, "remove takes the id that `runnel plugin list` shows");
  rn_status *e = stage_open(c->runtime, system, &s);
  int there = !e && stage_has(&s, id, &recorded);
  if (!e && !recorded) e = not_there(c, &s, id, system, there);
  if (!e) e = stage_remove(&s, id, left, sizeof left);
  stage_close(&s);
  if (!e && !system) {
    rn_status_free(rn_plugin_unmark(RN_MARK_QUARANTINED, id, &was));
    rn_status_free(rn_plugin_unmark(RN_MARK_VERIFIED, id, &was));
  }
  return e ? cli_fail(c, e) : tell(c, id, s.folder, left);
}
