/* random_program.h - machines small enough to see all of, and programs that use them in every way (tests/tpu). */
#ifndef TPU_RANDOM_PROGRAM_H
#define TPU_RANDOM_PROGRAM_H
#include "host.h"
#include "program.h"

static inline tpu_machine small_machine(uint32_t arithmetic) {
  tpu_machine m = {.name = "small",
                   .arithmetic = arithmetic,
                   .array_rows = 5,
                   .array_columns = 7,
                   .fifo_tiles = 3,
                   .accumulator_rows = 24,
                   .activation_lanes = 4,
                   .vector_lanes = 4,
                   .buffer_bytes = 4096,
                   .memory_bytes = 4096,
                   .clock_mhz = 100,
                   .memory_gb_per_second = 0.4,
                   .host_gb_per_second = 0.2};
  return m;
}

static inline tpu_place random_place(void) {
  uint8_t space = (uint8_t)(1 + chance(3));
  return (tpu_place){chance(200) * 4, space == TPU_IO ? (uint16_t)chance(2) : 0, space, 0};
}

static inline tpu_ins random_ins(const tpu_machine *m) {
  tpu_ins i;
  memset(&i, 0, sizeof i);
  i.op = (uint8_t)(1 + chance(TPU_N_OPS - 1));
  if (chance(2)) i.op = (uint8_t)(TPU_LOAD + chance(3));
  const tpu_op *op = &tpu_ops[i.op];
  if (op->n_fn > 0) i.fn = (uint8_t)chance(op->n_fn);
  if (m->arithmetic == TPU_INT8 && i.op == TPU_STORE) i.fn = 0;
  i.flags = (uint8_t)(chance(16) & op->flags);
  if ((op->has & TPU_HAS_SLOT) != 0) i.slot = (uint8_t)chance(3);
  if ((op->has & TPU_HAS_DST) != 0) i.dst = random_place();
  if ((op->has & TPU_HAS_A) != 0) i.a = random_place();
  if ((op->has & TPU_HAS_B) != 0) i.b = random_place();
  for (uint32_t k = 0; k < op->n_numbers; k++)
    i.n[k] = i.op == TPU_WINDOW ? 1 + chance(k >= W_SH ? 3 : 5) : 1 + chance(9);
  for (uint32_t k = 0; k < op->n_numbers; k++)
    if ((op->reals >> k & 1) != 0) i.n[k] = 0x3f000000u + chance(0x00ffffffu);
  if (i.op == TPU_MATMUL) i.n[M_ROW0] = chance(4), i.n[M_COL0] = chance(4);
  if (i.op == TPU_QUANTIZE) i.n[Q_LOW] = (uint32_t)-100, i.n[Q_HIGH] = 100;
  if (i.op == TPU_COMBINE) {
    for (uint32_t k = C_ZA; k <= C_ZERO; k++) i.n[k] = (uint32_t)(int32_t)((int)chance(240) - 120);
    for (uint32_t k = C_MA; k <= C_MB; k++) i.n[k] = (uint32_t)-1 / 2 - chance(1u << 31) - chance(1u << 31);
    i.n[C_SHIFT] = 1 + chance(62), i.n[C_LOW] = (uint32_t)-100, i.n[C_HIGH] = 100;
  }
  if (i.op == TPU_STORE) i.n[S_LOW] = (uint32_t)-100, i.n[S_HIGH] = 100;
  if (i.op == TPU_MATMUL || i.op == TPU_STORE) i.n[0] = chance(24);
  return i;
}

/* At least `count` instructions that the verifier lets pass. The last matmuls take what is still in the queue. */
static inline void random_program(const tpu_machine *m, uint32_t count, tpu_program *p) {
  uint8_t data[256];
  tpu_needs needs;
  uint32_t k[64], cols[64], first = 0, last = 0;
  tpu_program_init(p, &host, m);
  p->memory_bytes = 2048;
  for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)chance(256);
  for (size_t i = 3; i < sizeof data; i += 4) data[i] = (uint8_t)(data[i] & 0x80) | 0x3f; /* floats below 2 */
  (void)tpu_program_add_data(p, 64, data, sizeof data);
  (void)tpu_program_add_io(p, (tpu_io){2048, 1, 1, 1, {0}});
  (void)tpu_program_add_io(p, (tpu_io){2048, 1, 1, 0, {0}});
  (void)tpu_program_add(p, &(tpu_ins){.op = TPU_END});
  while (p->n_ins <= count) {
    tpu_ins x = random_ins(m);
    if (x.op == TPU_MATMUL && first < last) x.n[M_K] = k[first % 64], x.n[M_COLS] = cols[first % 64];
    p->ins[p->n_ins - 1] = x;
    (void)tpu_program_add(p, &(tpu_ins){.op = TPU_END});
    rn_status *no = tpu_verify(p, m, &needs);
    if (no != NULL) p->ins[--p->n_ins - 1].op = TPU_END, memset(&p->ins[p->n_ins - 1], 0, sizeof p->ins[0]);
    if (no == NULL && x.op == TPU_LOAD) k[last % 64] = x.n[L_K], cols[last++ % 64] = x.n[L_COLS];
    if (no == NULL && x.op == TPU_MATMUL) first++;
    host_free_status(no);
  }
}
#endif
