/* growth_test.c - old with new and new with old: every struct that grows, shorter and longer than its reader
 * (tests/abi).
 *
 * A plugin of another minor version differs from today's only in how long its structs are. So each
 * description is handed over at every length, from the shortest that makes sense to longer than today's,
 * and each struct that the host fills is filled at every capacity with guard bytes behind it. */
#include "toy.h"
#include "plugin/module.h"
#include "tensor/cell.h"

enum { MORE = 64, GUARD = 0xa5 };

/* ---- descriptions: rows of any length ---- */
typedef struct kind {
  const char *name;
  size_t table, size, least;
  void (*fill)(void *row); /* what every reader relies on */
} kind;

static rn_status *never(void) { return NULL; }
static void fill_op(void *row) {
  rn_op_def *d = row;
  d->name = "Grown";
  d->signature = "() -> ()";
}
static void fill_kernel(void *row) {
  rn_kernel_def *d = row;
  d->op = "Grown";
  d->device_type = "toy";
  d->compute = k_never;
}
static void fill_device(void *row) {
  rn_device_def *d = row;
  d->type = "toy";
  d->enumerate = toy_enumerate;
  d->open = toy_open;
}
static void fill_compiler(void *row) {
  rn_compiler_def *d = row;
  void *f = (void *)(uintptr_t)never;
  d->name = "grown";
  d->device_type = "toy";
  memcpy(&d->claim, &f, sizeof f);
  memcpy(&d->compile, &f, sizeof f);
  d->execute = k_never;
}
static void fill_optimizer(void *row) {
  rn_optimizer_def *d = row;
  void *f = (void *)(uintptr_t)never;
  d->name = "Grown";
  memcpy(&d->emit, &f, sizeof f);
  d->hypers = (rn_table){0};
}
static void fill_pass(void *row) {
  rn_pass_def *d = row;
  void *f = (void *)(uintptr_t)never;
  d->name = "grown";
  memcpy(&d->run, &f, sizeof f);
}
#define KIND(T, member, last, fill) \
  { #T, offsetof(rn_group, member), sizeof(T), RN_SIZE_TO(T, last), fill }
static const kind kinds[] = {KIND(rn_op_def, ops, signature, fill_op),
                             KIND(rn_kernel_def, kernels, compute, fill_kernel),
                             KIND(rn_device_def, devices, open, fill_device),
                             KIND(rn_compiler_def, compilers, execute, fill_compiler),
                             KIND(rn_optimizer_def, optimizers, emit, fill_optimizer),
                             KIND(rn_pass_def, passes, run, fill_pass)};

static char rows[2][512];
static rn_group group;
static const rn_group *const groups[] = {&group};
static union {
  rn_plugin_desc desc;
  char bytes[sizeof(rn_plugin_desc) + MORE];
} plugin;
static const rn_plugin_desc *entry(void) { return &plugin.desc; }

static void describe_plugin(void) {
  memset(&plugin, 0, sizeof plugin);
  plugin.desc = (rn_plugin_desc){.struct_size = (uint32_t)sizeof plugin.desc,
                                 .abi_major = RN_ABI_MAJOR,
                                 .abi_minor = RN_ABI_MINOR,
                                 .id = "grown",
                                 .groups = groups,
                                 .group_count = 1};
}

static const char *copied_rows(const rn_module *m, const kind *k, uint32_t *n) {
  const void *const all[] = {m->ops, m->kernels, m->devices, m->compilers, m->optimizers, m->passes};
  const uint32_t count[] = {m->n_ops, m->n_kernels, m->n_devices, m->n_compilers, m->n_optimizers, m->n_passes};
  *n = count[k - kinds];
  return all[k - kinds];
}

/* Two rows of `length` bytes that stand `length` apart, every byte set that no reader follows. */
static void rows_of_length(const kind *k, size_t length) {
  rn_module *m = NULL;
  uint32_t n, said = (uint32_t)length;
  char *packed = test_malloc(2 * length);
  for (int i = 0; i < 2; i++) {
    memset(rows[i], 0, sizeof rows[i]);
    memset(rows[i] + k->size, 0x77, sizeof rows[i] - k->size);
    k->fill(rows[i]);
    if (k == kinds && i == 1) ((rn_op_def *)(void *)rows[i])->name = "GrownAgain"; /* no plugin has an op twice */
    memcpy(rows[i], &said, sizeof said);
    rows[i][4] = (char)(i + 1); /* a member that all readers see */
    memcpy(packed + (size_t)i * length, rows[i], length);
  }
  memset(&group, 0, sizeof group);
  group.struct_size = (uint32_t)sizeof group;
  memcpy((char *)&group + k->table, &(rn_table){packed, 2, (uint32_t)length}, sizeof(rn_table));
  describe_plugin();
  rn_status *s = rn_module_open_static(entry, &m);
  if (s != NULL) fail_msg("%s of %zu bytes: %s", k->name, length, rn_status_message(s));
  const char *got = copied_rows(m, k, &n);
  assert_int_equal(n, 2);
  for (size_t i = 0; i < 2; i++) {
    const char *row = got + i * k->size;
    size_t seen = length < k->size ? length : k->size;
    assert_int_equal(row[4], (int)i + 1);
    if (k != &kinds[4]) assert_memory_equal(row + 8, rows[i] + 8, seen - 8); /* hypers point at the host's copy */
    for (size_t b = seen; b < k->size; b++) assert_int_equal(row[b], 0);
  }
  rn_module_close(m, NULL, NULL);
  test_free(packed);
}

static void rows_of_every_length_are_read(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
    for (size_t length = kinds[i].least; length <= kinds[i].size + MORE; length += 4) rows_of_length(&kinds[i], length);
}

static void rows_too_short_to_mean_anything_are_refused(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    const kind *k = &kinds[i];
    rn_module *m = NULL;
    uint32_t said = (uint32_t)k->least - 1;
    memset(rows, 0, sizeof rows);
    k->fill(rows[0]);
    memcpy(rows[0], &said, sizeof said);
    memset(&group, 0, sizeof group);
    group.struct_size = (uint32_t)sizeof group;
    memcpy((char *)&group + k->table, &(rn_table){rows[0], 1, (uint32_t)k->size}, sizeof(rn_table));
    describe_plugin();
    says(rn_module_open_static(entry, &m), RN_INVALID_ARGUMENT, k->name, "grown");
  }
}

