/* plugin/module.h - a plugin's file as the process holds it (core/plugin).
 *
 * Runtimes share modules: a file is opened, described and initialised once, and closed when its last
 * runtime goes. What it offers is copied into structs of today's size, so readers need no RN_HAS.
 * thread: all functions take the process's loader lock. */
#ifndef RN_PLUGIN_MODULE_H
#define RN_PLUGIN_MODULE_H
#include <ltdl.h>
#include <sys/types.h>
#include "base/arena.h"
#include "plugin/host.h"
#include "plugin/manifest.h"
#include "plugin/elf.h"

struct rn_module {
  struct rn_module *next;
  rn_arena arena;
  const char *path; /* "" for a static plugin */
  const char *folder;
  dev_t device;
  ino_t inode;
  rn_plugin_entry_fn entry;
  lt_dlhandle handle;
  uint32_t opened; /* by so many holders */
  int started;     /* init has run */
  rn_host_user *users;
  _Atomic int64_t blocks;
  rn_host host;
  struct rn_validator *validator; /* NULL: what it calls is not checked */
  rn_plugin_desc desc;
  rn_op_def *ops;
  rn_kernel_def *kernels;
  rn_device_def *devices;
  rn_compiler_def *compilers;
  rn_optimizer_def *optimizers;
  rn_pass_def *passes;
  uint32_t n_ops, n_kernels, n_devices, n_compilers, n_optimizers, n_passes;
};
typedef struct rn_module rn_module;

/* Checks the file without running it, opens it and reads its description. manifest may be NULL; with
 * one, a changed file and missing CPU features are refused first. own: owned, rn_module_close */
rn_status *rn_module_open(const char *path, const rn_manifest *manifest, rn_module **out);
rn_status *rn_module_open_static(rn_plugin_entry_fn entry, rn_module **out);
/* The runtime's own use of it: init on the first. host is filled for this runtime. */
rn_status *rn_module_start(rn_module *m, rn_runtime *rt, rn_host *host, rn_host_user *user);
/* Gives back what start did (user may be NULL) and the reference; the last one stops it. Its code stays mapped. */
void rn_module_close(rn_module *m, rn_host *host, rn_host_user *user);

/* The step that this thread's last opening or starting came to: "check", "load", "describe", "init"; begin forgets it.
 */
const char *rn_module_step(void);
void rn_module_begin(void);
/* Calls fn before each step that this thread takes; NULL: no longer. */
void rn_module_watch(void (*fn)(void *arg, const char *step), void *arg);
/* As rn_module_close, and says why the plugin did not come to rest. */
rn_status *rn_module_shut(rn_module *m, rn_host *host, rn_host_user *user);

/* module_check.c: everything that can be said before code of the file runs. */
rn_status *rn_module_check(const char *path, const rn_manifest *manifest);
/* describe.c: copies and checks the description. err names the table and row. */
rn_status *rn_module_describe(rn_module *m, const rn_plugin_desc *given);
#endif
