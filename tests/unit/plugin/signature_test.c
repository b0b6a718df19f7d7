/* signature_test.c - the signature notation: what it takes, and what it says of what it does not (tests/unit/plugin).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "base/arena.h"
#include "plugin/registry.h"

static rn_arena arena;
static int start(void **state) {
  (void)state;
  rn_arena_init(&arena, 1024);
  return 0;
}
static int end(void **state) {
  (void)state;
  rn_arena_finish(&arena);
  return 0;
}
static const rn_signature *parse(const char *text) {
  rn_signature *s = NULL;
  rn_status *e = rn_signature_parse(text, &arena, &s);
  if (e != NULL) fail_msg("%s: %s", text, rn_status_message(e));
  return s;
}

static void arguments_refer_to_attributes(void **state) {
  (void)state;
  const rn_signature *s = parse(
      "(a: T, values: N * T, ref: Ref(T), any: Tlist, n: int32) -> (out: T); N: int >= 1; T: {float, double} = "
      "DT_FLOAT; "
      "Tlist: list(type) >= 1");
  assert_int_equal(s->n_in, 5);
  assert_int_equal(s->n_out, 1);
  assert_int_equal(s->in[0].type_attr, 1);
  assert_int_equal(s->in[1].number_attr, 0);
  assert_int_equal(s->in[2].is_ref, 1);
  assert_int_equal(s->in[3].list_attr, 2);
  assert_int_equal(s->in[4].type, RN_INT32);
  assert_int_equal(s->attr[1].def.u.type, RN_FLOAT);
  assert_int_equal(s->attr[1].n_types, 2);
  assert_int_equal(rn_signature_find_attr(s, "Tlist", 5), 2);
  assert_int_equal(rn_signature_find_attr(s, "Tl", 2), -1);
}

static void defaults_have_values(void **state) {
  (void)state;
  const rn_signature *s = parse(
      "() -> (); strides: list(int) = [1, -2]; padding: {\"SAME\", \"VALID\"} = \"VALID\"; a: shape = <unknown>; b: "
      "shape = [2,-1]; "
      "c: shape = []; e: float = 0.5; f: bool = true; s: string = \"\"; t: list(type) = []; g: func; v: tensor; i: int "
      ">= 1 = 3;");
  assert_int_equal(s->n_in + s->n_out, 0);
  assert_int_equal(s->attr[0].def.count, 2);
  assert_int_equal(((const int64_t *)s->attr[0].def.u.list)[1], -2);
  assert_int_equal(s->attr[1].n_strings, 2);
  assert_int_equal(s->attr[1].def.u.bytes.size, 5);
  assert_int_equal(s->attr[2].def.u.shape->rank, -1);
  assert_int_equal(s->attr[3].def.u.shape->dim[1], RN_DIM_UNKNOWN);
  assert_int_equal(s->attr[4].def.u.shape->rank, 0);
  assert_true(s->attr[5].def.u.f == 0.5f);
  assert_int_equal(s->attr[6].def.u.b, 1);
  assert_int_equal(s->attr[7].def.u.bytes.size, 0);
  assert_int_equal(s->attr[8].has_default, 1);
  assert_int_equal(s->attr[9].type, RN_ATTR_FUNC);
  assert_int_equal(s->attr[10].type, RN_ATTR_TENSOR);
  assert_int_equal(s->attr[11].def.u.i, 3);
}

static void named_sets_of_types_are_known(void **state) {
  (void)state;
  const rn_signature *s =
      parse("(x: T) -> (y: resource); T: numbertype; U: type; Q: list(quantizedtype); R: realnumbertype");
  assert_int_equal(s->attr[0].n_types, 17);
  assert_int_equal(s->attr[1].n_types, 0);
  assert_int_equal(s->attr[2].type, RN_ATTR_LIST | RN_ATTR_TYPE);
  assert_int_equal(s->attr[2].n_types, 5);
  assert_int_equal(s->out[0].type, RN_RESOURCE);
}

static void bad_signatures_are_refused_with_a_place(void **state) {
  (void)state;
  static const char *const bad[] = {"",
                                    "(",
                                    "(a)",
                                    "(a: T) -> (b: T)",
                                    "(a: float) ->",
                                    "(a: float) -> (b: float) x",
                                    "(a: float, a: float) -> ()",
                                    "() -> (); N: int; N: int",
                                    "() -> (); N: integer",
                                    "(a: N * float) -> (); N: float",
                                    "() -> (); T: {float, dubble}",
                                    "() -> (); T: {}",
                                    "() -> (); i: int = x",
                                    "() -> (); i: int >= 2 = 1",
                                    "() -> (); T: {float} = DT_INT32",
                                    "() -> (); p: {\"A\"} = \"B\"",
                                    "() -> (); s: string = \"x",
                                    "() -> (); s: string = \"x\\",
                                    "() -> (); l: list(int = [1]",
                                    "() -> (); l: list(int) = [1",
                                    "() -> (); l: list(int) >= 2 = [1]",
                                    "() -> (); s: shape = [1,2,3,4,5,6,7,8,9]",
                                    "() -> (); s: shape = [-5]",
                                    "(a: Ref(float) -> ()",
                                    "(a: Ref(Ref(float))) -> ()",
                                    "() -> (); f: float >= 1",
                                    "(a: N * L) -> (); N: int; L: list(type)",
                                    "() -> (); i: int = 99999999999999999999"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    rn_signature *s;
    rn_status *e = rn_signature_parse(bad[i], &arena, &s);
    if (e == NULL) fail_msg("taken: %s", bad[i]);
    assert_int_equal(rn_status_code(e), RN_INVALID_ARGUMENT);
    assert_non_null(strstr(rn_status_message(e), "signature"));
    rn_status_free(e);
  }
}

static void every_prefix_of_a_signature_is_safe(void **state) {
  (void)state;
  static const char whole[] =
      "(a: N * Ref(T)) -> (b: T); N: int >= 1 = 2; T: {float, double} = DT_FLOAT; s: list(shape) = [[1,?], <unknown>]";
  char part[sizeof whole];
  for (size_t n = 0; n < sizeof whole; n++) {
    rn_signature *s;
    memcpy(part, whole, n);
    part[n] = '\0';
    rn_status_free(rn_signature_parse(part, &arena, &s));
  }
  parse(whole);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(arguments_refer_to_attributes), cmocka_unit_test(defaults_have_values),
      cmocka_unit_test(named_sets_of_types_are_known), cmocka_unit_test(bad_signatures_are_refused_with_a_place),
      cmocka_unit_test(every_prefix_of_a_signature_is_safe)};
  return cmocka_run_group_tests(tests, start, end);
}
