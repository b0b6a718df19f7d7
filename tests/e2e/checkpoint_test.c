/* checkpoint_test.c - checkpoints through the ops that save and restore them (tests/e2e). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <runnel/graphdef.h>
#include <runnel/session.h>

static rn_runtime *rt;
static char folder[64];

static const char *data_folder(void) {
  const char *d = getenv("RUNNEL_DATA");
  return d ? d : "../shared/data";
}

static void ok(rn_status *s) {
  if (s != NULL) print_error("%s\n", rn_status_message(s));
  assert_null(s);
}

static void fails(rn_status *s, int32_t code, const char *part) {
  assert_non_null(s);
  if (rn_status_code(s) != code || strstr(rn_status_message(s), part) == NULL)
    print_error("%s: %s\n", rn_status_code_name(rn_status_code(s)), rn_status_message(s));
  assert_int_equal(rn_status_code(s), code);
  assert_non_null(strstr(rn_status_message(s), part));
  rn_status_free(s);
}

static rn_tensor *strings(const char *const *texts, int64_t n, int scalar) {
  rn_bytes items[16];
  rn_shape shape = {scalar ? 0 : 1, 0, {n}};
  rn_tensor *t;
  for (int64_t i = 0; i < n; i++) items[i] = (rn_bytes){texts[i], strlen(texts[i])};
  ok(rn_tensor_strings(&shape, items, &t));
  return t;
}

static rn_value constant(rn_graph *g, rn_tensor *t /* given */) {
  rn_node_request r = rn_node_request_for("Const", NULL);
  rn_attr attrs[] = {RN_ATENSOR("value", t), RN_AT("dtype", rn_tensor_dtype(t))};
  rn_node_id n;
  r.attrs = attrs;
  r.n_attrs = 2;
  ok(rn_graph_add(g, &r, &n));
  rn_tensor_release(t);
  return (rn_value){n, 0};
}

typedef struct names {
  const char *prefix;
  const char *tensor[8], *slice[8];
  uint32_t n;
} names;

static void add_names(rn_graph *g, const names *a, rn_value *in) {
  const char *slices[8];
  for (uint32_t i = 0; i < a->n; i++) slices[i] = a->slice[i] ? a->slice[i] : "";
  in[0] = constant(g, strings(&a->prefix, 1, 1));
  in[1] = constant(g, strings(a->tensor, a->n, 0));
  in[2] = constant(g, strings(slices, a->n, 0));
}

static rn_status *save(const names *a, rn_tensor *const *tensors) {
  rn_graph *g;
  rn_session *s;
  rn_value in[11];
  rn_node_id n;
  ok(rn_graph_create(rt, 0, &g));
  add_names(g, a, in);
  for (uint32_t i = 0; i < a->n; i++) in[3 + i] = constant(g, rn_tensor_retain(tensors[i]));
  rn_node_request r = rn_node_request_for("SaveV2", "save");
  r.inputs = in;
  r.n_inputs = 3 + a->n;
  ok(rn_graph_add(g, &r, &n));
  ok(rn_session_create(g, NULL, &s));
  rn_status *status = rn_session_run(s, NULL, NULL, 0, NULL, 0, NULL, &n, 1);
  rn_session_destroy(s);
  rn_graph_destroy(g);
  return status;
}

static rn_status *restore(const names *a, const rn_dtype *types, rn_tensor **out) {
  rn_graph *g;
  rn_session *s;
  rn_value in[3], fetch[8];
  rn_node_id n;
  rn_attr attr = RN_ATLIST("dtypes", types, a->n);
  ok(rn_graph_create(rt, 0, &g));
  add_names(g, a, in);
  rn_node_request r = rn_node_request_for("RestoreV2", "restore");
  r.inputs = in;
  r.n_inputs = 3;
  r.attrs = &attr;
  r.n_attrs = 1;
  ok(rn_graph_add(g, &r, &n));
  for (uint32_t i = 0; i < a->n; i++) {
    fetch[i] = (rn_value){n, i};
    out[i] = NULL;
  }
  ok(rn_session_create(g, NULL, &s));
  rn_status *status = rn_session_run(s, NULL, NULL, 0, fetch, a->n, out, NULL, 0);
  rn_session_destroy(s);
  rn_graph_destroy(g);
  return status;
}

