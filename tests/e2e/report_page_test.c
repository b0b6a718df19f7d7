/* report_page_test.c - the page of a report in a real browser: mouse, keys, what a screen reader is told, no network
 * (tests/e2e). Pictures of it are left in BUILD/screenshots. */
#include "report_run.h"
#include <runnel/report.h>
#include <sys/stat.h>
#include "browser.h"

#define ONE(selector) "document.querySelector('" selector "')"
#define COUNT(selector) "document.querySelectorAll('" selector "').length"

static browser chromium;
static char folder[64], page[80];

static void write_page(const char *logs, const char *path) {
  rn_runtime *rt = NULL;
  rn_report *r = NULL;
  char *text = NULL;
  size_t size = 0;
  must(rn_runtime_create(NULL, &rt));
  must(rn_report_open(rt, logs, &r));
  must(rn_report_print_page(r, 0, &text, &size));
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(text, 1, size, f), size);
  fclose(f);
  rn_report_free(text);
  rn_report_destroy(r);
  rn_runtime_destroy(rt);
}

static int begin(void **state) {
  (void)state;
  char logs[80], run[96];
  make_folder(folder);
  snprintf(logs, sizeof logs, "%s/logs", folder);
  snprintf(page, sizeof page, "%s/report.html", folder);
  mkdir(logs, 0777);
  snprintf(run, sizeof run, "%s/first", logs);
  write_run(run, 40);
  snprintf(run, sizeof run, "%s/second", logs);
  write_run(run, 25);
  write_page(logs, page);
  if (browser_open(&chromium, 1400, 900)) return 0;
  print_error("there is no chromium; ./dev test installs it\n");
  return 1;
}
static int end(void **state) {
  (void)state;
  browser_close(&chromium);
  remove_folder(folder);
  return 0;
}

static void look_at(const char *panel) {
  char url[160];
  static int visit;
  chromium.n_complaints = chromium.n_requests = 0;
  snprintf(url, sizeof url, "file://%s?%d#%s", page, visit++, panel);
  browser_go(&chromium, url);
}
static void picture(const char *name) {
  char path[512];
  const char *bin = getenv("RUNNEL_BIN");
  snprintf(path, sizeof path, "%s/../screenshots", bin != NULL ? bin : "/tmp");
  mkdir(path, 0777);
  snprintf(path, sizeof path, "%s/../screenshots/%s.png", bin != NULL ? bin : "/tmp", name);
  browser_shot(&chromium, path);
}
static void nothing_was_wrong(void) {
  if (chromium.n_complaints) fail_msg("the page complains: %s", chromium.complaint);
  if (chromium.n_requests) fail_msg("the page asks for %s", chromium.request);
}

static void curves_are_drawn_smoothed_and_scaled(void **state) {
  (void)state;
  browser *b = &chromium;
  look_at("scalars");
  assert_int_equal(browser_number(b, COUNT(".card .curve:not(.raw)")), 2);
  assert_true(browser_is(b, ONE(".card .curve:not(.raw)") ".getAttribute('d').length > 100"));
  cJSON *before = browser_value(b, ONE(".card .curve:not(.raw)") ".getAttribute('d')");
  browser_click(b, ONE("#log-scale"));
  assert_true(browser_is(b, ONE("#log-scale") ".getAttribute('aria-pressed') === 'true'"));
  cJSON *log = browser_value(b, ONE(".card .curve:not(.raw)") ".getAttribute('d')");
  assert_string_not_equal(before->valuestring, log->valuestring);
  cJSON_Delete(before);
  browser_click(b, ONE("#smoothing"));
  browser_key(b, "Home"); /* no smoothing: no faint curve behind */
  assert_int_equal(browser_number(b, COUNT(".card .curve.raw")), 0);
  cJSON *rough = browser_value(b, ONE(".card .curve:not(.raw)") ".getAttribute('d')");
  assert_string_not_equal(rough->valuestring, log->valuestring);
  cJSON_Delete(rough);
  cJSON_Delete(log);
  browser_click(b, ONE("#runs-list input")); /* the legend: one run less */
  assert_int_equal(browser_number(b, COUNT(".card .curve:not(.raw)")), 1);
  picture("scalars");
  nothing_was_wrong();
}

static void values_are_read_with_the_keyboard(void **state) {
  (void)state;
  browser *b = &chromium;
  look_at("scalars");
  browser_focus(b, ONE(".card svg"));
  browser_key(b, "End");
  assert_true(browser_wait(b, ONE("#announce") ".textContent.includes('step 39')"));
  assert_true(browser_is(b, "!document.getElementById('tip').hidden"));
  browser_click(b, ONE(".card details summary"));
  assert_true(browser_wait(b, COUNT(".card table.data tbody tr") " === 65")); /* 40 and 25 */
  nothing_was_wrong();
}

