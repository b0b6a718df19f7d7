/* new_file.c - a file that appears whole or not at all (frontends/cli). */
#include "new_file.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

rn_status *new_file_write(const char *path, const void *bytes, size_t n) {
  size_t length = strlen(path);
  char *temporary = malloc(length + 5);
  if (!temporary) return rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory");
  snprintf(temporary, length + 5, "%s.tmp", path);
  FILE *f = fopen(temporary, "wb");
  int ok = f && fwrite(bytes, 1, n, f) == n && fflush(f) == 0 && fsync(fileno(f)) == 0;
  int cause = errno;
  if (f && fclose(f) != 0) ok = 0;
  if (ok && rename(temporary, path) != 0) {
    cause = errno;
    ok = 0;
  }
  if (!ok && f) unlink(temporary);
  free(temporary);
  return ok ? NULL : rn_status_make(RN_UNKNOWN, "cannot write '%s': %s", path, strerror(cause));
}
