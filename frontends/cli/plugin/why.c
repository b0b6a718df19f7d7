/* why.c - runnel plugin why: does it load, and if not, at which step, why, and what helps (frontends/cli/plugin).
 *
 * What is known without running the plugin comes first: its state, its manifest, its file. Then it is tried in a
 * process of its own, so that a plugin that crashes is an answer like others. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "plugin/entry.h"
#include "plugin/hint.h"
#include "plugin/verbs.h"
#include "install/trial.h"

typedef struct answer {
  const char *word; /* as asked */
  char *path;       /* "" when there is none. owned */
  char *reason;     /* "" when it loads. owned */
  char *said;       /* owned */
  char step[16];
  const char *state;
} answer;

/* A state that keeps a plugin from being loaded, as loading it says. */
static int answer_from_state(const cJSON *e, answer *a) {
  if (plugin_is(e, "scanned")) return 0;
  strcpy(a->step, "search");
  if (plugin_is(e, "refused")) {
    snprintf(a->step, sizeof a->step, "%s", plugin_text(e, "step"));
    a->reason = strdup(plugin_text(e, "reason"));
    return 1;
  }
  return asprintf(&a->reason, "%s (%s) is %s: %s", plugin_text(e, "id"), plugin_text(e, "path"),
                  plugin_text(e, "state"), plugin_text(e, "reason")) >= 0;
}

static char *manifest_beside(const char *path) {
  char *m = NULL;
  size_t n = strlen(path);
  if (n < 3 || asprintf(&m, "%.*s.manifest", (int)(n - 3), path) < 0) return NULL;
  return m;
}

static rn_status *try_it(const cli *c, answer *a, double timeout_s) {
  trial t;
  char *manifest = manifest_beside(a->path);
  rn_status *s = trial_hold(c, a->path, manifest, timeout_s, &t);
  free(manifest);
  if (!s) {
    memcpy(a->step, t.step, sizeof a->step);
    a->reason = strdup(t.reason);
    a->said = strdup(t.said);
  }
  trial_finish(&t);
  return s;
}

static rn_status *check_folder(cli *c, answer *a) {
  char *folder = strdup(a->path), *slash = folder ? strrchr(folder, '/') : NULL;
  if (slash) *slash = '\0';
  rn_status *s =
      slash && access(a->path, F_OK) == 0 ? rn_plugin_folder_check(c->runtime, slash > folder ? folder : "/") : NULL;
  free(folder);
  if (!s) return NULL;
  strcpy(a->step, "search");
  a->reason = strdup(rn_status_message(s));
  rn_status_free(s);
  return NULL;
}

static rn_status *find_answer(cli *c, answer *a, const cJSON *all, double timeout_s) {
  char *file = plugin_file_path(a->word);
  const cJSON *e = file ? plugin_at(all, file) : plugin_in_force(all, a->word);
  a->path = file ? file : strdup(plugin_text(e, "path"));
  a->state = plugin_text(e, "state");
  if (e && answer_from_state(e, a)) return NULL;
  if (!e && !file) { /* the runtime knows where it was looked for */
    rn_status *s = rn_runtime_load(c->runtime, a->word);
    strcpy(a->step, "search");
    a->reason = strdup(rn_status_message(s));
    rn_status_free(s);
    return NULL;
  }
  if (!e) RN_TRY(check_folder(c, a));
  return a->reason ? NULL : try_it(c, a, timeout_s);
}

static int print_answer(cli *c, const answer *a) {
  const plugin_hint *h = plugin_hint_for(a->reason);
  if (a->reason[0] == '\0') {
    printf("%s loads; passed: " TRIAL_STEPS "\n", a->word);
    if (a->said && a->said[0]) printf("but it said: %s\n", a->said);
    return 0;
  }
  printf("%s does not load\n\nstep:    %s\nreason:  %s\ncause:   %s\nhint:    %s\n", a->word, a->step, a->reason,
         h->cause, h->todo);
  if (a->said && a->said[0]) printf("said:    %s\n", a->said);
  puts("");
  plugin_print_folders(c->runtime);
  return 1;
}

static int print_json(cli *c, const answer *a) {
  const plugin_hint *h = plugin_hint_for(a->reason);
  int loads = a->reason[0] == '\0';
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "plugin", a->word);
  cJSON_AddStringToObject(o, "path", a->path);
  cJSON_AddStringToObject(o, "state", a->state);
  cJSON_AddBoolToObject(o, "loads", loads);
  cJSON_AddStringToObject(o, "step", a->step);
  cJSON_AddStringToObject(o, "reason", a->reason);
  cJSON_AddStringToObject(o, "cause", loads ? "" : h->cause);
  cJSON_AddStringToObject(o, "hint", loads ? "" : h->todo);
  cJSON_AddStringToObject(o, "said", a->said ? a->said : "");
  plugin_add_folders(c->runtime, o);
  return cli_print_json(o) | !loads;
}

int plugin_why(cli *c) {
  double timeout_s;
  if (!plugin_timeout(c, &timeout_s)) return 2;
  answer a = {.word = cli_positional(c), .state = ""};
  if (!cli_finish(c)) return 2;
  if (!a.word) return cli_usage(c, "why which plugin?");
  cJSON *all = plugin_entries(c->runtime);
  rn_status *s = find_answer(c, &a, all, timeout_s);
  int code = s ? cli_fail(c, s) : !a.reason || !a.path ? 1 : c->json ? print_json(c, &a) : print_answer(c, &a);
  cJSON_Delete(all);
  free(a.path);
  free(a.reason);
  free(a.said);
  return code;
}
