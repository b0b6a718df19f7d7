/* viz_repeat_test.c - what comes several times is drawn once, and the same graph gives the same picture (tests/e2e). */
#include "build.h"
#include <runnel/viz.h>
#include <time.h>
#include <unistd.h>

typedef struct net {
  rn_runtime *rt;
  rn_graph *g;
} net;
static void open_net(net *n) {
  must(rn_runtime_create(NULL, &n->rt));
  must(rn_graph_create(n->rt, 0, &n->g));
}
static void close_net(net *n) {
  rn_graph_destroy(n->g);
  rn_runtime_destroy(n->rt);
}

static char *draw(const rn_graph *g, rn_viz_options o) {
  char *bytes = NULL;
  size_t size = 0;
  o.struct_size = (uint32_t)sizeof o;
  if (o.format == NULL) o.format = "svg";
  if (o.depth == 0) o.depth = RN_VIZ_DEPTH_AUTO;
  must(rn_viz_draw(g, &o, &bytes, &size));
  return bytes;
}
static int has(const char *picture, const char *text) { return strstr(picture, text) != NULL; }
static int count(const char *picture, const char *text) {
  int n = 0;
  for (const char *p = picture; (p = strstr(p, text)) != NULL; p++) n++;
  return n;
}

static const char *name_of(char *buf, int flat, const char *format, int a, int b) {
  snprintf(buf, 128, format, a, b);
  return flat ? NULL : buf;
}
static rn_value weights(rn_graph *g, const char *name, int64_t rows, int64_t columns) {
  float *zeros = calloc((size_t)(rows * columns), sizeof *zeros);
  assert_non_null(zeros);
  rn_value v = constant(g, name, floats(dims(2, rows, columns), zeros));
  free(zeros);
  return v;
}

/* A residual block of three branches that read the same value; 17 nodes. */
static rn_value block(rn_graph *g, rn_value x, int i, int flat, int width) {
  char name[128];
  rn_value sum[3];
  for (int k = 0; k < 3; k++) {
    rn_value w = weights(g, name_of(name, flat, "net/block_%d/branch_%d/weights", i, k), width, width);
    rn_value y = node2(g, "MatMul", name_of(name, flat, "net/block_%d/branch_%d/MatMul", i, k), x, w);
    y = node1(g, "Tanh", name_of(name, flat, "net/block_%d/branch_%d/Tanh", i, k), y);
    y = node1(g, "Softmax", name_of(name, flat, "net/block_%d/branch_%d/Softmax", i, k), y);
    sum[k] = node1(g, "Neg", name_of(name, flat, "net/block_%d/branch_%d/Neg", i, k), y);
  }
  rn_value y = node(g, "AddN", name_of(name, flat, "net/block_%d/sum", i, 0), sum, 3, NULL, 0);
  return node2(g, "Add", name_of(name, flat, "net/block_%d/residual", i, 0), x, y);
}

static void build(net *n, int blocks, int flat, int width) {
  open_net(n);
  rn_value x = placeholder(n->g, "x", RN_FLOAT, dims(2, 4, width));
  for (int i = 0; i < blocks; i++) x = block(n->g, x, i, flat, width);
  node1(n->g, "Softmax", "answer", x);
}

static void equal_scopes_are_drawn_once_with_their_number(void **state) {
  (void)state;
  net n;
  build(&n, 20, 0, 8);
  char *d = draw(n.g, (rn_viz_options){.title = "t"});
  assert_true(has(d, "20 times: block_0 to block_19"));
  assert_true(has(d, "3 times: branch_0 to branch_2")); /* and within the first, what repeats there */
  assert_true(has(d, ">branch_0<"));
  assert_true(has(d, "net/block_0/branch_0/MatMul = MatMul"));
  assert_false(has(d, "net/block_1/branch_0/MatMul"));
  assert_false(has(d, "branch_1/MatMul"));
  assert_true(has(d, "to the next")); /* a block reads the one before */
  assert_true(has(d, "answer = Softmax"));
  assert_true(count(d, "<g id=\"box") < 15);
  rn_viz_free(d);
  d = draw(n.g, (rn_viz_options){.depth = RN_VIZ_DEPTH_ALL}); /* who asks for all sees all */
  assert_true(has(d, "net/block_19/branch_2/MatMul"));
  assert_false(has(d, " times: "));
  rn_viz_free(d);
  close_net(&n);
}

