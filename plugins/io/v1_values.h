/* v1_values.h - the typed lists of a TensorProto (plugins/io). */
#ifndef RN_IO_V1_VALUES_H
#define RN_IO_V1_VALUES_H
#include <runnel/plugin.h>
#include "bytes.h"

/* Exactly n elements into `to`. 0: damaged, another number, or a dtype without a list. */
int io_v1_values(io_span proto, rn_dtype t, void *to, int64_t n);
int io_v1_strings(io_span proto, rn_bytes *items, int64_t n); /* each item malloc'ed */
#endif
