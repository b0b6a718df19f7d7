/* io.h - the groups of this plugin, and how its kernels read their inputs (plugins/io). */
#ifndef RN_IO_IO_H
#define RN_IO_IO_H
#include "slice.h"

extern const rn_group io_save_group, io_merge_group, io_restore_group, io_sharded_group, io_file_group;

static inline rn_bytes io_string(const rn_call *c, uint32_t input, uint64_t index) {
  return c->host->string_at(c->in[input], index);
}
static inline int64_t io_count(const rn_call *c, uint32_t input) { return rn_shape_elems(&c->in[input]->shape); }
/* A path from a string input: copied, with a NUL. own: owned. err INVALID_ARGUMENT: empty, or a NUL inside */
rn_status *io_path(const rn_call *c, uint32_t input, uint64_t index, char **out);
/* A scalar string as output. */
rn_status *io_set_string(rn_call *c, uint32_t output, const char *text, uint64_t size);
/* Inference: inputs [first, first + n) are scalars; all outputs are. */
rn_status *io_infer_scalars(rn_infer *c);
/* A kernel of this plugin: runs on the host, once per op. */
#define IO_KERNEL(op_name, fn)                                                                                  \
  {                                                                                                             \
    .struct_size = sizeof(rn_kernel_def), .op = (op_name), .device_type = "cpu", .label = "io", .priority = 10, \
    .compute = (fn)                                                                                             \
  }
#endif
