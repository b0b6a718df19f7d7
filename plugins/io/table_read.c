/* table_read.c - walking a table, every checksum verified (plugins/io). */
#include "crc32c.h"
#include "snappy.h"
#include "file.h"
#include "table.h"

#define FOOTER_BYTES 48
#define MAGIC 0xdb4775248b80fb57u
#define BLOCK_MOST ((size_t)1 << 31) /* of one block, unpacked */

typedef struct table_walk {
  const rn_host_api *h;
  const char *name;
  io_span file;
  io_table_visit visit;
  void *arg;
  io_buffer last; /* last key of the data blocks, to see that keys rise */
  uint64_t next;  /* where the next data block may begin: read twice, a short file could cost hours */
  int started;
} table_walk;

static rn_status *damaged(const table_walk *w, const char *what) {
  return rn_error(w->h, RN_DATA_LOSS, "'%s' is damaged: %s", w->name, what);
}

int io_table_is(io_span file) {
  uint64_t magic;
  if (file.end - file.p < FOOTER_BYTES) return 0;
  io_span tail = {file.end - 8, file.end};
  return io_take_fixed(&tail, 8, &magic) && magic == MAGIC;
}

/* The content of a block; unpacked into `room` when it is stored packed. */
static rn_status *read_block(const table_walk *w, io_span *handle, io_buffer *room, io_span *out) {
  uint64_t offset, size, stored;
  if (!io_take_varint(handle, &offset) || !io_take_varint(handle, &size)) return damaged(w, "a block has no place");
  uint64_t whole = (uint64_t)(w->file.end - w->file.p);
  if (offset > whole || size > whole - offset || whole - offset - size < 5)
    return damaged(w, "a block lies outside the file");
  const uint8_t *p = w->file.p + offset;
  io_span trailer = {p + size + 1, p + size + 5};
  io_take_fixed(&trailer, 4, &stored);
  if (io_crc_mask(io_crc32c(0, p, size + 1)) != stored) return damaged(w, "the checksum of a block differs");
  *out = (io_span){p, p + size};
  if (p[size] == 0) return NULL;
  if (p[size] != 1) return damaged(w, "a block is packed in an unknown way");
  if (!io_snappy_unpack(*out, BLOCK_MOST, room))
    return room->failed ? io_no_memory(w->h) : damaged(w, "a packed block");
  *out = io_held(room);
  return NULL;
}

typedef rn_status *(*entry_fn)(table_walk *w, io_span key, io_span value);

/* One entry: how much of the last key it shares, then the rest of its key and its value. */
static rn_status *take_entry(table_walk *w, io_span *body, io_buffer *key, io_span *out_value) {
  uint64_t shared, rest, value;
  io_span suffix;
  if (!io_take_varint(body, &shared) || !io_take_varint(body, &rest) || !io_take_varint(body, &value) ||
      shared > key->size || !io_take_bytes(body, rest, &suffix) || !io_take_bytes(body, value, out_value))
    return damaged(w, "an entry of a block");
  key->size = (size_t)shared;
  io_put(key, suffix.p, (size_t)rest);
  return key->failed ? io_no_memory(w->h) : NULL;
}

static rn_status *each_entry(table_walk *w, io_span block, entry_fn fn) {
  uint64_t restarts;
  io_buffer key = {0};
  if (block.end - block.p < 4) return damaged(w, "a block's list of restarts");
  io_span tail = {block.end - 4, block.end};
  if (!io_take_fixed(&tail, 4, &restarts) || restarts > (uint64_t)(block.end - block.p - 4) / 4)
    return damaged(w, "a block's list of restarts");
  block.end -= 4 + 4 * restarts;
  rn_status *s = NULL;
  while (s == NULL && block.p < block.end) {
    io_span value;
    s = take_entry(w, &block, &key, &value);
    if (s == NULL) s = fn(w, io_held(&key), value);
  }
  io_drop(&key);
  return s;
}

static rn_status *with_block(table_walk *w, io_span handle, entry_fn fn) {
  io_buffer room = {0};
  io_span block;
  rn_status *s = read_block(w, &handle, &room, &block);
  if (s == NULL) s = each_entry(w, block, fn);
  io_drop(&room);
  return s;
}

static rn_status *data_entry(table_walk *w, io_span key, io_span value) {
  size_t n = (size_t)(key.end - key.p), least = n < w->last.size ? n : w->last.size;
  int c = least ? memcmp(w->last.data, key.p, least) : 0;
  if (w->started && (c > 0 || (c == 0 && w->last.size >= n))) return damaged(w, "its keys do not rise");
  w->started = 1;
  w->last.size = 0;
  io_put(&w->last, key.p, n);
  return w->last.failed ? io_no_memory(w->h) : w->visit(w->arg, key, value);
}

static rn_status *index_entry(table_walk *w, io_span key, io_span value) {
  io_span handle = value;
  uint64_t offset, size;
  (void)key;
  if (!io_take_varint(&handle, &offset) || !io_take_varint(&handle, &size)) return damaged(w, "a block has no place");
  if (offset < w->next) return damaged(w, "its blocks overlap");
  if (__builtin_add_overflow(offset, size, &w->next)) w->next = UINT64_MAX;
  return with_block(w, value, data_entry);
}

rn_status *io_table_each(const rn_host_api *h, const char *name, io_span file, io_table_visit visit, void *arg) {
  table_walk w = {h, name, file, visit, arg, {0}, 0, 0};
  io_buffer room = {0};
  io_span meta;
  if (!io_table_is(file)) return damaged(&w, "its last bytes are not those of a table");
  io_span footer = {file.end - FOOTER_BYTES, file.end - 8};
  rn_status *s = read_block(&w, &footer, &room, &meta); /* holds nothing, but may tell of damage */
  io_drop(&room);
  if (s == NULL) s = with_block(&w, footer, index_entry);
  io_drop(&w.last);
  return s;
}
