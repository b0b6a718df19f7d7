/* unpack.h - archives of strangers, unpacked below one folder and nowhere else (frontends/cli/install). Through
 * libarchive. */
#ifndef RN_CLI_UNPACK_H
#define RN_CLI_UNPACK_H
#include <runnel/status.h>

int unpack_is_archive(const char *path); /* by its name: .tar, .tar.gz, .tgz, .tar.xz, .tar.bz2, .tar.zst */
/* err INVALID_ARGUMENT: the entry that is not welcome and why (a path that leads out, a link that does, a device, the
 * same name twice, too much); DATA_LOSS: cut off or damaged. What is unpacked until then stays. */
rn_status *unpack(const char *archive_path, const char *folder);
#endif
