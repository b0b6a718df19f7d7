/* plugin/manifest.h - what a plugin offers, as text beside it (core/plugin).
 *
 * Line 1 is "runnel-manifest 1"; then `key = value` lines; then rows, one per thing, fields separated by
 * tabs: "op NAME ROLE FLAGS", "kernel OP DEVICE PRIORITY FLAGS LABEL TYPES", "device TYPE",
 * "compiler NAME DEVICE", "optimizer NAME", "pass NAME ORDER"; then "end HASH" over all bytes before it.
 * Unknown keys and kinds of rows are left out: a newer plugin may have them. */
#ifndef RN_PLUGIN_MANIFEST_H
#define RN_PLUGIN_MANIFEST_H
#include <runnel/status.h>
#include "base/arena.h"

enum { RN_ROW_OP, RN_ROW_KERNEL, RN_ROW_DEVICE, RN_ROW_COMPILER, RN_ROW_OPTIMIZER, RN_ROW_PASS, RN_ROW_KINDS };
typedef struct rn_manifest_row {
  uint32_t kind;
  uint32_t role, flags; /* of an op */
  const char *name;     /* of a kernel: its op */
  const char *device;   /* of a kernel or compiler; else "" */
} rn_manifest_row;
typedef struct rn_manifest {
  const char *id, *version, *license, *doc, *build_id;
  uint32_t abi_major, abi_minor;
  uint64_t build_flags, cpu_required, size_bytes, segments;
  rn_manifest_row *rows; /* in the order of the plugin's tables */
  uint32_t n_rows;
  uint32_t count[RN_ROW_KINDS];
} rn_manifest;
/* Hostile bytes welcome. path is for messages. Everything lands in the arena.
 * err INVALID_ARGUMENT: path, line and what is wrong; DATA_LOSS: cut off or changed; UNIMPLEMENTED: a newer format */
rn_status *rn_manifest_parse(const char *text, size_t length, const char *path, rn_arena *arena, rn_manifest *out);
struct rn_module;
/* own: owned, rn_mem_free */
rn_status *rn_manifest_print(const struct rn_module *m, char **out_text);
#endif
