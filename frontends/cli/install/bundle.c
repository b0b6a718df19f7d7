/* bundle.c - which plugins a file or a folder holds (frontends/cli/install).
 * A plugin is a shared object that exports rn_plugin_entry; libraries that it brings along are not. */
#include "install/bundle.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MOST_DEPTH 4
#define MOST_PLUGINS 1000

static int ends_in_so(const char *name) {
  size_t n = strlen(name);
  return n > 3 && strcmp(name + n - 3, ".so") == 0;
}

/* NAME/NAME.so: the folder belongs to the plugin. */
static void find_folder(bundle_item *it) {
  const char *file = strrchr(it->so, '/');
  size_t n = (size_t)(file - it->so), name = strlen(it->name);
  snprintf(it->folder, sizeof it->folder, "%.*s", (int)n, it->so);
  const char *own = strrchr(it->folder, '/');
  if (!own || strcmp(own + 1, it->name) != 0 || name == 0) it->folder[0] = '\0';
}

static rn_status *add(bundle *b, const char *path) {
  rn_plugin_file f = {.struct_size = sizeof f};
  rn_status *s = rn_plugin_file_read(path, &f);
  if (s || !f.has_entry) {
    if (!s && !b->trouble) s = rn_plugin_file_check(path, NULL);
    if (b->trouble)
      rn_status_free(s);
    else
      b->trouble = s;
    return NULL;
  }
  bundle_item *grown = b->count < MOST_PLUGINS ? realloc(b->items, (size_t)(b->count + 1) * sizeof *grown) : NULL;
  if (!grown) return rn_status_make(RN_RESOURCE_EXHAUSTED, "too many plugins in one place");
  b->items = grown;
  bundle_item *it = &grown[b->count++];
  const char *file = strrchr(path, '/') + 1;
  memset(it, 0, sizeof *it);
  snprintf(it->so, sizeof it->so, "%s", path);
  snprintf(it->name, sizeof it->name, "%.*s", (int)strlen(file) - (ends_in_so(file) ? 3 : 0), file);
  return NULL;
}

static rn_status *walk(bundle *b, const char *folder, int depth) {
  struct dirent **names = NULL;
  rn_status *s = NULL;
  int n = depth <= MOST_DEPTH ? scandir(folder, &names, NULL, alphasort) : 0;
  for (int i = 0; i < n; i++) {
    char path[PATH_MAX];
    struct stat st;
    int fits = snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name) < (int)sizeof path;
    if (!s && fits && names[i]->d_name[0] != '.' && lstat(path, &st) == 0) {
      if (S_ISDIR(st.st_mode)) s = walk(b, path, depth + 1);
      if (S_ISREG(st.st_mode) && ends_in_so(path)) s = add(b, path);
    }
    free(names[i]);
  }
  free(names);
  return s;
}

rn_status *bundle_find(const char *path, bundle *out) {
  struct stat st;
  memset(out, 0, sizeof *out);
  if (stat(path, &st) != 0) return rn_status_make(RN_NOT_FOUND, "there is no %s", path);
  int folder = S_ISDIR(st.st_mode);
  RN_TRY(folder ? walk(out, path, 0) : add(out, path));
  for (int i = 0; folder && i < out->count; i++) find_folder(&out->items[i]);
  if (out->count > 0) return NULL;
  rn_status *why = out->trouble;
  out->trouble = NULL;
  return why ? why : rn_status_make(RN_NOT_FOUND, "%s holds no plugin: no .so file in it", path);
}

static rn_status *which(const bundle *b, const char *head) {
  char list[1024] = "";
  size_t n = 0;
  for (int i = 0; i < b->count && n < sizeof list - 64; i++)
    n += (size_t)snprintf(list + n, sizeof list - n, "%s%.200s", i ? ", " : "", b->items[i].name);
  return rn_status_make(RN_INVALID_ARGUMENT, "%s: %s", head, list);
}

rn_status *bundle_choose(bundle *b, char **names, int count) {
  if (count == 0 && b->count > 1) return which(b, "it holds more than one plugin; say behind it which to install");
  if (count == 0) b->items[0].wanted = 1;
  for (int n = 0; n < count; n++) {
    int found = 0;
    for (int i = 0; i < b->count; i++) found |= strcmp(b->items[i].name, names[n]) == 0 && (b->items[i].wanted = 1);
    char head[400];
    snprintf(head, sizeof head, "it holds no plugin '%.200s'; it has", names[n]);
    if (!found) return which(b, head);
  }
  return NULL;
}

void bundle_finish(bundle *b) {
  rn_status_free(b->trouble);
  free(b->items);
}
