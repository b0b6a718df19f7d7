/* spirv.h - SPIR-V modules written at run time out of a compiled library of functions (plugins/vulkan).
 *
 * A module starts as the library's types, constants and variables under their numbers; functions come over when they
 * are asked for, with those that they call. New instructions get numbers above. The first failure (memory) sticks, and
 * gpu_spirv_end tells of it, so calls chain without checks. Opcodes are the SPIR-V specification's. */
#ifndef GPU_SPIRV_H
#define GPU_SPIRV_H
#include "vulkan.h"

enum {
  OP_EXT_INST = 12,
  OP_TYPE_VOID = 19,
  OP_TYPE_BOOL = 20,
  OP_TYPE_INT = 21,
  OP_TYPE_FLOAT = 22,
  OP_TYPE_VECTOR = 23,
  OP_TYPE_ARRAY = 28,
  OP_TYPE_RUNTIME_ARRAY = 29,
  OP_TYPE_STRUCT = 30,
  OP_TYPE_POINTER = 32,
  OP_TYPE_FUNCTION = 33,
  OP_CONSTANT = 43,
  OP_FUNCTION = 54,
  OP_FUNCTION_END = 56,
  OP_FUNCTION_CALL = 57,
  OP_VARIABLE = 59,
  OP_LOAD = 61,
  OP_STORE = 62,
  OP_ACCESS_CHAIN = 65,
  OP_DECORATE = 71,
  OP_VECTOR_EXTRACT_DYNAMIC = 77,
  OP_COMPOSITE_EXTRACT = 81,
  OP_BITCAST = 124,
  OP_I_ADD = 128,
  OP_I_SUB = 130,
  OP_I_MUL = 132,
  OP_U_DIV = 134,
  OP_U_MOD = 137,
  OP_SELECT = 169,
  OP_I_NOT_EQUAL = 171,
  OP_U_LESS_THAN = 176,
  OP_SHIFT_RIGHT = 194,
  OP_SHIFT_LEFT = 196,
  OP_BIT_OR = 197,
  OP_BIT_AND = 199,
  OP_PHI = 245,
  OP_LOOP_MERGE = 246,
  OP_SELECTION_MERGE = 247,
  OP_LABEL = 248,
  OP_BRANCH = 249,
  OP_BRANCH_CONDITIONAL = 250,
  OP_RETURN = 253
};
enum { STORAGE_INPUT = 1, STORAGE_PUSH_CONSTANT = 9, STORAGE_BUFFER = 12 };
enum { DECORATION_SPEC_ID = 1, DECORATION_BUILT_IN = 11, DECORATION_BINDING = 33, DECORATION_SET = 34 };
enum { BUILT_IN_GROUPS = 24, BUILT_IN_INVOCATION = 28 };
enum { GLSL_U_MIN = 38, GLSL_UNPACK_HALF = 62 };

typedef struct gpu_words {
  uint32_t *at, n, capacity;
} gpu_words;
typedef struct gpu_spirv {
  gpu_words decorations, globals, code;
  uint32_t next;  /* the first number that is free */
  uint32_t ext;   /* the extended instructions' */
  uint8_t *taken; /* per function of the library */
  int failed;
} gpu_spirv;

/* The number that the library's function of this name ("op_Relu(f1;") has in the list of functions; -1: there is none.
 */
int gpu_spirv_find(const char *name);
rn_status *gpu_spirv_begin(gpu_spirv *m);
/* An instruction with a result of this type (0: it is a type); NULL operands: none. Gives the result. */
uint32_t gpu_spirv_make(gpu_spirv *m, uint32_t op, uint32_t type, const uint32_t *operands, uint32_t n);
void gpu_spirv_do(gpu_spirv *m, uint32_t op, const uint32_t *operands, uint32_t n);
uint32_t gpu_spirv_number(gpu_spirv *m); /* a number for a later label or phi */
/* The type or constant, the library's own where it has one. */
uint32_t gpu_spirv_global(gpu_spirv *m, uint32_t op, uint32_t type, const uint32_t *operands, uint32_t n);
/* The library's variable or constant with this decoration; 0: it has none. */
uint32_t gpu_spirv_decorated(gpu_spirv *m, uint32_t decoration, uint32_t value);
uint32_t gpu_spirv_variable(gpu_spirv *m, uint32_t pointer_type, uint32_t storage, uint32_t binding);
uint32_t gpu_spirv_call(gpu_spirv *m, int function, const uint32_t *arguments, uint32_t n);
/* The module with entry point `main`. own: owned by the caller (gpu_free). */
rn_status *gpu_spirv_end(gpu_spirv *m, uint32_t main, uint32_t **words, size_t *bytes);
void gpu_spirv_finish(gpu_spirv *m);

#define GPU_MAKE(m, op, type, ...) \
  gpu_spirv_make(m, op, type, (const uint32_t[]){__VA_ARGS__}, (uint32_t)(sizeof((uint32_t[]){__VA_ARGS__}) / 4))
#define GPU_DO(m, op, ...) \
  gpu_spirv_do(m, op, (const uint32_t[]){__VA_ARGS__}, (uint32_t)(sizeof((uint32_t[]){__VA_ARGS__}) / 4))
#define GPU_GLOBAL_OF(m, op, type, ...) \
  gpu_spirv_global(m, op, type, (const uint32_t[]){__VA_ARGS__}, (uint32_t)(sizeof((uint32_t[]){__VA_ARGS__}) / 4))
#endif
