/* install.c - runnel plugin install: from a file, a folder or an archive into a plugin folder (frontends/cli/plugin).
 *
 * Nothing is downloaded, and nothing is put into place before the plugin has been loaded, started and stopped in a
 * process of its own. Its manifest is what it says there. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "plugin/entry.h"
#include "plugin/hint.h"
#include "plugin/verbs.h"
#include "install/stage.h"
#include "install/trial.h"
#include "install/unpack.h"

typedef struct installing {
  cli *c;
  const char *source;
  int system, force;
  double timeout_s;
  stage stage;
  bundle bundle;
  cJSON *done; /* {id, version, previous, path, build} of each */
} installing;

/* "key = value" of a manifest. own: owned, free; NULL: not there */
static char *manifest_value(const char *text, const char *key) {
  size_t n = strlen(key);
  for (const char *at = text; at && *at; at = strchr(at, '\n')) {
    at += *at == '\n';
    if (strncmp(at, key, n) == 0 && strncmp(at + n, " = ", 3) == 0)
      return strndup(at + n + 3, strcspn(at + n + 3, "\n"));
  }
  return NULL;
}

/* The id becomes the name of a folder and of files. */
static rn_status *check_id(const char *id) {
  size_t n = strlen(id);
  int fine = n > 0 && n <= 100 && id[0] != '.';
  for (size_t i = 0; fine && i < n; i++)
    fine = (id[i] >= 'a' && id[i] <= 'z') || (id[i] >= 'A' && id[i] <= 'Z') || (id[i] >= '0' && id[i] <= '9') ||
           strchr("._-+", id[i]) != NULL;
  if (fine) return NULL;
  return rn_status_make(RN_INVALID_ARGUMENT, "its id '%.120s' cannot name a folder: letters, digits, . _ - + only", id);
}

static rn_status *refuse(const bundle_item *item, const char *step, const char *reason, const char *said) {
  return rn_status_make(RN_FAILED_PRECONDITION, "%s is refused in step '%s': %s%s%s\nhint: %s\nnothing was installed",
                        item->so, step, reason, said[0] ? "\nsaid: " : "", said, plugin_hint_for(reason)->todo);
}

/* What its manifest knows and its file does not: the ABI and the processor. One that speaks of another build is of no
 * interest: a new one is made. */
static rn_status *check_manifest_beside(const bundle_item *item) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%.*s.manifest", (int)strlen(item->so) - 3, item->so);
  rn_status *s = strlen(item->so) > 3 && access(path, F_OK) == 0 ? rn_plugin_file_check(item->so, path) : NULL;
  const char *cause = s ? plugin_hint_for(rn_status_message(s))->cause : "";
  if (strcmp(cause, "wrong-abi") == 0 || strcmp(cause, "missing-processor-feature") == 0) return s;
  rn_status_free(s);
  return NULL;
}

static rn_status *check_file(const bundle_item *item) {
  rn_status *s = rn_plugin_file_check(item->so, NULL);
  if (!s) s = check_manifest_beside(item);
  if (!s) return NULL;
  rn_status *out = refuse(item, "check", rn_status_message(s), "");
  rn_status_free(s);
  return out;
}

static rn_status *read_old_version(const installing *in, const char *id, char **out) {
  char path[PATH_MAX], text[4096];
  *out = NULL;
  snprintf(path, sizeof path, "%s/%s/%s.manifest", in->stage.folder, id, id);
  FILE *f = fopen(path, "re");
  if (!f) return NULL;
  size_t n = fread(text, 1, sizeof text - 1, f);
  text[n] = '\0';
  fclose(f);
  *out = manifest_value(text, "version");
  return NULL;
}

