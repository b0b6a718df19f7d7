/* viz_hostile_test.c - a picture of any graph is well-formed, and text in it stays text (tests/e2e).
 *
 * A real XML parser reads each picture: only elements and attributes that Graphviz and viz/svg.c write may come out. */
#include "build.h"
#include <expat.h>
#include <math.h>
#include <runnel/viz.h>

typedef struct reading {
  char *text; /* all characters, and all tooltips, each followed by a newline */
  size_t n, room;
  int depth_of_style;
} reading;

static void keep(reading *r, const char *s, size_t n) {
  if (r->n + n + 1 > r->room) {
    r->room = 2 * (r->n + n + 1);
    r->text = realloc(r->text, r->room);
    assert_non_null(r->text);
  }
  memcpy(r->text + r->n, s, n);
  r->n += n;
  r->text[r->n] = '\0';
}

static int is_one_of(const char *s, const char *const *known) {
  for (; *known; known++)
    if (strcmp(s, *known) == 0) return 1;
  return 0;
}

static void on_element(void *arg, const char *name, const char **attr) {
  static const char *const elements[] = {"svg",  "style",   "g",    "title", "polygon", "polyline",
                                         "path", "ellipse", "text", "a",     NULL};
  static const char *const attributes[] = {
      "width", "height", "viewBox",     "xmlns",       "xmlns:xlink", "id",          "class",        "transform",
      "fill",  "stroke", "points",      "d",           "cx",          "cy",          "rx",           "ry",
      "x",     "y",      "text-anchor", "font-family", "font-size",   "xlink:title", "stroke-width", "stroke-dasharray",
      NULL};
  reading *r = arg;
  if (!is_one_of(name, elements)) fail_msg("element <%s>", name);
  for (; attr[0]; attr += 2) {
    if (!is_one_of(attr[0], attributes)) fail_msg("<%s %s=\"%s\">", name, attr[0], attr[1]);
    if (strcmp(attr[0], "xlink:title") == 0) keep(r, attr[1], strlen(attr[1]));
  }
  keep(r, "\n", 1);
}
static void on_text(void *arg, const char *s, int n) { keep(arg, s, (size_t)n); }
static void on_end(void *arg, const char *name) {
  (void)name;
  keep(arg, "\n", 1);
}
static void no_doctype(void *arg, const char *name, const char *system, const char *public, int internal) {
  (void)arg;
  (void)system;
  (void)public;
  assert_string_equal(name, "svg");
  assert_false(internal);
}

/* own: the text is owned, free() */
static char *read_svg(const char *bytes, size_t size) {
  reading r = {NULL, 0, 0, 0};
  XML_Parser p = XML_ParserCreate(NULL);
  assert_non_null(p);
  XML_SetUserData(p, &r);
  XML_SetElementHandler(p, on_element, on_end);
  XML_SetCharacterDataHandler(p, on_text);
  XML_SetStartDoctypeDeclHandler(p, no_doctype);
  if (XML_Parse(p, bytes, (int)size, 1) != XML_STATUS_OK)
    fail_msg("line %lu: %s", (unsigned long)XML_GetCurrentLineNumber(p), XML_ErrorString(XML_GetErrorCode(p)));
  XML_ParserFree(p);
  return r.text;
}

static char *draw_svg(const rn_graph *g, rn_viz_options o) {
  char *bytes = NULL;
  size_t size = 0;
  o.struct_size = (uint32_t)sizeof o;
  o.format = "svg";
  must(rn_viz_draw(g, &o, &bytes, &size));
  assert_true(size < 300000);
  char *text = read_svg(bytes, size);
  rn_viz_free(bytes);
  return text;
}
static void has(const char *text, const char *part) {
  if (strstr(text, part) == NULL) fail_msg("not in the picture: %s", part);
}

