/* replay_main.c - feeds the files of folders to a fuzz target, once each (tests/fuzz).
 *
 * With it the corpus is part of every test run, whatever the compiler: a bug that fuzzing found stays found. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int feed(const char *path) {
  FILE *f = fopen(path, "rb");
  if (f == NULL) return 0;
  size_t size = 0, room = 1u << 20;
  uint8_t *data = malloc(room);
  if (data != NULL) size = fread(data, 1, room, f);
  fclose(f);
  /* As libFuzzer does: exactly as large as the input, so that reading past it is seen. */
  uint8_t *exact = data != NULL ? malloc(size ? size : 1) : NULL;
  if (exact != NULL) {
    memcpy(exact, data, size);
    LLVMFuzzerTestOneInput(exact, size);
  }
  free(exact);
  free(data);
  return exact != NULL;
}

static int feed_folder(const char *folder) {
  DIR *d = opendir(folder);
  int count = 0;
  char path[4096];
  for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
    if (e->d_name[0] == '.') continue;
    if (snprintf(path, sizeof path, "%s/%s", folder, e->d_name) < (int)sizeof path) count += feed(path);
  }
  if (d != NULL) closedir(d);
  return count;
}

int main(int argc, char **argv) {
  int count = 0;
  for (int i = 1; i < argc; i++) count += feed_folder(argv[i]);
  printf("%d inputs\n", count);
  return count > 0 ? 0 : 1;
}
