/* v1.c - reading checkpoints of format V1 (plugins/io).
 *
 * Key "" comes first and describes all tensors; the other entries hold one slice each, values in the
 * typed list of a TensorProto. Several files may hold slices of one tensor. */
#include "v1.h"
#include <glob.h>
#include <stdlib.h>
#include "bundle.h"
#include "file.h"
#include "table.h"
#include "v1_values.h"

typedef struct v1_walk {
  const rn_host_api *h;
  const char *file;
  const io_v1_request *r;
  io_bundle names; /* those met, for the message when the wanted one is missing */
  rn_shape full;
  io_slice wanted; /* settled */
  int found;
  int64_t filled;
  void *data;
  rn_bytes *items;
} v1_walk;

static rn_status *v1_damaged(const v1_walk *w, const char *what) {
  return rn_error(w->h, RN_DATA_LOSS, "checkpoint '%s': tensor '%.*s': %s", w->file,
                  (int)(w->r->name.size < 200 ? w->r->name.size : 200), w->r->name.data, what);
}

static int is_wanted(const v1_walk *w, io_span name) {
  size_t n = (size_t)(name.end - name.p);
  return n == w->r->name.size && (n == 0 || memcmp(name.p, w->r->name.data, n) == 0);
}

static rn_status *v1_settle(v1_walk *w, rn_dtype t, const rn_shape *full) {
  const io_v1_request *r = w->r;
  char a[256], b[256];
  if (t != r->dtype)
    return rn_error(w->h, RN_INVALID_ARGUMENT, "checkpoint '%s': tensor '%.*s' is %s; %s is asked for", w->file,
                    (int)r->name.size, r->name.data, io_dtype_name(t), io_dtype_name(r->dtype));
  io_shape_text(full, a);
  if (w->found) return NULL;
  w->found = 1;
  w->full = *full;
  io_slice slice = r->has_slice ? r->slice : io_slice_full(full->rank);
  if (r->has_slice) io_shape_text(&r->full, b);
  if ((r->has_slice && (r->full.rank != full->rank || memcmp(r->full.dim, full->dim, sizeof full->dim) != 0)) ||
      !io_slice_settle(&slice, full, &w->wanted))
    return rn_error(w->h, RN_INVALID_ARGUMENT, "checkpoint '%s': tensor '%.*s' has shape %s; %s is asked for", w->file,
                    (int)r->name.size, r->name.data, a, r->has_slice ? b : "all");
  rn_shape shape = io_slice_shape(&w->wanted);
  return r->place(r->arg, &shape, &w->data, &w->items);
}

/* SavedSliceMeta: name, shape, type */
static rn_status *v1_meta_tensor(v1_walk *w, io_span body) {
  io_field f;
  io_span name = {0};
  rn_shape shape = rn_shape_scalar();
  rn_dtype t = RN_INVALID;
  while (body.p < body.end) {
    if (!io_take_field(&body, &f)) return v1_damaged(w, "its description cannot be read");
    if (f.number == 1) name = f.body;
    if (f.number == 2 && !io_shape_from_proto(f.body, &shape)) return v1_damaged(w, "a shape cannot be read");
    if (f.number == 3) t = (rn_dtype)f.value;
  }
  io_entry e = {.key = {(const char *)name.p, (uint64_t)(name.end - name.p)}};
  if (name.p != NULL) RN_TRY(io_bundle_add(&w->names, &e));
  return name.p != NULL && is_wanted(w, name) ? v1_settle(w, t, &shape) : NULL;
}

static rn_status *v1_meta(v1_walk *w, io_span body) {
  io_field f;
  while (body.p < body.end) {
    if (!io_take_field(&body, &f)) return v1_damaged(w, "the file's description cannot be read");
    if (f.number == 1 && f.wire == 2) RN_TRY(v1_meta_tensor(w, f.body));
  }
  return NULL;
}

