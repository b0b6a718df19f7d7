// types.glsl - elements in buffers of words, by type: F32, F16, I32, I64 (its low word), B8 (bool).
// GET(type, buffer, i) reads element i; VALUE(type) is what it is in the shader; PER_WORD(type) elements share a word,
// and PACK(type, v, k) is the word that holds v at place k. One invocation writes whole words.
#ifndef TYPES_GLSL
#define TYPES_GLSL
#include "narrow.glsl"
#define PASTE(a, b) a##b
#define GET(type, buffer, i) PASTE(GET_, type)(buffer, i)
#define VALUE(type) PASTE(VALUE_, type)
#define PER_WORD(type) PASTE(PER_WORD_, type)
#define PACK(type, v, k) PASTE(PACK_, type)(v, k)

#define VALUE_F32 float
#define GET_F32(b, i) uintBitsToFloat(b[i])
#define PER_WORD_F32 1
#define PACK_F32(v, k) floatBitsToUint(v)

#define VALUE_I32 int
#define GET_I32(b, i) int(b[i])
#define PER_WORD_I32 1
#define PACK_I32(v, k) uint(v)

#define VALUE_I64 int
#define GET_I64(b, i) int(b[2 * (i)])

#define VALUE_B8 bool
#define GET_B8(b, i) ((b[(i) >> 2] >> (((i) & 3) * 8) & 255u) != 0u)
#define PER_WORD_B8 4
#define PACK_B8(v, k) (uint(v) << ((k) * 8))

#define VALUE_F16 float
#define GET_F16(b, i) unpackHalf2x16(b[(i) >> 1])[(i) & 1]
#define PER_WORD_F16 2
#define PACK_F16(v, k) (half_of(v) << (k) * 16)

#define INPUT(n, name) layout(std430, set = 0, binding = n) readonly buffer Input##n { uint name[]; }
#define OUTPUT(n, name) layout(std430, set = 0, binding = n) buffer Output##n { uint name[]; }
#endif
