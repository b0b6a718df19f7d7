/* report_test.c - what a report says of a log folder, and that nothing from its files gets out of the data
 * (tests/e2e). */
#include "report_run.h"
#include <cjson/cJSON.h>
#include <math.h>
#include <runnel/report.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct told {
  rn_runtime *rt;
  rn_report *report;
  cJSON *data;
} told;

static told read_report(const char *folder) {
  told t = {NULL, NULL, NULL};
  char *text = NULL;
  size_t size = 0;
  must(rn_runtime_create(NULL, &t.rt));
  must(rn_report_open(t.rt, folder, &t.report));
  must(rn_report_print_data(t.report, 0, &text, &size));
  t.data = cJSON_ParseWithLength(text, size);
  assert_non_null(t.data);
  rn_report_free(text);
  return t;
}
static void drop(told *t) {
  cJSON_Delete(t->data);
  rn_report_destroy(t->report);
  rn_runtime_destroy(t->rt);
}
static char *page_of(const told *t, size_t *out_size) {
  char *text = NULL;
  must(rn_report_print_page(t->report, 0, &text, out_size));
  return text;
}
static const cJSON *at(const cJSON *o, const char *key) {
  const cJSON *v = cJSON_GetObjectItem(o, key);
  if (v == NULL) fail_msg("no '%s'", key);
  return v;
}
static double number(const cJSON *o, const char *key) { return at(o, key)->valuedouble; }
static const char *word(const cJSON *o, const char *key) { return cJSON_GetStringValue(at(o, key)); }
static int count(const cJSON *o, const char *key) { return cJSON_GetArraySize(at(o, key)); }
static const cJSON *first(const cJSON *o, const char *key) { return cJSON_GetArrayItem(at(o, key), 0); }
static uint32_t times_in(const char *text, size_t size, const char *what) {
  uint32_t n = 0;
  for (const char *p = text; (p = memmem(p, size - (size_t)(p - text), what, strlen(what))) != NULL; p++) n++;
  return n;
}

static const cJSON *node_named(const cJSON *nodes, const char *name) {
  const cJSON *n;
  cJSON_ArrayForEach(n, nodes) if (strcmp(word(n, "n"), name) == 0) return n;
  fail_msg("no node '%s'", name);
  return NULL;
}

static void all_that_a_run_wrote_is_told(void **state) {
  (void)state;
  char folder[64];
  make_folder(folder);
  write_run(folder, 12);
  told t = read_report(folder);
  const cJSON *loss = first(t.data, "scalars"), *histogram = first(t.data, "histograms");
  assert_string_equal(word(loss, "tag"), "loss");
  assert_int_equal(count(loss, "step"), 12);
  assert_true(cJSON_GetArrayItem(at(loss, "value"), 11)->valuedouble <
              cJSON_GetArrayItem(at(loss, "value"), 0)->valuedouble);
  assert_int_equal(count(histogram, "items"), 12);
  const cJSON *item = first(histogram, "items"), *q = at(item, "quantiles");
  for (int i = 1; i < cJSON_GetArraySize(q); i++)
    assert_true(cJSON_GetArrayItem(q, i)->valuedouble >= cJSON_GetArrayItem(q, i - 1)->valuedouble);
  double bins = 0;
  const cJSON *bin;
  cJSON_ArrayForEach(bin, at(item, "bins")) bins += bin->valuedouble;
  assert_true(fabs(bins - 8 * 12) < 1e-3); /* every value is in a bin */
  const cJSON *picture = cJSON_GetArrayItem(at(first(t.data, "images"), "items"), 0);
  assert_memory_equal(word(picture, "src"), "data:image/png;base64,iVBORw0KGgo", 33);
  const cJSON *nodes = at(at(first(t.data, "graphs"), "graph"), "nodes"), *product = node_named(nodes, "hidden/MatMul");
  assert_string_equal(word(product, "o"), "MatMul");
  assert_string_equal(cJSON_GetStringValue(first(product, "t")), "float[8,12]");
  assert_int_equal(number(node_named(nodes, "Adam"), "p"), 1); /* it trains */
  const cJSON *step = cJSON_GetArrayItem(at(first(t.data, "timelines"), "items"), 0), *span;
  int computed = 0;
  cJSON_ArrayForEach(span, at(step, "spans")) {
    const char *node_name = cJSON_GetStringValue(cJSON_GetObjectItem(span, "node"));
    assert_true(number(span, "end") >= number(span, "begin"));
    computed += node_name != NULL && strcmp(node_name, "hidden/MatMul") == 0 && number(span, "own") > 0;
  }
  assert_int_equal(computed, 1);
  const cJSON *checkpoint = first(t.data, "checkpoints");
  assert_int_equal(number(checkpoint, "newest"), 1);
  assert_int_equal(count(checkpoint, "files"), 2 * 3);
  int found = 0;
  const cJSON *variables = at(checkpoint, "variables");
  for (int i = 0; i < cJSON_GetArraySize(variables); i += 3)
    found |= strcmp(cJSON_GetArrayItem(variables, i)->valuestring, "hidden/weights") == 0 &&
             strcmp(cJSON_GetArrayItem(variables, i + 1)->valuestring, "float[16,12]") == 0;
  assert_true(found);
  assert_true(count(at(t.data, "machine"), "plugins") > 3);
  assert_string_equal(rn_report_notes(t.report), "");
  drop(&t);
  remove_folder(folder);
}