/* A plugin from before compilers existed, and one from after whatever comes next. */
static void descriptions_and_groups_of_every_length_are_read(void **state) {
  (void)state;
  static union {
    rn_group group;
    char bytes[sizeof(rn_group) + MORE];
  } g;
  const rn_group *list[] = {&g.group};
  for (size_t length = RN_SIZE_TO(rn_plugin_desc, group_count); length <= sizeof plugin; length += 4) {
    rn_module *m = NULL;
    describe_plugin();
    memset((char *)&plugin + length, GUARD, sizeof plugin - length); /* not the plugin's: must not be read */
    plugin.desc.struct_size = (uint32_t)length;
    plugin.desc.group_count = 0;
    ok(rn_module_open_static(entry, &m));
    assert_null(length >= sizeof plugin.desc ? NULL : (void *)(uintptr_t)m->desc.fini);
    rn_module_close(m, NULL, NULL);
  }
  for (size_t length = RN_SIZE_TO(rn_group, ops); length <= sizeof g; length += 4) {
    rn_module *m = NULL;
    memset(&g, 0, sizeof g);
    g.group.ops = (rn_table)RN_TABLE(toy_ops);
    memset(g.bytes + length, GUARD, sizeof g - length);
    g.group.struct_size = (uint32_t)length;
    describe_plugin();
    plugin.desc.groups = list;
    ok(rn_module_open_static(entry, &m));
    assert_int_equal(m->n_ops, sizeof toy_ops / sizeof toy_ops[0]);
    assert_int_equal(m->n_kernels, 0);
    rn_module_close(m, NULL, NULL);
  }
}

/* ---- structs that the host fills ---- */
typedef union view_room {
  rn_tensor_view view;
  unsigned char bytes[sizeof(rn_tensor_view) + MORE];
} view_room;

static void capacity(view_room *r, size_t length) {
  uint32_t said = (uint32_t)length;
  memset(r, GUARD, sizeof *r);
  memcpy(r, &said, sizeof said);
}
static void assert_kept_within(const view_room *r, size_t length) {
  uint32_t said;
  size_t known = length < sizeof r->view ? length : sizeof r->view;
  memcpy(&said, r, sizeof said);
  assert_int_equal(said, length);
  for (size_t i = known; i < sizeof *r; i++) assert_int_equal(r->bytes[i], GUARD);
}

