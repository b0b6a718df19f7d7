/* trace_test.c - what a step did is kept, written for viewers, counted up, put into event files and drawn (tests/e2e).
 */
#include "build.h"
#include "command.h"
#include <cjson/cJSON.h>
#include <runnel/c/summary.h>
#include <runnel/c/trace.h>
#include <runnel/events.h>
#include <runnel/timeline.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/runnel-trace-XXXXXX";

static int runnel(const char *arguments) {
  char command[4096];
  snprintf(command, sizeof command, "runnel %s", arguments);
  return command_run(folder, command);
}
static char *in_folder(const char *name) {
  static char path[256];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}
static char *load(const char *path, size_t *out_size) {
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  assert_int_equal(fseek(f, 0, SEEK_END), 0);
  size_t n = (size_t)ftell(f);
  rewind(f);
  char *bytes = malloc(n + 1);
  assert_int_equal(fread(bytes, 1, n, f), n);
  bytes[n] = '\0';
  fclose(f);
  if (out_size) *out_size = n;
  return bytes;
}

/* ----------------------------------------------------------------------------------- a small graph */
typedef struct net {
  rn_runtime *rt;
  rn_graph *g;
  rn_session *s;
  rn_value y;
  rn_trace *t;
} net;
static rn_value matmul(rn_graph *g, const char *name, rn_value a, rn_value b) { return node2(g, "MatMul", name, a, b); }
static rn_value ones(rn_graph *g, const char *name, int64_t a, int64_t b) {
  rn_shape s = dims(2, a, b);
  rn_tensor *t = NULL;
  must(rn_tensor_create(RN_FLOAT, &s, &t));
  for (int64_t i = 0; i < a * b; i++) ((float *)rn_tensor_data(t))[i] = 1;
  return constant(g, name, t);
}
/* y = Relu(x w) w2, with these names. */
static net begin(const char *product, const char *relu, const char *y) {
  net n = {0};
  must(rn_runtime_create(NULL, &n.rt));
  must(rn_graph_create(n.rt, 0, &n.g));
  rn_value h = matmul(n.g, product, ones(n.g, "x", 8, 256), ones(n.g, "w", 256, 64));
  n.y = matmul(n.g, y, node1(n.g, "Relu", relu, h), ones(n.g, "w2", 64, 4));
  must(rn_session_create(n.g, NULL, &n.s));
  must(rn_trace_create(&n.t));
  return n;
}
static void step(net *n) {
  rn_run_options o = {.struct_size = (uint32_t)sizeof o};
  rn_tensor *out = NULL;
  rn_trace_watch(n->t, &o);
  must(rn_session_run(n->s, &o, NULL, 0, &n->y, 1, &out, NULL, 0));
  assert_true(*(float *)rn_tensor_data(out) == 256 * 64);
  rn_tensor_release(out);
}
static void end(net *n) {
  rn_trace_destroy(n->t);
  rn_session_destroy(n->s);
  rn_graph_destroy(n->g);
  rn_runtime_destroy(n->rt);
}

/* ---------------------------------------------------------------------------------------- reading */
static cJSON *parse(const char *path) {
  char *text = load(path, NULL);
  cJSON *all = cJSON_Parse(text);
  free(text);
  assert_non_null(all);
  return all;
}
static const char *word(const cJSON *o, const char *name) {
  const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));
  return s ? s : "";
}
static double number(const cJSON *o, const char *name) {
  const cJSON *n = cJSON_GetObjectItemCaseSensitive(o, name);
  return cJSON_IsNumber(n) ? n->valuedouble : -1;
}
static const cJSON *args(const cJSON *e) { return cJSON_GetObjectItemCaseSensitive(e, "args"); }
/* The first event of this phase and name, or NULL. */
static const cJSON *find(const cJSON *all, const char *phase, const char *name) {
  const cJSON *e;
  cJSON_ArrayForEach(
      e, cJSON_GetObjectItemCaseSensitive(all, "traceEvents")) if (strcmp(word(e, "ph"), phase) == 0 &&
                                                                   strcmp(word(e, "name"), name) == 0) return e;
  return NULL;
}
/* Every event lies within the step, and has a row with a name. */
static void is_whole(const cJSON *all) {
  const cJSON *whole = find(all, "X", "step"), *e, *m;
  assert_non_null(whole);
  cJSON_ArrayForEach(e, cJSON_GetObjectItemCaseSensitive(all, "traceEvents")) {
    if (strcmp(word(e, "ph"), "X") != 0) continue;
    int named = 0;
    assert_true(number(e, "ts") >= 0 && number(e, "dur") >= 0);
    assert_true(number(e, "ts") + number(e, "dur") <= number(whole, "dur") + 0.002);
    cJSON_ArrayForEach(m, cJSON_GetObjectItemCaseSensitive(all, "traceEvents")) named |=
        strcmp(word(m, "name"), "thread_name") == 0 && number(m, "pid") == number(e, "pid") &&
        number(m, "tid") == number(e, "tid");
    assert_true(named);
  }
}

