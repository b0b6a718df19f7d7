/* number.h - elements of tensors as numbers, and how alike two tensors are (frontends/conform). */
#ifndef CONFORM_NUMBER_H
#define CONFORM_NUMBER_H
#include <runnel/tensor.h>

int dtype_is_float(rn_dtype t); /* half, bfloat16, float, double */
int dtype_is_complex(rn_dtype t);
int dtype_is_integer(rn_dtype t); /* bool not */
/* Components: complex elements have two. */
int64_t number_count(rn_dtype t, int64_t elements);
double number_get(rn_dtype t, const void *data, int64_t i);
/* Rounded to what the type holds; integers are cut to their range. */
void number_put(rn_dtype t, void *data, int64_t i, double value);
double dtype_largest(rn_dtype t); /* finite */

/* How near two results must be: relative to the larger of the two and to the tensor's largest. */
double dtype_tolerance(rn_dtype t);
/* Are they the same, up to `tolerance`? 0: bit for bit (NaNs are alike). Where not, `why` says which element
 * and what was there: "element 5 of [7] is 3, the reference has 2". other: "the reference". The types may
 * differ when both are floating: what overflows in one may be infinite there. */
int tensors_alike(const rn_tensor *got, const rn_tensor *want, double tolerance, const char *other, char *why,
                  size_t room);
#endif
