/* exec/stored.h - programs that were compiled before, in another process (core/exec). */
#ifndef RN_EXEC_STORED_H
#define RN_EXEC_STORED_H
#include "exec/subgraph.h"
#include "plugin/program_file.h"

/* All that the program of this part depends on: its nodes and their attributes, shapes, constants, the device,
 * the compiler and its plugin's build. stored_key.c */
rn_program_key exec_stored_key(const exec_subgraph *g);
/* The program of g, taken from where programs are kept, else compiled, and kept. */
rn_status *exec_stored_program(const exec_subgraph *g, void **out);
#endif
