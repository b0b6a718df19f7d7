/* index.h - indices that come from outside (plugins/cpu). */
#ifndef CPU_INDEX_H
#define CPU_INDEX_H
#include "cpu.h"

rn_status *cpu_bad_index(const char *op, int64_t i, int64_t index, int64_t bound);
/* Element offset of tuple i (k indices each) into shape s; -1: out of range. */
int64_t cpu_tuple_offset(const rn_tensor_view *index, int64_t i, int64_t k, const rn_shape *s, const int64_t *strides);
rn_status *cpu_bad_tuple(const char *op, int64_t i, const rn_shape *s);
#endif