/* ------------------------------------------------------------------------------------------ tests */
static void a_step_is_written_for_viewers(void **state) {
  (void)state;
  net n = begin("first", "relu", "second");
  step(&n);
  step(&n); /* in the place of the one before */
  must(rn_trace_write(n.t, in_folder("t.json")));
  cJSON *all = parse(in_folder("t.json"));
  is_whole(all);
  const cJSON *first = find(all, "X", "first"), *second = find(all, "X", "second"), *memory;
  assert_non_null(first);
  assert_non_null(second);
  assert_null(find(all, "X", "plan")); /* of the first step */
  assert_true(number(first, "ts") + number(first, "dur") <= number(second, "ts"));
  assert_string_equal(word(first, "cat"), "kernel");
  assert_string_equal(word(args(first), "op"), "MatMul");
  assert_string_equal(word(args(first), "device"), "/device:CPU:0");
  assert_string_equal(word(args(first), "plugin"), "cpu");
  assert_string_equal(word(args(first), "shape"), "float[8,64]");
  assert_true(number(args(first), "bytes") == 8 * 64 * 4);
  assert_true(number(args(first), "memory_bytes") >= 8 * 64 * 4);
  assert_true(word(args(first), "kernel")[0] != '\0');
  memory = find(all, "C", "memory of CPU:0");
  assert_non_null(memory);
  assert_non_null(find(all, "M", "process_name"));
  cJSON_Delete(all);
  rn_status *failed = rn_trace_write(n.t, "/nonexistent/t.json");
  assert_int_equal(rn_status_code(failed), RN_NOT_FOUND);
  rn_status_free(failed);
  end(&n);
}

static void without_a_step_there_is_nothing_to_tell(void **state) {
  (void)state;
  rn_trace *t = NULL;
  char *text = NULL;
  void *data = NULL;
  size_t size;
  must(rn_trace_create(&t));
  rn_status *failed[3] = {rn_trace_write(t, in_folder("none.json")), rn_trace_table(t, 5, &text),
                          rn_trace_metadata(t, &data, &size)};
  for (int i = 0; i < 3; i++) {
    assert_int_equal(rn_status_code(failed[i]), RN_FAILED_PRECONDITION);
    rn_status_free(failed[i]);
  }
  assert_int_equal(rn_trace_count(t), 0);
  assert_null(rn_trace_get(t, 0, NULL));
  rn_trace_destroy(t);
}

/* Lines of a table are as long as each other: the columns are straight. */
static void the_table_has_the_slowest_first(void **state) {
  (void)state;
  net n = begin("first", "relu", "second");
  char *text = NULL;
  double before = 1e30;
  step(&n);
  must(rn_trace_table(n.t, 2, &text));
  assert_non_null(strstr(text, "One step: "));
  assert_non_null(strstr(text, "The slowest nodes, 2 of 3\n"));
  assert_non_null(strstr(text, "The slowest types of operation, 2 of 2\n"));
  char *line = strstr(text, "The slowest nodes");
  line = strchr(strchr(line, '\n') + 1, '\n') + 1; /* behind the heads */
  for (int i = 0; i < 2; i++, line = strchr(line, '\n') + 1) {
    double share = strtod(strchr(line, '%') - 6, NULL);
    assert_true(share <= before && share > 0);
    before = share;
  }
  free(text);
  uint64_t own = 0, part;
  for (uint32_t i = 0; i < rn_trace_count(n.t); i++) {
    const rn_trace_event *e = rn_trace_get(n.t, i, &part);
    assert_true(part <= e->end_ns - e->begin_ns);
    own += part;
  }
  const rn_trace_event *all = rn_trace_get(n.t, 0, NULL);
  assert_int_equal(all->kind, RN_TRACE_STEP);
  assert_true(own > 0 && own <= (all->end_ns - all->begin_ns) * 64); /* threads side by side */
  end(&n);
}

