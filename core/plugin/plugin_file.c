/* plugin/plugin_file.c - one file of a plugin folder: its manifest, or what it says when asked (core/plugin). */
#include <string.h>
#include <sys/stat.h>
#include "base/mem.h"
#include "base/text.h"
#include "plugin/catalog.h"
#include "plugin/text_file.h"

/* A plugin in a folder of its own: nobody else may put files there either. */
static rn_status *check_own_folder(const rn_config *c, const char *path, const char *folder) {
  const char *slash = strrchr(path, '/');
  size_t n = (size_t)(slash - path);
  struct stat st;
  if (n == strlen(folder)) return NULL;
  char *own = rn_mem_copy_text(path);
  if (own == NULL) return rn_catalog_no_memory();
  own[n] = '\0';
  rn_status *s = stat(own, &st) == 0 ? rn_owner_check(c, own, &st) : NULL;
  rn_mem_free(own);
  return s;
}

static rn_status *check_file(const rn_config *c, const char *path, const char *folder) {
  struct stat st;
  if (stat(path, &st) != 0) return NULL; /* opening names what is wrong */
  RN_TRY(rn_owner_check(c, path, &st));
  return check_own_folder(c, path, folder);
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
  rn_status *s = rn_text_file_read(path, &text, &length);
  *out_found = text != NULL || s != NULL;
  if (s == NULL && text != NULL)
    s = rn_manifest_parse(text, length, rn_arena_text(&rt->arena, path, strlen(path)), &rt->arena, &p->manifest);
  rn_mem_free(text);
  rn_mem_free(path);
  return s;
}

rn_status *rn_plugin_ask(rn_runtime *rt, rn_plugin *p) {
  char *text = NULL;
  rn_log_write(&rt->log, RN_LOG_INFO, "%s has no manifest; loading it to see what it offers", p->path);
  if (p->module == NULL) RN_TRY(rn_module_open(p->path, NULL, &p->module));
  RN_TRY(rn_manifest_print(p->module, &text));
  rn_status *s = rn_manifest_parse(text, strlen(text), p->path, &rt->arena, &p->manifest);
  rn_mem_free(text);
  if (s == NULL) p->unasked = 0;
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
  p->manifest.abi_major = p->manifest.abi_minor = UINT32_MAX;
  return p->manifest.id != NULL ? NULL : rn_catalog_no_memory();
}

/* No manifest beside it: the plugin itself is asked, unless that was harmful before or is to be done later. */
static rn_status *learn(rn_runtime *rt, rn_plugin *p) {
  const rn_mark *bad = rn_marks_find(&rt->marks, RN_MARK_QUARANTINED, NULL, rn_plugin_build(rt, p));
  if (bad == NULL && (rt->flags & RN_RUNTIME_ASK_LATER) == 0) return rn_plugin_ask(rt, p);
  RN_TRY(name_after_file(rt, p));
  p->unasked = 1;
  p->reason = "it has no manifest: programs load it to see what it offers";
  if (bad == NULL) return NULL;
  p->manifest.id = bad->id;
  p->state = RN_PLUGIN_QUARANTINED;
  p->reason = bad->text;
  return NULL;
}

static rn_status *refuse(rn_runtime *rt, rn_plugin *p, rn_status *s) {
  const char *text = rn_status_message(s);
  p->state = RN_PLUGIN_REFUSED;
  p->code = rn_status_code(s);
  p->step = strcmp(rn_module_step(), "") != 0 ? rn_module_step() : "manifest";
  p->reason = rn_arena_text(&rt->arena, text, strlen(text));
  rn_log_write(&rt->log, RN_LOG_WARNING, "plugin refused: %s", text);
  rn_status_free(s);
  if (p->reason == NULL) return rn_catalog_no_memory();
  return p->manifest.id == NULL || p->manifest.id[0] == '\0' ? name_after_file(rt, p) : NULL;
}

static rn_plugin *make(rn_runtime *rt, const char *path, const rn_plugin_place *place) {
  rn_plugin *p = rn_arena_alloc(&rt->arena, sizeof *p);
  if (p == NULL) return NULL;
  memset(p, 0, sizeof *p);
  p->path = rn_arena_text(&rt->arena, path, strlen(path));
  p->folder = rn_arena_text(&rt->arena, place->path, strlen(place->path));
  p->source = rn_arena_text(&rt->arena, place->source, strlen(place->source));
  p->reason = p->step = p->winner = "";
  return p->path != NULL && p->folder != NULL && p->source != NULL ? p : NULL;
}

static void drop_module(rn_plugin *p) {
  rn_module_close(p->module, NULL, NULL);
  p->module = NULL;
}

rn_status *rn_catalog_add_file(rn_runtime *rt, const char *path, const rn_plugin_place *place, rn_plugin **out) {
  rn_plugin *p = make(rt, path, place);
  int found = 0;
  if (p == NULL) return rn_catalog_no_memory();
  rn_module_begin();
  rn_status *s = check_file(rt->config, path, place->path);
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
  rn_plugin *p = make(rt, "", &(rn_plugin_place){"", "", ""});
  if (p == NULL) {
    rn_module_close(m, NULL, NULL);
    return rn_catalog_no_memory();
  }
  p->module = m;
  p->build = "";
  rn_status *s = rn_plugin_ask(rt, p);
  if (s == NULL) s = rn_catalog_enlist(rt, p);
  if (s != NULL || p->state != RN_PLUGIN_SCANNED) drop_module(p);
  *out = p;
  return s;
}
