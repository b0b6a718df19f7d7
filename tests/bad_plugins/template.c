/* template.c - one plugin, bad in as many ways as there are macros (tests/bad_plugins).
 *
 * Without any -D it is a good plugin: an op with shape function, gradient and kernel, and, with -DDEVICE, a device in
 * host memory. A case in cases.txt replaces one member or puts one statement in at a place where the host calls. */
#include <runnel/plugin.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* ---- what a bad plugin does ---- */
__attribute__((unused)) static void crash(void) { *(volatile int *)8 = 1; }
__attribute__((unused)) static void hang(void) {
  for (;;) pause();
}
__attribute__((unused)) static void spin(void) {
  for (volatile int i = 0;; i++) {
  }
}
__attribute__((unused)) static int deep(volatile char *above) {
  volatile char here[4096];
  here[0] = above != NULL ? above[0] : 1;
  return deep(here) + here[0];
}
__attribute__((unused)) static void jump(void) {
  static jmp_buf nowhere;
  memset(&nowhere, 0x41, sizeof nowhere);
  longjmp(nowhere, 1);
}
static void *idle(void *arg) {
  (void)arg;
  for (;;) pause();
  return NULL;
}
__attribute__((unused)) static void start_thread(void) {
  pthread_t t;
  pthread_create(&t, NULL, idle, NULL);
}

/* ---- members, each of which a case may replace ---- */
#ifndef ID
#define ID "bad"
#endif
#ifndef MAJOR
#define MAJOR RN_ABI_MAJOR
#endif
#ifndef MINOR
#define MINOR RN_ABI_MINOR
#endif
#ifndef DESC_SIZE
#define DESC_SIZE sizeof(rn_plugin_desc)
#endif
#ifndef VERSION
#define VERSION "1.0"
#endif
#ifndef CPU
#define CPU 0
#endif
#ifndef GROUPS
#define GROUPS groups
#endif
#ifndef GROUP_COUNT
#define GROUP_COUNT 1
#endif
#ifndef GROUP
#define GROUP &group
#endif
#ifndef GROUP_SIZE
#define GROUP_SIZE sizeof(rn_group)
#endif
#ifndef OPS
#define OPS RN_TABLE(ops)
#endif
#ifndef OP_SIZE
#define OP_SIZE sizeof(rn_op_def)
#endif
#ifndef OP_NAME
#define OP_NAME "Bad"
#endif
#ifndef SIGNATURE
#define SIGNATURE "(x: T) -> (y: T); T: {float, double}"
#endif
#ifndef OP_FLAGS
#define OP_FLAGS 0
#endif
#ifndef OP_ROLE
#define OP_ROLE 0
#endif
#ifndef MORE_OPS
#define MORE_OPS
#endif
#ifndef KERNELS
#define KERNELS RN_TABLE(kernels)
#endif
#ifndef KERNEL_SIZE
#define KERNEL_SIZE sizeof(rn_kernel_def)
#endif
#ifndef KERNEL_OP
#define KERNEL_OP OP_NAME
#endif
#ifndef KERNEL_DEVICE
#define KERNEL_DEVICE "cpu"
#endif
#ifndef TYPES
#define TYPES NULL
#endif
#ifndef HOST_ARGS
#define HOST_ARGS NULL
#endif
#ifndef KERNEL_FLAGS
#define KERNEL_FLAGS 0
#endif
#ifndef PRIORITY
#define PRIORITY 10
#endif
#ifndef ALIAS
#define ALIAS 0
#endif
#ifndef COMPUTE
#define COMPUTE compute
#endif
#ifndef GRADIENT
#define GRADIENT gradient
#endif
#ifndef MORE_TABLES
#define MORE_TABLES
#endif
#ifndef ENTRY
#define ENTRY rn_plugin_entry
#endif

/* ---- statements, each at a place where the host calls ---- */
#ifndef AT_ENTRY
#define AT_ENTRY
#endif
#ifndef AT_INIT
#define AT_INIT
#endif
#ifndef AT_QUIESCE
#define AT_QUIESCE
#endif
#ifndef AT_FINI
#define AT_FINI
#endif
#ifndef AT_INFER
#define AT_INFER
#endif
#ifndef AT_GRADIENT
#define AT_GRADIENT
#endif
#ifndef AT_COMPUTE
#define AT_COMPUTE
#endif
#ifndef DY_TIMES
#define DY_TIMES c->api->dy(c, 0)
#endif
#ifdef AT_LOAD
__attribute__((constructor)) static void at_load(void) { AT_LOAD; }
#endif
#ifdef AT_UNLOAD
__attribute__((destructor)) static void at_unload(void) { AT_UNLOAD; }
#endif
#ifdef MORE
MORE
#endif

    __attribute__((unused)) static const rn_host_api *host;

