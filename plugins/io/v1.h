/* v1.h - checkpoints of format V1: one table a shard, values inside (plugins/io). */
#ifndef RN_IO_V1_H
#define RN_IO_V1_H
#include "slice.h"

/* What is asked of a V1 checkpoint, and where it goes. */
typedef struct io_v1_request {
  rn_bytes name;
  rn_dtype dtype;
  int has_slice;
  rn_shape full; /* with has_slice */
  io_slice slice;
  /* Called once, when the shape of the result is known: memory for it (fixed-width dtypes), or room
   * for the items of a string tensor. */
  rn_status *(*place)(void *arg, const rn_shape *shape, void **out_data, rn_bytes **out_items);
  void *arg;
} io_v1_request;
/* pattern: a file, its shards `pattern-?????-of-?????`, or a glob. Items of strings are malloc'ed, each.
 * err NOT_FOUND (no file, no such tensor), DATA_LOSS, INVALID_ARGUMENT */
rn_status *io_v1_restore(const rn_host_api *h, const char *pattern, const io_v1_request *r);
int io_v1_exists(const char *pattern);
#endif
