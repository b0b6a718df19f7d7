/* describe_test.c - tables of older and newer plugins are read; tables without sense are refused (tests/unit/plugin).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "plugin/registry.h"

typedef struct newer_op {
  rn_op_def op;
  uint64_t more[4];
} newer_op;
static const newer_op newer[] = {
    {.op = {.struct_size = sizeof(newer_op), .name = "A", .signature = "() -> ()"}, .more = {7}},
    {.op = {.struct_size = sizeof(newer_op), .name = "B", .signature = "() -> (x: float)"}}};
typedef struct older_op { /* a row that ends after the signature */
  uint32_t struct_size, flags;
  const char *name, *signature;
} older_op;
static const older_op older[] = {{sizeof(older_op), 1, "C", "(x: int32) -> ()"}, {sizeof(older_op), 0, "D", "(x"}};
static const rn_group groups_[] = {{.struct_size = sizeof(rn_group), .ops = {newer, 2, sizeof(newer_op)}},
                                   {.struct_size = sizeof(rn_group), .ops = {older, 2, sizeof(older_op)}}};
static const rn_group *const groups[] = {&groups_[0], &groups_[1]};
static int inits, finis;
static rn_status *init(const rn_host_api *h) {
  h->free(h->ctx, h->alloc(h->ctx, 10, 64));
  inits += h->entropy() != h->entropy();
  return NULL;
}
static void fini(void) { finis++; }
static const rn_plugin_desc good = {.struct_size = sizeof good,
                                    .id = "good",
                                    .abi_minor = 9,
                                    .init = init,
                                    .fini = fini,
                                    .groups = groups,
                                    .group_count = 2};
static const rn_plugin_desc *good_entry(void) { return &good; }

static rn_runtime *make(void) {
  rn_runtime *rt = NULL;
  rn_runtime_options o = {.struct_size = sizeof o, .plugin_path = "/nowhere", .config_file = "/dev/null"};
  assert_null(rn_runtime_create(&o, &rt));
  return rt;
}

static void rows_of_any_size_are_read(void **state) {
  (void)state;
  rn_runtime *rt = make();
  const rn_op *op;
  assert_null(rn_runtime_add_static(rt, good_entry));
  assert_null(rn_registry_op(rt, "B", 1, &op));
  assert_int_equal(op->sig->n_out, 1);
  assert_null(rn_registry_op(rt, "C", 1, &op));
  assert_int_equal(op->def->flags, 1);
  assert_null(op->def->infer);
  rn_status *s = rn_registry_op(rt, "D", 1, &op);
  assert_non_null(strstr(rn_status_message(s), "op 'D' of plugin 'good'"));
  rn_status_free(s);
  rn_runtime_destroy(rt);
}

static void init_and_fini_run_once_for_two_runtimes(void **state) {
  (void)state;
  inits = finis = 0;
  rn_runtime *a = make(), *b = make();
  assert_null(rn_runtime_add_static(a, good_entry));
  assert_null(rn_runtime_add_static(b, good_entry));
  rn_runtime_destroy(a);
  assert_int_equal(finis, 0);
  rn_runtime_destroy(b);
  assert_int_equal(inits, 1);
  assert_int_equal(finis, 1);
}

static const rn_op_def nameless[] = {{.struct_size = sizeof(rn_op_def), .signature = "() -> ()"}};
static const rn_group bad_group = {.struct_size = sizeof(rn_group), .ops = RN_TABLE(nameless)};
static const rn_group *const bad_groups[] = {&bad_group};
static const rn_plugin_desc bad = {.struct_size = sizeof bad, .id = "bad", .groups = bad_groups, .group_count = 1};
static const rn_plugin_desc *bad_entry(void) { return &bad; }
static const rn_plugin_desc *no_entry(void) { return NULL; }

static void tables_without_sense_are_refused(void **state) {
  (void)state;
  rn_runtime *rt = make();
  rn_status *s = rn_runtime_add_static(rt, bad_entry);
  assert_non_null(strstr(rn_status_message(s), "plugin 'bad': op 0 has no name"));
  rn_status_free(s);
  s = rn_runtime_add_static(rt, no_entry);
  assert_non_null(s);
  rn_status_free(s);
  rn_runtime_destroy(rt);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(rows_of_any_size_are_read),
                                     cmocka_unit_test(init_and_fini_run_once_for_two_runtimes),
                                     cmocka_unit_test(tables_without_sense_are_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