/* ---- y = 2 x ---- */
static rn_status *infer(rn_infer *c) {
  AT_INFER;
  c->api->set_shape(c, 0, c->api->shape(c, 0));
  return NULL;
}
__attribute__((unused)) static rn_status *gradient(rn_grad *c) {
  AT_GRADIENT;
  rn_value dy = DY_TIMES;
  c->api->set_dx(c, 0, rn_op2(c->b, "Add", dy, dy));
  return NULL;
}
__attribute__((unused)) static rn_status *compute(const void *state, rn_call *c) {
  (void)state;
  if (c->out[0]->data == NULL) {
    rn_status *s = c->api->set_output(c, 0, &c->in[0]->shape);
    if (s != NULL) return s;
  }
  uint64_t n = (uint64_t)rn_shape_elems(&c->in[0]->shape);
  if (c->in[0]->dtype == RN_FLOAT) {
    float *y = c->out[0]->data;
    const float *x = c->in[0]->data;
    for (uint64_t i = 0; i < n; i++) y[i] = 2 * x[i];
  } else {
    double *y = c->out[0]->data;
    const double *x = c->in[0]->data;
    for (uint64_t i = 0; i < n; i++) y[i] = 2 * x[i];
  }
  AT_COMPUTE;
  return NULL;
}
#ifdef AT_SUPPORTS
static rn_status *supports(const void *user, const rn_self *s, uint8_t *out_yes, char reason[256]) {
  (void)user, (void)s, (void)reason;
  *out_yes = 1;
  AT_SUPPORTS;
  return NULL;
}
#endif
#ifdef AT_PREPARE
static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  (void)p, (void)out;
  AT_PREPARE;
  return NULL;
}
#endif

/* ---- a device: memory of the host, everything at once ---- */
#ifdef DEVICE
#ifndef DEVICE_TYPE
#define DEVICE_TYPE "bad"
#endif
#ifndef AT_ENUMERATE
#define AT_ENUMERATE
#endif
#ifndef AT_OPEN
#define AT_OPEN
#endif
#ifndef AT_ALLOC
#define AT_ALLOC
#endif
#ifndef AT_CLOSE
#define AT_CLOSE
#endif
#ifndef ENUMERATE
#define ENUMERATE enumerate
#endif
#ifndef OPEN
#define OPEN open_device
#endif
#ifndef INFO_SIZE
#define INFO_SIZE sizeof(rn_device_info)
#endif
#ifndef INFO_NAME
#define INFO_NAME "Bad device"
#endif
struct rn_mem {
  void *bytes;
};
__attribute__((unused)) static rn_status *enumerate(const rn_host_api *h,
                                                    rn_status *(*put)(void *arg, const rn_device_info *i), void *arg) {
  rn_device_info i = {.struct_size = INFO_SIZE, .align_bytes = 64, .memory_bytes = 1 << 20};
  (void)h;
  memcpy(i.name, INFO_NAME, sizeof INFO_NAME - 1);
  i.features = RN_DEVICE_HOST_MEMORY | RN_DEVICE_SYNCHRONOUS;
  AT_ENUMERATE;
  return put(arg, &i);
}
__attribute__((unused)) static rn_status *open_device(const rn_host_api *h, uint32_t index, void **out) {
  static int the_device;
  if (index != 0) return h->status(RN_NOT_FOUND, "there is one device");
  *out = &the_device;
  AT_OPEN;
  return NULL;
}
static void close_device(void *device) {
  (void)device;
  AT_CLOSE;
}
static rn_status *drain(void *device, uint64_t timeout_ns) {
  (void)device, (void)timeout_ns;
  return NULL;
}
static rn_status *alloc_memory(void *device, uint64_t size_bytes, rn_mem **out) {
  (void)device;
  AT_ALLOC;
  rn_mem *m = host->alloc(host->ctx, sizeof *m, 16);
  if (m == NULL) return host->status(RN_RESOURCE_EXHAUSTED, "bad: no memory");
  m->bytes = host->alloc(host->ctx, size_bytes != 0 ? size_bytes : 1, 64);
  if (m->bytes == NULL) {
    host->free(host->ctx, m);
    return host->status(RN_RESOURCE_EXHAUSTED, "bad: no memory");
  }
  *out = m;
  return NULL;
}
static void release_memory(void *device, rn_mem *m) {
  (void)device;
  host->free(host->ctx, m->bytes);
  host->free(host->ctx, m);
}
static void *address(void *device, rn_mem *m) {
  (void)device;
  return m->bytes;
}
static rn_status *copy(void *device, rn_queue *q, rn_points wait, rn_points signal, const rn_copy *c) {
  (void)device, (void)q, (void)wait, (void)signal;
  for (uint32_t i = 0; i < c->region_count; i++) {
    char *to = c->dst != NULL ? c->dst->bytes : c->host;
    const char *from = c->src != NULL ? c->src->bytes : c->host;
    memcpy(to + c->regions[i].dst_offset_bytes, from + c->regions[i].src_offset_bytes, c->regions[i].size_bytes);
  }
  return NULL;
}
static const rn_device_def devices[] = {{.struct_size = sizeof(rn_device_def),
                                         .type = DEVICE_TYPE,
                                         .doc = "A device that is bad.",
                                         .enumerate = ENUMERATE,
                                         .open = OPEN,
                                         .drain = drain,
                                         .close = close_device,
                                         .alloc = alloc_memory,
                                         .release = release_memory,
                                         .address = address,
                                         .copy = copy,
                                         .kernels_of = "cpu"}};
