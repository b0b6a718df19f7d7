/* bundle_index.c - the index of a V2 checkpoint (plugins/io).
 *
 * Key "" holds the header, the others one BundleEntryProto each. */
#include <stdlib.h>
#include "bundle.h"
#include "file.h"
#include "table.h"

char *io_bundle_shard_path(const char *prefix, int32_t shard, int32_t shards) {
  return io_text("%s.data-%05d-of-%05d", prefix, shard, shards);
}

static int keys_compare(rn_bytes a, rn_bytes b) {
  uint64_t n = a.size < b.size ? a.size : b.size;
  int c = n ? memcmp(a.data, b.data, n) : 0;
  return c ? c : (a.size > b.size) - (a.size < b.size);
}

static int entries_compare(const void *a, const void *b) {
  return keys_compare(((const io_entry *)a)->key, ((const io_entry *)b)->key);
}

rn_status *io_bundle_add(io_bundle *b, const io_entry *e) {
  if (b->n_entries == b->cap) {
    uint32_t cap = b->cap ? b->cap * 2 : 32;
    io_entry *more = cap > b->cap ? realloc(b->entries, cap * sizeof *more) : NULL;
    if (more == NULL) return io_no_memory(b->h);
    b->entries = more;
    b->cap = cap;
  }
  io_entry copy = *e;
  char *key = malloc(e->key.size + 1);
  copy.slices = e->n_slices ? malloc(e->n_slices * sizeof *e->slices) : NULL;
  if (key == NULL || (e->n_slices && copy.slices == NULL)) {
    free(key);
    free(copy.slices);
    return io_no_memory(b->h);
  }
  if (e->key.size) memcpy(key, e->key.data, e->key.size);
  if (e->n_slices) memcpy(copy.slices, e->slices, e->n_slices * sizeof *e->slices);
  copy.key.data = key;
  b->entries[b->n_entries++] = copy;
  return NULL;
}

static rn_status *index_damaged(const io_bundle *b, rn_bytes key, const char *what) {
  return rn_error(b->h, RN_DATA_LOSS, "checkpoint '%s.index', entry '%.*s': %s", b->prefix,
                  (int)(key.size < 200 ? key.size : 200), key.data, what);
}

static rn_status *header_from(io_bundle *b, io_span body) {
  static const uint16_t one = 1;
  io_field f, part;
  uint64_t endian = 0, shards = 0;
  rn_bytes key = {"", 0};
  while (body.p < body.end) {
    if (!io_take_field(&body, &f)) return index_damaged(b, key, "the header cannot be read");
    if (f.number == 1) shards = f.value;
    if (f.number == 2) endian = f.value;
    while (f.number == 3 && f.body.p < f.body.end) {
      if (!io_take_field(&f.body, &part)) return index_damaged(b, key, "the version cannot be read");
      if (part.number == 2 && part.value > 1) return index_damaged(b, key, "it needs a newer reader");
    }
  }
  if (shards == 0 || shards > 99999) return index_damaged(b, key, "the number of shards is impossible");
  b->shards = (int32_t)shards;
  b->swap = (endian == 0) != (*(const uint8_t *)&one == 1);
  return NULL;
}

static int slice_append(io_entry *e, io_span body) {
  io_slice *more = realloc(e->slices, (e->n_slices + 1) * sizeof *more);
  if (more == NULL) return 0;
  e->slices = more;
  return io_slice_from_proto(body, &more[e->n_slices++]);
}

static int entry_from(io_entry *e, io_span body) {
  io_field f;
  while (body.p < body.end) {
    if (!io_take_field(&body, &f)) return 0;
    switch (f.number) {
      case 1:
        e->dtype = (rn_dtype)f.value;
        break;
      case 2:
        if (!io_shape_from_proto(f.body, &e->shape)) return 0;
        break;
      case 3:
        e->shard = (int32_t)f.value;
        break;
      case 4:
        e->offset = f.value;
        break;
      case 5:
        e->size = f.value;
        break;
      case 6:
        e->crc = (uint32_t)f.value;
        break;
      case 7:
        if (!slice_append(e, f.body)) return 0;
        break;
      default:
        break;
    }
  }
  return 1;
}

static rn_status *entry_check(const io_bundle *b, const io_entry *e) {
  size_t size = io_dtype_size(e->dtype);
  if (e->shard < 0 || e->shard >= b->shards) return index_damaged(b, e->key, "its shard does not exist");
  if (e->n_slices == 0 && size > 0 && e->size != (uint64_t)rn_shape_elems(&e->shape) * size)
    return index_damaged(b, e->key, "its size and its shape differ");
  if (e->dtype == RN_STRING && e->n_slices == 0 && e->size < (uint64_t)rn_shape_elems(&e->shape))
    return index_damaged(b, e->key, "its size and its shape differ");
  return NULL;
}

