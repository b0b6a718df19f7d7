/* sample.h - a node with inputs that its op may take (frontends/conform).
 *
 * Made from the signature alone: a plan is a number that decides the structure (ranks, which dimensions are
 * equal, roles of integer inputs, attributes), a size that turns its letters into dimensions, and a kind of
 * values. The same plan in another size is the same structure. Whether the op takes it is for its shape
 * function and its kernels to say. */
#ifndef CONFORM_SAMPLE_H
#define CONFORM_SAMPLE_H
#include "kit.h"

typedef enum sample_size { SIZE_BASIC, SIZE_ONE, SIZE_ZERO, SIZE_7, SIZE_33, SIZE_65, SIZE_LARGE, N_SIZES } sample_size;
typedef enum sample_values { VALUES_PLAIN, VALUES_SPECIAL, VALUES_SMOOTH } sample_values;
typedef struct sample_plan {
  uint64_t seed;
  sample_size size;
  sample_values values;
  rn_dtype dtype;    /* of the main type attribute; RN_INVALID: the op has none */
  const char *types; /* the kernel's constraints on all type attributes, or NULL */
} sample_plan;

enum { SAMPLE_IN = 40, SAMPLE_ATTRS = SIG_ATTRS };
typedef enum input_kind { INPUT_FED, INPUT_CONSTANT, INPUT_REF, INPUT_HANDLE } input_kind;
typedef struct sample_input {
  input_kind kind;
  uint32_t arg; /* of the signature */
  rn_dtype dtype;
  rn_shape shape;
  rn_tensor *tensor; /* what it holds; cells too. owned */
  rn_value value;
} sample_input;
typedef struct sample {
  rn_graph *graph;
  rn_node_id node;
  uint32_t n_in, n_out;
  sample_input in[SAMPLE_IN];
  char text[512]; /* "T float, x [7], axis 0" */
} sample;

/* The attribute whose types the cases are made for; -1: none. */
int sample_main_type(const signature *s);
/* 0: not with these words: what must be guessed and cannot (a function), in why. */
int sample_possible(const signature *s, char why[128]);
/* err: what the graph says of it (the plan does not fit the op), or a lack of memory. own: sample_finish */
rn_status *sample_make(const kit *k, const kit_op *op, const sample_plan *p, sample *out);
void sample_finish(sample *s);
#endif