#undef MORE_TABLES
#define MORE_TABLES .devices = RN_TABLE(devices),
#endif

/* ---- the description ---- */
static const rn_op_def ops[] = {{.struct_size = OP_SIZE,
                                 .flags = OP_FLAGS,
                                 .role = OP_ROLE,
                                 .name = OP_NAME,
                                 .signature = SIGNATURE,
                                 .doc = "Twice each element.",
                                 .infer = infer,
                                 .gradient = GRADIENT},
                                MORE_OPS};
static const rn_kernel_def kernels[] = {{.struct_size = KERNEL_SIZE,
                                         .flags = KERNEL_FLAGS,
                                         .op = KERNEL_OP,
                                         .device_type = KERNEL_DEVICE,
                                         .types = TYPES,
                                         .host_args = HOST_ARGS,
                                         .label = "bad",
                                         .priority = PRIORITY,
                                         .alias = ALIAS,
#ifdef AT_SUPPORTS
                                         .supports = supports,
#endif
#ifdef AT_PREPARE
                                         .prepare = prepare,
#endif
                                         .compute = COMPUTE}};
__attribute__((unused)) static const rn_group group = {
    .struct_size = GROUP_SIZE, .ops = OPS, .kernels = KERNELS, MORE_TABLES};
__attribute__((unused)) static const rn_group *const groups[] = {GROUP};

static rn_status *init(const rn_host_api *h) {
  host = h;
  AT_INIT;
  return NULL;
}
static rn_status *quiesce(uint64_t timeout_ns) {
  (void)timeout_ns;
  AT_QUIESCE;
  return NULL;
}
static void fini(void) { AT_FINI; }
__attribute__((unused)) static const rn_plugin_desc desc = {.struct_size = DESC_SIZE,
                                                            .abi_major = MAJOR,
                                                            .abi_minor = MINOR,
                                                            .build_flags = RN_BUILD_FLAGS,
                                                            .cpu_required = CPU,
                                                            .id = ID,
                                                            .version = VERSION,
                                                            .license = "Apache-2.0",
                                                            .doc = "A bad plugin (test).",
                                                            .groups = GROUPS,
                                                            .group_count = GROUP_COUNT,
                                                            .init = init,
                                                            .quiesce = quiesce,
                                                            .fini = fini};
#ifdef ENTRY_IS_DATA
RN_EXPORT const char rn_plugin_entry_data[64] __asm__("rn_plugin_entry") = "not a function";
#else
RN_EXPORT const rn_plugin_desc *ENTRY(void);
RN_EXPORT const rn_plugin_desc *ENTRY(void) {
  AT_ENTRY;
  return &desc;
}
#endif
