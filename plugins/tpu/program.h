/* program.h - programs of the matrix machine: what they are made of, as text and as bytes (plugins/tpu).
 *
 * A program is straight: no jumps, no computed addresses. So one pass over it knows every address it will
 * touch, and a program that passed tpu_verify cannot read or write outside the machine's memories. */
#ifndef TPU_PROGRAM_H
#define TPU_PROGRAM_H
#include "machine.h"

/* Where an operand lies: the unified buffer, the memory beside the chip, or a numbered tensor of the host's. */
enum { TPU_NOWHERE = 0, TPU_BUFFER = 1, TPU_MEMORY = 2, TPU_IO = 3 };
typedef struct tpu_place {
  uint32_t offset;         /* bytes */
  uint16_t io;             /* which tensor; 0 elsewhere */
  uint8_t space, reserved; /* reserved: 0 in a whole program */
} tpu_place;

enum {
  TPU_END,
  TPU_WINDOW,
  TPU_LOAD,
  TPU_MATMUL,
  TPU_STORE,
  TPU_VECTOR,
  TPU_REDUCE,
  TPU_POOL,
  TPU_UNPOOL,
  TPU_SCATTER,
  TPU_ONEHOT,
  TPU_QUANTIZE,
  TPU_DEQUANTIZE,
  TPU_LOOKUP,
  TPU_COMBINE,
  TPU_N_OPS
};
enum { TPU_N_NUMBERS = 15, TPU_N_WINDOWS = 16, TPU_INS_BYTES = 4 + 3 * 8 + TPU_N_NUMBERS * 4 };
typedef struct tpu_ins {
  uint8_t op, fn, flags, slot;
  tpu_place dst, a, b;
  uint32_t n[TPU_N_NUMBERS];
} tpu_ins;
enum { TPU_ACCUMULATE = 1, TPU_TRANSPOSED = 2, TPU_BIAS = 4, TPU_REAL = 8, TPU_N_FLAGS = 4 };

/* n[] of each op. */
enum { W_N, W_H, W_W, W_C, W_KH, W_KW, W_SH, W_SW, W_DH, W_DW, W_PT, W_PL, W_OH, W_OW, W_PAD };
enum { L_K, L_COLS, L_RS, L_CS };
enum { M_ACC, M_ROWS, M_K, M_COLS, M_RS, M_CS, M_ROW0, M_COL0 };
enum { S_ACC, S_ROWS, S_COLS, S_RS, S_ZERO, S_LOW, S_HIGH };
enum { V_ROWS, V_COLS, V_DRS, V_DCS, V_ARS, V_ACS, V_BRS, V_BCS, V_IMM };
enum { R_OUTER, R_MID, R_INNER };
enum { Q_COUNT, Q_SCALE, Q_ZERO, Q_LOW, Q_HIGH };
enum { K_ROWS, K_COLS, K_DRS, K_ARS };
enum { C_ROWS, C_COLS, C_DRS, C_ARS, C_ACS, C_BRS, C_BCS, C_ZA, C_ZB, C_MA, C_MB, C_SHIFT, C_ZERO, C_LOW, C_HIGH };
enum { O_ROWS, O_COLS };

/* fn of store. */
enum { TPU_F_NONE, TPU_F_RELU, TPU_F_RELU6, TPU_F_SIGMOID, TPU_F_TANH, TPU_N_ACTIVATIONS };
/* fn of vector. Unary from V_COPY, with b from V_ADD. */
enum {
  TPU_V_FILL,
  TPU_V_COPY,
  TPU_V_NEG,
  TPU_V_RELU,
  TPU_V_RELU6,
  TPU_V_SIGMOID,
  TPU_V_TANH,
  TPU_V_EXP,
  TPU_V_LOG,
  TPU_V_SQRT,
  TPU_V_RSQRT,
  TPU_V_SQUARE,
  TPU_V_FLOOR,
  TPU_V_ABS,
  TPU_V_SCALE,
  TPU_V_OFFSET,
  TPU_V_ADD,
  TPU_V_SUB,
  TPU_V_MUL,
  TPU_V_DIV,
  TPU_V_MAX,
  TPU_V_MIN,
  TPU_V_RELU_GRAD,
  TPU_V_RELU6_GRAD,
  TPU_V_SIGMOID_GRAD,
  TPU_V_TANH_GRAD,
  TPU_N_VECTOR
};
enum { TPU_R_SUM, TPU_R_MAX, TPU_R_MEAN, TPU_N_REDUCE };
enum { TPU_P_MAX, TPU_P_AVERAGE, TPU_N_POOL };
enum { TPU_C_ADD, TPU_C_MUL, TPU_N_COMBINE };

