/* plugin/registry.c - look-ups by name, which load what they find (core/plugin). */
#include <string.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/text.h"
#include "plugin/catalog.h"

rn_status *rn_catalog_no_memory(void) {
  return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for the plugin registry");
}

int rn_catalog_reserve(void *items, uint32_t count, uint32_t *capacity, size_t size_bytes) {
  void *old;
  if (count < *capacity) return 1;
  uint32_t wanted = *capacity != 0 ? *capacity * 2 : 16;
  memcpy(&old, items, sizeof old);
  void *grown = wanted > *capacity ? rn_mem_grow(old, wanted, size_bytes) : NULL;
  if (grown == NULL) return 0;
  memcpy(items, &grown, sizeof grown);
  *capacity = wanted;
  return 1;
}

void rn_catalog_finish(rn_runtime *rt) {
  for (uint32_t i = rt->n_plugins; i > 0; i--) {
    rn_plugin *p = rt->plugins[i - 1];
    rn_module_close(p->module, p->active ? &p->host : NULL, p->active ? &p->user : NULL);
  }
  for (uint32_t k = 0; k < RN_ROW_KINDS; k++) {
    rn_mem_free(rt->offers[k].items);
    rn_map_finish(&rt->offers[k].by_name);
  }
  rn_map_finish(&rt->provider_map);
  rn_mem_free(rt->providers);
  rn_mem_free(rt->plugins);
  rn_mem_free(rt->folders);
  rn_mem_free(rt->places);
}

static void add_folders(rn_runtime *rt, rn_text *t) {
  rn_text_add(t, "; plugin folders searched: ");
  if (rt->n_folders == 0) rn_text_add(t, "none");
  for (uint32_t i = 0; i < rt->n_folders; i++) rn_text_printf(t, "%s%s", i > 0 ? ", " : "", rt->folders[i]);
}

static rn_status *as_status(rn_text *t, int32_t code) {
  rn_status *s = t->failed ? rn_catalog_no_memory() : rn_status_make(code, "%s", t->data);
  rn_text_finish(t);
  return s;
}

static const char *near_name(const rn_offers *list, const char *name) {
  const char *near = NULL;
  uint32_t best = strlen(name) < 6 ? 2 : 3;
  for (uint32_t i = 0; i < list->count; i++) {
    uint32_t d = rn_edit_distance(name, list->items[i]->name, best);
    if (d > best || (near != NULL && d == best)) continue;
    best = d;
    near = list->items[i]->name;
  }
  return near;
}

rn_status *rn_catalog_not_found(rn_runtime *rt, uint32_t kind, const char *what, const char *name, size_t length) {
  char short_name[128];
  size_t n = length < sizeof short_name - 1 ? length : sizeof short_name - 1;
  rn_text t;
  memcpy(short_name, name, n);
  short_name[n] = '\0';
  rn_text_init(&t);
  rn_text_printf(&t, "no %s '%s'", what, short_name);
  const char *near = near_name(&rt->offers[kind], short_name);
  if (near != NULL) rn_text_printf(&t, " (did you mean '%s'?)", near);
  add_folders(rt, &t);
  for (uint32_t i = 0; i < rt->n_plugins; i++) {
    const rn_plugin *p = rt->plugins[i];
    if (p->state == RN_PLUGIN_REFUSED) rn_text_printf(&t, "; plugin '%s' was refused: %s", p->manifest.id, p->reason);
  }
  return as_status(&t, RN_NOT_FOUND);
}

/* The plugin's file in a folder that is not searched, or NULL. own: owned */
static char *left_out(const rn_plugin_place *place, const char *id) {
  for (int i = 0; i < 2; i++) {
    rn_text t;
    rn_text_init(&t);
    if (i == 0)
      rn_text_printf(&t, "%s/%s.so", place->path, id);
    else
      rn_text_printf(&t, "%s/%s/%s.so", place->path, id, id);
    char *path = rn_text_take(&t);
    if (path != NULL && access(path, F_OK) == 0) return path;
    rn_mem_free(path);
  }
  return NULL;
}

rn_status *rn_catalog_no_plugin(rn_runtime *rt, const char *id) {
  for (uint32_t i = 0; i < rt->n_folders; i++) {
    char *path = rt->places[i].note[0] != '\0' && strchr(id, '/') == NULL ? left_out(&rt->places[i], id) : NULL;
    if (path == NULL) continue;
    rn_status *s = rn_status_make(RN_PERMISSION_DENIED, "%s is not looked at: its folder %s", path, rt->places[i].note);
    rn_mem_free(path);
    return s;
  }
  return rn_catalog_not_found(rt, RN_ROW_KERNEL, "plugin", id, strlen(id));
}

static rn_status *refusal(rn_runtime *rt, const rn_plugin *p) {
  rn_text t;
  rn_text_init(&t);
  rn_text_printf(&t, "plugin '%s': %s", p->manifest.id, p->reason);
  add_folders(rt, &t);
  return as_status(&t, p->code);
}

static rn_status *open_and_start(rn_runtime *rt, rn_plugin *p) {
  if (p->unasked) RN_TRY(rn_plugin_ask(rt, p));
  if (p->module == NULL) RN_TRY(rn_module_open(p->path, &p->manifest, &p->module));
  if (strcmp(p->module->desc.id, p->manifest.id) != 0)
    return rn_status_make(RN_FAILED_PRECONDITION, "%s calls itself '%s', its manifest '%s'", p->path,
                          p->module->desc.id, p->manifest.id);
  RN_TRY(rn_module_start(p->module, rt, &p->host, &p->user));
  p->active = 1;
  return NULL;
}

