/* files.c - ReadFile, WriteFile, MatchingFiles: whole files as string tensors (plugins/io).
 *
 * They answer for the moment they run, so they are never folded into constants. */
#include <glob.h>
#include <stdlib.h>
#include "file.h"
#include "io.h"

static rn_status *read_compute(const void *state, rn_call *c) {
  (void)state;
  char *path;
  io_buffer content;
  RN_TRY(io_path(c, 0, 0, &path));
  rn_status *s = io_file_read(c->host, path, &content);
  free(path);
  if (s != NULL) return s;
  s = io_set_string(c, 0, content.size ? (const char *)content.data : "", content.size);
  io_drop(&content);
  return s;
}

static rn_status *write_compute(const void *state, rn_call *c) {
  (void)state;
  char *path;
  rn_bytes content = io_string(c, 1, 0);
  io_new_file f = {NULL, NULL, -1};
  RN_TRY(io_path(c, 0, 0, &path));
  io_make_folder_of(path);
  rn_status *s = io_new_file_open(c->host, path, &f);
  if (s == NULL) s = io_new_file_put(c->host, &f, content.data, content.size);
  if (s == NULL) s = io_new_file_sync(c->host, &f);
  if (s == NULL) s = io_new_file_commit(c->host, &f);
  if (s == NULL) io_sync_folder_of(path);
  io_new_file_drop(&f);
  free(path);
  return s;
}

static rn_status *give_names(rn_call *c, const glob_t *found) {
  rn_shape shape = rn_shape_vector((int64_t)found->gl_pathc);
  rn_bytes *items = calloc(found->gl_pathc + 1, sizeof *items);
  if (items == NULL) return io_no_memory(c->host);
  for (size_t i = 0; i < found->gl_pathc; i++) items[i] = (rn_bytes){found->gl_pathv[i], strlen(found->gl_pathv[i])};
  rn_tensor *t;
  rn_status *s = c->host->tensor_strings(&shape, items, &t);
  free(items);
  if (s != NULL) return s;
  s = c->api->set_output_tensor(c, 0, t);
  c->host->tensor_release(t);
  return s;
}

static rn_status *match_compute(const void *state, rn_call *c) {
  (void)state;
  glob_t found;
  rn_status *s = NULL;
  memset(&found, 0, sizeof found);
  for (int64_t i = 0; s == NULL && i < io_count(c, 0); i++) {
    char *pattern;
    s = io_path(c, 0, (uint64_t)i, &pattern);
    if (s != NULL) break;
    if (glob(pattern, i ? GLOB_APPEND : 0, NULL, &found) == GLOB_NOSPACE) s = io_no_memory(c->host);
    free(pattern);
  }
  if (s == NULL) s = give_names(c, &found);
  globfree(&found);
  return s;
}

static rn_status *match_infer(rn_infer *c) {
  rn_shape any = rn_shape_vector(RN_DIM_UNKNOWN);
  c->api->set_shape(c, 0, &any);
  return NULL;
}

#define READ_FLAGS (RN_OP_NO_GRADIENT | RN_OP_HOST_ONLY)
static const rn_op_def ops[] = {
    {.struct_size = sizeof(rn_op_def),
     .flags = READ_FLAGS,
     .name = "ReadFile",
     .signature = "(filename: string) -> (contents: string)",
     .doc = "The content of a file.",
     .infer = io_infer_scalars},
    {.struct_size = sizeof(rn_op_def),
     .flags = READ_FLAGS | RN_OP_STATEFUL,
     .name = "WriteFile",
     .signature = "(filename: string, contents: string) -> ()",
     .doc = "Replaces a file, or makes it.",
     .infer = io_infer_scalars},
    {.struct_size = sizeof(rn_op_def),
     .flags = READ_FLAGS,
     .name = "MatchingFiles",
     .signature = "(pattern: string) -> (filenames: string)",
     .doc = "The files whose names match a pattern, sorted.",
     .infer = match_infer},
};
static const rn_kernel_def kernels[] = {
    IO_KERNEL("ReadFile", read_compute),
    IO_KERNEL("WriteFile", write_compute),
    IO_KERNEL("MatchingFiles", match_compute),
};
const rn_group io_file_group = {.struct_size = sizeof(rn_group), .ops = RN_TABLE(ops), .kernels = RN_TABLE(kernels)};
