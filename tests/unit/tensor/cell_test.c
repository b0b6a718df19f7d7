/* cell_test.c - cells: content, shapes, versions, homes, locks (tests/unit/tensor). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>
#include "base/mem.h"
#include "tensor/cell.h"

static rn_bytes text(const char *s) { return (rn_bytes){s, strlen(s)}; }

static rn_resource *make_cell(rn_store *s, const char *name, rn_dtype dt, rn_shape declared) {
  rn_resource *r;
  assert_null(rn_store_cell(s, text(""), text(name), dt, &declared, &r));
  return r;
}

static rn_tensor_view view_of(rn_dtype dt, rn_shape shape, void *data) {
  rn_tensor_view v;
  memset(&v, 0, sizeof v);
  v.struct_size = sizeof v;
  v.dtype = dt;
  v.shape = shape;
  v.data = data;
  return v;
}

static void assert_fails(rn_status *s, int32_t code, const char *message) {
  assert_int_equal(rn_status_code(s), code);
  assert_string_equal(rn_status_message(s), message);
  rn_status_free(s);
}

static void an_unset_variable_is_named(void **state) {
  (void)state;
  rn_store *s;
  rn_tensor *t;
  assert_null(rn_store_create(&s));
  rn_resource *r = make_cell(s, "w", RN_FLOAT, (rn_shape){1, 0, {-1}});
  rn_tensor_view v = view_of(RN_FLOAT, (rn_shape){0, 0, {0}}, NULL);
  assert_false(rn_cell_initialized(r));
  assert_int_equal(rn_cell_version(r), 0);
  assert_int_equal(rn_cell_shape(r)->dim[0], -1);
  assert_fails(rn_cell_view(r, &v), RN_FAILED_PRECONDITION, "variable 'w' is used before it is initialised");
  assert_fails(rn_cell_read(r, &t), RN_FAILED_PRECONDITION, "variable 'w' is used before it is initialised");
  rn_store_destroy(s);
}

static void assigning_keeps_the_buffer_while_the_shape_stays(void **state) {
  (void)state;
  float data[4] = {1, 2, 3, 4};
  rn_store *s;
  rn_tensor *before;
  assert_null(rn_store_create(&s));
  rn_resource *r = make_cell(s, "w", RN_FLOAT, (rn_shape){1, 0, {-1}});
  rn_tensor_view v = view_of(RN_FLOAT, (rn_shape){1, 0, {2}}, data), seen = v;
  assert_null(rn_cell_assign(r, &v));
  assert_null(rn_cell_view(r, &seen));
  uint64_t epoch = rn_cell_epoch(r), version = rn_cell_version(r);
  void *buffer = seen.data;
  assert_true(version >= 1 && seen.version == version && seen.size_bytes == 8 && seen.tensor == NULL);
  assert_null(rn_cell_read(r, &before));
  data[0] = 9;
  assert_null(rn_cell_assign(r, &v));
  assert_null(rn_cell_view(r, &seen));
  assert_ptr_equal(seen.data, buffer);
  assert_int_equal(rn_cell_epoch(r), epoch);
  assert_int_not_equal(rn_cell_version(r), version);
  assert_true(((float *)seen.data)[0] == 9);
  assert_true(((float *)rn_tensor_data(before))[0] == 1); /* a snapshot does not follow */
  v.shape.dim[0] = 4;
  assert_null(rn_cell_assign(r, &v));
  assert_int_not_equal(rn_cell_epoch(r), epoch);
  assert_int_equal(rn_cell_shape(r)->dim[0], 4);
  assert_int_equal(rn_store_cell_bytes(s), 16);
  rn_tensor_release(before);
  rn_store_destroy(s);
}

static void versions_never_repeat_across_cells(void **state) {
  (void)state;
  float one = 1;
  rn_store *s;
  assert_null(rn_store_create(&s));
  rn_resource *a = make_cell(s, "a", RN_FLOAT, (rn_shape){0, 0, {0}}),
              *b = make_cell(s, "b", RN_FLOAT, (rn_shape){0, 0, {0}});
  rn_tensor_view v = view_of(RN_FLOAT, (rn_shape){0, 0, {0}}, &one);
  uint64_t last = 0;
  for (int i = 0; i < 10; i++) {
    assert_null(rn_cell_assign(i % 2 != 0 ? a : b, &v));
    uint64_t now = rn_cell_version(i % 2 != 0 ? a : b);
    assert_true(now > last);
    last = now;
  }
  rn_cell_touch(a);
  assert_true(rn_cell_version(a) > last);
  rn_store_destroy(s);
}