static void a_scope_opens_by_click_and_by_keyboard(void **state) {
  (void)state;
  browser *b = &chromium;
  look_at("graph");
  assert_true(browser_wait(b, COUNT(".box") " > 4"));
  picture("graph");
  assert_int_equal(browser_number(b, COUNT(".box[aria-label^=\"hidden/MatMul,\"]")), 0);
  browser_click(b, ONE(".box[aria-label^=\"hidden, name scope\"]"));
  assert_int_equal(browser_number(b, COUNT(".box[aria-label^=\"hidden/MatMul,\"]")), 1);
  assert_true(
      browser_is(b, ONE(".box[aria-label^=\"hidden, name scope\"]") ".getAttribute('aria-expanded') === 'true'"));
  browser_click(b, ONE(".box[aria-label^=\"hidden/MatMul,\"]"));
  assert_true(browser_is(b, ONE(".side") ".textContent.includes('transpose_a')"));
  assert_true(browser_is(b, ONE(".side") ".textContent.includes('float[8,12]')"));
  assert_true(browser_is(b, ONE(".side") ".textContent.includes('CPU:0')")); /* it ran */
  picture("graph_open");
  /* Up from the node to another box, then a scope is opened and closed without the mouse. */
  browser_focus(b, ONE(".box[aria-label^=\"logits, name scope\"]"));
  browser_key(b, "Enter");
  assert_int_equal(browser_number(b, COUNT(".box[aria-label^=\"logits/MatMul,\"]")), 1);
  assert_true(browser_is(b, "document.activeElement.getAttribute('aria-label').startsWith('logits, name scope')"));
  browser_key(b, "ArrowDown");
  assert_false(browser_is(b, "document.activeElement.getAttribute('aria-label').startsWith('logits, name scope')"));
  browser_key(b, "ArrowUp");
  browser_focus(b, ONE(".box[aria-label^=\"logits, name scope\"]"));
  browser_key(b, "Escape");
  assert_int_equal(browser_number(b, COUNT(".box[aria-label^=\"logits/MatMul,\"]")), 0);
  nothing_was_wrong();
}

static void a_node_is_found_and_shown(void **state) {
  (void)state;
  browser *b = &chromium;
  look_at("graph");
  browser_click(b, ONE("#search"));
  browser_type(b, "xentropy_mean");
  assert_true(browser_wait(b, COUNT("#found li") " > 1"));
  assert_true(browser_is(b, ONE("#search") ".getAttribute('aria-expanded') === 'true'"));
  browser_key(b, "Enter");
  assert_true(browser_is(b, ONE(".box.selected") ".getAttribute('aria-label').startsWith('loss/xentropy_mean,')"));
  assert_true(browser_is(b, "(() => { const r = " ONE(".box.selected") ".getBoundingClientRect(), f = " ONE(
                                ".graph-frame svg") ".getBoundingClientRect(); return r.left >= f.left && r.right <= "
                                                    "f.right && r.top >= f.top && r.bottom <= f.bottom; })()"));
  nothing_was_wrong();
}

/* The address says which node is selected, so that it can be handed on. */
static void an_address_leads_to_a_node(void **state) {
  (void)state;
  browser *b = &chromium;
  look_at("graph:logits/MatMul");
  assert_true(browser_is(b, ONE(".box.selected") ".getAttribute('aria-label').startsWith('logits/MatMul,')"));
  look_at("graph:no/such%2Fnode%");
  assert_int_equal(browser_number(b, COUNT(".box.selected")), 0);
  nothing_was_wrong();
}

static void choose_colours(const char *by) {
  char script[400];
  snprintf(
      script, sizeof script,
      "(() => { const s = [...document.querySelectorAll('select')].find((x) => [...x.options].some((o) => o.value === "
      "'device')); s.value = '%s'; s.dispatchEvent(new Event('change')); return true; })()",
      by);
  assert_true(browser_is(&chromium, script));
}

static void colours_are_switched(void **state) {
  (void)state;
  browser *b = &chromium;
  static const char fill_of[] = ONE(".box[aria-label^=\"x,\"] .shape") ".style.fill";
  look_at("graph");
  cJSON *kind = browser_value(b, fill_of);
  choose_colours("device");
  cJSON *device = browser_value(b, fill_of);
  assert_string_not_equal(kind->valuestring, device->valuestring);
  assert_true(browser_is(b, ONE(".legend") ".textContent.includes('CPU:0')"));
  choose_colours("time");
  assert_true(browser_is(b, ONE(".legend") ".textContent.includes('in all')"));
  picture("graph_time");
  choose_colours("op");
  assert_true(browser_is(b, COUNT(".legend .swatch") " > 5"));
  cJSON_Delete(kind);
  cJSON_Delete(device);
  nothing_was_wrong();
}

