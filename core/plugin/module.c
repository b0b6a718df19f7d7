/* plugin/module.c - opens plugin files through libltdl, once in a process (core/plugin).
 *
 * libltdl loses the linker's reason and binds lazily, so a file is opened with dlopen(RTLD_NOW) first
 * and its text kept; libltdl then finds it loaded. Both stand under one lock: libltdl is not safe
 * for threads. A file stays mapped once it was opened (RTLD_NODELETE): a thread of the plugin that has
 * completed its work may still have its last instructions to run when the runtime goes. */
#include "plugin/module.h"
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include "base/mem.h"
#include "plugin/registry.h"
#include "plugin/validate.h"

#define QUIESCE_NS 5000000000ull /* long enough for a step to end, short enough for a person to wait */

static pthread_mutex_t loader = PTHREAD_MUTEX_INITIALIZER;
static rn_module *modules;

static _Thread_local const char *last_step = "";
static _Thread_local void (*watcher)(void *arg, const char *step);
static _Thread_local void *watcher_arg;

const char *rn_module_step(void) { return last_step; }
void rn_module_begin(void) { last_step = ""; }
void rn_module_watch(void (*fn)(void *arg, const char *step), void *arg) {
  watcher = fn;
  watcher_arg = arg;
}
static void step(const char *name) {
  last_step = name;
  if (watcher != NULL) watcher(watcher_arg, name);
}

static void destroy(rn_module *m) {
  rn_validate_forget(m);
  if (m->handle != NULL) {
    lt_dlclose(m->handle);
    lt_dlexit();
  }
  rn_arena_finish(&m->arena);
  rn_mem_free(m);
}

static rn_module *make(const char *path) {
  rn_module *m = rn_mem_zero(1, sizeof *m);
  if (m == NULL) return NULL;
  rn_arena_init(&m->arena, 4096);
  const char *slash = strrchr(path, '/');
  m->path = rn_arena_text(&m->arena, path, strlen(path));
  m->folder = rn_arena_text(&m->arena, path, slash != NULL ? (size_t)(slash - path) : 0);
  if (m->path != NULL && m->folder != NULL) return m;
  destroy(m);
  return NULL;
}

/* "libfoo.so.1: cannot open shared object file: ..." names a dependency, not the plugin. */
static rn_status *link_failure(const char *path, const char *text) {
  const char *colon = strstr(text, ": cannot open shared object file");
  if (colon != NULL && strncmp(text, path, strlen(path)) != 0)
    return rn_status_make(RN_NOT_FOUND,
                          "%s needs the library %.*s, which is not installed or not on the linker's path (%s)", path,
                          (int)(colon - text), text, text);
  return rn_status_make(RN_FAILED_PRECONDITION, "%s cannot be loaded: %s", path, text);
}

