/* device.h - a device of the plugin, open, for the cases about it (frontends/conform). */
#ifndef CONFORM_DEVICE_H
#define CONFORM_DEVICE_H
#include "host.h"
#include "kit.h"

enum { DEVICE_MOST = 8 };
#define SECOND_NS 1000000000ull
typedef struct device_found {
  rn_device_info info[DEVICE_MOST];
  uint32_t n;
} device_found;
typedef struct device_opened {
  kit *k;
  const rn_device_def *d;
  rn_device_info info;
  void *handle;
  int is_open;     /* handle may be NULL: open is optional, as are close, drain, timeline_query and timeline_signal */
  rn_queue *queue; /* NULL: synchronous */
} device_opened;

rn_status *device_list(kit *k, const rn_device_def *d, device_found *f);
/* The first device of the type, with a queue; SKIPPED when there is none here. Ends with device_end. */
verdict device_begin(kit *k, const kit_case *c, device_opened *o);
verdict device_end(device_opened *o, verdict v); /* drains and closes; v, or what went wrong */
/* A copy that is over when this returns. */
rn_status *device_copy(device_opened *o, rn_mem *dst, rn_mem *src, void *host, const rn_region *regions, uint32_t n);
void device_pattern(unsigned char *p, size_t n, unsigned seed);

/* device_queue_case.c */
verdict device_timelines(kit *k, const kit_case *c);
verdict device_recording(kit *k, const kit_case *c);
verdict device_launches(kit *k, const kit_case *c);
#endif
