/* summaries_test.c - summaries and the event files they are written to (tests/e2e).
 *
 * What single summary ops give stands in the op vectors, byte for byte as TensorFlow. Here: pictures, whose PNG
 * may be packed differently; the files; what goes wrong. */
#include "build.h"
#include <dirent.h>
#include <math.h>
#include <png.h>
#include <runnel/c/layers.h>
#include <runnel/c/summary.h>
#include <unistd.h>

typedef struct events {
  char folder[64], file[512];
  uint8_t *bytes;
  size_t size, at;
} events;

static void make_folder(events *e) {
  memset(e, 0, sizeof *e);
  strcpy(e->folder, "/tmp/runnel_summaries_XXXXXX");
  assert_non_null(mkdtemp(e->folder));
}

static void read_file(events *e) {
  DIR *d = opendir(e->folder);
  assert_non_null(d);
  int files = 0;
  for (struct dirent *f; (f = readdir(d)) != NULL;) {
    if (f->d_name[0] == '.') continue;
    assert_non_null(strstr(f->d_name, "events.out.tfevents."));
    snprintf(e->file, sizeof e->file, "%s/%.255s", e->folder, f->d_name);
    files++;
  }
  closedir(d);
  assert_int_equal(files, 1);
  FILE *in = fopen(e->file, "rb");
  assert_non_null(in);
  free(e->bytes);
  e->bytes = malloc(1 << 20);
  assert_non_null(e->bytes);
  e->size = fread(e->bytes, 1, 1 << 20, in);
  e->at = 0;
  fclose(in);
}

static void remove_folder(events *e) {
  if (e->file[0] != '\0') unlink(e->file);
  assert_int_equal(rmdir(e->folder), 0);
  free(e->bytes);
}

static uint32_t masked_crc(const uint8_t *p, size_t n) {
  uint32_t c = ~0u;
  for (size_t i = 0; i < n; i++) {
    c ^= p[i];
    for (int k = 0; k < 8; k++) c = (c >> 1) ^ (0x82f63b78u & (0u - (c & 1)));
  }
  c = ~c;
  return ((c >> 15) | (c << 17)) + 0xa282ead8u;
}
static uint64_t little(const uint8_t *p, int n) {
  uint64_t v = 0;
  for (int i = 0; i < n; i++) v |= (uint64_t)p[i] << (8 * i);
  return v;
}

/* The next record, its checksums right; size 0: the file is over. */
static const uint8_t *next_record(events *e, size_t *size) {
  *size = 0;
  if (e->at == e->size) return NULL;
  const uint8_t *p = e->bytes + e->at;
  assert_true(e->size - e->at >= 16);
  *size = (size_t)little(p, 8);
  assert_true(e->size - e->at - 16 >= *size);
  assert_int_equal(little(p + 8, 4), masked_crc(p, 8));
  assert_int_equal(little(p + 12 + *size, 4), masked_crc(p + 12, *size));
  e->at += 16 + *size;
  return p + 12;
}

/* The body of a length-delimited field. NULL: there is none. */
static const uint8_t *find_field(const uint8_t *p, size_t size, uint32_t number, size_t *out) {
  for (size_t i = 0; i < size;) {
    uint32_t tag = p[i++], wire = tag & 7;
    uint64_t v = 0;
    if (wire == 1 || wire == 5) {
      i += wire == 1 ? 8 : 4;
      continue;
    }
    for (int shift = 0;; shift += 7) {
      v |= (uint64_t)(p[i] & 127) << shift;
      if (p[i++] < 128) break;
    }
    if (wire == 2 && tag >> 3 == number) {
      *out = (size_t)v;
      return p + i;
    }
    if (wire == 2) i += v;
  }
  return NULL;
}

static rn_runtime *runtime(void) {
  rn_runtime *rt = NULL;
  must(rn_runtime_create(NULL, &rt));
  return rt;
}
static rn_tensor *fetch_alone(rn_graph *g, rn_value v) {
  rn_session *s = NULL;
  rn_tensor *t = NULL;
  must(rn_session_create(g, NULL, &s));
  must(rn_session_run(s, NULL, NULL, 0, &v, 1, &t, NULL, 0));
  rn_session_destroy(s);
  return t;
}

