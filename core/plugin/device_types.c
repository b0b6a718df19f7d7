/* plugin/device_types.c - the types of devices that plugins have (core/plugin).
 *
 * Which there are is known from manifests. Their descriptions come from the plugins of the type asked for: a program
 * that stays on one device opens no other device's plugin. */
#include <string.h>
#include "plugin/catalog.h"

static int is_named(const char *type, const char *wanted) { return wanted == NULL || strcasecmp(type, wanted) == 0; }

static uint32_t add_types(const rn_plugin *p, const char *type, rn_device_type *out) {
  uint32_t n = 0;
  for (uint32_t d = 0; p->state == RN_PLUGIN_LOADED && d < p->module->n_devices; d++) {
    if (!is_named(p->module->devices[d].type, type)) continue;
    if (out != NULL) out[n] = (rn_device_type){&p->module->devices[d], p->manifest.id, &p->host.api};
    n++;
  }
  return n;
}

static rn_status *build(rn_runtime *rt, rn_type_list *l) {
  uint32_t most = 1, n = 0;
  RN_TRY(rn_catalog_load_kind(rt, RN_ROW_DEVICE, l->type));
  for (uint32_t i = 0; i < rt->n_plugins; i++) most += add_types(rt->plugins[i], l->type, NULL);
  rn_device_type *types = rn_arena_array(&rt->arena, most, sizeof *types);
  if (types == NULL) return rn_catalog_no_memory();
  for (uint32_t i = 0; i < rt->n_plugins; i++) n += add_types(rt->plugins[i], l->type, types + n);
  l->items = types;
  l->count = n;
  l->generation = rt->generation;
  return NULL;
}

static rn_type_list *list_for(rn_runtime *rt, const char *type) {
  rn_type_list **at = &rt->type_lists;
  for (; *at != NULL; at = &(*at)->next)
    if (type == NULL ? (*at)->type == NULL : (*at)->type != NULL && strcasecmp((*at)->type, type) == 0) return *at;
  rn_type_list *made = rn_arena_alloc(&rt->arena, sizeof *made);
  const char *kept = type != NULL ? rn_arena_text(&rt->arena, type, strlen(type)) : NULL;
  if (made == NULL || (type != NULL && kept == NULL)) return NULL;
  *made = (rn_type_list){NULL, kept, NULL, 0, 0};
  *at = made;
  return made;
}

static rn_status *find(rn_runtime *rt, const char *type, rn_type_list **out) {
  *out = list_for(rt, type);
  if (*out == NULL) return rn_catalog_no_memory();
  return (*out)->items == NULL || (*out)->generation != rt->generation ? build(rt, *out) : NULL;
}

rn_status *rn_registry_device_types(rn_runtime *rt, const char *type, const rn_device_type **out, uint32_t *out_count) {
  rn_type_list *l;
  pthread_mutex_lock(&rt->lock);
  rn_status *s = find(rt, type, &l);
  *out = s == NULL ? l->items : NULL;
  *out_count = s == NULL ? l->count : 0;
  pthread_mutex_unlock(&rt->lock);
  return s;
}

/* Nothing of the type could be loaded: why the first of its plugins was not. */
static rn_status *why_none(rn_runtime *rt, const char *type) {
  const rn_offers *offers = &rt->offers[RN_ROW_DEVICE];
  for (uint32_t i = 0; i < offers->count; i++) {
    const rn_offer *o = offers->items[i];
    if (!is_named(o->name, type)) continue;
    RN_TRY(rn_plugin_load(rt, o->plugin));
    return rn_status_make(RN_FAILED_PRECONDITION,
                          "plugin '%s' no longer has device type '%s': its manifest is out of date",
                          o->plugin->manifest.id, type);
  }
  return rn_catalog_not_found(rt, RN_ROW_DEVICE, "device type", type, strlen(type));
}

rn_status *rn_registry_device_type(rn_runtime *rt, const char *type, const rn_device_type **out) {
  rn_type_list *l;
  pthread_mutex_lock(&rt->lock);
  rn_status *s = find(rt, type, &l);
  if (s == NULL && l->count == 0) s = why_none(rt, type);
  if (s == NULL) *out = &l->items[0];
  pthread_mutex_unlock(&rt->lock);
  return s;
}

static int is_among(const char *const *names, uint32_t n, const char *name) {
  for (uint32_t i = 0; i < n; i++)
    if (strcasecmp(names[i], name) == 0) return 1;
  return 0;
}

rn_status *rn_registry_device_type_names(rn_runtime *rt, const char *const **out, uint32_t *out_count) {
  pthread_mutex_lock(&rt->lock);
  const rn_offers *offers = &rt->offers[RN_ROW_DEVICE];
  const char **names = rn_arena_array(&rt->arena, offers->count + 1u, sizeof *names);
  uint32_t n = 0;
  for (uint32_t i = 0; names != NULL && i < offers->count; i++)
    if (!is_among(names, n, offers->items[i]->name)) names[n++] = offers->items[i]->name;
  pthread_mutex_unlock(&rt->lock);
  *out = names;
  *out_count = n;
  return names != NULL ? NULL : rn_catalog_no_memory();
}
