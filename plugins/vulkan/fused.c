/* fused.c - a fused program's module: one loop that reads, computes and writes (plugins/vulkan).
 *
 *   for (w = invocation; w < units; w += invocations)       a unit: the elements of one word of the narrowest result
 *     for each element i of w:  x_k = in_k[place of i]      the last elements of the last unit repeat element n - 1
 *                               v_j = formula_j(...)
 *     store the words of w
 *
 * All of a unit is read before any of it is written, so a result may lie over an input that moves with it. */
#include "fused_writing.h"

int gpu_fused_type(rn_dtype t) { return t == RN_FLOAT || t == RN_HALF || t == RN_INT32 || t == RN_BOOL; }
const char *gpu_fused_letter(rn_dtype t) { return t == RN_INT32 ? "i1;" : t == RN_BOOL ? "b1;" : "f1;"; }

uint32_t gpu_fused_per_word(uint32_t dtype) { return dtype == RN_BOOL ? 4 : dtype == RN_HALF ? 2 : 1; }
static uint32_t dtype_of(const gpu_fused *f, uint32_t value) {
  return value < f->n_in ? f->in[value].dtype : f->op[value - f->n_in].dtype;
}

uint32_t gpu_fused_per_invocation(const gpu_fused *f) {
  uint32_t most = 1;
  for (uint32_t o = 0; o < f->n_out; o++) most = GPU_MAX(most, gpu_fused_per_word(dtype_of(f, f->out[o])));
  return most;
}

/* ------------------------------------------------------------------------------ computing and writing */
static uint32_t formula(gpu_writing *w, uint32_t e, const gpu_fused_op *op) {
  uint32_t arg[FUSED_MAX_ARGS];
  for (uint32_t a = 0; a < op->n_args; a++) arg[a] = w->value[e][op->arg[a]];
  uint32_t v = op->function >= 0 ? gpu_spirv_call(&w->m, op->function, arg, op->n_args) : arg[0];
  return op->dtype == RN_HALF ? gpu_spirv_call(&w->m, gpu_spirv_find("to_half(f1;"), &v, 1) : v;
}

/* Formulas of what stands still are computed before the loop. */
static void compute_standing(gpu_writing *w) {
  const gpu_fused *f = w->f;
  for (uint32_t k = 0; k < f->n_ops; k++) {
    uint8_t stands = 1;
    for (uint32_t a = 0; a < f->op[k].n_args; a++) stands &= w->stands[f->op[k].arg[a]];
    w->stands[f->n_in + k] = stands;
    uint32_t v = stands ? formula(w, 0, &f->op[k]) : 0;
    for (uint32_t e = 0; e < w->per; e++) w->value[e][f->n_in + k] = v;
  }
}

static void compute(gpu_writing *w, uint32_t e) {
  for (uint32_t k = 0; k < w->f->n_ops; k++)
    if (!w->stands[w->f->n_in + k]) w->value[e][w->f->n_in + k] = formula(w, e, &w->f->op[k]);
}

/* Elements [e, e + per_word) of a unit as one word. */
static uint32_t pack(gpu_writing *w, uint32_t value, uint32_t e) {
  gpu_spirv *m = &w->m;
  uint32_t dtype = dtype_of(w->f, value), word = w->value[e][value];
  if (dtype == RN_FLOAT || dtype == RN_INT32) return GPU_MAKE(m, OP_BITCAST, w->t_uint, word);
  if (dtype == RN_HALF) {
    int half_of = gpu_spirv_find("half_of(f1;");
    uint32_t low = gpu_spirv_call(m, half_of, &word, 1), high = gpu_spirv_call(m, half_of, &w->value[e + 1][value], 1);
    high = GPU_MAKE(m, OP_SHIFT_LEFT, w->t_uint, high, gpu_fused_constant(w, 16));
    return GPU_MAKE(m, OP_BIT_OR, w->t_uint, low, high);
  }
  word = GPU_MAKE(m, OP_SELECT, w->t_uint, word, w->one, w->zero);
  for (uint32_t b = 1; b < 4; b++) {
    uint32_t bit = GPU_MAKE(m, OP_SELECT, w->t_uint, w->value[b][value], gpu_fused_constant(w, 1u << 8 * b), w->zero);
    word = GPU_MAKE(m, OP_BIT_OR, w->t_uint, word, bit);
  }
  return word;
}

static void store(gpu_writing *w, uint32_t buffer, uint32_t at, uint32_t word) {
  uint32_t to = GPU_MAKE(&w->m, OP_ACCESS_CHAIN, w->p_word, buffer, w->word_zero, at);
  GPU_DO(&w->m, OP_STORE, to, word);
}

