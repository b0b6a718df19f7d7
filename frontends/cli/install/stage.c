/* stage.c - puts plugins into a plugin folder and takes them out, in one step each (frontends/cli/install). */
#include "install/stage.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define HIDDEN ".install-"

static rn_status *denied(const stage *s, const char *path, int system) {
  return rn_status_make(
      RN_PERMISSION_DENIED, "%s cannot be written: %s; %s", path[0] ? path : s->folder, strerror(errno),
      system ? "--system needs the rights to write there (sudo); without it the plugin is for you alone"
             : "look at the folder's owner and rights");
}

static rn_status *too_long(const char *path) {
  return rn_status_make(RN_INVALID_ARGUMENT, "%s is too long a path", path);
}

static rn_status *make_folders(const stage *s, int system) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s", s->folder);
  for (char *c = path + 1;; c++) {
    if (*c != '/' && *c != '\0') continue;
    char kept = *c;
    *c = '\0';
    if (mkdir(path, 0755) != 0 && errno != EEXIST && errno != EROFS) return denied(s, path, system);
    *c = kept;
    if (kept == '\0') return NULL;
  }
}

static int join(char *out, size_t size_bytes, const char *folder, const char *name) {
  int n = snprintf(out, size_bytes, "%s/%s", folder, name);
  return n > 0 && (size_t)n < size_bytes;
}

/* An update that was cut short where folders cannot change places: the old plugin goes back to its place. */
static void put_back(const stage *s, const char *hidden) {
  char old[PATH_MAX], from[PATH_MAX], to[PATH_MAX];
  if (!join(old, sizeof old, hidden, "old")) return;
  DIR *d = opendir(old);
  struct dirent *e;
  while (d && (e = readdir(d)) != NULL) {
    if (e->d_name[0] == '.' || !join(from, sizeof from, old, e->d_name) || !join(to, sizeof to, s->folder, e->d_name))
      continue;
    if (access(to, F_OK) != 0) (void)rename(from, to);
  }
  if (d) closedir(d);
}

/* A removal that was cut short: a record without its plugin. */
static void finish_removal(stage *s, const char *name) {
  char path[PATH_MAX], left[256];
  int recorded;
  if (!stage_has(s, name, &recorded) || !recorded) return;
  if (snprintf(path, sizeof path, "%s/%s/%s.so", s->folder, name, name) >= (int)sizeof path || access(path, F_OK) == 0)
    return;
  rn_status_free(stage_remove(s, name, left, sizeof left));
}

/* Nobody else works here: we hold the lock. */
static void clear_leftovers(stage *s) {
  DIR *d = opendir(s->folder);
  for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
    char path[PATH_MAX];
    if (!join(path, sizeof path, s->folder, e->d_name)) continue;
    if (strncmp(e->d_name, HIDDEN, strlen(HIDDEN)) == 0) {
      put_back(s, path);
      tree_remove(path, 0);
    } else if (strncmp(e->d_name, ".plugins.state.", 15) == 0) {
      unlink(path); /* marks that were never finished: they are written under the same lock */
    } else if (e->d_name[0] != '.') {
      finish_removal(s, e->d_name);
    }
  }
  if (d) closedir(d);
}

