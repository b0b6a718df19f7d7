/* store_test.c - stores: names, contradictions, objects made once, order of locks (tests/unit/tensor). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "tensor/cell.h"

static rn_bytes text(const char *s) { return (rn_bytes){s, strlen(s)}; }
static const rn_shape scalar = {0, 0, {0}};

static void one_name_is_one_cell(void **state) {
  (void)state;
  rn_store *s;
  rn_resource *a, *b, *c, *d;
  assert_null(rn_store_create(&s));
  assert_null(rn_store_cell(s, text(""), text("w"), RN_FLOAT, &scalar, &a));
  assert_null(rn_store_cell(s, text(""), text("w"), RN_FLOAT, &(rn_shape){-1, 0, {0}}, &b));
  assert_null(rn_store_cell(s, text("other"), text("w"), RN_FLOAT, &scalar, &c));
  assert_null(rn_store_cell(s, text("othe"), text("rw"), RN_FLOAT, &scalar, &d));
  assert_ptr_equal(a, b);
  assert_true(a != c && c != d);
  assert_true(rn_resource_order(a) < rn_resource_order(c) && rn_resource_order(c) < rn_resource_order(d));
  assert_string_equal(rn_resource_name(c), "w");
  assert_true(rn_resource_is_cell(a));
  assert_null(rn_resource_object(a, "queue"));
  rn_store_destroy(s);
}

static void assert_refused(rn_status *s, const char *message) {
  assert_int_equal(rn_status_code(s), RN_INVALID_ARGUMENT);
  assert_string_equal(rn_status_message(s), message);
  rn_status_free(s);
}

static int made, destroyed;
static rn_status *make(void *arg, void **object) {
  made++;
  if (arg == NULL) return rn_status_make(RN_UNAVAILABLE, "not now");
  *object = arg;
  return NULL;
}
static void destroy(void *object) {
  (void)object;
  destroyed++;
}

static void contradictions_are_refused(void **state) {
  (void)state;
  rn_store *s;
  rn_resource *r;
  assert_null(rn_store_create(&s));
  assert_null(rn_store_cell(s, text(""), text("w"), RN_FLOAT, &(rn_shape){2, 0, {-1, 3}}, &r));
  assert_refused(rn_store_cell(s, text(""), text("w"), RN_INT32, &(rn_shape){2, 0, {-1, 3}}, &r),
                 "variable 'w' has dtype float, not int32");
  assert_refused(rn_store_cell(s, text(""), text("w"), RN_FLOAT, &(rn_shape){2, 0, {5, 4}}, &r),
                 "variable 'w' was declared with shape [?,3] and now with [5,4]");
  assert_refused(rn_store_cell(s, text(""), text("v"), RN_RESOURCE, &scalar, &r),
                 "variable 'v' cannot have dtype resource (20)");
  assert_refused(rn_store_object(s, text(""), text("w"), "queue", make, &made, destroy, &r),
                 "resource 'w' is a variable, not a queue");
  assert_null(rn_store_object(s, text(""), text("q"), "queue", make, &made, destroy, &r));
  assert_refused(rn_store_object(s, text(""), text("q"), "table", make, &made, destroy, &r),
                 "resource 'q' is a queue, not a table");
  assert_refused(rn_store_cell(s, text(""), text("q"), RN_FLOAT, &scalar, &r),
                 "resource 'q' is a queue, not a variable");
  rn_store_destroy(s);
}

static void an_object_is_made_once_and_destroyed_once(void **state) {
  (void)state;
  int thing;
  rn_store *s;
  rn_resource *a, *b;
  made = destroyed = 0;
  assert_null(rn_store_create(&s));
  rn_status *failed = rn_store_object(s, text("c"), text("q"), "queue", make, NULL, destroy, &a);
  assert_int_equal(rn_status_code(failed), RN_UNAVAILABLE);
  rn_status_free(failed);
  assert_null(rn_store_object(s, text("c"), text("q"), "queue", make, &thing, destroy, &a));
  assert_null(rn_store_object(s, text("c"), text("q"), "queue", make, &thing, destroy, &b));
  assert_ptr_equal(a, b);
  assert_int_equal(made, 2);
  assert_ptr_equal(rn_resource_object(a, "queue"), &thing);
  assert_null(rn_resource_object(a, "table"));
  rn_store_destroy(s);
  assert_int_equal(destroyed, 1);
  rn_store_destroy(NULL);
}

static _Atomic int made_by_all;
static rn_status *make_slowly(void *arg, void **object) {
  atomic_fetch_add(&made_by_all, 1);
  *object = arg;
  return NULL;
}
static void *open_many(void *arg) {
  for (int i = 0; i < 200; i++) {
    char name[16];
    rn_resource *r;
    (void)snprintf(name, sizeof name, "q%d", i);
    if (rn_store_object(arg, text(""), text(name), "queue", make_slowly, arg, NULL, &r) != NULL) return NULL;
    (void)snprintf(name, sizeof name, "w%d", i);
    if (rn_store_cell(arg, text(""), text(name), RN_FLOAT, &scalar, &r) != NULL) return NULL;
    (void)rn_store_cell_bytes(arg);
  }
  return arg;
}

static void threads_open_the_same_names(void **state) {
  (void)state;
  rn_store *s;
  pthread_t threads[4];
  made_by_all = 0;
  assert_null(rn_store_create(&s));
  for (int i = 0; i < 4; i++) (void)pthread_create(&threads[i], NULL, open_many, s);
  for (int i = 0; i < 4; i++) {
    void *ok;
    (void)pthread_join(threads[i], &ok);
    assert_non_null(ok);
  }
  assert_int_equal(made_by_all, 200);
  rn_store_destroy(s);
}

static void every_lack_of_memory_is_a_status(void **state) {
  (void)state;
  for (uint64_t nth = 1;; nth++) {
    rn_store *s = NULL;
    rn_resource *r;
    char name[16];
    rn_mem_fail_at(nth, 0);
    rn_status *e = rn_store_create(&s);
    for (int i = 0; i < 30 && e == NULL; i++) {
      (void)snprintf(name, sizeof name, "n%d", i);
      e = i % 2 != 0 ? rn_store_cell(s, text("c"), text(name), RN_FLOAT, &scalar, &r)
                     : rn_store_object(s, text("c"), text(name), "queue", make, &made, destroy, &r);
    }
    rn_mem_fail_at(0, 0);
    rn_store_destroy(s);
    if (e == NULL) break;
    assert_int_equal(rn_status_code(e), RN_RESOURCE_EXHAUSTED);
    rn_status_free(e);
    assert_true(nth < 1000);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_name_is_one_cell), cmocka_unit_test(contradictions_are_refused),
      cmocka_unit_test(an_object_is_made_once_and_destroyed_once), cmocka_unit_test(threads_open_the_same_names),
      cmocka_unit_test(every_lack_of_memory_is_a_status)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
