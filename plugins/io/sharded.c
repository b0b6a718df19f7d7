/* sharded.c - ShardedFilename and ShardedFilespec: names of shards (plugins/io). */
#include <stdlib.h>
#include "file.h"
#include "io.h"

static rn_status *set_text(rn_call *c, char *text /* given */) {
  rn_status *s = text ? io_set_string(c, 0, text, strlen(text)) : io_no_memory(c->host);
  free(text);
  return s;
}

static rn_status *filename_compute(const void *state, rn_call *c) {
  (void)state;
  rn_bytes base = io_string(c, 0, 0);
  return set_text(c, io_text("%.*s-%05d-of-%05d", (int)base.size, base.data, *(const int32_t *)c->in[1]->data,
                             *(const int32_t *)c->in[2]->data));
}

static rn_status *filespec_compute(const void *state, rn_call *c) {
  (void)state;
  rn_bytes base = io_string(c, 0, 0);
  return set_text(c, io_text("%.*s-\?\?\?\?\?-of-%05d", (int)base.size, base.data, *(const int32_t *)c->in[1]->data));
}

#define SHARDED_FLAGS (RN_OP_NO_GRADIENT | RN_OP_HOST_ONLY)
static const rn_op_def ops[] = {
    {.struct_size = sizeof(rn_op_def),
     .flags = SHARDED_FLAGS,
     .name = "ShardedFilename",
     .signature = "(basename: string, shard: int32, num_shards: int32) -> (filename: string)",
     .doc = "The name of one shard: basename-00003-of-00010.",
     .infer = io_infer_scalars},
    {.struct_size = sizeof(rn_op_def),
     .flags = SHARDED_FLAGS,
     .name = "ShardedFilespec",
     .signature = "(basename: string, num_shards: int32) -> (filename: string)",
     .doc = "A pattern that all shards match.",
     .infer = io_infer_scalars},
};
static const rn_kernel_def kernels[] = {
    IO_KERNEL("ShardedFilename", filename_compute),
    IO_KERNEL("ShardedFilespec", filespec_compute),
};
const rn_group io_sharded_group = {.struct_size = sizeof(rn_group), .ops = RN_TABLE(ops), .kernels = RN_TABLE(kernels)};
