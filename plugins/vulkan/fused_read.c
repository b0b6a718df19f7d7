/* fused_read.c - what a fused program reads, and where (plugins/vulkan).
 *
 * What does not move (masks of 0, numbers, sizes, strides) is read before the loop. The place of an element in an
 * input comes from its coordinates, which are worked out once for all inputs that need them. */
#include "fused_writing.h"

/* -------------------------------------------------------------------------------------- declarations */
uint32_t gpu_fused_constant(gpu_writing *w, uint32_t value) {
  return GPU_GLOBAL_OF(&w->m, OP_CONSTANT, w->t_uint, value);
}

void gpu_fused_declare(gpu_writing *w) {
  gpu_spirv *m = &w->m;
  w->t_void = gpu_spirv_global(m, OP_TYPE_VOID, 0, NULL, 0);
  w->t_bool = gpu_spirv_global(m, OP_TYPE_BOOL, 0, NULL, 0);
  w->t_float = GPU_GLOBAL_OF(m, OP_TYPE_FLOAT, 0, 32);
  w->t_int = GPU_GLOBAL_OF(m, OP_TYPE_INT, 0, 32, 1);
  w->t_uint = GPU_GLOBAL_OF(m, OP_TYPE_INT, 0, 32, 0);
  w->t_vec2 = GPU_GLOBAL_OF(m, OP_TYPE_VECTOR, 0, w->t_float, 2);
  w->word_zero = GPU_GLOBAL_OF(m, OP_CONSTANT, w->t_int, 0);
  w->zero = gpu_fused_constant(w, 0);
  w->one = gpu_fused_constant(w, 1);
  uint32_t words = GPU_GLOBAL_OF(m, OP_TYPE_RUNTIME_ARRAY, 0, w->t_uint);
  uint32_t pushed = GPU_GLOBAL_OF(m, OP_TYPE_ARRAY, 0, w->t_uint, gpu_fused_constant(w, GPU_MAX_PUSH));
  uint32_t buffer = GPU_GLOBAL_OF(m, OP_TYPE_STRUCT, 0, words), block = GPU_GLOBAL_OF(m, OP_TYPE_STRUCT, 0, pushed);
  w->p_buffer = GPU_GLOBAL_OF(m, OP_TYPE_POINTER, 0, STORAGE_BUFFER, buffer);
  w->p_word = GPU_GLOBAL_OF(m, OP_TYPE_POINTER, 0, STORAGE_BUFFER, w->t_uint);
  w->p_push = GPU_GLOBAL_OF(m, OP_TYPE_POINTER, 0, STORAGE_PUSH_CONSTANT, w->t_uint);
  w->p_in = GPU_GLOBAL_OF(m, OP_TYPE_POINTER, 0, STORAGE_INPUT, w->t_uint);
  uint32_t p_block = GPU_GLOBAL_OF(m, OP_TYPE_POINTER, 0, STORAGE_PUSH_CONSTANT, block);
  w->push = GPU_GLOBAL_OF(m, OP_VARIABLE, p_block, STORAGE_PUSH_CONSTANT);
  uint32_t binding = 0;
  for (uint32_t k = 0; k < w->f->n_in; k++)
    if (!w->f->in[k].is_number) w->buffer[k] = gpu_spirv_variable(m, w->p_buffer, STORAGE_BUFFER, binding++);
  for (uint32_t o = 0; o < w->f->n_out; o++)
    w->result[o] = gpu_spirv_variable(m, w->p_buffer, STORAGE_BUFFER, binding++);
}

/* ------------------------------------------------------------------------------------------- reading */
static uint32_t pushed(gpu_writing *w, uint32_t k) {
  uint32_t at = GPU_MAKE(&w->m, OP_ACCESS_CHAIN, w->p_push, w->push, w->word_zero, gpu_fused_constant(w, k));
  return GPU_MAKE(&w->m, OP_LOAD, w->t_uint, at);
}

uint32_t gpu_fused_built_in(gpu_writing *w, uint32_t which) {
  uint32_t all = gpu_spirv_decorated(&w->m, DECORATION_BUILT_IN, which);
  uint32_t at = GPU_MAKE(&w->m, OP_ACCESS_CHAIN, w->p_in, all, w->zero);
  return GPU_MAKE(&w->m, OP_LOAD, w->t_uint, at);
}

/* A word, or the part of it that element i of its type is, as what formulas take. */
static uint32_t unpack(gpu_writing *w, uint32_t dtype, uint32_t word, uint32_t i) {
  gpu_spirv *m = &w->m;
  if (dtype == RN_FLOAT) return GPU_MAKE(m, OP_BITCAST, w->t_float, word);
  if (dtype == RN_INT32) return GPU_MAKE(m, OP_BITCAST, w->t_int, word);
  if (dtype == RN_HALF) {
    uint32_t two = GPU_MAKE(m, OP_EXT_INST, w->t_vec2, m->ext, GLSL_UNPACK_HALF, word);
    uint32_t which = GPU_MAKE(m, OP_BIT_AND, w->t_uint, i, w->one);
    return GPU_MAKE(m, OP_VECTOR_EXTRACT_DYNAMIC, w->t_float, two, which);
  }
  uint32_t byte = GPU_MAKE(m, OP_BIT_AND, w->t_uint, i, gpu_fused_constant(w, 3));
  uint32_t bits = GPU_MAKE(m, OP_SHIFT_LEFT, w->t_uint, byte, gpu_fused_constant(w, 3));
  uint32_t low = GPU_MAKE(m, OP_SHIFT_RIGHT, w->t_uint, word, bits);
  uint32_t alone = GPU_MAKE(m, OP_BIT_AND, w->t_uint, low, gpu_fused_constant(w, 255));
  return GPU_MAKE(m, OP_I_NOT_EQUAL, w->t_bool, alone, w->zero);
}

