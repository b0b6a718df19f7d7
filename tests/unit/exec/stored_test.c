/* stored_test.c - what compilers are told, what they say, and programs that outlive a process (core/exec). */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>
#include "toy.h"

/* The compiler takes "y" = x + c and "s", the shape of y, and makes a program that knows c and s already. */
typedef struct baked {
  float c;
  int32_t length;
  uint32_t out_y, out_s; /* which output each is */
} baked;
static int compiled, loaded, alive, spoils, cannot_write;
static uint64_t settings; /* what it depends on beside the part */

static int is_ours(const char *name) { return strcmp(name, "y") == 0 || strcmp(name, "s") == 0; }
static rn_status *claims(const rn_host_api *h, void *d, const rn_graph_view_api *v, const rn_graph *g,
                         const rn_node_id *nodes, uint32_t n, rn_status *(*put)(void *arg, const rn_claim *c),
                         void *arg) {
  (void)h;
  (void)d;
  rn_node_id mine[8];
  rn_claim c = {.struct_size = (uint32_t)sizeof c, .nodes = mine, .reason = "it knows them by name"};
  for (uint32_t i = 0; i < n; i++) {
    if (is_ours(v->name(g, nodes[i])))
      mine[c.count++] = nodes[i];
    else
      RN_TRY(rn_claim_not(put, arg, nodes[i], "it is a stranger"));
  }
  return c.count > 0 ? put(arg, &c) : NULL;
}

static rn_value named(const rn_subgraph *s, const char *name) {
  for (uint32_t i = 0; i < s->n_nodes; i++)
    if (strcmp(s->view->name(s->graph, s->nodes[i]), name) == 0) return (rn_value){s->nodes[i], 0};
  for (uint32_t i = 0; i < s->n_in; i++)
    if (strcmp(s->view->name(s->graph, s->in[i].node), name) == 0) return s->in[i];
  return RN_NO_VALUE;
}
static rn_status *compile(const rn_host_api *h, void *d, const rn_subgraph *s, void **out) {
  (void)d;
  const rn_tensor_view *c = s->value_of(s, named(s, "c")), *shape = s->value_of(s, named(s, "s"));
  assert_non_null(c);
  assert_non_null(shape);
  assert_null(s->value_of(s, named(s, "x")));                     /* fed */
  assert_null(s->value_of(s, named(s, "y")));                     /* computed */
  assert_null(s->shape_of(s, (rn_value){named(s, "y").node, 1})); /* there is no such output */
  assert_null(s->shape_of(s, RN_NO_VALUE));
  assert_null(s->value_of(s, RN_NO_VALUE));
  const rn_shape *y = s->shape_of(s, named(s, "y"));
  assert_non_null(y);
  assert_int_equal(y->rank, 1);
  assert_int_equal(shape->dtype, RN_INT32);
  assert_int_equal(*(const int32_t *)shape->data, y->dim[0]);
  assert_int_equal(c->size_bytes, 4);
  baked *b = h->alloc(h->ctx, sizeof *b, 16);
  b->c = *(const float *)c->data;
  b->length = (int32_t)y->dim[0];
  for (uint32_t o = 0; o < s->n_out; o++) {
    if (s->out[o].node == named(s, "y").node) b->out_y = o;
    if (s->out[o].node == named(s, "s").node) b->out_s = o;
  }
  compiled++;
  alive++;
  *out = b;
  return NULL;
}
static rn_status *execute(const void *state, rn_call *c) {
  const baked *b = state;
  float *y = c->out[b->out_y]->data;
  for (int32_t i = 0; i < b->length; i++) y[i] = ((const float *)c->in[0]->data)[i] + b->c;
  *(int32_t *)c->out[b->out_s]->data = b->length;
  return NULL;
}
static const rn_host_api *host;
static void release(void *p) {
  alive--;
  host->free(host->ctx, p);
}
static uint64_t fingerprint(const rn_host_api *h, void *d) {
  (void)h;
  (void)d;
  return settings;
}
static rn_status *serialize(const void *program, rn_status *(*write)(void *arg, const void *bytes, size_t n),
                            void *arg) {
  if (cannot_write) return rn_error(host, RN_UNIMPLEMENTED, "it is not to be written down");
  RN_TRY(write(arg, "baked", 5)); /* in two pieces */
  return write(arg, program, sizeof(baked));
}
static rn_status *deserialize(const rn_host_api *h, void *d, const rn_subgraph *s, const void *bytes, size_t n,
                              void **out) {
  (void)d;
  if (s != NULL) assert_non_null(s->shape_of(s, named(s, "y")));
  if (spoils) return rn_error(h, RN_FAILED_PRECONDITION, "it was made for another oven");
  if (n != 5 + sizeof(baked) || memcmp(bytes, "baked", 5) != 0) return rn_error(h, RN_DATA_LOSS, "not baked");
  baked *b = h->alloc(h->ctx, sizeof *b, 16);
  memcpy(b, (const char *)bytes + 5, sizeof *b);
  loaded++;
  alive++;
  *out = b;
  return NULL;
}
static rn_status *print(const void *program, uint32_t what, rn_status *(*write)(void *arg, const void *bytes, size_t n),
                        void *arg) {
  char line[80];
  if (what != RN_PROGRAM_LINE) return rn_error(host, RN_UNIMPLEMENTED, "it has no such words");
  int n = snprintf(line, sizeof line, "%d numbers, all the warmer for the oven", ((const baked *)program)->length);
  return write(arg, line, (size_t)n);
}
static const rn_compiler_def compilers[] = {{.struct_size = (uint32_t)sizeof(rn_compiler_def),
                                             .name = "baker",
                                             .device_type = "toy",
                                             .claim = claims,
                                             .compile = compile,
                                             .execute = execute,
                                             .release = release,
                                             .fingerprint = fingerprint,
                                             .serialize = serialize,
                                             .deserialize = deserialize,
                                             .print = print}};
