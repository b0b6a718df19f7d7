/* plugin/catalog.h - a runtime from inside: its plugins and what they offer, by name (core/plugin).
 *
 * Filled from manifests in the order of the search. Entries live in the runtime's arena and only
 * grow. Everything is guarded by the runtime's lock, which is recursive: visitors may ask again. */
#ifndef RN_PLUGIN_CATALOG_H
#define RN_PLUGIN_CATALOG_H
#include <pthread.h>
#include "base/map.h"
#include "plugin/marks.h"
#include "plugin/module.h"
#include "plugin/registry.h"

typedef enum rn_plugin_state {
  RN_PLUGIN_SCANNED,
  RN_PLUGIN_LOADED,
  RN_PLUGIN_REFUSED,
  RN_PLUGIN_SHADOWED,
  RN_PLUGIN_DISABLED,
  RN_PLUGIN_QUARANTINED
} rn_plugin_state;
typedef struct rn_plugin {
  rn_manifest manifest;
  const char *path, *folder, *source;
  rn_plugin_state state;
  const char *reason; /* why it is not in force, or what else there is to say */
  const char *step;   /* of a refusal: where; else "" */
  const char *winner; /* shadowed by this file; else "" */
  const char *build;  /* rn_plugin_file's; NULL: not read yet */
  int32_t code;       /* of the refusal */
  int unasked;        /* without a manifest, and not loaded to ask it */
  rn_module *module;  /* open: described; used once state is LOADED */
  int active;         /* started for this runtime */
  rn_host host;
  rn_host_user user;
} rn_plugin;

/* Something with a name that a plugin offers. */
typedef struct rn_offer {
  const char *name;
  rn_plugin *plugin;
  uint32_t role; /* of an op */
  rn_op *op;     /* of an op: once loaded */
} rn_offer;
typedef struct rn_offers {
  rn_offer **items;
  uint32_t count, capacity;
  rn_map by_name; /* the first of each name */
} rn_offers;
/* A plugin whose manifest has kernels for one op on one type of device. */
typedef struct rn_provider {
  struct rn_provider *next;
  rn_plugin *plugin;
  const char *device_type;
} rn_provider;
/* The kernels of one op for one type of device. */
struct rn_kernel_list {
  struct rn_kernel_list *next;
  const char *device_type; /* NULL: any */
  const rn_kernel **items; /* NULL: not asked for yet */
  uint32_t count, generation;
};
/* The same of device types. */
typedef struct rn_type_list {
  struct rn_type_list *next;
  const char *type; /* NULL: any */
  const rn_device_type *items;
  uint32_t count, generation;
} rn_type_list;

typedef struct rn_plugin_place {
  const char *path, *source, *note; /* note: why it is left out, else "" */
} rn_plugin_place;

struct rn_runtime {
  pthread_mutex_t lock, pool_lock;
  rn_arena arena;
  rn_config *config;
  rn_log log;
  rn_pool *_Atomic pool;
  void *exec;
  void (*exec_destroy)(void *exec);
  rn_plugin **plugins;
  uint32_t n_plugins, cap_plugins;
  const char **folders;    /* with where they come from, for people */
  rn_plugin_place *places; /* the same, for us */
  uint32_t n_folders, cap_folders, cap_places;
  rn_marks marks;
  uint32_t flags;                 /* RN_RUNTIME_* */
  rn_offers offers[RN_ROW_KINDS]; /* KERNEL: not used */
  rn_provider **providers;
  uint32_t n_providers, cap_providers;
  rn_map provider_map; /* op name -> index in providers */
  uint32_t generation; /* grows with every plugin */
  rn_type_list *type_lists;
};

rn_status *rn_catalog_no_memory(void);
/* Room for one more in *items of size_bytes each. 0: out of memory */
int rn_catalog_reserve(void *items, uint32_t count, uint32_t *capacity, size_t size_bytes);
void rn_catalog_finish(rn_runtime *rt);
/* Folders, in order, then the plugins in them. override NULL: environment, config, user, installed. */
rn_status *rn_catalog_scan(rn_runtime *rt, const char *override);
/* The file as a plugin of this runtime: from its manifest, or by asking it. */
rn_status *rn_catalog_add_file(rn_runtime *rt, const char *path, const rn_plugin_place *place, rn_plugin **out);
/* Without a manifest the plugin itself is asked, which opens it. */
rn_status *rn_plugin_ask(rn_runtime *rt, rn_plugin *p);
/* Names the build of p's file (p->build). own: the runtime's; "" when it cannot be read */
const char *rn_plugin_build(rn_runtime *rt, rn_plugin *p);
const char *rn_plugin_state_name(rn_plugin_state s);
rn_status *rn_catalog_add_module(rn_runtime *rt, rn_module *m /* given */, rn_plugin **out);
/* Is the folder one that only its owner (the user or root) can write? err PERMISSION_DENIED: why not */
struct stat;
rn_status *rn_owner_check(const rn_config *c, const char *path, const struct stat *st); /* the same of a file */
rn_status *rn_folder_check(const rn_config *c, const char *path);
/* Opens and starts. err: the reason, again on every call */
rn_status *rn_plugin_load(rn_runtime *rt, rn_plugin *p);
/* Puts p and its rows into the lists, unless its id is taken or disabled. */
rn_status *rn_catalog_enlist(rn_runtime *rt, rn_plugin *p);
rn_plugin *rn_catalog_find(rn_runtime *rt, const char *id); /* the one in force, or NULL */
rn_offer *rn_catalog_offer(rn_runtime *rt, uint32_t kind, const char *name, size_t length);
/* NOT_FOUND "no <what> 'name' (did you mean ...?); plugin folders searched: ..." */
rn_status *rn_catalog_not_found(rn_runtime *rt, uint32_t kind, const char *what, const char *name, size_t length);
/* The same of a plugin's id. PERMISSION_DENIED when it lies in a folder that is left out. */
rn_status *rn_catalog_no_plugin(rn_runtime *rt, const char *id);
/* Fills offer->op. The offer's plugin is loaded for it. */
rn_status *rn_catalog_op(rn_runtime *rt, rn_offer *o);
/* Loads every plugin that has rows of this kind (for this type of device, unless NULL); one that fails is
 * left out with a warning. */
rn_status *rn_catalog_load_kind(rn_runtime *rt, uint32_t kind, const char *device_type);
#endif
