/* idx.c - MNIST's IDX files, plain or compressed (frontends/c).
 *
 * An IDX file is a big-endian header (0, 0, type 8 = bytes, rank), the dimensions, then the bytes. Sizes
 * come from outside: they are bounded before anything is allocated, and the file must end where it says. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <runnel/c/data.h>

#define MAX_BYTES ((int64_t)1 << 31)
#define FIRST_BYTES ((int64_t)1 << 20) /* of memory */

void rn_pictures_finish(rn_pictures *p) {
  free(p->pixels);
  free(p->labels);
  memset(p, 0, sizeof *p);
}

static rn_status *read_exactly(gzFile f, void *to, int64_t n, const char *path) {
  char *at = to;
  while (n > 0) {
    unsigned ask = n > (1 << 20) ? 1u << 20 : (unsigned)n;
    int got = gzread(f, at, ask);
    if (got <= 0) {
      int code = 0;
      const char *why = gzerror(f, &code); /* "PATH: why" */
      size_t skip = strlen(path);
      if (code < 0 && strncmp(why, path, skip) == 0 && strncmp(why + skip, ": ", 2) == 0) why += skip + 2;
      return rn_status_make(RN_DATA_LOSS, "%s: %lld bytes are missing%s%s", path, (long long)n, code < 0 ? ": " : "",
                            code < 0 ? why : "");
    }
    at += got;
    n -= got;
  }
  return NULL;
}

static int64_t number_at(const uint8_t *p) {
  return ((int64_t)p[0] << 24) | ((int64_t)p[1] << 16) | ((int64_t)p[2] << 8) | (int64_t)p[3];
}

static rn_status *read_dims(gzFile f, const char *path, int rank, int64_t *dim, int64_t *out_total) {
  uint8_t head[16];
  RN_TRY(read_exactly(f, head, 4 + 4 * rank, path));
  if (head[0] || head[1] || head[2] != 8 || head[3] != rank)
    return rn_status_make(RN_DATA_LOSS, "%s: not an IDX file of bytes with rank %d (it starts %02x %02x %02x %02x)",
                          path, rank, head[0], head[1], head[2], head[3]);
  int64_t total = 1;
  for (int i = 0; i < rank; i++) {
    dim[i] = number_at(head + 4 + 4 * i);
    if (dim[i] <= 0 || dim[i] > MAX_BYTES / total)
      return rn_status_make(RN_DATA_LOSS, "%s: dimension %d is %lld: empty, or more than 2 GiB in all", path, i,
                            (long long)dim[i]);
    total *= dim[i];
  }
  *out_total = total;
  return NULL;
}

/* A short file may say that it is long: memory follows what has been read. */
static rn_status *read_growing(gzFile f, const char *path, int64_t total, uint8_t **data) {
  rn_status *e = NULL;
  for (int64_t done = 0, room = FIRST_BYTES; e == NULL && done < total; done = room, room *= 2) {
    if (room > total) room = total;
    uint8_t *grown = realloc(*data, (size_t)room);
    if (grown == NULL)
      return rn_status_make(RN_RESOURCE_EXHAUSTED, "%s: no memory for its %lld bytes", path, (long long)total);
    *data = grown;
    e = read_exactly(f, grown + done, room - done, path);
  }
  return e;
}

static rn_status *read_idx_open(gzFile f, const char *path, int rank, int64_t *dim, uint8_t **out) {
  int64_t total = 0;
  char more;
  uint8_t *data = NULL;
  RN_TRY(read_dims(f, path, rank, dim, &total));
  rn_status *e = read_growing(f, path, total, &data);
  if (e == NULL && gzread(f, &more, 1) != 0)
    e = rn_status_make(RN_DATA_LOSS, "%s: it goes on after its %lld bytes, or its end is damaged", path,
                       (long long)total);
  if (e == NULL)
    *out = data;
  else
    free(data);
  return e;
}

static rn_status *read_idx(const char *path, int rank, int64_t *dim, uint8_t **out) {
  gzFile f = gzopen(path, "rb");
  if (f == NULL)
    return rn_status_make(errno == ENOENT ? RN_NOT_FOUND : RN_PERMISSION_DENIED, "%s: %s", path, strerror(errno));
  rn_status *e = read_idx_open(f, path, rank, dim, out);
  gzclose(f);
  return e;
}

rn_status *rn_pictures_read(const char *images_path, const char *labels_path, rn_pictures *out) {
  int64_t dim[3], labels = 0;
  memset(out, 0, sizeof *out);
  rn_status *e = read_idx(images_path, 3, dim, &out->pixels);
  if (e == NULL) {
    out->count = dim[0];
    out->height = dim[1];
    out->width = dim[2];
    e = read_idx(labels_path, 1, &labels, &out->labels);
  }
  if (e == NULL && labels != out->count)
    e = rn_status_make(RN_DATA_LOSS, "%s has %lld pictures and %s has %lld labels", images_path, (long long)out->count,
                       labels_path, (long long)labels);
  for (int64_t i = 0; e == NULL && i < out->count; i++)
    if (out->labels[i] > 9)
      e = rn_status_make(RN_DATA_LOSS, "%s: label %lld is %d", labels_path, (long long)i, out->labels[i]);
  if (e != NULL) rn_pictures_finish(out);
  return e;
}

static rn_status *find_file(const char *folder, const char *split, const char *what, char *path, size_t size) {
  static const char *const endings[] = {".gz", ""};
  for (int i = 0; i < 2; i++) {
    int n = snprintf(path, size, "%s/%s-%s-ubyte%s", folder, split, what, endings[i]);
    if (n > 0 && (size_t)n < size && access(path, R_OK) == 0) return NULL;
  }
  return rn_status_make(RN_NOT_FOUND, "no readable %s-%s-ubyte or .gz in '%s'", split, what, folder);
}

rn_status *rn_mnist_read(const char *folder, const char *split, rn_pictures *out) {
  char images[4096], labels[4096];
  memset(out, 0, sizeof *out);
  RN_TRY(find_file(folder, split, "images-idx3", images, sizeof images));
  RN_TRY(find_file(folder, split, "labels-idx1", labels, sizeof labels));
  return rn_pictures_read(images, labels, out);
}
