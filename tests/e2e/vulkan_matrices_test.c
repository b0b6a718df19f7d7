/* vulkan_matrices_test.c - the shaders with cooperative matrices as they are embedded, and the tool that makes them
 * what drivers take (tests/e2e).
 *
 * Needs no device: it reads words. Numbers are those of SPV_KHR_cooperative_matrix, SPV_NV_cooperative_matrix and the
 * SPIR-V specification. */
#include "build.h"

enum { MOST = 1 << 17, MOST_IDS = 1 << 14 };
enum { KHR_TYPE = 4456, KHR_LOAD, KHR_STORE, KHR_MUL_ADD, NV_FIRST = 5358, NV_LAST = 5362 };
enum { EXTENSION = 10, CAPABILITY = 17, CONSTANT = 43, DECORATE = 71, SPEC_ID = 1 };
enum { SPEC_M = 1, SPEC_N = 2, SPEC_K = 4 };

typedef struct module {
  uint32_t word[MOST], n;
  uint32_t spec[MOST_IDS];  /* by id: 1 + SpecId */
  uint32_t value[MOST_IDS]; /* by id: 1 + the value of a constant of one word */
  uint32_t use[MOST_IDS];   /* by id: 1 + the use of a matrix type, or of a matrix that was loaded or summed */
  uint32_t count[8];        /* of types by use, then loads, stores, sums */
} module;
enum { LOADS = 3, STORES, SUMS };

static module *read_module(const char *name) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s.inc", WORDS_FOLDER, name);
  module *m = calloc(1, sizeof *m);
  FILE *f = fopen(path, "r");
  if (f == NULL) fail_msg("%s is not there", path);
  assert_non_null(m);
  while (m->n < MOST && fscanf(f, " 0x%x ,", &m->word[m->n]) == 1) m->n++;
  fclose(f);
  assert_true(m->n > 1000 && m->n < MOST);
  assert_int_equal(m->word[0], 0x07230203);
  assert_true(m->word[3] <= MOST_IDS);
  return m;
}

/* Calls f for each instruction; the module must end where its last one does. */
static void for_all(module *m, void (*f)(module *m, const uint32_t *w, uint32_t op, uint32_t n)) {
  uint32_t at = 5;
  while (at < m->n) {
    uint32_t n = m->word[at] >> 16;
    assert_true(n > 0 && at + n <= m->n);
    f(m, m->word + at, m->word[at] & 0xffff, n);
    at += n;
  }
}

/* A constant's id is defined before it is used, with this value. */
static uint32_t value_of(const module *m, uint32_t id) {
  assert_true(id < m->word[3] && m->value[id] != 0);
  return m->value[id] - 1;
}

static void check_type(module *m, const uint32_t *w, uint32_t n) {
  static const uint32_t rows[] = {SPEC_M, SPEC_K, SPEC_M}, columns[] = {SPEC_K, SPEC_N, SPEC_N};
  assert_int_equal(n, 7);
  uint32_t use = value_of(m, w[6]);
  assert_true(use < 3);
  assert_int_equal(value_of(m, w[3]), 3); /* of a subgroup */
  assert_int_equal(m->spec[w[4]], rows[use] + 1);
  assert_int_equal(m->spec[w[5]], columns[use] + 1);
  m->use[w[1]] = use + 1;
  m->count[use]++;
}

static void check_instruction(module *m, const uint32_t *w, uint32_t op, uint32_t n) {
  if (op >= NV_FIRST && op <= NV_LAST) fail_msg("an instruction of the old extension is left: %u", op);
  if (op == CAPABILITY) assert_int_not_equal(w[1], 5357);
  if (op == EXTENSION) assert_string_not_equal((const char *)(w + 1), "SPV_NV_cooperative_matrix");
  if (op == DECORATE && n == 4 && w[2] == SPEC_ID) m->spec[w[1]] = w[3] + 1;
  if (op == CONSTANT && n == 4) {
    assert_true(m->value[w[2]] == 0); /* no id twice */
    m->value[w[2]] = w[3] + 1;
  }
  if (op == KHR_TYPE) check_type(m, w, n);
  if (op == KHR_LOAD) { /* type, id, pointer, layout, stride */
    assert_true(n >= 6 && value_of(m, w[4]) <= 1);
    assert_in_range(m->use[w[1]], 1, 2);
    m->use[w[2]] = m->use[w[1]];
    m->count[LOADS]++;
  }
  if (op == KHR_STORE) { /* pointer, matrix, layout, stride */
    assert_true(n >= 5);
    assert_int_equal(value_of(m, w[3]), 0);
    m->count[STORES]++;
  }
  if (op == KHR_MUL_ADD) { /* type, id, left, right, sum */
    assert_int_equal(n, 6);
    assert_int_equal(m->use[w[1]], 3);
    m->count[SUMS]++;
  }
}