/* A tensor that the host brings or takes. near: it lies in the machine's memory, else beyond the host's link. */
typedef struct tpu_io {
  uint64_t size_bytes;
  uint8_t reads, writes, near, reserved[5];
} tpu_io;
/* What the machine's memory holds when the program starts. */
typedef struct tpu_data {
  uint32_t offset, size_bytes;
  uint64_t at; /* into program->bytes */
} tpu_data;

typedef struct tpu_program {
  const rn_host_api *host;
  char machine[32];
  uint64_t print; /* tpu_machine_print of the machine it is for */
  uint64_t memory_bytes;
  uint32_t n_io, n_data, n_ins, cap_io, cap_data, cap_ins;
  tpu_io *io;
  tpu_data *data;
  tpu_ins *ins;
  uint8_t *bytes;
  uint64_t n_bytes, cap_bytes;
} tpu_program;

void tpu_program_init(tpu_program *p, const rn_host_api *host, const tpu_machine *m);
void tpu_program_finish(tpu_program *p);
rn_status *tpu_program_add(tpu_program *p, const tpu_ins *i);
rn_status *tpu_program_add_io(tpu_program *p, tpu_io io);
/* Bytes copied; data: NULL for zeros. */
rn_status *tpu_program_add_data(tpu_program *p, uint32_t offset, const void *data, uint32_t size_bytes);

/* ------------------------------------------------------------------------- what an op looks like */
enum { TPU_HAS_DST = 1, TPU_HAS_A = 2, TPU_HAS_B = 4, TPU_HAS_SLOT = 8 };
typedef struct tpu_op {
  const char *name;
  uint32_t has, flags, n_fn, n_numbers;
  const char *const *fn;      /* names of functions */
  const char *const *numbers; /* names of numbers */
  uint32_t reals;             /* bit i: number i is a float */
} tpu_op;
extern const tpu_op tpu_ops[TPU_N_OPS];
extern const char *const tpu_flag_names[TPU_N_FLAGS];

/* ----------------------------------------------------------------------------- text and bytes */
/* A growing text; chars is NULL until something was added and ends in NUL. */
typedef struct tpu_text {
  const rn_host_api *host;
  char *chars;
  size_t n, room;
  int failed; /* out of memory */
} tpu_text;
void tpu_text_add(tpu_text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void tpu_text_finish(tpu_text *t);
rn_status *tpu_disassemble(const tpu_program *p, tpu_text *out);
void tpu_print_ins(const tpu_ins *i, tpu_text *out);
/* err INVALID_ARGUMENT: the line and what is wrong. out is initialised here; finish it also after a failure. */
rn_status *tpu_assemble(const rn_host_api *host, const char *text, tpu_program *out);
/* Bytes in chars, n of them. */
rn_status *tpu_program_write(const tpu_program *p, tpu_text *out);
/* err DATA_LOSS. out as in tpu_assemble. */
rn_status *tpu_program_read(const rn_host_api *host, const void *bytes, size_t n, tpu_program *out);

/* May this program run on this machine? What it needs of the memories. err INVALID_ARGUMENT: the instruction's
 * number, its text, and what it would touch; FAILED_PRECONDITION: it is for another machine. */
typedef struct tpu_needs {
  uint64_t buffer_bytes, memory_bytes;
  uint32_t accumulator_rows, reserved;
  double work; /* elements touched and products made */
} tpu_needs;
rn_status *tpu_verify(const tpu_program *p, const tpu_machine *m, tpu_needs *out);
#endif
