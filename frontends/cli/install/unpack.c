/* unpack.c - archives of strangers, unpacked below one folder and nowhere else (frontends/cli/install).
 *
 * Every file is opened from its parent folder's descriptor, which was reached name by name without following a link. So
 * an archive can neither name a way out nor make one first. Only files, folders and links within one folder come in. */
#include "install/unpack.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_BYTES (512ull << 20)
#define MOST_ENTRIES 10000
#define MOST_DEPTH 16
#define MOST_PATH 1000

int unpack_is_archive(const char *path) {
  static const char *const ends[] = {".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tar.zst"};
  size_t n = strlen(path);
  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
    size_t k = strlen(ends[i]);
    if (n > k && strcmp(path + n - k, ends[i]) == 0) return 1;
  }
  return 0;
}

static rn_status *unwelcome(const char *name, const char *why) {
  return rn_status_make(RN_INVALID_ARGUMENT, "the archive is refused: '%.300s' %s", name, why);
}

static rn_status *no_room(const char *name) {
  return rn_status_make(RN_PERMISSION_DENIED, "'%.300s' cannot be unpacked: %s", name, strerror(errno));
}

/* Opens (and makes) the folder that path's last name stands in. *leaf: that name. own of *out: owned descriptor */
static rn_status *open_parent(int root, const char *whole, char *path, char **leaf, int *out) {
  int depth = 0, at = dup(root);
  *out = -1;
  for (char *slash; at >= 0 && (slash = strchr(path, '/')) != NULL; path = slash + 1) {
    *slash = '\0';
    if (path[0] == '\0' || strcmp(path, ".") == 0) continue;
    if (++depth > MOST_DEPTH) {
      close(at);
      return unwelcome(whole, "lies too deep");
    }
    (void)mkdirat(at, path, 0755);
    int next = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    close(at);
    at = next;
  }
  *leaf = path;
  *out = at;
  return at >= 0 ? NULL : unwelcome(whole, "leads through what is no folder");
}

static rn_status *check_path(const char *name) {
  if (!name || name[0] == '\0') return unwelcome("", "is an entry without a name");
  if (name[0] == '/') return unwelcome(name, "is an absolute path");
  if (strlen(name) > MOST_PATH) return unwelcome(name, "is too long a path");
  for (const char *at = name; at; at = strchr(at, '/')) {
    at += *at == '/';
    if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == '\0'))
      return unwelcome(name, "leads out of the archive");
  }
  return NULL;
}

static rn_status *write_file(struct archive *a, struct archive_entry *e, int parent, const char *leaf,
                             uint64_t *total) {
  char block[64 << 10];
  const char *name = archive_entry_pathname(e);
  mode_t mode = archive_entry_perm(e) & 0100 ? 0755 : 0644;
  int fd = openat(parent, leaf, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  if (fd < 0) return errno == EEXIST ? unwelcome(name, "is in it twice") : no_room(name);
  rn_status *s = NULL;
  la_ssize_t n;
  while (!s && (n = archive_read_data(a, block, sizeof block)) != 0) {
    if (n < 0)
      s = rn_status_make(RN_DATA_LOSS, "the archive is damaged at '%.300s': %s", name, archive_error_string(a));
    else if ((*total += (uint64_t)n) > MOST_BYTES)
      s = unwelcome(name, "makes it larger than 512 MiB");
    else if (write(fd, block, (size_t)n) != n)
      s = no_room(name);
  }
  if (fchmod(fd, mode) != 0 && !s) s = no_room(name);
  close(fd);
  return s;
}

static rn_status *write_link(struct archive_entry *e, int parent, const char *leaf) {
  const char *name = archive_entry_pathname(e), *to = archive_entry_symlink(e);
  if (!to || to[0] == '\0' || strchr(to, '/') || strcmp(to, "..") == 0 || strcmp(to, ".") == 0)
    return unwelcome(name, "is a link that leads out of its folder");
  if (symlinkat(to, parent, leaf) == 0) return NULL;
  return errno == EEXIST ? unwelcome(name, "is in it twice") : no_room(name);
}

static rn_status *write_entry(struct archive *a, struct archive_entry *e, int root, uint64_t *total) {
  const char *name = archive_entry_pathname(e);
  char copy[MOST_PATH + 2], *leaf;
  int parent;
  unsigned type = archive_entry_filetype(e);
  RN_TRY(check_path(name));
  if (archive_entry_hardlink(e)) return unwelcome(name, "is a hard link");
  if (type != AE_IFREG && type != AE_IFDIR && type != AE_IFLNK)
    return unwelcome(name, "is a device or something else that is no file");
  if (archive_entry_size(e) > (int64_t)MOST_BYTES) return unwelcome(name, "is larger than 512 MiB");
  size_t n = strlen(name);
  memcpy(copy, name, n + 1);
  if (type == AE_IFDIR && copy[n - 1] != '/') memcpy(copy + n, "/", 2);
  RN_TRY(open_parent(root, name, copy, &leaf, &parent));
  rn_status *s = NULL;
  if (type == AE_IFREG)
    s = leaf[0] ? write_file(a, e, parent, leaf, total) : unwelcome(name, "is a file named as a folder");
  if (type == AE_IFLNK) s = write_link(e, parent, leaf);
  close(parent);
  return s;
}

static rn_status *write_all(struct archive *a, const char *archive_path, int root) {
  struct archive_entry *e;
  uint64_t total = 0;
  int r, count = 0;
  while ((r = archive_read_next_header(a, &e)) == ARCHIVE_OK || r == ARCHIVE_WARN) {
    if (++count > MOST_ENTRIES)
      return rn_status_make(RN_INVALID_ARGUMENT, "the archive is refused: over 10000 entries");
    RN_TRY(write_entry(a, e, root, &total));
  }
  if (r == ARCHIVE_EOF && count > 0) return NULL;
  return rn_status_make(RN_DATA_LOSS, "%s is no archive that can be read: %s", archive_path,
                        count == 0 && r == ARCHIVE_EOF ? "it is empty" : archive_error_string(a));
}

/* Only what the library does itself: it must not start other programs for us. */
static int allow_formats(struct archive *a) {
  return archive_read_support_format_tar(a) == ARCHIVE_OK && archive_read_support_filter_gzip(a) == ARCHIVE_OK &&
         archive_read_support_filter_xz(a) == ARCHIVE_OK && archive_read_support_filter_bzip2(a) == ARCHIVE_OK &&
         archive_read_support_filter_zstd(a) == ARCHIVE_OK;
}

rn_status *unpack(const char *archive_path, const char *folder) {
  struct archive *a = archive_read_new();
  rn_status *s = NULL;
  int root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (!a || root < 0 || !allow_formats(a))
    s = rn_status_make(RN_INTERNAL, "%s cannot be unpacked into %s", archive_path, folder);
  if (!s && archive_read_open_filename(a, archive_path, 64 << 10) != ARCHIVE_OK)
    s = rn_status_make(RN_DATA_LOSS, "%s is no archive that can be read: %s", archive_path, archive_error_string(a));
  if (!s) s = write_all(a, archive_path, root);
  if (root >= 0) close(root);
  archive_read_free(a);
  return s;
}