/* What is at the place already, and may it be replaced? */
static rn_status *check_place(const installing *in, const char *id, const char *version, char **out_previous) {
  int recorded;
  *out_previous = NULL;
  if (!stage_has(&in->stage, id, &recorded)) return NULL;
  if (!recorded && !in->force)
    return rn_status_make(RN_FAILED_PRECONDITION,
                          "%s/%s is there, but was not put there by install; --force replaces it", in->stage.folder,
                          id);
  RN_TRY(read_old_version(in, id, out_previous));
  if (!in->force && *out_previous && strverscmp(version, *out_previous) < 0)
    return rn_status_make(RN_FAILED_PRECONDITION, "'%s' %s is installed, which is newer than %s; --force goes back", id,
                          *out_previous, version);
  return NULL;
}

static rn_status *prepare_known(installing *in, const bundle_item *item, const char *manifest, const char *id,
                                const char *version) {
  char *previous = NULL, path[PATH_MAX];
  rn_plugin_file f = {.struct_size = sizeof f};
  rn_status *s = check_id(id);
  if (!s) s = check_place(in, id, version, &previous);
  if (!s) s = stage_copy(&in->stage, item, id, manifest, in->source);
  if (!s) s = rn_plugin_file_read(item->so, &f);
  if (!s) {
    cJSON *o = cJSON_CreateObject();
    snprintf(path, sizeof path, "%s/%s/%s.so", in->stage.folder, id, id);
    cJSON_AddStringToObject(o, "id", id);
    cJSON_AddStringToObject(o, "version", version);
    if (previous) cJSON_AddStringToObject(o, "previous", previous);
    cJSON_AddStringToObject(o, "path", path);
    cJSON_AddStringToObject(o, "build", f.build);
    cJSON_AddItemToArray(in->done, o);
  }
  free(previous);
  return s;
}

/* Everything short of being seen. */
static rn_status *prepare(installing *in, const bundle_item *item) {
  trial t;
  RN_TRY(check_file(item));
  rn_status *s = trial_hold(in->c, item->so, NULL, in->timeout_s, &t);
  if (!s && t.end != TRIAL_PASSED) s = refuse(item, t.step, t.reason, t.said);
  if (!s) {
    char *id = manifest_value(t.manifest, "id"), *version = manifest_value(t.manifest, "version");
    s = id && version ? prepare_known(in, item, t.manifest, id, version)
                      : rn_status_make(RN_INTERNAL, "%s gives no id", item->so);
    free(id), free(version);
  }
  trial_finish(&t);
  return s;
}

static rn_status *place_all(installing *in) {
  const cJSON *e;
  cJSON_ArrayForEach(e, in->done) RN_TRY(stage_place(&in->stage, plugin_text(e, "id")));
  return NULL;
}

/* For the user that installed them; without a home there is nobody to note it for. Needs the folder unlocked. */
static void note_verified(const installing *in) {
  char when[32];
  const cJSON *e;
  plugin_now(when);
  cJSON_ArrayForEach(e, in->done) if (!in->system)
      rn_status_free(rn_plugin_mark(RN_MARK_VERIFIED, plugin_text(e, "id"), plugin_text(e, "build"), when));
}

static rn_status *find_plugins(installing *in, const char *path) {
  char root[PATH_MAX];
  struct stat st;
  if (stat(path, &st) != 0) return rn_status_make(RN_NOT_FOUND, "there is no %s", path);
  if (S_ISDIR(st.st_mode) || !unpack_is_archive(path)) return bundle_find(path, &in->bundle);
  RN_TRY(stage_hide(&in->stage));
  snprintf(root, sizeof root, "%s/unpacked", in->stage.hidden);
  if (mkdir(root, 0700) != 0) return rn_status_make(RN_PERMISSION_DENIED, "%s cannot be made", root);
  RN_TRY(unpack(path, root));
  return bundle_find(root, &in->bundle);
}

