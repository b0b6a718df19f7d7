/* npy.c - tensors as NumPy's .npy files (frontends/cli). */
#include "npy.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct npy_type {
  const char *descr;
  rn_dtype dtype;
} npy_type;
static const npy_type types[] = {
    {"<f4", RN_FLOAT}, {"<f8", RN_DOUBLE}, {"<i4", RN_INT32},     {"<i8", RN_INT64},       {"|u1", RN_UINT8},
    {"|i1", RN_INT8},  {"<i2", RN_INT16},  {"<u2", RN_UINT16},    {"<u4", RN_UINT32},      {"<u8", RN_UINT64},
    {"|b1", RN_BOOL},  {"<f2", RN_HALF},   {"<c8", RN_COMPLEX64}, {"<c16", RN_COMPLEX128},
};
#define MAX_HEADER 65536u
static const unsigned char magic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

static rn_status *bad(const char *path, const char *what) {
  return rn_status_make(RN_INVALID_ARGUMENT, "'%s': %s", path, what);
}

/* The text after 'key': in the header's dictionary, or NULL. */
static const char *entry(const char *header, const char *key) {
  char quoted[32];
  snprintf(quoted, sizeof quoted, "'%s'", key);
  const char *at = strstr(header, quoted);
  at = at ? strchr(at + strlen(quoted), ':') : NULL;
  if (!at) return NULL;
  at++;
  return at + strspn(at, " ");
}

static rn_status *parse_shape(const char *path, const char *at, rn_shape *out) {
  memset(out, 0, sizeof *out);
  if (!at || *at != '(') return bad(path, "the header has no shape");
  at++;
  for (;;) {
    at += strspn(at, " ,L");
    if (*at == ')') return NULL;
    if (*at < '0' || *at > '9') return bad(path, "the shape in the header is malformed");
    if (out->rank == RN_MAX_RANK) return bad(path, "more than 8 dimensions");
    errno = 0;
    char *end;
    long long d = strtoll(at, &end, 10);
    if (errno || d < 0) return bad(path, "a dimension is out of range");
    out->dim[out->rank++] = d;
    at = end;
  }
}

static rn_status *parse_header(const char *path, const char *header, rn_dtype *dtype, rn_shape *shape, int *fortran) {
  const char *descr = entry(header, "descr");
  const char *order = entry(header, "fortran_order");
  if (!descr || *descr != '\'' || !order) return bad(path, "the header lacks descr or fortran_order");
  *fortran = strncmp(order, "True", 4) == 0;
  *dtype = RN_INVALID;
  size_t n = strcspn(descr + 1, "'");
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
    if (strlen(types[i].descr) == n && strncmp(types[i].descr, descr + 1, n) == 0) *dtype = types[i].dtype;
  if (*dtype == RN_INVALID)
    return rn_status_make(RN_INVALID_ARGUMENT, "'%s': element type '%.*s' is not one Runnel reads", path,
                          (int)(n > 32 ? 32 : n), descr + 1);
  return parse_shape(path, entry(header, "shape"), shape);
}

/* Elements stored column by column, laid row by row. */
static void turn(const char *from, char *to, const rn_shape *s, size_t elem_bytes) {
  int64_t count = 1, index[RN_MAX_RANK] = {0}, stride[RN_MAX_RANK];
  for (int32_t i = 0; i < s->rank; i++) {
    stride[i] = count;
    count *= s->dim[i];
  }
  for (int64_t k = 0; k < count; k++) {
    int64_t at = 0;
    for (int32_t i = 0; i < s->rank; i++) at += index[i] * stride[i];
    memcpy(to + (size_t)k * elem_bytes, from + (size_t)at * elem_bytes, elem_bytes);
    for (int32_t i = s->rank - 1; i >= 0 && ++index[i] == s->dim[i]; i--) index[i] = 0;
  }
}

static rn_status *read_body(const char *path, FILE *f, rn_dtype dtype, const rn_shape *shape, int fortran,
                            rn_tensor **out) {
  int64_t count;
  RN_TRY(rn_shape_count(shape, &count));
  struct stat st;
  long at = ftell(f);
  if (fstat(fileno(f), &st) != 0 || at < 0) return bad(path, "cannot tell its size");
  size_t size = rn_dtype_size(dtype);
  if ((uint64_t)count > (uint64_t)(st.st_size - at) / size)
    return bad(path, "truncated: fewer elements than its shape says");
  rn_tensor *t;
  RN_TRY(rn_tensor_create(dtype, shape, &t));
  size_t bytes = (size_t)count * size;
  rn_status *status = bytes && fread(rn_tensor_data(t), 1, bytes, f) != bytes ? bad(path, "truncated") : NULL;
  if (!status && fortran && shape->rank > 1) {
    char *copy = malloc(bytes ? bytes : 1);
    if (copy) {
      memcpy(copy, rn_tensor_data(t), bytes);
      turn(copy, rn_tensor_data(t), shape, size);
    } else {
      status = rn_status_make(RN_RESOURCE_EXHAUSTED, "'%s': out of memory", path);
    }
    free(copy);
  }
  if (status) {
    rn_tensor_release(t);
    return status;
  }
  *out = t;
  return NULL;
}

