/* viz_test.c - what is in a picture of a graph, and that nothing from a graph's names gets out of it (tests/e2e). */
#include "build.h"
#include <runnel/c/train.h>
#include <runnel/c/summary.h>
#include <runnel/viz.h>

typedef struct drawing {
  char *bytes;
  size_t size;
} drawing;

static drawing draw(const rn_graph *g, rn_viz_options o) {
  drawing d = {NULL, 0};
  o.struct_size = (uint32_t)sizeof o;
  if (o.depth == 0) o.depth = RN_VIZ_DEPTH_AUTO;
  must(rn_viz_draw(g, &o, &d.bytes, &d.size));
  assert_true(d.size > 0);
  return d;
}
static int has(const drawing *d, const char *text) { return memmem(d->bytes, d->size, text, strlen(text)) != NULL; }
static uint32_t count(const drawing *d, const char *text) {
  uint32_t n = 0;
  for (const char *p = d->bytes; (p = strstr(p, text)) != NULL; p++) n++;
  return n;
}

/* y = w x + b trained on x; with a summary of the loss. */
typedef struct line {
  rn_runtime *rt;
  rn_graph *g;
  rn_scope *s;
} line;
static void build_line(line *l) {
  rn_shape four = {1, 0, {4}}, one = {0};
  must(rn_runtime_create(NULL, &l->rt));
  must(rn_graph_create(l->rt, 0, &l->g));
  must(rn_scope_create(l->g, &l->s));
  rn_scope *s = l->s;
  rn_value x = rn_scope_placeholder(s, "x", RN_FLOAT, &four);
  rn_value want = rn_scope_placeholder(s, "target", RN_FLOAT, &four);
  rn_variable w = rn_variable_create(s, "w", rn_zeros(s, "w/zero", RN_FLOAT, &one), 1);
  rn_value product[2] = {w.read, x};
  rn_value y = rn_scope_op(s, "Mul", "product", product, 2, NULL, 0);
  rn_value loss = rn_squared_error_mean(s, "loss", y, want);
  rn_summary_scalar(s, "loss_curve", loss);
  rn_summaries_merge(s);
  rn_hyper rate = {"learning_rate", 0.1};
  rn_minimize(s, loss, "GradientDescent", &rate, 1, NULL);
  must(rn_scope_take_status(s));
}
static void drop_line(line *l) {
  rn_scope_destroy(l->s);
  rn_graph_destroy(l->g);
  rn_runtime_destroy(l->rt);
}

static void training_and_summaries_are_parts_of_their_own(void **state) {
  (void)state;
  line l;
  build_line(&l);
  drawing d = draw(l.g, (rn_viz_options){.format = "svg", .title = "a line"});
  assert_true(has(&d, "a line"));
  assert_true(has(&d, ">training<"));
  assert_true(has(&d, ">summaries<"));
  assert_true(has(&d, "trained variable")); /* the legend explains what is there ... */
  assert_true(has(&d, ">fed<"));
  assert_false(has(&d, "control flow")); /* ... and nothing else */
  rn_viz_free(d.bytes);
  drop_line(&l);
}

static void a_part_of_a_graph_is_drawn(void **state) {
  (void)state;
  line l;
  char *bytes = NULL;
  size_t size = 0;
  build_line(&l);
  drawing near = draw(l.g, (rn_viz_options){.format = "svg", .around = "product", .hops = 1, .highlight = "prod*"});
  assert_true(has(&near, "product = Mul"));
  assert_true(has(&near, "x = Placeholder"));
  assert_false(has(&near, "target = Placeholder"));
  assert_true(has(&near, "stroke-width=\"3\""));
  rn_viz_free(near.bytes);
  drawing way = draw(l.g, (rn_viz_options){.format = "svg", .from = "x", .to = "product"});
  assert_true(has(&way, "x = Placeholder"));
  assert_false(has(&way, "w = VariableV2"));
  rn_viz_free(way.bytes);
  rn_viz_options o = {.struct_size = (uint32_t)sizeof o, .depth = RN_VIZ_DEPTH_AUTO, .around = "produkt"};
  assert_status(rn_viz_draw(l.g, &o, &bytes, &size), RN_NOT_FOUND, "produkt", "product", NULL);
  o.around = NULL;
  o.from = "product";
  o.to = "target";
  assert_status(rn_viz_draw(l.g, &o, &bytes, &size), RN_NOT_FOUND, "product", "target", NULL);
  drop_line(&l);
}

/* However many read a node, all of them are near it. */
static void no_reader_is_forgotten(void **state) {
  (void)state;
  enum { READERS = 5000 };
  rn_runtime *rt = NULL;
  rn_graph *g = NULL;
  must(rn_runtime_create(NULL, &rt));
  must(rn_graph_create(rt, 0, &g));
  rn_value x = placeholder(g, "x", RN_FLOAT, dims(1, 3, 0));
  for (int i = 0; i < READERS; i++) node1(g, "Tanh", NULL, x);
  drawing d = draw(g, (rn_viz_options){.format = "dot", .around = "x", .hops = 1});
  assert_true(has(&d, "5000 times")); /* alike, so drawn once */
  rn_viz_free(d.bytes);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
}