static void a_tensor_view_is_filled_to_its_readers_capacity(void **state) {
  (void)state;
  rn_host h;
  rn_tensor *t = vec(3, 1);
  _Atomic int64_t blocks = 0;
  rn_host_init(&h, "grown", "", &blocks, NULL);
  for (size_t length = 4; length <= sizeof(view_room); length += 4) {
    view_room r;
    capacity(&r, length);
    h.api.tensor_view(t, &r.view);
    assert_kept_within(&r, length);
    if (RN_HAS(&r.view, rn_tensor_view, data)) assert_ptr_equal(r.view.data, rn_tensor_data(t));
  }
  rn_tensor_release(t);
}

static void a_view_of_a_variable_is_filled_to_its_readers_capacity(void **state) {
  (void)state;
  rn_store *store;
  rn_resource *cell;
  float data[2] = {1, 2};
  rn_shape two = rn_shape_vector(2);
  rn_tensor_view given = {.struct_size = sizeof given, .dtype = RN_FLOAT, .shape = two, .data = data, .size_bytes = 8};
  ok(rn_store_create(&store));
  ok(rn_store_cell(store, (rn_bytes){"", 0}, (rn_bytes){"w", 1}, RN_FLOAT, &two, &cell));
  ok(rn_cell_assign(cell, &given));
  for (size_t length = 4; length <= sizeof(view_room); length += 4) {
    view_room r;
    capacity(&r, length);
    ok(rn_cell_view(cell, &r.view));
    assert_kept_within(&r, length);
  }
  rn_store_destroy(store);
}

/* A string view made before `tensor` was in it answers with no bytes, not with what lies behind it. */
static void a_view_too_short_for_its_tensor_has_no_strings(void **state) {
  (void)state;
  rn_host h;
  _Atomic int64_t blocks = 0;
  view_room r;
  rn_host_init(&h, "grown", "", &blocks, NULL);
  capacity(&r, RN_SIZE_TO(rn_tensor_view, size_bytes));
  assert_int_equal(h.api.string_at(&r.view, 0).size, 0);
}

static void statistics_are_filled_to_their_readers_capacity(void **state) {
  (void)state;
  toy t;
  toy_begin(&t, NULL);
  toy_open_session(&t);
  for (uint32_t length = 8; length <= sizeof(rn_session_stats) + MORE; length += 8) {
    union {
      rn_session_stats stats;
      unsigned char bytes[sizeof(rn_session_stats) + MORE];
    } r;
    memset(&r, GUARD, sizeof r);
    r.stats.struct_size = length;
    rn_session_get_stats(t.s, &r.stats);
    for (size_t i = length < sizeof r.stats ? length : sizeof r.stats; i < sizeof r; i++)
      assert_int_equal(r.bytes[i], GUARD);
  }
  toy_end(&t);
}

/* ---- structs that the host reads ---- */
static uint32_t info_length;
static rn_status *enumerate_sized(const rn_host_api *host, rn_status *(*put)(void *arg, const rn_device_info *i),
                                  void *arg) {
  char *bytes = host->alloc(host->ctx, info_length, 16);
  if (bytes == NULL) return host->status(RN_RESOURCE_EXHAUSTED, "no memory");
  rn_device_info full = {.struct_size = info_length,
                         .name = "Grown",
                         .memory_bytes = 7,
                         .align_bytes = 64,
                         .features = RN_DEVICE_HOST_MEMORY | RN_DEVICE_SYNCHRONOUS};
  memset(bytes, GUARD, info_length);
  memcpy(bytes, &full, info_length < sizeof full ? info_length : sizeof full);
  rn_status *s = put(arg, (const rn_device_info *)(const void *)bytes);
  host->free(host->ctx, bytes);
  return s;
}
static const rn_device_def sized_devices[] = {
    {.struct_size = sizeof(rn_device_def), .type = "grown", .enumerate = enumerate_sized, .open = toy_open}};
static const rn_group sized_group = {.struct_size = sizeof(rn_group), .devices = RN_TABLE(sized_devices)};
static const rn_group *const sized_groups[] = {&sized_group};
static const rn_plugin_desc *sized_entry(void) {
  static const rn_plugin_desc desc = {
      .struct_size = sizeof desc, .id = "sized", .groups = sized_groups, .group_count = 1, .abi_minor = 99};
  return &desc;
}
static void count_device(void *arg, const rn_device_entry *d) {
  if (strcmp(d->type, "grown") != 0) return;
  assert_string_equal(d->name, "Grown");
  assert_int_equal(d->memory_bytes, info_length >= RN_SIZE_TO(rn_device_info, memory_bytes) ? 7 : 0);
  ++*(int *)arg;
}

