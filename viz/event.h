/* event.h - an Event's bytes, taken apart (viz). For event_file.c. */
#ifndef RN_VIZ_EVENT_H
#define RN_VIZ_EVENT_H
#include <runnel/events.h>

typedef struct event_visitor {
  rn_status *(*visit)(void *arg, const rn_event *e);
  void *arg;
} event_visitor;
/* Calls visit for each part. err DATA_LOSS: not an Event; what visit fails with */
rn_status *event_take_apart(const uint8_t *bytes, size_t size, const event_visitor *v);
#endif
