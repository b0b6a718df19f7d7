/* plugin/elf.h - what a shared object says about itself, read without running it (core/plugin). */
#ifndef RN_PLUGIN_ELF_H
#define RN_PLUGIN_ELF_H
#include <runnel/status.h>

/* The file, mapped. Strings point into the map and end in NUL. */
typedef struct rn_elf {
  const unsigned char *bytes;
  uint64_t size_bytes;
  char build_id[65]; /* hex; "" when the file has none */
} rn_elf;
/* err NOT_FOUND; INVALID_ARGUMENT: not ELF, truncated, another class or machine (named), not a shared object */
rn_status *rn_elf_open(const char *path, rn_elf *out);
void rn_elf_close(rn_elf *e);
enum { RN_ELF_UNDEFINED = 0, RN_ELF_DEFINED = 1, RN_ELF_FUNCTIONS = 2 /* defined, and code */ };
/* Calls visit for each symbol of this kind in the dynamic symbol table, until it returns non-zero; returns that. */
int rn_elf_symbols(const rn_elf *e, int kind, int (*visit)(void *arg, const char *name), void *arg);
/* Library names this file needs. */
int rn_elf_needed(const rn_elf *e, int (*visit)(void *arg, const char *name), void *arg);
/* Over the bytes that are loaded into memory: the same before and after strip. */
uint64_t rn_elf_segments_hash(const rn_elf *e);
#endif