static void devices_of_older_and_newer_plugins_are_listed(void **state) {
  (void)state;
  int seen = 0, asked = 0;
  for (info_length = RN_SIZE_TO(rn_device_info, driver); info_length <= sizeof(rn_device_info) + MORE;
       info_length += 8) {
    rn_runtime *rt = NULL;
    rn_runtime_options o = {.struct_size = sizeof o, .plugin_path = "/nowhere", .config_file = "/dev/null"};
    ok(rn_runtime_create(&o, &rt));
    ok(rn_runtime_add_static(rt, sized_entry));
    ok(rn_runtime_devices(rt, count_device, &seen));
    rn_runtime_destroy(rt);
    asked++;
  }
  assert_int_equal(seen, asked);
}

/* Programs are older than the library too: what they do not know of the options is default. */
static void options_of_older_and_newer_programs_are_read(void **state) {
  (void)state;
  toy t;
  toy_begin(&t, NULL);
  for (uint32_t length = 4; length <= sizeof(rn_session_options) + MORE; length += 4) {
    union {
      rn_session_options options;
      unsigned char bytes[sizeof(rn_session_options) + MORE];
    } r;
    memset(&r, 0, sizeof r);
    memset(r.bytes + length, GUARD, sizeof r - length);
    r.options.struct_size = length;
    rn_session *s = NULL;
    ok(rn_session_create(t.g, &r.options, &s));
    rn_session_destroy(s);
  }
  struct {
    rn_node_request r;
    char more[MORE];
  } newer = {.r = rn_node_request_for("NoOp", "newer"), .more = {1}};
  rn_node_id n;
  newer.r.struct_size = (uint32_t)sizeof newer;
  ok(rn_graph_add(t.g, &newer.r, &n));
  newer.r.struct_size = (uint32_t)sizeof newer.r - 1;
  says(rn_graph_add(t.g, &newer.r, &n), RN_INVALID_ARGUMENT, "struct_size", "");
  toy_end(&t);
}

/* What a plugin does on an older host: it asks whether the function is there. */
static void a_plugin_can_ask_what_its_host_has(void **state) {
  (void)state;
  rn_host h;
  _Atomic int64_t blocks = 0;
  rn_host_init(&h, "grown", "", &blocks, NULL);
  assert_true(RN_HAS(&h.api, rn_host_api, get_ext) && RN_HAS_FN(&h.api, rn_host_api, get_ext));
  assert_null(h.api.get_ext(h.api.ctx, "no such extension", 0));
  h.api.struct_size = offsetof(rn_host_api, get_ext);
  assert_false(RN_HAS(&h.api, rn_host_api, get_ext) || RN_HAS_FN(&h.api, rn_host_api, get_ext));
  assert_true(RN_HAS_FN(&h.api, rn_host_api, string_at));
  h.api.struct_size = (uint32_t)RN_SIZE_TO(rn_host_api, get_ext) - 1; /* cut within the pointer */
  assert_false(RN_HAS(&h.api, rn_host_api, get_ext));
  rn_op_def d = {.struct_size = sizeof d};
  assert_true(RN_HAS(&d, rn_op_def, infer)); /* there, but NULL */
  assert_false(RN_HAS_FN(&d, rn_op_def, infer));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(rows_of_every_length_are_read),
                                     cmocka_unit_test(rows_too_short_to_mean_anything_are_refused),
                                     cmocka_unit_test(descriptions_and_groups_of_every_length_are_read),
                                     cmocka_unit_test(a_tensor_view_is_filled_to_its_readers_capacity),
                                     cmocka_unit_test(a_view_of_a_variable_is_filled_to_its_readers_capacity),
                                     cmocka_unit_test(a_view_too_short_for_its_tensor_has_no_strings),
                                     cmocka_unit_test(statistics_are_filled_to_their_readers_capacity),
                                     cmocka_unit_test(devices_of_older_and_newer_plugins_are_listed),
                                     cmocka_unit_test(options_of_older_and_newer_programs_are_read),
                                     cmocka_unit_test(a_plugin_can_ask_what_its_host_has)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