static void the_graph_and_the_timeline_zoom(void **state) {
  (void)state;
  browser *b = &chromium;
  static const char scale[] = "+/scale\\(([0-9.]+)/.exec(" ONE(".graph-frame svg > g") ".getAttribute('transform'))[1]";
  look_at("graph");
  double before = browser_number(b, scale);
  browser_wheel(b, ONE(".graph-frame svg"), -300);
  assert_true(browser_number(b, scale) > before);
  browser_click(b, ONE(".zoom button[aria-label=\"Show all\"]"));
  double all = browser_number(b, scale);
  browser_focus(b, ONE(".box"));
  browser_key(b, "+");
  assert_true(browser_number(b, scale) > all);
  browser_click(b, ONE("#tab-timeline"));
  assert_true(browser_wait(b, COUNT(".span") " > 5"));
  cJSON *wide = browser_value(b, ONE(".timeline .axis") ".textContent");
  picture("timeline");
  browser_wheel(b, ONE(".timeline svg"), -400);
  cJSON *near = browser_value(b, ONE(".timeline .axis") ".textContent");
  assert_string_not_equal(wide->valuestring, near->valuestring);
  browser_focus(b, ONE(".timeline svg"));
  browser_key(b, "ArrowRight");
  browser_key(b, "ArrowRight");
  assert_int_equal(browser_number(b, COUNT(".span.lit")), 1);
  cJSON_Delete(wide);
  cJSON_Delete(near);
  nothing_was_wrong();
}

/* What an assistive program is given: every control has a name, the page has its landmarks. */
static void everything_has_a_name(void **state) {
  (void)state;
  static const char *const panel[] = {"scalars", "histograms", "images", "graph", "timeline", "checkpoints", "machine"};
  static const char *const control[] = {"button",    "tab",      "checkbox", "slider",   "combobox",
                                        "searchbox", "treeitem", "textbox",  "ComboBox", "listbox"};
  for (size_t p = 0; p < sizeof panel / sizeof *panel; p++) {
    int controls = 0, landmarks = 0;
    look_at(panel[p]);
    cJSON *all = browser_call(&chromium, "Accessibility.getFullAXTree", NULL), *n = NULL;
    cJSON_ArrayForEach(n, cJSON_GetObjectItem(all, "nodes")) {
      if (cJSON_IsTrue(cJSON_GetObjectItem(n, "ignored"))) continue;
      const char *role = cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetObjectItem(n, "role"), "value"));
      const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetObjectItem(n, "name"), "value"));
      if (role == NULL) continue;
      landmarks += strcmp(role, "main") == 0 || strcmp(role, "banner") == 0 || strcmp(role, "navigation") == 0;
      for (size_t k = 0; k < sizeof control / sizeof *control; k++) {
        if (strcmp(role, control[k]) != 0) continue;
        controls++;
        if (name == NULL || name[0] == '\0') fail_msg("%s: a %s has no name", panel[p], role);
      }
    }
    cJSON_Delete(all);
    assert_int_equal(landmarks, 3);
    assert_true(controls > 7);
    picture(panel[p]);
    nothing_was_wrong();
  }
}

static void tabs_are_changed_by_arrows(void **state) {
  (void)state;
  browser *b = &chromium;
  look_at("scalars");
  browser_focus(b, ONE("#tab-scalars"));
  browser_key(b, "ArrowRight");
  assert_true(browser_is(b, "document.activeElement.id === 'tab-histograms'"));
  assert_true(browser_is(b, "!" ONE("#panel-histograms") ".hidden && " ONE("#panel-scalars") ".hidden"));
  browser_key(b, "End");
  assert_true(browser_is(b, "document.activeElement.id === 'tab-machine'"));
  assert_true(browser_is(b, ONE("#panel-machine") ".textContent.includes('summaries')"));
  nothing_was_wrong();
}

