/* plugin.c - checkpoints and files as ops (plugins/io). */
#include "io.h"
#include <stdlib.h>
#include "file.h"

rn_status *io_path(const rn_call *c, uint32_t input, uint64_t index, char **out) {
  rn_bytes b = io_string(c, input, index);
  if (b.size == 0) return rn_error(c->host, RN_INVALID_ARGUMENT, "the file name is empty (input %u)", input);
  if (memchr(b.data, '\0', b.size) != NULL)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "the file name has a zero byte inside (input %u)", input);
  *out = strndup(b.data, b.size);
  return *out ? NULL : io_no_memory(c->host);
}

rn_status *io_set_string(rn_call *c, uint32_t output, const char *text, uint64_t size) {
  rn_shape scalar = rn_shape_scalar();
  rn_bytes item = {text, size};
  rn_tensor *t;
  RN_TRY(c->host->tensor_strings(&scalar, &item, &t));
  rn_status *s = c->api->set_output_tensor(c, output, t);
  c->host->tensor_release(t);
  return s;
}

rn_status *io_infer_scalars(rn_infer *c) {
  rn_shape scalar = rn_shape_scalar();
  for (uint32_t i = 0; i < c->n_in; i++) {
    const rn_shape *s = c->api->shape(c, i);
    if (s->rank > 0)
      return rn_error(c->self.host, RN_INVALID_ARGUMENT, "input %u has rank %d; a scalar is expected", i, s->rank);
  }
  for (uint32_t i = 0; i < c->n_out; i++) c->api->set_shape(c, i, &scalar);
  return NULL;
}

static const rn_group *const groups[] = {
    &io_save_group, &io_merge_group, &io_restore_group, &io_sharded_group, &io_file_group,
};

const rn_plugin_desc *RN_PLUGIN_ENTRY(io)(void);
const rn_plugin_desc *RN_PLUGIN_ENTRY(io)(void) {
  static const rn_plugin_desc desc = {.struct_size = sizeof desc,
                                      .abi_major = RN_ABI_MAJOR,
                                      .abi_minor = RN_ABI_MINOR,
                                      .build_flags = RN_BUILD_FLAGS,
                                      .id = "io",
                                      .version = RN_VERSION,
                                      .license = "Apache-2.0",
                                      .doc = "Checkpoints and files",
                                      .groups = groups,
                                      .group_count = sizeof groups / sizeof *groups};
  return &desc;
}
