/* vulkan_trace_test.c - the Vulkan device says by its own clock when each node ran (tests/e2e). */
#include "vulkan.h"
#include <runnel/c/trace.h>

static void traced_step(mlp *m, rn_trace *t, float *out_loss) {
  rn_run_options o = {.struct_size = (uint32_t)sizeof o};
  rn_shape xs = dims(2, 20, 12), ls = dims(1, 20, 0);
  rn_tensor *x = NULL, *labels = NULL, *out = NULL;
  must(rn_tensor_create(RN_FLOAT, &xs, &x));
  must(rn_tensor_create(RN_INT32, &ls, &labels));
  memset(rn_tensor_data(x), 0, rn_tensor_size_bytes(x));
  memset(rn_tensor_data(labels), 0, rn_tensor_size_bytes(labels));
  rn_feed feeds[2] = {{m->x, x}, {m->labels, labels}};
  rn_trace_watch(t, &o);
  must(rn_session_run(m->s, &o, feeds, 2, &m->loss, 1, &out, m->train, 4));
  *out_loss = *(const float *)rn_tensor_data(out);
  rn_tensor_release(out);
  rn_tensor_release(x);
  rn_tensor_release(labels);
}

/* What ran on the device came one after the other, after the host handed it over and before it stopped waiting.
 * slack_ns: how far the two clocks may be apart. own_ns: of the device's events. Returns how many there are. */
static uint32_t look_at(rn_trace *t, uint64_t slack_ns, uint64_t *out_own_ns) {
  const rn_trace_event *before = NULL, *first_host = NULL;
  uint64_t last_host = 0, own;
  uint32_t found = 0;
  *out_own_ns = 0;
  for (uint32_t i = 0; i < rn_trace_count(t); i++) {
    const rn_trace_event *e = rn_trace_get(t, i, NULL);
    if (e->kind == RN_TRACE_RECORD && !first_host) first_host = e;
    if (e->kind == RN_TRACE_FETCH) last_host = e->end_ns;
  }
  assert_non_null(first_host);
  for (uint32_t i = 0; i < rn_trace_count(t); i++) {
    const rn_trace_event *e = rn_trace_get(t, i, &own);
    if (e->queue == 0) {
      if (e->kind <= RN_TRACE_CALL) assert_string_equal(e->device, "/device:CPU:0");
      continue;
    }
    assert_string_equal(e->device, "/device:VULKAN:0");
    assert_true(e->kind == RN_TRACE_KERNEL || e->kind == RN_TRACE_CLAIM || e->kind == RN_TRACE_UPLOAD ||
                e->kind == RN_TRACE_DOWNLOAD);
    assert_true(e->end_ns > e->begin_ns);
    assert_true(e->begin_ns + slack_ns >= first_host->begin_ns && e->end_ns <= last_host + slack_ns);
    if (before) assert_true(e->begin_ns >= before->end_ns);
    before = e;
    *out_own_ns += own;
    found++;
  }
  return found;
}

static uint32_t nodes_of(rn_trace *t, const char *op) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < rn_trace_count(t); i++) {
    const rn_trace_event *e = rn_trace_get(t, i, NULL);
    n += e->queue != 0 && strcmp(e->op, op) == 0;
  }
  return n;
}

static void nodes_have_the_devices_times(void **state) {
  (void)state;
  NEEDS_DEVICE;
  /* With the extension for two clocks, and with a submission of its own. */
  static const char *const ways[] = {"plugin.vulkan.calibrated=true", "plugin.vulkan.calibrated=false"};
  for (int w = 0; w < 2; w++) {
    rn_runtime *rt = runtime(&ways[w], 1);
    mlp m = build_mlp(rt, "vulkan", 20);
    rn_trace *t = NULL;
    int64_t before[COUNTS], after[COUNTS];
    float loss = 0, traced = 0;
    uint64_t own;
    must(rn_trace_create(&t));
    for (int step = 0; step < 3; step++) must(train(&m, 20, step, &loss));
    traced_step(&m, t, &traced);
    uint32_t count = look_at(t, w == 0 ? 1000000 : 20000000, &own);
    assert_true(count >= 10);
    assert_int_equal(nodes_of(t, "ApplyGradientDescent"), 4);
    assert_true(own > 0 && own <= rn_trace_get(t, 0, NULL)->end_ns - rn_trace_get(t, 0, NULL)->begin_ns);
    read_counts(m.s, m.counts, before);
    for (int step = 0; step < 5; step++) must(train(&m, 20, step, &loss)); /* recorded again, without marks */
    read_counts(m.s, m.counts, after);
    assert_true(after[RECORDINGS] - before[RECORDINGS] <= 1);
    traced_step(&m, t, &traced);
    assert_int_equal(look_at(t, w == 0 ? 1000000 : 20000000, &own), count);
    read_counts(m.s, m.counts, after);
    assert_int_equal(after[MESSAGES], 0);
    rn_trace_destroy(t);
    drop_mlp(&m);
    rn_runtime_destroy(rt);
  }
}

/* Where values cross between the host and the device there are copies, with their bytes. */
static void copies_are_told_with_their_bytes(void **state) {
  (void)state;
  NEEDS_DEVICE;
  static const char *const ways[] = {"plugin.vulkan.unified=true", "plugin.vulkan.unified=false"};
  for (int w = 0; w < 2; w++) {
    const char *settings[2] = {ways[w], "place.op:Relu=cpu"};
    rn_runtime *rt = runtime(settings, 2);
    mlp m = build_mlp(rt, "vulkan", 20);
    rn_trace *t = NULL;
    float loss = 0;
    uint64_t there = 0, back = 0, own;
    must(rn_trace_create(&t));
    traced_step(&m, t, &loss);
    traced_step(&m, t, &loss);
    for (uint32_t i = 0; i < rn_trace_count(t); i++) {
      const rn_trace_event *e = rn_trace_get(t, i, &own);
      if (own == 0) continue;
      if (e->kind == RN_TRACE_UPLOAD) there += e->bytes;
      if (e->kind == RN_TRACE_DOWNLOAD) back += e->bytes;
    }
    assert_int_equal(there, (20 * 12 + 20 + 20 * 16) * 4); /* what is fed, and what Relu made */
    assert_int_equal(back, (20 * 16 + 1) * 4);             /* what Relu takes, and the loss */
    rn_trace_destroy(t);
    drop_mlp(&m);
    rn_runtime_destroy(rt);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nodes_have_the_devices_times),
      cmocka_unit_test(copies_are_told_with_their_bytes),
  };
  RUN_VULKAN_TESTS(tests);
}
