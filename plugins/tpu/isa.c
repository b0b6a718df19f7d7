/* isa.c - the instruction set as a table: what the assembler, the disassembler and the verifier go by (plugins/tpu). */
#include "program.h"

const char *const tpu_flag_names[TPU_N_FLAGS] = {"accumulate", "transposed", "bias", "real"};

static const char *const window[] = {"n",  "h",  "w",  "c",  "kh", "kw", "sh", "sw",
                                     "dh", "dw", "pt", "pl", "oh", "ow", "pad"};
static const char *const load[] = {"k", "cols", "rs", "cs"};
static const char *const matmul[] = {"acc", "rows", "k", "cols", "rs", "cs", "row0", "col0"};
static const char *const store[] = {"acc", "rows", "cols", "rs", "zero", "low", "high"};
static const char *const vector[] = {"rows", "cols", "drs", "dcs", "ars", "acs", "brs", "bcs", "imm"};
static const char *const reduce[] = {"outer", "mid", "inner"};
static const char *const quantize[] = {"count", "scale", "zero", "low", "high"};
static const char *const lookup[] = {"rows", "cols", "drs", "ars"};
static const char *const combine[] = {"rows", "cols", "drs", "ars",   "acs",  "brs", "bcs", "za",
                                      "zb",   "ma",   "mb",  "shift", "zero", "low", "high"};
static const char *const onehot[] = {"rows", "cols"};

static const char *const activations[] = {"none", "relu", "relu6", "sigmoid", "tanh"};
static const char *const vectors[] = {"fill",  "copy",      "neg",        "relu",         "relu6",    "sigmoid", "tanh",
                                      "exp",   "log",       "sqrt",       "rsqrt",        "square",   "floor",   "abs",
                                      "scale", "offset",    "add",        "sub",          "mul",      "div",     "max",
                                      "min",   "relu_grad", "relu6_grad", "sigmoid_grad", "tanh_grad"};
static const char *const reduces[] = {"sum", "max", "mean"};
static const char *const pools[] = {"max", "average"};
static const char *const combines[] = {"add", "mul"};

enum { D = TPU_HAS_DST, A = TPU_HAS_A, B = TPU_HAS_B, S = TPU_HAS_SLOT };
#define COUNT(t) (uint32_t)(sizeof(t) / sizeof((t)[0]))
const tpu_op tpu_ops[TPU_N_OPS] = {
    [TPU_END] = {"end", 0, 0, 0, 0, NULL, NULL, 0},
    [TPU_WINDOW] = {"window", S, 0, 0, COUNT(window), NULL, window, 0},
    [TPU_LOAD] = {"load", A, 0, 0, COUNT(load), NULL, load, 0},
    [TPU_MATMUL] = {"matmul", A | S, TPU_ACCUMULATE | TPU_TRANSPOSED, 0, COUNT(matmul), NULL, matmul, 0},
    [TPU_STORE] = {"store", D | B, TPU_BIAS | TPU_REAL, COUNT(activations), COUNT(store), activations, store, 0},
    [TPU_VECTOR] = {"vector", D | A | B, 0, COUNT(vectors), COUNT(vector), vectors, vector, 1u << V_IMM},
    [TPU_REDUCE] = {"reduce", D | A, 0, COUNT(reduces), COUNT(reduce), reduces, reduce, 0},
    [TPU_POOL] = {"pool", D | A | S, 0, COUNT(pools), 0, pools, NULL, 0},
    [TPU_UNPOOL] = {"unpool", D | A | B | S, 0, COUNT(pools), 0, pools, NULL, 0},
    [TPU_SCATTER] = {"scatter", D | A | S, 0, 0, 0, NULL, NULL, 0},
    [TPU_ONEHOT] = {"onehot", D | A, 0, 0, COUNT(onehot), NULL, onehot, 0},
    [TPU_QUANTIZE] = {"quantize", D | A, 0, 0, COUNT(quantize), NULL, quantize, 1u << Q_SCALE},
    [TPU_DEQUANTIZE] = {"dequantize", D | A, 0, 0, 3, NULL, quantize, 1u << Q_SCALE},
    [TPU_LOOKUP] = {"lookup", D | A | B, 0, 0, COUNT(lookup), NULL, lookup, 0},
    [TPU_COMBINE] = {"combine", D | A | B, 0, COUNT(combines), COUNT(combine), combines, combine, 0},
};