static void what_does_not_fit_is_refused(void **state) {
  (void)state;
  float data[6] = {0};
  rn_store *s;
  assert_null(rn_store_create(&s));
  rn_resource *r = make_cell(s, "w", RN_FLOAT, (rn_shape){2, 0, {-1, 3}});
  rn_tensor_view v = view_of(RN_FLOAT, (rn_shape){2, 0, {3, 2}}, data);
  assert_fails(rn_cell_assign(r, &v), RN_INVALID_ARGUMENT,
               "variable 'w': a value of shape [3,2] does not fit the declared shape [?,3]");
  v = view_of(RN_INT32, (rn_shape){2, 0, {2, 3}}, data);
  assert_fails(rn_cell_assign(r, &v), RN_INVALID_ARGUMENT, "variable 'w' is float, the value is int32");
  v = view_of(RN_FLOAT, (rn_shape){2, 0, {2, 3}}, NULL);
  assert_fails(rn_cell_assign(r, &v), RN_INTERNAL, "variable 'w': the value to assign is not in host memory");
  assert_false(rn_cell_initialized(r));
  rn_store_destroy(s);
}

static void string_cells_share_immutable_strings(void **state) {
  (void)state;
  rn_store *s;
  rn_tensor *t, *read;
  rn_shape pair = {1, 0, {2}};
  rn_bytes items[2] = {{"left", 4}, {"right", 5}};
  assert_null(rn_store_create(&s));
  assert_null(rn_tensor_strings(&pair, items, &t));
  rn_resource *r = make_cell(s, "names", RN_STRING, pair);
  rn_tensor_view v = view_of(RN_STRING, pair, NULL);
  v.tensor = t;
  assert_null(rn_cell_assign(r, &v));
  rn_tensor_release(t);
  assert_null(rn_cell_view(r, &v));
  assert_non_null(v.tensor);
  assert_null(rn_cell_read(r, &read));
  rn_store_destroy(s);
  assert_memory_equal(rn_tensor_string(read, 1).data, "right", 5);
  rn_tensor_release(read);
}

static int released;
static void release(void *device_key, rn_mem *m) {
  (void)device_key;
  (void)m;
  released++;
}

static void a_home_on_a_device_replaces_the_buffer(void **state) {
  (void)state;
  int device, memory;
  float data[2] = {1, 2};
  rn_shape pair = {1, 0, {2}};
  rn_store *s;
  rn_tensor *t;
  rn_cell_home home = {&device, (rn_mem *)&memory, 64, 8, release};
  assert_null(rn_store_create(&s));
  rn_resource *r = make_cell(s, "w", RN_FLOAT, pair);
  assert_null(rn_cell_get_home(r)->mem);
  rn_tensor_view v = view_of(RN_FLOAT, pair, data);
  assert_null(rn_cell_assign(r, &v));
  uint64_t epoch = rn_cell_epoch(r);
  released = 0;
  assert_null(rn_cell_set_home(r, &home, &pair));
  assert_ptr_equal(rn_cell_get_home(r)->device_key, &device);
  assert_null(rn_cell_view(r, &v));
  assert_true(v.data == NULL && v.mem == (rn_mem *)&memory && v.offset_bytes == 64 && v.size_bytes == 8);
  assert_int_not_equal(rn_cell_epoch(r), epoch);
  assert_fails(rn_cell_read(r, &t), RN_FAILED_PRECONDITION,
               "variable 'w' is in device memory: it must be brought back first");
  assert_null(rn_cell_set_home(r, rn_cell_get_home(r), &pair)); /* the same memory again is not given back */
  assert_int_equal(released, 0);
  v = view_of(RN_FLOAT, pair, data);
  assert_null(rn_cell_assign(r, &v)); /* host content takes over */
  assert_int_equal(released, 1);
  assert_null(rn_cell_read(r, &t));
  rn_tensor_release(t);
  assert_null(rn_cell_set_home(r, &home, &pair));
  assert_null(rn_cell_set_home(r, NULL, &pair)); /* back to the host, zeroed */
  assert_int_equal(released, 2);
  assert_null(rn_cell_set_home(r, &home, &pair));
  rn_store_destroy(s);
  assert_int_equal(released, 3);
}

