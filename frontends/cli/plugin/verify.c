/* verify.c - runnel plugin verify: loads, starts and stops plugins, each in a process of its own
 * (frontends/cli/plugin). One that is found by the search and crashes or hangs is put in quarantine; one that passes is
 * noted as verified. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "plugin/entry.h"
#include "plugin/hint.h"
#include "plugin/verbs.h"
#include "install/trial.h"

typedef struct verifying {
  cli *c;
  cJSON *results;
  double timeout_s;
  int failed;
} verifying;

/* What becomes of the plugin's marks; a word for people. */
static const char *mark(const cJSON *entry, const trial *t) {
  char when[32], text[600];
  const char *id = plugin_text(entry, "id"), *build = plugin_text(entry, "build");
  rn_status *s = NULL;
  int was;
  if (!entry || !build[0]) return "";
  plugin_now(when);
  if (t->end == TRIAL_PASSED) {
    s = rn_plugin_mark(RN_MARK_VERIFIED, id, build, when);
  } else if (t->end == TRIAL_CRASHED || t->end == TRIAL_HUNG) {
    snprintf(text, sizeof text, "%s (%s)", t->reason, when);
    s = rn_plugin_mark(RN_MARK_QUARANTINED, id, build, text);
    if (!s) s = rn_plugin_unmark(RN_MARK_VERIFIED, id, &was);
    if (!s) return "now in quarantine; `runnel plugin enable` lifts it";
  }
  const char *word = !s && t->end == TRIAL_PASSED && plugin_is(entry, "quarantined")
                         ? "still in quarantine; `runnel plugin enable` lifts it"
                         : "";
  rn_status_free(s); /* without a user's folder nothing is noted */
  return word;
}

static void report(verifying *v, const char *name, const char *path, const trial *t, const char *note) {
  static const char *const ends[] = {"passed", "refused", "crashed", "hung"};
  v->failed |= t->end != TRIAL_PASSED;
  if (v->results) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "plugin", name);
    cJSON_AddStringToObject(o, "path", path);
    cJSON_AddStringToObject(o, "result", ends[t->end]);
    cJSON_AddStringToObject(o, "step", t->step);
    cJSON_AddStringToObject(o, "reason", t->reason);
    cJSON_AddStringToObject(o, "cause", t->end == TRIAL_PASSED ? "" : plugin_hint_for(t->reason)->cause);
    cJSON_AddStringToObject(o, "hint", t->end == TRIAL_PASSED ? "" : plugin_hint_for(t->reason)->todo);
    cJSON_AddStringToObject(o, "said", t->said);
    cJSON_AddStringToObject(o, "note", note);
    cJSON_AddNumberToObject(o, "seconds", t->seconds);
    cJSON_AddItemToArray(v->results, o);
    return;
  }
  printf("%-16s %-8s %6.2f s  %s\n", name, ends[t->end], t->seconds, path);
  if (t->end != TRIAL_PASSED)
    printf("    step:   %s\n    reason: %s\n    hint:   %s\n", t->step, t->reason, plugin_hint_for(t->reason)->todo);
  if (t->said[0]) printf("    said:   %s\n", t->said);
  if (note[0]) printf("    %s\n", note);
  fflush(stdout);
}

static rn_status *verify_file(verifying *v, const char *name, const char *path, const cJSON *entry) {
  trial t;
  char *manifest = NULL;
  if (asprintf(&manifest, "%.*s.manifest", (int)(strlen(path) - (strlen(path) > 3 ? 3 : 0)), path) < 0) manifest = NULL;
  rn_status *s = trial_hold(v->c, path, manifest, v->timeout_s, &t);
  if (!s) report(v, name, path, &t, mark(entry, &t));
  trial_finish(&t);
  free(manifest);
  return s;
}

static rn_status *verify_all(verifying *v, const cJSON *all) {
  const cJSON *e;
  cJSON_ArrayForEach(e, all) {
    const char *id = plugin_text(e, "id");
    if (!plugin_is(e, "disabled") && !plugin_is(e, "shadowed") && !plugin_is(e, "quarantined")) {
      RN_TRY(verify_file(v, id, plugin_text(e, "path"), e));
    } else if (!v->results) {
      printf("%-16s %-8s            %s\n", id, "left out", plugin_text(e, "path"));
      printf("    it is %s: %s\n", plugin_text(e, "state"), plugin_text(e, "reason"));
    }
  }
  return NULL;
}

static rn_status *verify_one(verifying *v, const cJSON *all, const char *word) {
  char *file = plugin_file_path(word);
  const cJSON *e = file ? plugin_at(all, file) : plugin_in_force(all, word);
  rn_status *s = NULL;
  if (!file && !e)
    s = rn_runtime_load(v->c->runtime, word); /* says where it was looked for */
  else
    s = verify_file(v, file ? word : plugin_text(e, "id"), file ? file : plugin_text(e, "path"), e);
  free(file);
  return s;
}

int plugin_verify(cli *c) {
  verifying v = {.c = c};
  if (!plugin_timeout(c, &v.timeout_s)) return 2;
  const char *word = cli_positional(c);
  if (!cli_finish(c)) return 2;
  cJSON *all = plugin_entries(c->runtime);
  v.results = c->json ? cJSON_CreateArray() : NULL;
  rn_status *s = word ? verify_one(&v, all, word) : verify_all(&v, all);
  cJSON_Delete(all);
  if (!s && v.results) return cli_print_json(v.results) | v.failed;
  cJSON_Delete(v.results);
  return s ? cli_fail(c, s) : v.failed;
}