static const rn_group group = {.struct_size = (uint32_t)sizeof group, .compilers = RN_TABLE(compilers)};
static const rn_group *const groups[] = {&group};
static rn_status *init(const rn_host_api *h) {
  host = h;
  return NULL;
}
static const rn_plugin_desc *entry(void) {
  static const rn_plugin_desc desc = {.struct_size = (uint32_t)sizeof desc,
                                      .abi_major = RN_ABI_MAJOR,
                                      .abi_minor = RN_ABI_MINOR,
                                      .build_flags = RN_BUILD_FLAGS,
                                      .id = "baker",
                                      .version = "1",
                                      .groups = groups,
                                      .group_count = 1,
                                      .init = init};
  return &desc;
}

/* ------------------------------------------------------------------------------------ a process */
static char folder[] = "/tmp/runnel_storedXXXXXX";
typedef struct kitchen {
  toy t;
  rn_value x, y, s, z;
  rn_status *log;
} kitchen;

static void begin(kitchen *k, int keeps, float c) {
  char setting[128];
  snprintf(setting, sizeof setting, "programs.folder=%s", folder);
  toy_begin(&k->t, keeps ? setting : NULL);
  ok(rn_runtime_add_static(k->t.rt, entry));
  k->x = typed(k->t.g, "Placeholder", "x", RN_FLOAT, -1);
  k->y = op2(&k->t, "Add", "y", k->x, konst(&k->t, "c", 1, c));
  k->s = op1(&k->t, "ShapeOf", "s", k->y);
  k->z = op1(&k->t, "Count", "z", k->y);
  toy_open_session(&k->t);
  compiled = loaded = 0;
}
static void bake(kitchen *k, uint32_t n, float expected) {
  rn_tensor *out[2] = {NULL, NULL}, *fed = vec(n, 1);
  rn_feed f = {k->x, fed};
  ok(rn_session_run(k->t.s, NULL, &f, 1, (rn_value[]){k->z, k->s}, 2, out, NULL, 0));
  assert_true(first(out[0]) == expected);
  assert_int_equal(*(int32_t *)rn_tensor_data(out[1]), (int)n);
  rn_tensor_release(out[0]);
  rn_tensor_release(out[1]);
  rn_tensor_release(fed);
}
static void end(kitchen *k) {
  toy_end(&k->t);
  assert_int_equal(alive, 0);
}
static int kept(char path[512]) {
  int n = 0;
  DIR *d = opendir(folder);
  for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
    if (e->d_name[0] == '.') continue;
    snprintf(path, 512, "%s/%s", folder, e->d_name);
    n++;
  }
  if (d != NULL) closedir(d);
  return n;
}
static int empty_folder(void **state) {
  (void)state;
  char path[512];
  while (kept(path) > 0) unlink(path);
  settings = 0;
  spoils = cannot_write = 0;
  return 0;
}

/* ---------------------------------------------------------------------------------------- tests */
static void a_compiler_is_told_shapes_and_values(void **state) {
  (void)state;
  kitchen k;
  char path[512];
  begin(&k, 0, 4);
  bake(&k, 5, 5);
  bake(&k, 7, 5); /* another layout */
  assert_int_equal(compiled, 2);
  assert_int_equal(kept(path), 0); /* nobody asked for it */
  end(&k);
}