static rn_status *read_file(const char *path, FILE *f, rn_tensor **out) {
  unsigned char head[12];
  if (fread(head, 1, 10, f) != 10 || memcmp(head, magic, sizeof magic) != 0) return bad(path, "not a .npy file");
  size_t length = (size_t)head[8] | (size_t)head[9] << 8;
  if (head[6] >= 2) {
    if (fread(head + 10, 1, 2, f) != 2) return bad(path, "truncated");
    length |= (size_t)head[10] << 16 | (size_t)head[11] << 24;
  }
  if (length > MAX_HEADER) return bad(path, "its header is too long");
  char *header = calloc(1, length + 1);
  if (!header) return rn_status_make(RN_RESOURCE_EXHAUSTED, "'%s': out of memory", path);
  rn_dtype dtype = RN_INVALID;
  rn_shape shape;
  int fortran = 0;
  rn_status *status = fread(header, 1, length, f) == length ? parse_header(path, header, &dtype, &shape, &fortran)
                                                            : bad(path, "truncated");
  free(header);
  return status ? status : read_body(path, f, dtype, &shape, fortran, out);
}

rn_status *npy_read(const char *path, rn_tensor **out) {
  FILE *f = fopen(path, "rb");
  if (!f) return rn_status_make(RN_NOT_FOUND, "cannot open '%s': %s", path, strerror(errno));
  rn_status *status = read_file(path, f, out);
  fclose(f);
  return status;
}

static int write_all(FILE *f, const rn_tensor *t, const char *descr) {
  char dims[256] = "", header[512];
  size_t at = 0;
  const rn_shape *s = rn_tensor_shape(t);
  for (int32_t i = 0; i < s->rank; i++)
    at += (size_t)snprintf(dims + at, sizeof dims - at, "%lld, ", (long long)s->dim[i]);
  int n = snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, dims);
  size_t length = (size_t)n + 1;
  size_t padded = (10 + length + 63) / 64 * 64 - 10;
  memset(header + n, ' ', padded - (size_t)n - 1);
  header[padded - 1] = '\n';
  unsigned char head[10] = {
      0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (unsigned char)(padded & 255), (unsigned char)(padded >> 8)};
  size_t bytes = rn_tensor_size_bytes(t);
  return fwrite(head, 1, 10, f) == 10 && fwrite(header, 1, padded, f) == padded &&
         (bytes == 0 || fwrite(rn_tensor_data(t), 1, bytes, f) == bytes) && fflush(f) == 0 && fsync(fileno(f)) == 0;
}

rn_status *npy_write(const char *path, const rn_tensor *t) {
  const char *descr = NULL;
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
    if (types[i].dtype == rn_tensor_dtype(t)) descr = types[i].descr;
  if (!descr)
    return rn_status_make(RN_UNIMPLEMENTED, "'%s': %s has no .npy form", path, rn_dtype_name(rn_tensor_dtype(t)));
  size_t n = strlen(path);
  char *temporary = malloc(n + 8);
  if (!temporary) return rn_status_make(RN_RESOURCE_EXHAUSTED, "'%s': out of memory", path);
  snprintf(temporary, n + 8, "%s.XXXXXX", path);
  int fd = mkstemp(temporary);
  FILE *f = fd >= 0 ? fdopen(fd, "wb") : NULL;
  int ok = f && write_all(f, t, descr);
  int cause = errno;
  if (f && fclose(f) != 0) ok = 0;
  if (ok && (chmod(temporary, 0644) != 0 || rename(temporary, path) != 0)) {
    cause = errno;
    ok = 0;
  }
  if (!ok && fd >= 0) unlink(temporary);
  free(temporary);
  return ok ? NULL
            : rn_status_make(cause == ENOSPC ? RN_RESOURCE_EXHAUSTED : RN_UNKNOWN, "cannot write '%s': %s", path,
                             strerror(cause));
}
