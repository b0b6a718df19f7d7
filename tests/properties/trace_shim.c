/* trace_shim.c - logs each file that a program opens and each library it loads (tests/properties).
 *
 * For where strace may not trace. As LD_AUDIT it hears of libraries, as LD_PRELOAD of files. Lines look as strace's. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void note(const char *path) {
  const char *to = getenv("TRACE_TO");
  char line[4200];
  if (to == NULL || path == NULL || *path == '\0') return;
  int fd = (int)syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_APPEND | O_CREAT, 0600);
  int n = snprintf(line, sizeof line, "openat(AT_FDCWD, \"%.4000s\") = 3\n", path);
  if (fd >= 0 && write(fd, line, (size_t)n) < 0) _exit(3);
  if (fd >= 0) close(fd);
}

unsigned int la_version(unsigned int version) { return version; }
unsigned int la_objopen(struct link_map *map, Lmid_t space, uintptr_t *cookie) {
  (void)space, (void)cookie;
  note(map->l_name);
  return 0;
}

static mode_t mode_of(int flags, va_list ap) { return flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0; }
int open(const char *path, int flags, ...) {
  va_list ap;
  va_start(ap, flags);
  mode_t mode = mode_of(flags, ap);
  va_end(ap);
  int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
  if (fd >= 0) note(path);
  return fd;
}
int open64(const char *path, int flags, ...) {
  va_list ap;
  va_start(ap, flags);
  mode_t mode = mode_of(flags, ap);
  va_end(ap);
  int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
  if (fd >= 0) note(path);
  return fd;
}
int openat(int folder, const char *path, int flags, ...) {
  va_list ap;
  va_start(ap, flags);
  mode_t mode = mode_of(flags, ap);
  va_end(ap);
  int fd = (int)syscall(SYS_openat, folder, path, flags, mode);
  if (fd >= 0) note(path);
  return fd;
}
FILE *fopen(const char *path, const char *mode) {
  FILE *(*next)(const char *, const char *);
  void *found = dlsym(RTLD_NEXT, "fopen");
  memcpy(&next, &found, sizeof next);
  FILE *f = next(path, mode);
  if (f != NULL) note(path);
  return f;
}
