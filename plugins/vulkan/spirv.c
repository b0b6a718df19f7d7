/* spirv.c - SPIR-V modules written at run time out of the library of formulas (plugins/vulkan).
 *
 * The library is shaders/fuse.comp as glslc left it: one function per formula, under its name. Its words were made with
 * the plugin and are trusted. Sums and products in a function that comes over are marked as not to be contracted, so
 * that a chain gives what one kernel after the other gives. */
#include "spirv.h"
#include "kernel.h"

enum {
  OP_EXT_INST_IMPORT = 11,
  OP_NAME = 5,
  OP_MEMORY_MODEL = 14,
  OP_ENTRY_POINT = 15,
  OP_EXECUTION_MODE = 16,
  OP_CAPABILITY = 17,
  OP_CONSTANT_FIRST = 41,
  OP_SPEC_CONSTANT_OP = 52,
  OP_MEMBER_DECORATE = 72,
  OP_F_ADD = 129,
  OP_F_SUB = 131,
  OP_F_MUL = 133,
  HEADER = 5,
  MODE_LOCAL_SIZE = 17,
  NO_CONTRACTION = 42,
  MAX_FUNCTIONS = 256
};

typedef struct function {
  const char *name;
  uint32_t id, first, end; /* words of the library */
} function;
static struct {
  pthread_once_t once;
  const uint32_t *word;
  uint32_t n, globals, code; /* where types and functions begin */
  function function[MAX_FUNCTIONS];
  uint32_t n_functions;
} library = {.once = PTHREAD_ONCE_INIT};

static uint32_t op_at(const uint32_t *w) { return w[0] & 0xffffu; }
static uint32_t size_at(const uint32_t *w) { return w[0] >> 16; }
static int is_type(uint32_t op) { return op >= OP_TYPE_VOID && op <= OP_TYPE_FUNCTION; }
static int is_global(uint32_t op) {
  return is_type(op) || (op >= OP_CONSTANT_FIRST && op <= OP_SPEC_CONSTANT_OP) || op == OP_VARIABLE;
}

/* ------------------------------------------------------------------------------------- the library */
static const char *name_of(uint32_t id) {
  for (uint32_t i = HEADER; i < library.globals; i += size_at(library.word + i))
    if (op_at(library.word + i) == OP_NAME && library.word[i + 1] == id) return (const char *)(library.word + i + 2);
  return "";
}

static void read_library(void) {
  library.word = gpu_shaders[SHADER_fuse].words;
  library.n = (uint32_t)(gpu_shaders[SHADER_fuse].bytes / 4);
  uint32_t at = HEADER;
  while (at < library.n && !is_global(op_at(library.word + at))) at += size_at(library.word + at);
  library.globals = at;
  while (at < library.n && op_at(library.word + at) != OP_FUNCTION) at += size_at(library.word + at);
  library.code = at;
  for (; at < library.n && library.n_functions < MAX_FUNCTIONS; library.n_functions++) {
    function *f = &library.function[library.n_functions];
    *f = (function){name_of(library.word[at + 2]), library.word[at + 2], at, 0};
    while (op_at(library.word + at) != OP_FUNCTION_END) at += size_at(library.word + at);
    f->end = ++at;
  }
}

int gpu_spirv_find(const char *name) {
  (void)pthread_once(&library.once, read_library);
  for (uint32_t k = 0; k < library.n_functions; k++)
    if (strcmp(library.function[k].name, name) == 0) return (int)k;
  return -1;
}

/* ----------------------------------------------------------------------------------------- writing */
static void add_words(gpu_spirv *m, gpu_words *to, const uint32_t *words, uint32_t n) {
  uint32_t wanted = to->capacity;
  while (wanted < to->n + n) wanted = wanted * 2 + 256;
  if (wanted != to->capacity) {
    uint32_t *grown = gpu_host->alloc(gpu_host->ctx, (size_t)wanted * 4, 16);
    if (grown == NULL) {
      m->failed = 1;
      return;
    }
    if (to->n != 0) memcpy(grown, to->at, (size_t)to->n * 4);
    gpu_free(to->at);
    to->at = grown;
    to->capacity = wanted;
  }
  if (n != 0) memcpy(to->at + to->n, words, (size_t)n * 4);
  to->n += n;
}

