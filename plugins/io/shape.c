/* shape.c - shapes as protobuf and text, and how wide dtypes are on disk (plugins/io). */
#include "slice.h"

int io_shape_from_proto(io_span body, rn_shape *out) {
  io_field f, part;
  *out = rn_shape_scalar();
  int64_t total = 1;
  while (body.p < body.end) {
    if (!io_take_field(&body, &f)) return 0;
    if (f.number == 3 && f.value != 0) return 0; /* what is stored has a rank */
    if (f.number != 2 || f.wire != 2) continue;
    if (out->rank == RN_MAX_RANK) return 0;
    int64_t dim = 0;
    while (f.body.p < f.body.end) {
      if (!io_take_field(&f.body, &part)) return 0;
      if (part.number == 1) dim = (int64_t)part.value;
    }
    if (dim < 0 || __builtin_mul_overflow(total, dim > 0 ? dim : 1, &total) || total > INT64_MAX / 32) return 0;
    out->dim[out->rank++] = dim;
  }
  return 1;
}

void io_shape_to_proto(const rn_shape *s, uint32_t number, io_buffer *out) {
  io_buffer body = {0}, dim = {0};
  for (int32_t i = 0; i < s->rank; i++) {
    dim.size = 0;
    io_put_field(&dim, 1, (uint64_t)s->dim[i]);
    io_put_body(&body, 2, dim.data, dim.size);
  }
  io_put_body(out, number, body.data, body.size);
  out->failed |= body.failed | dim.failed;
  io_drop(&body);
  io_drop(&dim);
}

typedef struct shape_dtype {
  const char *name;
  size_t size;
} shape_dtype;
static const shape_dtype dtypes[] = {
    [RN_FLOAT] = {"float", 4},     [RN_DOUBLE] = {"double", 8},       [RN_INT32] = {"int32", 4},
    [RN_UINT8] = {"uint8", 1},     [RN_INT16] = {"int16", 2},         [RN_INT8] = {"int8", 1},
    [RN_STRING] = {"string", 0},   [RN_COMPLEX64] = {"complex64", 8}, [RN_INT64] = {"int64", 8},
    [RN_BOOL] = {"bool", 1},       [RN_QINT8] = {"qint8", 1},         [RN_QUINT8] = {"quint8", 1},
    [RN_QINT32] = {"qint32", 4},   [RN_BFLOAT16] = {"bfloat16", 2},   [RN_QINT16] = {"qint16", 2},
    [RN_QUINT16] = {"quint16", 2}, [RN_UINT16] = {"uint16", 2},       [RN_COMPLEX128] = {"complex128", 16},
    [RN_HALF] = {"half", 2},       [RN_RESOURCE] = {"resource", 0},   [RN_VARIANT] = {"variant", 0},
    [RN_UINT32] = {"uint32", 4},   [RN_UINT64] = {"uint64", 8}};

size_t io_dtype_size(rn_dtype t) { return t > 0 && t <= RN_UINT64 ? dtypes[t].size : 0; }
const char *io_dtype_name(rn_dtype t) { return t > 0 && t <= RN_UINT64 ? dtypes[t].name : "an unknown type"; }

void io_shape_text(const rn_shape *s, char buf[256]) {
  size_t n = 0;
  buf[n++] = '[';
  for (int32_t i = 0; i < s->rank && n < 230; i++)
    n += (size_t)snprintf(buf + n, 256 - n, i ? ",%lld" : "%lld", (long long)s->dim[i]);
  snprintf(buf + n, 256 - n, "]");
}