static void look(void *arg, const rn_node_explanation *n) {
  if (strcmp(n->name, "z") == 0) {
    assert_string_equal(n->claimed_by, "");
    assert_string_equal(n->left_reason, "compiler 'baker': it is a stranger");
    ++*(int *)arg;
  }
  if (strcmp(n->name, "y") == 0) {
    assert_string_equal(n->claimed_by, "baker");
    assert_string_equal(n->claim_reason, "it knows them by name");
    assert_string_equal(n->left_reason, "");
    ++*(int *)arg;
  }
}
static void what_is_left_is_explained(void **state) {
  (void)state;
  kitchen k;
  int seen = 0;
  rn_status *problem;
  begin(&k, 0, 4);
  ok(rn_session_explain_nodes(k.t.s, &k.x, 1, &k.z, 1, NULL, 0, look, &seen, &problem));
  assert_null(problem);
  assert_int_equal(seen, 2);
  end(&k);
}

static void a_program_says_what_it_is(void **state) {
  (void)state;
  kitchen k;
  char *text;
  begin(&k, 0, 4);
  bake(&k, 5, 5);
  ok(rn_session_explain(k.t.s, &k.x, 1, (rn_value[]){k.z, k.s}, 2, NULL, 0, &text));
  assert_non_null(strstr(text, "baker"));
  assert_non_null(strstr(text, "5 numbers, all the warmer"));
  free(text);
  end(&k);
}

static void a_second_process_does_not_compile(void **state) {
  (void)state;
  kitchen k;
  char path[512];
  begin(&k, 1, 4);
  bake(&k, 5, 5);
  assert_int_equal(compiled, 1);
  assert_int_equal(kept(path), 1);
  end(&k);
  begin(&k, 1, 4);
  bake(&k, 5, 5);
  assert_int_equal(compiled, 0);
  assert_int_equal(loaded, 1);
  end(&k);
}

static void another_shape_constant_or_setting_is_another_program(void **state) {
  (void)state;
  kitchen k;
  char path[512];
  begin(&k, 1, 4);
  bake(&k, 5, 5);
  bake(&k, 6, 5);
  end(&k);
  begin(&k, 1, 8);
  bake(&k, 5, 9); /* the old program would say 5 */
  assert_int_equal(compiled, 1);
  assert_int_equal(loaded, 0);
  end(&k);
  settings = 1;
  begin(&k, 1, 8);
  bake(&k, 5, 9);
  assert_int_equal(compiled, 1);
  assert_int_equal(kept(path), 4);
  end(&k);
}

/* Every bit of the file, one after the other: it is noticed, said and compiled again; and the length. */
static void a_spoilt_file_is_compiled_again(void **state) {
  (void)state;
  kitchen k;
  char path[512], bytes[1024];
  begin(&k, 1, 4);
  bake(&k, 5, 5);
  end(&k);
  assert_int_equal(kept(path), 1);
  FILE *f = fopen(path, "rb");
  size_t n = fread(bytes, 1, sizeof bytes, f);
  fclose(f);
  for (size_t i = 0; i <= n; i++) {
    f = fopen(path, "wb");
    bytes[i < n ? i : 0] ^= i < n ? 0x10 : 0;
    assert_int_equal(fwrite(bytes, 1, i < n ? n : n - 1, f), i < n ? n : n - 1);
    fclose(f);
    bytes[i < n ? i : 0] ^= i < n ? 0x10 : 0;
    begin(&k, 1, 4);
    bake(&k, 5, 5);
    assert_int_equal(compiled, 1);
    assert_int_equal(loaded, 0);
    end(&k);
  }
  begin(&k, 1, 4); /* the last of them was written again */
  bake(&k, 5, 5);
  assert_int_equal(loaded, 1);
  end(&k);
}

static void what_the_compiler_refuses_is_compiled_again(void **state) {
  (void)state;
  kitchen k;
  char path[512];
  begin(&k, 1, 4);
  bake(&k, 5, 5);
  end(&k);
  spoils = 1;
  begin(&k, 1, 4);
  bake(&k, 5, 5);
  assert_int_equal(compiled, 1);
  end(&k);
  assert_int_equal(kept(path), 1);
}

