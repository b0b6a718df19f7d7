/* tensor_proto.c - shapes and tensors between protobuf and Runnel (frontends/graphdef).
 *
 * A tensor's values stand in one of two places: tensor_content as raw little-endian bytes, or a list
 * of its type, whose last value repeats to fill the shape (an empty list means zeros). So a short
 * message can ask for a huge tensor: more than TENSOR_MOST bytes are refused. */
#include <stdlib.h>
#include <string.h>
#include "value.h"

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define TENSOR_MOST ((int64_t)1 << 20) /* many small tensors find more than one large */
#else
#define TENSOR_MOST ((int64_t)INT32_MAX)
#endif

int dtype_known(int32_t t) {
  rn_dtype base = rn_dtype_base(t);
  return rn_dtype_size(base) > 0 || base == RN_STRING || base == RN_RESOURCE || base == RN_VARIANT;
}

rn_status *shape_from_proto(const Tf__TensorShapeProto *p, rn_shape *out) {
  memset(out, 0, sizeof *out);
  if (p == NULL) return NULL;
  if (p->unknown_rank) {
    out->rank = -1;
    return p->n_dim ? rn_status_make(RN_INVALID_ARGUMENT, "a shape of unknown rank has %zu dimensions", p->n_dim)
                    : NULL;
  }
  if (p->n_dim > RN_MAX_RANK)
    return rn_status_make(RN_UNIMPLEMENTED, "a shape has %zu dimensions; at most %d are supported", p->n_dim,
                          RN_MAX_RANK);
  out->rank = (int32_t)p->n_dim;
  for (size_t i = 0; i < p->n_dim; i++) {
    out->dim[i] = p->dim[i]->size;
    if (out->dim[i] < -1)
      return rn_status_make(RN_INVALID_ARGUMENT, "dimension %zu of a shape is %lld", i, (long long)out->dim[i]);
  }
  return NULL;
}

rn_status *shape_to_proto(scratch *s, const rn_shape *shape, Tf__TensorShapeProto **out) {
  Tf__TensorShapeProto *p = scratch_take(s, 1, sizeof *p);
  if (p == NULL) return out_of_memory();
  tf__tensor_shape_proto__init(p);
  *out = p;
  if (shape->rank < 0) {
    p->unknown_rank = 1;
    return NULL;
  }
  p->n_dim = (size_t)shape->rank;
  p->dim = scratch_take(s, p->n_dim, sizeof *p->dim);
  Tf__TensorShapeProto__Dim *dims = scratch_take(s, p->n_dim, sizeof *dims);
  if (p->dim == NULL || dims == NULL) return out_of_memory();
  for (size_t i = 0; i < p->n_dim; i++) {
    tf__tensor_shape_proto__dim__init(&dims[i]);
    dims[i].size = shape->dim[i] < 0 ? -1 : shape->dim[i];
    p->dim[i] = &dims[i];
  }
  return NULL;
}

/* The typed list of a message: where it is and how its elements become the tensor's. */
typedef struct values {
  const void *p;
  size_t n;      /* in elements of the tensor */
  size_t narrow; /* != 0: p holds int32, of which the low `narrow` bytes count */
} values;

static values values_of(const Tf__TensorProto *p, size_t size) {
  switch ((int)p->dtype) {
    case RN_FLOAT:
      return (values){p->float_val, p->n_float_val, 0};
    case RN_DOUBLE:
      return (values){p->double_val, p->n_double_val, 0};
    case RN_INT64:
      return (values){p->int64_val, p->n_int64_val, 0};
    case RN_UINT32:
      return (values){p->uint32_val, p->n_uint32_val, 0};
    case RN_UINT64:
      return (values){p->uint64_val, p->n_uint64_val, 0};
    case RN_COMPLEX64:
      return (values){p->scomplex_val, p->n_scomplex_val / 2, 0};
    case RN_COMPLEX128:
      return (values){p->dcomplex_val, p->n_dcomplex_val / 2, 0};
    case RN_BOOL:
      return (values){p->bool_val, p->n_bool_val, 1};
    case RN_HALF:
    case RN_BFLOAT16:
      return (values){p->half_val, p->n_half_val, 2};
    default:
      return (values){p->int_val, p->n_int_val, size};
  }
}

