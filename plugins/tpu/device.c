/* device.c - the devices "tpu": one per machine description (plugins/tpu).
 *
 * Their memory is the host's, so nothing is copied to look at it; far tensors cost time in the model only. What no
 * program was made of runs with the host processor's kernels. */
#include <string.h>
#include "trace.h"

struct rn_mem {
  void *bytes;
  const rn_host_api *host;
};

/* The i-th machine of the configuration: `machine` alone, or of `machines`, or the two built-in ones. 0: no more. */
static int machine_name(const rn_host_api *h, uint32_t index, char *out, size_t room) {
  const char *one = h->config(h->ctx, "machine"), *list = one != NULL ? one : h->config(h->ctx, "machines");
  if (list == NULL || *list == '\0') list = "v1, bf16";
  for (uint32_t i = 0; *list != '\0'; i++) {
    list += strspn(list, ", ");
    size_t n = strcspn(list, ",");
    while (n > 0 && list[n - 1] == ' ') n--;
    if (n == 0) return 0;
    if (i == index && n < room) {
      memcpy(out, list, n);
      out[n] = '\0';
      return 1;
    }
    list += strcspn(list, ",");
  }
  return 0;
}

static rn_status *enumerate(const rn_host_api *h, rn_status *(*put)(void *arg, const rn_device_info *i), void *arg) {
  char name[1024];
  for (uint32_t k = 0; machine_name(h, k, name, sizeof name); k++) {
    tpu_machine m;
    rn_device_info i;
    RN_TRY(tpu_machine_find(h, name, &m));
    memset(&i, 0, sizeof i);
    i.struct_size = (uint32_t)sizeof i;
    i.index = k;
    uint64_t print = tpu_machine_print(&m);
    memcpy(i.uuid, "tpu", 3);
    memcpy(i.uuid + 8, &print, sizeof print);
    snprintf(i.name, sizeof i.name, "%s: %u x %u %s at %g MHz", m.name, m.array_rows, m.array_columns,
             m.arithmetic == TPU_BF16 ? "bfloat16" : "int8", m.clock_mhz);
    snprintf(i.vendor, sizeof i.vendor, "Runnel");
    snprintf(i.driver, sizeof i.driver, "simulator");
    i.memory_bytes = m.memory_bytes;
    i.align_bytes = 64;
    i.features = RN_DEVICE_HOST_MEMORY | RN_DEVICE_SYNCHRONOUS;
    RN_TRY(put(arg, &i));
  }
  return NULL;
}

static void close_device(void *device) {
  tpu_device *d = device;
  (void)pthread_mutex_destroy(&d->guard);
  if (d->ran != NULL) d->host->free(d->host->ctx, d->ran);
  d->host->free(d->host->ctx, d);
}

static rn_status *open_device(const rn_host_api *h, uint32_t index, void **out) {
  char name[1024];
  if (!machine_name(h, index, name, sizeof name))
    return rn_error(h, RN_NOT_FOUND, "tpu: there is no machine number %u", index);
  tpu_device *d = h->alloc(h->ctx, sizeof *d, 16);
  if (d == NULL) return h->status(RN_RESOURCE_EXHAUSTED, "tpu: out of memory for a device");
  memset(d, 0, sizeof *d);
  d->host = h;
  (void)pthread_mutex_init(&d->guard, NULL);
  rn_status *s = tpu_machine_find(h, name, &d->machine);
  if (s != NULL)
    close_device(d);
  else
    *out = d;
  return s;
}

static rn_status *drain(void *device, uint64_t timeout_ns) {
  (void)device;
  (void)timeout_ns;
  return NULL;
}

static rn_status *alloc_mem(void *device, uint64_t size_bytes, rn_mem **out) {
  const rn_host_api *h = ((tpu_device *)device)->host;
  rn_mem *m = h->alloc(h->ctx, sizeof *m, 16);
  if (m != NULL) {
    m->host = h;
    m->bytes = h->alloc(h->ctx, size_bytes > 0 ? size_bytes : 64, 64);
    *out = m;
    if (m->bytes != NULL) return NULL;
    h->free(h->ctx, m);
  }
  return rn_error(h, RN_RESOURCE_EXHAUSTED, "tpu: out of memory for %llu bytes", (unsigned long long)size_bytes);
}
static void release(void *device, rn_mem *m) {
  (void)device;
  if (m == NULL) return;
  m->host->free(m->host->ctx, m->bytes);
  m->host->free(m->host->ctx, m);
}
static void *address(void *device, rn_mem *m) {
  (void)device;
  return m->bytes;
}
static rn_status *copy(void *device, rn_queue *q, rn_points wait, rn_points signal, const rn_copy *c) {
  (void)device;
  (void)q;
  (void)wait;
  (void)signal;
  char *dst = c->dst != NULL ? c->dst->bytes : c->host;
  const char *src = c->src != NULL ? c->src->bytes : c->host;
  for (uint32_t i = 0; i < c->region_count; i++)
    memmove(dst + c->regions[i].dst_offset_bytes, src + c->regions[i].src_offset_bytes, c->regions[i].size_bytes);
  return NULL;
}

static const rn_device_def devices[] = {
    {.struct_size = (uint32_t)sizeof(rn_device_def),
     .type = "tpu",
     .doc = "A simulated matrix machine that runs whole parts of a graph as one program.",
     .enumerate = enumerate,
     .open = open_device,
     .drain = drain,
     .close = close_device,
     .alloc = alloc_mem,
     .release = release,
     .address = address,
     .copy = copy,
     .kernels_of = "cpu",
     .trace = &tpu_trace}};
const rn_group tpu_devices_group = {.struct_size = (uint32_t)sizeof(rn_group), .devices = RN_TABLE(devices)};
