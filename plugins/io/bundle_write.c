/* bundle_write.c - writing a V2 checkpoint (plugins/io).
 *
 * Whoever opens the prefix at any moment finds no index, the old one, or the new one whose data is
 * complete. (A prefix written over while it is read can pair the old index with new data; checksums tell.) */
#include "bundle_write.h"
#include <stdlib.h>
#include "crc32c.h"

rn_status *io_bundle_writer_open(const rn_host_api *h, const char *prefix, io_bundle_writer *w) {
  memset(w, 0, sizeof *w);
  w->h = h;
  w->data.fd = -1;
  w->index.h = h;
  w->index.shards = 1;
  w->index.prefix = strdup(prefix);
  char *path = io_bundle_shard_path(prefix, 0, 1);
  if (path == NULL || w->index.prefix == NULL) {
    free(path);
    return io_no_memory(h);
  }
  io_make_folder_of(path);
  rn_status *s = io_new_file_open(h, path, &w->data);
  free(path);
  return s;
}

rn_status *io_bundle_note_slice(io_bundle *b, rn_bytes name, rn_dtype t, const rn_shape *full, const io_slice *s) {
  io_entry *e = NULL;
  for (uint32_t i = 0; i < b->n_entries && e == NULL; i++)
    if (b->entries[i].key.size == name.size && memcmp(b->entries[i].key.data, name.data, name.size) == 0)
      e = &b->entries[i];
  if (e == NULL) {
    io_entry whole = {.key = name, .dtype = t, .shape = *full, .n_slices = 1};
    io_slice copy = *s;
    whole.slices = &copy;
    return io_bundle_add(b, &whole);
  }
  if (e->n_slices == 0 || e->dtype != t || memcmp(&e->shape, full, sizeof *full) != 0)
    return rn_error(b->h, RN_INVALID_ARGUMENT, "checkpoint '%s': the slices of tensor '%.*s' differ in shape or type",
                    b->prefix, (int)name.size, name.data);
  io_slice *more = realloc(e->slices, (e->n_slices + 1) * sizeof *more);
  if (more == NULL) return io_no_memory(b->h);
  e->slices = more;
  e->slices[e->n_slices++] = *s;
  return NULL;
}

static uint32_t crc_of_length(uint32_t crc, uint64_t n) {
  uint8_t bytes[8];
  for (unsigned i = 0; i < 8; i++) bytes[i] = (uint8_t)(n >> (8 * i));
  return io_crc32c(crc, bytes, n > UINT32_MAX ? 8 : 4);
}

static rn_status *put_strings(io_bundle_writer *w, const rn_tensor_view *v, io_entry *e) {
  io_buffer head = {0};
  uint64_t n = (uint64_t)rn_shape_elems(&v->shape);
  uint32_t crc = 0;
  for (uint64_t i = 0; i < n; i++) {
    rn_bytes b = w->h->string_at(v, i);
    io_put_varint(&head, b.size);
    crc = crc_of_length(crc, b.size);
  }
  io_put_fixed(&head, 4, io_crc_mask(crc));
  rn_status *s = head.failed ? io_no_memory(w->h) : io_new_file_put(w->h, &w->data, head.data, head.size);
  if (s == NULL) crc = io_crc32c(crc, head.data + head.size - 4, 4);
  e->size = head.size;
  for (uint64_t i = 0; s == NULL && i < n; i++) {
    rn_bytes b = w->h->string_at(v, i);
    s = io_new_file_put(w->h, &w->data, b.data, b.size);
    crc = io_crc32c(crc, b.data, b.size);
    e->size += b.size;
  }
  e->crc = io_crc_mask(crc);
  io_drop(&head);
  return s;
}

static rn_status *put_fixed(io_bundle_writer *w, const rn_tensor_view *v, io_entry *e) {
  e->size = (uint64_t)rn_shape_elems(&v->shape) * io_dtype_size(v->dtype);
  e->crc = io_crc_mask(io_crc32c(0, v->data, e->size));
  return io_new_file_put(w->h, &w->data, v->data, e->size);
}

rn_status *io_bundle_writer_put(io_bundle_writer *w, rn_bytes name, const rn_tensor_view *v, int has_slice,
                                const rn_shape *full, const io_slice *s) {
  io_buffer key = {0};
  io_entry e = {.key = name, .dtype = v->dtype, .shape = v->shape, .offset = w->offset};
  if (v->dtype != RN_STRING && io_dtype_size(v->dtype) == 0)
    return rn_error(w->h, RN_UNIMPLEMENTED, "checkpoint '%s': tensor '%.*s' is %s, which cannot be saved",
                    w->index.prefix, (int)name.size, name.data, io_dtype_name(v->dtype));
  if (has_slice && !io_slice_is_full(s, full)) {
    RN_TRY(io_bundle_note_slice(&w->index, name, v->dtype, full, s));
    io_slice_key(name, s, &key);
    if (key.failed) return io_no_memory(w->h);
    e.key = (rn_bytes){(const char *)key.data, key.size};
  }
  rn_status *status = v->dtype == RN_STRING ? put_strings(w, v, &e) : put_fixed(w, v, &e);
  if (status == NULL) status = io_bundle_add(&w->index, &e);
  w->offset += e.size;
  io_drop(&key);
  return status;
}

rn_status *io_bundle_index_write(io_bundle *b, const char *prefix) {
  io_buffer bytes = {0};
  io_new_file f = {NULL, NULL, -1};
  char *path = io_text("%s.index", prefix);
  rn_status *s = path ? io_bundle_print(b, &bytes) : io_no_memory(b->h);
  if (s == NULL) s = io_new_file_open(b->h, path, &f);
  if (s == NULL) s = io_new_file_put(b->h, &f, bytes.data, bytes.size);
  if (s == NULL) s = io_new_file_sync(b->h, &f);
  if (s == NULL) s = io_new_file_commit(b->h, &f);
  if (s == NULL) io_sync_folder_of(path);
  io_new_file_drop(&f);
  io_drop(&bytes);
  free(path);
  return s;
}

rn_status *io_bundle_writer_commit(io_bundle_writer *w) {
  io_buffer bytes = {0};
  io_new_file index = {NULL, NULL, -1};
  char *path = io_text("%s.index", w->index.prefix);
  rn_status *s = path ? io_bundle_print(&w->index, &bytes) : io_no_memory(w->h);
  if (s == NULL) s = io_new_file_sync(w->h, &w->data);
  if (s == NULL) s = io_new_file_open(w->h, path, &index);
  if (s == NULL) s = io_new_file_put(w->h, &index, bytes.data, bytes.size);
  if (s == NULL) s = io_new_file_sync(w->h, &index);
  if (s == NULL) s = io_new_file_commit(w->h, &w->data);
  if (s == NULL) s = io_new_file_commit(w->h, &index);
  if (s == NULL) io_sync_folder_of(path);
  io_new_file_drop(&index);
  io_drop(&bytes);
  free(path);
  return s;
}

void io_bundle_writer_close(io_bundle_writer *w) {
  io_new_file_drop(&w->data);
  io_bundle_close(&w->index);
}
