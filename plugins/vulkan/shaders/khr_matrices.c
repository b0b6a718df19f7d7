/* khr_matrices.c - at build time: a shader's module from SPV_NV_cooperative_matrix to SPV_KHR_cooperative_matrix
 * (plugins/vulkan/shaders).
 *
 *   khr_matrices module.spv words.inc
 *
 * glslc of Debian 12 knows the first, drivers have the second. They differ in names and in two operands:
 *   - a KHR matrix type says what its matrices are used as: left factor, right factor or sum. Rows and columns tell
 *     it here, as the shader gives them three specialisation constants of their own, SpecId 1, 2 and 4: m, n and k.
 *   - loads and stores take a layout (0: rows, 1: columns) where NV has a stride and a truth value after it.
 * All numbers are those of the two extensions' specifications. What cannot be translated becomes an #error in the
 * words, so that the build stops at it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_WORDS = 1 << 20, MOST_IDS = 1 << 16, HEADER = 5 };
enum {
  OP_EXTENSION = 10,
  OP_CAPABILITY = 17,
  OP_TYPE_INT = 21,
  OP_CONSTANT_TRUE = 41,
  OP_CONSTANT_FALSE = 42,
  OP_CONSTANT = 43,
  OP_DECORATE = 71,
  DECORATION_SPEC_ID = 1
};
enum { NV_CAPABILITY = 5357, NV_TYPE, NV_LOAD, NV_STORE, NV_MUL_ADD, NV_LENGTH };
enum { KHR_CAPABILITY = 6022, KHR_TYPE = 4456, KHR_LOAD, KHR_STORE, KHR_MUL_ADD, KHR_LENGTH };
enum { SPEC_M = 1, SPEC_N = 2, SPEC_K = 4 };
enum { USE_A, USE_B, USE_SUM, USES };

typedef struct module {
  const uint32_t *in;
  size_t n_in;
  uint32_t *out; /* room for the words of `in` and more */
  size_t n_out;
  uint32_t spec[MOST_IDS]; /* by id: 1 + its SpecId; 0: none */
  uint8_t truth[MOST_IDS]; /* by id: 1 + the value of a boolean constant */
  uint32_t number;         /* id of the constant 0; 1 and 2 are the next */
  const char *error;
} module;

static void put(module *m, uint32_t word) { m->out[m->n_out++] = word; }
static void put_all(module *m, const uint32_t *words, size_t n) {
  memcpy(m->out + m->n_out, words, n * sizeof *words);
  m->n_out += n;
}
static void head(module *m, uint32_t op, size_t n) { put(m, (uint32_t)n << 16 | op); }
static uint32_t known(module *m, uint32_t id) {
  if (id < MOST_IDS) return id;
  m->error = "an id beyond the module's bound";
  return 0;
}

static uint32_t use_of(module *m, uint32_t rows, uint32_t columns) {
  uint32_t r = m->spec[known(m, rows)], c = m->spec[known(m, columns)];
  if (r == SPEC_M + 1 && c == SPEC_K + 1) return USE_A;
  if (r == SPEC_K + 1 && c == SPEC_N + 1) return USE_B;
  if (r == SPEC_M + 1 && c == SPEC_N + 1) return USE_SUM;
  m->error = "a matrix whose rows and columns are not the constants m, n and k";
  return USE_SUM;
}

/* The constant that says how the matrix lies, for a constant that says whether by columns. */
static uint32_t layout_of(module *m, uint32_t id) {
  uint32_t truth = m->truth[known(m, id)];
  if (truth == 0) m->error = "a load or store whose order is not true or false";
  return m->number + (truth == 2 ? 1 : 0);
}

/* OpTypeInt 32 0 and, right behind it, the constants 0, 1, 2 that uses and layouts are. */
static void put_numbers(module *m, const uint32_t *w, size_t n) {
  put_all(m, w, n);
  m->number = m->in[3];
  for (uint32_t v = 0; v < USES; v++) {
    head(m, OP_CONSTANT, 4);
    put(m, w[1]);
    put(m, m->number + v);
    put(m, v);
  }
}

/* Where a stride and an order stand from word `at` on: a layout and the stride, then the rest. */
static void put_access(module *m, uint32_t op, const uint32_t *w, size_t n, size_t at) {
  if (n < at + 2) {
    m->error = "a load or store without its operands";
    return;
  }
  head(m, op, n);
  put_all(m, w + 1, at - 1);
  put(m, layout_of(m, w[at + 1]));
  put(m, w[at]);
  put_all(m, w + at + 2, n - at - 2);
}