static rn_status *open_file(rn_module *m) {
  step("load");
  void *first = dlopen(m->path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (first == NULL) {
    const char *text = dlerror();
    return link_failure(m->path, text != NULL ? text : "no reason given");
  }
  if (lt_dlinit() != 0) {
    dlclose(first);
    return rn_status_make(RN_INTERNAL, "libltdl does not start: %s", lt_dlerror());
  }
  m->handle = lt_dlopen(m->path);
  const char *text = m->handle == NULL ? lt_dlerror() : NULL;
  dlclose(first);
  if (m->handle == NULL) {
    lt_dlexit();
    return rn_status_make(RN_INTERNAL, "%s cannot be loaded: %s", m->path, text != NULL ? text : "no reason given");
  }
  void *entry = lt_dlsym(m->handle, "rn_plugin_entry");
  if (entry == NULL) return rn_status_make(RN_INVALID_ARGUMENT, "%s exports no rn_plugin_entry", m->path);
  memcpy(&m->entry, &entry, sizeof m->entry);
  return NULL;
}

static rn_module *find_file(const struct stat *st) {
  for (rn_module *m = modules; m != NULL; m = m->next) {
    if (m->handle != NULL && m->device == st->st_dev && m->inode == st->st_ino) return m;
  }
  return NULL;
}

static rn_module *find_entry(rn_plugin_entry_fn entry) {
  for (rn_module *m = modules; m != NULL; m = m->next) {
    if (m->handle == NULL && m->entry == entry) return m;
  }
  return NULL;
}

static rn_status *finish_open(rn_module *m, rn_status *s, rn_module **out) {
  if (s == NULL) {
    step("describe");
    s = rn_module_describe(m, m->entry());
  }
  if (s != NULL) {
    destroy(m);
    return s;
  }
  m->next = modules;
  modules = m;
  m->opened = 1;
  *out = m;
  return NULL;
}

static rn_status *open_locked(const char *path, const rn_manifest *manifest, rn_module **out) {
  struct stat st;
  step("check");
  if (stat(path, &st) != 0) return rn_module_check(path, manifest);
  rn_module *m = find_file(&st);
  if (m != NULL) {
    m->opened++;
    *out = m;
    return NULL;
  }
  RN_TRY(rn_module_check(path, manifest));
  m = make(path);
  if (m == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for plugin %s", path);
  m->device = st.st_dev;
  m->inode = st.st_ino;
  return finish_open(m, open_file(m), out);
}

rn_status *rn_module_open(const char *path, const rn_manifest *manifest, rn_module **out) {
  pthread_mutex_lock(&loader);
  rn_status *s = open_locked(path, manifest, out);
  pthread_mutex_unlock(&loader);
  return s;
}

static rn_status *open_static_locked(rn_plugin_entry_fn entry, rn_module **out) {
  rn_module *m = find_entry(entry);
  if (m != NULL) {
    m->opened++;
    *out = m;
    return NULL;
  }
  m = make("");
  if (m == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for a static plugin");
  m->entry = entry;
  return finish_open(m, NULL, out);
}

rn_status *rn_module_open_static(rn_plugin_entry_fn entry, rn_module **out) {
  pthread_mutex_lock(&loader);
  rn_status *s = open_static_locked(entry, out);
  pthread_mutex_unlock(&loader);
  return s;
}

static void add_user(rn_module *m, rn_host_user *user) {
  rn_host_user **end = &m->users;
  while (*end != NULL) end = &(*end)->next;
  *end = user;
  if (m->users == user) m->host.user = user;
}

/* The module's own host goes on with the next runtime, or with none. */
static void remove_user(rn_module *m, rn_host_user *user) {
  rn_host_user **at = &m->users;
  while (*at != NULL && *at != user) at = &(*at)->next;
  if (*at == NULL) return;
  *at = user->next;
  if (m->host.user == user) rn_host_switch(&m->host, m->users);
}

rn_status *rn_module_start(rn_module *m, rn_runtime *rt, rn_host *host, rn_host_user *user) {
  rn_status *s = NULL;
  pthread_mutex_lock(&loader);
  *user = (rn_host_user){NULL, rt, 0};
  rn_host_init(host, m->desc.id, m->folder, &m->blocks, user);
  if (!m->started) rn_host_init(&m->host, m->desc.id, m->folder, &m->blocks, NULL);
  add_user(m, user);
  step("init");
  s = rn_validate_start(m, host, rt);
  if (s == NULL && !m->started && m->desc.init != NULL) s = rn_validate_init(m);
  if (s == NULL) {
    m->started = 1;
  } else {
    remove_user(m, user);
  }
  pthread_mutex_unlock(&loader);
  return s != NULL ? rn_status_wrap(s, "plugin '%s' does not start", m->desc.id) : NULL;
}

/* Why it does not come to rest, or NULL. */
static rn_status *stop(rn_module *m, rn_runtime *rt) {
  if (!m->started) return NULL;
  step("quiesce");
  rn_log_write(rn_runtime_log(rt), RN_LOG_DEBUG, "plugin '%s' is draining", m->desc.id);
  rn_status *s = m->desc.quiesce != NULL ? m->desc.quiesce(QUIESCE_NS) : NULL;
  if (s != NULL) {
    s = rn_status_wrap(s, "plugin '%s' does not come to rest", m->desc.id);
    rn_log_write(rn_runtime_log(rt), RN_LOG_WARNING, "%s", rn_status_message(s));
  }
  step("fini");
  if (m->desc.fini != NULL) m->desc.fini();
  if (s != NULL) step("quiesce"); /* where it failed */
  rn_validate_stopped(m);
  m->started = 0;
  int64_t left = m->blocks;
  if (left != 0)
    rn_log_write(rn_runtime_log(rt), RN_LOG_WARNING, "plugin '%s' still owns %lld blocks of memory", m->desc.id,
                 (long long)left);
  rn_log_write(rn_runtime_log(rt), RN_LOG_DEBUG, "plugin '%s' is closed", m->desc.id);
  return s;
}

static void unlink_module(rn_module *m) {
  rn_module **at = &modules;
  while (*at != m) at = &(*at)->next;
  *at = m->next;
}

rn_status *rn_module_shut(rn_module *m, rn_host *host, rn_host_user *user) {
  rn_status *s = NULL;
  if (m == NULL) return NULL;
  pthread_mutex_lock(&loader);
  int last = --m->opened == 0;
  if (last && user != NULL) s = stop(m, user->runtime);
  if (user != NULL) {
    remove_user(m, user);
    rn_host_switch(host, NULL);
    rn_validate_detach(host);
  }
  if (last) {
    unlink_module(m);
    destroy(m);
  }
  pthread_mutex_unlock(&loader);
  return s;
}

void rn_module_close(rn_module *m, rn_host *host, rn_host_user *user) {
  rn_status_free(rn_module_shut(m, host, user)); /* logged */
}