static rn_status *v1_fill(v1_walk *w, const io_slice *piece, io_span proto) {
  rn_shape shape = io_slice_shape(piece);
  int64_t n = rn_shape_elems(&shape);
  size_t size = io_dtype_size(w->r->dtype);
  if (n > (int64_t)(proto.end - proto.p)) return v1_damaged(w, "fewer values than its shape asks for");
  if (w->r->dtype == RN_STRING) {
    if (!io_slice_is_full(piece, &w->full) || !io_slice_is_full(&w->wanted, &w->full))
      return rn_error(w->h, RN_UNIMPLEMENTED, "checkpoint '%s': slices of strings are not supported", w->file);
    if (!io_v1_strings(proto, w->items, n)) return v1_damaged(w, "its strings do not fit its shape");
    w->filled = n;
    return NULL;
  }
  void *values = calloc((size_t)(n ? n : 1), size ? size : 1);
  if (values == NULL) return io_no_memory(w->h);
  rn_status *s = io_v1_values(proto, w->r->dtype, values, n) ? NULL : v1_damaged(w, "its values do not fit its shape");
  if (s == NULL) w->filled += io_slice_copy(piece, values, &w->wanted, w->data, size);
  free(values);
  return s;
}

/* SavedSlice: name, slice, data */
static rn_status *v1_slice(v1_walk *w, io_span body) {
  io_field f;
  io_span name = {0}, data = {0};
  io_slice slice = io_slice_full(0), settled;
  while (body.p < body.end) {
    if (!io_take_field(&body, &f)) return v1_damaged(w, "a slice cannot be read");
    if (f.number == 1) name = f.body;
    if (f.number == 2 && !io_slice_from_proto(f.body, &slice)) return v1_damaged(w, "a slice cannot be read");
    if (f.number == 3) data = f.body;
  }
  if (name.p == NULL || !is_wanted(w, name)) return NULL;
  if (!w->found || !io_slice_settle(&slice, &w->full, &settled)) return v1_damaged(w, "a slice lies outside of it");
  return v1_fill(w, &settled, data);
}

static rn_status *v1_visit(void *arg, io_span key, io_span value) {
  v1_walk *w = arg;
  io_field f;
  while (value.p < value.end) {
    if (!io_take_field(&value, &f)) return v1_damaged(w, "an entry cannot be read");
    if (f.wire != 2) continue;
    if (key.p == key.end && f.number == 1) RN_TRY(v1_meta(w, f.body));
    if (key.p != key.end && f.number == 2) RN_TRY(v1_slice(w, f.body));
  }
  return NULL;
}

static rn_status *v1_file(v1_walk *w, const char *path) {
  io_buffer file;
  w->file = path;
  RN_TRY(io_file_read(w->h, path, &file));
  io_span all = io_held(&file);
  rn_status *s = io_table_is(all) ? io_table_each(w->h, path, all, v1_visit, w)
                                  : rn_error(w->h, RN_DATA_LOSS, "'%s' is no checkpoint", path);
  io_drop(&file);
  return s;
}

/* The files that a name stands for: itself, its shards, or what it matches. */
static int v1_files(const char *pattern, glob_t *out) {
  memset(out, 0, sizeof *out);
  char *shards = io_text("%s-[0-9][0-9][0-9][0-9][0-9]-of-[0-9][0-9][0-9][0-9][0-9]", pattern);
  int ok = shards != NULL && glob(pattern, 0, NULL, out) != GLOB_NOSPACE;
  if (ok && out->gl_pathc == 0) ok = glob(shards, 0, NULL, out) != GLOB_NOSPACE;
  free(shards);
  return ok && out->gl_pathc > 0;
}

int io_v1_exists(const char *pattern) {
  glob_t files;
  int yes = v1_files(pattern, &files);
  globfree(&files);
  return yes;
}

static rn_status *v1_complete(const v1_walk *w) {
  if (!w->found) return io_bundle_missing(&w->names, w->r->name);
  rn_shape shape = io_slice_shape(&w->wanted);
  return w->filled == rn_shape_elems(&shape) ? NULL : v1_damaged(w, "parts of it are not in the checkpoint");
}

rn_status *io_v1_restore(const rn_host_api *h, const char *pattern, const io_v1_request *r) {
  glob_t files;
  v1_walk w = {.h = h, .file = pattern, .r = r};
  rn_status *s = v1_files(pattern, &files) ? NULL : rn_error(h, RN_NOT_FOUND, "no checkpoint at '%s'", pattern);
  w.names.h = h;
  w.names.prefix = (char *)(uintptr_t)pattern;
  for (size_t i = 0; s == NULL && i < files.gl_pathc; i++) s = v1_file(&w, files.gl_pathv[i]);
  if (s == NULL) s = v1_complete(&w);
  globfree(&files);
  w.names.prefix = NULL;
  io_bundle_close(&w.names);
  return s;
}
