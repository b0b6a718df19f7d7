/* kit.h - what the child's files share (frontends/conform).
 *
 * A kit is one plugin being checked: its description in structs of today's size, the runtime it was loaded
 * into, the host it was started again with (host.h). A case is a function of the kit and its subject. */
#ifndef CONFORM_KIT_H
#define CONFORM_KIT_H
#include <runnel/plugin.h>
#include <runnel/runnel.h>
#include "conform/conform.h"
#include "protocol.h"
#include "signature.h"

typedef struct kit_kernel {
  rn_kernel_def def;
  const char *plugin;
  const rn_host_api *host;
} kit_kernel;
typedef struct kit_op {
  rn_op_def def;
  const char *plugin;
  signature sig;
  char why[128]; /* the signature does not parse: why */
} kit_op;
/* What one plugin offers. */
typedef struct offer {
  const char *id;
  const rn_plugin_desc *desc;
  const rn_host_api *host;
  rn_op_def *ops;
  rn_kernel_def *kernels;
  rn_device_def *devices;
  rn_compiler_def *compilers;
  rn_optimizer_def *optimizers;
  rn_pass_def *passes;
  uint32_t n_ops, n_kernels, n_devices, n_compilers, n_optimizers, n_passes;
} offer;

typedef enum verdict { PASSED, FAILED, SKIPPED } verdict;
struct kit;
typedef struct kit_case {
  char id[256];
  verdict (*run)(struct kit *k, const struct kit_case *c);
  uint32_t index;  /* of the op, kernel, device... in the plugin's offer */
  rn_dtype dtype;  /* of a kernel's case */
  uint32_t aspect; /* of a kernel's case */
} kit_case;

typedef struct kit {
  const conform_options *o;
  rn_runtime *runtime;
  offer own, *others; /* others: every other plugin that loads */
  uint32_t n_others;
  struct hostile *host; /* what the plugin runs with from the start of the cases on */
  const rn_graph_view_api *view;
  kit_case *cases;
  uint32_t n_cases, cap_cases;
  protocol_shared *shared;
  uint32_t from;    /* the first case to run; what is before it, an earlier child ran */
  char words[2048]; /* why the case failed or was not exercised */
} kit;

/* What a case returns: the words are kept, the first stay. */
verdict fail(kit *k, const char *format, ...) __attribute__((format(printf, 2, 3)));
verdict skip(kit *k, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Fails with "what: message" and frees s, unless it is NULL. */
verdict fail_status(kit *k, const char *what, rn_status *s);
/* Seen after a crash: what is being done. */
void doing(kit *k, const char *format, ...) __attribute__((format(printf, 2, 3)));

kit_case *add_case(kit *k, verdict (*run)(kit *k, const kit_case *c), uint32_t index, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
int wants_op(const kit *k, const char *op);

/* offer.c */
rn_status *offer_read(rn_runtime *rt, const char *id, offer *out);
const rn_op_def *kit_find_op(const kit *k, const char *name, const offer **out_plugin);
const rn_device_def *kit_find_device(const kit *k, const char *type, const offer **out_plugin);

/* load.c: a runtime in which the file has its id. */
rn_status *load_plugin(const conform_options *o, const char *const *more, uint32_t n_more, rn_runtime **out, char *id,
                       size_t room);
/* 1: the validation layer has found something since the last time; its words. */
int load_noted(char *out, size_t room);

/* Each file of cases lists its own. */
void list_file_cases(kit *k);
void list_life_cases(kit *k);
void list_op_cases(kit *k);
void list_gradient_cases(kit *k);
void list_kernel_cases(kit *k);
void list_optimizer_cases(kit *k);
void list_device_cases(kit *k);
void list_rewrite_cases(kit *k);
void list_bench_cases(kit *k);
#endif
