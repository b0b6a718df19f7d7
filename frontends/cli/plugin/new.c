/* new.c - runnel plugin new: a folder with a complete plugin to start from (frontends/cli/plugin). */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "commands.h"
#include "scaffold/scaffold.h"

typedef struct kind {
  const char *flag, *what, *guide, *use;
} kind;
static const kind kinds[] = {
    {"op", "A plugin for Runnel with the operation @Name@: shapes, gradient and a kernel for the CPU.",
     "Add an operation", "runnel run graph.pbtxt --feed x=-2,0,3 --fetch y:0"},
    {"kernel", "A plugin for Runnel with a kernel for Square that is chosen before the usual one.", "Add a kernel",
     "runnel run graph.pbtxt --feed x=1,2,3,4,5,6 --fetch y:0 --explain"},
    {"optimizer", "A plugin for Runnel with the optimizer @Name@.", "Add an optimizer", "runnel optimizers @Name@"},
    {"device", "A plugin for Runnel with the device type @name@, which any graph runs on.", "Add a device",
     "runnel run graph.pbtxt --device @name@ --feed x=3,4 --fetch y:0"},
    {"pass", "A plugin for Runnel with the pass @Name@, which changes graphs before they are planned.", "Add a pass",
     "runnel run graph.pbtxt --feed x=1,2,3 --fetch y:0 --explain"},
};
#define N_KINDS (sizeof kinds / sizeof kinds[0])

/* Where this command is, and how a shell would call it. */
typedef struct place {
  char command[PATH_MAX], prefix[PATH_MAX];
  int on_path, installed;
} place;

static int is_on_path(const char *self) {
  char *copy = strdup(getenv("PATH") ? getenv("PATH") : ""), *rest = copy, found[PATH_MAX], real[PATH_MAX];
  int same = 0;
  for (char *folder; rest != NULL && (folder = strsep(&rest, ":")) != NULL;) {
    if (snprintf(found, sizeof found, "%s/runnel", folder) >= (int)sizeof found || access(found, X_OK) != 0) continue;
    same = realpath(found, real) != NULL && strcmp(real, self) == 0;
    break; /* the first is what the shell takes */
  }
  free(copy);
  return same;
}

static void find_place(place *p) {
  char header[PATH_MAX + 32];
  ssize_t n = readlink("/proc/self/exe", p->command, sizeof p->command - 1);
  p->command[n > 0 ? n : 0] = '\0';
  p->on_path = is_on_path(p->command);
  memcpy(p->prefix, p->command, sizeof p->prefix);
  for (int up = 0; up < 2; up++) {
    char *slash = strrchr(p->prefix, '/');
    if (slash != NULL) *slash = '\0';
  }
  snprintf(header, sizeof header, "%s/include/runnel/plugin.h", p->prefix);
  p->installed = access(header, R_OK) == 0;
}

static int read_kind(cli *c, const kind **out) {
  *out = NULL;
  for (size_t i = 0; i < N_KINDS; i++) {
    if (!cli_flag(c, kinds[i].flag)) continue;
    if (*out != NULL) return cli_usage(c, "new: one of --op, --kernel, --optimizer, --device and --pass");
    *out = &kinds[i];
  }
  if (*out == NULL) *out = &kinds[0];
  return 0;
}

typedef struct taken {
  const scaffold *s;
  rn_status *status;
} taken;
static void refuse_id(void *arg, const rn_plugin_info *p) {
  taken *t = arg;
  if (t->status != NULL || strcmp(p->id, t->s->name) != 0) return;
  t->status =
      rn_status_make(RN_ALREADY_EXISTS, "there is a plugin '%s' already, %s; give yours another name", p->id, p->path);
}
static void refuse_op(void *arg, const rn_op_info *o) {
  taken *t = arg;
  t->status = rn_status_make(RN_ALREADY_EXISTS,
                             "there is an operation %s already, in plugin '%s'; give yours another name, or write "
                             "another kernel for it: runnel plugin new fast_%s --kernel",
                             o->name, o->plugin, t->s->name);
}

