/* exec/validate_device.h - what is known of an open device; for validate_device.c and validate_queue.c (core/exec). */
#ifndef RN_EXEC_VALIDATE_DEVICE_H
#define RN_EXEC_VALIDATE_DEVICE_H
#include "exec/validate.h"

typedef struct device_held { /* memory, a queue or a timeline of the device */
  struct device_held *next;
  const void *what;
  char *address;       /* of memory */
  uint64_t size_bytes; /* of memory */
  uint64_t seen;       /* of a timeline: the last value */
  rn_point last;       /* of a queue: what its last work signals */
} device_held;
typedef struct device_watch {
  rn_device_type type;
  rn_device_def def;
  const rn_device_def *real;
  const rn_device_info *info;
  rn_validator *plugin;
  char name[100];
  pthread_mutex_t guard;
  device_held *memory, *queues, *timelines, *recordings;
} device_watch;
device_watch *device_watch_of(const void *device);
/* One more in a list of w; NULL: out of memory. */
device_held *device_hold(device_watch *w, device_held **list, const void *what);
device_held *device_find(device_watch *w, device_held *const *list, const void *what);
int device_take(device_watch *w, device_held **list, const void *what); /* 0: it is not there */
void device_say(const device_watch *w, const char *text, const void *p);
void device_note_signals(device_watch *w, const rn_queue *q, rn_points signal);
/* Checking functions in the place of those that d has. validate_queue.c */
void device_watch_queues(rn_device_def *d);
#endif