static void add_word(gpu_spirv *m, gpu_words *to, uint32_t word) { add_words(m, to, &word, 1); }

/* type and result where they are not 0 */
static void add(gpu_spirv *m, gpu_words *to, uint32_t op, uint32_t type, uint32_t result, const uint32_t *operands,
                uint32_t n) {
  uint32_t size = 1 + (type != 0 ? 1u : 0) + (result != 0 ? 1u : 0) + n;
  add_word(m, to, size << 16 | op);
  if (type != 0) add_word(m, to, type);
  if (result != 0) add_word(m, to, result);
  add_words(m, to, operands, n);
}

uint32_t gpu_spirv_number(gpu_spirv *m) { return m->next++; }

uint32_t gpu_spirv_make(gpu_spirv *m, uint32_t op, uint32_t type, const uint32_t *operands, uint32_t n) {
  uint32_t result = m->next++;
  add(m, &m->code, op, type, result, operands, n);
  return result;
}

void gpu_spirv_do(gpu_spirv *m, uint32_t op, const uint32_t *operands, uint32_t n) {
  add(m, &m->code, op, 0, 0, operands, n);
}

uint32_t gpu_spirv_global(gpu_spirv *m, uint32_t op, uint32_t type, const uint32_t *operands, uint32_t n) {
  uint32_t skip = type != 0 ? 3 : 2;
  for (uint32_t i = 0; i < m->globals.n; i += size_at(m->globals.at + i)) {
    const uint32_t *w = m->globals.at + i;
    if (op_at(w) == op && size_at(w) == skip + n && (type == 0 || w[1] == type) &&
        (n == 0 || memcmp(w + skip, operands, (size_t)n * 4) == 0))
      return w[skip - 1];
  }
  uint32_t result = m->next++;
  add(m, &m->globals, op, type, result, operands, n);
  return result;
}

uint32_t gpu_spirv_decorated(gpu_spirv *m, uint32_t decoration, uint32_t value) {
  for (uint32_t i = 0; i < m->decorations.n; i += size_at(m->decorations.at + i)) {
    const uint32_t *w = m->decorations.at + i;
    if (op_at(w) == OP_DECORATE && w[2] == decoration && size_at(w) == 4 && w[3] == value) return w[1];
  }
  return 0;
}

static void decorate(gpu_spirv *m, uint32_t id, uint32_t decoration, uint32_t value) {
  add(m, &m->decorations, OP_DECORATE, 0, 0, (const uint32_t[]){id, decoration, value}, 3);
}

uint32_t gpu_spirv_variable(gpu_spirv *m, uint32_t pointer_type, uint32_t storage, uint32_t binding) {
  uint32_t result = m->next++;
  add(m, &m->globals, OP_VARIABLE, pointer_type, result, &storage, 1);
  decorate(m, result, DECORATION_SET, 0);
  decorate(m, result, DECORATION_BINDING, binding);
  return result;
}

/* --------------------------------------------------------------------------------------- functions */
static int number_of(uint32_t id) {
  for (uint32_t k = 0; k < library.n_functions; k++)
    if (library.function[k].id == id) return (int)k;
  return -1;
}

static void take(gpu_spirv *m, int number) {
  if (number < 0 || m->taken[number]) return;
  m->taken[number] = 1;
  const function *f = &library.function[number];
  for (uint32_t i = f->first; i < f->end; i += size_at(library.word + i)) {
    const uint32_t *w = library.word + i;
    uint32_t op = op_at(w);
    if (op == OP_FUNCTION_CALL) take(m, number_of(w[3]));
    if (op == OP_F_ADD || op == OP_F_SUB || op == OP_F_MUL)
      add(m, &m->decorations, OP_DECORATE, 0, 0, (const uint32_t[]){w[2], NO_CONTRACTION}, 2);
  }
}

uint32_t gpu_spirv_call(gpu_spirv *m, int number, const uint32_t *arguments, uint32_t n) {
  const function *f = &library.function[number];
  uint32_t operands[4] = {f->id};
  take(m, number);
  memcpy(operands + 1, arguments, n * sizeof *arguments);
  return gpu_spirv_make(m, OP_FUNCTION_CALL, library.word[f->first + 1], operands, n + 1);
}