static const char *in_folder(const char *name) {
  static char paths[4][128];
  static int next;
  char *p = paths[next++ % 4];
  snprintf(p, sizeof paths[0], "%s/%s", folder, name);
  return p;
}

static rn_tensor *floats(int64_t rows, int64_t columns, float first) {
  rn_shape shape = {2, 0, {rows, columns}};
  rn_tensor *t;
  ok(rn_tensor_create(RN_FLOAT, &shape, &t));
  for (int64_t i = 0; i < rows * columns; i++) ((float *)rn_tensor_data(t))[i] = first + (float)i;
  return t;
}

static void what_is_saved_is_restored(void **state) {
  (void)state;
  static const char *const words[] = {"", "one", "zwei drei"};
  rn_tensor *t[3] = {floats(3, 4, 0.5f), strings(words, 3, 0), NULL}, *got[3];
  int64_t step = 46900;
  rn_shape scalar = {0, 0, {0}};
  ok(rn_tensor_from(RN_INT64, &scalar, &step, &t[2]));
  names a = {in_folder("plain-1"), {"w", "a/text", "global_step"}, {NULL}, 3};
  ok(save(&a, t));
  rn_dtype types[] = {RN_FLOAT, RN_STRING, RN_INT64};
  ok(restore(&a, types, got));
  assert_memory_equal(rn_tensor_data(got[0]), rn_tensor_data(t[0]), 48);
  assert_int_equal(rn_tensor_string(got[1], 2).size, 9);
  assert_memory_equal(rn_tensor_string(got[1], 2).data, "zwei drei", 9);
  assert_int_equal(*(int64_t *)rn_tensor_data(got[2]), 46900);
  for (int i = 0; i < 3; i++) {
    rn_tensor_release(t[i]);
    rn_tensor_release(got[i]);
  }
}

static void slices_are_put_together_and_cut_again(void **state) {
  (void)state;
  rn_tensor *t[2] = {floats(2, 3, 0), floats(3, 3, 6)}, *got[2];
  names a = {in_folder("sliced"), {"w", "w"}, {"5 3 0,2:-", "5 3 2,3:-"}, 2};
  ok(save(&a, t));
  names b = {a.prefix, {"w", "w"}, {"", "5 3 1,2:1,2"}, 2};
  rn_dtype types[] = {RN_FLOAT, RN_FLOAT};
  ok(restore(&b, types, got));
  for (int i = 0; i < 15; i++) assert_true(((float *)rn_tensor_data(got[0]))[i] == (float)i);
  static const float part[] = {4, 5, 7, 8};
  assert_memory_equal(rn_tensor_data(got[1]), part, sizeof part);
  for (int i = 0; i < 2; i++) {
    rn_tensor_release(t[i]);
    rn_tensor_release(got[i]);
  }
}

static void errors_name_file_and_tensor(void **state) {
  (void)state;
  rn_tensor *t = floats(2, 2, 1), *got[1];
  names a = {in_folder("named"), {"fc1/weights"}, {NULL}, 1};
  rn_dtype is_float = RN_FLOAT, is_int = RN_INT32;
  ok(save(&a, &t));
  names missing = {a.prefix, {"fc1/weight"}, {NULL}, 1}, shape = {a.prefix, {"fc1/weights"}, {"3 3 -:-"}, 1};
  names nowhere = {in_folder("nothing"), {"x"}, {NULL}, 1};
  fails(restore(&missing, &is_float, got), RN_NOT_FOUND, "nearest: 'fc1/weights'");
  fails(restore(&a, &is_int, got), RN_INVALID_ARGUMENT, "'fc1/weights' is float; int32 is asked for");
  fails(restore(&shape, &is_float, got), RN_INVALID_ARGUMENT, "has shape [2,2]; [3,3] is asked for");
  fails(restore(&nowhere, &is_float, got), RN_NOT_FOUND, "no checkpoint at");
  char path[200];
  snprintf(path, sizeof path, "%s.data-00000-of-00001", a.prefix);
  int fd = open(path, O_WRONLY);
  assert_int_equal(pwrite(fd, "x", 1, 5), 1);
  close(fd);
  fails(restore(&a, &is_float, got), RN_DATA_LOSS,
        "named.data-00000-of-00001': tensor 'fc1/weights': checksum differs");
  assert_int_equal(truncate(path, 3), 0);
  fails(restore(&a, &is_float, got), RN_DATA_LOSS, "too short");
  rn_tensor_release(t);
}