static void an_event_file_holds_the_graph_and_every_summary(void **state) {
  (void)state;
  events e;
  make_folder(&e);
  rn_runtime *rt = runtime();
  rn_graph *g = NULL;
  rn_scope *s = NULL;
  rn_events *w = NULL;
  must(rn_graph_create(rt, 0, &g));
  must(rn_scope_create(g, &s));
  rn_scope_enter(s, "train");
  rn_value loss = rn_scope_scalar(s, "loss_value", RN_FLOAT, 0.25);
  rn_summary_scalar(s, "loss", loss);
  rn_scope_leave(s);
  rn_summary_histogram(s, "weights", rn_scope_ints(s, "w", (int32_t[]){1, 2, 3}, 3));
  rn_value all = rn_summaries_merge(s);
  must(rn_scope_take_status(s));
  rn_tensor *summary = fetch_alone(g, all);
  must(rn_events_create(rt, e.folder, &w));
  must(rn_events_add_graph(w, g));
  must(rn_events_add_summary(w, 7, summary));
  must(rn_events_add_scalar(w, 8, "accuracy", 0.5));
  must(rn_events_flush(w));
  read_file(&e);
  size_t n, m;
  const uint8_t *r = next_record(&e, &n);
  assert_memory_equal(find_field(r, n, 3, &m), "brain.Event:2", 13);
  r = next_record(&e, &n);
  assert_non_null(find_field(r, n, 4, &m));
  r = next_record(&e, &n);
  assert_int_equal(r[9], 2 << 3);
  assert_int_equal(r[10], 7); /* the step */
  const uint8_t *body = find_field(r, n, 5, &m);
  rn_bytes given = rn_tensor_string(summary, 0);
  assert_int_equal(m, given.size);
  assert_memory_equal(body, given.data, m);
  const uint8_t *value = find_field(body, m, 1, &m), *tag = find_field(value, m, 1, &m);
  assert_memory_equal(tag, "train/loss", m);
  r = next_record(&e, &n);
  body = find_field(r, n, 5, &m);
  assert_memory_equal(body,
                      "\x0a\x0f\x0a\x08"
                      "accuracy\x15\0\0\0\x3f",
                      m);
  assert_null(next_record(&e, &n));
  rn_tensor_release(summary);
  rn_events_destroy(w);
  rn_scope_destroy(s);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
  remove_folder(&e);
}

/* Events wait for a flush or the end; then they are all there. */
static void what_waits_is_written_at_the_end(void **state) {
  (void)state;
  events e;
  make_folder(&e);
  rn_runtime *rt = runtime();
  rn_events *w = NULL;
  must(rn_events_create(rt, e.folder, &w));
  for (int i = 0; i < 250; i++) must(rn_events_add_scalar(w, i, "x", i));
  rn_events_destroy(w);
  read_file(&e);
  size_t n, records = 0;
  while (next_record(&e, &n) != NULL) records++;
  assert_int_equal(records, 251);
  rn_runtime_destroy(rt);
  remove_folder(&e);
}

static void decode(const uint8_t *summary, size_t size, int which, int channels, uint8_t *out, size_t room) {
  size_t n = size;
  const uint8_t *value = summary;
  for (int i = 0; i <= which; i++) {
    value = find_field(i == 0 ? summary : value + n, i == 0 ? size : (size_t)(summary + size - (value + n)), 1, &n);
    assert_non_null(value);
  }
  size_t m;
  const uint8_t *image = find_field(value, n, 4, &m), *png = find_field(image, m, 4, &m);
  png_image p;
  memset(&p, 0, sizeof p);
  p.version = PNG_IMAGE_VERSION;
  assert_true(png_image_begin_read_from_memory(&p, png, m));
  p.format = channels == 1 ? PNG_FORMAT_GRAY : channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_RGBA;
  assert_true(PNG_IMAGE_SIZE(p) <= room);
  assert_true(png_image_finish_read(&p, NULL, out, 0, NULL));
}

static rn_value picture(rn_scope *s, const float *pixels, int64_t batch, int64_t h, int64_t w, int64_t c) {
  rn_shape shape = {4, 0, {batch, h, w, c}};
  rn_tensor *t = NULL;
  must(rn_tensor_from(RN_FLOAT, &shape, pixels, &t));
  return rn_scope_constant(s, "pixels", t);
}

