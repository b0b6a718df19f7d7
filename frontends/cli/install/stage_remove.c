/* stage_remove.c - takes out what a record names, and nothing else (frontends/cli/install).
 * The plugin's own file goes first: from then on nobody finds it, however much of the rest is still there. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "install/stage.h"

#define MOST_RECORD (4 << 20)

/* A name in a record leads nowhere else, whoever wrote it. */
static int is_inside(const char *name) {
  if (name[0] == '\0' || name[0] == '/') return 0;
  for (const char *at = name; at; at = strchr(at, '/')) {
    at += *at == '/';
    if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == '\0')) return 0;
  }
  return 1;
}

static cJSON *read_record(const char *path) {
  cJSON *files = cJSON_CreateArray();
  char *line = NULL;
  size_t room = 0, total = 0;
  ssize_t n;
  int at = 0;
  FILE *f = fopen(path, "re");
  while (f && (n = getline(&line, &room, f)) > 0 && (total += (size_t)n) < MOST_RECORD) {
    line[strcspn(line, "\n")] = '\0';
    if (at++ >= 2 && is_inside(line)) cJSON_AddItemToArray(files, cJSON_CreateString(line));
  }
  if (f) fclose(f);
  free(line);
  return files;
}

cJSON *stage_files(const char *so_path) {
  char path[PATH_MAX];
  const char *slash = strrchr(so_path, '/');
  int n = slash ? (int)(slash - so_path) : 0;
  if (snprintf(path, sizeof path, "%.*s/" STAGE_RECORD, n, so_path) >= (int)sizeof path) return cJSON_CreateArray();
  return read_record(path);
}

static void remove_listed(const char *folder, const cJSON *files) {
  char path[PATH_MAX];
  /* From the last: what is in a folder stands behind it. */
  for (int i = cJSON_GetArraySize(files) - 1; i >= 0; i--) {
    const char *name = cJSON_GetStringValue(cJSON_GetArrayItem(files, i));
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) continue;
    if (unlink(path) != 0 && errno == EISDIR) (void)rmdir(path);
  }
}

rn_status *stage_remove(stage *s, const char *id, char *out_left, size_t size_bytes) {
  char folder[PATH_MAX], record[PATH_MAX], so[PATH_MAX];
  out_left[0] = '\0';
  if (snprintf(folder, sizeof folder, "%s/%s", s->folder, id) >= (int)sizeof folder ||
      snprintf(record, sizeof record, "%s/" STAGE_RECORD, folder) >= (int)sizeof record ||
      snprintf(so, sizeof so, "%s/%s.so", folder, id) >= (int)sizeof so)
    return rn_status_make(RN_INVALID_ARGUMENT, "'%s' is too long a name", id);
  if (unlink(so) != 0 && errno != ENOENT)
    return rn_status_make(RN_PERMISSION_DENIED, "%s cannot be removed: %s", so, strerror(errno));
  (void)tree_sync_folder(folder);
  cJSON *files = read_record(record);
  remove_listed(folder, files);
  cJSON_Delete(files);
  (void)unlink(record);
  if (rmdir(folder) != 0) snprintf(out_left, size_bytes, "%s", folder);
  return tree_sync_folder(s->folder);
}
