/* event_find.c - which event files a folder holds (viz). */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <runnel/events.h>

typedef rn_status *(*found_fn)(void *arg, const char *path, const char *run);

/* "events.out.tfevents.SECONDS.HOST": by name they are in the order in which they were begun. */
static int is_event_file(const struct dirent *d) { return strstr(d->d_name, ".tfevents.") != NULL; }
static int is_shown(const struct dirent *d) { return d->d_name[0] != '.'; }

static char *join(const char *folder, const char *name) {
  size_t n = strlen(folder) + strlen(name) + 2;
  char *path = malloc(n);
  if (path != NULL) snprintf(path, n, "%s/%s", folder, name);
  return path;
}

static rn_status *no_memory(void) { return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory to look for event files"); }

static rn_status *visit_file(const char *folder, const char *name, const char *run, found_fn visit, void *arg,
                             uint32_t *found) {
  struct stat st;
  char *path = join(folder, name);
  if (path == NULL) return no_memory();
  rn_status *s = NULL;
  if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
    ++*found;
    s = visit(arg, path, run);
  }
  free(path);
  return s;
}

static rn_status *visit_folder(const char *folder, const char *run, found_fn visit, void *arg, uint32_t *found) {
  struct dirent **names = NULL;
  rn_status *s = NULL;
  int n = scandir(folder, &names, is_event_file, alphasort);
  for (int i = 0; i < n; i++) {
    if (s == NULL) s = visit_file(folder, names[i]->d_name, run, visit, arg, found);
    free(names[i]);
  }
  free(names);
  return s;
}

static rn_status *visit_runs(const char *folder, found_fn visit, void *arg, uint32_t *found) {
  struct dirent **names = NULL;
  rn_status *s = NULL;
  int n = scandir(folder, &names, is_shown, alphasort);
  for (int i = 0; i < n; i++) {
    char *path = s == NULL ? join(folder, names[i]->d_name) : NULL;
    if (s == NULL && path == NULL) s = no_memory();
    if (s == NULL) s = visit_folder(path, names[i]->d_name, visit, arg, found);
    free(path);
    free(names[i]);
  }
  free(names);
  return s;
}

rn_status *rn_event_files_find(const char *folder, found_fn visit, void *arg) {
  struct stat st;
  uint32_t found = 0;
  if (stat(folder, &st) != 0)
    return rn_status_make(errno == EACCES ? RN_PERMISSION_DENIED : RN_NOT_FOUND, "'%s': %s", folder, strerror(errno));
  if (!S_ISDIR(st.st_mode)) return rn_status_make(RN_INVALID_ARGUMENT, "'%s' is not a folder", folder);
  RN_TRY(visit_folder(folder, ".", visit, arg, &found));
  if (found == 0) RN_TRY(visit_runs(folder, visit, arg, &found));
  if (found != 0) return NULL;
  return rn_status_make(RN_NOT_FOUND, "no event file in '%s', nor in its folders", folder);
}
