/* program_test.c - programs as text and bytes; what the verifier lets pass (tests/tpu). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "random_program.h"

static void must(rn_status *s) {
  if (s != NULL) print_error("%s\n", host_text(s));
  assert_null(s);
}

static void same(const tpu_program *a, const tpu_program *b) {
  assert_int_equal(a->n_ins, b->n_ins);
  assert_int_equal(a->n_io, b->n_io);
  assert_int_equal(a->n_data, b->n_data);
  assert_true(a->memory_bytes == b->memory_bytes && a->print == b->print);
  assert_string_equal(a->machine, b->machine);
  assert_memory_equal(a->ins, b->ins, a->n_ins * sizeof *a->ins);
  assert_memory_equal(a->io, b->io, a->n_io * sizeof *a->io);
  assert_int_equal(a->n_bytes, b->n_bytes);
  assert_memory_equal(a->bytes, b->bytes, a->n_bytes);
}

static void text_and_bytes_give_the_same_program_back(void **state) {
  (void)state;
  for (int round = 0; round < 60; round++) {
    tpu_machine m = small_machine(round % 2 ? TPU_BF16 : TPU_INT8);
    tpu_program p, from_text, from_bytes;
    tpu_text text = {&host, NULL, 0, 0, 0}, bytes = text, again = text;
    random_program(&m, 30, &p);
    must(tpu_disassemble(&p, &text));
    must(tpu_assemble(&host, text.chars, &from_text));
    same(&p, &from_text);
    must(tpu_disassemble(&from_text, &again));
    assert_string_equal(text.chars, again.chars);
    must(tpu_program_write(&p, &bytes));
    must(tpu_program_read(&host, bytes.chars, bytes.n, &from_bytes));
    same(&p, &from_bytes);
    tpu_program_finish(&p), tpu_program_finish(&from_text), tpu_program_finish(&from_bytes);
    tpu_text_finish(&text), tpu_text_finish(&bytes), tpu_text_finish(&again);
  }
}

/* Every prefix of a program's bytes is refused, and so is a byte too many. */
static void cut_bytes_are_refused(void **state) {
  (void)state;
  tpu_machine m = small_machine(TPU_BF16);
  tpu_program p, q;
  tpu_text bytes = {&host, NULL, 0, 0, 0};
  random_program(&m, 5, &p);
  must(tpu_program_write(&p, &bytes));
  for (size_t n = 0; n < bytes.n; n++) {
    rn_status *s = tpu_program_read(&host, bytes.chars, n, &q);
    assert_int_equal(host_code(s), RN_DATA_LOSS);
    host_free_status(s);
    tpu_program_finish(&q);
  }
  tpu_program_finish(&p);
  tpu_text_finish(&bytes);
}

typedef struct refusal {
  const char *text, *said;
} refusal;

static void refuses(const refusal *r, uint32_t arithmetic) {
  char text[1024];
  tpu_machine m = small_machine(arithmetic);
  tpu_program p;
  tpu_needs needs;
  (void)snprintf(text, sizeof text, ".machine small print=%llu\n.memory 256\n.io 64 in near\n.io 64 out far\n%s\nend\n",
                 (unsigned long long)tpu_machine_print(&m), r->text);
  must(tpu_assemble(&host, text, &p));
  rn_status *s = tpu_verify(&p, &m, &needs);
  if (s == NULL || strstr(host_text(s), r->said) == NULL) print_error("%s\n-> %s\n", r->text, host_text(s));
  assert_non_null(s);
  assert_non_null(strstr(host_text(s), r->said));
  host_free_status(s);
  tpu_program_finish(&p);
}

