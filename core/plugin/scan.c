/* plugin/scan.c - which folders hold plugins, and which files in them (core/plugin).
 *
 * Runs no plugin code, but for a file without manifest. The current folder is never searched, and
 * the environment is not asked in set-uid programs. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
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

static int is_plugin_file(const struct dirent *d) {
  size_t n = strlen(d->d_name);
  return n > 3 && strcmp(d->d_name + n - 3, ".so") == 0 && d->d_name[0] != '.';
}

static rn_status *scan_file(rn_runtime *rt, const char *folder, const char *name) {
  rn_text path;
  rn_plugin *p;
  rn_text_init(&path);
  rn_text_printf(&path, "%s/%s", folder, name);
  rn_status *s = path.failed ? rn_catalog_no_memory() : rn_catalog_add_file(rt, path.data, folder, &p);
  rn_text_finish(&path);
  return s;
}

static rn_status *scan_folder(rn_runtime *rt, const char *folder) {
  struct dirent **names = NULL;
  rn_status *s = NULL;
  int n = scandir(folder, &names, is_plugin_file, alphasort);
  for (int i = 0; i < n; i++) {
    if (s == NULL) s = scan_file(rt, folder, names[i]->d_name);
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
  if (kept == NULL || !rn_catalog_reserve(&rt->folders, rt->n_folders, &rt->cap_folders, sizeof *rt->folders))
    return rn_catalog_no_memory();
  rt->folders[rt->n_folders++] = kept;
  return NULL;
}

static int searched(const rn_runtime *rt, const char *folder) {
  size_t n = strlen(folder);
  for (uint32_t i = 0; i < rt->n_folders; i++) {
    if (strncmp(rt->folders[i], folder, n) == 0 && rt->folders[i][n] == ' ') return 1;
  }
  return 0;
}

static rn_status *add_folder(rn_runtime *rt, const char *folder, const char *source) {
  if (searched(rt, folder)) return NULL;
  rn_status *why = rn_folder_check(rt->config, folder);
  if (why == NULL) {
    RN_TRY(remember(rt, folder, source, ""));
    return scan_folder(rt, folder);
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

static rn_status *add_below(rn_runtime *rt, const char *base, size_t length, const char *below, const char *source) {
  rn_text t;
  rn_text_init(&t);
  rn_text_add_bytes(&t, base, length);
  rn_text_add(&t, below);
  rn_status *s = t.failed ? rn_catalog_no_memory() : add_folder(rt, t.data, source);
  rn_text_finish(&t);
  return s;
}

static rn_status *add_user(rn_runtime *rt) {
  const char *data = secure_getenv("XDG_DATA_HOME"), *home = secure_getenv("HOME");
  if (data != NULL && data[0] == '/') return add_below(rt, data, strlen(data), "/runnel/plugins", "user");
  return home != NULL && home[0] == '/' ? add_below(rt, home, strlen(home), "/.local/share/runnel/plugins", "user")
                                        : NULL;
}

/* Beside the library (or the program) that this code is in. */
static rn_status *add_installed(rn_runtime *rt) {
  Dl_info info;
  static const char here = 0;
  if (dladdr(&here, &info) == 0 || info.dli_fname == NULL) return NULL;
  char *real = realpath(info.dli_fname, NULL);
  const char *slash = real != NULL ? strrchr(real, '/') : NULL;
  rn_status *s = slash != NULL ? add_below(rt, real, (size_t)(slash - real), "/runnel/plugins", "installed") : NULL;
  free(real);
  return s;
}

rn_status *rn_catalog_scan(rn_runtime *rt, const char *override) {
  if (override != NULL) return add_list(rt, override, "plugin_path");
  RN_TRY(add_list(rt, secure_getenv("RUNNEL_PLUGIN_PATH"), "RUNNEL_PLUGIN_PATH"));
  RN_TRY(add_list(rt, rn_config_get(rt->config, "plugins", "path"), "plugins.path"));
  RN_TRY(add_user(rt));
  return add_installed(rt);
}
