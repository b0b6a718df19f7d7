/* file.h - whole files and files that replace others (plugins/io). */
#ifndef RN_IO_FILE_H
#define RN_IO_FILE_H
#include <runnel/plugin.h>
#include "bytes.h"

/* "cannot <what> '<path>': <reason>" with the code that fits errno. */
rn_status *io_errno(const rn_host_api *h, const char *what, const char *path, int error);
rn_status *io_no_memory(const rn_host_api *h);
/* own: out->data owned, io_drop */
rn_status *io_file_read(const rn_host_api *h, const char *path, io_buffer *out);
rn_status *io_file_read_at(const rn_host_api *h, int fd, const char *path, void *to, uint64_t size, uint64_t offset);
int io_file_exists(const char *path);

/* A file under a temporary name until it is committed. */
typedef struct io_new_file {
  char *path, *temporary;
  int fd;
} io_new_file;
rn_status *io_new_file_open(const rn_host_api *h, const char *path, io_new_file *out);
rn_status *io_new_file_put(const rn_host_api *h, io_new_file *f, const void *p, size_t n);
rn_status *io_new_file_sync(const rn_host_api *h, io_new_file *f);   /* on disk, still under the temporary name */
rn_status *io_new_file_commit(const rn_host_api *h, io_new_file *f); /* the rename */
void io_new_file_drop(io_new_file *f);                               /* removes it unless it was committed */
void io_sync_folder_of(const char *path);
void io_make_folder_of(const char *path); /* one level, as TensorFlow does; failing shows at open */
char *io_text(const char *format, ...)
    __attribute__((format(printf, 1, 2))); /* own: owned, free; NULL: out of memory */
#endif
