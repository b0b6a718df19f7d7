/* tree.c - copies and removes folders with what is in them (frontends/cli/install). What is copied has reached the
 * disk. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "install/stage.h"

#define MOST_DEPTH 16

static rn_status *failure(const char *what, const char *path) {
  return rn_status_make(RN_PERMISSION_DENIED, "%s cannot be %s: %s", path, what, strerror(errno));
}

static int write_all(int fd, const char *p, size_t n) {
  while (n > 0) {
    ssize_t done = write(fd, p, n);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return 0;
    p += done;
    n -= (size_t)done;
  }
  return 1;
}

static int copy_bytes(int from, int to) {
  char block[64 << 10];
  ssize_t n;
  while ((n = read(from, block, sizeof block)) != 0) {
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 || !write_all(to, block, (size_t)n)) return 0;
  }
  return 1;
}

rn_status *tree_copy_file(const char *from, const char *to) {
  struct stat st;
  int in = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (in < 0 || fstat(in, &st) != 0 || !S_ISREG(st.st_mode)) {
    if (in >= 0) close(in);
    return in < 0 ? failure("read", from) : rn_status_make(RN_INVALID_ARGUMENT, "%s is no file", from);
  }
  mode_t mode = st.st_mode & 0100 ? 0755 : 0644;
  int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  int done = out >= 0 && copy_bytes(in, out) && fchmod(out, mode) == 0 && fsync(out) == 0;
  rn_status *s = done ? NULL : failure("written", to);
  if (out >= 0) close(out);
  close(in);
  return s;
}

rn_status *tree_write(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  int done = fd >= 0 && write_all(fd, text, strlen(text)) && fchmod(fd, 0644) == 0 && fsync(fd) == 0;
  rn_status *s = done ? NULL : failure("written", path);
  if (fd >= 0) close(fd);
  return s;
}

rn_status *tree_sync_folder(const char *path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int done = fd >= 0 && fsync(fd) == 0;
  rn_status *s = done || errno == EINVAL ? NULL : failure("written", path);
  if (fd >= 0) close(fd);
  return s;
}

static rn_status *copy_link(const char *from, const char *to) {
  char target[PATH_MAX];
  ssize_t n = readlink(from, target, sizeof target - 1);
  if (n < 0) return failure("read", from);
  target[n] = '\0';
  if (strchr(target, '/') || strcmp(target, "..") == 0 || strcmp(target, ".") == 0)
    return rn_status_make(RN_INVALID_ARGUMENT, "%s is a link that leads out of its folder", from);
  return symlink(target, to) == 0 ? NULL : failure("made", to);
}

static rn_status *copy_entry(const tree_copying *job, const char *from, const char *to, const char *name) {
  struct stat st;
  if (lstat(from, &st) != 0) return failure("read", from);
  cJSON_AddItemToArray(job->files, cJSON_CreateString(name));
  if (S_ISLNK(st.st_mode)) return copy_link(from, to);
  if (S_ISREG(st.st_mode)) return tree_copy_file(from, to);
  if (!S_ISDIR(st.st_mode)) return rn_status_make(RN_INVALID_ARGUMENT, "%s is neither file nor folder", from);
  if (mkdir(to, 0755) != 0 || chmod(to, 0755) != 0) return failure("made", to);
  return tree_copy(job, from, to, name);
}

static int stays_behind(const tree_copying *job, const char *name, const char *below) {
  size_t n = strlen(job->skip);
  if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, STAGE_RECORD) == 0) return 1;
  if (below[0] || strncmp(name, job->skip, n) != 0) return 0;
  return strcmp(name + n, ".so") == 0 || strcmp(name + n, ".manifest") == 0;
}

static int depth_of(const char *below) {
  int depth = 0;
  for (const char *c = below; *c; c++) depth += *c == '/';
  return depth;
}

rn_status *tree_copy(const tree_copying *job, const char *from, const char *to, const char *below) {
  struct dirent **names = NULL;
  rn_status *s = NULL;
  if (depth_of(below) > MOST_DEPTH) return rn_status_make(RN_INVALID_ARGUMENT, "%s lies too deep", from);
  int n = scandir(from, &names, NULL, alphasort);
  if (n < 0) return failure("read", from);
  for (int i = 0; i < n; i++) {
    char *a = NULL, *b = NULL, *name = NULL;
    const char *own = names[i]->d_name;
    if (!s && !stays_behind(job, own, below) && asprintf(&a, "%s/%s", from, own) > 0 &&
        asprintf(&b, "%s/%s", to, own) > 0 && asprintf(&name, "%s%s%s", below, below[0] ? "/" : "", own) > 0 &&
        access(b, F_OK) != 0)
      s = copy_entry(job, a, b, name);
    free(a), free(b), free(name), free(names[i]);
  }
  free(names);
  return s ? s : tree_sync_folder(to);
}

void tree_remove(const char *path, int depth) {
  struct stat st;
  if (lstat(path, &st) != 0) return;
  if (!S_ISDIR(st.st_mode)) {
    unlink(path);
    return;
  }
  struct dirent **names = NULL;
  int n = depth <= 2 * MOST_DEPTH ? scandir(path, &names, NULL, alphasort) : 0;
  for (int i = 0; i < n; i++) {
    char *below = NULL;
    int self = strcmp(names[i]->d_name, ".") == 0 || strcmp(names[i]->d_name, "..") == 0;
    if (!self && asprintf(&below, "%s/%s", path, names[i]->d_name) > 0) tree_remove(below, depth + 1);
    free(below), free(names[i]);
  }
  free(names);
  rmdir(path);
}
