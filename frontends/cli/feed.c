/* feed.c - a value from the command line as a tensor (frontends/cli). */
#include "feed.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "npy.h"

static int64_t count_items(const char *text) {
  int64_t n = 1;
  if (*text == '\0') return 0;
  for (; *text; text++) n += *text == ',';
  return n;
}

static rn_status *shape_for(const rn_graph *g, rn_value v, const char *name, int64_t count, rn_shape *out) {
  const rn_shape *declared = rn_graph_shape(g, v);
  memset(out, 0, sizeof *out);
  if (declared == NULL || declared->rank < 0) {
    out->rank = count == 1 ? 0 : 1;
    out->dim[0] = count;
    return NULL;
  }
  *out = *declared;
  int64_t known = 1;
  int unknown = -1;
  for (int32_t i = 0; i < out->rank; i++) {
    if (out->dim[i] >= 0)
      known *= out->dim[i];
    else if (unknown < 0)
      unknown = i;
    else
      out->dim[i] = 1;
  }
  if (unknown >= 0) out->dim[unknown] = known > 0 ? count / known : 0;
  int64_t total = unknown >= 0 ? known * out->dim[unknown] : known;
  if (total == count) return NULL;
  char text[160];
  rn_shape_print(declared, text, sizeof text);
  return rn_status_make(RN_INVALID_ARGUMENT, "feed '%s': %lld values given, its shape is %s", name, (long long)count,
                        text);
}

static int store_integer(void *p, rn_dtype t, int64_t i, long long v) {
  switch (t) {
    case RN_INT32:
      ((int32_t *)p)[i] = (int32_t)v;
      return v == (int32_t)v;
    case RN_INT64:
      ((int64_t *)p)[i] = v;
      return 1;
    case RN_INT16:
      ((int16_t *)p)[i] = (int16_t)v;
      return v == (int16_t)v;
    case RN_INT8:
      ((int8_t *)p)[i] = (int8_t)v;
      return v == (int8_t)v;
    case RN_UINT8:
      ((uint8_t *)p)[i] = (uint8_t)v;
      return v == (uint8_t)v;
    case RN_UINT16:
      ((uint16_t *)p)[i] = (uint16_t)v;
      return v == (uint16_t)v;
    case RN_UINT32:
      ((uint32_t *)p)[i] = (uint32_t)v;
      return v == (uint32_t)v;
    default:
      return 0;
  }
}

/* Stores one item; 0 when it is not a value of the dtype. */
static int store(rn_tensor *t, int64_t i, const char *item, size_t n) {
  char buf[128], *end;
  rn_dtype dtype = rn_tensor_dtype(t);
  if (n == 0 || n >= sizeof buf) return 0;
  memcpy(buf, item, n);
  buf[n] = '\0';
  errno = 0;
  if (dtype == RN_FLOAT || dtype == RN_DOUBLE) {
    double v = strtod(buf, &end);
    if (dtype == RN_FLOAT)
      ((float *)rn_tensor_data(t))[i] = (float)v;
    else
      ((double *)rn_tensor_data(t))[i] = v;
    return *end == '\0';
  }
  if (dtype == RN_BOOL) {
    int is_true = strcmp(buf, "true") == 0 || strcmp(buf, "1") == 0;
    ((uint8_t *)rn_tensor_data(t))[i] = (uint8_t)is_true;
    return is_true || strcmp(buf, "false") == 0 || strcmp(buf, "0") == 0;
  }
  long long v = strtoll(buf, &end, 10);
  return *end == '\0' && errno == 0 && store_integer(rn_tensor_data(t), dtype, i, v);
}

static rn_status *parse_strings(const char *text, const rn_shape *s, int64_t count, rn_tensor **out) {
  rn_bytes *items = calloc((size_t)(count ? count : 1), sizeof *items);
  if (!items) return rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory");
  for (int64_t i = 0; i < count; i++) {
    size_t n = strcspn(text, ",");
    items[i] = (rn_bytes){text, n};
    text += n + 1;
  }
  rn_status *status = rn_tensor_strings(s, items, out);
  free(items);
  return status;
}

static void ignore(void *arg, const rn_op_info *o) { (void)arg, (void)o; }

/* Without the plugin of its op nobody knows what a node gives. */
static rn_status *unknown_type(const rn_graph *g, rn_value v, const char *name) {
  RN_TRY(rn_runtime_op(rn_graph_runtime(g), rn_graph_op(g, v.node), ignore, NULL));
  return rn_status_make(RN_INVALID_ARGUMENT, "feed '%s': the type of this value is not known", name);
}

rn_status *feed_parse_as(rn_dtype dtype, const rn_shape *shape, const char *name, const char *text, rn_tensor **out) {
  if (text[0] == '@') return npy_read(text + 1, out);
  int64_t count = count_items(text), wanted;
  RN_TRY(rn_shape_count(shape, &wanted));
  if (count != wanted)
    return rn_status_make(RN_INVALID_ARGUMENT, "feed '%s': %lld values given, it takes %lld", name, (long long)count,
                          (long long)wanted);
  if (dtype == RN_STRING) return parse_strings(text, shape, count, out);
  rn_tensor *t;
  RN_TRY(rn_tensor_create(dtype, shape, &t));
  for (int64_t i = 0; i < count; i++) {
    size_t n = strcspn(text, ",");
    if (!store(t, i, text, n)) {
      rn_tensor_release(t);
      return rn_status_make(RN_INVALID_ARGUMENT, "feed '%s': '%.*s' is not a %s", name, (int)(n > 64 ? 64 : n), text,
                            rn_dtype_name(dtype));
    }
    text += n + 1;
  }
  *out = t;
  return NULL;
}

rn_status *feed_parse(const rn_graph *g, rn_value v, const char *name, const char *text, rn_tensor **out) {
  if (text[0] == '@') return npy_read(text + 1, out);
  rn_dtype dtype = rn_dtype_base(rn_graph_dtype(g, v));
  rn_shape shape;
  if (dtype == RN_INVALID) return unknown_type(g, v, name);
  RN_TRY(shape_for(g, v, name, count_items(text), &shape));
  return feed_parse_as(dtype, &shape, name, text, out);
}