static rn_status *index_visit(void *arg, io_span key, io_span value) {
  io_bundle *b = arg;
  rn_bytes name = {(const char *)key.p, (uint64_t)(key.end - key.p)};
  if (name.size == 0) return header_from(b, value);
  if (b->shards == 0) return index_damaged(b, name, "the index has no header");
  io_entry e = {.key = name};
  rn_status *s = entry_from(&e, value) ? entry_check(b, &e) : index_damaged(b, name, "it cannot be read");
  if (s == NULL) s = io_bundle_add(b, &e);
  free(e.slices);
  return s;
}

rn_status *io_bundle_parse(const rn_host_api *h, const char *prefix, io_span index, io_bundle *out) {
  memset(out, 0, sizeof *out);
  out->h = h;
  out->prefix = strdup(prefix);
  char *path = io_text("%s.index", prefix);
  rn_status *s = out->prefix && path ? io_table_each(h, path, index, index_visit, out) : io_no_memory(h);
  free(path);
  if (s == NULL && out->shards == 0) s = rn_error(h, RN_DATA_LOSS, "checkpoint '%s.index' has no header", prefix);
  return s;
}

rn_status *io_bundle_open(const rn_host_api *h, const char *prefix, io_bundle *out) {
  io_buffer file;
  memset(out, 0, sizeof *out);
  char *path = io_text("%s.index", prefix);
  if (path == NULL) return io_no_memory(h);
  rn_status *s = io_file_read(h, path, &file);
  free(path);
  if (s != NULL) return s;
  s = io_bundle_parse(h, prefix, io_held(&file), out);
  io_drop(&file);
  return s;
}

void io_bundle_close(io_bundle *b) {
  for (uint32_t i = 0; i < b->n_entries; i++) {
    free((void *)(uintptr_t)b->entries[i].key.data);
    free(b->entries[i].slices);
  }
  free(b->entries);
  free(b->prefix);
  memset(b, 0, sizeof *b);
}

const io_entry *io_bundle_find(const io_bundle *b, rn_bytes key) {
  io_entry wanted = {.key = key};
  if (b->n_entries == 0) return NULL;
  return bsearch(&wanted, b->entries, b->n_entries, sizeof *b->entries, entries_compare);
}

static void entry_to(const io_entry *e, io_buffer *out) {
  io_put_field(out, 1, (uint64_t)e->dtype);
  io_shape_to_proto(&e->shape, 2, out);
  io_put_field(out, 3, (uint64_t)e->shard);
  io_put_field(out, 4, e->offset);
  io_put_field(out, 5, e->size);
  if (e->crc != 0) {
    io_put_varint(out, (6 << 3) | 5);
    io_put_fixed(out, 4, e->crc);
  }
  for (uint32_t i = 0; i < e->n_slices; i++) io_slice_to_proto(&e->slices[i], 7, out);
}

static void put_entries(const io_bundle *b, io_table_writer *w) {
  io_buffer value = {0};
  io_put_field(&value, 1, (uint64_t)b->shards);
  io_put_body(&value, 3, "\x08\x01", 2); /* version {producer: 1} */
  io_table_add(w, (io_span){value.data, value.data}, (io_span){value.data, value.data + value.size});
  for (uint32_t i = 0; i < b->n_entries; i++) {
    const uint8_t *key = (const uint8_t *)b->entries[i].key.data;
    value.size = 0;
    entry_to(&b->entries[i], &value);
    io_table_add(w, (io_span){key, key + b->entries[i].key.size}, (io_span){value.data, value.data + value.size});
  }
  w->file.failed |= value.failed;
  io_drop(&value);
}

rn_status *io_bundle_print(io_bundle *b, io_buffer *out) {
  if (b->n_entries) qsort(b->entries, b->n_entries, sizeof *b->entries, entries_compare);
  for (uint32_t i = 1; i < b->n_entries; i++)
    if (keys_compare(b->entries[i - 1].key, b->entries[i].key) == 0)
      return rn_error(b->h, RN_ALREADY_EXISTS, "checkpoint '%s': tensor '%.*s' is saved twice", b->prefix,
                      (int)b->entries[i].key.size, b->entries[i].key.data);
  io_table_writer w;
  memset(&w, 0, sizeof w);
  put_entries(b, &w);
  int ok = io_table_finish(&w);
  *out = w.file;
  if (ok) memset(&w.file, 0, sizeof w.file);
  io_table_drop(&w);
  if (ok) return NULL;
  memset(out, 0, sizeof *out);
  return io_no_memory(b->h);
}
