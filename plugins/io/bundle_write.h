/* bundle_write.h - writing a V2 checkpoint (plugins/io). */
#ifndef RN_IO_BUNDLE_WRITE_H
#define RN_IO_BUNDLE_WRITE_H
#include "bundle.h"
#include "file.h"

/* One shard on its way: nothing of it stands under its final name before commit. */
typedef struct io_bundle_writer {
  const rn_host_api *h;
  io_bundle index;
  io_new_file data;
  uint64_t offset;
} io_bundle_writer;
rn_status *io_bundle_writer_open(const rn_host_api *h, const char *prefix, io_bundle_writer *w);
/* has_slice: v is slice `s` of a tensor of shape `full`. */
rn_status *io_bundle_writer_put(io_bundle_writer *w, rn_bytes name, const rn_tensor_view *v, int has_slice,
                                const rn_shape *full, const io_slice *s);
/* Data first, index last, each synced before its rename, then the folder. */
rn_status *io_bundle_writer_commit(io_bundle_writer *w);
void io_bundle_writer_close(io_bundle_writer *w);
/* Writes b's index to P.index the same way. */
rn_status *io_bundle_index_write(io_bundle *b, const char *prefix);
/* Notes that the tensor `name` of shape `full` has slice s. */
rn_status *io_bundle_note_slice(io_bundle *b, rn_bytes name, rn_dtype t, const rn_shape *full, const io_slice *s);
#endif
