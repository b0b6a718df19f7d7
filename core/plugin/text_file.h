/* plugin/text_file.h - small files, read whole and written in one step (core/plugin). */
#ifndef RN_PLUGIN_TEXT_FILE_H
#define RN_PLUGIN_TEXT_FILE_H
#include <runnel/status.h>

/* The file's bytes with a NUL behind them; *out NULL and no error when there is no such file.
 * own: owned, rn_mem_free. err INVALID_ARGUMENT: no regular file, or a huge one */
rn_status *rn_text_file_read(const char *path, char **out, size_t *out_length);
/* The same of files that may be larger than what people write. */
rn_status *rn_text_file_read_up_to(const char *path, size_t most_bytes, char **out, size_t *out_length);
/* Readers see the old content or the new one, also after a crash. */
rn_status *rn_text_file_replace(const char *path, const char *text, size_t length);
#endif