/* ------------------------------------------------------------------------------------ begin and end */
static int is_taken_over(const uint32_t *w) { /* not the library's buffer */
  return op_at(w) != OP_VARIABLE || w[3] != STORAGE_BUFFER;
}

static int is_global_number(uint32_t id) {
  for (uint32_t i = library.globals; i < library.code; i += size_at(library.word + i)) {
    const uint32_t *w = library.word + i;
    if (w[is_type(op_at(w)) ? 1 : 2] == id) return is_taken_over(w);
  }
  return 0;
}

/* Not those of what is inside of functions, nor what stands there twice. */
static void copy_decorations(gpu_spirv *m) {
  for (uint32_t i = HEADER; i < library.globals; i += size_at(library.word + i)) {
    const uint32_t *w = library.word + i;
    uint32_t op = op_at(w);
    if ((op != OP_DECORATE && op != OP_MEMBER_DECORATE) || !is_global_number(w[1])) continue;
    if (op == OP_DECORATE && w[2] == DECORATION_SPEC_ID && gpu_spirv_decorated(m, w[2], w[3]) != 0) continue;
    add_words(m, &m->decorations, w, size_at(w));
  }
}

rn_status *gpu_spirv_begin(gpu_spirv *m) {
  (void)pthread_once(&library.once, read_library);
  memset(m, 0, sizeof *m);
  m->next = library.word[3];
  m->taken = gpu_zero(MAX_FUNCTIONS);
  if (m->taken == NULL) return gpu_no_memory("a fused program");
  copy_decorations(m);
  for (uint32_t i = library.globals; i < library.code; i += size_at(library.word + i)) {
    const uint32_t *w = library.word + i;
    if (is_taken_over(w)) add_words(m, &m->globals, w, size_at(w));
  }
  for (uint32_t i = HEADER; i < library.globals; i += size_at(library.word + i))
    if (op_at(library.word + i) == OP_EXT_INST_IMPORT) m->ext = library.word[i + 1];
  return NULL;
}

/* All variables are the entry point's interface: since SPIR-V 1.4 not only what comes in and goes out. */
static void add_entry(gpu_spirv *m, gpu_words *to, uint32_t main) {
  uint32_t list[64] = {5 /* GLCompute */, main, 0x6e69616du /* "main" */, 0}, n = 4;
  for (uint32_t i = 0; i < m->globals.n && n < 64; i += size_at(m->globals.at + i))
    if (op_at(m->globals.at + i) == OP_VARIABLE) list[n++] = m->globals.at[i + 2];
  add(m, to, OP_ENTRY_POINT, 0, 0, list, n);
  add(m, to, OP_EXECUTION_MODE, 0, 0, (const uint32_t[]){main, MODE_LOCAL_SIZE, 1, 1, 1}, 5);
}

rn_status *gpu_spirv_end(gpu_spirv *m, uint32_t main, uint32_t **words, size_t *bytes) {
  gpu_words all = {NULL, 0, 0};
  const uint32_t header[HEADER] = {library.word[0], library.word[1], 0, m->next, 0};
  add_words(m, &all, header, HEADER);
  for (uint32_t i = HEADER; i < library.globals; i += size_at(library.word + i)) {
    uint32_t op = op_at(library.word + i);
    if (op == OP_CAPABILITY || op == OP_EXT_INST_IMPORT || op == OP_MEMORY_MODEL)
      add_words(m, &all, library.word + i, size_at(library.word + i));
  }
  add_entry(m, &all, main);
  add_words(m, &all, m->decorations.at, m->decorations.n);
  add_words(m, &all, m->globals.at, m->globals.n);
  add_words(m, &all, m->code.at, m->code.n);
  for (uint32_t k = 0; k < library.n_functions; k++) {
    const function *f = &library.function[k];
    if (m->taken[k]) add_words(m, &all, library.word + f->first, f->end - f->first);
  }
  if (m->failed) {
    gpu_free(all.at);
    return gpu_no_memory("a fused program");
  }
  *words = all.at;
  *bytes = (size_t)all.n * 4;
  return NULL;
}

void gpu_spirv_finish(gpu_spirv *m) {
  gpu_free(m->decorations.at);
  gpu_free(m->globals.at);
  gpu_free(m->code.at);
  gpu_free(m->taken);
}
