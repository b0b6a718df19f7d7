/* save.c - SaveV2: tensors into a checkpoint of one shard (plugins/io). */
#include <stdlib.h>
#include "bundle_write.h"
#include "io.h"

static rn_status *put_tensor(rn_call *c, io_bundle_writer *w, uint32_t i) {
  int has_slice;
  rn_shape full;
  io_slice slice, settled;
  const rn_tensor_view *v = c->in[3 + i];
  rn_bytes name = io_string(c, 1, i);
  char a[256], b[256];
  if (name.size == 0) return rn_error(c->host, RN_INVALID_ARGUMENT, "SaveV2: tensor %u has an empty name", i);
  RN_TRY(io_slice_parse(c->host, io_string(c, 2, i), &has_slice, &full, &slice));
  if (has_slice) {
    io_slice_settle(&slice, &full, &settled);
    rn_shape shape = io_slice_shape(&settled);
    if (shape.rank != v->shape.rank || memcmp(shape.dim, v->shape.dim, (size_t)shape.rank * sizeof *shape.dim) != 0) {
      io_shape_text(&v->shape, a);
      io_shape_text(&shape, b);
      return rn_error(c->host, RN_INVALID_ARGUMENT, "SaveV2: tensor '%.*s' has shape %s; its slice has %s",
                      (int)name.size, name.data, a, b);
    }
  }
  return io_bundle_writer_put(w, name, v, has_slice, &full, &slice);
}

static rn_status *save_to(rn_call *c, const char *prefix) {
  io_bundle_writer w;
  rn_status *s = io_bundle_writer_open(c->host, prefix, &w);
  for (uint32_t i = 0; s == NULL && i + 3 < c->n_in; i++) s = put_tensor(c, &w, i);
  if (s == NULL) s = io_bundle_writer_commit(&w);
  io_bundle_writer_close(&w);
  return s;
}

static rn_status *save_compute(const void *state, rn_call *c) {
  (void)state;
  int64_t n = (int64_t)c->n_in - 3;
  if (io_count(c, 0) != 1 || io_count(c, 1) != n || io_count(c, 2) != n)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "SaveV2: %lld prefixes, %lld names and %lld slices for %lld tensors",
                    (long long)io_count(c, 0), (long long)io_count(c, 1), (long long)io_count(c, 2), (long long)n);
  char *prefix;
  RN_TRY(io_path(c, 0, 0, &prefix));
  rn_status *s = save_to(c, prefix);
  free(prefix);
  return s;
}

static const rn_op_def ops[] = {
    {.struct_size = sizeof(rn_op_def),
     .flags = RN_OP_STATEFUL | RN_OP_NO_GRADIENT | RN_OP_HOST_ONLY,
     .name = "SaveV2",
     .signature = "(prefix: string, tensor_names: string, shape_and_slices: string, tensors: dtypes) -> (); "
                  "dtypes: list(type) >= 1",
     .doc = "Writes tensors to a checkpoint of TensorFlow's format V2."},
};
static const rn_kernel_def kernels[] = {IO_KERNEL("SaveV2", save_compute)};
const rn_group io_save_group = {.struct_size = sizeof(rn_group), .ops = RN_TABLE(ops), .kernels = RN_TABLE(kernels)};
