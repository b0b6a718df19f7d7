/* restore.c - RestoreV2, Restore, RestoreSlice: tensors out of checkpoints (plugins/io).
 *
 * A prefix without an index is read as a V1 checkpoint. Every byte that is handed out has passed its
 * checksum. */
#include <stdlib.h>
#include "bundle.h"
#include "file.h"
#include "io.h"
#include "v1.h"

typedef struct restore_job {
  rn_call *c;
  uint32_t output;
  rn_bytes name;
  int has_slice;
  rn_shape full;
  io_slice slice;
  rn_shape shape;  /* of the result */
  rn_bytes *items; /* V1 strings */
} restore_job;

static rn_status *place_fixed(restore_job *j, const rn_shape *shape, void **out) {
  RN_TRY(j->c->api->set_output(j->c, j->output, shape));
  *out = j->c->out[j->output]->data;
  return NULL;
}

static rn_status *give_strings(restore_job *j, const rn_shape *shape, const rn_bytes *items) {
  rn_tensor *t;
  RN_TRY(j->c->host->tensor_strings(shape, items, &t));
  rn_status *s = j->c->api->set_output_tensor(j->c, j->output, t);
  j->c->host->tensor_release(t);
  return s;
}

static rn_status *restore_strings(restore_job *j, const io_bundle *b, const io_entry *e) {
  if (e->n_slices > 0 || (j->has_slice && !io_slice_is_full(&j->slice, &e->shape)))
    return rn_error(b->h, RN_UNIMPLEMENTED, "checkpoint '%s': tensor '%.*s': slices of strings are not supported",
                    b->prefix, (int)j->name.size, j->name.data);
  RN_TRY(io_bundle_check(b, e, j->name));
  uint64_t n = (uint64_t)rn_shape_elems(&e->shape);
  rn_bytes *items = calloc(n ? n : 1, sizeof *items);
  if (items == NULL) return io_no_memory(b->h);
  void *block = NULL;
  rn_status *s = io_bundle_read_strings(b, e, j->name, items, n, &block);
  if (s == NULL) s = give_strings(j, &e->shape, items);
  free(block);
  free(items);
  return s;
}

/* The stored pieces that meet the wanted slice, copied into place. */
static rn_status *gather_piece(const restore_job *j, const io_bundle *b, const io_entry *whole, const io_slice *piece,
                               const io_slice *wanted, void *to, int64_t *filled) {
  io_slice settled;
  io_buffer key = {0};
  if (whole->n_slices > 0) io_slice_key(j->name, piece, &key);
  if (key.failed) return io_no_memory(b->h);
  const io_entry *e = whole->n_slices ? io_bundle_find(b, (rn_bytes){(const char *)key.data, key.size}) : whole;
  io_drop(&key);
  if (e == NULL || !io_slice_settle(piece, &whole->shape, &settled))
    return rn_error(b->h, RN_DATA_LOSS, "checkpoint '%s': tensor '%.*s': one of its slices is missing", b->prefix,
                    (int)j->name.size, j->name.data);
  rn_shape shape = io_slice_shape(&settled);
  size_t size = io_dtype_size(whole->dtype);
  if (e->dtype != whole->dtype || e->n_slices > 0 || e->size != (uint64_t)rn_shape_elems(&shape) * size)
    return rn_error(b->h, RN_DATA_LOSS, "checkpoint '%s': tensor '%.*s': a slice does not fit it", b->prefix,
                    (int)j->name.size, j->name.data);
  RN_TRY(io_bundle_check(b, e, j->name));
  void *values = malloc(e->size ? e->size : 1);
  if (values == NULL) return io_no_memory(b->h);
  rn_status *s = io_bundle_read(b, e, j->name, values);
  if (s == NULL) *filled += io_slice_copy(&settled, values, wanted, to, size);
  free(values);
  return s;
}

static rn_status *restore_parts(restore_job *j, const io_bundle *b, const io_entry *e, const io_slice *wanted) {
  rn_shape shape = io_slice_shape(wanted);
  io_slice all = io_slice_full(e->shape.rank);
  int64_t filled = 0;
  void *to = NULL;
  RN_TRY(place_fixed(j, &shape, &to));
  for (uint32_t i = 0; i < (e->n_slices ? e->n_slices : 1); i++)
    RN_TRY(gather_piece(j, b, e, e->n_slices ? &e->slices[i] : &all, wanted, to, &filled));
  if (filled == rn_shape_elems(&shape)) return NULL;
  return rn_error(b->h, RN_DATA_LOSS, "checkpoint '%s': tensor '%.*s': parts of it are missing", b->prefix,
                  (int)j->name.size, j->name.data);
}

