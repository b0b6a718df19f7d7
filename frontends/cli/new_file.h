/* new_file.h - a file that appears whole or not at all (frontends/cli). */
#ifndef RN_CLI_NEW_FILE_H
#define RN_CLI_NEW_FILE_H
#include <runnel/status.h>
/* Written beside its place, synced, renamed. err names the file and the reason */
rn_status *new_file_write(const char *path, const void *bytes, size_t size_bytes);
#endif
