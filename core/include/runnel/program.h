/* runnel/program.h - what compilers made of a step: looked at, kept in a file, run again (core/include).
 *
 * For front ends. A program computes a part of a graph in one call, on one device; a file of one holds what goes in
 * and comes out too, so it runs without the graph and without its compiler having anything to do. */
#ifndef RUNNEL_PROGRAM_H
#define RUNNEL_PROGRAM_H
#include <runnel/session.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct rn_program rn_program;
typedef struct rn_program_value {
  const char *name; /* "fc1/MatMul:0" */
  rn_dtype dtype;
  rn_shape shape;   /* all dimensions known */
  const void *data; /* of a constant of the graph; NULL: it has to be given */
} rn_program_value;
typedef struct rn_program_info {
  uint32_t struct_size, n_nodes, n_in, n_cells, n_out, reserved;
  const char *device, *machine;            /* "tpu", "v1: 256 x 256 int8 at 700 MHz" */
  const char *compiler, *plugin, *version; /* version: the plugin's that made it */
  const char *const *nodes;                /* "MatMul fc1/MatMul", in the order of execution */
  const rn_program_value *in, *cells, *out;
} rn_program_info;

/* Compiles what the step needs for feeds of these shapes, and runs nothing; what is kept in programs.folder is taken
 * from there. Calls visit for each program, in the order of execution. p: borrowed for the call */
RN_API rn_status *rn_session_programs(rn_session *s, const rn_feed *feeds, uint32_t n_feeds, const rn_value *fetches,
                                      uint32_t n_fetches, const rn_node_id *targets, uint32_t n_targets,
                                      void (*visit)(void *arg, const rn_program *p), void *arg);
/* own: borrowed, of p */
RN_API const rn_program_info *rn_program_get_info(const rn_program *p);
/* what: RN_PROGRAM_LINE, _TEXT or _NUMBERS of plugin.h. own: owned, free(). err UNIMPLEMENTED */
RN_API rn_status *rn_program_print(const rn_program *p, uint32_t what, char **out_text);
/* With the constants that go into it. A file that appears whole or not at all. err UNIMPLEMENTED: its compiler cannot
 * write it down */
RN_API rn_status *rn_program_save(const rn_program *p, const char *path);
/* A file of rn_program_save or of programs.folder. device: NULL for the one it was made for.
 * own: owned. err NOT_FOUND, DATA_LOSS not a program or spoilt, FAILED_PRECONDITION another machine or version */
RN_API rn_status *rn_program_open(rn_runtime *rt, const char *path, const char *device, rn_program **out);
/* Of an opened one; the runtime must still be there. NULL is accepted. */
RN_API void rn_program_destroy(rn_program *p);
/* Runs once. in, cells: a tensor each, of the info's types and shapes, or NULL for a constant; cells are changed in
 * place.
 * own: owned (out, a tensor each). err INVALID_ARGUMENT names the value that does not fit; UNIMPLEMENTED the device
 * has memory of its own */
RN_API rn_status *rn_program_run(const rn_program *p, rn_tensor *const *in, rn_tensor *const *cells, rn_tensor **out);

#ifdef __cplusplus
}
#endif
#endif
