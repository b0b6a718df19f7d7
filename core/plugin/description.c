/* description.c - a plugin's own words, for programs that check plugins (core/plugin). */
#include "plugin/catalog.h"

static rn_status *find(rn_runtime *rt, const char *id, const struct rn_plugin_desc **out,
                       const struct rn_host_api **out_host) {
  rn_plugin *p = rn_catalog_find(rt, id);
  if (p == NULL) return rn_status_make(RN_NOT_FOUND, "no plugin '%s'", id);
  RN_TRY(rn_plugin_load(rt, p));
  *out = &p->module->desc;
  *out_host = &p->host.api;
  return NULL;
}

rn_status *rn_runtime_description(rn_runtime *rt, const char *id, const struct rn_plugin_desc **out,
                                  const struct rn_host_api **out_host) {
  pthread_mutex_lock(&rt->lock);
  rn_status *s = find(rt, id, out, out_host);
  pthread_mutex_unlock(&rt->lock);
  return s;
}
