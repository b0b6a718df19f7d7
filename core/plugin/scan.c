/* plugin/scan.c - which folders hold plugins, and which files in them (core/plugin).
 *
 * Runs no plugin code, but for a file without manifest. The current folder is never searched, and
 * the environment is not asked in set-uid programs. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/text.h"
#include "plugin/catalog.h"

static rn_status *insecure(const char *path, const char *why) {
  return rn_status_make(RN_PERMISSION_DENIED, "%s %s; repair that or set plugins.allow_insecure = true", path, why);
}

rn_status *rn_owner_check(const rn_config *c, const char *path, const struct stat *st) {
  if (rn_config_get_int(c, "plugins", "allow_insecure", 0) != 0) return NULL;
  if (st->st_uid != 0 && st->st_uid != geteuid()) return insecure(path, "belongs to another user");
  if (st->st_mode & S_IWOTH) return insecure(path, "can be written by everyone");
  if ((st->st_mode & S_IWGRP) && st->st_gid != getegid() && st->st_gid != 0)
    return insecure(path, "can be written by another group");
  return NULL;
}

rn_status *rn_folder_check(const rn_config *c, const char *path) {
  struct stat st;
  if (path[0] != '/') return rn_status_make(RN_PERMISSION_DENIED, "%s is not an absolute path", path);
  if (stat(path, &st) != 0)
    return rn_status_make(errno == ENOENT ? RN_NOT_FOUND : RN_PERMISSION_DENIED, "%s: %s", path, strerror(errno));
  if (!S_ISDIR(st.st_mode)) return rn_status_make(RN_INVALID_ARGUMENT, "%s is not a folder", path);
  return rn_owner_check(c, path, &st);
}

static int is_file_name(const char *name) {
  size_t n = strlen(name);
  return n > 3 && strcmp(name + n - 3, ".so") == 0;
}

/* NAME.so, or NAME/ which may hold NAME/NAME.so. */
static int may_be_plugin(const struct dirent *d) {
  if (d->d_name[0] == '.') return 0;
  return is_file_name(d->d_name) || d->d_type == DT_DIR || d->d_type == DT_LNK || d->d_type == DT_UNKNOWN;
}

/* Folders come first: of a plugin that is there twice, the one that was installed as a whole. */
static int folders_first(const struct dirent **a, const struct dirent **b) {
  int x = is_file_name((*a)->d_name), y = is_file_name((*b)->d_name);
  return x != y ? x - y : strcmp((*a)->d_name, (*b)->d_name);
}

static rn_status *scan_entry(rn_runtime *rt, const rn_plugin_place *place, const char *name) {
  rn_text path;
  rn_plugin *p;
  rn_text_init(&path);
  rn_text_printf(&path, "%s/%s", place->path, name);
  int file = is_file_name(name);
  if (!file) rn_text_printf(&path, "/%s.so", name);
  rn_status *s = path.failed ? rn_catalog_no_memory() : NULL;
  if (s == NULL && (file || access(path.data, F_OK) == 0)) s = rn_catalog_add_file(rt, path.data, place, &p);
  rn_text_finish(&path);
  return s;
}

static rn_status *scan_folder(rn_runtime *rt, const rn_plugin_place *place) {
  struct dirent **names = NULL;
  rn_status *s = NULL;
  int n = scandir(place->path, &names, may_be_plugin, folders_first);
  for (int i = 0; i < n; i++) {
    if (s == NULL) s = scan_entry(rt, place, names[i]->d_name);
    free(names[i]);
  }
  free(names);
  return s;
}

static rn_status *remember(rn_runtime *rt, const char *folder, const char *source, const char *note) {
  rn_text t;
  rn_text_init(&t);
  rn_text_printf(&t, "%s (%s%s%s)", folder, source, note[0] != '\0' ? ": " : "", note);
  const char *kept = t.failed ? NULL : rn_arena_text(&rt->arena, t.data, t.length);
  rn_text_finish(&t);
  rn_plugin_place p = {rn_arena_text(&rt->arena, folder, strlen(folder)), source,
                       rn_arena_text(&rt->arena, note, strlen(note))};
  if (kept == NULL || p.path == NULL || p.note == NULL ||
      !rn_catalog_reserve(&rt->folders, rt->n_folders, &rt->cap_folders, sizeof *rt->folders) ||
      !rn_catalog_reserve(&rt->places, rt->n_folders, &rt->cap_places, sizeof *rt->places))
    return rn_catalog_no_memory();
  rt->folders[rt->n_folders] = kept;
  rt->places[rt->n_folders++] = p;
  return NULL;
}

