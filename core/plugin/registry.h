/* plugin/registry.h - what the plugins offer, by name (core/plugin). For graph and exec.
 *
 * The registry is filled from manifests without running plugin code; asking for an op, a kernel or a
 * device loads the plugin that has it (lazily, once). It stores descriptors and calls none.
 * thread: look-ups from any thread; loading is serialised inside. Entries never move or go away
 * before the runtime is destroyed. */
#ifndef RN_PLUGIN_REGISTRY_H
#define RN_PLUGIN_REGISTRY_H
#include <runnel/plugin.h>
#include <runnel/runtime.h>
#include "base/config.h"
#include "base/log.h"
#include "base/pool.h"

/* A parsed signature. Arguments refer to attributes by index; -1: none. */
typedef struct rn_sig_arg {
  const char *name;
  rn_dtype type;       /* fixed type, or RN_INVALID */
  int32_t type_attr;   /* attribute of type "type" */
  int32_t number_attr; /* N * T: attribute N */
  int32_t list_attr;   /* attribute of type list(type) */
  uint8_t is_ref;
} rn_sig_arg;
typedef struct rn_sig_attr {
  const char *name;
  uint32_t type; /* RN_ATTR_* with RN_ATTR_LIST */
  uint8_t has_default, has_min;
  int64_t min;           /* of an int, or of a list's length */
  rn_attr_value def;     /* tensors and funcs have no default except an empty one (count 0) */
  const rn_dtype *types; /* allowed types of a type (or list(type)) attribute */
  uint32_t n_types;
  const rn_bytes *strings; /* allowed strings */
  uint32_t n_strings;
} rn_sig_attr;
typedef struct rn_signature {
  const rn_sig_arg *in, *out;
  const rn_sig_attr *attr;
  uint32_t n_in, n_out, n_attr, reserved;
} rn_signature;
struct rn_arena;
/* Parses plugin.h's signature notation into the arena. err INVALID_ARGUMENT: position and what was expected */
rn_status *rn_signature_parse(const char *text, struct rn_arena *arena, rn_signature **out);
int32_t rn_signature_find_attr(const rn_signature *s, const char *name, size_t length); /* -1: none */

typedef struct rn_op {
  const rn_op_def *def;
  const rn_signature *sig;
  const char *plugin;             /* id */
  const rn_host_api *host;        /* the table its callbacks get */
  struct rn_kernel_list *kernels; /* use rn_registry_kernels */
} rn_op;
typedef struct rn_kernel {
  const rn_kernel_def *def;
  const char *plugin;
  const rn_host_api *host;
  /* def->types parsed: allowed[i] for attribute attr[i] of the op */
  uint32_t n_constraints;
  const int32_t *constraint_attr;
  const rn_dtype *const *constraint_types;
  const uint32_t *constraint_count;
  uint64_t host_in, host_out; /* bit per argument (not flat): in host memory */
} rn_kernel;
typedef struct rn_device_type {
  const rn_device_def *def;
  const char *plugin;
  const rn_host_api *host;
} rn_device_type;

/* err NOT_FOUND: "no op 'Foo' (did you mean 'Fod'?); plugin folders searched: ..." or why its plugin failed. */
rn_status *rn_registry_op(rn_runtime *rt, const char *name, size_t length, const rn_op **out);
rn_status *rn_registry_op_by_role(rn_runtime *rt, uint32_t role, const rn_op **out);
/* The kernels for op on one type of device (NULL: on any), best first: priority, then more constraints, then
 * plugin id. Loads the plugins whose manifests have some, and no other. */
rn_status *rn_registry_kernels(rn_runtime *rt, const rn_op *op, const char *device_type, const rn_kernel *const **out,
                               uint32_t *out_count);
/* Plugins whose manifests have kernels for op on this type of device, but that cannot be loaded. */
void rn_registry_refused(rn_runtime *rt, const rn_op *op, const char *device_type,
                         void (*visit)(void *arg, const char *plugin, const char *reason), void *arg);
/* What device plugins say they have, each name once, in the order of the search. Loads nothing. */
rn_status *rn_registry_device_type_names(rn_runtime *rt, const char *const **out, uint32_t *out_count);
/* The device types of this name (NULL: all): several plugins may have the same. Loads those plugins only; one that
 * cannot be loaded is left out, its reason logged. */
rn_status *rn_registry_device_types(rn_runtime *rt, const char *type, const rn_device_type **out, uint32_t *out_count);
/* The first of them. err NOT_FOUND; or why its plugin does not load */
rn_status *rn_registry_device_type(rn_runtime *rt, const char *type, const rn_device_type **out);
/* Of one type of device; loads the plugins that have some. */
rn_status *rn_registry_compilers(rn_runtime *rt, const char *device_type, const rn_compiler_def *const **out,
                                 const rn_host_api *const **out_hosts, uint32_t *out_count);
/* The plugin a table was made for: "" each when there is none. own: the runtime's */
typedef struct rn_maker {
  const char *id, *version, *build;
} rn_maker;
rn_maker rn_registry_maker(rn_runtime *rt, const rn_host_api *host);
rn_status *rn_registry_passes(rn_runtime *rt, const rn_pass_def *const **out, const rn_host_api *const **out_hosts,
                              uint32_t *out_count);

/* What a runtime is made of. */
rn_config *rn_runtime_config(rn_runtime *rt);
const rn_log *rn_runtime_log(rn_runtime *rt);
rn_pool *rn_runtime_pool(rn_runtime *rt); /* created on first use */
/* exec hangs its devices here; destroy runs before plugins are unloaded. */
void **rn_runtime_exec_slot(rn_runtime *rt, void (*destroy)(void *exec));
/* Tests and static builds: registers a description without a file. */
rn_status *rn_runtime_add_static(rn_runtime *rt, rn_plugin_entry_fn entry);
#endif
