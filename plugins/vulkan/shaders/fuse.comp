// fuse.comp - the formulas as a library for fused programs: compiled without optimisation, so that each stays a function
// under its name. `main` is never run; it calls all there is, for what nobody calls is left out. Buffers and push
// constants have the types that fused programs use.
#version 450
#include "numbers.h"
#include "formulas.glsl"
layout(local_size_x_id = 0) in;
layout(push_constant) uniform Push { uint push[32]; };
layout(std430, set = 0, binding = 0) buffer Words { uint word[]; };

#define FLOAT(v) word[0] += floatBitsToUint(v);
#define INT(v) word[0] += uint(v);
#define UNARY(Op) FLOAT(op_##Op(a))
#define UNARY_INT(Op) INT(op_##Op(i))
#define UNARY_TEST(Op) INT(op_##Op(a))
#define BINARY(Op) FLOAT(op_##Op(a, a))
#define BINARY_INT(Op) INT(op_##Op(i, i))
#define BINARY_ORDER(Op) INT(op_##Op(a, a)) INT(op_##Op(i, i))
#define BINARY_LOGIC(Op) INT(op_##Op(c, c))
void main() {
  uint at = gl_GlobalInvocationID.x + gl_NumWorkGroups.x * gl_WorkGroupSize.x + push[0];
  float a = unpackHalf2x16(word[at]).x + uintBitsToFloat(half_of(float(word[0])));
  int i = int(word[at]);
  bool c = i != 0;
  GPU_UNARY(UNARY)
  GPU_UNARY_INT(UNARY_INT)
  GPU_UNARY_TEST(UNARY_TEST)
  GPU_BINARY(BINARY)
  GPU_BINARY_INT(BINARY_INT)
  GPU_BINARY_ORDER(BINARY_ORDER)
  GPU_BINARY_LOGIC(BINARY_LOGIC)
  INT(op_LogicalNot(c))
  FLOAT(op_LeakyRelu(a, a) + op_LeakyReluGrad(a, a, a) + op_Select(c, a, a))
  INT(op_Select(c, i, i))
  FLOAT(to_float(i) + to_float(c) + to_half(a))
  INT(to_int(a) + to_int(c) + int(to_bool(a)) + int(to_bool(i)))
}