static const char *paint(void *arg, rn_node_id n) {
  const line *l = arg;
  return strcmp(rn_graph_op(l->g, n), "Mul") == 0 ? "a <device>" : NULL;
}

static void nodes_are_coloured_by_what_the_caller_says(void **state) {
  (void)state;
  line l;
  build_line(&l);
  drawing d = draw(l.g, (rn_viz_options){.format = "svg", .paint = paint, .paint_arg = &l});
  assert_true(has(&d, "#a6cee3"));
  assert_true(has(&d, "a &lt;device&gt;"));
  rn_viz_free(d.bytes);
  drop_line(&l);
}

static void pictures_come_in_four_formats(void **state) {
  (void)state;
  static const char *const start[][2] = {{"svg", "<?xml"}, {"png", "\x89PNG"}, {"pdf", "%PDF"}, {"dot", "digraph"}};
  line l;
  build_line(&l);
  for (int i = 0; i < 4; i++) {
    drawing d = draw(l.g, (rn_viz_options){.format = start[i][0]});
    assert_memory_equal(d.bytes, start[i][1], strlen(start[i][1]));
    rn_viz_free(d.bytes);
  }
  drop_line(&l);
}

static void names_stay_text(void **state) {
  (void)state;
  static const char *const names[] = {
      "<script>alert(1)</script>", "\"/><img src=x>", "a\nb\tc", "bad\xff\xfe", "&amp;<b>", "\\N\\G\\E", "]]>", "-->"};
  rn_runtime *rt = NULL;
  rn_graph *g = NULL;
  must(rn_runtime_create(NULL, &rt));
  must(rn_graph_create(rt, RN_GRAPH_ALLOW_UNKNOWN_OPS, &g));
  char *megabyte = malloc((1 << 20) + 1);
  assert_non_null(megabyte);
  memset(megabyte, 'z', 1 << 20);
  megabyte[1 << 20] = '\0';
  rn_value last = node(g, "Op<i>", megabyte, NULL, 0, NULL, 0);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    rn_attr attr = RN_AS("text", names[i], strlen(names[i]));
    rn_node_request r = rn_node_request_for("Op<i>", names[i]);
    r.inputs = &last;
    r.n_inputs = 1;
    r.attrs = &attr;
    r.n_attrs = 1;
    rn_status *refused = rn_graph_add(g, &r, &last.node); /* some are no names at all */
    rn_status_free(refused);
  }
  drawing d = draw(g, (rn_viz_options){.format = "svg", .title = "<script>&\"'"});
  assert_false(has(&d, "<script"));
  assert_false(has(&d, "<img"));
  assert_false(has(&d, "<i>"));
  assert_false(has(&d, "\xff"));
  assert_true(d.size < 200000);
  rn_viz_free(d.bytes);
  free(megabyte);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
}

static void an_empty_graph_and_a_huge_flat_one_are_pictures(void **state) {
  (void)state;
  rn_runtime *rt = NULL;
  rn_graph *g = NULL;
  must(rn_runtime_create(NULL, &rt));
  must(rn_graph_create(rt, 0, &g));
  drawing d = draw(g, (rn_viz_options){.format = "svg"});
  assert_true(has(&d, "an empty graph"));
  rn_viz_free(d.bytes);
  rn_value at = placeholder(g, "x", RN_FLOAT, dims(1, 3, 0));
  static const char *const ops[] = {"Tanh", "Neg", "Exp", "Square", "Abs"};
  uint32_t dice = 1;
  for (int i = 0; i < 10000; i++) { /* nothing in it repeats */
    dice = dice * 1664525u + 1013904223u;
    at = node1(g, ops[(dice >> 16) % 5], NULL, at);
  }
  d = draw(g, (rn_viz_options){.format = "svg"});
  uint32_t boxes = count(&d, "<g id=\"box");
  assert_true(boxes >= 20 && boxes <= 61); /* a page that can be read, not ten thousand dots */
  assert_true(has(&d, "Tanh"));
  rn_viz_free(d.bytes);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(training_and_summaries_are_parts_of_their_own),
      cmocka_unit_test(a_part_of_a_graph_is_drawn),
      cmocka_unit_test(no_reader_is_forgotten),
      cmocka_unit_test(nodes_are_coloured_by_what_the_caller_says),
      cmocka_unit_test(pictures_come_in_four_formats),
      cmocka_unit_test(names_stay_text),
      cmocka_unit_test(an_empty_graph_and_a_huge_flat_one_are_pictures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