rn_status *rn_plugin_load(rn_runtime *rt, rn_plugin *p) {
  if (p->state == RN_PLUGIN_LOADED) return NULL;
  if (p->state == RN_PLUGIN_REFUSED) return refusal(rt, p);
  if (p->state != RN_PLUGIN_SCANNED)
    return rn_status_make(RN_FAILED_PRECONDITION, "plugin '%s' (%s) is %s: %s", p->manifest.id, p->path,
                          rn_plugin_state_name(p->state), p->reason);
  rn_status *s = open_and_start(rt, p);
  if (s == NULL) {
    p->state = RN_PLUGIN_LOADED;
    p->reason = "";
    rn_log_write(&rt->log, RN_LOG_DEBUG, "plugin '%s' loaded from %s", p->manifest.id, p->path);
    return NULL;
  }
  rn_module_close(p->module, NULL, NULL);
  p->module = NULL;
  if (rn_status_code(s) == RN_RESOURCE_EXHAUSTED) return s; /* no fault of the plugin: it may be asked again */
  const char *text = rn_arena_text(&rt->arena, rn_status_message(s), strlen(rn_status_message(s)));
  p->state = RN_PLUGIN_REFUSED;
  p->code = rn_status_code(s);
  p->step = rn_module_step();
  p->reason = text != NULL ? text : "no memory";
  rn_status_free(s);
  rn_log_write(&rt->log, RN_LOG_WARNING, "plugin '%s' refused: %s", p->manifest.id, p->reason);
  return refusal(rt, p);
}

static int has_rows(const rn_manifest *m, uint32_t kind, const char *device_type) {
  if (device_type == NULL) return m->count[kind] != 0;
  for (uint32_t i = 0; m->count[kind] != 0 && i < m->n_rows; i++) {
    const rn_manifest_row *r = &m->rows[i];
    if (r->kind == kind && strcasecmp(kind == RN_ROW_DEVICE ? r->name : r->device, device_type) == 0) return 1;
  }
  return 0;
}

rn_status *rn_catalog_load_kind(rn_runtime *rt, uint32_t kind, const char *device_type) {
  for (uint32_t i = 0; i < rt->n_plugins; i++) {
    rn_plugin *p = rt->plugins[i];
    if (p->state != RN_PLUGIN_SCANNED || !has_rows(&p->manifest, kind, device_type)) continue;
    rn_status *s = rn_plugin_load(rt, p);
    if (rn_status_code(s) == RN_RESOURCE_EXHAUSTED) return s;
    rn_status_free(s); /* logged, kept as reason */
  }
  return NULL;
}

rn_offer *rn_catalog_offer(rn_runtime *rt, uint32_t kind, const char *name, size_t length) {
  uint32_t at = rn_map_find(&rt->offers[kind].by_name, name, length);
  return at != RN_MAP_NONE ? rt->offers[kind].items[at] : NULL;
}

static const rn_op_def *find_def(const rn_module *m, const char *name) {
  for (uint32_t i = 0; i < m->n_ops; i++) {
    if (strcmp(m->ops[i].name, name) == 0) return &m->ops[i];
  }
  return NULL;
}

rn_status *rn_catalog_op(rn_runtime *rt, rn_offer *o) {
  rn_signature *sig;
  if (o->op != NULL) return NULL;
  rn_status *s = rn_plugin_load(rt, o->plugin);
  if (s != NULL) return rn_status_wrap(s, "op '%s' is not available", o->name);
  const rn_op_def *def = find_def(o->plugin->module, o->name);
  if (def == NULL)
    return rn_status_make(RN_FAILED_PRECONDITION, "plugin '%s' no longer defines op '%s': its manifest is out of date",
                          o->plugin->manifest.id, o->name);
  s = rn_signature_parse(def->signature, &rt->arena, &sig);
  if (s != NULL)
    return rn_status_wrap(s, "op '%s' of plugin '%s' (%s)", o->name, o->plugin->manifest.id, def->signature);
  rn_op *op = rn_arena_alloc(&rt->arena, sizeof *op);
  struct rn_kernel_list *list = rn_arena_alloc(&rt->arena, sizeof *list);
  if (op == NULL || list == NULL) return rn_catalog_no_memory();
  *list = (struct rn_kernel_list){NULL, NULL, NULL, 0, 0};
  *op = (rn_op){def, sig, o->plugin->manifest.id, &o->plugin->host.api, list};
  o->op = op;
  return NULL;
}

rn_status *rn_registry_op(rn_runtime *rt, const char *name, size_t length, const rn_op **out) {
  pthread_mutex_lock(&rt->lock);
  rn_offer *o = rn_catalog_offer(rt, RN_ROW_OP, name, length);
  rn_status *s = o != NULL ? rn_catalog_op(rt, o) : rn_catalog_not_found(rt, RN_ROW_OP, "op", name, length);
  if (s == NULL) *out = o->op;
  pthread_mutex_unlock(&rt->lock);
  return s;
}

static rn_status *by_role(rn_runtime *rt, uint32_t role, const rn_op **out) {
  const rn_offers *list = &rt->offers[RN_ROW_OP];
  rn_text t;
  for (uint32_t i = 0; i < list->count; i++) {
    if (list->items[i]->role != role) continue;
    RN_TRY(rn_catalog_op(rt, list->items[i]));
    *out = list->items[i]->op;
    return NULL;
  }
  rn_text_init(&t);
  rn_text_printf(&t, "no plugin has an op with role %u", role);
  add_folders(rt, &t);
  return as_status(&t, RN_NOT_FOUND);
}

rn_status *rn_registry_op_by_role(rn_runtime *rt, uint32_t role, const rn_op **out) {
  pthread_mutex_lock(&rt->lock);
  rn_status *s = by_role(rt, role, out);
  pthread_mutex_unlock(&rt->lock);
  return s;
}