static int searched(const rn_runtime *rt, const char *folder) {
  for (uint32_t i = 0; i < rt->n_folders; i++)
    if (strcmp(rt->places[i].path, folder) == 0) return 1;
  return 0;
}

static rn_status *add_folder(rn_runtime *rt, const char *folder, const char *source) {
  if (searched(rt, folder)) return NULL;
  rn_status *why = rn_folder_check(rt->config, folder);
  if (why == NULL) {
    RN_TRY(remember(rt, folder, source, ""));
    return scan_folder(rt, &(rn_plugin_place){folder, source, ""});
  }
  int absent = rn_status_code(why) == RN_NOT_FOUND;
  if (!absent) rn_log_write(&rt->log, RN_LOG_WARNING, "plugin folder left out: %s", rn_status_message(why));
  rn_status *s = remember(rt, folder, source, absent ? "does not exist" : rn_status_message(why));
  rn_status_free(why);
  return s;
}

static rn_status *add_list(rn_runtime *rt, const char *list, const char *source) {
  rn_status *s = NULL;
  while (s == NULL && list != NULL && *list != '\0') {
    size_t n = strcspn(list, ":"), kept = n;
    while (kept > 1 && list[kept - 1] == '/') kept--;
    char *folder = rn_arena_text(&rt->arena, list, kept);
    if (folder == NULL) return rn_catalog_no_memory();
    if (kept > 0) s = add_folder(rt, folder, source);
    list += n + (list[n] == ':');
  }
  return s;
}

rn_status *rn_plugin_folder(int system, char *out, size_t size_bytes) {
  Dl_info info;
  static const char here = 0;
  const char *data = secure_getenv("XDG_DATA_HOME"), *home = secure_getenv("HOME");
  int n = -1;
  if (system && dladdr(&here, &info) != 0 && info.dli_fname != NULL) {
    char *real = realpath(info.dli_fname, NULL), *slash = real != NULL ? strrchr(real, '/') : NULL;
    if (slash != NULL) n = snprintf(out, size_bytes, "%.*s/runnel/plugins", (int)(slash - real), real);
    free(real);
  } else if (!system && data != NULL && data[0] == '/') {
    n = snprintf(out, size_bytes, "%s/runnel/plugins", data);
  } else if (!system && home != NULL && home[0] == '/') {
    n = snprintf(out, size_bytes, "%s/.local/share/runnel/plugins", home);
  }
  if (n > 0 && (size_t)n < size_bytes) return NULL;
  return rn_status_make(RN_FAILED_PRECONDITION, system ? "it is not known where librunnel is"
                                                       : "neither XDG_DATA_HOME nor HOME is an absolute path");
}

rn_status *rn_plugin_folder_check(rn_runtime *rt, const char *path) { return rn_folder_check(rt->config, path); }

static rn_status *add_known(rn_runtime *rt, int system) {
  char folder[PATH_MAX];
  rn_status *none = rn_plugin_folder(system, folder, sizeof folder);
  if (none == NULL) return add_folder(rt, folder, system ? "installed" : "user");
  rn_status_free(none); /* a user without a home has no plugins of their own */
  return NULL;
}

/* The user's marks, if nobody else could have written them. */
static rn_status *read_marks(rn_runtime *rt) {
  char path[PATH_MAX + 16];
  rn_status *s = rn_plugin_folder(0, path, PATH_MAX);
  if (s == NULL) s = rn_folder_check(rt->config, path);
  if (s == NULL) s = rn_marks_read(&rt->arena, strcat(path, "/plugins.state"), &rt->marks);
  int32_t code = rn_status_code(s);
  if (code == RN_RESOURCE_EXHAUSTED) return s;
  if (code == RN_INVALID_ARGUMENT) rn_log_write(&rt->log, RN_LOG_WARNING, "%s", rn_status_message(s));
  rn_status_free(s);
  return NULL;
}

rn_status *rn_catalog_scan(rn_runtime *rt, const char *override) {
  if (override != NULL) return add_list(rt, override, "plugin_path");
  RN_TRY(read_marks(rt));
  RN_TRY(add_list(rt, secure_getenv("RUNNEL_PLUGIN_PATH"), "RUNNEL_PLUGIN_PATH"));
  RN_TRY(add_list(rt, rn_config_get(rt->config, "plugins", "path"), "plugins.path"));
  RN_TRY(add_known(rt, 0));
  return add_known(rt, 1);
}
