/* tensor/refs.h - how many hold a tensor (core/tensor); for the validation layer. */
#ifndef RN_TENSOR_REFS_H
#define RN_TENSOR_REFS_H
#include <runnel/tensor.h>

uint32_t rn_tensor_refs(const rn_tensor *t); /* at the moment it was asked */
#endif