static rn_status *install(installing *in, const char *path, char **names, int count) {
  RN_TRY(stage_open(in->c->runtime, in->system, &in->stage));
  RN_TRY(find_plugins(in, path));
  RN_TRY(bundle_choose(&in->bundle, names, count));
  for (int i = 0; i < in->bundle.count; i++)
    if (in->bundle.items[i].wanted) RN_TRY(prepare(in, &in->bundle.items[i]));
  return place_all(in);
}

/* What the next program will see of it. */
static void look(cJSON *o, const cJSON *all) {
  const char *path = plugin_text(o, "path");
  const cJSON *e, *own = plugin_at(all, path);
  cJSON_AddStringToObject(o, "state", plugin_text(own, "state"));
  cJSON_AddStringToObject(o, "reason", plugin_text(own, "reason"));
  cJSON_AddStringToObject(o, "shadowed_by", plugin_text(own, "winner"));
  cJSON *shadows = cJSON_AddArrayToObject(o, "shadows");
  cJSON_ArrayForEach(e, all) if (strcmp(plugin_text(e, "winner"), path) == 0)
      cJSON_AddItemToArray(shadows, cJSON_CreateString(plugin_text(e, "path")));
}

static void print_done(const cJSON *o) {
  const cJSON *e;
  const char *id = plugin_text(o, "id"), *previous = plugin_text(o, "previous"), *state = plugin_text(o, "state");
  if (cJSON_HasObjectItem(o, "previous"))
    printf("updated %s from %s to %s\n", id, previous, plugin_text(o, "version"));
  else
    printf("installed %s %s\n", id, plugin_text(o, "version"));
  printf("    %s\n", plugin_text(o, "path"));
  cJSON_ArrayForEach(e, cJSON_GetObjectItemCaseSensitive(o, "shadows"))
      printf("    it shadows %s: the first in the order of the search has the id\n", cJSON_GetStringValue(e));
  if (strcmp(state, "shadowed") == 0)
    printf("    it is shadowed by %s, which comes first in the order of the search\n", plugin_text(o, "shadowed_by"));
  else if (state[0] == '\0')
    puts("    its folder is not among those that are searched now");
  else if (strcmp(state, "scanned") != 0)
    printf("    it is %s: %s\n", state, plugin_text(o, "reason"));
}

static int tell(installing *in) {
  rn_runtime *rt = NULL;
  cJSON *o;
  rn_status *s = plugin_look_again(in->c, &rt);
  if (s) return cli_fail(in->c, s);
  cJSON *all = plugin_entries(rt);
  cJSON_ArrayForEach(o, in->done) look(o, all);
  cJSON_Delete(all);
  rn_runtime_destroy(rt);
  cJSON_ArrayForEach(o, in->done) if (!in->c->json) print_done(o);
  return in->c->json ? cli_print_json(cJSON_Duplicate(in->done, 1)) : 0;
}

int plugin_install(cli *c) {
  installing in = {.c = c, .system = cli_flag(c, "system"), .force = cli_flag(c, "force"), .stage.lock = -1};
  if (!plugin_timeout(c, &in.timeout_s)) return 2;
  in.source = cli_positional(c);
  if (!in.source) return cli_usage(c, "install what? A .so file, a folder or an archive (.tar.gz)");
  if (strstr(in.source, "://"))
    return cli_usage(c, "install takes files of this machine and downloads nothing; fetch it first, and look at it");
  char *names[64];
  int count = 0;
  while (count < 64 && (names[count] = (char *)(uintptr_t)cli_positional(c)) != NULL) count++;
  if (!cli_finish(c)) return 2;
  char *path = realpath(in.source, NULL);
  in.done = cJSON_CreateArray();
  rn_status *s = path ? install(&in, path, names, count)
                      : rn_status_make(RN_NOT_FOUND, "%s cannot be opened: %s", in.source, strerror(errno));
  bundle_finish(&in.bundle);
  stage_close(&in.stage);
  if (!s) note_verified(&in);
  int code = s ? cli_fail(c, s) : tell(&in);
  cJSON_Delete(in.done);
  free(path);
  return code;
}
