/* events_test.c - event files are read as far as they are good, and drawn as curves (tests/e2e). */
#include "build.h"
#include <math.h>
#include <png.h>
#include <runnel/c/summary.h>
#include <runnel/plot.h>
#include <runnel/runs.h>
#include <unistd.h>

enum { ROOM = 1 << 16 };
typedef struct seen {
  uint32_t kind[RN_EVENT_RUN_METADATA + 1];
  double last, histogram_count;
  int64_t last_step, width;
  char tag[64];
  uint32_t fail_at, visited;
} seen;

static rn_status *look(void *arg, const rn_event *e) {
  seen *s = arg;
  s->visited++;
  s->kind[e->kind]++;
  if (e->kind == RN_EVENT_SCALAR) {
    s->last = e->number;
    s->last_step = e->step;
    snprintf(s->tag, sizeof s->tag, "%.*s", (int)e->tag.size, e->tag.data);
  }
  if (e->kind == RN_EVENT_IMAGE) s->width = e->width;
  if (e->kind == RN_EVENT_HISTOGRAM) s->histogram_count = e->histogram->count;
  return s->fail_at == s->visited ? rn_status_make(RN_ABORTED, "enough") : NULL;
}

static size_t load(const char *path, uint8_t *to) {
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  size_t n = fread(to, 1, ROOM, f);
  fclose(f);
  return n;
}
static void store(const char *path, const uint8_t *bytes, size_t n) {
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(bytes, 1, n, f), n);
  fclose(f);
}
static size_t tensorflow_file(uint8_t *to) {
  char path[1024];
  snprintf(path, sizeof path, "%s/tests/data/tensorflow.tfevents", getenv("RUNNEL_SOURCE"));
  return load(path, to);
}
static void temporary(char *folder) {
  strcpy(folder, "/tmp/runnel_events_XXXXXX");
  assert_non_null(mkdtemp(folder));
}

static void what_tensorflow_wrote_is_read(void **state) {
  (void)state;
  char path[1024];
  seen s = {.last = 0};
  rn_event_file *f = NULL;
  snprintf(path, sizeof path, "%s/tests/data/tensorflow.tfevents", getenv("RUNNEL_SOURCE"));
  must(rn_event_file_open(path, &f));
  must(rn_event_file_read(f, look, &s));
  assert_int_equal(s.kind[RN_EVENT_VERSION], 2); /* two files, one behind the other */
  assert_int_equal(s.kind[RN_EVENT_GRAPH], 1);
  assert_int_equal(s.kind[RN_EVENT_SCALAR], 4);
  assert_int_equal(s.kind[RN_EVENT_HISTOGRAM], 3);
  assert_int_equal(s.kind[RN_EVENT_IMAGE], 3);
  assert_float_equal(s.histogram_count, 4, 0);
  assert_int_equal(s.width, 2);
  assert_string_equal(s.tag, "accuracy"); /* TensorFlow 2 writes scalars as tensors */
  assert_float_equal(s.last, 0.75, 0);
  assert_int_equal(s.last_step, 3);
  assert_int_equal(rn_event_file_rest(f), 0);
  rn_event_file_close(f);
}

/* A file cut at any byte gives its whole records, and the rest once it is there. */
static void a_growing_file_is_followed(void **state) {
  (void)state;
  static uint8_t bytes[ROOM];
  size_t n = tensorflow_file(bytes);
  char folder[64], path[128];
  temporary(folder);
  snprintf(path, sizeof path, "%s/x.tfevents.1", folder);
  for (size_t cut = 0; cut < n; cut += 37) {
    seen s = {.last = 0};
    rn_event_file *f = NULL;
    store(path, bytes, cut);
    must(rn_event_file_open(path, &f));
    must(rn_event_file_read(f, look, &s));
    store(path, bytes, n);
    must(rn_event_file_read(f, look, &s));
    assert_int_equal(s.kind[RN_EVENT_SCALAR], 4);
    assert_int_equal(s.kind[RN_EVENT_IMAGE], 3);
    rn_event_file_close(f);
  }
  unlink(path);
  rmdir(folder);
}

/* Whatever byte changes: what stands before it is read, and the damage is named or harmless to the reader. */
static void a_damaged_record_is_named(void **state) {
  (void)state;
  static uint8_t bytes[ROOM];
  size_t n = tensorflow_file(bytes);
  char folder[64], path[128];
  temporary(folder);
  snprintf(path, sizeof path, "%s/x.tfevents.1", folder);
  for (size_t at = 0; at < n; at += 11) {
    seen s = {.last = 0};
    rn_event_file *f = NULL;
    bytes[at] ^= 0x40;
    store(path, bytes, n);
    must(rn_event_file_open(path, &f));
    assert_status(rn_event_file_read(f, look, &s), RN_DATA_LOSS, path, "damaged at byte", "checksum", NULL);
    must(rn_event_file_read(f, look, &s)); /* said once */
    rn_event_file_close(f);
    bytes[at] ^= 0x40;
  }
  unlink(path);
  rmdir(folder);
}