static char *long_name(void) {
  char *name = malloc((1 << 20) + 1);
  memset(name, 'n', 1 << 20);
  name[1 << 20] = '\0';
  return name;
}

static const char bad[] = "\"}],<script>\n\t\x1b[31m\\", worse[] = "\xff\xfe\xc3(\xed\xa0\x80 \xe2\x82\xac";

/* A step as a session would tell it, but with names that graphs do not have; plugins may use them for theirs. */
static void tell(rn_trace *t, const char *third) {
  rn_run_options o = {.struct_size = (uint32_t)sizeof o};
  const char *both[2] = {bad, worse};
  rn_trace_event e = {.node = "",
                      .op = "",
                      .device = "",
                      .kernel = "",
                      .plugin = "",
                      .track = "",
                      .scope = "",
                      .shape = "",
                      .thread = 1,
                      .begin_ns = 1000,
                      .end_ns = 900000,
                      .kind = RN_TRACE_STEP};
  rn_trace_watch(t, &o);
  o.trace(o.trace_arg, &e);
  e.kind = RN_TRACE_CLAIM;
  e.node = bad;
  e.op = e.kernel = e.shape = worse;
  e.device = "/device:\xff\"";
  e.plugin = e.scope = bad;
  e.n_covers = 2;
  e.covers = both;
  e.end_ns = 2000;
  o.trace(o.trace_arg, &e);
  e.kind = RN_TRACE_KERNEL;
  e.node = worse;
  e.scope = third;
  e.n_covers = 0;
  o.trace(o.trace_arg, &e);
  e.node = third;
  e.scope = "";
  e.thread = 0;
  e.queue = 3;
  e.memory_bytes = 5;
  o.trace(o.trace_arg, &e);
  e.track = bad;
  o.trace(o.trace_arg, &e);
}