rn_status *stage_open(rn_runtime *rt, int system, stage *out) {
  memset(out, 0, sizeof *out);
  out->lock = -1;
  RN_TRY(rn_plugin_folder(system, out->folder, sizeof out->folder));
  RN_TRY(make_folders(out, system));
  RN_TRY(rn_plugin_folder_check(rt, out->folder));
  if (access(out->folder, W_OK) != 0) return denied(out, "", system);
  out->lock = open(out->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (out->lock < 0) return denied(out, "", system);
  while (flock(out->lock, LOCK_EX) != 0)
    if (errno != EINTR) return denied(out, "", system);
  clear_leftovers(out);
  return NULL;
}

rn_status *stage_hide(stage *s) {
  char path[sizeof s->hidden];
  if (s->hidden[0]) return NULL;
  snprintf(path, sizeof path, "%s/" HIDDEN "XXXXXX", s->folder);
  if (!mkdtemp(path)) return denied(s, "", 0);
  memcpy(s->hidden, path, sizeof path);
  return NULL;
}

int stage_has(const stage *s, const char *id, int *out_recorded) {
  char path[PATH_MAX];
  *out_recorded = 0;
  if (!join(path, sizeof path, s->folder, id) || access(path, F_OK) != 0) return 0;
  if (snprintf(path, sizeof path, "%s/%s/" STAGE_RECORD, s->folder, id) < (int)sizeof path)
    *out_recorded = access(path, F_OK) == 0;
  return 1;
}

static rn_status *write_record(const char *folder, const char *source, const cJSON *files) {
  char path[PATH_MAX], *text = NULL, *longer;
  const cJSON *e;
  if (asprintf(&text, "runnel-install 1\nfrom %.*s\n", (int)strcspn(source, "\n"), source) < 0) text = NULL;
  cJSON_ArrayForEach(e, files) {
    if (!text || asprintf(&longer, "%s%s\n", text, cJSON_GetStringValue(e)) < 0) longer = NULL;
    free(text);
    text = longer;
  }
  if (!text) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for a record");
  rn_status *s = join(path, sizeof path, folder, STAGE_RECORD) ? tree_write(path, text) : too_long(folder);
  free(text);
  return s;
}

static rn_status *fill(const char *folder, const bundle_item *item, const char *id, const char *manifest,
                       const char *source, cJSON *files) {
  char so[PATH_MAX], beside[PATH_MAX], name[NAME_MAX + 16];
  if (snprintf(so, sizeof so, "%s/%s.so", folder, id) >= (int)sizeof so ||
      snprintf(beside, sizeof beside, "%s/%s.manifest", folder, id) >= (int)sizeof beside)
    return too_long(folder);
  RN_TRY(tree_copy_file(item->so, so));
  RN_TRY(tree_write(beside, manifest));
  snprintf(name, sizeof name, "%s.so", id);
  cJSON_AddItemToArray(files, cJSON_CreateString(name));
  snprintf(name, sizeof name, "%s.manifest", id);
  cJSON_AddItemToArray(files, cJSON_CreateString(name));
  if (item->folder[0]) RN_TRY(tree_copy(&(tree_copying){files, item->name}, item->folder, folder, ""));
  RN_TRY(write_record(folder, source, files));
  RN_TRY(tree_sync_folder(folder));
  /* What was copied is what was tried: the file may have been changed meanwhile. */
  return rn_plugin_file_check(so, beside);
}

rn_status *stage_copy(stage *s, const bundle_item *item, const char *id, const char *manifest, const char *source) {
  char folder[PATH_MAX];
  RN_TRY(stage_hide(s));
  if (!join(folder, sizeof folder, s->hidden, id) || mkdir(folder, 0755) != 0 || chmod(folder, 0755) != 0)
    return denied(s, s->hidden, 0);
  cJSON *files = cJSON_CreateArray();
  rn_status *e = fill(folder, item, id, manifest, source, files);
  cJSON_Delete(files);
  return e;
}

/* Where a file system cannot let two folders change places: the old one goes first, and comes back if the rest fails.
 */
static int replace_by_two(const stage *s, const char *from, const char *to, const char *id) {
  char old[PATH_MAX], away[PATH_MAX];
  if (!join(old, sizeof old, s->hidden, "old") || !join(away, sizeof away, old, id)) return 0;
  if (mkdir(old, 0700) != 0 || rename(to, away) != 0) return 0;
  if (rename(from, to) == 0) {
    tree_remove(old, 0);
    return 1;
  }
  (void)rename(away, to);
  return 0;
}

rn_status *stage_place(stage *s, const char *id) {
  char from[PATH_MAX], to[PATH_MAX];
  if (!join(from, sizeof from, s->hidden, id) || !join(to, sizeof to, s->folder, id)) return too_long(id);
  int done =
      access(to, F_OK) != 0 ? rename(from, to) == 0 : renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE) == 0;
  if (!done && (errno == EINVAL || errno == ENOSYS)) done = replace_by_two(s, from, to, id);
  if (!done) return denied(s, to, 0);
  return tree_sync_folder(s->folder);
}

void stage_close(stage *s) {
  if (s->hidden[0]) tree_remove(s->hidden, 0);
  if (s->lock >= 0) close(s->lock);
}
