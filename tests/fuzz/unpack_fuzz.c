/* unpack_fuzz.c - hostile archives: whatever they hold, nothing lands outside their folder (tests/fuzz).
 * The folder stands alone in another one, so that a way out would be seen beside it. */
#include <dirent.h>
#include <ftw.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "memory_file.h"
#include "install/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char outer[] = "/tmp/runnel-unpack-XXXXXX", inner[64];

static int drop(const char *path, const struct stat *st, int kind, struct FTW *at) {
  (void)st, (void)kind;
  return at->level > 0 ? remove(path) : 0;
}
static void leave(void) {
  nftw(outer, drop, 16, FTW_DEPTH | FTW_PHYS);
  rmdir(outer);
}

/* Files and folders, and links that name a neighbour. */
static int look(const char *path, const struct stat *st, int kind, struct FTW *at) {
  char to[4096];
  (void)kind, (void)at;
  if (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode)) return (st->st_mode & 07022) != 0;
  ssize_t n = S_ISLNK(st->st_mode) ? readlink(path, to, sizeof to - 1) : -1;
  if (n <= 0) return 1;
  to[n] = '\0';
  return strchr(to, '/') != NULL || strcmp(to, "..") == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  memory_file f;
  struct dirent **names = NULL;
  if (inner[0] == '\0') {
    if (!mkdtemp(outer)) abort();
    snprintf(inner, sizeof inner, "%s/in", outer);
    atexit(leave);
  }
  if (mkdir(inner, 0700) != 0 || !memory_file_open(&f, data, size)) abort();
  rn_status_free(unpack(f.path, inner));
  memory_file_close(&f);
  int beside = scandir(outer, &names, NULL, NULL);
  for (int i = 0; i < beside; i++) free(names[i]);
  free(names);
  if (beside != 3 || nftw(inner, look, 16, FTW_PHYS) != 0) abort(); /* ".", "..", "in" */
  nftw(inner, drop, 16, FTW_DEPTH | FTW_PHYS);
  rmdir(inner);
  return 0;
}
