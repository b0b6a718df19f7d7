/* base/status_watch.h - told of every status made and freed (core/base); for the validation layer. */
#ifndef RN_BASE_STATUS_WATCH_H
#define RN_BASE_STATUS_WATCH_H
#include <runnel/status.h>

typedef struct rn_status_watch {
  void (*made)(rn_status *s);
  int (*freed)(rn_status *s); /* 1: the watcher has the memory now and gives it back by rn_mem_free */
} rn_status_watch;
void rn_status_set_watch(const rn_status_watch *w); /* static; once set it stays */
int rn_status_is_static(const rn_status *s);        /* the one that stands for "out of memory" */
#endif
