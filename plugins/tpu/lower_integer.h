/* lower_integer.h - what the rules of an integer machine share (plugins/tpu).
 *
 * A value inside is int8 on a grid, which its root keeps. What comes from outside is rounded on its way in, once. */
#ifndef TPU_LOWER_INTEGER_H
#define TPU_LOWER_INTEGER_H
#include "lower.h"

int tpu_is_op(const tpu_lowering *l, const tpu_node *n, const char *op);
/* The member that makes it, or NULL. */
tpu_node *tpu_maker(const tpu_lowering *l, const tpu_value *v);
int tpu_is_output(const tpu_lowering *l, const tpu_value *v, uint32_t *out);
/* Does a member read its content? */
int tpu_has_reader(const tpu_lowering *l, const tpu_value *v);
/* The grid that v, made by n, will be on: that of the FakeQuant that alone reads it, of its function, or of the range
 * it had. err UNIMPLEMENTED: none of them */
rn_status *tpu_find_grid(const tpu_lowering *l, const tpu_node *n, const tpu_value *v, tpu_grid *out);
/* Input i as int8, and its grid. */
rn_status *tpu_int_input(tpu_lowering *l, const tpu_node *n, uint32_t i, tpu_place *place, tpu_grid *grid);
/* Makes it real again in the claim's output, if it is one. */
rn_status *tpu_give_out(tpu_lowering *l, const tpu_value *v);
/* A QUANTIZE or DEQUANTIZE of `count` elements. */
rn_status *tpu_emit_transfer(tpu_lowering *l, const tpu_ins *whole, uint64_t count);
/* An input that is one float, known now. */
int tpu_known_real(const tpu_lowering *l, const tpu_node *n, uint32_t i, float *out);
#endif
