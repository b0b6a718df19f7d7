/* op_def.h - ops' signatures as OpDef messages (frontends/graphdef). */
#ifndef RN_GRAPHDEF_OP_DEF_H
#define RN_GRAPHDEF_OP_DEF_H
#include <runnel/runtime.h>
#include "message.h"
#include "scratch.h"

/* The signature notation of plugin.h, parsed. err INVALID_ARGUMENT with the position. */
rn_status *op_def_parse(scratch *s, const char *name, const char *signature, uint32_t op_flags, Tf__OpDef **out);

/* The definitions met so far, asked for once each. */
typedef struct op_defs {
  rn_runtime *rt;
  scratch *memory;
  struct op_defs_entry *entries;
  uint32_t count, cap;
} op_defs;
/* *out NULL: no plugin knows the op. err only when memory is out or a signature cannot be read. */
rn_status *op_defs_find(op_defs *d, const char *name, const Tf__OpDef **out);
const Tf__OpDef *op_defs_at(const op_defs *d, uint32_t i);                     /* sorted by name; NULL: an unknown op */
const Tf__OpDef__AttrDef *op_def_attr(const Tf__OpDef *def, const char *name); /* NULL: none */
uint32_t op_def_attr_type(const Tf__OpDef__AttrDef *a);                        /* RN_ATTR_* */
#endif
