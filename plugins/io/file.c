/* file.c - whole files and files that replace others (plugins/io).
 *
 * Nobody ever sees half a file: it is written beside its place, synced and renamed. */
#include "file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

rn_status *io_no_memory(const rn_host_api *h) { return rn_error(h, RN_RESOURCE_EXHAUSTED, "out of memory"); }

rn_status *io_errno(const rn_host_api *h, const char *what, const char *path, int error) {
  int32_t code = RN_UNKNOWN;
  if (error == ENOENT || error == ENOTDIR) code = RN_NOT_FOUND;
  if (error == EACCES || error == EPERM || error == EROFS) code = RN_PERMISSION_DENIED;
  if (error == ENOSPC || error == EDQUOT || error == EFBIG || error == ENOMEM) code = RN_RESOURCE_EXHAUSTED;
  if (error == EISDIR) code = RN_FAILED_PRECONDITION;
  return rn_error(h, code, "cannot %s '%s': %s", what, path, strerror(error));
}

char *io_text(const char *format, ...) {
  va_list ap, again;
  va_start(ap, format);
  va_copy(again, ap);
  int n = vsnprintf(NULL, 0, format, ap);
  va_end(ap);
  char *p = n < 0 ? NULL : malloc((size_t)n + 1);
  if (p != NULL) vsnprintf(p, (size_t)n + 1, format, again);
  va_end(again);
  return p;
}

/* To the end, whatever stat said: pipes and /proc files have no size. */
static rn_status *read_all(const rn_host_api *h, int fd, const char *path, io_buffer *out) {
  for (;;) {
    if (out->size == out->cap) {
      size_t cap = out->cap ? out->cap * 2 : 65536;
      uint8_t *more = realloc(out->data, cap);
      if (more == NULL) return io_no_memory(h);
      out->data = more;
      out->cap = cap;
    }
    ssize_t got = read(fd, out->data + out->size, out->cap - out->size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_errno(h, "read", path, errno);
    if (got == 0) return NULL;
    out->size += (size_t)got;
  }
}

rn_status *io_file_read(const rn_host_api *h, const char *path, io_buffer *out) {
  memset(out, 0, sizeof *out);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return io_errno(h, "open", path, errno);
  struct stat st;
  rn_status *s = fstat(fd, &st) != 0 ? io_errno(h, "read", path, errno) : NULL;
  if (s == NULL && st.st_size > 0 && S_ISREG(st.st_mode)) {
    out->cap = (size_t)st.st_size + 1;
    out->data = malloc(out->cap);
    if (out->data == NULL) s = io_no_memory(h);
  }
  if (s == NULL) s = read_all(h, fd, path, out);
  close(fd);
  if (s != NULL) io_drop(out);
  return s;
}

rn_status *io_file_read_at(const rn_host_api *h, int fd, const char *path, void *to, uint64_t size, uint64_t offset) {
  if (offset > INT64_MAX || size > INT64_MAX - offset)
    return rn_error(h, RN_DATA_LOSS, "'%s': offset %llu is impossible", path, (unsigned long long)offset);
  for (uint64_t done = 0; done < size;) {
    ssize_t got = pread(fd, (char *)to + done, size - done, (off_t)(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_errno(h, "read", path, errno);
    if (got == 0)
      return rn_error(h, RN_DATA_LOSS, "'%s' ends at byte %llu; %llu bytes from %llu are expected", path,
                      (unsigned long long)offset + done, (unsigned long long)size, (unsigned long long)offset);
    done += (uint64_t)got;
  }
  return NULL;
}

int io_file_exists(const char *path) {
  struct stat st;
  return stat(path, &st) == 0;
}

rn_status *io_new_file_open(const rn_host_api *h, const char *path, io_new_file *out) {
  out->fd = -1;
  out->path = strdup(path);
  out->temporary = io_text("%s.tempstate%016llx", path, (unsigned long long)h->entropy());
  if (out->path == NULL || out->temporary == NULL) return io_no_memory(h);
  out->fd = open(out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  return out->fd < 0 ? io_errno(h, "create", path, errno) : NULL;
}

rn_status *io_new_file_put(const rn_host_api *h, io_new_file *f, const void *p, size_t n) {
  const char *from = p;
  while (n > 0) {
    ssize_t put = write(f->fd, from, n);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return io_errno(h, "write", f->path, errno);
    from += put;
    n -= (size_t)put;
  }
  return NULL;
}

rn_status *io_new_file_sync(const rn_host_api *h, io_new_file *f) {
  int error = fsync(f->fd) != 0 && errno != EINVAL ? errno : 0;
  if (close(f->fd) != 0 && error == 0) error = errno;
  f->fd = -1;
  return error ? io_errno(h, "write", f->path, error) : NULL;
}

rn_status *io_new_file_commit(const rn_host_api *h, io_new_file *f) {
  if (rename(f->temporary, f->path) != 0) return io_errno(h, "rename to", f->path, errno);
  free(f->temporary);
  f->temporary = NULL;
  return NULL;
}

void io_new_file_drop(io_new_file *f) {
  if (f->fd >= 0 && f->temporary != NULL) close(f->fd);
  if (f->temporary != NULL) unlink(f->temporary);
  free(f->temporary);
  free(f->path);
  memset(f, 0, sizeof *f);
  f->fd = -1;
}

static char *folder_of(const char *path) {
  const char *slash = strrchr(path, '/');
  if (slash == NULL) return strdup(".");
  return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

void io_sync_folder_of(const char *path) {
  char *folder = folder_of(path);
  int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if (fd >= 0) {
    fsync(fd);
    close(fd);
  }
  free(folder);
}

void io_make_folder_of(const char *path) {
  char *folder = folder_of(path);
  if (folder != NULL) mkdir(folder, 0777);
  free(folder);
}
