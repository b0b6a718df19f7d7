/* table_write.c - building a table in memory (plugins/io).
 *
 * Keys share what they have in common with the one before, except at restart points: every 16 entries
 * of a data block and every entry of the index. The index names each block's last key. Not packed. */
#include "crc32c.h"
#include "table.h"

#define BLOCK_BYTES ((size_t)262144)
#define RESTART_EVERY 16u

static void put_entry(io_buffer *block, size_t shared, io_span key, io_span value) {
  size_t n = (size_t)(key.end - key.p);
  io_put_varint(block, shared);
  io_put_varint(block, n - shared);
  io_put_varint(block, (uint64_t)(value.end - value.p));
  io_put(block, key.p + shared, n - shared);
  io_put(block, value.p, (size_t)(value.end - value.p));
}

/* Ends a block and appends it to the file; its handle goes to `handle`. */
static void put_block(io_table_writer *w, io_buffer *block, io_buffer *restarts, io_buffer *handle) {
  if (restarts->size == 0) io_put_fixed(restarts, 4, 0);
  io_put(block, restarts->data, restarts->size);
  io_put_fixed(block, 4, restarts->size / 4);
  io_put_varint(handle, w->file.size);
  io_put_varint(handle, block->size);
  io_put_fixed(block, 1, 0);
  uint32_t crc = block->failed ? 0 : io_crc32c(0, block->data, block->size);
  io_put(&w->file, block->data, block->size);
  io_put_fixed(&w->file, 4, io_crc_mask(crc));
  w->file.failed |= block->failed | restarts->failed;
  block->size = restarts->size = 0;
}

static void flush(io_table_writer *w) {
  io_buffer handle = {0};
  if (w->block.size == 0) return;
  put_block(w, &w->block, &w->restarts, &handle);
  w->in_block = 0;
  io_put_fixed(&w->index_restarts, 4, w->index.size);
  put_entry(&w->index, 0, (io_span){w->key.data, w->key.data + w->key.size},
            (io_span){handle.data, handle.data + handle.size});
  w->file.failed |= handle.failed;
  io_drop(&handle);
}

void io_table_add(io_table_writer *w, io_span key, io_span value) {
  size_t n = (size_t)(key.end - key.p), shared = 0;
  if (w->in_block % RESTART_EVERY == 0)
    io_put_fixed(&w->restarts, 4, w->block.size);
  else
    while (shared < n && shared < w->key.size && w->key.data[shared] == key.p[shared]) shared++;
  put_entry(&w->block, shared, key, value);
  w->key.size = 0;
  io_put(&w->key, key.p, n);
  w->in_block++;
  w->file.failed |= w->key.failed;
  if (w->block.size >= BLOCK_BYTES) flush(w);
}

int io_table_finish(io_table_writer *w) {
  static const uint8_t zeros[40] = {0};
  io_buffer footer = {0}, empty = {0}, restarts = {0};
  flush(w);
  put_block(w, &empty, &restarts, &footer);
  put_block(w, &w->index, &w->index_restarts, &footer);
  io_put(&footer, zeros, footer.size < 40 ? 40 - footer.size : 0);
  io_put_fixed(&footer, 8, 0xdb4775248b80fb57u);
  io_put(&w->file, footer.data, footer.size);
  w->file.failed |= footer.failed;
  io_drop(&footer);
  io_drop(&empty);
  io_drop(&restarts);
  return !w->file.failed;
}

void io_table_drop(io_table_writer *w) {
  io_drop(&w->file);
  io_drop(&w->block);
  io_drop(&w->index);
  io_drop(&w->key);
  io_drop(&w->restarts);
  io_drop(&w->index_restarts);
}
