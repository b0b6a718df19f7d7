/* ops.h - what the files of the ops plugin share (plugins/ops).
 *
 * One file is one subject: a table of op definitions, each row complete with signature, shape function,
 * gradient and effects, exported as one rn_group named in groups.h. Nothing here computes.
 * Shape functions answer for hostile graphs too: an axis, a size or a count from outside is checked
 * before it is used, and products of dimensions are checked for overflow. */
#ifndef OPS_H
#define OPS_H
#include <runnel/plugin.h>

/* One row: name and signature, first sentence of the documentation, shape function, gradient, the rest. */
#define OP(name_, signature_, doc_, infer_, gradient_, ...)                                                           \
  {                                                                                                                   \
    .struct_size = (uint32_t)sizeof(rn_op_def), .name = name_, .signature = signature_, .doc = doc_, .infer = infer_, \
    .gradient = gradient_, __VA_ARGS__                                                                                \
  }
#define OPS_GROUP(name_, table_) \
  const rn_group name_ = {.struct_size = (uint32_t)sizeof(rn_group), .ops = RN_TABLE(table_)}
#define NO_GRADIENT .flags = RN_OP_NO_GRADIENT

/* --- inference: integers ------------------------------------------------------------------------ */
/* An element of a small integer tensor. Known: v is it, negative or not. Otherwise v is RN_DIM_UNKNOWN
 * or a symbol. */
typedef struct op_int {
  int64_t v;
  int known;
} op_int;
/* The elements of an integer input of rank <= 1; -1 when not even their number is known. */
int32_t op_ints(rn_infer *c, uint32_t input, op_int out[RN_MAX_VALUE]);
/* The only element; known == 0 when it is not known. */
op_int op_scalar(rn_infer *c, uint32_t input);
/* Sets the value of an output. A negative known value travels as unknown. */
void op_set_ints(rn_infer *c, uint32_t output, const op_int *v, int32_t n);
op_int op_int_known(int64_t v);
/* A dimension as an element of a shape tensor. */
op_int op_int_dim(int64_t dim);
/* An element of a shape tensor as a dimension; negative known values are unknown. */
int64_t op_int_as_dim(op_int v);
/* Output `output` holds the integers of `input`, if they are known. */
void op_forward_ints(rn_infer *c, uint32_t input, uint32_t output);

/* --- inference: shapes -------------------------------------------------------------------------- */
RN_PRINTF(2, 3) rn_status *op_fail(rn_infer *c, const char *fmt, ...);
/* An axis of [-rank, rank) made non-negative. */
rn_status *op_axis(rn_infer *c, int64_t axis, int32_t rank, int32_t *out);
/* The input's shape, which must have this rank; unknown becomes `rank` unknown dimensions. */
rn_status *op_want_rank(rn_infer *c, uint32_t input, int32_t rank, rn_shape *out);
rn_status *op_want_rank_from(rn_infer *c, uint32_t input, int32_t least);
rn_status *op_merge(rn_infer *c, const rn_shape *a, const rn_shape *b, rn_shape *out);
rn_status *op_broadcast(rn_infer *c, const rn_shape *a, const rn_shape *b, rn_shape *out);
rn_shape op_shape_of_rank(int32_t rank);
/* a then b; ranks known or not. err INVALID_ARGUMENT: more than RN_MAX_RANK dimensions */
rn_status *op_join(rn_infer *c, const rn_shape *a, const rn_shape *b, rn_shape *out);
/* Dimensions [from, to) of s, which has a known rank. */
rn_shape op_part(const rn_shape *s, int32_t from, int32_t to);
/* Elements, RN_DIM_UNKNOWN, or a symbol when that is the only factor. err: the product overflows */
rn_status *op_elems(rn_infer *c, const rn_shape *s, int64_t *out);
/* a + b, a * b of dimensions: unknown when one is; err: overflow */
rn_status *op_dim_add(rn_infer *c, int64_t a, int64_t b, int64_t *out);
rn_status *op_dim_mul(rn_infer *c, int64_t a, int64_t b, int64_t *out);
/* The shape an integer input describes; negative and unknown elements become unknown dimensions. */
rn_status *op_shape_input(rn_infer *c, uint32_t input, rn_shape *out);
/* The attribute as a shape. */
rn_shape op_shape_attr(const rn_self *s, const char *name);
/* A list attribute; count 0 when it is not there. */
const int64_t *op_int_list(const rn_self *s, const char *name, uint32_t *count);