static void put_type(module *m, const uint32_t *w, size_t n) {
  if (n != 6 || m->number == 0) {
    m->error = "a matrix type before the type of its numbers";
    return;
  }
  head(m, KHR_TYPE, 7);
  put_all(m, w + 1, 5);
  put(m, m->number + use_of(m, w[4], w[5]));
}

static void put_extension(module *m, const uint32_t *w, size_t n) {
  static const char nv[] = "SPV_NV_cooperative_matrix", khr[28] = "SPV_KHR_cooperative_matrix";
  put_all(m, w, n);
  if (n == 8 && memcmp(w + 1, nv, sizeof nv) == 0) memcpy(m->out + m->n_out - 7, khr, sizeof khr);
}

static void note(module *m, const uint32_t *w, size_t n) {
  uint32_t op = w[0] & 0xffff;
  if (op == OP_DECORATE && n == 4 && w[2] == DECORATION_SPEC_ID) m->spec[known(m, w[1])] = w[3] + 1;
  if (op == OP_CONSTANT_FALSE && n == 3) m->truth[known(m, w[2])] = 1;
  if (op == OP_CONSTANT_TRUE && n == 3) m->truth[known(m, w[2])] = 2;
}

static void translate(module *m, const uint32_t *w, size_t n) {
  note(m, w, n);
  switch (w[0] & 0xffff) {
    case OP_CAPABILITY:
      head(m, OP_CAPABILITY, 2);
      put(m, w[1] == NV_CAPABILITY ? KHR_CAPABILITY : w[1]);
      break;
    case OP_EXTENSION:
      put_extension(m, w, n);
      break;
    case OP_TYPE_INT:
      if (n == 4 && w[2] == 32 && w[3] == 0)
        put_numbers(m, w, n);
      else
        put_all(m, w, n);
      break;
    case NV_TYPE:
      put_type(m, w, n);
      break;
    case NV_LOAD:
      put_access(m, KHR_LOAD, w, n, 4);
      break;
    case NV_STORE:
      put_access(m, KHR_STORE, w, n, 3);
      break;
    case NV_MUL_ADD:
    case NV_LENGTH:
      head(m, (w[0] & 0xffff) == NV_LENGTH ? KHR_LENGTH : KHR_MUL_ADD, n);
      put_all(m, w + 1, n - 1);
      break;
    default:
      put_all(m, w, n);
  }
}

static void translate_all(module *m) {
  if (m->n_in < HEADER || m->in[0] != 0x07230203u || m->in[3] > MOST_IDS - USES) {
    m->error = "no SPIR-V module";
    return;
  }
  put_all(m, m->in, HEADER);
  m->out[3] += USES;
  for (size_t at = HEADER; at < m->n_in && m->error == NULL;) {
    size_t n = m->in[at] >> 16;
    if (n == 0 || n > m->n_in - at) {
      m->error = "an instruction beyond the module's end";
      return;
    }
    translate(m, m->in + at, n);
    at += n;
  }
}

static size_t read_words(const char *path, uint32_t *words) {
  FILE *f = fopen(path, "rb");
  size_t n = f != NULL ? fread(words, sizeof *words, MOST_WORDS, f) : 0;
  if (f != NULL) (void)fclose(f);
  return n;
}

static int write_words(const char *path, const module *m) {
  FILE *f = fopen(path, "w");
  if (f == NULL) return 1;
  if (m->error != NULL) (void)fprintf(f, "#error \"khr_matrices: %s\"\n", m->error);
  for (size_t i = 0; i < m->n_out && m->error == NULL; i++)
    (void)fprintf(f, "0x%08x%s", m->out[i], i + 1 == m->n_out ? "\n" : i % 8 == 7 ? ",\n" : ",");
  return fclose(f) != 0;
}

int main(int argc, char **argv) {
  module *m = calloc(1, sizeof *m);
  uint32_t *in = calloc(MOST_WORDS, sizeof *in);
  uint32_t *out = calloc(2 * MOST_WORDS, sizeof *out); /* what becomes longer is less than doubled */
  int failed = argc != 3 || m == NULL || in == NULL || out == NULL;
  if (!failed) {
    m->in = in;
    m->out = out;
    m->n_in = read_words(argv[1], in);
    translate_all(m);
    failed = write_words(argv[2], m);
  }
  free(out);
  free(in);
  free(m);
  return failed;
}
