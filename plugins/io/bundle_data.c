/* bundle_data.c - the values of a V2 checkpoint (plugins/io).
 *
 * Fixed-width tensors are their bytes. A string tensor is the lengths as varints, a checksum of the
 * lengths, then all bytes; the entry's checksum covers the lengths as numbers of 4 bytes (8 when they
 * need it), the stored checksum and the bytes. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "bundle.h"
#include "crc32c.h"
#include "file.h"

static rn_status *data_damaged(const io_bundle *b, const io_entry *e, rn_bytes name, const char *what) {
  return rn_error(b->h, RN_DATA_LOSS, "checkpoint '%s.data-%05d-of-%05d': tensor '%.*s': %s", b->prefix, e->shard,
                  b->shards, (int)(name.size < 200 ? name.size : 200), name.data, what);
}

static rn_status *read_bytes(const io_bundle *b, const io_entry *e, void *to) {
  char *path = io_bundle_shard_path(b->prefix, e->shard, b->shards);
  if (path == NULL) return io_no_memory(b->h);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  rn_status *s = fd < 0 ? io_errno(b->h, "open", path, errno) : NULL;
  if (s == NULL) s = io_file_read_at(b->h, fd, path, to, e->size, e->offset);
  if (fd >= 0) close(fd);
  free(path);
  return s;
}

static void swap_elements(uint8_t *p, uint64_t size_bytes, size_t width) {
  for (uint64_t i = 0; width > 1 && i + width <= size_bytes; i += width)
    for (size_t k = 0; k < width / 2; k++) {
      uint8_t byte = p[i + k];
      p[i + k] = p[i + width - 1 - k];
      p[i + width - 1 - k] = byte;
    }
}

rn_status *io_bundle_read(const io_bundle *b, const io_entry *e, rn_bytes name, void *to) {
  RN_TRY(read_bytes(b, e, to));
  if (io_crc_mask(io_crc32c(0, to, e->size)) != e->crc) return data_damaged(b, e, name, "checksum differs");
  size_t width = io_dtype_size(e->dtype);
  if (e->dtype == RN_COMPLEX64 || e->dtype == RN_COMPLEX128) width /= 2;
  if (b->swap) swap_elements(to, e->size, width);
  return NULL;
}

static uint32_t crc_length(uint32_t crc, uint64_t n) {
  uint8_t bytes[8];
  for (unsigned i = 0; i < 8; i++) bytes[i] = (uint8_t)(n >> (8 * i));
  return io_crc32c(crc, bytes, n > UINT32_MAX ? 8 : 4);
}

static rn_status *split_strings(const io_bundle *b, const io_entry *e, rn_bytes name, io_span s, rn_bytes *items,
                                uint64_t n) {
  uint32_t crc = 0;
  uint64_t stored;
  io_span body;
  for (uint64_t i = 0; i < n; i++) {
    if (!io_take_varint(&s, &items[i].size)) return data_damaged(b, e, name, "its lengths are cut off");
    crc = crc_length(crc, items[i].size);
  }
  const uint8_t *mark = s.p;
  if (!io_take_fixed(&s, 4, &stored)) return data_damaged(b, e, name, "its lengths are cut off");
  if (io_crc_mask(crc) != stored) return data_damaged(b, e, name, "checksum of the lengths differs");
  crc = io_crc32c(crc, mark, 4);
  crc = io_crc32c(crc, s.p, (size_t)(s.end - s.p));
  for (uint64_t i = 0; i < n; i++) {
    if (!io_take_bytes(&s, items[i].size, &body)) return data_damaged(b, e, name, "a string is cut off");
    items[i].data = (const char *)body.p;
  }
  if (s.p != s.end) return data_damaged(b, e, name, "bytes are left over");
  return io_crc_mask(crc) == e->crc ? NULL : data_damaged(b, e, name, "checksum differs");
}

rn_status *io_bundle_check(const io_bundle *b, const io_entry *e, rn_bytes name) {
  struct stat st;
  char *path = io_bundle_shard_path(b->prefix, e->shard, b->shards);
  if (path == NULL) return io_no_memory(b->h);
  rn_status *s = stat(path, &st) != 0 ? io_errno(b->h, "open", path, errno) : NULL;
  free(path);
  if (s == NULL && (e->size > (uint64_t)st.st_size || e->offset > (uint64_t)st.st_size - e->size))
    s = data_damaged(b, e, name, "the file is too short");
  return s;
}

rn_status *io_bundle_read_strings(const io_bundle *b, const io_entry *e, rn_bytes name, rn_bytes *items, uint64_t n,
                                  void **out_block) {
  *out_block = NULL;
  uint8_t *block = malloc(e->size + 1);
  if (block == NULL) return io_no_memory(b->h);
  rn_status *s = read_bytes(b, e, block);
  if (s == NULL) s = split_strings(b, e, name, (io_span){block, block + e->size}, items, n);
  if (s == NULL)
    *out_block = block;
  else
    free(block);
  return s;
}