/* --- ready shape functions ---------------------------------------------------------------------- */
rn_status *op_infer_same(rn_infer *c);      /* output 0 like input 0 */
rn_status *op_infer_same_ints(rn_infer *c); /* and with its value */
rn_status *op_infer_each(rn_infer *c);      /* output i like input i */
rn_status *op_infer_scalar(rn_infer *c);    /* every output a scalar */
rn_status *op_infer_merged(rn_infer *c);    /* all inputs have one shape, output 0 too */
rn_status *op_infer_binary(rn_infer *c);    /* two inputs, broadcast */
rn_status *op_infer_last(rn_infer *c);      /* output 0 like the last input */

/* --- gradients ---------------------------------------------------------------------------------- */
/* Short forms for what a gradient function reads. */
#define GRAD_B (c->b)
#define GRAD_X(i) rn_grad_x(c, (i))
#define GRAD_Y(i) rn_grad_y(c, (i))
#define GRAD_DY (c->api->dy(c, 0))
/* Sets dx of an input; always NULL, so that a gradient can end with it. */
rn_status *op_dx(rn_grad *c, uint32_t input, rn_value v);
int op_is_value(rn_value v);
/* dy of an output, or zeros like it when nothing flows. */
rn_value op_dy_or_zeros(rn_grad *c, uint32_t output);
rn_dtype op_dtype(const rn_builder *b, rn_value v); /* without RN_REF */
const rn_shape *op_shape(const rn_builder *b, rn_value v);
int op_is_float(rn_dtype dt); /* real or complex */
/* Constants: a vector and a scalar of int32 (int64 where a number does not fit), a number of dtype dt. */
rn_value op_vector(rn_builder *b, const int64_t *v, uint32_t n);
rn_value op_integer(rn_builder *b, int64_t v);
rn_value op_number(rn_builder *b, double v, rn_dtype dt);
rn_value op_number_like(rn_builder *b, double v, rn_value like);
/* Integers of a constant of rank <= 1; -1 when v is no constant. */
int32_t op_constant_ints(const rn_builder *b, rn_value v, int64_t out[RN_MAX_VALUE]);
rn_value op_cast(rn_builder *b, rn_value v, rn_dtype to);
rn_value op_shape_as(rn_builder *b, rn_value v, rn_dtype out_type);
rn_value op_conj(rn_builder *b, rn_value v); /* v itself unless complex */
rn_value op_mul(rn_builder *b, rn_value x, rn_value y);
rn_value op_neg(rn_builder *b, rn_value x);
rn_value op_reshape_like(rn_builder *b, rn_value v, rn_value like);
rn_value op_expand(rn_builder *b, rn_value v, int64_t axis);
/* Sum over one axis, or over what the axes tensor says. */
rn_value op_sum(rn_builder *b, rn_value v, rn_value axes, int keep_dims);
/* v[begin:end] of a vector. */
rn_value op_vector_part(rn_builder *b, rn_value v, int64_t begin, int64_t end, int to_end);
/* v[i] of a vector, a scalar; -1 is the last. */
rn_value op_element(rn_builder *b, rn_value v, int64_t i);
/* All of `parts` along `axis`. */
rn_value op_concat(rn_builder *b, const rn_value *parts, uint32_t n, int64_t axis);
rn_value op_pack(rn_builder *b, const rn_value *parts, uint32_t n, int64_t axis);
/* Sets the dx of inputs 0 and 1 of a broadcasting op; each is summed over the axes along which its
 * input was repeated. RN_NO_VALUE: none for this input. */
rn_status *op_dx_broadcast(rn_grad *c, rn_value dx, rn_value dy);
/* Copies the forward node's attribute into `out` under the same name; 0 when it has none. */
int op_copy_attr(const rn_self *s, const char *name, rn_attr *out);
rn_status *op_grad_pass(rn_grad *c); /* dx of input 0 is dy */
/* dx_i = dy_i for all i */
rn_status *op_grad_each(rn_grad *c);
rn_status *op_grad_to_all(rn_grad *c); /* dy to every input */
RN_PRINTF(2, 3) rn_status *op_grad_fail(rn_grad *c, const char *fmt, ...);

/* --- windows (convolution, pooling) --------------------------------------------------------------- */
typedef struct op_layout {
  int32_t n, h, w, c; /* positions of batch, height, width, channels */
} op_layout;
op_layout op_layout_of(const rn_self *s); /* attribute data_format */
/* The size along one axis after sliding a window: in, effective window, stride, padding before + after. */
rn_status *op_window(rn_infer *c, int64_t in, int64_t window, int64_t stride, int64_t padding, int same, int64_t *out);
#endif