/* None of it gets into JSON or a terminal as it is. */
static void hostile_names_stay_names(void **state) {
  (void)state;
  char *huge = long_name(), *text = NULL;
  rn_trace *t = NULL;
  must(rn_trace_create(&t));
  tell(t, huge);
  must(rn_trace_write(t, in_folder("hostile.json")));
  cJSON *all = parse(in_folder("hostile.json"));
  is_whole(all);
  const cJSON *e =
      find(all, "X", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \xe2\x82\xac");
  assert_non_null(e);
  assert_string_equal(word(args(e), "plugin"), bad);
  assert_non_null(find(all, "X", huge));
  assert_non_null(find(all, "M", "process_name"));
  cJSON_Delete(all);
  must(rn_trace_table(t, 10, &text));
  for (const char *c = text; *c; c++) assert_true((*c >= ' ' && *c < 0x7f) || *c == '\n');
  assert_true(strlen(text) < 8192);
  assert_non_null(strstr(text, "nnn...nnn"));
  free(text);
  rn_trace_destroy(t);
  free(huge);
}

/* ----------------------------------------------------------------------------------- run metadata */
typedef struct spans {
  rn_trace *t;
  uint32_t count, different;
} spans;
static int same(rn_bytes a, const char *b) { return a.size == strlen(b) && memcmp(a.data, b, a.size) == 0; }
static rn_status *compare(void *arg, const rn_span *s) {
  spans *w = arg;
  uint64_t own;
  const rn_trace_event *e = rn_trace_get(w->t, w->count++, &own), *first = rn_trace_get(w->t, 0, NULL);
  int ok = e && s->kind == e->kind && s->thread == (e->queue ? e->queue : e->thread) && s->queue == e->queue &&
           same(s->node, e->node) && same(s->op, e->op) && same(s->device, e->device) && same(s->kernel, e->kernel) &&
           same(s->plugin, e->plugin) && same(s->shape, e->shape) && same(s->scope, e->scope) &&
           same(s->track, e->track) && s->bytes == e->bytes && s->memory_bytes == e->memory_bytes &&
           s->n_covers == e->n_covers;
  ok = ok && (uint64_t)(s->begin_us * 1000 + 0.5) == e->begin_ns - first->begin_ns;
  ok = ok && (uint64_t)((s->end_us - s->begin_us) * 1000 + 0.5) == e->end_ns - e->begin_ns;
  ok = ok && (uint64_t)(s->own_us * 1000 + 0.5) == own;
  if (!ok) w->different++;
  return NULL;
}
typedef struct found {
  char tag[64];
  int64_t step;
  uint32_t count;
  spans spans;
} found;
static rn_status *see(void *arg, const rn_event *e) {
  found *f = arg;
  if (e->kind != RN_EVENT_RUN_METADATA) return NULL;
  f->count++;
  f->step = e->step;
  snprintf(f->tag, sizeof f->tag, "%.*s", (int)e->tag.size, e->tag.data);
  return rn_timeline_read(e->bytes.data, e->bytes.size, compare, &f->spans);
}
static rn_status *see_file(void *arg, const char *path, const char *run) {
  rn_event_file *f = NULL;
  (void)run;
  RN_TRY(rn_event_file_open(path, &f));
  rn_status *s = rn_event_file_read(f, see, arg);
  rn_event_file_close(f);
  return s;
}

static void is_kept(net *n, const char *name, uint32_t events_of_step) {
  rn_events *events = NULL;
  found f = {.spans = {.t = n->t}};
  must(rn_events_create(n->rt, in_folder(name), &events));
  must(rn_events_add_graph(events, n->g));
  must(rn_events_add_run_metadata(events, 7, "step_7", n->t));
  rn_events_destroy(events);
  must(rn_event_files_find(in_folder(name), see_file, &f));
  assert_int_equal(f.count, 1);
  assert_int_equal(f.step, 7);
  assert_string_equal(f.tag, "step_7");
  assert_int_equal(f.spans.count, events_of_step);
  assert_int_equal(f.spans.different, 0);
}
static void event_files_keep_the_step(void **state) {
  (void)state;
  net n = begin("first", "relu", "second");
  step(&n);
  is_kept(&n, "logdir", rn_trace_count(n.t));
  tell(n.t, "third");
  is_kept(&n, "hostile", 5);
  end(&n);
}

static rn_status *count(void *arg, const rn_span *s) {
  (void)s;
  ++*(uint32_t *)arg;
  return NULL;
}
static void cut_or_damaged_metadata_is_an_error(void **state) {
  (void)state;
  net n = begin("first", "relu", "second");
  void *data = NULL;
  size_t size, refused = 0;
  uint32_t spans_read = 0;
  step(&n);
  must(rn_trace_metadata(n.t, &data, &size));
  for (size_t k = 0; k < size; k++) {
    rn_status *s = rn_timeline_read(data, k, count, &spans_read);
    refused += s != NULL;
    if (s) assert_int_equal(rn_status_code(s), RN_DATA_LOSS);
    rn_status_free(s);
  }
  assert_int_equal(refused, size - 1); /* nothing at all is a step without events */
  spans_read = 0;
  must(rn_timeline_read(data, size, count, &spans_read));
  assert_int_equal(spans_read, rn_trace_count(n.t));
  for (size_t k = 0; k < size; k++) {
    ((unsigned char *)data)[k] ^= 0x55;
    rn_status_free(rn_timeline_read(data, size, count, &spans_read));
    ((unsigned char *)data)[k] ^= 0x55;
  }
  free(data);
  end(&n);
}

/* -------------------------------------------------------------------------------------- the command */
static const char half_plus_two[] =
    "node { name: \"x\" op: \"Placeholder\" attr { key: \"dtype\" value { type: DT_FLOAT } }\n"
    "  attr { key: \"shape\" value { shape { dim { size: -1 } } } } }\n"
    "node { name: \"a\" op: \"Const\" attr { key: \"dtype\" value { type: DT_FLOAT } }\n"
    "  attr { key: \"value\" value { tensor { dtype: DT_FLOAT tensor_shape { } float_val: 0.5 } } } }\n"
    "node { name: \"ax\" op: \"Mul\" input: \"a\" input: \"x\" attr { key: \"T\" value { type: DT_FLOAT } } }\n"
    "node { name: \"y\" op: \"Add\" input: \"ax\" input: \"x\" attr { key: \"T\" value { type: DT_FLOAT } } }\n";

static void the_command_runs_traces_and_draws(void **state) {
  (void)state;
  FILE *f = fopen(in_folder("half.pbtxt"), "w");
  assert_non_null(f);
  fputs(half_plus_two, f);
  fclose(f);
  assert_int_equal(runnel("run half.pbtxt --feed x=1,2 --fetch y --steps 3 --trace c.json --rows 1"), 0);
  says("[1.5, 3]");
  says("The slowest nodes, 1 of 2");
  says("The trace is in c.json");
  cJSON *all = parse(in_folder("c.json"));
  is_whole(all);
  assert_non_null(find(all, "X", "ax"));
  assert_null(find(all, "X", "plan")); /* the last of three */
  cJSON_Delete(all);
  assert_int_equal(runnel("run half.pbtxt --feed x=1,2 --fetch y --logdir lg --json"), 0);
  assert_int_equal(output[0], '[');
  assert_int_equal(runnel("draw half.pbtxt -o time.svg --trace c.json"), 0);
  assert_int_equal(runnel("draw half.pbtxt -o memory.svg --color memory --trace lg"), 0);
  assert_int_equal(runnel("draw half.pbtxt -o now.svg --color time --feed x=1 --fetch y --steps 2"), 0);
  assert_int_equal(runnel("draw half.pbtxt -o device.svg --color device"), 0);
  static const struct {
    const char *file, *words;
  } picture[] = {{"time.svg", "time of one step"},
                 {"memory.svg", "memory of results"},
                 {"now.svg", "time of one step"},
                 {"device.svg", "CPU:0"}};
  for (int i = 0; i < 4; i++) {
    char *svg = load(in_folder(picture[i].file), NULL);
    if (!strstr(svg, picture[i].words)) print_error("no '%s' in %s\n", picture[i].words, picture[i].file);
    assert_non_null(strstr(svg, picture[i].words));
    assert_non_null(strstr(svg, "of cpu")); /* a tooltip names the kernel */
    free(svg);
  }
}

static void what_is_no_trace_is_said(void **state) {
  (void)state;
  assert_int_equal(mkdir(in_folder("empty"), 0700), 0);
  static const struct {
    const char *arguments, *words;
    int code;
  } row[] = {
      {"draw half.pbtxt -o n.svg --color time", "of which step?", 1},
      {"draw half.pbtxt -o n.svg --color blue", "--color takes device, time or memory", 1},
      {"draw half.pbtxt -o n.svg --trace half.pbtxt", "is no trace", 1},
      {"draw half.pbtxt -o n.svg --trace nowhere.json", "there is no 'nowhere.json'", 1},
      {"draw half.pbtxt -o n.svg --trace empty", "no event file", 1},
      {"run half.pbtxt --feed x=1 --fetch y --steps 0", "--steps takes a number from 1", 1},
      {"run half.pbtxt --feed x=1 --fetch y --table --json", "--table is text for people", 1},
      {"run half.pbtxt --feed x=1 --fetch y --trace no/such/folder.json", "cannot be opened", 1},
  };
  for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
    assert_int_equal(runnel(row[i].arguments), row[i].code);
    says(row[i].words);
  }
}

