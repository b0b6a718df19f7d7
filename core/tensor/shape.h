/* tensor/shape.h - what the core shares about shapes beyond <runnel/tensor.h> (core/tensor). */
#ifndef RN_TENSOR_SHAPE_H
#define RN_TENSOR_SHAPE_H
/* A buffer that rn_shape_print never overruns: eight 19-digit dimensions, commas and brackets. */
#define RN_SHAPE_TEXT 192
#endif
