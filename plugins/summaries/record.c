/* record.c - an event file: records of Events, each with checksums of its length and its bytes (plugins/summaries).
 *
 * A record is a length (8 bytes), its masked crc32c (4), the bytes, their masked crc32c (4). Whole records
 * are appended in one write, so a reader that follows the file sees at worst a last one cut short. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "crc32c.h"
#include "file.h"
#include "summaries.h"

struct sum_file {
  char *path;
  int fd;
  io_buffer waiting; /* records not written yet */
};

static double wall_time(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void put_record(io_buffer *b, const void *p, size_t n) {
  uint8_t length[8];
  for (int i = 0; i < 8; i++) length[i] = (uint8_t)((uint64_t)n >> (8 * i));
  io_put(b, length, sizeof length);
  io_put_fixed(b, 4, io_crc_mask(io_crc32c(0, length, sizeof length)));
  io_put(b, p, n);
  io_put_fixed(b, 4, io_crc_mask(io_crc32c(0, p, n)));
}

rn_status *sum_file_add_event(const rn_host_api *h, sum_file *f, rn_bytes event) {
  size_t before = f->waiting.size;
  put_record(&f->waiting, event.data, event.size);
  if (!f->waiting.failed) return NULL;
  f->waiting.size = before; /* half a record is none */
  f->waiting.failed = 0;
  return sum_no_memory(h);
}

rn_status *sum_file_add(const rn_host_api *h, sum_file *f, int64_t step, uint32_t number, const void *p, size_t n) {
  io_buffer event = {0};
  sum_put_double(&event, 1, wall_time());
  io_put_field(&event, 2, (uint64_t)step);
  io_put_body(&event, number, p, n);
  rn_bytes bytes = {(const char *)event.data, event.size};
  rn_status *s = event.failed ? sum_no_memory(h) : sum_file_add_event(h, f, bytes);
  io_drop(&event);
  return s;
}

rn_status *sum_file_flush(const rn_host_api *h, sum_file *f) {
  size_t done = 0;
  while (done < f->waiting.size) {
    ssize_t n = write(f->fd, f->waiting.data + done, f->waiting.size - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) break;
    done += (size_t)n;
  }
  int error = errno;
  size_t left = f->waiting.size - done;
  if (left != 0 && done != 0) memmove(f->waiting.data, f->waiting.data + done, left);
  f->waiting.size = left;
  return left != 0 ? io_errno(h, "write", f->path, error) : NULL;
}

static char *name_file(rn_bytes logdir, rn_bytes suffix, int again) {
  char host[256] = "localhost";
  (void)gethostname(host, sizeof host - 1);
  host[sizeof host - 1] = '\0';
  char number[16] = "";
  if (again > 0) snprintf(number, sizeof number, ".%d", again);
  return io_text("%.*s/events.out.tfevents.%010lld.%s%s%.*s", (int)logdir.size, logdir.data, (long long)time(NULL),
                 host, number, (int)suffix.size, suffix.data);
}

/* Two files of one second and folder get different names. */
static rn_status *open_new(const rn_host_api *h, rn_bytes logdir, rn_bytes suffix, sum_file *f) {
  enum { TRIES = 1000 };
  for (int again = 0; again < TRIES; again++) {
    free(f->path);
    f->path = name_file(logdir, suffix, again);
    if (f->path == NULL) return sum_no_memory(h);
    f->fd = open(f->path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
    if (f->fd >= 0 || errno != EEXIST) break;
  }
  return f->fd >= 0 ? NULL : io_errno(h, "create", f->path, errno);
}

rn_status *sum_file_create(const rn_host_api *h, rn_bytes logdir, rn_bytes suffix, sum_file **out) {
  if (logdir.size == 0 || logdir.size > 4000 || suffix.size > 200 || memchr(logdir.data, '\0', logdir.size) != NULL)
    return h->status(RN_INVALID_ARGUMENT, "the folder for an event file has no usable name");
  sum_file *f = calloc(1, sizeof *f);
  char *folder = io_text("%.*s", (int)logdir.size, logdir.data);
  rn_status *s = f != NULL && folder != NULL ? NULL : sum_no_memory(h);
  if (s == NULL) {
    f->fd = -1;
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) s = io_errno(h, "create the folder", folder, errno);
  }
  if (s == NULL) s = open_new(h, logdir, suffix, f);
  if (s == NULL) s = sum_file_add(h, f, 0, 3, "brain.Event:2", 13);
  if (s == NULL) s = sum_file_flush(h, f);
  free(folder);
  if (s != NULL)
    sum_file_close(f);
  else
    *out = f;
  return s;
}

void sum_file_close(sum_file *f) {
  if (f == NULL) return;
  if (f->fd >= 0) close(f->fd);
  free(f->path);
  io_drop(&f->waiting);
  free(f);
}