static void fill_list(char *to, size_t count, size_t size, values v) {
  size_t n = v.n < count ? v.n : count;
  if (v.narrow == 0 || v.narrow == 4) {
    if (n) memcpy(to, v.p, n * size);
  } else {
    const int32_t *from = v.p;
    for (size_t i = 0; i < n; i++) {
      if (v.narrow == 1) to[i] = (char)from[i];
      uint16_t half = (uint16_t)from[i];
      if (v.narrow == 2) memcpy(to + 2 * i, &half, 2);
    }
  }
  for (size_t i = n; n && i < count; i++) memcpy(to + i * size, to + (n - 1) * size, size);
}

static rn_status *strings_from_content(const ProtobufCBinaryData *c, rn_bytes *items, size_t count) {
  size_t at = 0;
  for (size_t i = 0; i < count; i++) {
    uint64_t n = 0;
    unsigned shift = 0, more = 1;
    for (; more && at < c->len && shift < 35; shift += 7) {
      n |= (uint64_t)(c->data[at] & 127) << shift;
      more = c->data[at++] >= 128;
    }
    if (more) return rn_status_make(RN_DATA_LOSS, "the lengths of %zu strings are cut off", count);
    items[i].size = n;
  }
  for (size_t i = 0; i < count; i++) {
    if (items[i].size > c->len - at) return rn_status_make(RN_DATA_LOSS, "string %zu of %zu is cut off", i, count);
    items[i].data = (const char *)c->data + at;
    at += items[i].size;
  }
  return NULL;
}

static rn_status *strings_from_proto(const Tf__TensorProto *p, const rn_shape *shape, int64_t count, rn_tensor **out) {
  if (count > TENSOR_MOST / (int64_t)(2 * sizeof(rn_bytes)))
    return rn_status_make(RN_RESOURCE_EXHAUSTED, "a tensor of %lld strings is too large", (long long)count);
  rn_bytes *items = calloc(count ? (size_t)count : 1, sizeof *items);
  if (items == NULL) return out_of_memory();
  rn_status *s = NULL;
  size_t n = p->n_string_val;
  if (p->tensor_content.len > 0)
    s = strings_from_content(&p->tensor_content, items, (size_t)count);
  else
    for (size_t i = 0; i < (size_t)count; i++) {
      const ProtobufCBinaryData *b = n ? &p->string_val[i < n ? i : n - 1] : NULL;
      items[i] = b ? (rn_bytes){(const char *)b->data, b->len} : (rn_bytes){"", 0};
      if (items[i].data == NULL) items[i].data = "";
    }
  if (s == NULL) s = rn_tensor_strings(shape, items, out);
  free(items);
  return s;
}

rn_status *tensor_from_proto(const Tf__TensorProto *p, rn_tensor **out) {
  rn_shape shape;
  int64_t count;
  rn_dtype t = (rn_dtype)p->dtype;
  RN_TRY(shape_from_proto(p->tensor_shape, &shape));
  RN_TRY(rn_shape_count(&shape, &count));
  if (t == RN_STRING) return strings_from_proto(p, &shape, count, out);
  size_t size = t >= RN_REF ? 0 : rn_dtype_size(t);
  if (size == 0)
    return rn_status_make(RN_UNIMPLEMENTED, "a constant of type %s (%d) is not supported", rn_dtype_name(t), t);
  if (count > TENSOR_MOST / (int64_t)size) {
    char text[200];
    rn_shape_print(&shape, text, sizeof text);
    return rn_status_make(RN_RESOURCE_EXHAUSTED, "a constant %s%s has more than 2 GiB", rn_dtype_name(t), text);
  }
  size_t bytes = (size_t)count * size;
  if (p->tensor_content.len > 0 && p->tensor_content.len != bytes)
    return rn_status_make(RN_DATA_LOSS, "tensor_content has %zu bytes; its shape asks for %zu", p->tensor_content.len,
                          bytes);
  RN_TRY(rn_tensor_create(t, &shape, out));
  if (bytes == 0) return NULL;
  if (p->tensor_content.len > 0)
    memcpy(rn_tensor_data(*out), p->tensor_content.data, bytes);
  else
    fill_list(rn_tensor_data(*out), (size_t)count, size, values_of(p, size));
  return NULL;
}