static rn_status *check_entry(const restore_job *j, const io_bundle *b, const io_entry *e) {
  rn_dtype want = j->c->out[j->output]->dtype;
  char a[256], f[256];
  if (e->dtype != want)
    return rn_error(b->h, RN_INVALID_ARGUMENT, "checkpoint '%s': tensor '%.*s' is %s; %s is asked for", b->prefix,
                    (int)j->name.size, j->name.data, io_dtype_name(e->dtype), io_dtype_name(want));
  if (!j->has_slice || (j->full.rank == e->shape.rank && memcmp(j->full.dim, e->shape.dim, sizeof j->full.dim) == 0))
    return NULL;
  io_shape_text(&e->shape, a);
  io_shape_text(&j->full, f);
  return rn_error(b->h, RN_INVALID_ARGUMENT, "checkpoint '%s': tensor '%.*s' has shape %s; %s is asked for", b->prefix,
                  (int)j->name.size, j->name.data, a, f);
}

static rn_status *restore_v2(restore_job *j, const io_bundle *b) {
  const io_entry *e = j->name.size ? io_bundle_find(b, j->name) : NULL;
  if (e == NULL) return io_bundle_missing(b, j->name);
  RN_TRY(check_entry(j, b, e));
  if (e->dtype == RN_STRING) return restore_strings(j, b, e);
  if (io_dtype_size(e->dtype) == 0)
    return rn_error(b->h, RN_UNIMPLEMENTED, "checkpoint '%s': tensor '%.*s' is %s, which cannot be restored", b->prefix,
                    (int)j->name.size, j->name.data, io_dtype_name(e->dtype));
  io_slice asked = j->has_slice ? j->slice : io_slice_full(e->shape.rank), wanted;
  io_slice_settle(&asked, &e->shape, &wanted);
  if (e->n_slices > 0 || !io_slice_is_full(&wanted, &e->shape)) return restore_parts(j, b, e, &wanted);
  void *to = NULL;
  RN_TRY(io_bundle_check(b, e, j->name));
  RN_TRY(place_fixed(j, &e->shape, &to));
  return io_bundle_read(b, e, j->name, to);
}

static rn_status *place_v1(void *arg, const rn_shape *shape, void **out_data, rn_bytes **out_items) {
  restore_job *j = arg;
  j->shape = *shape;
  if (j->c->out[j->output]->dtype != RN_STRING) return place_fixed(j, shape, out_data);
  j->items = calloc((size_t)rn_shape_elems(shape) + 1, sizeof *j->items);
  *out_items = j->items;
  return j->items ? NULL : io_no_memory(j->c->host);
}

static rn_status *restore_v1(restore_job *j, const char *pattern) {
  io_v1_request r = {j->name, j->c->out[j->output]->dtype, j->has_slice, j->full, j->slice, place_v1, j};
  rn_status *s = io_v1_restore(j->c->host, pattern, &r);
  if (j->items == NULL) return s;
  if (s == NULL) s = give_strings(j, &j->shape, j->items);
  for (int64_t i = 0; i < rn_shape_elems(&j->shape); i++) free((void *)(uintptr_t)j->items[i].data);
  free(j->items);
  return s;
}

static rn_status *job_init(rn_call *c, uint32_t output, int sliced, restore_job *j) {
  memset(j, 0, sizeof *j);
  j->c = c;
  j->output = output;
  j->name = io_string(c, 1, output);
  rn_bytes none = {"", 0};
  return io_slice_parse(c->host, sliced ? io_string(c, 2, output) : none, &j->has_slice, &j->full, &j->slice);
}

static int has_index(const char *prefix) {
  char *path = io_text("%s.index", prefix);
  int yes = path != NULL && io_file_exists(path);
  free(path);
  return yes;
}

static rn_status *restore_all(rn_call *c, const char *prefix, int sliced) {
  io_bundle b = {0};
  restore_job j;
  int v2 = has_index(prefix);
  rn_status *s = v2 ? io_bundle_open(c->host, prefix, &b) : NULL;
  if (!v2 && !io_v1_exists(prefix)) s = rn_error(c->host, RN_NOT_FOUND, "no checkpoint at '%s'", prefix);
  for (uint32_t i = 0; s == NULL && i < c->n_out; i++) {
    s = job_init(c, i, sliced, &j);
    if (s == NULL) s = v2 ? restore_v2(&j, &b) : restore_v1(&j, prefix);
  }
  io_bundle_close(&b);
  return s;
}