static void every_flipped_byte_of_an_index_is_noticed(void **state) {
  (void)state;
  rn_tensor *t = floats(2, 2, 1), *got[1];
  names a = {in_folder("flip"), {"w"}, {NULL}, 1};
  rn_dtype type = RN_FLOAT;
  ok(save(&a, &t));
  char path[200];
  snprintf(path, sizeof path, "%s.index", a.prefix);
  int fd = open(path, O_RDWR);
  off_t size = lseek(fd, 0, SEEK_END);
  for (off_t i = 0; i < size; i++) {
    uint8_t byte, other;
    assert_int_equal(pread(fd, &byte, 1, i), 1);
    other = (uint8_t)(byte ^ 0x55);
    assert_int_equal(pwrite(fd, &other, 1, i), 1);
    rn_status *s = restore(&a, &type, got);
    if (s == NULL) { /* padding of the footer says nothing */
      assert_true(i >= size - 48);
      assert_memory_equal(rn_tensor_data(got[0]), rn_tensor_data(t), 16);
      rn_tensor_release(got[0]);
    }
    rn_status_free(s);
    assert_int_equal(pwrite(fd, &byte, 1, i), 1);
  }
  close(fd);
  rn_tensor_release(t);
}

static void real_checkpoint(const char *name, const char *tensor, int32_t rank) {
  char prefix[512], probe[600];
  snprintf(prefix, sizeof prefix, "%s/checkpoints/%s", data_folder(), name);
  snprintf(probe, sizeof probe, "%s.index", prefix);
  if (access(probe, R_OK) != 0 && access(prefix, R_OK) != 0) {
    print_message("skipped: no checkpoint at %s\n", prefix);
    skip();
  }
  names a = {prefix, {"no such tensor"}, {NULL}, 1};
  rn_dtype type = RN_FLOAT;
  rn_tensor *got[1];
  rn_status *s = restore(&a, &type, got);
  assert_int_equal(rn_status_code(s), RN_NOT_FOUND);
  assert_non_null(strstr(rn_status_message(s), "nearest: '"));
  rn_status_free(s);
  a.tensor[0] = tensor;
  s = restore(&a, &type, got);
  if (s != NULL) print_error("%s\n", rn_status_message(s));
  assert_null(s);
  const rn_shape *shape = rn_tensor_shape(got[0]);
  assert_int_equal(shape->rank, rank);
  double sum = 0;
  for (int64_t i = 0; i < rn_tensor_count(got[0]); i++) sum += fabs((double)((float *)rn_tensor_data(got[0]))[i]);
  assert_true(sum > 0.01 && sum < 1e6);
  rn_tensor_release(got[0]);
}

static void tensorflows_v2_checkpoint_is_read(void **state) {
  (void)state;
  real_checkpoint("mnist_softmax_v2/regression.ckpt", "regression/W", 2);
}

static void tensorflows_v1_checkpoint_is_read(void **state) {
  (void)state;
  real_checkpoint("mnist_softmax_v1/softmax-1000.ckpt", "W", 2);
  real_checkpoint("mnist_softmax_v1/softmax-1000.ckpt", "b", 1);
}

