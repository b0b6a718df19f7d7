/* tensor_test.c - tensors: ownership, sharing, strings, refusals, lack of memory (tests/unit/tensor). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <runnel/tensor.h>
#include "base/mem.h"

static const rn_shape two_by_three = {2, 0, {2, 3}};

static void a_new_tensor_is_zero_and_aligned(void **state) {
  (void)state;
  rn_tensor *t;
  assert_null(rn_tensor_create(RN_FLOAT, &two_by_three, &t));
  assert_int_equal((uintptr_t)rn_tensor_data(t) % 64, 0);
  assert_int_equal(rn_tensor_count(t), 6);
  assert_int_equal(rn_tensor_size_bytes(t), 24);
  assert_int_equal(rn_tensor_dtype(t), RN_FLOAT);
  assert_true(rn_shape_equal(rn_tensor_shape(t), &two_by_three));
  for (int i = 0; i < 6; i++) assert_true(((float *)rn_tensor_data(t))[i] == 0.0f);
  rn_tensor_release(t);
  rn_tensor_release(NULL);
  assert_null(rn_tensor_create(RN_INT64, &(rn_shape){1, 0, {0}}, &t));
  assert_non_null(rn_tensor_data(t));
  rn_tensor_release(t);
}

static void count_call(void *arg) { ++*(int *)arg; }

static void wrapped_memory_is_given_back_once(void **state) {
  (void)state;
  int32_t data[6] = {1, 2, 3, 4, 5, 6};
  int calls = 0;
  rn_tensor *t, *u;
  assert_null(rn_tensor_wrap(RN_INT32, &two_by_three, data, count_call, &calls, &t));
  assert_ptr_equal(rn_tensor_data(t), data);
  assert_null(rn_tensor_reshape(t, &(rn_shape){1, 0, {6}}, &u));
  assert_ptr_equal(rn_tensor_data(u), data);
  rn_tensor_release(rn_tensor_retain(t));
  rn_tensor_release(t);
  assert_int_equal(calls, 0);
  rn_tensor_release(u);
  assert_int_equal(calls, 1);
  assert_null(rn_tensor_wrap(RN_INT32, &two_by_three, data, NULL, NULL, &t));
  rn_tensor_release(t);
}

static void strings_keep_their_bytes(void **state) {
  (void)state;
  rn_bytes items[6] = {{"one", 3}, {"", 0}, {"a\0b", 3}, {NULL, 0}, {"four", 4}, {"5", 1}};
  rn_tensor *t, *u;
  assert_null(rn_tensor_strings(&two_by_three, items, &t));
  assert_null(rn_tensor_data(t));
  assert_int_equal(rn_tensor_size_bytes(t), 11);
  assert_null(rn_tensor_reshape(t, &(rn_shape){1, 0, {6}}, &u));
  rn_tensor_release(t);
  for (int64_t i = 0; i < 6; i++) {
    rn_bytes b = rn_tensor_string(u, i);
    assert_int_equal(b.size, items[i].size);
    if (b.size != 0) assert_memory_equal(b.data, items[i].data, b.size);
  }
  assert_int_equal(rn_tensor_string(u, 6).size, 0);
  assert_int_equal(rn_tensor_string(u, -1).size, 0);
  rn_tensor_release(u);
  assert_null(rn_tensor_create(RN_STRING, &two_by_three, &t));
  assert_int_equal(rn_tensor_string(t, 5).size, 0);
  rn_tensor_release(t);
}

static void assert_refused(rn_status *s, const char *message) {
  assert_int_equal(rn_status_code(s), RN_INVALID_ARGUMENT);
  assert_string_equal(rn_status_message(s), message);
  rn_status_free(s);
}

static void what_cannot_be_is_refused(void **state) {
  (void)state;
  rn_tensor *t, *u;
  rn_shape huge = {2, 0, {(int64_t)1 << 31, (int64_t)1 << 31}};
  assert_refused(rn_tensor_create(RN_RESOURCE, &two_by_three, &t),
                 "a tensor cannot hold elements of dtype resource (20)");
  assert_refused(rn_tensor_create(RN_FLOAT + RN_REF, &two_by_three, &t),
                 "a tensor cannot hold elements of dtype float_ref (101)");
  assert_refused(rn_tensor_create(RN_DOUBLE, &huge, &t),
                 "tensor double[2147483648,2147483648]: the number of bytes overflows");
  assert_refused(rn_tensor_wrap(RN_FLOAT, &two_by_three, NULL, NULL, NULL, &t),
                 "no memory given for a tensor of 24 bytes");
  assert_refused(rn_tensor_create(RN_FLOAT, &(rn_shape){1, 0, {-1}}, &t), "shape [?]: dimension 0 is unknown");
  assert_null(rn_tensor_create(RN_FLOAT, &two_by_three, &t));
  assert_refused(rn_tensor_reshape(t, &(rn_shape){1, 0, {5}}, &u),
                 "cannot reshape [2,3] (6 elements) to [5] (5 elements)");
  rn_tensor_release(t);
}

static void every_lack_of_memory_is_a_status(void **state) {
  (void)state;
  float data[6] = {0};
  rn_bytes items[6] = {{"x", 1}, {"y", 1}, {"", 0}, {"", 0}, {"", 0}, {"", 0}};
  for (uint64_t nth = 1;; nth++) {
    rn_tensor *made[5] = {NULL};
    int calls = 0;
    rn_mem_fail_at(nth, 0);
    rn_status *s = rn_tensor_create(RN_FLOAT, &two_by_three, &made[0]);
    if (s == NULL) s = rn_tensor_from(RN_FLOAT, &two_by_three, data, &made[1]);
    if (s == NULL) s = rn_tensor_strings(&two_by_three, items, &made[2]);
    if (s == NULL) s = rn_tensor_wrap(RN_FLOAT, &two_by_three, data, count_call, &calls, &made[3]);
    if (s == NULL) s = rn_tensor_reshape(made[3], &(rn_shape){1, 0, {6}}, &made[4]);
    rn_mem_fail_at(0, 0);
    int wrapped = made[3] != NULL;
    for (int i = 0; i < 5; i++) rn_tensor_release(made[i]);
    assert_int_equal(calls, wrapped);
    if (s == NULL) break;
    assert_int_equal(rn_status_code(s), RN_RESOURCE_EXHAUSTED);
    rn_status_free(s);
    assert_true(nth < 100);
  }
}

static void *share(void *arg) {
  for (int i = 0; i < 20000; i++) {
    rn_tensor *u;
    rn_tensor_retain(arg);
    if (rn_tensor_reshape(arg, &(rn_shape){1, 0, {6}}, &u) == NULL) rn_tensor_release(u);
    rn_tensor_release(arg);
  }
  return NULL;
}

static void threads_share_a_tensor(void **state) {
  (void)state;
  int32_t data[6] = {0};
  int calls = 0;
  rn_tensor *t;
  pthread_t threads[4];
  assert_null(rn_tensor_wrap(RN_INT32, &two_by_three, data, count_call, &calls, &t));
  for (int i = 0; i < 4; i++) (void)pthread_create(&threads[i], NULL, share, t);
  for (int i = 0; i < 4; i++) (void)pthread_join(threads[i], NULL);
  assert_int_equal(calls, 0);
  rn_tensor_release(t);
  assert_int_equal(calls, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_new_tensor_is_zero_and_aligned), cmocka_unit_test(wrapped_memory_is_given_back_once),
      cmocka_unit_test(strings_keep_their_bytes),         cmocka_unit_test(what_cannot_be_is_refused),
      cmocka_unit_test(every_lack_of_memory_is_a_status), cmocka_unit_test(threads_share_a_tensor)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