static void what_lies_outside_of_a_memory_is_refused_by_name(void **state) {
  (void)state;
  static const refusal list[] = {
      {"vector.copy dst=buffer+0xffc a=io0+0x0 rows=1 cols=2 dcs=1 acs=1", "dst: it ends at byte 4100"},
      {"vector.copy dst=buffer+0x0 a=io0+0x0 rows=1 cols=17 dcs=1 acs=1", "a: it ends at byte 68, its memory at 64"},
      {"vector.copy dst=buffer+0x0 a=io0+0x0 rows=4294967295 cols=1 ars=4294967295", "larger than any memory"},
      {"vector.copy dst=io0+0x0 a=buffer+0x0 rows=1 cols=1", "tensor 0 may not be written"},
      {"vector.copy dst=buffer+0x0 a=io7+0x0 rows=1 cols=1", "there is no tensor 7"},
      {"vector.copy dst=buffer+0x2 a=io0+0x0 rows=1 cols=1", "not a multiple of 4"},
      {"vector.add dst=buffer+0x0 a=io0+0x0 rows=1 cols=1", "b is nowhere"},
      {"vector.copy dst=buffer+0x0 a=io0+0x0 cols=1", "empty"},
      {"load a=io0+0x0 k=6 cols=1 rs=1 cs=1", "larger than the array"},
      {"matmul a=io0+0x0 rows=1 k=1 cols=1", "no tile was loaded"},
      {"load a=io0+0x0 k=2 cols=1\nmatmul a=io0+0x0 rows=1 k=1 cols=1", "not those of its tile"},
      {"load a=io0+0x0 k=1 cols=1\nmatmul a=io0+0x0 acc=20 rows=5 k=1 cols=1", "beyond the accumulators"},
      {"load a=io0+0x0 k=1 cols=1\nmatmul slot=2 a=io0+0x0 rows=1 k=1 cols=1", "holds no window"},
      {"load a=io0+0x0 k=1 cols=1\nload a=io0+0x0 k=1 cols=1\nload a=io0+0x0 k=1 cols=1\nload a=io0+0x0 k=1 cols=1",
       "the weight queue is full"},
      {"store.none dst=buffer+0x0 acc=24 rows=1 cols=1", "beyond the accumulators"},
      {"store.none dst=buffer+0x0 rows=1 cols=8", "more columns than the array"},
      {"window slot=1 n=1 h=4 w=4 c=2 kh=2 kw=2 sh=1 sw=1 dh=1 dw=1 oh=3 ow=3\npool.max slot=1 dst=buffer+0x0 "
       "a=io0+0x0",
       "a: it ends at byte 128"},
      {"window slot=1 n=1048576 h=1048576 w=4 c=2 kh=2 kw=2 sh=1 sw=1 dh=1 dw=1 oh=3 ow=3", "larger than any memory"},
      {"quantize dst=buffer+0x0 a=io0+0x0 count=1", "for machines of integers"},
      {"end", "instructions follow it"}};
  for (size_t k = 0; k < sizeof list / sizeof list[0]; k++) refuses(&list[k], TPU_BF16);
  static const refusal integers[] = {
      {"vector.copy dst=buffer+0x0 a=io0+0x0 rows=1 cols=1", "no vector unit for real numbers"},
      {"store.none dst=buffer+0x0 rows=1 cols=1", "needs the table"},
      {"lookup dst=buffer+0x0 a=buffer+0x0 b=memory+0x1 rows=1 cols=1", "b: it ends at byte 257"},
      {"lookup dst=buffer+0xff0 a=buffer+0x0 b=memory+0x0 rows=2 cols=1 drs=16", "dst: it ends at byte 4097"},
      {"lookup dst=buffer+0x0 a=buffer+0x0 b=memory+0x0 rows=9 cols=1 ars=4294967295", "a: it ends at byte"},
      {"combine.add dst=buffer+0x0 a=buffer+0x0 b=buffer+0xfff rows=1 cols=2 acs=1 bcs=1 shift=1", "b: it ends at"},
      {"combine.add dst=buffer+0x0 a=buffer+0x0 b=buffer+0x0 rows=1 cols=1", "shifts are 1 to 62"},
      {"combine.mul dst=buffer+0x0 a=buffer+0x0 b=buffer+0x0 rows=1 cols=1 shift=63", "shifts are 1 to 62"},
      {"combine.mul dst=buffer+0x0 a=buffer+0x0 b=buffer+0x0 rows=1 cols=1 shift=9 za=128", "is not int8"},
      {"combine.mul dst=buffer+0x0 a=buffer+0x0 b=buffer+0x0 rows=1 shift=9", "it is empty"}};
  for (size_t k = 0; k < sizeof integers / sizeof integers[0]; k++) refuses(&integers[k], TPU_INT8);
}

static void a_wrong_line_is_named(void **state) {
  (void)state;
  static const refusal list[] = {{"\n\nfly", "line 3: no such instruction: 'fly'"},
                                 {"vector.hop", "line 1: no such function"},
                                 {"load k=x", "line 1: not a number of 32 bits: 'k=x'"},
                                 {"load k=4294967296", "not a number of 32 bits"},
                                 {"load a=attic+0x0", "not a place"},
                                 {"load +bias", "no such flag"},
                                 {"load +accumulate", "no such flag"},
                                 {".io many", "expected its bytes"},
                                 {".data 0x0 abc", "pairs of hexadecimal digits"},
                                 {".machine", "expected a name"}};
  for (size_t k = 0; k < sizeof list / sizeof list[0]; k++) {
    tpu_program p;
    rn_status *s = tpu_assemble(&host, list[k].text, &p);
    if (s == NULL || strstr(host_text(s), list[k].said) == NULL) print_error("%s -> %s\n", list[k].text, host_text(s));
    assert_non_null(s);
    assert_non_null(strstr(host_text(s), list[k].said));
    host_free_status(s);
    tpu_program_finish(&p);
  }
}

static void a_program_runs_on_its_own_kind_of_machine_only(void **state) {
  (void)state;
  tpu_machine m = small_machine(TPU_BF16), other = m, faster = m;
  tpu_program p;
  tpu_needs needs;
  other.array_rows++;
  faster.clock_mhz *= 2;
  random_program(&m, 3, &p);
  must(tpu_verify(&p, &faster, &needs));
  rn_status *s = tpu_verify(&p, &other, &needs);
  assert_int_equal(host_code(s), RN_FAILED_PRECONDITION);
  host_free_status(s);
  tpu_program_finish(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(text_and_bytes_give_the_same_program_back), cmocka_unit_test(cut_bytes_are_refused),
      cmocka_unit_test(what_lies_outside_of_a_memory_is_refused_by_name), cmocka_unit_test(a_wrong_line_is_named),
      cmocka_unit_test(a_program_runs_on_its_own_kind_of_machine_only)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
