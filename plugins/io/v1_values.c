/* v1_values.c - the typed lists of a TensorProto, packed or not (plugins/io). */
#include "v1_values.h"
#include <stdlib.h>

typedef struct v1_list {
  uint32_t field;
  uint32_t wire;    /* of one number: 0 varint, 1 eight bytes, 5 four */
  size_t width;     /* of one number in memory */
  uint32_t numbers; /* per element */
} v1_list;

static v1_list list_for(rn_dtype t) {
  switch (t) {
    case RN_FLOAT:
      return (v1_list){5, 5, 4, 1};
    case RN_DOUBLE:
      return (v1_list){6, 1, 8, 1};
    case RN_INT32:
    case RN_QINT32:
      return (v1_list){7, 0, 4, 1};
    case RN_INT16:
    case RN_UINT16:
    case RN_QINT16:
    case RN_QUINT16:
      return (v1_list){7, 0, 2, 1};
    case RN_INT8:
    case RN_UINT8:
    case RN_QINT8:
    case RN_QUINT8:
      return (v1_list){7, 0, 1, 1};
    case RN_COMPLEX64:
      return (v1_list){9, 5, 4, 2};
    case RN_INT64:
      return (v1_list){10, 0, 8, 1};
    case RN_BOOL:
      return (v1_list){11, 0, 1, 1};
    case RN_COMPLEX128:
      return (v1_list){12, 1, 8, 2};
    case RN_HALF:
      return (v1_list){13, 0, 2, 1};
    case RN_UINT32:
      return (v1_list){16, 0, 4, 1};
    case RN_UINT64:
      return (v1_list){17, 0, 8, 1};
    default:
      return (v1_list){0, 0, 0, 0};
  }
}

/* The low bytes of v, in this machine's order. */
static void store(void *to, size_t width, uint64_t v) {
  uint8_t b = (uint8_t)v;
  uint16_t h = (uint16_t)v;
  uint32_t w = (uint32_t)v;
  memcpy(to, width == 1 ? (void *)&b : width == 2 ? (void *)&h : width == 4 ? (void *)&w : (void *)&v, width);
}

static int take_numbers(io_span body, const v1_list *l, char *to, int64_t *done, int64_t most) {
  while (body.p < body.end) {
    uint64_t v;
    int ok = l->wire == 0 ? io_take_varint(&body, &v) : io_take_fixed(&body, l->wire == 5 ? 4 : 8, &v);
    if (!ok || *done == most) return 0;
    store(to + (size_t)*done * l->width, l->width, v);
    ++*done;
  }
  return 1;
}

int io_v1_values(io_span proto, rn_dtype t, void *to, int64_t n) {
  v1_list l = list_for(t);
  io_field f;
  int64_t done = 0, most = n * (int64_t)l.numbers;
  if (l.field == 0) return 0;
  while (proto.p < proto.end) {
    if (!io_take_field(&proto, &f)) return 0;
    if (f.number != l.field) continue;
    if (f.wire == 2) {
      if (!take_numbers(f.body, &l, to, &done, most)) return 0;
    } else {
      if (done == most) return 0;
      store((char *)to + (size_t)done++ * l.width, l.width, f.value);
    }
  }
  return done == most;
}

int io_v1_strings(io_span proto, rn_bytes *items, int64_t n) {
  io_field f;
  int64_t done = 0;
  while (proto.p < proto.end) {
    if (!io_take_field(&proto, &f)) return 0;
    if (f.number != 8 || f.wire != 2) continue;
    size_t size = (size_t)(f.body.end - f.body.p);
    char *copy = done < n ? malloc(size + 1) : NULL;
    if (copy == NULL) return 0;
    memcpy(copy, f.body.p, size);
    free((void *)(uintptr_t)items[done].data);
    items[done++] = (rn_bytes){copy, size};
  }
  return done == n;
}