static rn_status *strings_to_proto(scratch *s, rn_tensor *t, Tf__TensorProto *p) {
  p->n_string_val = (size_t)rn_tensor_count(t);
  p->string_val = scratch_take(s, p->n_string_val, sizeof *p->string_val);
  if (p->string_val == NULL) return out_of_memory();
  for (size_t i = 0; i < p->n_string_val; i++) {
    rn_bytes b = rn_tensor_string(t, (int64_t)i);
    p->string_val[i].len = b.size;
    p->string_val[i].data = (uint8_t *)(uintptr_t)b.data;
  }
  return NULL;
}

/* A single value goes into the list of its type, as TensorFlow writes it. */
static void single_to_proto(const void *data, size_t size, int32_t *wide, Tf__TensorProto *p) {
  void *at = (void *)(uintptr_t)data;
  uint16_t half;
  switch ((int)p->dtype) {
    case RN_FLOAT:
      p->n_float_val = 1;
      p->float_val = at;
      return;
    case RN_DOUBLE:
      p->n_double_val = 1;
      p->double_val = at;
      return;
    case RN_INT64:
      p->n_int64_val = 1;
      p->int64_val = at;
      return;
    case RN_UINT32:
      p->n_uint32_val = 1;
      p->uint32_val = at;
      return;
    case RN_UINT64:
      p->n_uint64_val = 1;
      p->uint64_val = at;
      return;
    case RN_COMPLEX64:
      p->n_scomplex_val = 2;
      p->scomplex_val = at;
      return;
    case RN_COMPLEX128:
      p->n_dcomplex_val = 2;
      p->dcomplex_val = at;
      return;
    case RN_BOOL:
      *wide = *(const uint8_t *)data != 0;
      p->n_bool_val = 1;
      p->bool_val = wide;
      return;
    case RN_HALF:
    case RN_BFLOAT16:
      memcpy(&half, data, 2);
      *wide = half;
      p->n_half_val = 1;
      p->half_val = wide;
      return;
    default:
      break;
  }
  memcpy(&half, data, size == 1 ? 1 : 2);
  int t = (int)p->dtype, is_signed = t == RN_INT8 || t == RN_QINT8 || t == RN_INT16 || t == RN_QINT16;
  if (size == 1) *wide = is_signed ? *(const int8_t *)data : *(const uint8_t *)data;
  if (size == 2) *wide = is_signed ? (int16_t)half : half;
  if (size == 4) memcpy(wide, data, 4);
  p->n_int_val = 1;
  p->int_val = wide;
}

rn_status *tensor_to_proto(scratch *s, rn_tensor *t, Tf__TensorProto **out) {
  Tf__TensorProto *p = scratch_take(s, 1, sizeof *p);
  int32_t *wide = scratch_take(s, 1, sizeof *wide);
  if (p == NULL || wide == NULL) return out_of_memory();
  tf__tensor_proto__init(p);
  *out = p;
  p->dtype = (Tf__DataType)rn_tensor_dtype(t);
  RN_TRY(shape_to_proto(s, rn_tensor_shape(t), &p->tensor_shape));
  if (rn_tensor_dtype(t) == RN_STRING) return strings_to_proto(s, t, p);
  size_t size = rn_dtype_size(rn_tensor_dtype(t));
  if (rn_tensor_count(t) == 1) {
    single_to_proto(rn_tensor_data(t), size, wide, p);
  } else {
    p->tensor_content.len = rn_tensor_size_bytes(t);
    p->tensor_content.data = rn_tensor_data(t);
  }
  return NULL;
}