static uint32_t word_at(gpu_writing *w, uint32_t buffer, uint32_t at) {
  uint32_t place = GPU_MAKE(&w->m, OP_ACCESS_CHAIN, w->p_word, buffer, w->word_zero, at);
  return GPU_MAKE(&w->m, OP_LOAD, w->t_uint, place);
}

static uint32_t element(gpu_writing *w, uint32_t input, uint32_t i) {
  uint32_t dtype = w->f->in[input].dtype, at = i;
  if (gpu_fused_per_word(dtype) > 1)
    at = GPU_MAKE(&w->m, OP_SHIFT_RIGHT, w->t_uint, i, gpu_fused_constant(w, gpu_fused_per_word(dtype) / 2));
  return unpack(w, dtype, word_at(w, w->buffer[input], at), i);
}

static int moves_along(const gpu_fused *f, uint32_t input) { /* with the result, element by element */
  return f->in[input].mask == (1u << f->rank) - 1;
}

/* Strides of an input: it lies densely over the dimensions in which it moves. */
static void find_strides(gpu_writing *w, uint32_t input) {
  uint32_t before = 0;
  for (uint32_t d = 0; d < w->f->rank; d++) {
    if ((w->f->in[input].mask >> d & 1) == 0) continue;
    w->stride[input][d] = before != 0 ? before : w->one;
    before = before != 0 ? GPU_MAKE(&w->m, OP_I_MUL, w->t_uint, before, w->dim[d]) : w->dim[d];
  }
}

void gpu_fused_before_loop(gpu_writing *w) {
  gpu_spirv *m = &w->m;
  const gpu_fused *f = w->f;
  uint32_t number = 0, units = w->size = pushed(w, 0);
  w->last = GPU_MAKE(m, OP_I_SUB, w->t_uint, w->size, w->one);
  if (w->per > 1) {
    uint32_t up = GPU_MAKE(m, OP_I_ADD, w->t_uint, w->size, gpu_fused_constant(w, w->per - 1));
    units = GPU_MAKE(m, OP_U_DIV, w->t_uint, up, gpu_fused_constant(w, w->per));
  }
  w->units = units;
  uint32_t group = gpu_spirv_decorated(m, DECORATION_SPEC_ID, 0);
  w->step = GPU_MAKE(m, OP_I_MUL, w->t_uint, gpu_fused_built_in(w, BUILT_IN_GROUPS), group);
  for (uint32_t d = 0; d < f->rank; d++) w->dim[d] = pushed(w, 1 + d);
  for (uint32_t k = 0; k < f->n_in; k++) {
    uint32_t once = 0;
    if (f->in[k].is_number)
      once = unpack(w, f->in[k].dtype, pushed(w, FUSED_PUSH_NUMBERS + number++), w->zero);
    else if (f->in[k].mask == 0)
      once = element(w, k, w->zero);
    else
      find_strides(w, k);
    w->stands[k] = once != 0;
    for (uint32_t e = 0; e < w->per; e++) w->value[e][k] = once;
  }
}

/* Where the inputs that move in some dimensions only have what element i needs. */
static uint32_t place(gpu_writing *w, uint32_t input, const uint32_t *coordinate) {
  uint32_t at = 0;
  for (uint32_t d = 0; d < w->f->rank; d++) {
    if ((w->f->in[input].mask >> d & 1) == 0) continue;
    uint32_t part = w->stride[input][d] == w->one
                        ? coordinate[d]
                        : GPU_MAKE(&w->m, OP_I_MUL, w->t_uint, coordinate[d], w->stride[input][d]);
    at = at == 0 ? part : GPU_MAKE(&w->m, OP_I_ADD, w->t_uint, at, part);
  }
  return at;
}

static void find_coordinates(gpu_writing *w, uint32_t i, uint32_t *coordinate) {
  uint32_t left = i, rank = w->f->rank;
  for (uint32_t d = 0; d + 1 < rank; d++) {
    coordinate[d] = GPU_MAKE(&w->m, OP_U_MOD, w->t_uint, left, w->dim[d]);
    left = GPU_MAKE(&w->m, OP_U_DIV, w->t_uint, left, w->dim[d]);
  }
  if (rank > 0) coordinate[rank - 1] = left;
}

void gpu_fused_read(gpu_writing *w, uint32_t e, uint32_t i) {
  uint32_t coordinate[RN_MAX_RANK] = {0}, found = 0;
  for (uint32_t k = 0; k < w->f->n_in; k++) {
    if (w->f->in[k].is_number || w->f->in[k].mask == 0) continue;
    uint32_t at = i;
    if (!moves_along(w->f, k)) {
      if (!found++) find_coordinates(w, i, coordinate);
      at = place(w, k, coordinate);
    }
    w->value[e][k] = element(w, k, at);
  }
}