static void pictures_are_spread_over_all_shades(void **state) {
  (void)state;
  /* without negatives the largest is white; with them zero is grey; what is no number is red */
  static const float pixels[] = {0, 0.5f, 1, 2, -1, 0, 0.5f, 1};
  static const float red[] = {0, 0, 0, 1, NAN, 1};
  static const uint8_t bad[] = {0, 0, 0, 255, 0, 0};
  uint8_t got[16];
  rn_runtime *rt = runtime();
  rn_graph *g = NULL;
  rn_scope *s = NULL;
  must(rn_graph_create(rt, 0, &g));
  must(rn_scope_create(g, &s));
  rn_value two = rn_summary_image(s, "two", picture(s, pixels, 2, 2, 2, 1), 3);
  rn_value one = rn_summary_image(s, "one", picture(s, red, 1, 1, 2, 3), 1);
  must(rn_scope_take_status(s));
  rn_tensor *t = fetch_alone(g, two);
  rn_bytes b = rn_tensor_string(t, 0);
  const uint8_t *p = (const uint8_t *)b.data;
  decode(p, b.size, 0, 1, got, sizeof got);
  assert_memory_equal(got, ((uint8_t[]){0, 63, 127, 255}), 4);
  decode(p, b.size, 1, 1, got, sizeof got);
  assert_memory_equal(got, ((uint8_t[]){1, 128, 191, 255}), 4);
  assert_non_null(memmem(p, b.size, "two/image/1", 11));
  rn_tensor_release(t);
  t = fetch_alone(g, one);
  b = rn_tensor_string(t, 0);
  decode((const uint8_t *)b.data, b.size, 0, 3, got, sizeof got);
  assert_memory_equal(got, bad, 6);
  assert_non_null(memmem(b.data, b.size, "one/image", 9));
  rn_tensor_release(t);
  rn_scope_destroy(s);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
}

static void expect(rn_status *s, int code, const char *words) {
  if (rn_status_code(s) != code || strstr(rn_status_message(s), words) == NULL)
    fail_msg("expected code %d and '%s', got %d: %s", code, words, rn_status_code(s), rn_status_message(s));
  rn_status_free(s);
}

static rn_status *run_one(rn_scope *s, rn_value v, rn_node_id target) {
  rn_session *session = NULL;
  rn_tensor *t = NULL;
  must(rn_session_create(rn_scope_graph(s), NULL, &session));
  rn_status *failed =
      rn_session_run(session, NULL, NULL, 0, &v, target == RN_NO_NODE, &t, &target, target != RN_NO_NODE);
  rn_tensor_release(t);
  rn_session_destroy(session);
  return failed;
}

static void what_cannot_be_summarised_is_named(void **state) {
  (void)state;
  rn_runtime *rt = runtime();
  rn_graph *g = NULL;
  rn_scope *s = NULL;
  rn_events *w = NULL;
  must(rn_graph_create(rt, 0, &g));
  must(rn_scope_create(g, &s));
  static const float holes[] = {1, NAN};
  rn_shape pair = {1, 0, {2}};
  rn_tensor *t = NULL;
  must(rn_tensor_from(RN_FLOAT, &pair, holes, &t));
  rn_value nan = rn_summary_histogram(s, "h", rn_scope_constant(s, "holes", t));
  rn_value twice[2];
  twice[0] = rn_summary_scalar(s, "a", rn_scope_scalar(s, "x", RN_FLOAT, 1));
  twice[1] = rn_summary_scalar(s, "a", rn_scope_scalar(s, "y", RN_FLOAT, 1));
  rn_value merged = rn_scope_op(s, "MergeSummary", NULL, twice, 2, NULL, 0);
  rn_value flat = rn_summary_image(s, "i", rn_scope_constant(s, "flat", rn_tensor_retain(t)), 3);
  rn_value writer = rn_scope_op(s, "SummaryWriter", NULL, NULL, 0, NULL, 0);
  rn_value flush = rn_scope_op(s, "FlushSummaryWriter", NULL, &writer, 1, NULL, 0);
  must(rn_scope_take_status(s));
  expect(run_one(s, nan, RN_NO_NODE), RN_INVALID_ARGUMENT, "'h': element 1 is NaN");
  expect(run_one(s, merged, RN_NO_NODE), RN_INVALID_ARGUMENT, "two summaries have the tag 'a'");
  expect(run_one(s, flat, RN_NO_NODE), RN_INVALID_ARGUMENT, "[batch, height, width, 1, 3 or 4 channels]");
  expect(run_one(s, flush, flush.node), RN_FAILED_PRECONDITION, "no file");
  expect(rn_events_create(rt, "/proc/nowhere/below", &w), RN_NOT_FOUND, "/proc/nowhere/below");
  rn_scope_destroy(s);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_event_file_holds_the_graph_and_every_summary),
      cmocka_unit_test(what_waits_is_written_at_the_end),
      cmocka_unit_test(pictures_are_spread_over_all_shades),
      cmocka_unit_test(what_cannot_be_summarised_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
