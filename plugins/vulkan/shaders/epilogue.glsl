// epilogue.glsl - what follows a product before its result is written: a bias, then a formula with the product alone or
// with an element `side` of the same place. Define EPI_BINDING (bias; side is the next) and EPI_CONSTANT (EPI_BIAS;
// EPI_OP and EPI_ALPHA are the next) before. Both buffers are always bound; what is not used is not read.
#ifndef EPILOGUE_GLSL
#define EPILOGUE_GLSL
#include "numbers.h"
#include "formulas.glsl"
layout(constant_id = EPI_CONSTANT) const uint EPI_BIAS = 0;
layout(constant_id = EPI_CONSTANT + 1) const uint EPI_OP = 0;
layout(constant_id = EPI_CONSTANT + 2) const float EPI_ALPHA = 0;
layout(std430, set = 0, binding = EPI_BINDING) readonly buffer EpilogueBias { uint epi_bias[]; };
layout(std430, set = 0, binding = EPI_BINDING + 1) readonly buffer EpilogueSide { uint epi_side[]; };

#define ALONE(Op) case EPILOGUE_##Op: return op_##Op(v);
#define BEFORE(Op) case EPILOGUE_##Op: return op_##Op(v, uintBitsToFloat(epi_side[at]));
#define AFTER(Op) case EPILOGUE_##Op: return op_##Op(uintBitsToFloat(epi_side[at]), v);
#define ALONE_ALPHA(Op) case EPILOGUE_##Op: return op_##Op(v, EPI_ALPHA);
#define BEFORE_ALPHA(Op) case EPILOGUE_##Op: return op_##Op(v, uintBitsToFloat(epi_side[at]), EPI_ALPHA);
// column: of y[m, n], where the bias stands; at: the index in y that is written
float epilogue(float v, uint column, uint at) {
  if (EPI_BIAS != 0) v += uintBitsToFloat(epi_bias[column]);
  switch (EPI_OP) {
    GPU_EPILOGUE(ALONE)
    GPU_EPILOGUE_BEFORE(BEFORE)
    GPU_EPILOGUE_AFTER(AFTER)
    GPU_EPILOGUE_ALPHA(ALONE_ALPHA)
    GPU_EPILOGUE_BEFORE_ALPHA(BEFORE_ALPHA)
  }
  return v;
}
#undef ALONE
#undef BEFORE
#undef AFTER
#undef ALONE_ALPHA
#undef BEFORE_ALPHA
#endif