static void a_visitor_ends_the_reading(void **state) {
  (void)state;
  char path[1024];
  seen s = {.fail_at = 3};
  rn_event_file *f = NULL;
  snprintf(path, sizeof path, "%s/tests/data/tensorflow.tfevents", getenv("RUNNEL_SOURCE"));
  must(rn_event_file_open(path, &f));
  assert_status(rn_event_file_read(f, look, &s), RN_ABORTED, "enough", NULL);
  rn_event_file_close(f);
  assert_status(rn_event_file_open("/nowhere/x", &f), RN_NOT_FOUND, "/nowhere/x", NULL);
}

static void write_run(rn_runtime *rt, const char *folder, const char *tag, int first, int count) {
  rn_events *w = NULL;
  must(rn_events_create(rt, folder, &w));
  for (int i = first; i < first + count; i++) must(rn_events_add_scalar(w, i, tag, i * 0.5));
  rn_events_destroy(w);
}

static void runs_are_gathered_and_resumed_ones_joined(void **state) {
  (void)state;
  char folder[64], one[128], two[128], command[256];
  rn_runtime *rt = NULL;
  rn_runs *r = NULL;
  temporary(folder);
  snprintf(one, sizeof one, "%s/one", folder);
  snprintf(two, sizeof two, "%s/two", folder);
  must(rn_runtime_create(NULL, &rt));
  write_run(rt, one, "loss", 0, 10);
  write_run(rt, one, "loss", 5, 10); /* begun again at step 5 */
  write_run(rt, two, "a\"<b>\x01\xff", 0, 3);
  rn_runtime_destroy(rt);
  must(rn_runs_read(folder, &r));
  assert_int_equal(rn_runs_count(r), 2);
  const rn_series *s = rn_runs_get(r, 0), *t = rn_runs_get(r, 1);
  assert_string_equal(s->run, "one");
  assert_string_equal(s->tag, "loss");
  assert_int_equal(s->count, 15);
  for (uint32_t i = 0; i < s->count; i++) assert_float_equal(s->step[i], i, 0);
  assert_float_equal(s->value[14], 7, 0);
  assert_string_equal(t->tag, "a\"<b>??");
  assert_string_equal(rn_runs_warning(r), "");
  rn_runs_destroy(r);
  snprintf(command, sizeof command, "rm -r %s/one %s/two", folder, folder);
  assert_int_equal(system(command), 0);
  assert_status(rn_runs_read(folder, &r), RN_NOT_FOUND, "no event file in", folder, NULL);
  rmdir(folder);
}

static void curves_are_drawn(void **state) {
  (void)state;
  double x[200], y[200], hole[3] = {1, NAN, -1};
  for (int i = 0; i < 200; i++) x[i] = i * 10, y[i] = 2 * exp(-i / 40.0) + 0.1;
  rn_curve curves[2] = {{"loss <of> \"a\" & b", x, y, 200}, {"with a hole", x, hole, 3}};
  rn_plot_options o = {.struct_size = (uint32_t)sizeof o, .format = "svg", .title = "t", .x_label = "step"};
  char *bytes = NULL;
  size_t size = 0;
  must(rn_plot_draw(curves, 2, &o, &bytes, &size));
  assert_non_null(memmem(bytes, size, "<svg", 4));
  assert_null(memmem(bytes, size, "<of>", 4)); /* names are drawn, never written as markup */
  rn_plot_free(bytes);
  o.format = "png";
  o.flags = RN_PLOT_LOG_Y;
  o.smoothing = 0.9;
  must(rn_plot_draw(curves, 2, &o, &bytes, &size));
  png_image p = {.version = PNG_IMAGE_VERSION};
  assert_true(png_image_begin_read_from_memory(&p, bytes, size));
  assert_int_equal(p.width, 720);
  p.format = PNG_FORMAT_RGB;
  uint8_t *pixels = malloc(PNG_IMAGE_SIZE(p)), *at = pixels;
  assert_true(png_image_finish_read(&p, NULL, pixels, 0, NULL));
  uint32_t coloured = 0;
  for (uint32_t i = 0; i < p.width * p.height; i++, at += 3) coloured += at[2] > at[0] + 60;
  assert_true(coloured > 200); /* the blue curve is there */
  free(pixels);
  rn_plot_free(bytes);
  o.format = "bmp";
  assert_status(rn_plot_draw(curves, 2, &o, &bytes, &size), RN_INVALID_ARGUMENT, "bmp", NULL);
  o.format = "svg";
  assert_status(rn_plot_draw(curves, 0, &o, &bytes, &size), RN_INVALID_ARGUMENT, "no point", NULL);
  curves[1].y = hole + 1; /* one NaN: nothing to see, but no reason to fail */
  curves[1].count = 1;
  must(rn_plot_draw(&curves[1], 1, &o, &bytes, &size));
  rn_plot_free(bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_tensorflow_wrote_is_read),
      cmocka_unit_test(a_growing_file_is_followed),
      cmocka_unit_test(a_damaged_record_is_named),
      cmocka_unit_test(a_visitor_ends_the_reading),
      cmocka_unit_test(runs_are_gathered_and_resumed_ones_joined),
      cmocka_unit_test(curves_are_drawn),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
