/* device.c - the device "cpu": host memory, done when a call returns (plugins/cpu). */
#include "cpu.h"
#include <stdio.h>
#include <unistd.h>

struct rn_mem {
  void *bytes;
};
static char the_device;

/* The value of a line "key : value" of /proc/cpuinfo; left as it is when there is none. */
static void processor_fact(const char *key, char *out, size_t room) {
  char line[512];
  FILE *f = fopen("/proc/cpuinfo", "r");
  while (f && fgets(line, sizeof line, f)) {
    const char *colon = strchr(line, ':');
    if (!colon || strncmp(line, key, strlen(key)) != 0) continue;
    snprintf(out, room, "%.*s", (int)strcspn(colon + 1, "\n") - 1, colon + 2);
    break;
  }
  if (f) fclose(f);
}

static rn_status *enumerate(const rn_host_api *host, rn_status *(*put)(void *, const rn_device_info *), void *arg) {
  (void)host;
  rn_device_info i;
  memset(&i, 0, sizeof i);
  i.struct_size = (uint32_t)sizeof i;
  i.align_bytes = 64;
  i.features = RN_DEVICE_HOST_MEMORY | RN_DEVICE_SYNCHRONOUS;
  long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
  if (pages > 0 && page_bytes > 0) i.memory_bytes = (uint64_t)pages * (uint64_t)page_bytes;
  snprintf(i.name, sizeof i.name, "host processor");
  processor_fact("model name", i.name, sizeof i.name);
  processor_fact("vendor_id", i.vendor, sizeof i.vendor);
  static const char *const loops[] = {"baseline loops", "x86-64-v3 loops", "x86-64-v4 loops"};
  snprintf(i.driver, sizeof i.driver, "%s", loops[cpu_level]);
  return put(arg, &i);
}

static rn_status *open_device(const rn_host_api *host, uint32_t index, void **out) {
  if (index != 0) return rn_error(host, RN_NOT_FOUND, "cpu: there is one device, not a number %u", index);
  *out = &the_device;
  return NULL;
}
static rn_status *drain(void *device, uint64_t timeout_ns) {
  (void)device;
  (void)timeout_ns;
  return NULL;
}
static void close_device(void *device) { (void)device; }

static rn_status *alloc_mem(void *device, uint64_t size_bytes, rn_mem **out) {
  (void)device;
  rn_mem *m = cpu_host->alloc(cpu_host->ctx, sizeof *m, 16);
  if (m) m->bytes = cpu_host->alloc(cpu_host->ctx, size_bytes ? size_bytes : 64, 64);
  if (m && m->bytes) {
    *out = m;
    return NULL;
  }
  cpu_free(m);
  return rn_error(cpu_host, RN_RESOURCE_EXHAUSTED, "cpu: out of memory for %llu bytes", (unsigned long long)size_bytes);
}
static void release(void *device, rn_mem *m) {
  (void)device;
  if (!m) return;
  cpu_free(m->bytes);
  cpu_free(m);
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
  char *dst = c->dst ? c->dst->bytes : c->host;
  const char *src = c->src ? c->src->bytes : c->host;
  for (uint32_t i = 0; i < c->region_count; i++)
    memmove(dst + c->regions[i].dst_offset_bytes, src + c->regions[i].src_offset_bytes, c->regions[i].size_bytes);
  return NULL;
}

static const rn_device_def devices[] = {{.struct_size = (uint32_t)sizeof(rn_device_def),
                                         .type = "cpu",
                                         .doc = "The host's processor and memory.",
                                         .enumerate = enumerate,
                                         .open = open_device,
                                         .drain = drain,
                                         .close = close_device,
                                         .alloc = alloc_mem,
                                         .release = release,
                                         .address = address,
                                         .copy = copy}};
const rn_group cpu_device = {.struct_size = (uint32_t)sizeof(rn_group), .devices = RN_TABLE(devices)};
