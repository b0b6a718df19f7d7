/* plugin/refused.c - who would have a kernel for an op and cannot be loaded (core/plugin). */
#include <string.h>
#include "plugin/catalog.h"

void rn_registry_refused(rn_runtime *rt, const rn_op *op, const char *device_type,
                         void (*visit)(void *arg, const char *plugin, const char *reason), void *arg) {
  pthread_mutex_lock(&rt->lock);
  uint32_t at = rn_map_find(&rt->provider_map, op->def->name, strlen(op->def->name));
  for (const rn_provider *p = at != RN_MAP_NONE ? rt->providers[at] : NULL; p != NULL; p = p->next)
    if (p->plugin->state == RN_PLUGIN_REFUSED && strcasecmp(p->device_type, device_type) == 0)
      visit(arg, p->plugin->manifest.id, p->plugin->reason);
  pthread_mutex_unlock(&rt->lock);
}
