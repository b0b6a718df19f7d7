/* plugin/offers.c - compilers, passes and optimizers from plugins (core/plugin). */
#include <stdlib.h>
#include <string.h>
#include "plugin/catalog.h"

typedef struct row {
  const void *def;
  const rn_host_api *host;
} row;

static rn_status *split(rn_runtime *rt, const row *rows, uint32_t n, const void *out_defs, const void *out_hosts) {
  const void **defs = rn_arena_array(&rt->arena, n + 1u, sizeof *defs);
  const rn_host_api **hosts = rn_arena_array(&rt->arena, n + 1u, sizeof *hosts);
  if (defs == NULL || hosts == NULL) return rn_catalog_no_memory();
  for (uint32_t i = 0; i < n; i++) {
    defs[i] = rows[i].def;
    hosts[i] = rows[i].host;
  }
  memcpy((void *)(uintptr_t)out_defs, &defs, sizeof defs);
  memcpy((void *)(uintptr_t)out_hosts, &hosts, sizeof hosts);
  return NULL;
}

static row *row_array(rn_runtime *rt, int compilers) {
  size_t most = 1;
  for (uint32_t i = 0; i < rt->n_plugins; i++) {
    const rn_plugin *p = rt->plugins[i];
    if (p->state == RN_PLUGIN_LOADED) most += compilers ? p->module->n_compilers : p->module->n_passes;
  }
  return rn_arena_array(&rt->arena, most, sizeof(row));
}

static rn_status *compilers(rn_runtime *rt, const char *type, const rn_compiler_def *const **out,
                            const rn_host_api *const **hosts, uint32_t *n) {
  RN_TRY(rn_catalog_load_kind(rt, RN_ROW_COMPILER, type));
  row *rows = row_array(rt, 1);
  if (rows == NULL) return rn_catalog_no_memory();
  for (uint32_t i = 0; i < rt->n_plugins; i++) {
    const rn_plugin *p = rt->plugins[i];
    for (uint32_t c = 0; p->state == RN_PLUGIN_LOADED && c < p->module->n_compilers; c++) {
      const rn_compiler_def *d = &p->module->compilers[c];
      if (strcasecmp(d->device_type, type) == 0) rows[(*n)++] = (row){d, &p->host.api};
    }
  }
  return split(rt, rows, *n, out, hosts);
}

rn_status *rn_registry_compilers(rn_runtime *rt, const char *device_type, const rn_compiler_def *const **out,
                                 const rn_host_api *const **out_hosts, uint32_t *out_count) {
  pthread_mutex_lock(&rt->lock);
  *out_count = 0;
  rn_status *s = compilers(rt, device_type, out, out_hosts, out_count);
  pthread_mutex_unlock(&rt->lock);
  return s;
}

rn_maker rn_registry_maker(rn_runtime *rt, const rn_host_api *host) {
  rn_maker found = {"", "", ""};
  pthread_mutex_lock(&rt->lock);
  for (uint32_t i = 0; i < rt->n_plugins; i++) {
    rn_plugin *p = rt->plugins[i];
    if (&p->host.api != host) continue;
    found = (rn_maker){p->manifest.id, p->manifest.version, p->path[0] != '\0' ? rn_plugin_build(rt, p) : ""};
  }
  pthread_mutex_unlock(&rt->lock);
  return found;
}

/* Insertion keeps the order of plugins among passes of equal order. */
static void insert_pass(row *rows, uint32_t n, const rn_pass_def *d, const rn_host_api *host) {
  while (n > 0 && ((const rn_pass_def *)rows[n - 1].def)->order > d->order) {
    rows[n] = rows[n - 1];
    n--;
  }
  rows[n] = (row){d, host};
}

static rn_status *passes(rn_runtime *rt, const rn_pass_def *const **out, const rn_host_api *const **hosts,
                         uint32_t *n) {
  RN_TRY(rn_catalog_load_kind(rt, RN_ROW_PASS, NULL));
  row *rows = row_array(rt, 0);
  if (rows == NULL) return rn_catalog_no_memory();
  for (uint32_t i = 0; i < rt->n_plugins; i++) {
    const rn_plugin *p = rt->plugins[i];
    for (uint32_t c = 0; p->state == RN_PLUGIN_LOADED && c < p->module->n_passes; c++)
      insert_pass(rows, (*n)++, &p->module->passes[c], &p->host.api);
  }
  return split(rt, rows, *n, out, hosts);
}

rn_status *rn_registry_passes(rn_runtime *rt, const rn_pass_def *const **out, const rn_host_api *const **out_hosts,
                              uint32_t *out_count) {
  pthread_mutex_lock(&rt->lock);
  *out_count = 0;
  rn_status *s = passes(rt, out, out_hosts, out_count);
  pthread_mutex_unlock(&rt->lock);
  return s;
}

static rn_status *optimizer(rn_runtime *rt, const char *name, const struct rn_optimizer_def **out,
                            const char **out_plugin) {
  rn_offer *o = rn_catalog_offer(rt, RN_ROW_OPTIMIZER, name, strlen(name));
  if (o == NULL) return rn_catalog_not_found(rt, RN_ROW_OPTIMIZER, "optimizer", name, strlen(name));
  RN_TRY(rn_plugin_load(rt, o->plugin));
  const rn_module *m = o->plugin->module;
  for (uint32_t i = 0; i < m->n_optimizers; i++) {
    if (strcmp(m->optimizers[i].name, name) != 0) continue;
    *out = &m->optimizers[i];
    if (out_plugin != NULL) *out_plugin = o->plugin->manifest.id;
    return NULL;
  }
  return rn_status_make(RN_FAILED_PRECONDITION, "plugin '%s' no longer has optimizer '%s': its manifest is out of date",
                        o->plugin->manifest.id, name);
}

rn_status *rn_runtime_optimizer(rn_runtime *rt, const char *name, const struct rn_optimizer_def **out,
                                const char **out_plugin) {
  pthread_mutex_lock(&rt->lock);
  rn_status *s = optimizer(rt, name, out, out_plugin);
  pthread_mutex_unlock(&rt->lock);
  return s;
}

rn_status *rn_runtime_optimizers(rn_runtime *rt,
                                 void (*visit)(void *arg, const struct rn_optimizer_def *o, const char *plugin),
                                 void *arg) {
  pthread_mutex_lock(&rt->lock);
  rn_status *failure = rn_catalog_load_kind(rt, RN_ROW_OPTIMIZER, NULL);
  const rn_offers *list = &rt->offers[RN_ROW_OPTIMIZER];
  for (uint32_t i = 0; failure == NULL && i < list->count; i++) {
    const struct rn_optimizer_def *o;
    const char *plugin;
    rn_status *s = optimizer(rt, list->items[i]->name, &o, &plugin);
    if (s == NULL) visit(arg, o, plugin);
    rn_status_free(s); /* its plugin was refused, and says so in its info */
  }
  pthread_mutex_unlock(&rt->lock);
  return failure;
}