/* ------------------------------------------------------------------------- as front ends see it */
static char saved[600];
static void save(void *arg, const rn_program *p) {
  const rn_program_info *info = rn_program_get_info(p);
  char *line;
  assert_int_equal(info->n_nodes, 2);
  assert_int_equal(info->n_in, 2);
  assert_int_equal(info->n_out, 2);
  assert_string_equal(info->device, "toy");
  assert_string_equal(info->machine, "Toy Radeon");
  assert_string_equal(info->compiler, "baker");
  assert_string_equal(info->nodes[0], "Add y");
  ok(rn_program_print(p, RN_PROGRAM_LINE, &line));
  assert_string_equal(line, "5 numbers, all the warmer for the oven");
  free(line);
  says(rn_program_print(p, RN_PROGRAM_TEXT, &line), RN_UNIMPLEMENTED, "no such words", "");
  ok(rn_program_save(p, saved));
  ++*(int *)arg;
}
static void a_saved_program_runs_by_itself(void **state) {
  (void)state;
  kitchen k;
  int seen = 0;
  rn_program *p = NULL;
  rn_tensor *fed = vec(5, 1), *wrong = vec(4, 1), *out[2];
  rn_feed f;
  snprintf(saved, sizeof saved, "%s/one.program", folder);
  begin(&k, 0, 4);
  f = (rn_feed){k.x, fed};
  ok(rn_session_programs(k.t.s, &f, 1, (rn_value[]){k.z, k.s}, 2, NULL, 0, save, &seen));
  assert_int_equal(seen, 1);
  end(&k);
  begin(&k, 0, 4); /* another process, without the graph's session */
  says(rn_program_open(k.t.rt, "/nowhere/at.all", NULL, &p), RN_NOT_FOUND, "/nowhere/at.all", "no file");
  says(rn_program_open(k.t.rt, saved, "toy:7", &p), RN_INVALID_ARGUMENT, "toy:7", "no such device");
  ok(rn_program_open(k.t.rt, saved, NULL, &p));
  const rn_program_info *info = rn_program_get_info(p);
  uint32_t x = info->in[0].data == NULL ? 0 : 1;
  assert_string_equal(info->in[x].name, "x:0");
  assert_true(*(const float *)info->in[1 - x].data == 4); /* c, a constant, is in the file */
  rn_tensor *in[2] = {NULL, NULL};
  in[x] = fed;
  ok(rn_program_run(p, in, NULL, out));
  for (uint32_t o = 0; o < 2; o++) {
    if (strcmp(info->out[o].name, "y:0") == 0) assert_true(first(out[o]) == 5);
    rn_tensor_release(out[o]);
  }
  in[x] = wrong;
  says(rn_program_run(p, in, NULL, out), RN_INVALID_ARGUMENT, "'x:0' is float [4]", "the program takes float [5]");
  in[x] = NULL;
  says(rn_program_run(p, in, NULL, out), RN_INVALID_ARGUMENT, "'x:0' has no tensor", "");
  rn_program_destroy(p);
  assert_int_equal(compiled, 0);
  rn_tensor_release(fed);
  rn_tensor_release(wrong);
  end(&k);
}

static void what_cannot_be_kept_runs_all_the_same(void **state) {
  (void)state;
  kitchen k;
  char path[512];
  cannot_write = 1;
  begin(&k, 1, 4);
  bake(&k, 5, 5);
  end(&k);
  assert_int_equal(kept(path), 0);
  cannot_write = 0;
  assert_int_equal(chmod(folder, 0777), 0); /* others may write there */
  begin(&k, 1, 4);
  bake(&k, 5, 5);
  assert_int_equal(compiled, 1);
  end(&k);
  assert_int_equal(kept(path), 0);
  assert_int_equal(chmod(folder, 0700), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(a_compiler_is_told_shapes_and_values, empty_folder),
      cmocka_unit_test_setup(what_is_left_is_explained, empty_folder),
      cmocka_unit_test_setup(a_program_says_what_it_is, empty_folder),
      cmocka_unit_test_setup(a_second_process_does_not_compile, empty_folder),
      cmocka_unit_test_setup(another_shape_constant_or_setting_is_another_program, empty_folder),
      cmocka_unit_test_setup(a_spoilt_file_is_compiled_again, empty_folder),
      cmocka_unit_test_setup(what_the_compiler_refuses_is_compiled_again, empty_folder),
      cmocka_unit_test_setup(what_cannot_be_kept_runs_all_the_same, empty_folder),
      cmocka_unit_test_setup(a_saved_program_runs_by_itself, empty_folder),
  };
  if (mkdtemp(folder) == NULL) return 1;
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  (void)empty_folder(NULL);
  rmdir(folder);
  return failed;
}