/* A loop of TensorFlow's primitives: each round is an event, and its nodes count together. */
static void loops_count_their_rounds(void **state) {
  (void)state;
  char graph[1024], command[2048];
  snprintf(graph, sizeof graph, "%s/tf-graph-cases/simplewhile_1/frozen_model.pb", getenv("RUNNEL_DATA"));
  if (access(graph, R_OK) != 0) {
    print_message("skipped: there is no %s\n", graph);
    skip();
  }
  snprintf(command, sizeof command, "run %s --feed input_0=1,2,3,4 --feed input_1=20 --fetch output --trace loop.json",
           graph);
  assert_int_equal(runnel(command), 0);
  says("while/Sum");
  cJSON *all = parse(in_folder("loop.json"));
  is_whole(all);
  const cJSON *e;
  int rounds = 0;
  cJSON_ArrayForEach(e, cJSON_GetObjectItemCaseSensitive(all, "traceEvents")) rounds +=
      strcmp(word(e, "ph"), "X") == 0 && strcmp(word(e, "name"), "while/Sum") == 0;
  assert_int_equal(rounds, 3);
  assert_non_null(find(all, "X", "plan"));
  cJSON_Delete(all);
}

static int set_up(void **state) {
  (void)state;
  return mkdtemp(folder) == NULL;
}
static int tear_down(void **state) {
  char command[64];
  (void)state;
  snprintf(command, sizeof command, "rm -r %s", folder);
  return system(command);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_step_is_written_for_viewers),     cmocka_unit_test(without_a_step_there_is_nothing_to_tell),
      cmocka_unit_test(the_table_has_the_slowest_first),   cmocka_unit_test(hostile_names_stay_names),
      cmocka_unit_test(event_files_keep_the_step),         cmocka_unit_test(cut_or_damaged_metadata_is_an_error),
      cmocka_unit_test(the_command_runs_traces_and_draws), cmocka_unit_test(what_is_no_trace_is_said),
      cmocka_unit_test(loops_count_their_rounds),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
