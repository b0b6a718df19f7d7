/* load.c - a runtime in which the checked file has its id (frontends/conform).
 *
 * Where an installed plugin has the id already, the file's own folder is searched first. The runtime validates
 * (run.validate), but not where times are taken; what the validation layer says is kept for the case. */
#include <libgen.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "kit.h"

static char noted[1000];
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static void note(void *arg, int level, const char *message) {
  (void)arg, (void)level;
  if (strncmp(message, "validation: ", 12) != 0) return;
  pthread_mutex_lock(&guard);
  if (noted[0] == '\0') snprintf(noted, sizeof noted, "%s", message + 12);
  pthread_mutex_unlock(&guard);
}
int load_noted(char *out, size_t room) {
  pthread_mutex_lock(&guard);
  int there = noted[0] != '\0';
  snprintf(out, room, "%s", noted);
  noted[0] = '\0';
  pthread_mutex_unlock(&guard);
  return there;
}

typedef struct search {
  struct stat file;
  char id[128];
  int in_force, shadowed;
} search;

static void look(void *arg, const rn_plugin_info *p) {
  search *s = arg;
  struct stat st;
  if (stat(p->path, &st) != 0 || st.st_ino != s->file.st_ino || st.st_dev != s->file.st_dev) return;
  s->shadowed |= strcmp(p->state, "shadowed") == 0;
  if (s->shadowed) return;
  snprintf(s->id, sizeof s->id, "%s", p->id);
  s->in_force = strcmp(p->state, "loaded") == 0;
}

static rn_status *create(const conform_options *o, const char *const *more, uint32_t n_more, const char *path,
                         rn_runtime **out) {
  enum { MOST = 80 };
  const char *settings[MOST];
  rn_runtime_options r;
  memset(&r, 0, sizeof r);
  r.struct_size = (uint32_t)sizeof r;
  r.settings = settings;
  r.log = note;
  if (!o->bench) settings[r.n_settings++] = "run.validate=true";
  for (uint32_t i = 0; i < o->n_settings && r.n_settings < MOST; i++) settings[r.n_settings++] = o->settings[i];
  for (uint32_t i = 0; i < n_more && r.n_settings < MOST; i++) settings[r.n_settings++] = more[i];
  r.plugin_path = path;
  return rn_runtime_create(&r, out);
}

/* "FOLDER-OF-FILE:/a/b:..." */
static char *own_folder_first(rn_runtime *rt, const char *file) {
  const char *const *folders;
  uint32_t n = rn_runtime_plugin_folders(rt, &folders);
  size_t room = strlen(file) + 2;
  for (uint32_t i = 0; i < n; i++) room += strlen(folders[i]) + 1;
  char *copy = strdup(file), *path = calloc(1, room);
  if (copy != NULL && path != NULL) {
    strcpy(path, dirname(copy));
    for (uint32_t i = 0; i < n; i++) {
      const char *note = strstr(folders[i], " (");
      strcat(path, ":");
      strncat(path, folders[i], note != NULL ? (size_t)(note - folders[i]) : strlen(folders[i]));
    }
  }
  free(copy);
  return path;
}

static rn_status *load_first(const conform_options *o, const char *const *more, uint32_t n_more, rn_runtime **rt) {
  enum { MOST = 16 };
  const char *with[MOST] = {"plugins.allow_insecure=true"};
  uint32_t n = 1;
  for (uint32_t i = 0; i < n_more && n < MOST; i++) with[n++] = more[i];
  char *path = own_folder_first(*rt, o->file);
  rn_runtime_destroy(*rt);
  *rt = NULL;
  if (path == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for the plugin path");
  rn_status *s = create(o, with, n, path, rt);
  free(path);
  return s != NULL ? s : rn_runtime_load(*rt, o->file);
}

rn_status *load_plugin(const conform_options *o, const char *const *more, uint32_t n_more, rn_runtime **out, char *id,
                       size_t room) {
  search s;
  memset(&s, 0, sizeof s);
  *out = NULL;
  if (stat(o->file, &s.file) != 0) return rn_status_make(RN_NOT_FOUND, "no file %s", o->file);
  RN_TRY(create(o, more, n_more, NULL, out));
  rn_status *failed = rn_runtime_load(*out, o->file);
  rn_runtime_plugins(*out, look, &s);
  if (s.shadowed) {
    s.shadowed = 0;
    rn_status_free(failed);
    failed = load_first(o, more, n_more, out);
    if (*out != NULL) rn_runtime_plugins(*out, look, &s);
  }
  if (failed == NULL && !s.in_force) failed = rn_status_make(RN_INTERNAL, "%s was loaded and is not in force", o->file);
  if (failed != NULL) {
    rn_runtime_destroy(*out);
    *out = NULL;
    return failed;
  }
  snprintf(id, room, "%s", s.id);
  return NULL;
}