/* Words of a unit after its first may lie past the end. */
static void store_within(gpu_writing *w, uint32_t buffer, uint32_t at, uint32_t word, uint32_t element_index) {
  uint32_t inside = gpu_spirv_number(&w->m), after = gpu_spirv_number(&w->m);
  uint32_t is_in = GPU_MAKE(&w->m, OP_U_LESS_THAN, w->t_bool, element_index, w->size);
  GPU_DO(&w->m, OP_SELECTION_MERGE, after, 0);
  GPU_DO(&w->m, OP_BRANCH_CONDITIONAL, is_in, inside, after);
  GPU_DO(&w->m, OP_LABEL, inside);
  store(w, buffer, at, word);
  GPU_DO(&w->m, OP_BRANCH, after);
  GPU_DO(&w->m, OP_LABEL, after);
}

static void write_all(gpu_writing *w, uint32_t unit) {
  for (uint32_t o = 0; o < w->f->n_out; o++) {
    uint32_t packed = gpu_fused_per_word(dtype_of(w->f, w->f->out[o])), words = w->per / packed;
    for (uint32_t k = 0; k < words; k++) {
      uint32_t at = unit, word = pack(w, w->f->out[o], k * packed);
      if (words > 1) at = GPU_MAKE(&w->m, OP_I_MUL, w->t_uint, unit, gpu_fused_constant(w, words));
      if (k > 0) at = GPU_MAKE(&w->m, OP_I_ADD, w->t_uint, at, gpu_fused_constant(w, k));
      if (k == 0) {
        store(w, w->result[o], at, word);
        continue;
      }
      uint32_t i = packed > 1 ? GPU_MAKE(&w->m, OP_I_MUL, w->t_uint, at, gpu_fused_constant(w, packed)) : at;
      store_within(w, w->result[o], at, word, i);
    }
  }
}

static void body(gpu_writing *w, uint32_t unit) {
  uint32_t first = unit;
  if (w->per > 1) first = GPU_MAKE(&w->m, OP_I_MUL, w->t_uint, unit, gpu_fused_constant(w, w->per));
  for (uint32_t e = 0; e < w->per; e++) {
    uint32_t i = first;
    if (e > 0) {
      i = GPU_MAKE(&w->m, OP_I_ADD, w->t_uint, first, gpu_fused_constant(w, e));
      i = GPU_MAKE(&w->m, OP_EXT_INST, w->t_uint, w->m.ext, GLSL_U_MIN, i, w->last);
    }
    gpu_fused_read(w, e, i);
  }
  for (uint32_t e = 0; e < w->per; e++) compute(w, e);
  write_all(w, unit);
}

static uint32_t write_main(gpu_writing *w) {
  gpu_spirv *m = &w->m;
  uint32_t type = GPU_GLOBAL_OF(m, OP_TYPE_FUNCTION, 0, w->t_void);
  uint32_t main = GPU_MAKE(m, OP_FUNCTION, w->t_void, 0, type);
  uint32_t entry = gpu_spirv_number(m), head = gpu_spirv_number(m), test = gpu_spirv_number(m),
           inside = gpu_spirv_number(m), next = gpu_spirv_number(m), end = gpu_spirv_number(m),
           unit = gpu_spirv_number(m), after = gpu_spirv_number(m);
  GPU_DO(m, OP_LABEL, entry);
  gpu_fused_before_loop(w);
  compute_standing(w);
  uint32_t begin = gpu_fused_built_in(w, BUILT_IN_INVOCATION);
  GPU_DO(m, OP_BRANCH, head);
  GPU_DO(m, OP_LABEL, head);
  GPU_DO(m, OP_PHI, w->t_uint, unit, begin, entry, after, next);
  GPU_DO(m, OP_LOOP_MERGE, end, next, 0);
  GPU_DO(m, OP_BRANCH, test);
  GPU_DO(m, OP_LABEL, test);
  uint32_t more = GPU_MAKE(m, OP_U_LESS_THAN, w->t_bool, unit, w->units);
  GPU_DO(m, OP_BRANCH_CONDITIONAL, more, inside, end);
  GPU_DO(m, OP_LABEL, inside);
  body(w, unit);
  GPU_DO(m, OP_BRANCH, next);
  GPU_DO(m, OP_LABEL, next);
  GPU_DO(m, OP_I_ADD, w->t_uint, after, unit, w->step);
  GPU_DO(m, OP_BRANCH, head);
  GPU_DO(m, OP_LABEL, end);
  gpu_spirv_do(m, OP_RETURN, NULL, 0);
  gpu_spirv_do(m, OP_FUNCTION_END, NULL, 0);
  return main;
}

rn_status *gpu_fused_write(const gpu_fused *f, uint32_t **words, size_t *bytes) {
  gpu_writing *w = gpu_zero(sizeof *w);
  if (w == NULL) return gpu_no_memory("a fused program");
  w->f = f;
  w->per = gpu_fused_per_invocation(f);
  rn_status *s = gpu_spirv_begin(&w->m);
  if (s == NULL) {
    gpu_fused_declare(w);
    uint32_t main = write_main(w);
    s = gpu_spirv_end(&w->m, main, words, bytes);
  }
  gpu_spirv_finish(&w->m);
  gpu_free(w);
  return s;
}
