/* plugin/runtime.c - the runtime object: what it is made of and its life (core/plugin). */
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/text.h"
#include "plugin/catalog.h"
#include "plugin/validate.h"

/* A file that need not be there. */
static rn_status *read_optional(rn_config *c, const char *path) {
  rn_status *s = rn_config_read_file(c, path);
  if (rn_status_code(s) != RN_NOT_FOUND) return s;
  rn_status_free(s);
  return NULL;
}

static rn_status *read_user_file(rn_config *c) {
  const char *base = secure_getenv("XDG_CONFIG_HOME"), *home = secure_getenv("HOME");
  rn_text path;
  rn_text_init(&path);
  if (base != NULL && base[0] == '/') {
    rn_text_printf(&path, "%s/runnel/runnel.conf", base);
  } else if (home != NULL && home[0] == '/') {
    rn_text_printf(&path, "%s/.config/runnel/runnel.conf", home);
  }
  rn_status *s = path.failed ? rn_catalog_no_memory() : path.data != NULL ? read_optional(c, path.data) : NULL;
  rn_text_finish(&path);
  return s;
}

static rn_status *read_files(rn_config *c, const char *file) {
  if (file == NULL) file = secure_getenv("RUNNEL_CONFIG");
  if (file != NULL && file[0] != '\0') return rn_config_read_file(c, file);
  RN_TRY(read_optional(c, "/etc/runnel.conf"));
  return read_user_file(c);
}

static rn_status *configure(rn_runtime *rt, const rn_runtime_options *o) {
  RN_TRY(rn_config_create(&rt->config));
  RN_TRY(read_files(rt->config, o->config_file));
  RN_TRY(rn_config_read_environment(rt->config));
  for (uint32_t i = 0; i < o->n_settings; i++) RN_TRY(rn_config_set(rt->config, o->settings[i], "flag"));
  return NULL;
}

static int log_level(const rn_config *c) {
  static const char *const names[] = {"error", "warning", "info", "debug"};
  const char *level = rn_config_get(c, "run", "log_level");
  for (int i = 0; level != NULL && i < 4; i++) {
    if (strcmp(level, names[i]) == 0) return RN_LOG_ERROR + i;
  }
  return RN_LOG_WARNING;
}

static void init(rn_runtime *rt) {
  pthread_mutexattr_t recursive;
  pthread_mutexattr_init(&recursive);
  pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_init(&rt->lock, &recursive);
  pthread_mutexattr_destroy(&recursive);
  pthread_mutex_init(&rt->pool_lock, NULL);
  rn_arena_init(&rt->arena, 64 << 10);
  for (uint32_t k = 0; k < RN_ROW_KINDS; k++) rn_map_init(&rt->offers[k].by_name);
  rn_map_init(&rt->provider_map);
}

rn_status *rn_runtime_create(const rn_runtime_options *options, rn_runtime **out) {
  rn_runtime_options o;
  memset(&o, 0, sizeof o);
  if (options != NULL) memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
  rn_runtime *rt = rn_mem_zero(1, sizeof *rt);
  if (rt == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for a runtime");
  init(rt);
  rn_status *s = configure(rt, &o);
  if (s == NULL) {
    rt->log = (rn_log){o.log, o.log_arg, log_level(rt->config)};
    rt->flags = o.flags;
    rn_validate_begin(rt);
    s = rn_catalog_scan(rt, o.plugin_path);
  }
  if (s != NULL) {
    rn_runtime_destroy(rt);
    return s;
  }
  *out = rt;
  return NULL;
}

void rn_runtime_destroy(rn_runtime *rt) {
  if (rt == NULL) return;
  if (rt->exec_destroy != NULL && rt->exec != NULL) rt->exec_destroy(rt->exec);
  rn_catalog_finish(rt);
  rn_validate_end(rt);
  rn_pool_destroy(rt->pool);
  rn_config_destroy(rt->config);
  rn_arena_finish(&rt->arena);
  pthread_mutex_destroy(&rt->pool_lock);
  pthread_mutex_destroy(&rt->lock);
  rn_mem_free(rt);
}

const char *rn_runtime_setting(rn_runtime *rt, const char *section, const char *key) {
  return rn_config_get(rt->config, section, key);
}
rn_config *rn_runtime_config(rn_runtime *rt) { return rt->config; }
const rn_log *rn_runtime_log(rn_runtime *rt) { return &rt->log; }
const char *rn_version(void) { return RN_VERSION; }

rn_pool *rn_runtime_pool(rn_runtime *rt) {
  rn_pool *pool = rt->pool;
  if (pool != NULL) return pool;
  pthread_mutex_lock(&rt->pool_lock);
  pool = rt->pool;
  if (pool == NULL) {
    rn_status *s = rn_pool_create((uint32_t)rn_config_get_int(rt->config, "run", "threads", 0), &pool);
    if (s != NULL) s = (rn_status_free(s), rn_pool_create(1, &pool)); /* without threads, the caller computes */
    if (s != NULL) {
      rn_log_write(&rt->log, RN_LOG_ERROR, "no thread pool: %s", rn_status_message(s));
      rn_status_free(s);
      pool = NULL;
    }
    rt->pool = pool;
  }
  pthread_mutex_unlock(&rt->pool_lock);
  return pool;
}

void **rn_runtime_exec_slot(rn_runtime *rt, void (*destroy)(void *exec)) {
  if (destroy != NULL) rt->exec_destroy = destroy;
  return &rt->exec;
}

rn_status *rn_runtime_add_static(rn_runtime *rt, rn_plugin_entry_fn entry) {
  rn_module *m;
  rn_plugin *p;
  pthread_mutex_lock(&rt->lock);
  rn_status *s = rn_module_open_static(entry, &m);
  if (s == NULL) s = rn_catalog_add_module(rt, m, &p);
  if (s == NULL) s = rn_plugin_load(rt, p);
  pthread_mutex_unlock(&rt->lock);
  return s;
}

static rn_status *load_file(rn_runtime *rt, const char *path) {
  rn_plugin *p;
  for (uint32_t i = 0; i < rt->n_plugins; i++) {
    if (strcmp(rt->plugins[i]->path, path) == 0) return rn_plugin_load(rt, rt->plugins[i]);
  }
  char *folder = rn_arena_text(&rt->arena, path, (size_t)(strrchr(path, '/') - path));
  if (folder == NULL) return rn_catalog_no_memory();
  if (folder[0] == '\0') folder = rn_arena_text(&rt->arena, "/", 1);
  if (folder == NULL) return rn_catalog_no_memory();
  RN_TRY(rn_folder_check(rt->config, folder));
  rn_plugin_place place = {folder, "", ""};
  size_t n = strlen(path);
  if (n < 4 || strcmp(path + n - 3, ".so") != 0)
    return rn_status_make(RN_INVALID_ARGUMENT, "%s does not end in .so", path);
  RN_TRY(rn_catalog_add_file(rt, path, &place, &p));
  return rn_plugin_load(rt, p);
}

rn_status *rn_runtime_load(rn_runtime *rt, const char *id_or_path) {
  pthread_mutex_lock(&rt->lock);
  rn_status *s;
  if (id_or_path[0] == '/') {
    s = load_file(rt, id_or_path);
  } else {
    rn_plugin *p = rn_catalog_find(rt, id_or_path);
    s = p != NULL ? rn_plugin_load(rt, p) : rn_catalog_no_plugin(rt, id_or_path);
  }
  pthread_mutex_unlock(&rt->lock);
  return s;
}