static void the_theme_follows_the_system_or_the_switch(void **state) {
  (void)state;
  browser *b = &chromium;
  static const char ground[] = "getComputedStyle(document.body).backgroundColor";
  look_at("graph");
  cJSON *light = browser_value(b, ground);
  browser_prefer(b, "dark");
  assert_true(browser_wait(b, "document.documentElement.dataset.theme === 'dark'"));
  cJSON *dark = browser_value(b, ground);
  assert_string_not_equal(light->valuestring, dark->valuestring);
  picture("graph_dark");
  browser_resize(b, 700, 900);
  assert_true(browser_wait(b, "document.documentElement.scrollWidth <= 700")); /* nothing sticks out */
  picture("graph_narrow");
  browser_resize(b, 1400, 900);
  browser_do(b,
             "(() => { const t = document.getElementById('theme'); t.value = 'light'; t.dispatchEvent(new "
             "Event('change')); })()");
  assert_true(browser_is(b, "document.documentElement.dataset.theme === 'light'"));
  browser_do(b,
             "(() => { const t = document.getElementById('theme'); t.value = 'auto'; t.dispatchEvent(new "
             "Event('change')); })()");
  browser_prefer(b, "light");
  cJSON_Delete(light);
  cJSON_Delete(dark);
  nothing_was_wrong();
}

/* ---- names as an enemy writes them */
static void enemy_names_are_text(void **state) {
  (void)state;
  static const char *const names[] = {"</script><img src=x onerror=alert(1)>",
                                      "<svg/onload=alert(2)>",
                                      "\"'><b>bold</b>",
                                      "a\xff\xfe\nb",
                                      "__proto__",
                                      "constructor"};
  char logs[96], url[160];
  rn_runtime *rt = NULL;
  rn_graph *g = NULL;
  rn_events *e = NULL;
  snprintf(logs, sizeof logs, "%s/enemy", folder);
  mkdir(logs, 0777);
  must(rn_runtime_create(NULL, &rt));
  must(rn_graph_create(rt, RN_GRAPH_ALLOW_UNKNOWN_OPS, &g));
  char *megabyte = malloc((1 << 20) + 1);
  assert_non_null(megabyte);
  memset(megabyte, 'z', 1 << 20);
  megabyte[1 << 20] = '\0';
  rn_value last = node(g, "Op<i>", megabyte, NULL, 0, NULL, 0);
  must(rn_events_create(rt, logs, &e));
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    rn_node_id added = RN_NO_NODE;
    rn_attr attr = RN_AS("<u>", names[i], strlen(names[i]));
    rn_node_request r = rn_node_request_for("Op<i>", "node"); /* its name may hold little; all else may hold anything */
    r.inputs = &last;
    r.n_inputs = 1;
    r.attrs = &attr;
    r.n_attrs = 1;
    must(rn_graph_add(g, &r, &added));
    must(rn_events_add_scalar(e, 1, names[i], 1));
  }
  must(rn_events_add_scalar(e, 1, megabyte, 1));
  must(rn_events_add_graph(e, g));
  rn_events_destroy(e);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
  free(megabyte);
  snprintf(url, sizeof url, "%s/enemy.html", folder);
  write_page(logs, url);
  chromium.n_complaints = chromium.n_requests = 0;
  snprintf(url, sizeof url, "file://%s/enemy.html", folder);
  browser_go(&chromium, url);
  assert_int_equal(browser_number(&chromium, COUNT("h3")), 7);
  assert_true(browser_is(
      &chromium,
      "[...document.querySelectorAll('h3')].some((h) => h.title === '</script><img src=x onerror=alert(1)>')"));
  browser_click(&chromium, ONE("#tab-graph"));
  assert_true(browser_wait(&chromium, COUNT(".box") " >= 2"));
  browser_click(&chromium, ONE(".box[aria-label^=\"node,\"]"));
  assert_true(browser_is(&chromium, ONE(".side") ".textContent.includes('onerror=alert(1)')"));
  assert_int_equal(browser_number(&chromium, COUNT("img") " + " COUNT("main b") " + " COUNT("main i") " + " COUNT(
                                                 "main u") " + " COUNT("main script")),
                   0);
  assert_true(browser_is(&chromium, "document.documentElement.scrollWidth <= 1400"));
  picture("enemy");
  nothing_was_wrong();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(curves_are_drawn_smoothed_and_scaled),
      cmocka_unit_test(values_are_read_with_the_keyboard),
      cmocka_unit_test(a_scope_opens_by_click_and_by_keyboard),
      cmocka_unit_test(a_node_is_found_and_shown),
      cmocka_unit_test(an_address_leads_to_a_node),
      cmocka_unit_test(colours_are_switched),
      cmocka_unit_test(the_graph_and_the_timeline_zoom),
      cmocka_unit_test(everything_has_a_name),
      cmocka_unit_test(tabs_are_changed_by_arrows),
      cmocka_unit_test(the_theme_follows_the_system_or_the_switch),
      cmocka_unit_test(enemy_names_are_text),
  };
  return cmocka_run_group_tests(tests, begin, end);
}