static void so_are_equal_stretches_of_a_graph_without_scopes(void **state) {
  (void)state;
  net n;
  build(&n, 20, 1, 8);
  char *d = draw(n.g, (rn_viz_options){.title = "t"});
  assert_true(has(d, "20 times: "));
  assert_true(has(d, "3 times: "));
  assert_true(count(d, "<g id=\"box") < 15);
  assert_true(has(d, "answer = Softmax"));
  rn_viz_free(d);
  close_net(&n);
}

/* A chain that narrows: the shapes are those of the first and the last. */
static void shapes_that_differ_are_told(void **state) {
  (void)state;
  net n;
  char name[128];
  open_net(&n);
  rn_value x = placeholder(n.g, "x", RN_FLOAT, dims(2, 4, 64));
  for (int i = 0; i < 40; i++) {
    x = node2(n.g, "MatMul", name_of(name, 0, "layer_%d/MatMul", i, 0), x,
              weights(n.g, name_of(name, 0, "layer_%d/weights", i, 0), 64 - i, 63 - i));
    x = node1(n.g, "Tanh", name_of(name, 0, "layer_%d/Tanh", i, 0), x);
  }
  char *d = draw(n.g, (rn_viz_options){.title = "t"});
  assert_true(has(d, "40 times: layer_0 to layer_39"));
  assert_true(has(d, "float[4,63] to"));
  assert_true(has(d, "float[4,24]"));
  rn_viz_free(d);
  close_net(&n);
}

/* Six of one kind, then six of another: two repeats, not one. */
static void only_what_is_built_alike_repeats(void **state) {
  (void)state;
  net n;
  char name[128];
  open_net(&n);
  rn_value x = placeholder(n.g, "x", RN_FLOAT, dims(2, 4, 8));
  for (int i = 0; i < 12; i++)
    for (int k = 0; k < 5; k++)
      x = node1(n.g, i < 6 && k == 2 ? "Exp" : "Tanh", name_of(name, 0, "part_%d/op_%d", i, k), x);
  char *d = draw(n.g, (rn_viz_options){.title = "t"});
  assert_true(has(d, "6 times: part_0 to part_5"));
  assert_true(has(d, "6 times: part_6 to part_11"));
  rn_viz_free(d);
  close_net(&n);
}

static void a_small_graph_is_drawn_whole(void **state) {
  (void)state;
  net n;
  build(&n, 2, 0, 8);
  char *d = draw(n.g, (rn_viz_options){.title = "t"});
  assert_false(has(d, " times: "));
  assert_true(has(d, "net/block_1/branch_2/MatMul"));
  rn_viz_free(d);
  close_net(&n);
}

static double seconds_to_draw(const rn_graph *g) {
  struct timespec a, b;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
  char *d = draw(g, (rn_viz_options){.title = "large"});
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
  assert_true(has(d, "600 times: ")); /* a page that tells what it is */
  assert_true(count(d, "<g id=\"box") < 20);
  rn_viz_free(d);
  return (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) * 1e-9;
}

static void ten_thousand_nodes_take_seconds(void **state) {
  (void)state;
  for (int flat = 0; flat < 2; flat++) {
    net n;
    build(&n, 600, flat, 2);
    assert_true(rn_graph_node_count(n.g) > 10000);
    double s = seconds_to_draw(n.g);
    print_message("%u nodes %s: %.2f s\n", rn_graph_node_count(n.g), flat ? "without scopes" : "in scopes", s);
#ifdef __OPTIMIZE__
    assert_true(s < 5);
#else
    assert_true(s < 30); /* also under a sanitizer */
#endif
    close_net(&n);
  }
}

/* ---- what happened when it ran */
typedef struct told {
  const rn_graph *g;
  char text[64];
} told;
static int is_op(const told *t, rn_node_id n, const char *op) { return strcmp(rn_graph_op(t->g, n), op) == 0; }
static double heat(void *arg, rn_node_id n) {
  return is_op(arg, n, "MatMul") ? 2e6 : is_op(arg, n, "Tanh") ? 1e6 : is_op(arg, n, "Const") ? -1 : 0;
}
static const char *note(void *arg, rn_node_id n) {
  told *t = arg;
  snprintf(t->text, sizeof t->text, "kernel of %.30s\nrefused: <none>", rn_graph_op(t->g, n));
  return t->text;
}
static const char *joint(void *arg, rn_node_id n) { return is_op(arg, n, "Tanh") ? "fused 1" : NULL; }
static const char *copy(void *arg, rn_value v, rn_node_id reader) {
  (void)reader;
  return is_op(arg, v.node, "AddN") ? "copied, 12 us" : NULL;
}

