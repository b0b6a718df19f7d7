/* plugin/plugin_file.c - one file of a plugin folder: its manifest, or what it says when asked (core/plugin). */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/text.h"
#include "plugin/catalog.h"

static rn_status *check_file(const rn_config *c, const char *path) {
  struct stat st;
  return stat(path, &st) == 0 ? rn_owner_check(c, path, &st) : NULL; /* opening names what is wrong */
}

/* The file's bytes, NULL if there is no such file. */
static rn_status *read_file(const char *path, char **out, size_t *out_length) {
  struct stat st;
  *out = NULL;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno == ENOENT ? NULL : rn_status_make(RN_PERMISSION_DENIED, "%s: %s", path, strerror(errno));
  rn_status *s = NULL;
  size_t n = 0;
  if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > (16 << 20))
    s = rn_status_make(RN_INVALID_ARGUMENT, "%s is not a manifest", path);
  char *text = s == NULL ? rn_mem_alloc((size_t)st.st_size + 1) : NULL;
  if (s == NULL && text == NULL) s = rn_catalog_no_memory();
  while (s == NULL && n < (size_t)st.st_size) {
    ssize_t got = read(fd, text + n, (size_t)st.st_size - n);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    n += (size_t)got;
  }
  close(fd);
  *out = text;
  *out_length = n;
  return s;
}

static rn_status *read_manifest(rn_runtime *rt, rn_plugin *p, int *out_found) {
  rn_text name;
  char *text;
  size_t length;
  rn_text_init(&name);
  rn_text_add_bytes(&name, p->path, strlen(p->path) - 3);
  rn_text_add(&name, ".manifest");
  char *path = rn_text_take(&name);
  if (path == NULL) return rn_catalog_no_memory();
  rn_status *s = read_file(path, &text, &length);
  *out_found = text != NULL || s != NULL;
  if (s == NULL && text != NULL)
    s = rn_manifest_parse(text, length, rn_arena_text(&rt->arena, path, strlen(path)), &rt->arena, &p->manifest);
  rn_mem_free(text);
  rn_mem_free(path);
  return s;
}

/* No manifest beside it: the plugin itself is asked. */
static rn_status *learn(rn_runtime *rt, rn_plugin *p) {
  char *text = NULL;
  rn_log_write(&rt->log, RN_LOG_INFO, "%s has no manifest; loading it to see what it offers", p->path);
  if (p->module == NULL) RN_TRY(rn_module_open(p->path, NULL, &p->module));
  RN_TRY(rn_manifest_print(p->module, &text));
  rn_status *s = rn_manifest_parse(text, strlen(text), p->path, &rt->arena, &p->manifest);
  rn_mem_free(text);
  return s;
}

/* What stands in for the id of a file that could not be asked. */
static rn_status *name_after_file(rn_runtime *rt, rn_plugin *p) {
  const char *base = strrchr(p->path, '/');
  base = base != NULL ? base + 1 : p->path;
  size_t n = strlen(base);
  if (n > 3 && strcmp(base + n - 3, ".so") == 0) n -= 3;
  memset(&p->manifest, 0, sizeof p->manifest);
  p->manifest.id = rn_arena_text(&rt->arena, base, n);
  p->manifest.version = p->manifest.license = p->manifest.doc = p->manifest.build_id = "";
  return p->manifest.id != NULL ? NULL : rn_catalog_no_memory();
}

static rn_status *refuse(rn_runtime *rt, rn_plugin *p, rn_status *s) {
  const char *text = rn_status_message(s);
  p->state = RN_PLUGIN_REFUSED;
  p->code = rn_status_code(s);
  p->reason = rn_arena_text(&rt->arena, text, strlen(text));
  rn_log_write(&rt->log, RN_LOG_WARNING, "plugin refused: %s", text);
  rn_status_free(s);
  if (p->reason == NULL) return rn_catalog_no_memory();
  return p->manifest.id == NULL || p->manifest.id[0] == '\0' ? name_after_file(rt, p) : NULL;
}

static rn_plugin *make(rn_runtime *rt, const char *path, const char *folder) {
  rn_plugin *p = rn_arena_alloc(&rt->arena, sizeof *p);
  if (p == NULL) return NULL;
  memset(p, 0, sizeof *p);
  p->path = rn_arena_text(&rt->arena, path, strlen(path));
  p->folder = rn_arena_text(&rt->arena, folder, strlen(folder));
  p->reason = "";
  return p->path != NULL && p->folder != NULL ? p : NULL;
}

static void drop_module(rn_plugin *p) {
  rn_module_close(p->module, NULL, NULL);
  p->module = NULL;
}

rn_status *rn_catalog_add_file(rn_runtime *rt, const char *path, const char *folder, rn_plugin **out) {
  rn_plugin *p = make(rt, path, folder);
  int found = 0;
  if (p == NULL) return rn_catalog_no_memory();
  rn_status *s = check_file(rt->config, path);
  if (s == NULL) s = read_manifest(rt, p, &found);
  if (s == NULL && !found) s = learn(rt, p);
  /* Without memory nothing can be said of the plugin: that is no reason to leave it out for good. */
  if (s != NULL && rn_status_code(s) != RN_RESOURCE_EXHAUSTED) s = refuse(rt, p, s);
  if (s == NULL) s = rn_catalog_enlist(rt, p);
  if (s != NULL || p->state != RN_PLUGIN_SCANNED) drop_module(p);
  *out = p;
  return s;
}

rn_status *rn_catalog_add_module(rn_runtime *rt, rn_module *m, rn_plugin **out) {
  rn_plugin *p = make(rt, "", "");
  if (p == NULL) {
    rn_module_close(m, NULL, NULL);
    return rn_catalog_no_memory();
  }
  p->module = m;
  rn_status *s = learn(rt, p);
  if (s == NULL) s = rn_catalog_enlist(rt, p);
  if (s != NULL || p->state != RN_PLUGIN_SCANNED) drop_module(p);
  *out = p;
  return s;
}
