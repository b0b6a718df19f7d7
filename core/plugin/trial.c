/* plugin/trial.c - what installers ask: a file's word, a trial run, its manifest on disk (core/plugin). */
#include <string.h>
#include "base/mem.h"
#include "base/text.h"
#include "plugin/catalog.h"
#include "plugin/text_file.h"

static int is_entry(void *arg, const char *name) {
  (void)arg;
  return strcmp(name, "rn_plugin_entry") == 0;
}

static void name_build(char *out, size_t size_bytes, const char *build_id, uint64_t segments) {
  if (build_id[0] != '\0')
    (void)snprintf(out, size_bytes, "%s", build_id);
  else
    (void)snprintf(out, size_bytes, "hash-%016llx", (unsigned long long)segments);
}

rn_status *rn_plugin_file_read(const char *path, rn_plugin_file *out) {
  rn_plugin_file f = {.struct_size = out->struct_size};
  rn_elf e;
  RN_TRY(rn_elf_open(path, &e));
  f.has_entry = rn_elf_symbols(&e, 1, is_entry, NULL) != 0;
  name_build(f.build, sizeof f.build, e.build_id, e.build_id[0] == '\0' ? rn_elf_segments_hash(&e) : 0);
  rn_elf_close(&e);
  memcpy(out, &f, f.struct_size < sizeof f ? f.struct_size : sizeof f);
  return NULL;
}

static rn_status *read_build(rn_plugin *p, char *out, size_t size_bytes) {
  rn_plugin_file f = {.struct_size = sizeof f};
  RN_TRY(rn_plugin_file_read(p->path, &f));
  (void)snprintf(out, size_bytes, "%s", f.build);
  return NULL;
}

/* The manifest knows it, so that a list of plugins opens none. */
const char *rn_plugin_build(rn_runtime *rt, rn_plugin *p) {
  char text[72] = "";
  const rn_manifest *m = &p->manifest;
  if (p->build != NULL) return p->build;
  if ((m->build_id != NULL && m->build_id[0] != '\0') || m->segments != 0)
    name_build(text, sizeof text, m->build_id, m->segments);
  else
    rn_status_free(read_build(p, text, sizeof text)); /* whoever opens the file says what is wrong with it */
  const char *kept = rn_arena_text(&rt->arena, text, strlen(text));
  p->build = kept != NULL ? kept : "";
  return p->build;
}

rn_status *rn_plugin_file_check(const char *path, const char *manifest_path) {
  rn_arena arena;
  rn_manifest m;
  char *text = NULL;
  size_t length = 0;
  rn_arena_init(&arena, 4096);
  rn_status *s = manifest_path != NULL ? rn_text_file_read(manifest_path, &text, &length) : NULL;
  if (s == NULL && text != NULL) s = rn_manifest_parse(text, length, manifest_path, &arena, &m);
  if (s == NULL) s = rn_module_check(path, text != NULL ? &m : NULL);
  rn_mem_free(text);
  rn_arena_finish(&arena);
  return s;
}

rn_status *rn_plugin_manifest(const char *path, char **out_text) {
  rn_module *m;
  *out_text = NULL;
  RN_TRY(rn_module_open(path, NULL, &m));
  rn_status *s = rn_manifest_print(m, out_text);
  rn_module_close(m, NULL, NULL);
  return s;
}
void rn_plugin_manifest_free(char *text) { rn_mem_free(text); }

rn_status *rn_plugin_manifest_save(const char *path, const char *to) {
  char *text;
  RN_TRY(rn_plugin_manifest(path, &text));
  rn_status *s = rn_text_file_replace(to, text, strlen(text));
  rn_mem_free(text);
  return s;
}

static rn_status *start_and_stop(rn_runtime *rt, rn_module *m) {
  rn_host host;
  rn_host_user user;
  rn_status *s = rn_module_start(m, rt, &host, &user);
  if (s == NULL) return rn_module_shut(m, &host, &user);
  rn_module_close(m, NULL, NULL);
  return s;
}

rn_status *rn_plugin_try(rn_runtime *rt, const char *path, void (*step)(void *arg, const char *name), void *arg,
                         char **out_manifest) {
  rn_module *m = NULL;
  *out_manifest = NULL;
  rn_module_watch(step, arg);
  rn_status *s = rn_module_open(path, NULL, &m);
  if (s == NULL) s = rn_manifest_print(m, out_manifest);
  if (s == NULL)
    s = start_and_stop(rt, m);
  else
    rn_module_close(m, NULL, NULL);
  rn_module_watch(NULL, NULL);
  if (s == NULL) return NULL;
  rn_mem_free(*out_manifest);
  *out_manifest = NULL;
  return s;
}

static const rn_plugin *find_file(const rn_runtime *rt, const char *path) {
  for (uint32_t i = 0; i < rt->n_plugins; i++)
    if (strcmp(rt->plugins[i]->path, path) == 0) return rt->plugins[i];
  return NULL;
}

rn_status *rn_plugin_offers(rn_runtime *rt, const char *path,
                            void (*visit)(void *arg, const char *kind, const char *name, const char *device),
                            void *arg) {
  static const char *const kinds[RN_ROW_KINDS] = {"op", "kernel", "device", "compiler", "optimizer", "pass"};
  pthread_mutex_lock(&rt->lock);
  const rn_plugin *p = find_file(rt, path);
  for (uint32_t i = 0; p != NULL && i < p->manifest.n_rows; i++) {
    const rn_manifest_row *r = &p->manifest.rows[i];
    visit(arg, kinds[r->kind], r->name, r->device);
  }
  pthread_mutex_unlock(&rt->lock);
  return p != NULL ? NULL : rn_status_make(RN_NOT_FOUND, "no plugin at %s", path);
}
