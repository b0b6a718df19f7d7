/* plugin/enlist.c - a plugin's rows become offers of the runtime (core/plugin).
 *
 * Plugins come in the order of the search, so the first to name an id or an op has it. */
#include <string.h>
#include "base/text.h"
#include "plugin/catalog.h"

static int is_listed(const char *list, const char *id) {
  size_t n = strlen(id);
  while (list != NULL && *list != '\0') {
    list += strspn(list, ", \t");
    size_t word = strcspn(list, ", \t");
    if (word == n && memcmp(list, id, n) == 0) return 1;
    list += word;
  }
  return 0;
}

/* One offer per row; kernels only name who has some for an op on a type of device. */
static rn_status *add_provider(rn_runtime *rt, const rn_manifest_row *row, rn_plugin *p) {
  const char *op = row->name;
  size_t n = strlen(op);
  uint32_t at = rn_map_find(&rt->provider_map, op, n);
  if (at == RN_MAP_NONE) {
    at = rt->n_providers;
    if (!rn_catalog_reserve(&rt->providers, at, &rt->cap_providers, sizeof *rt->providers))
      return rn_catalog_no_memory();
    rt->providers[at] = NULL;
    if (!rn_map_put(&rt->provider_map, op, n, at)) return rn_catalog_no_memory();
    rt->n_providers++;
  }
  rn_provider **end = &rt->providers[at];
  for (; *end != NULL; end = &(*end)->next)
    if ((*end)->plugin == p && strcasecmp((*end)->device_type, row->device) == 0) return NULL;
  rn_provider *made = rn_arena_alloc(&rt->arena, sizeof *made);
  if (made == NULL) return rn_catalog_no_memory();
  *made = (rn_provider){NULL, p, row->device};
  *end = made;
  return NULL;
}

static int many_allowed(uint32_t kind) {
  return kind == RN_ROW_DEVICE || kind == RN_ROW_COMPILER || kind == RN_ROW_PASS;
}

static rn_status *add_offer(rn_runtime *rt, const rn_manifest_row *row, rn_plugin *p) {
  rn_offers *list = &rt->offers[row->kind];
  size_t n = strlen(row->name);
  uint32_t first = rn_map_find(&list->by_name, row->name, n);
  if (first != RN_MAP_NONE && !many_allowed(row->kind)) {
    const char *other = list->items[first]->plugin->manifest.id;
    rn_log_write(&rt->log, RN_LOG_WARNING, "'%s' of plugin '%s' is left out: plugin '%s' comes first and has it",
                 row->name, p->manifest.id, other);
    return NULL;
  }
  rn_offer *o = rn_arena_alloc(&rt->arena, sizeof *o);
  if (o == NULL || !rn_catalog_reserve(&list->items, list->count, &list->capacity, sizeof *list->items))
    return rn_catalog_no_memory();
  *o = (rn_offer){row->name, p, row->role, NULL};
  if (first == RN_MAP_NONE && !rn_map_put(&list->by_name, row->name, n, list->count)) return rn_catalog_no_memory();
  list->items[list->count++] = o;
  return NULL;
}

static rn_status *add_rows(rn_runtime *rt, rn_plugin *p) {
  for (uint32_t i = 0; i < p->manifest.n_rows; i++) {
    const rn_manifest_row *row = &p->manifest.rows[i];
    RN_TRY(row->kind == RN_ROW_KERNEL ? add_provider(rt, row, p) : add_offer(rt, row, p));
  }
  return NULL;
}

/* "plugins.disable names it (/etc/runnel.conf:3)" */
static rn_status *disabled_by_setting(rn_runtime *rt, rn_plugin *p) {
  const char *section, *key, *value, *origin = "", *found;
  rn_text why;
  for (uint32_t i = 0; i < rn_config_count(rt->config); i++) {
    rn_config_at(rt->config, i, &section, &key, &value, &found);
    if (strcmp(section, "plugins") == 0 && strcmp(key, "disable") == 0) origin = found;
  }
  rn_text_init(&why);
  rn_text_printf(&why, "plugins.disable names it (%s)", origin);
  p->state = RN_PLUGIN_DISABLED;
  p->reason = why.failed ? NULL : rn_arena_text(&rt->arena, why.data, why.length);
  rn_text_finish(&why);
  return p->reason != NULL ? NULL : rn_catalog_no_memory();
}

/* A mark of the user's that keeps p from being used. Its build is asked for only when there is such a mark. */
static void apply_marks(rn_runtime *rt, rn_plugin *p) {
  const char *id = p->manifest.id;
  if (p->state != RN_PLUGIN_SCANNED) return;
  if (rn_marks_find(&rt->marks, RN_MARK_DISABLED, id, NULL) != NULL) {
    p->state = RN_PLUGIN_DISABLED;
    p->reason = rt->marks.note;
    return;
  }
  if (rn_marks_find(&rt->marks, RN_MARK_QUARANTINED, id, NULL) == NULL) return;
  const rn_mark *bad = rn_marks_find(&rt->marks, RN_MARK_QUARANTINED, id, rn_plugin_build(rt, p));
  if (bad == NULL) return;
  p->state = RN_PLUGIN_QUARANTINED;
  p->reason = bad->text;
}

rn_status *rn_catalog_enlist(rn_runtime *rt, rn_plugin *p) {
  rn_plugin *other = rn_catalog_find(rt, p->manifest.id);
  if (!rn_catalog_reserve(&rt->plugins, rt->n_plugins, &rt->cap_plugins, sizeof *rt->plugins))
    return rn_catalog_no_memory();
  rt->plugins[rt->n_plugins++] = p;
  rt->generation++;
  if (p->state == RN_PLUGIN_REFUSED) return NULL;
  if (other != NULL) {
    rn_text why;
    rn_text_init(&why);
    rn_text_printf(&why, "%s comes first", other->path);
    p->state = RN_PLUGIN_SHADOWED;
    p->winner = other->path;
    p->reason = why.failed ? "" : rn_arena_text(&rt->arena, why.data, why.length);
    rn_text_finish(&why);
    return p->reason != NULL ? NULL : rn_catalog_no_memory();
  }
  if (is_listed(rn_config_get(rt->config, "plugins", "disable"), p->manifest.id)) return disabled_by_setting(rt, p);
  apply_marks(rt, p);
  return p->state == RN_PLUGIN_SCANNED ? add_rows(rt, p) : NULL;
}

/* The plugin that answers to this id: not one that is shadowed. */
rn_plugin *rn_catalog_find(rn_runtime *rt, const char *id) {
  for (uint32_t i = 0; i < rt->n_plugins; i++) {
    rn_plugin *p = rt->plugins[i];
    if (p->state != RN_PLUGIN_SHADOWED && strcmp(p->manifest.id, id) == 0) return p;
  }
  return NULL;
}
