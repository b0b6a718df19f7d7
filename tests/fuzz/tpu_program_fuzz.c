/* tpu_program_fuzz.c - any bytes as a program of the matrix machine: what the verifier lets pass runs in bounds
 * (tests/fuzz). */
#include "random_program.h"
#include "simulator.h"
#include "timing.h"

enum { MOST_IO = 65536 };

static void check_sum(const tpu_counters *c) {
  if (c->active + c->weight_stall + c->weight_shift + c->input_stall + c->raw_stall + c->non_matrix != c->cycles)
    abort();
}

static rn_status *run(const tpu_program *p, const tpu_machine *m, const tpu_needs *needs) {
  tpu_run r;
  tpu_counters c;
  rn_status *s = tpu_time(p, m, &c);
  if (s != NULL) return s;
  check_sum(&c);
  void **io = calloc(p->n_io + (size_t)1, sizeof *io);
  if (io == NULL) abort();
  for (uint32_t i = 0; i < p->n_io; i++)
    if ((io[i] = calloc(1, p->io[i].size_bytes + 1)) == NULL) abort();
  s = tpu_run_init(&r, p, m, needs, 0);
  if (s == NULL) s = tpu_run_program(&r, io, NULL, NULL);
  tpu_run_finish(&r);
  for (uint32_t i = 0; i < p->n_io; i++) free(io[i]);
  free(io);
  return s;
}

/* The print is made right, or nothing would ever run; large tensors and long programs are left out. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  for (uint32_t arithmetic = TPU_BF16; arithmetic <= TPU_INT8; arithmetic++) {
    tpu_machine m = small_machine(arithmetic);
    tpu_program p;
    tpu_needs needs;
    rn_status *s = tpu_program_read(&host, data, size, &p);
    p.print = tpu_machine_print(&m);
    for (uint32_t i = 0; i < p.n_io; i++)
      if (p.io[i].size_bytes > MOST_IO) p.io[i].size_bytes = MOST_IO;
    if (s == NULL && p.n_io < 64) s = tpu_verify(&p, &m, &needs);
    if (s == NULL && p.n_io < 64 && needs.work < 1e5) s = run(&p, &m, &needs);
    host_free_status(s);
    tpu_program_finish(&p);
  }
  (void)chance(1);
  return 0;
}
