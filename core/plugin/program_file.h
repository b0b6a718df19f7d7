/* plugin/program_file.h - programs of compilers, kept in a folder between processes (core/plugin).
 *
 * A file has a name and a head made of its key, so that a file that was renamed, cut or spoilt is noticed here.
 * That the bytes in it mean something is for the compiler to check. */
#ifndef RN_PLUGIN_PROGRAM_FILE_H
#define RN_PLUGIN_PROGRAM_FILE_H
#include "plugin/registry.h"

typedef struct rn_program_key {
  uint64_t part[2];
} rn_program_key;
/* Where `maker`'s program of this key is kept: *out NULL when [programs] folder is not set. Makes the folder.
 * own: owned, rn_mem_free. err PERMISSION_DENIED: others may write there, or it cannot be made */
rn_status *rn_program_path(rn_runtime *rt, const char *maker, const rn_program_key *key, char **out);
/* What a file holds: words about the program, the program as its compiler wrote it, constants that go into it. */
typedef struct rn_program_bytes {
  const char *words, *program, *constants;
  size_t words_length, program_length, constants_length;
} rn_program_bytes;
/* The bytes of a file and what it holds, which points into them. *out_held NULL and no error: there is no such file.
 * own: owned (out_held, rn_mem_free). err DATA_LOSS names the file; another key than the wanted one (NULL: any) is one
 */
rn_status *rn_program_read(const char *path, const rn_program_key *wanted, rn_program_key *out_key, char **out_held,
                           rn_program_bytes *out);
/* Whoever reads sees the whole of it or nothing. err RESOURCE_EXHAUSTED: too large to be kept */
rn_status *rn_program_write(const char *path, const rn_program_key *key, const rn_program_bytes *b);
#endif
