/* module_test.c - plugin files from the scan to the reason they are refused (tests/unit/plugin). Builds small plugins
 * with the C compiler; skips where there is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/arena.h"
#include "plugin/registry.h"
#include "plugin/manifest.h"

static char folder[] = "/tmp/runnel_plugin_XXXXXX";
static char text[4096];
static int have_cc;
static void skip_without_compiler(void) {
  if (have_cc) return;
  print_message("skipped: there is no C compiler 'cc'\n");
  skip();
}

static const char *in_folder(const char *name) {
  static char path[2][512];
  static int turn;
  turn ^= 1;
  snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
  return path[turn];
}
static void write_file(const char *path, const void *bytes, size_t n) {
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(bytes, 1, n, f), n);
  fclose(f);
}
static size_t read_file(const char *path, char *out, size_t room) {
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  size_t n = fread(out, 1, room, f);
  fclose(f);
  return n;
}

static const char source[] =
    "#include <runnel/plugin.h>\n"
    "static rn_status *k(const void *s, rn_call *c) { (void)s; (void)c; return 0; }\n"
    "static const rn_op_def ops[] = {{.struct_size = sizeof(rn_op_def), .name = \"Foo\", .signature = \"(x: T) -> (y: "
    "T); T: type\"}};\n"
    "static const rn_kernel_def ks[] = {"
    "{.struct_size = sizeof(rn_kernel_def), .op = \"Foo\", .device_type = \"cpu\", .priority = 1, .compute = k},"
    "{.struct_size = sizeof(rn_kernel_def), .op = \"Foo\", .device_type = \"cpu\", .priority = 5, .types = \"T: "
    "float\", .host_args = \"x\", .compute = k}};\n"
    "static const rn_group g = {.struct_size = sizeof(rn_group), .ops = RN_TABLE(ops), .kernels = RN_TABLE(ks)};\n"
    "static const rn_group *const gs[] = {&g};\n"
    "static rn_status *init(const rn_host_api *h) { return FAIL ? h->status(9, \"no luck\") : 0; }\n"
    "EXTRA\n"
    "static const rn_plugin_desc d = {.struct_size = sizeof d, .abi_major = MAJOR, .id = ID, .cpu_required = CPU, "
    ".init = init,"
    " .groups = gs, .group_count = 1};\n"
    "RN_EXPORT const rn_plugin_desc *ENTRY(void) { return &d; }\n";

static void build(const char *name, const char *flags) {
  char command[2048];
  write_file(in_folder("p.c"), source, sizeof source - 1);
  snprintf(command, sizeof command,
           "cc -w -shared -fPIC -fvisibility=hidden -Wl,--build-id -I%s/core/include -DMAJOR=0 -DID='\"foo\"' -DCPU=0 "
           "-DFAIL=0 -DEXTRA= "
           "-DENTRY=rn_plugin_entry -o %s %s/p.c %s 2>/dev/null",
           getenv("RUNNEL_SOURCE") ? getenv("RUNNEL_SOURCE") : "..", in_folder(name), folder, flags);
  assert_int_equal(system(command), 0);
}

static int start(void **state) {
  (void)state;
  have_cc = system("cc --version > /dev/null 2>&1") == 0;
  return mkdtemp(folder) == NULL;
}
static int clear(void **state) {
  (void)state;
  char command[600];
  chmod(folder, 0700);
  snprintf(command, sizeof command, "rm -rf %s/*", folder);
  return system(command);
}
static int finish(void **state) {
  clear(state);
  return rmdir(folder);
}

static rn_runtime *make(const char *setting) {
  rn_runtime *rt = NULL;
  rn_runtime_options o = {.struct_size = sizeof o, .plugin_path = folder, .config_file = "/dev/null"};
  if (setting != NULL) {
    o.settings = &setting;
    o.n_settings = 1;
  }
  rn_status *s = rn_runtime_create(&o, &rt);
  if (s != NULL) fail_msg("%s", rn_status_message(s));
  return rt;
}
static void expect_load(rn_runtime *rt, const char *id, const char *part) {
  rn_status *s = rn_runtime_load(rt, id);
  if (part == NULL && s != NULL) fail_msg("%s", rn_status_message(s));
  if (part != NULL && (s == NULL || strstr(rn_status_message(s), part) == NULL))
    fail_msg("'%s' is not in '%s'", part, rn_status_message(s));
  rn_status_free(s);
}
static void refused(const char *name, const char *part) {
  rn_runtime *rt = make(NULL);
  expect_load(rt, name, part);
  expect_load(rt, name, folder);
  rn_runtime_destroy(rt);
}
static void keep_manifest(const char *so, const char *manifest) {
  char *made;
  rn_status *s = rn_plugin_manifest(so, &made);
  if (s != NULL) fail_msg("%s", rn_status_message(s));
  write_file(manifest, made, strlen(made));
  rn_plugin_manifest_free(made);
}

static void an_op_and_its_kernels_come_from_the_plugin(void **state) {
  (void)state;
  skip_without_compiler();
  build("foo.so", "");
  keep_manifest(in_folder("foo.so"), in_folder("foo.manifest"));
  rn_runtime *rt = make(NULL), *other = make(NULL);
  const rn_op *op;
  const rn_kernel *const *k;
  uint32_t n;
  assert_null(rn_registry_op(rt, "Foo", 3, &op));
  assert_string_equal(op->plugin, "foo");
  assert_null(rn_registry_kernels(rt, op, NULL, &k, &n));
  assert_int_equal(n, 2);
  assert_int_equal(k[0]->def->priority, 5);
  assert_int_equal(k[0]->n_constraints, 1);
  assert_int_equal(k[0]->host_in, 1);
  expect_load(other, "foo", NULL);
  rn_runtime_destroy(rt);
  assert_null(rn_registry_op(other, "Foo", 3, &op));
  assert_true(op->host->threads(op->host->ctx) >= 1);
  rn_runtime_destroy(other);
}

static void an_unknown_op_is_not_found_with_near_names_and_folders(void **state) {
  (void)state;
  skip_without_compiler();
  build("foo.so", "");
  rn_runtime *rt = make(NULL);
  const rn_op *op;
  rn_status *s = rn_registry_op(rt, "Fooo", 4, &op);
  assert_int_equal(rn_status_code(s), RN_NOT_FOUND);
  assert_non_null(
      strstr(rn_status_message(s), "no op 'Fooo' (did you mean 'Foo'?); plugin folders searched: /tmp/runnel_plugin_"));
  rn_status_free(s);
  rn_runtime_destroy(rt);
}

static void the_first_of_one_id_wins_and_disabled_ones_stay_out(void **state) {
  (void)state;
  skip_without_compiler();
  build("a.so", "");
  build("b.so", "");
  rn_runtime *rt = make(NULL);
  expect_load(rt, in_folder("b.so"), "shadowed");
  expect_load(rt, "foo", NULL);
  rn_runtime_destroy(rt);
  rt = make("plugins.disable=foo");
  expect_load(rt, "foo", "disabled");
  rn_runtime_destroy(rt);
}

static void broken_files_are_refused_with_the_true_cause(void **state) {
  (void)state;
  skip_without_compiler();
  static char bytes[1 << 18];
  write_file(in_folder("text.so"), "hello", 5);
  refused("text", "is not an ELF file");
  build("foo.so", "");
  size_t n = read_file(in_folder("foo.so"), bytes, sizeof bytes);
  unlink(in_folder("foo.so"));
  write_file(in_folder("short.so"), bytes, 40);
  write_file(in_folder("half.so"), bytes, n / 8);
  bytes[18] = 3;
  write_file(in_folder("other.so"), bytes, n);
  bytes[4] = 1;
  write_file(in_folder("narrow.so"), bytes, n);
  refused("short", "is cut off after 40 bytes");
  refused("half", "is cut off after");
  refused("other", "is built for x86 (32 bit)");
  refused("narrow", "32-bit file");
}

static void plugins_that_break_the_rules_are_refused(void **state) {
  (void)state;
  skip_without_compiler();
  build("host.so", "-UEXTRA -DEXTRA='extern int rn_secret(void); RN_EXPORT int f(void) { return rn_secret(); }'");
  build("undef.so",
        "-UEXTRA -DEXTRA='extern int missing_thing(void); RN_EXPORT int f(void) { return missing_thing(); }'");
  build("entry.so", "-UENTRY -DENTRY=other_entry");
  build("major.so", "-UMAJOR -DMAJOR=77");
  build("cpu.so", "-UCPU -DCPU=0x8000000000000000ull");
  build("init.so", "-UFAIL -DFAIL=1 -UID -DID='\"init\"'");
  refused("host", "imports 'rn_secret' from the host");
  refused("undef", "missing_thing");
  refused("entry", "exports no rn_plugin_entry");
  refused("major", "speaks plugin ABI 77.0");
  refused("cpu", "processor features");
  refused("init", "no luck");
}

static void a_missing_library_is_named(void **state) {
  (void)state;
  skip_without_compiler();
  build("libneeded.so", "-UENTRY -DENTRY=f2");
  char flags[600];
  snprintf(flags, sizeof flags, "-Wl,--no-as-needed %s", in_folder("libneeded.so"));
  build("user.so", flags);
  unlink(in_folder("libneeded.so"));
  refused("user", "needs the library");
}

static void a_file_that_changed_after_its_manifest_is_refused(void **state) {
  (void)state;
  skip_without_compiler();
  build("foo.so", "");
  keep_manifest(in_folder("foo.so"), in_folder("foo.manifest"));
  build("foo.so", "-UEXTRA -DEXTRA='RN_EXPORT int more(void) { return 1; }'");
  refused("foo", "has changed since its manifest was made");
}

static void a_stripped_file_still_fits_its_manifest(void **state) {
  (void)state;
  char command[600];
  skip_without_compiler();
  build("foo.so", "-g");
  keep_manifest(in_folder("foo.so"), in_folder("foo.manifest"));
  snprintf(command, sizeof command, "strip %s", in_folder("foo.so"));
  if (system(command) != 0) {
    print_message("skipped: there is no strip\n");
    skip();
  }
  rn_runtime *rt = make(NULL);
  expect_load(rt, "foo", NULL);
  rn_runtime_destroy(rt);
}

static void a_folder_that_others_can_write_is_not_searched(void **state) {
  (void)state;
  skip_without_compiler();
  build("foo.so", "");
  chmod(folder, 0777);
  refused("foo", "can be written by everyone");
  rn_runtime *rt = make("plugins.allow_insecure=true");
  expect_load(rt, "foo", NULL);
  rn_runtime_destroy(rt);
}

static void a_damaged_manifest_is_always_noticed(void **state) {
  (void)state;
  skip_without_compiler();
  rn_arena arena;
  rn_manifest m;
  build("foo.so", "");
  keep_manifest(in_folder("foo.so"), in_folder("foo.manifest"));
  size_t n = read_file(in_folder("foo.manifest"), text, sizeof text);
  rn_arena_init(&arena, 4096);
  assert_null(rn_manifest_parse(text, n, "m", &arena, &m));
  assert_string_equal(m.id, "foo");
  assert_int_equal(m.count[RN_ROW_KERNEL], 2);
  for (size_t i = 0; i < n; i++) {
    text[i] ^= 1;
    rn_status *s = rn_manifest_parse(text, n, "m", &arena, &m);
    assert_non_null(s);
    rn_status_free(s);
    text[i] ^= 1;
    s = rn_manifest_parse(text, i, "m", &arena, &m);
    assert_non_null(s);
    rn_status_free(s);
  }
  rn_arena_finish(&arena);
}

int main(void) {
#define T(f) cmocka_unit_test_teardown(f, clear)
  const struct CMUnitTest tests[] = {T(an_op_and_its_kernels_come_from_the_plugin),
                                     T(an_unknown_op_is_not_found_with_near_names_and_folders),
                                     T(the_first_of_one_id_wins_and_disabled_ones_stay_out),
                                     T(broken_files_are_refused_with_the_true_cause),
                                     T(plugins_that_break_the_rules_are_refused),
                                     T(a_missing_library_is_named),
                                     T(a_file_that_changed_after_its_manifest_is_refused),
                                     T(a_stripped_file_still_fits_its_manifest),
                                     T(a_folder_that_others_can_write_is_not_searched),
                                     T(a_damaged_manifest_is_always_noticed)};
  return cmocka_run_group_tests(tests, start, finish);
}