/* ---- hostile names */
static void add_number(rn_runtime *rt, const char *folder, const char *tag) {
  rn_events *e = NULL;
  must(rn_events_create(rt, folder, &e));
  must(rn_events_add_scalar(e, 1, tag, 2.5));
  rn_events_destroy(e);
}

static void names_stay_in_the_data(void **state) {
  (void)state;
  static const char *const names[] = {
      "</script><img src=x onerror=alert(1)>", "<!--<script>",         "\"}];alert(1);//", "a\nb\tc\\",
      "bad\xff\xfe\xc0\x80 \xe2\x80",          "line\xe2\x80\xa8line", "&lt;b&gt;",        "__proto__"};
  char folder[64];
  rn_runtime *rt = NULL;
  make_folder(folder);
  must(rn_runtime_create(NULL, &rt));
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) add_number(rt, folder, names[i]);
  char *megabyte = malloc((1 << 20) + 1);
  assert_non_null(megabyte);
  memset(megabyte, 'z', 1 << 20);
  megabyte[1 << 20] = '\0';
  add_number(rt, folder, megabyte);
  free(megabyte);
  told t = read_report(folder);
  assert_int_equal(count(t.data, "scalars"), sizeof names / sizeof *names + 1);
  const cJSON *series = NULL;
  int intact = 0, cut = 0;
  cJSON_ArrayForEach(series, at(t.data, "scalars")) {
    intact += strcmp(word(series, "tag"), names[0]) == 0 || strcmp(word(series, "tag"), names[2]) == 0;
    cut += strstr(word(series, "tag"), "zzz\xe2\x80\xa6 (") != NULL;
    assert_true(strlen(word(series, "tag")) < 1100);
  }
  assert_int_equal(intact, 2);
  assert_int_equal(cut, 1); /* the megabyte says how long it is */
  size_t size;
  char *page = page_of(&t, &size);
  assert_int_equal(times_in(page, size, "</script"), 4); /* the data, D3, dagre, the page's own */
  assert_int_equal(times_in(page, size, "<script"), 4);
  assert_int_equal(times_in(page, size, "<img"), 0);
  assert_int_equal(times_in(page, size, "<!--"), 0);
  assert_int_equal(times_in(page, size, "\xff"), 0);
  assert_int_equal(times_in(page, size, "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'"), 1);
  assert_true(size < 2000000);
  rn_report_free(page);
  drop(&t);
  rn_runtime_destroy(rt);
  remove_folder(folder);
}

/* ---- what is not whole */
static void event_file_of(const char *folder, char *out, size_t size) {
  char command[300];
  snprintf(command, sizeof command, "ls %s/*tfevents* | head -n 1", folder);
  FILE *f = popen(command, "r");
  assert_non_null(f);
  assert_non_null(fgets(out, (int)size, f));
  pclose(f);
  out[strcspn(out, "\n")] = '\0';
}

static void cut_files_tell_what_they_hold(void **state) {
  (void)state;
  char folder[64], path[256];
  struct stat st;
  make_folder(folder);
  write_run(folder, 6);
  event_file_of(folder, path, sizeof path);
  assert_int_equal(stat(path, &st), 0);
  for (int tenth = 9; tenth >= 0; tenth -= 3) {
    assert_int_equal(truncate(path, st.st_size * tenth / 10), 0);
    told t = read_report(folder);
    assert_false(rn_report_is_empty(t.report));
    drop(&t);
  }
  remove_folder(folder);
}

static void damage_is_told_on_the_page(void **state) {
  (void)state;
  char folder[64], path[256];
  make_folder(folder);
  write_run(folder, 6);
  event_file_of(folder, path, sizeof path);
  FILE *f = fopen(path, "r+b");
  assert_non_null(f);
  fseek(f, -200, SEEK_END);
  fputs("damaged", f);
  fclose(f);
  snprintf(path, sizeof path, "%s/model-6.index", folder);
  assert_int_equal(truncate(path, 100), 0);
  told t = read_report(folder);
  assert_non_null(strstr(rn_report_notes(t.report), "damaged"));
  assert_int_equal(count(t.data, "notes"), 1);
  assert_non_null(strstr(word(first(t.data, "checkpoints"), "trouble"), "model-6.index"));
  assert_true(count(first(t.data, "scalars"), "step") >= 5);
  drop(&t);
  remove_folder(folder);
}