/* A second plugin with an id, or a second operation with a name, would never be seen. */
static rn_status *refuse_taken(cli *c, const scaffold *s) {
  taken t = {s, NULL};
  rn_runtime_plugins(c->runtime, refuse_id, &t);
  if (t.status == NULL && strcmp(s->kind, "op") == 0)
    rn_status_free(rn_runtime_op(c->runtime, s->camel, refuse_op, &t)); /* not found: as it should be */
  return t.status;
}

static void print_file(void *arg, const char *name, const char *text) {
  (void)text;
  printf("  %s/%s\n", (const char *)arg, name);
}
static void add_file(void *arg, const char *name, const char *text) {
  (void)text;
  cJSON_AddItemToArray(arg, cJSON_CreateString(name));
}

#define N_STEPS 6
/* What to type next, each as it works from the shell that called. own: owned, free each */
static void next_steps(const scaffold *s, const place *p, const char *folder, char *step[N_STEPS]) {
  const char *runnel = p->on_path ? "runnel" : p->command, *hint = p->on_path ? "" : " -DCMAKE_PREFIX_PATH=";
  const char *use = s->use + strlen("runnel");
  char text[N_STEPS][3 * PATH_MAX];
  snprintf(text[0], sizeof text[0], "cd %s", folder);
  snprintf(text[1], sizeof text[1], "cmake -B build%s%s && cmake --build build", hint, p->on_path ? "" : p->prefix);
  snprintf(text[2], sizeof text[2], "%s plugin check build/@name@.so", runnel);
  snprintf(text[3], sizeof text[3], "ctest --test-dir build --output-on-failure");
  snprintf(text[4], sizeof text[4], "%s plugin install build/@name@.so", runnel);
  snprintf(text[5], sizeof text[5], "%s%s", runnel, use);
  for (int i = 0; i < N_STEPS; i++) step[i] = scaffold_expand(s, text[i]);
}

static int tell(const cli *c, const scaffold *s, const char *folder) {
  place p;
  char *step[N_STEPS];
  find_place(&p);
  next_steps(s, &p, folder, step);
  cJSON *o = c->json ? cJSON_CreateObject() : NULL;
  if (o != NULL) {
    cJSON_AddStringToObject(o, "plugin", s->name);
    cJSON_AddStringToObject(o, "kind", s->kind);
    cJSON_AddStringToObject(o, "folder", folder);
    scaffold_each(s, add_file, cJSON_AddArrayToObject(o, "files"));
    cJSON *next = cJSON_AddArrayToObject(o, "next");
    for (int i = 0; i < N_STEPS; i++) cJSON_AddItemToArray(next, cJSON_CreateString(step[i] ? step[i] : ""));
  } else {
    char *what = scaffold_expand(s, s->what);
    printf("%s\n\n", what ? what : s->name);
    free(what);
    scaffold_each(s, print_file, (void *)(size_t)folder);
    puts("\nnext:");
    for (int i = 0; i < N_STEPS; i++) printf("  %s\n", step[i] ? step[i] : "");
    if (!p.installed)
      printf("\nThis runnel is not installed and CMake looks for an installed one: cmake --install BUILD --prefix P\n");
  }
  for (int i = 0; i < N_STEPS; i++) free(step[i]);
  return o != NULL ? cli_print_json(o) : 0;
}

int command_plugin_new(cli *c) {
  const kind *k;
  scaffold s;
  memset(&s, 0, sizeof s);
  int code = read_kind(c, &k);
  const char *in = cli_option(c, "folder"), *given = cli_positional(c);
  if (code != 0) return code;
  if (given == NULL) return cli_usage(c, "new: which name?");
  if (!cli_finish(c)) return 2;
  s.kind = k->flag;
  s.what = k->what;
  s.use = k->use;
  s.guide = k->guide;
  char folder[PATH_MAX];
  rn_status *e = scaffold_name(&s, given);
  if (e == NULL) e = refuse_taken(c, &s);
  if (e == NULL && snprintf(folder, sizeof folder, "%s%s%s", in ? in : "", in ? "/" : "", given) >= (int)sizeof folder)
    e = rn_status_make(RN_INVALID_ARGUMENT, "--folder: the name is too long");
  if (e == NULL) e = scaffold_write(&s, folder);
  return e != NULL ? cli_fail(c, e) : tell(c, &s, folder);
}
