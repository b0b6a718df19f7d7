/* runnel/runtime.h - the process's Runnel: plugins, devices, threads, configuration (core/plugin; devices: core/exec).
 *
 * For programs that use Runnel. One runtime is enough; several can live side by side. A runtime
 * outlives all graphs and sessions made from it.
 * thread: all functions from any thread, once create has returned. */
#ifndef RUNNEL_RUNTIME_H
#define RUNNEL_RUNTIME_H
#include <runnel/status.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct rn_runtime rn_runtime;
typedef void (*rn_log_fn)(void *arg, int level, const char *message);

typedef struct rn_runtime_options {
  uint32_t struct_size;
  uint32_t n_settings;
  const char *config_file;     /* NULL: $RUNNEL_CONFIG, else user and system files if they exist */
  const char *const *settings; /* "section.key=value": flags; stronger than environment and file */
  const char *plugin_path;     /* NULL: $RUNNEL_PLUGIN_PATH, user folder, installed folder */
  rn_log_fn log;               /* NULL: messages are dropped */
  void *log_arg;
  uint32_t flags, reserved;
} rn_runtime_options;
/* A plugin without a manifest is asked when it is found, which runs its code. With this flag it is only when it is
 * needed: programs that look after plugins do not trust them. */
#define RN_RUNTIME_ASK_LATER 1u

/* Reads the configuration and the plugins' manifests; loads no plugin. options may be NULL.
 * own: owned. err INVALID_ARGUMENT (bad config: file, line), RESOURCE_EXHAUSTED. */
RN_API rn_status *rn_runtime_create(const rn_runtime_options *options, rn_runtime **out);
/* Sessions and graphs must be gone. Stops the plugins; their code stays mapped. NULL is accepted. */
RN_API void rn_runtime_destroy(rn_runtime *rt);

/* One setting as in force, e.g. ("run", "threads"). own: borrowed, NULL: not set. */
RN_API const char *rn_runtime_setting(rn_runtime *rt, const char *section, const char *key);
typedef struct rn_setting_info {
  const char *section, *key, *value;
  const char *source; /* "default", "/etc/runnel.conf:12", "environment RUNNEL_RUN_THREADS", "flag" */
} rn_setting_info;
/* Calls visit for every setting, known defaults included, sorted. */
RN_API void rn_runtime_settings(rn_runtime *rt, void (*visit)(void *arg, const rn_setting_info *s), void *arg);

/* What is there. Everything in the infos is borrowed for the call. */
typedef struct rn_plugin_info {
  const char *id, *version, *license, *doc, *path, *folder;
  const char *state;  /* "scanned", "loaded", "refused", "shadowed", "disabled", "quarantined" */
  const char *reason; /* why not in force, else "" */
  uint32_t n_ops, n_kernels, n_devices, n_compilers, n_optimizers, n_passes;
  const char *source; /* of the folder: "RUNNEL_PLUGIN_PATH", "plugins.path", "user", "installed", ...; "": no folder */
  const char *life;   /* how far it came: "scanned", "loaded", "verified" (its description is in order), "active" */
  const char *step;   /* of a refused one, where: "manifest", "check", "load", "describe", "init"; else "" */
  const char *build;  /* names this build of the file; "" when it cannot be read */
  const char *verified;          /* when `runnel plugin verify` last approved of this build, else "" */
  const char *winner;            /* of a shadowed one: the file that comes first; else "" */
  uint32_t abi_major, abi_minor; /* UINT32_MAX: not known */
  uint64_t cpu_required;         /* RN_CPU_* (plugin.h) */
} rn_plugin_info;
RN_API void rn_runtime_plugins(rn_runtime *rt, void (*visit)(void *arg, const rn_plugin_info *p), void *arg);
/* Loads the plugin named id (or the file at an absolute path) now. err: the true cause. */
RN_API rn_status *rn_runtime_load(rn_runtime *rt, const char *id_or_path);
/* The folders searched, in order: ["/a/b (RUNNEL_PLUGIN_PATH)", ...]; returns their number. */
RN_API uint32_t rn_runtime_plugin_folders(rn_runtime *rt, const char *const **out);

typedef struct rn_op_info {
  const char *name, *signature, *doc, *plugin;
  uint32_t flags, role;
  uint8_t has_infer, has_gradient;
} rn_op_info;
/* Every op known from manifests, sorted by name; loads the plugins for the details. */
RN_API rn_status *rn_runtime_ops(rn_runtime *rt, void (*visit)(void *arg, const rn_op_info *o), void *arg);
/* err NOT_FOUND names the folders searched and near names. */
RN_API rn_status *rn_runtime_op(rn_runtime *rt, const char *name, void (*visit)(void *arg, const rn_op_info *o),
                                void *arg);
typedef struct rn_kernel_info {
  const char *op, *device_type, *types, *label, *plugin;
  int32_t priority;
  uint32_t flags;
} rn_kernel_info;
RN_API rn_status *rn_runtime_kernels(rn_runtime *rt, const char *op, void (*visit)(void *arg, const rn_kernel_info *k),
                                     void *arg);

typedef struct rn_device_entry {
  const char *type, *name, *vendor, *driver, *plugin, *uuid; /* uuid: 32 hex digits */
  uint32_t index;
  uint64_t memory_bytes;
  const char *full_name; /* "/device:CPU:0" */
} rn_device_entry;
/* Every device of every plugin that can be opened here; loads the plugins that have devices. */
RN_API rn_status *rn_runtime_devices(rn_runtime *rt, void (*visit)(void *arg, const rn_device_entry *d), void *arg);

/* The optimizer's description as a plugin gave it (plugin.h); NULL with NOT_FOUND. For the drivers of
 * optimizers (front ends). own: borrowed until the runtime is destroyed. */
struct rn_optimizer_def;
RN_API rn_status *rn_runtime_optimizer(rn_runtime *rt, const char *name, const struct rn_optimizer_def **out,
                                       const char **out_plugin);
RN_API rn_status *rn_runtime_optimizers(rn_runtime *rt,
                                        void (*visit)(void *arg, const struct rn_optimizer_def *o, const char *plugin),
                                        void *arg);
/* What the plugin says of itself (plugin.h) and the table this runtime gives it; loads it. For programs that
 * check plugins. Its rows are as the plugin wrote them: read them through RN_HAS. err NOT_FOUND, or why it does
 * not load. own: borrowed until the runtime is destroyed. */
struct rn_plugin_desc;
struct rn_host_api;
RN_API rn_status *rn_runtime_description(rn_runtime *rt, const char *id, const struct rn_plugin_desc **out,
                                         const struct rn_host_api **out_host);
RN_API const char *rn_version(void);

/* The manifest of the plugin file at an absolute path: what is written beside it as NAME.manifest.
 * Loads the file, starts nothing. own: owned, rn_plugin_manifest_free. err: why it is no plugin */
RN_API rn_status *rn_plugin_manifest(const char *path, char **out_text);
RN_API void rn_plugin_manifest_free(char *text);
#ifdef __cplusplus
}
#endif
#endif