static void empty_and_missing_folders_differ(void **state) {
  (void)state;
  char folder[64], missing[80];
  rn_report *r = NULL;
  rn_runtime *rt = NULL;
  make_folder(folder);
  told t = read_report(folder);
  assert_true(rn_report_is_empty(t.report));
  add_number(t.rt, folder, "late"); /* and then there is something */
  must(rn_report_update(t.report));
  assert_false(rn_report_is_empty(t.report));
  assert_int_equal(rn_report_version(t.report), 2);
  drop(&t);
  snprintf(missing, sizeof missing, "%s/none", folder);
  must(rn_runtime_create(NULL, &rt));
  rn_status *s = rn_report_open(rt, missing, &r);
  assert_int_equal(rn_status_code(s), RN_NOT_FOUND);
  assert_non_null(strstr(rn_status_message(s), missing));
  rn_status_free(s);
  rn_runtime_destroy(rt);
  remove_folder(folder);
}

/* ---- what grows */
static void only_what_changed_is_told_again(void **state) {
  (void)state;
  char folder[64], run[80], *text = NULL;
  size_t size = 0;
  small_run r;
  make_folder(folder);
  snprintf(run, sizeof run, "%s/first", folder);
  small_run_begin(&r, run);
  small_run_step(&r, NULL);
  must(rn_events_flush(r.events));
  told t = read_report(folder);
  uint64_t before = rn_report_version(t.report);
  must(rn_report_update(t.report));
  assert_int_equal(rn_report_version(t.report), before);
  must(rn_events_add_scalar(r.events, 5, "loss", 0.25));
  must(rn_events_flush(r.events));
  must(rn_report_update(t.report));
  assert_int_equal(rn_report_version(t.report), before + 1);
  must(rn_report_print_data(t.report, before, &text, &size));
  cJSON *change = cJSON_ParseWithLength(text, size);
  assert_non_null(cJSON_GetObjectItem(change, "scalars"));
  assert_null(cJSON_GetObjectItem(change, "graphs"));
  assert_null(cJSON_GetObjectItem(change, "histograms"));
  assert_null(cJSON_GetObjectItem(change, "machine"));
  cJSON_Delete(change);
  rn_report_free(text);
  snprintf(run, sizeof run, "%s/second", folder);
  add_number(r.rt, run, "loss"); /* a new run appears */
  must(rn_report_update(t.report));
  must(rn_report_print_data(t.report, before + 1, &text, &size));
  change = cJSON_ParseWithLength(text, size);
  assert_int_equal(count(change, "runs"), 2);
  cJSON_Delete(change);
  rn_report_free(text);
  drop(&t);
  small_run_end(&r);
  remove_folder(folder);
}

static void long_curves_are_thinned(void **state) {
  (void)state;
  enum { STEPS = 3700 };
  char folder[64];
  rn_runtime *rt = NULL;
  rn_events *e = NULL;
  make_folder(folder);
  must(rn_runtime_create(NULL, &rt));
  must(rn_events_create(rt, folder, &e));
  for (int i = 0; i < STEPS; i++) must(rn_events_add_scalar(e, i, "loss", i == 7 ? (double)NAN : (double)i));
  must(rn_events_flush(e));
  told t = read_report(folder);
  const cJSON *loss = first(t.data, "scalars"), *steps = at(loss, "step");
  int n = cJSON_GetArraySize(steps);
  assert_in_range(n, 500, 1001);
  assert_int_equal(number(loss, "seen"), STEPS);
  assert_int_equal(cJSON_GetArrayItem(steps, 0)->valueint, 0);
  assert_int_equal(cJSON_GetArrayItem(steps, n - 1)->valueint, STEPS - 1);
  /* Begun again at an earlier step: what comes now stands for what was there. */
  must(rn_events_add_scalar(e, 100, "loss", -1));
  must(rn_events_flush(e));
  must(rn_report_update(t.report));
  cJSON_Delete(t.data);
  char *text = NULL;
  size_t size = 0;
  must(rn_report_print_data(t.report, 0, &text, &size));
  t.data = cJSON_ParseWithLength(text, size);
  rn_report_free(text);
  steps = at(first(t.data, "scalars"), "step");
  assert_int_equal(cJSON_GetArrayItem(steps, cJSON_GetArraySize(steps) - 1)->valueint, 100);
  drop(&t);
  rn_events_destroy(e);
  rn_runtime_destroy(rt);
  remove_folder(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_that_a_run_wrote_is_told),     cmocka_unit_test(names_stay_in_the_data),
      cmocka_unit_test(cut_files_tell_what_they_hold),    cmocka_unit_test(damage_is_told_on_the_page),
      cmocka_unit_test(empty_and_missing_folders_differ), cmocka_unit_test(only_what_changed_is_told_again),
      cmocka_unit_test(long_curves_are_thinned),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
