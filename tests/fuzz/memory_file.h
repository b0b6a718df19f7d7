/* memory_file.h - bytes as a file that has a path, for readers that open files themselves (tests/fuzz). */
#ifndef RN_FUZZ_MEMORY_FILE_H
#define RN_FUZZ_MEMORY_FILE_H
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct memory_file {
  int fd;
  char path[64];
} memory_file;

/* 0: there is none. Ends with memory_file_close. */
static inline int memory_file_open(memory_file *f, const uint8_t *data, size_t size) {
  f->fd = memfd_create("fuzz", MFD_CLOEXEC);
  if (f->fd < 0) return 0;
  snprintf(f->path, sizeof f->path, "/proc/self/fd/%d", f->fd);
  if (size == 0 || write(f->fd, data, size) == (ssize_t)size) return 1;
  close(f->fd);
  return 0;
}

static inline void memory_file_close(memory_file *f) { close(f->fd); }
#endif
