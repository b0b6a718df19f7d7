/* event_file.c - the records of an event file, as far as they are there (viz).
 *
 * A record is a length (8 bytes), the length's masked crc32c (4), the bytes, theirs (4). A file that is being
 * written ends anywhere: what is not complete is read again later. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "crc32c.h"
#include "event.h"
#include "proto.h"

enum { HEAD_BYTES = 12, TAIL_BYTES = 4 };
#define MOST_BYTES ((uint64_t)1 << 31) /* of one record: what protobuf allows */

struct rn_event_file {
  FILE *in;
  char *path;
  uint64_t at, size;
  uint8_t *record;
  size_t room;
  int over; /* damaged: nothing more is read */
};

static rn_status *system_failure(const char *what, const char *path) {
  int code = errno == ENOENT || errno == ENOTDIR ? RN_NOT_FOUND : errno == EACCES ? RN_PERMISSION_DENIED : RN_UNKNOWN;
  return rn_status_make(code, "%s '%s': %s", what, path, strerror(errno));
}

rn_status *rn_event_file_open(const char *path, rn_event_file **out) {
  rn_event_file *f = calloc(1, sizeof *f);
  char *copy = strdup(path);
  rn_status *s =
      f == NULL || copy == NULL ? rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory to read '%s'", path) : NULL;
  if (s == NULL) {
    f->path = copy;
    f->in = fopen(path, "rbe");
    if (f->in == NULL) s = system_failure("cannot open", path);
  }
  if (s == NULL) {
    *out = f;
    return NULL;
  }
  free(copy);
  free(f);
  return s;
}

void rn_event_file_close(rn_event_file *f) {
  if (f == NULL) return;
  fclose(f->in);
  free(f->path);
  free(f->record);
  free(f);
}

uint64_t rn_event_file_rest(const rn_event_file *f) { return f->size - f->at; }

static rn_status *damaged(rn_event_file *f, const char *what) {
  f->over = 1;
  return rn_status_make(RN_DATA_LOSS, "'%s' is damaged at byte %llu: %s", f->path, (unsigned long long)f->at, what);
}

static rn_status *read_at(rn_event_file *f, uint64_t offset, void *to, size_t n) {
  if (fseeko(f->in, (off_t)offset, SEEK_SET) == 0 && fread(to, 1, n, f->in) == n) return NULL;
  return system_failure("cannot read", f->path);
}

static uint64_t little(const uint8_t *p, unsigned n) {
  proto_span s = {p, p + n};
  uint64_t v = 0;
  (void)proto_fixed(&s, n, &v);
  return v;
}

/* *out_length UINT64_MAX: the next record is not complete yet. */
static rn_status *next_length(rn_event_file *f, uint64_t *out_length) {
  uint8_t head[HEAD_BYTES];
  *out_length = UINT64_MAX;
  if (f->size - f->at < HEAD_BYTES) return NULL;
  RN_TRY(read_at(f, f->at, head, sizeof head));
  uint64_t length = little(head, 8);
  if (little(head + 8, 4) != io_crc_mask(io_crc32c(0, head, 8))) return damaged(f, "the checksum of a length is wrong");
  if (length > MOST_BYTES) return damaged(f, "a record is longer than 2 GiB");
  if (f->size - f->at - HEAD_BYTES >= length + TAIL_BYTES) *out_length = length;
  return NULL;
}

static rn_status *read_record(rn_event_file *f, uint64_t length) {
  size_t n = (size_t)length + TAIL_BYTES;
  if (f->room < n) {
    uint8_t *more = realloc(f->record, n);
    if (more == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for a record of %zu bytes", n);
    f->record = more;
    f->room = n;
  }
  RN_TRY(read_at(f, f->at + HEAD_BYTES, f->record, n));
  if (little(f->record + length, TAIL_BYTES) != io_crc_mask(io_crc32c(0, f->record, (size_t)length)))
    return damaged(f, "the checksum of a record is wrong");
  return NULL;
}

static rn_status *place(rn_event_file *f, uint64_t at, rn_status *s) {
  if (rn_status_code(s) != RN_DATA_LOSS) return s;
  f->over = 1;
  return rn_status_wrap(s, "'%s' at byte %llu", f->path, (unsigned long long)at);
}

rn_status *rn_event_file_read(rn_event_file *f, rn_status *(*visit)(void *arg, const rn_event *e), void *arg) {
  event_visitor v = {visit, arg};
  struct stat st;
  if (f->over) return NULL;
  if (fstat(fileno(f->in), &st) != 0) return system_failure("cannot read", f->path);
  f->size = (uint64_t)st.st_size > f->at ? (uint64_t)st.st_size : f->at;
  for (;;) {
    uint64_t length, at = f->at;
    RN_TRY(next_length(f, &length));
    if (length == UINT64_MAX) return NULL;
    RN_TRY(read_record(f, length));
    f->at += HEAD_BYTES + length + TAIL_BYTES;
    rn_status *s = event_take_apart(f->record, (size_t)length, &v);
    if (s != NULL) return place(f, at, s);
  }
}
