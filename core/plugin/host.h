/* plugin/host.h - the table a plugin gets from the host (core/plugin).
 *
 * A plugin's init runs once in a process, while kernels run for a runtime. So there is one host for
 * each module, which follows the oldest living runtime that uses it, and one for each runtime's use.
 * A user that goes away waits until no call runs through it. */
#ifndef RN_PLUGIN_HOST_H
#define RN_PLUGIN_HOST_H
#include <runnel/plugin.h>
#include <runnel/runtime.h>

typedef struct rn_host_user {
  struct rn_host_user *next;
  rn_runtime *runtime;
  _Atomic uint32_t calls; /* running through this user */
} rn_host_user;
typedef struct rn_host {
  rn_host_api api; /* ctx points back here */
  const char *id, *folder;
  _Atomic int64_t *blocks; /* allocations the plugin still owns; shared by all hosts of a module */
  rn_host_user *_Atomic user;
} rn_host;
void rn_host_init(rn_host *h, const char *id, const char *folder, _Atomic int64_t *blocks, rn_host_user *user);
/* Sends later calls to `next` (or nowhere) and returns when none runs through the old user. */
void rn_host_switch(rn_host *h, rn_host_user *next);
uint64_t rn_cpu_features(void); /* RN_CPU_* */
#endif
