/* exec/program.h - programs as front ends see them; for program*.c (core/exec). */
#ifndef RN_EXEC_PROGRAM_H
#define RN_EXEC_PROGRAM_H
#include <runnel/program.h>
#include "exec/stored.h"

struct rn_program {
  rn_runtime *rt;
  const rn_compiler_def *def;
  const rn_host_api *host;
  exec_device *device;
  void *state; /* the compiler's; released here when `owns` */
  int owns;
  rn_program_key key;
  rn_program_info info;
  const char *words; /* the description of it that is kept beside it */
  size_t words_length;
  rn_arena memory;
};
/* program_text.c: what a program is of and for, a line a fact, as it is kept beside the program. constants: those
 * are kept there too, and are told from what has to be given. */
void exec_program_words(const exec_subgraph *g, int constants, rn_text *out);
/* Constants' data is not NULL, and stands for nothing yet. err DATA_LOSS: which line, and what is wrong with it */
rn_status *exec_program_read(const char *words, size_t length, rn_arena *memory, rn_program_info *out);
size_t exec_program_value_bytes(const rn_program_value *v);
#endif