static void open_graph(rn_runtime **rt, rn_graph **g) {
  must(rn_runtime_create(NULL, rt));
  must(rn_graph_create(*rt, RN_GRAPH_ALLOW_UNKNOWN_OPS, g));
}
static void close_graph(rn_runtime *rt, rn_graph *g) {
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
}

static const char *const hostile[] = {"<script>alert(1)</script>",
                                      "\"/><img src=x onerror='a'>",
                                      "&amp;<b>&#60;",
                                      "\\N\\G\\E\\L\\n",
                                      "]]><!--",
                                      "-->",
                                      "a'b\"c`d",
                                      "%s%n%d",
                                      "javascript:alert(1)",
                                      "</style><svg onload=x>",
                                      "</g></svg>",
                                      "<</TD>>",
                                      "{a|b}",
                                      "class=\"cluster\"",
                                      "\xe2\x80\xaeright to left",
                                      "a\nb\tc",
                                      "\x01\x02\x7f",
                                      "bad\xff\xfe\xc0\xaf",
                                      "\xed\xa0\x80"};
enum { N_HOSTILE = sizeof hostile / sizeof hostile[0] };

/* Each text as scope, name, op, device and attribute, as far as the graph takes it. Returns how many names it took. */
static int add_hostile(rn_graph *g) {
  rn_value last = node(g, "Start", "start", NULL, 0, NULL, 0);
  int taken = 0;
  for (int i = 0; i < N_HOSTILE; i++)
    for (int where = 0; where < 4; where++) {
      char name[200];
      snprintf(name, sizeof name, where == 1 ? "%s/x%d" : "%s", hostile[i], i);
      if (where == 2) snprintf(name, sizeof name, "s%d/%s", i, hostile[i]);
      if (where == 3) snprintf(name, sizeof name, "plain%d", i);
      rn_attr attr = RN_AS("text", hostile[i], strlen(hostile[i]));
      rn_node_request r = rn_node_request_for(where == 3 ? hostile[i] : "Op", name);
      r.inputs = &last;
      r.n_inputs = 1;
      r.attrs = &attr;
      r.n_attrs = 1;
      r.device = where == 3 ? hostile[i] : NULL;
      rn_value next = {0, 0};
      rn_status *refused = rn_graph_add(g, &r, &next.node);
      if (refused == NULL) last = next;
      if (refused != NULL) assert_int_equal(rn_status_code(refused), RN_INVALID_ARGUMENT);
      taken += refused == NULL;
      rn_status_free(refused);
    }
  return taken;
}

static const char *say(void *arg, rn_node_id n) {
  (void)arg;
  return hostile[n % N_HOSTILE];
}
static const char *say_copy(void *arg, rn_value v, rn_node_id reader) {
  (void)reader;
  return say(arg, v.node);
}
static double some_heat(void *arg, rn_node_id n) {
  static const double values[] = {1, -1, 0, 1e300, 2e-300};
  (void)arg;
  return n % 7 == 6 ? (double)NAN : values[n % 5];
}

static void hostile_names_are_text(void **state) {
  (void)state;
  rn_runtime *rt = NULL;
  rn_graph *g = NULL;
  open_graph(&rt, &g);
  int taken = add_hostile(g);
  assert_true(taken >= N_HOSTILE); /* at least where it is no name */
  for (int depth = 0; depth < 3; depth++) {
    static const int32_t depths[] = {RN_VIZ_DEPTH_ALL, RN_VIZ_DEPTH_AUTO, 0};
    char *text = draw_svg(g, (rn_viz_options){.depth = depths[depth], .title = hostile[0], .highlight = hostile[1]});
    has(text, "<script>alert(1)</script>"); /* the title, to the letter */
    if (depth == 0) has(text, "</g></svg>");
    if (depth == 0) has(text, "\\N\\G\\E\\L");
    free(text);
  }
  close_graph(rt, g);
}

