/* tpu.h - what the parts that the host calls share (plugins/tpu). */
#ifndef TPU_H
#define TPU_H
#include <pthread.h>
#include <stdatomic.h>
#include "machine.h"

typedef struct tpu_ran { /* a program, once (trace.c) */
  uint64_t correlation, begin_ns, end_ns;
  char name[64];
} tpu_ran;
/* An opened device: a machine. Programs keep what they need of it, so of that nothing changes. */
typedef struct tpu_device {
  const rn_host_api *host;
  tpu_machine machine;
  _Atomic uint32_t traced; /* steps that want to know when programs ran */
  pthread_mutex_t guard;   /* of what ran */
  tpu_ran *ran;
  uint32_t n_ran, cap_ran;
} tpu_device;

extern const rn_group tpu_devices_group, tpu_compilers_group;
/* Which nodes of a plan this machine wants. */
rn_status *tpu_claim(const rn_host_api *host, void *device, const rn_graph_view_api *v, const rn_graph *g,
                     const rn_node_id *candidates, uint32_t n, rn_status *(*put)(void *arg, const rn_claim *c),
                     void *arg);
#endif