static void a_run_colours_the_graph(void **state) {
  (void)state;
  net n;
  build(&n, 2, 0, 8);
  told t = {.g = n.g};
  rn_viz_options o = {.heat = heat,
                      .heat_title = "time of a step",
                      .heat_unit = "ns",
                      .note = note,
                      .joint = joint,
                      .copy = copy,
                      .run_arg = &t};
  char *d = draw(n.g, o);
  assert_true(has(d, "time of a step, share of 18 ms:")); /* six of 2 ms, six of 1 ms */
  assert_true(has(d, "2 ms, 11 %"));
  assert_true(has(d, "1 ms, 6 %"));
  assert_true(has(d, "did not run"));
  assert_true(has(d, "fused 1"));
  assert_true(has(d, "ran as one"));
  assert_true(has(d, "copied, 12 us"));
  assert_true(has(d, "kernel of MatMul&#10;refused: &lt;none&gt;"));
  rn_viz_free(d);
  o.heat_unit = "bytes";
  d = draw(n.g, o);
  assert_true(has(d, "1.91 MiB"));
  rn_viz_free(d);
  close_net(&n);
}

static void a_folded_part_has_the_sum(void **state) {
  (void)state;
  net n;
  build(&n, 20, 0, 8);
  told t = {.g = n.g};
  char *d = draw(n.g, (rn_viz_options){.heat = heat, .heat_unit = "ns", .run_arg = &t});
  assert_true(has(d, "120 ms, 67 %")); /* sixty of 2 ms */
  rn_viz_free(d);
  d = draw(n.g, (rn_viz_options){.heat = heat, .heat_unit = "ns", .run_arg = &t, .depth = 1});
  assert_true(has(d, "9 ms, 5 %"));
  rn_viz_free(d);
  close_net(&n);
}

/* ---- */
static void write_graph(const char *path, int blocks) {
  FILE *f = fopen(path, "w");
  char last[32] = "x";
  assert_non_null(f);
  fputs("node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } }\n", f);
  for (int i = 0; i < blocks; i++)
    for (int k = 0; k < 3; k++) {
      fprintf(f, "node { name: 's%d/n%d' op: '%s' input: '%s' attr { key: 'T' value { type: DT_FLOAT } } }\n", i, k,
              (i * 7 + k * 3) % 5 == 0 ? "Tanh" : "Neg", last);
      snprintf(last, sizeof last, "s%d/n%d", i, k);
    }
  fclose(f);
}

/* Two processes, with other addresses and other rubbish in their memory. */
static void two_drawings_of_one_graph_are_equal(void **state) {
  (void)state;
  static const char *const around[] = {"MALLOC_PERTURB_=1",
                                       "MALLOC_PERTURB_=170 MALLOC_TOP_PAD_=123456 PADDING=\"$(seq 500)\""};
  char folder[] = "/tmp/runnel_draw_XXXXXX", command[1024];
  assert_non_null(mkdtemp(folder));
  for (int blocks = 6; blocks <= 40; blocks += 34) { /* drawn whole, and once */
    snprintf(command, sizeof command, "%s/g.pbtxt", folder);
    write_graph(command, blocks);
    for (int i = 0; i < 2; i++) {
      snprintf(command, sizeof command, "env %s %s/runnel draw %s/g.pbtxt -o %s/%d.svg", around[i],
               getenv("RUNNEL_BIN"), folder, folder, i);
      assert_int_equal(system(command), 0);
    }
    snprintf(command, sizeof command, "cmp %s/0.svg %s/1.svg", folder, folder);
    assert_int_equal(system(command), 0);
  }
  snprintf(command, sizeof command, "rm -r %s", folder);
  assert_int_equal(system(command), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equal_scopes_are_drawn_once_with_their_number),
      cmocka_unit_test(so_are_equal_stretches_of_a_graph_without_scopes),
      cmocka_unit_test(shapes_that_differ_are_told),
      cmocka_unit_test(only_what_is_built_alike_repeats),
      cmocka_unit_test(a_small_graph_is_drawn_whole),
      cmocka_unit_test(ten_thousand_nodes_take_seconds),
      cmocka_unit_test(a_run_colours_the_graph),
      cmocka_unit_test(a_folded_part_has_the_sum),
      cmocka_unit_test(two_drawings_of_one_graph_are_equal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