static int has_word_pair(const module *m, uint32_t first, uint32_t second) {
  for (uint32_t i = 5; i + 1 < m->n; i++)
    if (m->word[i] == first && m->word[i + 1] == second) return 1;
  return 0;
}

static void embedded_modules_are_of_the_extension_that_drivers_have(void **state) {
  (void)state;
  static const char *const names[] = {"product_matrix", "conv_matrix"};
  for (size_t i = 0; i < 2; i++) {
    module *m = read_module(names[i]);
    for_all(m, check_instruction);
    assert_true(has_word_pair(m, 2u << 16 | CAPABILITY, 6022)); /* CooperativeMatrixKHR */
    assert_true(has_word_pair(m, 2u << 16 | CAPABILITY, 5345)); /* VulkanMemoryModel, which it requires */
    assert_true(has_word_pair(m, 2u << 16 | CAPABILITY, 9));    /* Float16 */
    for (uint32_t use = 0; use < 3; use++) assert_int_equal(m->count[use], 1);
    assert_int_equal(m->count[LOADS], 4); /* each factor, in both orders */
    assert_int_equal(m->count[STORES], 1);
    assert_int_equal(m->count[SUMS], 1);
    free(m);
  }
}

/* ------------------------------------------------------------------------------------------- the tool */
typedef struct bytes {
  uint32_t word[MOST];
  size_t n;
} bytes;
static bytes *read_source(void) {
  bytes *b = calloc(1, sizeof *b);
  FILE *f = fopen(WORDS_FOLDER "/product_matrix.spv", "rb");
  assert_non_null(f);
  assert_non_null(b);
  b->n = fread(b->word, 4, MOST, f);
  fclose(f);
  assert_true(b->n > 1000);
  return b;
}

/* What it makes of the first n words: the first line of the result. */
static void run_tool(const bytes *b, size_t n, char line[256]) {
  char folder[] = "/tmp/runnel_words_XXXXXX", command[1024], path[64];
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/in.spv", folder);
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(b->word, 4, n, f), n);
  fclose(f);
  snprintf(command, sizeof command, "%s %s/in.spv %s/out.inc", WORDS_TOOL, folder, folder);
  assert_int_equal(system(command), 0);
  snprintf(path, sizeof path, "%s/out.inc", folder);
  f = fopen(path, "r");
  assert_non_null(f);
  assert_non_null(fgets(line, 256, f));
  fclose(f);
  snprintf(command, sizeof command, "rm -r %s", folder);
  assert_int_equal(system(command), 0);
}

/* Where the module says that SpecId `id` is a constant's. */
static uint32_t *spec_id(bytes *b, uint32_t id) {
  for (size_t i = 5; i + 4 < b->n; i++)
    if (b->word[i] == (4u << 16 | DECORATE) && b->word[i + 2] == SPEC_ID && b->word[i + 3] == id)
      return b->word + i + 3;
  fail_msg("no constant has SpecId %u", id);
  return NULL;
}

static void what_cannot_be_translated_stops_the_build(void **state) {
  (void)state;
  char line[256];
  bytes *b = read_source();
  run_tool(b, b->n, line);
  assert_int_equal(strncmp(line, "0x07230203,", 11), 0);
  run_tool(b, 0, line);
  assert_string_equal(line, "#error \"khr_matrices: no SPIR-V module\"\n");
  b->word[b->n - 1] += 1u << 16; /* the last instruction has one word, now two */
  run_tool(b, b->n, line);
  b->word[b->n - 1] -= 1u << 16;
  assert_string_equal(line, "#error \"khr_matrices: an instruction beyond the module's end\"\n");
  *spec_id(b, SPEC_K) = 11; /* k is another constant */
  run_tool(b, b->n, line);
  assert_non_null(strstr(line, "#error \"khr_matrices: a matrix whose rows and columns are not"));
  free(b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(embedded_modules_are_of_the_extension_that_drivers_have),
      cmocka_unit_test(what_cannot_be_translated_stops_the_build),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