static void what_is_told_of_a_run_is_text_too(void **state) {
  (void)state;
  rn_runtime *rt = NULL;
  rn_graph *g = NULL;
  open_graph(&rt, &g);
  add_hostile(g);
  rn_viz_options o = {.depth = RN_VIZ_DEPTH_ALL, .paint = say, .note = say, .joint = say, .copy = say_copy};
  free(draw_svg(g, o));
  o.heat = some_heat;
  for (int i = 0; i < N_HOSTILE; i++) {
    o.heat_title = hostile[i];
    o.heat_unit = hostile[N_HOSTILE - 1 - i];
    free(draw_svg(g, o));
  }
  close_graph(rt, g);
}

static void a_name_may_be_a_megabyte_long(void **state) {
  (void)state;
  static const char *const pieces[] = {"z", "a/", "<", "\xc3\xa4", "/"};
  for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
    rn_runtime *rt = NULL;
    rn_graph *g = NULL;
    size_t piece = strlen(pieces[i]), n = (1 << 20) / piece;
    char *name = malloc(n * piece + 2);
    assert_non_null(name);
    for (size_t k = 0; k < n; k++) memcpy(name + 1 + k * piece, pieces[i], piece);
    name[0] = 'n';
    name[n * piece + 1] = '\0';
    open_graph(&rt, &g);
    rn_node_request r = rn_node_request_for(name, name);
    rn_value v = {0, 0};
    rn_status *refused = rn_graph_add(g, &r, &v.node);
    if (refused == NULL)
      for (int k = 0; k < 60; k++) v = node(g, name, NULL, &v, 1, NULL, 0); /* so large that it is folded */
    rn_status_free(refused);
    free(draw_svg(g, (rn_viz_options){.depth = RN_VIZ_DEPTH_AUTO, .title = name}));
    free(draw_svg(g, (rn_viz_options){.depth = 3, .title = name}));
    close_graph(rt, g);
    free(name);
  }
}

static void no_node_and_one_node_are_pictures(void **state) {
  (void)state;
  static const char *const formats[] = {"svg", "png", "pdf", "dot"};
  rn_runtime *rt = NULL;
  rn_graph *g = NULL;
  open_graph(&rt, &g);
  for (int nodes = 0; nodes < 2; nodes++) {
    for (int32_t depth = -1; depth < 2; depth++) {
      char *text = draw_svg(g, (rn_viz_options){.depth = depth, .heat = some_heat, .paint = say});
      has(text, nodes == 0 ? "an empty graph" : "single = Op");
      free(text);
    }
    for (int i = 0; i < 4; i++) {
      rn_viz_options o = {.struct_size = (uint32_t)sizeof o, .depth = RN_VIZ_DEPTH_AUTO, .format = formats[i]};
      char *bytes = NULL;
      size_t size = 0;
      must(rn_viz_draw(g, &o, &bytes, &size));
      assert_true(size > 100);
      rn_viz_free(bytes);
    }
    if (nodes == 0) node(g, "Op", "single", NULL, 0, NULL, 0);
  }
  close_graph(rt, g);
}

/* Programs built with an older header give a shorter struct. */
static void older_options_are_enough(void **state) {
  (void)state;
  rn_runtime *rt = NULL;
  rn_graph *g = NULL;
  rn_viz_options o = {.depth = RN_VIZ_DEPTH_AUTO, .format = "dot", .heat = some_heat};
  char *bytes = NULL;
  size_t size = 0;
  open_graph(&rt, &g);
  node(g, "Op", "single", NULL, 0, NULL, 0);
  o.struct_size = (uint32_t)offsetof(rn_viz_options, heat);
  must(rn_viz_draw(g, &o, &bytes, &size));
  assert_null(strstr(bytes, "share of"));
  rn_viz_free(bytes);
  close_graph(rt, g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hostile_names_are_text),        cmocka_unit_test(what_is_told_of_a_run_is_text_too),
      cmocka_unit_test(a_name_may_be_a_megabyte_long), cmocka_unit_test(no_node_and_one_node_are_pictures),
      cmocka_unit_test(older_options_are_enough),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
