/* snappy.h - unpacking of Snappy blocks (plugins/io). */
#ifndef RN_IO_SNAPPY_H
#define RN_IO_SNAPPY_H
#include "bytes.h"

/* Appends what `in` unpacks to. 0: damaged, more than `most` bytes, or out of memory (out->failed). */
int io_snappy_unpack(io_span in, size_t most, io_buffer *out);
#endif