static int count_files(const char *part) {
  DIR *d = opendir(folder);
  int n = 0;
  for (struct dirent *e; (e = readdir(d)) != NULL;) n += strstr(e->d_name, part) != NULL;
  closedir(d);
  return n;
}

static void a_full_disk_leaves_nothing(void **state) {
  (void)state;
  rn_tensor *t = floats(1000, 100, 1);
  names a = {in_folder("full"), {"w"}, {NULL}, 1};
  struct rlimit before, small;
  signal(SIGXFSZ, SIG_IGN); /* EFBIG, which we treat as ENOSPC: no root is needed to fill a disk */
  getrlimit(RLIMIT_FSIZE, &before);
  small = before;
  small.rlim_cur = 4096;
  setrlimit(RLIMIT_FSIZE, &small);
  rn_status *s = save(&a, &t);
  setrlimit(RLIMIT_FSIZE, &before);
  fails(s, RN_RESOURCE_EXHAUSTED, "full.data-00000-of-00001");
  assert_int_equal(count_files("full"), 0);
  rn_tensor_release(t);
}

static void shards_are_merged(void **state) {
  (void)state;
  rn_tensor *t[2] = {floats(2, 2, 1), floats(1, 2, 9)}, *got[2];
  names a = {in_folder("part-0"), {"w"}, {NULL}, 1}, b = {in_folder("part-1"), {"v"}, {NULL}, 1};
  ok(save(&a, &t[0]));
  ok(save(&b, &t[1]));
  const char *from[] = {a.prefix, b.prefix}, *to = in_folder("merged");
  rn_graph *g;
  rn_session *s;
  rn_node_id n;
  ok(rn_graph_create(rt, 0, &g));
  rn_value in[2] = {constant(g, strings(from, 2, 0)), constant(g, strings(&to, 1, 1))};
  rn_attr keep = RN_AB("delete_old_dirs", 0);
  rn_node_request r = rn_node_request_for("MergeV2Checkpoints", NULL);
  r.inputs = in;
  r.n_inputs = 2;
  r.attrs = &keep;
  r.n_attrs = 1;
  ok(rn_graph_add(g, &r, &n));
  ok(rn_session_create(g, NULL, &s));
  ok(rn_session_run(s, NULL, NULL, 0, NULL, 0, NULL, &n, 1));
  rn_session_destroy(s);
  rn_graph_destroy(g);
  assert_int_equal(count_files("part-"), 0);
  names all = {to, {"v", "w"}, {NULL}, 2};
  rn_dtype types[] = {RN_FLOAT, RN_FLOAT};
  ok(restore(&all, types, got));
  assert_memory_equal(rn_tensor_data(got[0]), rn_tensor_data(t[1]), 8);
  assert_memory_equal(rn_tensor_data(got[1]), rn_tensor_data(t[0]), 16);
  for (int i = 0; i < 2; i++) {
    rn_tensor_release(t[i]);
    rn_tensor_release(got[i]);
  }
}

static int leave_folder(void **state) {
  (void)state;
  DIR *d = opendir(folder);
  for (struct dirent *e; (e = readdir(d)) != NULL;) unlinkat(dirfd(d), e->d_name, 0);
  closedir(d);
  rmdir(folder);
  return 0;
}

int main(void) {
  strcpy(folder, "/tmp/runnel_checkpoint_XXXXXX");
  if (mkdtemp(folder) == NULL || rn_runtime_create(NULL, &rt) != NULL) return 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_saved_is_restored),         cmocka_unit_test(slices_are_put_together_and_cut_again),
      cmocka_unit_test(errors_name_file_and_tensor),       cmocka_unit_test(every_flipped_byte_of_an_index_is_noticed),
      cmocka_unit_test(tensorflows_v2_checkpoint_is_read), cmocka_unit_test(tensorflows_v1_checkpoint_is_read),
      cmocka_unit_test(a_full_disk_leaves_nothing),        cmocka_unit_test(shards_are_merged),
  };
  int failed = cmocka_run_group_tests(tests, NULL, leave_folder);
  rn_runtime_destroy(rt);
  return failed;
}
