/* slice.h - parts of tensors, as text, as protobuf and as keys (plugins/io). */
#ifndef RN_IO_SLICE_H
#define RN_IO_SLICE_H
#include <runnel/plugin.h>
#include "bytes.h"

/* length -1: the whole dimension from 0. */
typedef struct io_slice {
  int32_t rank;
  int64_t start[RN_MAX_RANK], length[RN_MAX_RANK];
} io_slice;

/* "" (out_has_slice 0) or "4 10 0,2:-": the full shape, then start,length or '-' per dimension.
 * err INVALID_ARGUMENT */
rn_status *io_slice_parse(const rn_host_api *h, rn_bytes text, int *out_has_slice, rn_shape *out_full, io_slice *out);
io_slice io_slice_full(int32_t rank);
/* The slice's place in a tensor of shape `full`, lengths made explicit. 0: outside of it. */
int io_slice_settle(const io_slice *s, const rn_shape *full, io_slice *out);
int io_slice_is_full(const io_slice *s, const rn_shape *full);
rn_shape io_slice_shape(const io_slice *settled);
/* Copies what `from` (values of slice a) and `to` (values of slice b) have in common. Both settled.
 * Returns the number of elements. */
int64_t io_slice_copy(const io_slice *a, const void *from, const io_slice *b, void *to, size_t size);

int io_slice_from_proto(io_span body, io_slice *out); /* TensorSliceProto; 0: damaged or more than RN_MAX_RANK */
void io_slice_to_proto(const io_slice *s, uint32_t number, io_buffer *out);
/* The key under which one slice of a tensor is stored: OrderedCode of name and extents. */
void io_slice_key(rn_bytes name, const io_slice *s, io_buffer *out);
/* TensorShapeProto */
int io_shape_from_proto(io_span body, rn_shape *out);
void io_shape_to_proto(const rn_shape *s, uint32_t number, io_buffer *out);
size_t io_dtype_size(rn_dtype t); /* 0: string or not storable */
const char *io_dtype_name(rn_dtype t);
void io_shape_text(const rn_shape *s, char buf[256]);
#endif
