/* plugin/text_file.c - small files, read whole and written in one step (core/plugin).
 * A write goes to a hidden file in the same folder, reaches the disk, and takes the name then. */
#include "plugin/text_file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/text.h"

#define MOST_BYTES (16 << 20)

static rn_status *no_memory(const char *path) {
  return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for %s", path);
}

rn_status *rn_text_file_read(const char *path, char **out, size_t *out_length) {
  return rn_text_file_read_up_to(path, MOST_BYTES, out, out_length);
}

rn_status *rn_text_file_read_up_to(const char *path, size_t most_bytes, char **out, size_t *out_length) {
  struct stat st;
  *out = NULL;
  *out_length = 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return errno == ENOENT ? NULL : rn_status_make(RN_PERMISSION_DENIED, "%s: %s", path, strerror(errno));
  rn_status *s = NULL;
  size_t n = 0;
  if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size > most_bytes)
    s = rn_status_make(RN_INVALID_ARGUMENT, "%s is no regular file of a sensible size", path);
  char *text = s == NULL ? rn_mem_alloc((size_t)st.st_size + 1) : NULL;
  if (s == NULL && text == NULL) s = no_memory(path);
  while (s == NULL && n < (size_t)st.st_size) {
    ssize_t got = read(fd, text + n, (size_t)st.st_size - n);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    n += (size_t)got;
  }
  close(fd);
  if (text != NULL) text[n] = '\0';
  *out = text;
  *out_length = n;
  return s;
}

static int write_all(int fd, const char *text, size_t length) {
  while (length > 0) {
    ssize_t n = write(fd, text, length);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return 0;
    text += n;
    length -= (size_t)n;
  }
  return 1;
}

static void sync_folder(const char *path, size_t length) {
  char *folder = rn_mem_copy_text(path);
  if (folder == NULL) return;
  folder[length] = '\0';
  int fd = open(length > 0 ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) (void)fsync(fd);
  if (fd >= 0) close(fd);
  rn_mem_free(folder);
}

rn_status *rn_text_file_replace(const char *path, const char *text, size_t length) {
  const char *slash = strrchr(path, '/');
  size_t folder = slash != NULL ? (size_t)(slash - path) : 0;
  rn_text name;
  rn_text_init(&name);
  rn_text_add_bytes(&name, path, slash != NULL ? folder + 1 : 0);
  rn_text_printf(&name, ".%s.XXXXXX", path + (slash != NULL ? folder + 1 : 0));
  char *hidden = rn_text_take(&name);
  if (hidden == NULL) return no_memory(path);
  int fd = mkostemp(hidden, O_CLOEXEC);
  int done = fd >= 0 && write_all(fd, text, length) && fchmod(fd, 0644) == 0 && fsync(fd) == 0;
  int code = done ? 0 : errno;
  if (fd >= 0 && close(fd) != 0 && done) done = 0, code = errno;
  if (done && rename(hidden, path) != 0) done = 0, code = errno;
  if (!done && fd >= 0) unlink(hidden);
  if (done && slash != NULL) sync_folder(path, folder);
  rn_mem_free(hidden);
  return done ? NULL : rn_status_make(RN_PERMISSION_DENIED, "%s cannot be written: %s", path, strerror(code));
}