static void a_short_view_is_filled_no_further(void **state) {
  (void)state;
  float data[2] = {1, 2};
  rn_shape pair = {1, 0, {2}};
  rn_store *s;
  assert_null(rn_store_create(&s));
  rn_resource *r = make_cell(s, "w", RN_FLOAT, pair);
  rn_tensor_view v = view_of(RN_FLOAT, pair, data);
  assert_null(rn_cell_assign(r, &v));
  memset(&v, 0x5a, sizeof v);
  v.struct_size = offsetof(rn_tensor_view, version);
  assert_null(rn_cell_view(r, &v));
  assert_int_equal(v.size_bytes, 8);
  assert_true(v.version == 0x5a5a5a5a5a5a5a5au);
  assert_int_equal(v.struct_size, offsetof(rn_tensor_view, version));
  rn_store_destroy(s);
}

static rn_resource *shared_cell;
static void *count_up(void *arg) {
  for (int i = 0; i < 2000; i++) {
    rn_tensor_view v = view_of(RN_INT64, (rn_shape){0, 0, {0}}, NULL);
    rn_resource_lock(shared_cell, 1);
    rn_status *s = rn_cell_view(shared_cell, &v);
    if (s == NULL) ++*(int64_t *)v.data;
    rn_cell_touch(shared_cell);
    rn_resource_unlock(shared_cell, 1);
    rn_resource_lock(shared_cell, 0);
    (void)rn_cell_version(shared_cell);
    rn_resource_unlock(shared_cell, 0);
  }
  return arg;
}

static void writers_exclude_each_other(void **state) {
  (void)state;
  int64_t zero = 0;
  rn_store *s;
  rn_tensor *t;
  pthread_t threads[4];
  assert_null(rn_store_create(&s));
  shared_cell = make_cell(s, "n", RN_INT64, (rn_shape){0, 0, {0}});
  rn_tensor_view v = view_of(RN_INT64, (rn_shape){0, 0, {0}}, &zero);
  assert_null(rn_cell_assign(shared_cell, &v));
  for (int i = 0; i < 4; i++) (void)pthread_create(&threads[i], NULL, count_up, NULL);
  for (int i = 0; i < 4; i++) (void)pthread_join(threads[i], NULL);
  assert_null(rn_cell_read(shared_cell, &t));
  assert_int_equal(*(int64_t *)rn_tensor_data(t), 8000);
  rn_tensor_release(t);
  rn_store_destroy(s);
}

static void a_failed_assignment_changes_nothing(void **state) {
  (void)state;
  float data[4] = {1, 2, 3, 4};
  rn_store *s;
  assert_null(rn_store_create(&s));
  rn_resource *r = make_cell(s, "w", RN_FLOAT, (rn_shape){-1, 0, {0}});
  rn_tensor_view small = view_of(RN_FLOAT, (rn_shape){1, 0, {2}}, data),
                 large = view_of(RN_FLOAT, (rn_shape){1, 0, {4}}, data);
  assert_null(rn_cell_assign(r, &small));
  uint64_t version = rn_cell_version(r);
  for (uint64_t nth = 1;; nth++) {
    rn_mem_fail_at(nth, 0);
    rn_status *e = rn_cell_assign(r, &large);
    rn_mem_fail_at(0, 0);
    if (e == NULL) break;
    assert_int_equal(rn_status_code(e), RN_RESOURCE_EXHAUSTED);
    assert_int_equal(rn_cell_version(r), version);
    assert_int_equal(rn_cell_shape(r)->dim[0], 2);
    rn_status_free(e);
    assert_true(nth < 20);
  }
  rn_store_destroy(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(an_unset_variable_is_named),
                                     cmocka_unit_test(assigning_keeps_the_buffer_while_the_shape_stays),
                                     cmocka_unit_test(versions_never_repeat_across_cells),
                                     cmocka_unit_test(what_does_not_fit_is_refused),
                                     cmocka_unit_test(string_cells_share_immutable_strings),
                                     cmocka_unit_test(a_home_on_a_device_replaces_the_buffer),
                                     cmocka_unit_test(a_short_view_is_filled_no_further),
                                     cmocka_unit_test(writers_exclude_each_other),
                                     cmocka_unit_test(a_failed_assignment_changes_nothing)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
