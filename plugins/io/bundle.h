/* bundle.h - a checkpoint of format V2: P.index and P.data-?????-of-????? (plugins/io). */
#ifndef RN_IO_BUNDLE_H
#define RN_IO_BUNDLE_H
#include "slice.h"

typedef struct io_entry {
  rn_bytes key; /* a tensor's name, or a slice's key (which begins with a zero byte) */
  rn_dtype dtype;
  rn_shape shape;
  int32_t shard;
  uint32_t crc, n_slices;
  uint64_t offset, size;
  io_slice *slices;
} io_entry;

/* An index in memory, sorted by key. */
typedef struct io_bundle {
  const rn_host_api *h;
  char *prefix;
  io_entry *entries;
  uint32_t n_entries, cap;
  int32_t shards;
  int swap; /* the file's byte order is not this machine's */
} io_bundle;

/* The index of prefix, from memory or from P.index. own: finish with close, also after a failure. */
rn_status *io_bundle_parse(const rn_host_api *h, const char *prefix, io_span index, io_bundle *out);
rn_status *io_bundle_open(const rn_host_api *h, const char *prefix, io_bundle *out);
void io_bundle_close(io_bundle *b);
const io_entry *io_bundle_find(const io_bundle *b, rn_bytes key); /* NULL: none */
/* Appends; the order does not matter before print. err RESOURCE_EXHAUSTED */
rn_status *io_bundle_add(io_bundle *b, const io_entry *e /* copied */);
/* The index as bytes of a table. Sorts; err ALREADY_EXISTS names a key that stands twice. */
rn_status *io_bundle_print(io_bundle *b, io_buffer *out);
char *io_bundle_shard_path(const char *prefix, int32_t shard, int32_t shards); /* own: owned */

/* Does the shard hold that much? Asked before memory is. */
rn_status *io_bundle_check(const io_bundle *b, const io_entry *e, rn_bytes name);
/* Reads one stored piece; its checksum is verified. `to` holds e->size bytes. name: for messages. */
rn_status *io_bundle_read(const io_bundle *b, const io_entry *e, rn_bytes name, void *to);
/* A string tensor: *out_block (own: owned, free) holds the bytes that items point into. */
rn_status *io_bundle_read_strings(const io_bundle *b, const io_entry *e, rn_bytes name, rn_bytes *items, uint64_t n,
                                  void **out_block);
/* NOT_FOUND for name, with the nearest names there are. */
rn_status *io_bundle_missing(const io_bundle *b, rn_bytes name);
#endif
