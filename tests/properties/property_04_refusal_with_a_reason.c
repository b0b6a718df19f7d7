/* property_04_refusal_with_a_reason.c - before any code of a plugin runs: ABI major, pointer size, architecture,
 * sanitizer, processor (tests/properties).
 *
 * The plugin's constructor makes a file. Each refused plugin is a good one with one byte of its header, or one line of
 * its manifest, changed; the manifest is sealed again, as a newer Runnel would have written it. Breaks when: a check of
 * module_check.c goes, or stands behind the opening of the file. */
#include "build.h"
#include <unistd.h>
#include "base/map.h"

static char folder[] = "/tmp/runnel-property-XXXXXX";
static char marker[64], file[64], manifest[64];
static char good[1 << 16], text[4096];
static size_t good_size;

static size_t read_file(const char *path, char *out, size_t room) {
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  size_t n = fread(out, 1, room, f);
  fclose(f);
  return n;
}
/* A new file each time: the old one is still mapped. */
static void write_file(const char *path, const char *bytes, size_t n) {
  unlink(path);
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(bytes, 1, n, f), n);
  fclose(f);
}

static void build_plugin(const char *flags) {
  char command[1024];
  snprintf(command, sizeof command,
           "cc -O0 -w -shared -fPIC -fvisibility=hidden -Wl,-z,now,--build-id -I%s/core/include -DID='\"marked\"' "
           "'-DAT_LOAD=fclose(fopen(\"%s\", \"w\"))' %s -o %s %s/tests/bad_plugins/template.c",
           getenv("RUNNEL_SOURCE"), marker, flags, file, getenv("RUNNEL_SOURCE"));
  assert_int_equal(system(command), 0);
  good_size = read_file(file, good, sizeof good);
  assert_true(good_size < sizeof good);
}

/* The manifest with `key = ...` replaced, and its last line made to fit. */
static void write_manifest(const char *key, const char *value) {
  char made[4096];
  char *at = key != NULL ? strstr(text, key) : NULL, *end = at != NULL ? strchr(at, '\n') : NULL;
  if (key != NULL) assert_non_null(end);
  int n = at == NULL ? snprintf(made, sizeof made, "%s", text)
                     : snprintf(made, sizeof made, "%.*s%s%s%s", (int)(at - text), text, key, value, end);
  char *seal = strstr(made, "\nend ");
  assert_non_null(seal);
  size_t body = (size_t)(seal + 1 - made);
  n = (int)body + snprintf(seal + 1, 64, "end %016llx\n", (unsigned long long)rn_hash_bytes(made, body, 0));
  write_file(manifest, made, (size_t)n);
}

static void expect(int code, const char *word) {
  rn_runtime *rt = NULL;
  rn_runtime_options o = {.struct_size = (uint32_t)sizeof o, .plugin_path = folder, .config_file = "/dev/null"};
  unlink(marker);
  must(rn_runtime_create(&o, &rt));
  assert_status(rn_runtime_load(rt, "marked"), code, file, word, NULL);
  rn_runtime_destroy(rt);
  assert_int_not_equal(access(marker, F_OK), 0); /* none of its code has run */
}

static int set_up(void **state) {
  (void)state;
  char *made = NULL;
  if (mkdtemp(folder) == NULL) return 1;
  snprintf(marker, sizeof marker, "%s/it_ran", folder);
  snprintf(file, sizeof file, "%s/marked.so", folder);
  snprintf(manifest, sizeof manifest, "%s/marked.manifest", folder);
  build_plugin("");
  must(rn_plugin_manifest(file, &made));
  snprintf(text, sizeof text, "%s", made);
  rn_plugin_manifest_free(made);
  return 0;
}
static int tear_down(void **state) {
  (void)state;
  char command[128];
  snprintf(command, sizeof command, "rm -r %s", folder);
  return system(command);
}

/* The other tests mean something only if this one passes: the marker shows that code runs. */
static void the_plugin_as_it_is_loads_and_runs_its_code(void **state) {
  (void)state;
  rn_runtime *rt = NULL;
  rn_runtime_options o = {.struct_size = (uint32_t)sizeof o, .plugin_path = folder, .config_file = "/dev/null"};
  write_file(file, good, good_size);
  write_manifest(NULL, NULL);
  assert_int_equal(access(marker, F_OK), 0); /* from when its manifest was made */
  unlink(marker);
  must(rn_runtime_create(&o, &rt));
  assert_int_not_equal(access(marker, F_OK), 0); /* finding it has run nothing */
  must(rn_runtime_load(rt, "marked"));
  rn_runtime_destroy(rt);
}

static void another_abi_major_is_refused(void **state) {
  (void)state;
  write_file(file, good, good_size);
  write_manifest("abi = ", "77.3");
  expect(RN_FAILED_PRECONDITION, "speaks plugin ABI 77.3");
}

static void another_pointer_size_is_refused(void **state) {
  (void)state;
  good[4] ^= 3; /* EI_CLASS: 1 is 32 bits, 2 is 64 */
  write_file(file, good, good_size);
  good[4] ^= 3;
  write_manifest(NULL, NULL);
  expect(RN_INVALID_ARGUMENT, "-bit file");
}

static void another_architecture_is_refused(void **state) {
  (void)state;
  char machine = good[18];
  good[18] = machine == 8 ? 40 : 8; /* MIPS, or else ARM */
  write_file(file, good, good_size);
  good[18] = machine;
  write_manifest(NULL, NULL);
  expect(RN_INVALID_ARGUMENT, "is built for");
}

static void a_processor_feature_that_is_missing_is_named(void **state) {
  (void)state;
  write_file(file, good, good_size);
#if defined(__x86_64__)
  write_manifest("cpu_required = ", "8"); /* RN_CPU_NEON */
  expect(RN_FAILED_PRECONDITION, "NEON");
#else
  write_manifest("cpu_required = ", "2"); /* RN_CPU_AVX2 */
  expect(RN_FAILED_PRECONDITION, "AVX2");
#endif
  write_manifest("cpu_required = ", "4611686018427387904");
  expect(RN_FAILED_PRECONDITION, "a processor feature unknown to this version");
}

static void another_sanitizer_is_refused(void **state) {
  (void)state;
  char command[256];
#if defined(__SANITIZE_THREAD__)
  build_plugin("'-DMORE=extern void __asan_init(void);' '-DAT_INIT=__asan_init()'");
#else
  build_plugin("'-DMORE=extern void __tsan_init(void);' '-DAT_INIT=__tsan_init()'");
#endif
  snprintf(command, sizeof command, "rm -f %s", manifest);
  assert_int_equal(system(command), 0);
  expect(RN_FAILED_PRECONDITION, "Sanitizer");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_plugin_as_it_is_loads_and_runs_its_code),
                                     cmocka_unit_test(another_abi_major_is_refused),
                                     cmocka_unit_test(another_pointer_size_is_refused),
                                     cmocka_unit_test(another_architecture_is_refused),
                                     cmocka_unit_test(a_processor_feature_that_is_missing_is_named),
                                     cmocka_unit_test(another_sanitizer_is_refused)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