static rn_status *restore_v2_compute(const void *state, rn_call *c) {
  (void)state;
  if (io_count(c, 0) != 1) return rn_error(c->host, RN_INVALID_ARGUMENT, "RestoreV2: prefix is not a scalar");
  if (io_count(c, 1) != c->n_out || io_count(c, 2) != c->n_out)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "RestoreV2: %lld names and %lld slices for %u tensors",
                    (long long)io_count(c, 1), (long long)io_count(c, 2), c->n_out);
  char *prefix;
  RN_TRY(io_path(c, 0, 0, &prefix));
  rn_status *s = restore_all(c, prefix, 1);
  free(prefix);
  return s;
}

/* Restore and RestoreSlice: one tensor; the file may be of either format. */
static rn_status *restore_one_compute(const void *state, rn_call *c) {
  (void)state;
  for (uint32_t i = 0; i < c->n_in; i++)
    if (io_count(c, i) != 1) return rn_error(c->host, RN_INVALID_ARGUMENT, "input %u is not a scalar", i);
  char *pattern;
  RN_TRY(io_path(c, 0, 0, &pattern));
  rn_status *s = restore_all(c, pattern, c->n_in > 2);
  free(pattern);
  return s;
}

/* A constant slice says the shape of what comes out. */
static rn_status *infer_restore(rn_infer *c) {
  if (c->n_in < 3) return NULL;
  rn_tensor *t = c->api->constant(c, 2);
  rn_tensor_view v;
  if (t == NULL) return NULL;
  memset(&v, 0, sizeof v);
  v.struct_size = (uint32_t)sizeof v;
  c->self.host->tensor_view(t, &v);
  if (rn_shape_elems(&v.shape) != c->n_out)
    return rn_error(c->self.host, RN_INVALID_ARGUMENT, "%lld slices for %u tensors",
                    (long long)rn_shape_elems(&v.shape), c->n_out);
  for (uint32_t i = 0; i < c->n_out; i++) {
    int has_slice;
    rn_shape full;
    io_slice slice, settled;
    RN_TRY(io_slice_parse(c->self.host, c->self.host->string_at(&v, i), &has_slice, &full, &slice));
    if (!has_slice || !io_slice_settle(&slice, &full, &settled)) continue;
    rn_shape shape = io_slice_shape(&settled);
    c->api->set_shape(c, i, &shape);
  }
  return NULL;
}

#define RESTORE_FLAGS (RN_OP_STATEFUL | RN_OP_NO_GRADIENT | RN_OP_HOST_ONLY)
static const rn_op_def ops[] = {
    {.struct_size = sizeof(rn_op_def),
     .flags = RESTORE_FLAGS,
     .name = "RestoreV2",
     .signature = "(prefix: string, tensor_names: string, shape_and_slices: string) -> (tensors: dtypes); "
                  "dtypes: list(type) >= 1",
     .doc = "Reads tensors from a checkpoint.",
     .infer = infer_restore},
    {.struct_size = sizeof(rn_op_def),
     .flags = RESTORE_FLAGS,
     .name = "Restore",
     .signature = "(file_pattern: string, tensor_name: string) -> (tensor: dt); dt: type; preferred_shard: int = -1",
     .doc = "Reads one tensor from a checkpoint."},
    {.struct_size = sizeof(rn_op_def),
     .flags = RESTORE_FLAGS,
     .name = "RestoreSlice",
     .signature = "(file_pattern: string, tensor_name: string, shape_and_slice: string) -> (tensor: dt); dt: type; "
                  "preferred_shard: int = -1",
     .doc = "Reads a slice of one tensor from a checkpoint.",
     .infer = infer_restore},
};
static const rn_kernel_def kernels[] = {
    IO_KERNEL("RestoreV2", restore_v2_compute),
    IO_KERNEL("Restore", restore_one_compute),
    IO_KERNEL("RestoreSlice", restore_one_compute),
};
const rn_group io_restore_group = {.struct_size = sizeof(rn_group), .ops = RN_TABLE(ops), .kernels = RN_TABLE(kernels)};
