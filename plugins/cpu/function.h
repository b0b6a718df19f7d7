/* function.h - what kernels that run functions share (plugins/cpu). */
#ifndef CPU_FUNCTION_H
#define CPU_FUNCTION_H
#include "cpu.h"

typedef struct cpu_bodies {
  const rn_function *first, *second; /* then and else, cond and body, or f alone */
  const rn_function *gradient;       /* of second, for the gradient of a loop */
  const int64_t *with_dy, *dx_of;    /* outputs that have one, in order; inputs; borrowed from the node */
  uint32_t n_dy, n_dx, n_vars, reserved;
  uint8_t is_handle[]; /* per input: of a variable; a Ref goes in as its content */
} cpu_bodies;
/* State for a node's functions, with is_handle filled. */
rn_status *cpu_bodies_create(const rn_prepare *p, rn_prepared *out, cpu_bodies **b);
/* Arguments or results: a tensor (owned) or a resource each. */
typedef struct cpu_values {
  rn_tensor **tensor;
  rn_resource **resource;
  uint32_t n;
} cpu_values;
rn_status *cpu_values_init(cpu_values *v, uint32_t n); /* room for n, all empty */
rn_status *cpu_values_inputs(cpu_values *v, rn_call *c, const cpu_bodies *b, uint32_t first, uint32_t n);
void cpu_values_finish(cpu_values *v);
void cpu_drop(rn_tensor **t, uint32_t n);
/* Runs the condition on the values. */
rn_status *cpu_go_on(rn_call *c, const rn_function *cond, const cpu_values *v, int *yes);
#endif
