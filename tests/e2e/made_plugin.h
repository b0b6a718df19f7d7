/* made_plugin.h - plugins made on the spot with the C compiler, and the command that looks after them (tests/e2e). */
#ifndef RN_TESTS_MADE_PLUGIN_H
#define RN_TESTS_MADE_PLUGIN_H
#include <runnel/plugins.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/runnel-plugins-XXXXXX";
static char output[1 << 18];
static int have_cc;

/* What it does at each point of its life comes from the compiler's command line. */
static const char made_source[] =
    "#include <runnel/plugin.h>\n"
    "#include <pthread.h>\n#include <signal.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
    "EXTRA\n"
    "__attribute__((constructor)) static void load(void) { AT_LOAD; }\n"
    "__attribute__((destructor)) static void leave(void) { AT_EXIT; }\n"
    "static rn_status *init(const rn_host_api *h) { (void)h; AT_INIT; return 0; }\n"
    "static const rn_host_api *kept;\n"
    "static rn_status *first(const rn_host_api *h) { kept = h; return init(h); }\n"
    "static rn_status *quiesce(uint64_t t) { (void)t; AT_QUIESCE; return 0; }\n"
    "static void fini(void) { AT_FINI; }\n"
    "static rn_status *k(const void *s, rn_call *c) { (void)s; (void)c; return 0; }\n"
    "static const rn_op_def ops[] = {{.struct_size = sizeof(rn_op_def), .name = OP,\n"
    "  .signature = \"(x: T) -> (y: T); T: type\"}};\n"
    "static const rn_kernel_def ks[] = {{.struct_size = sizeof(rn_kernel_def), .op = OP, .device_type = \"cpu\",\n"
    "  .compute = k}};\n"
    "static const rn_group g = {.struct_size = sizeof(rn_group), .ops = RN_TABLE(ops), .kernels = RN_TABLE(ks)};\n"
    "static const rn_group *const gs[] = {&g};\n"
    "static const rn_plugin_desc d = {.struct_size = sizeof d, .abi_major = MAJOR, .abi_minor = RN_ABI_MINOR, .id = "
    "ID,\n"
    "  .version = VERSION, .license = \"none\", .doc = \"Made by a test.\", .cpu_required = CPU, .init = first,\n"
    "  .quiesce = quiesce, .fini = fini, .groups = gs, .group_count = 1};\n"
    "RN_EXPORT const rn_plugin_desc *rn_plugin_entry(void) { return &d; }\n";

static inline const char *in_folder(const char *name) {
  static char path[4][512];
  static int turn;
  turn = (turn + 1) % 4;
  snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
  return path[turn];
}

static inline void write_bytes(const char *path, const void *bytes, size_t n) {
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(bytes, 1, n, f), n);
  fclose(f);
}

static inline size_t read_bytes(const char *path, char *out, size_t room) {
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  size_t n = fread(out, 1, room, f);
  fclose(f);
  return n;
}

static inline int shell(const char *form, ...) __attribute__((format(printf, 1, 2)));
static inline int shell(const char *form, ...) {
  char command[8192];
  va_list ap;
  va_start(ap, form);
  vsnprintf(command, sizeof command, form, ap);
  va_end(ap);
  FILE *f = popen(command, "r");
  assert_non_null(f);
  size_t n = fread(output, 1, sizeof output - 1, f);
  output[n] = '\0';
  int status = pclose(f);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* name: below the test's folder, with .so. The id is `made` unless flags say -UID -DID='"other"'. */
static inline void make_plugin(const char *name, const char *flags) {
  int r = shell(
      "mkdir -p $(dirname %s/%s) && cc -w -shared -fPIC -fvisibility=hidden -Wl,--build-id -Wl,-z,now "
      "-I%s/core/include -DMAJOR=0 -DID='\"made\"' -DVERSION='\"1.0\"' -DOP='\"Made\"' -DCPU=0 -DEXTRA= -DAT_LOAD= "
      "-DAT_INIT= -DAT_QUIESCE= -DAT_FINI= -DAT_EXIT= %s -o %s/%s %s/made.c 2>&1",
      folder, name, getenv("RUNNEL_SOURCE") ? getenv("RUNNEL_SOURCE") : "..", flags, folder, name, folder);
  if (r != 0) print_error("%s\n", output);
  assert_int_equal(r, 0);
}

static inline void make_manifest(const char *name) {
  char path[512];
  snprintf(path, sizeof path, "%s", in_folder(name));
  memcpy(strrchr(path, '.'), ".manifest", sizeof ".manifest");
  rn_status *s = rn_plugin_manifest_save(in_folder(name), path);
  if (s) print_error("%s\n", rn_status_message(s));
  assert_null(s);
}

/* A sanitizer's own handlers would turn a crash into an exit. */
#define SIGNALS "ASAN_OPTIONS=handle_segv=0:handle_sigbus=0"
/* `runnel plugin ARGUMENTS` with a home of its own; before: environment for it. The exit code. */
static inline int runnel(const char *before, const char *arguments) {
  return shell("cd %s && env -u RUNNEL_PLUGIN_PATH HOME=%s/home XDG_DATA_HOME=%s/data " SIGNALS
               " %s %s/runnel plugin %s 2>&1",
               folder, folder, folder, before, getenv("RUNNEL_BIN"), arguments);
}

static inline void says(const char *words) {
  if (!strstr(output, words)) print_error("no '%s' in:\n%s\n", words, output);
  assert_non_null(strstr(output, words));
}
static inline void says_not(const char *words) {
  if (strstr(output, words)) print_error("'%s' is in:\n%s\n", words, output);
  assert_null(strstr(output, words));
}
static inline void expect(int code, const char *before, const char *arguments) {
  int r = runnel(before, arguments);
  if (r != code) print_error("runnel plugin %s: exit code %d instead of %d:\n%s\n", arguments, r, code, output);
  assert_int_equal(r, code);
}

static int start(void **state) {
  (void)state;
  if (!mkdtemp(folder) || chmod(folder, 0755) != 0) return 1;
  have_cc = shell("cc --version 2>&1") == 0;
  write_bytes(in_folder("made.c"), made_source, sizeof made_source - 1);
  return 0;
}
static int finish(void **state) {
  (void)state;
  return shell("rm -rf %s", folder);
}
/* Each test begins with nothing installed. */
static int clear(void **state) {
  (void)state;
  if (!have_cc) {
    print_message("skipped: there is no C compiler 'cc'\n");
    skip();
  }
  return shell("cd %s && rm -rf $(ls -A | grep -v made.c) && mkdir home data", folder);
}
#endif
