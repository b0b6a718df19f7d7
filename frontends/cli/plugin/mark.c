/* mark.c - runnel plugin disable and enable: marks in the user's folder (frontends/cli/plugin). */
#include <runnel/plugins.h>
#include <stdio.h>
#include <string.h>
#include "plugin/entry.h"
#include "plugin/verbs.h"

static int tell(cli *c, const char *id, const char *state, const char *text) {
  if (!c->json) {
    printf("%s: %s\n", id, text);
    return 0;
  }
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "plugin", id);
  cJSON_AddStringToObject(o, "state", state);
  cJSON_AddStringToObject(o, "text", text);
  return cli_print_json(o);
}

static rn_status *unknown(const char *id) {
  return rn_status_make(RN_NOT_FOUND, "no plugin '%s'; `runnel plugin list` shows what there is", id);
}

int plugin_disable(cli *c) {
  const char *id = cli_positional(c);
  if (!cli_finish(c)) return 2;
  if (!id) return cli_usage(c, "disable which plugin?");
  cJSON *all = plugin_entries(c->runtime);
  int known = plugin_in_force(all, id) != NULL;
  cJSON_Delete(all);
  rn_status *s = known ? rn_plugin_mark(RN_MARK_DISABLED, id, "", "") : unknown(id);
  return s ? cli_fail(c, s) : tell(c, id, "disabled", "disabled; programs that run go on with it until they end");
}

/* After the marks are gone: is something else in the way? */
static int tell_state(cli *c, const char *id, int was_disabled, int was_quarantined) {
  rn_runtime *rt = NULL;
  char text[1200];
  rn_status *s = plugin_look_again(c, &rt);
  if (s) return cli_fail(c, s);
  cJSON *all = plugin_entries(rt);
  const cJSON *e = plugin_in_force(all, id);
  if (plugin_is(e, "disabled"))
    s = rn_status_make(RN_FAILED_PRECONDITION, "'%s' stays disabled: %s", id, plugin_text(e, "reason"));
  else
    snprintf(text, sizeof text, "%s",
             was_quarantined ? "out of quarantine; `runnel plugin verify` tries it again"
             : was_disabled  ? "enabled"
                             : "was neither disabled nor in quarantine");
  int code = s ? cli_fail(c, s) : tell(c, id, plugin_text(e, "state"), text);
  cJSON_Delete(all);
  rn_runtime_destroy(rt);
  return code;
}

int plugin_enable(cli *c) {
  int was_disabled = 0, was_quarantined = 0;
  const char *id = cli_positional(c);
  if (!cli_finish(c)) return 2;
  if (!id) return cli_usage(c, "enable which plugin?");
  cJSON *all = plugin_entries(c->runtime);
  int known = plugin_in_force(all, id) != NULL;
  cJSON_Delete(all);
  rn_status *s = rn_plugin_unmark(RN_MARK_DISABLED, id, &was_disabled);
  if (!s) s = rn_plugin_unmark(RN_MARK_QUARANTINED, id, &was_quarantined);
  if (!s && !known && !was_disabled && !was_quarantined) s = unknown(id);
  return s ? cli_fail(c, s) : tell_state(c, id, was_disabled, was_quarantined);
}
