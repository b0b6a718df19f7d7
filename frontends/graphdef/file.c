/* file.c - whole files, read at once and replaced at once (frontends/graphdef).
 *
 * A reader of the final name sees the old content or the new, never a part: temporary name in the
 * same folder, fsync, rename, fsync of the folder. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "message.h"

static rn_status *failure(const char *what, const char *path, int error) {
  int32_t code = error == ENOENT ? RN_NOT_FOUND : RN_UNKNOWN;
  if (error == EACCES || error == EPERM) code = RN_PERMISSION_DENIED;
  if (error == ENOSPC || error == EDQUOT) code = RN_RESOURCE_EXHAUSTED;
  return rn_status_make(code, "cannot %s '%s': %s", what, path, strerror(error));
}

int file_format(const char *path) {
  const char *dot = strrchr(path, '.');
  return dot && (strcmp(dot, ".pbtxt") == 0 || strcmp(dot, ".txt") == 0 || strcmp(dot, ".prototxt") == 0)
             ? RN_FILE_TEXT
             : RN_FILE_BINARY;
}

/* Reads to the end, not to what stat said: pipes and /proc files have no size. */
static rn_status *read_all(int fd, const char *path, size_t hint, void **out, size_t *out_size) {
  size_t cap = hint + 1, n = 0;
  char *p = malloc(cap);
  while (p != NULL) {
    ssize_t got = read(fd, p + n, cap - n);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      int error = errno;
      *out = p;
      *out_size = n;
      if (got == 0) return NULL;
      free(p);
      return failure("read", path, error);
    }
    n += (size_t)got;
    if (n < cap) continue;
    char *more = n > INT32_MAX ? NULL : realloc(p, cap *= 2);
    if (more == NULL) free(p);
    p = more;
  }
  return rn_status_make(RN_RESOURCE_EXHAUSTED, "cannot read '%s': larger than 2 GiB or out of memory", path);
}

rn_status *file_read(const char *path, void **out_data, size_t *out_size_bytes) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failure("open", path, errno);
  struct stat st;
  rn_status *s = NULL;
  if (fstat(fd, &st) != 0)
    s = failure("read", path, errno);
  else if (S_ISDIR(st.st_mode))
    s = failure("read", path, EISDIR);
  else if (st.st_size > INT32_MAX)
    s = rn_status_make(RN_RESOURCE_EXHAUSTED, "cannot read '%s': larger than 2 GiB", path);
  else
    s = read_all(fd, path, (size_t)st.st_size, out_data, out_size_bytes);
  close(fd);
  return s;
}

static int write_all(int fd, const char *p, size_t n) {
  while (n > 0) {
    ssize_t put = write(fd, p, n);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errno;
    p += put;
    n -= (size_t)put;
  }
  return 0;
}

/* Makes the rename durable; a file system that cannot sync folders is not an error. */
static void sync_folder(const char *path) {
  const char *slash = strrchr(path, '/');
  char *folder = slash == NULL ? strdup(".") : strndup(path, slash == path ? 1 : (size_t)(slash - path));
  int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if (fd >= 0) {
    fsync(fd);
    close(fd);
  }
  free(folder);
}

static int fill(int fd, const void *data, size_t size_bytes) {
  mode_t mask = umask(0);
  umask(mask);
  int error = fchmod(fd, 0666 & ~mask) == 0 ? write_all(fd, data, size_bytes) : errno;
  if (error == 0 && fsync(fd) != 0) error = errno;
  if (close(fd) != 0 && error == 0) error = errno;
  return error;
}

rn_status *file_write(const char *path, const void *data, size_t size_bytes) {
  size_t n = strlen(path) + sizeof ".tmpXXXXXX";
  char *temporary = malloc(n);
  if (temporary == NULL) return out_of_memory();
  memcpy(temporary, path, strlen(path) + 1);
  strcat(temporary, ".tmpXXXXXX");
  int fd = mkostemp(temporary, O_CLOEXEC);
  int error = fd < 0 ? errno : fill(fd, data, size_bytes);
  if (error == 0 && rename(temporary, path) != 0) error = errno;
  if (error != 0 && fd >= 0) unlink(temporary);
  free(temporary);
  if (error != 0) return failure("write", path, error);
  sync_folder(path);
  return NULL;
}
