/* plugin_manage_test.c - plugins are installed, updated, listed, set aside and removed; what is hostile, broken or cut
 * short leaves nothing behind (tests/e2e). */
#include "made_plugin.h"
#include <fcntl.h>
#include <signal.h>
#include <time.h>

#define USER "data/runnel/plugins"

static int is_there(const char *name) { return access(in_folder(name), F_OK) == 0; }
/* Nothing in the user's folder but its state. */
static void nothing_is_left(void) {
  shell("ls -A %s/" USER " 2>/dev/null | grep -v plugins.state", folder);
  assert_string_equal(output, "");
}

static void a_file_is_installed_listed_and_removed(void **state) {
  (void)state;
  make_plugin("build/made.so", "");
  expect(0, "", "install build/made.so");
  says("installed made 1.0\n");
  assert_true(is_there(USER "/made/made.so"));
  assert_true(is_there(USER "/made/made.manifest"));
  expect(0, "", "list");
  says("made             1.0      scanned     1 op, 1 kernel\n");
  says("    verified 2");
  expect(0, "", "info made");
  says("made 1.0 (none)\nMade by a test.\n");
  says("/made/made.so\n");
  says("(user)\n");
  says("ABI:        0.");
  says("processor:  any\n");
  says("files:      made.so, made.manifest\n");
  says("ops:        Made\n");
  says("kernels:    Made (cpu)\n");
  expect(0, "", "remove made");
  says("removed made from ");
  nothing_is_left();
  expect(1, "", "info made");
  says("no plugin 'made'");
}

static void an_update_says_both_versions_and_an_older_one_needs_force(void **state) {
  (void)state;
  make_plugin("one/made.so", "");
  make_plugin("two/made.so", "-UVERSION -DVERSION='\"1.10\"'");
  expect(0, "", "install one/made.so");
  expect(0, "", "install two/made.so");
  says("updated made from 1.0 to 1.10\n");
  expect(1, "", "install one/made.so");
  says("'made' 1.10 is installed, which is newer than 1.0; --force goes back");
  expect(0, "", "install one/made.so --force --json");
  says("\"version\":\t\"1.0\"");
  says("\"previous\":\t\"1.10\"");
  says("\"shadowed_by\":\t\"\"");
  expect(0, "", "verify made");
  shell("ls -A %s/" USER, folder);
  assert_string_equal(output, "made\nplugins.state\n");
}

static void the_same_id_elsewhere_is_shown(void **state) {
  (void)state;
  make_plugin("first/made.so", "");
  make_manifest("first/made.so");
  expect(0, "RUNNEL_PLUGIN_PATH=$PWD/first", "install first/made.so");
  says("it is shadowed by ");
  says("/first/made.so, which comes first in the order of the search\n");
  expect(0, "RUNNEL_PLUGIN_PATH=$PWD/first", "info made");
  says("shadows:    ");
  says("shadowed by:");
  expect(0, "RUNNEL_PLUGIN_PATH=$PWD/first", "list");
  says("shadowed");
  says("/first/made.so comes first\n");
  expect(0, "RUNNEL_PLUGIN_PATH=$PWD/first", "remove made");
  says("'made' is now ");
}

static void a_folder_brings_its_files(void **state) {
  (void)state;
  make_plugin("made/made.so", "");
  shell("cd %s/made && mkdir -p data/deep && echo 1 > data/deep/table && echo hi > README && ln -s README LESEN",
        folder);
  expect(0, "", "install made");
  shell("cat %s/" USER "/made/data/deep/table %s/" USER "/made/LESEN", folder, folder);
  assert_string_equal(output, "1\nhi\n");
  shell("echo mine > %s/" USER "/made/data/mine", folder);
  expect(0, "", "remove made");
  says("left alone, as install did not put it there");
  shell("cd %s/" USER " && find made -type f", folder);
  assert_string_equal(output, "made/data/mine\n");
  expect(0, "", "list");
  says_not("made  ");
}

static void a_link_that_leads_out_of_a_folder_is_refused(void **state) {
  (void)state;
  make_plugin("made/made.so", "");
  shell("ln -s /etc/passwd %s/made/data", folder);
  expect(1, "", "install made");
  says("is a link that leads out of its folder");
  nothing_is_left();
}

static void an_archive_is_installed(void **state) {
  (void)state;
  make_plugin("made/made.so", "");
  shell("cd %s && echo 1 > made/table && tar czf made.tar.gz made 2>&1", folder);
  expect(0, "", "install made.tar.gz");
  says("installed made 1.0");
  assert_true(is_there(USER "/made/table"));
  shell("cd %s/made && tar czf ../flat.tar.gz made.so 2>&1", folder);
  expect(0, "", "install flat.tar.gz");
  says("updated made from 1.0 to 1.0");
  assert_false(is_there(USER "/made/table"));
}

static void of_several_plugins_each_is_named(void **state) {
  (void)state;
  make_plugin("both/one.so", "-UID -DID='\"one\"' -UOP -DOP='\"One\"'");
  make_plugin("both/two.so", "-UID -DID='\"two\"' -UOP -DOP='\"Two\"'");
  shell("cd %s && tar cf both.tar both 2>&1", folder);
  expect(1, "", "install both.tar");
  says("it holds more than one plugin; say behind it which to install: one, two");
  nothing_is_left();
  expect(1, "", "install both.tar three");
  says("it holds no plugin 'three'; it has: one, two");
  expect(0, "", "install both.tar two");
  assert_false(is_there(USER "/one"));
  assert_true(is_there(USER "/two/two.so"));
  expect(0, "", "install both one two");
  says("installed one 1.0");
  says("updated two from 1.0 to 1.0");
}

static void what_fails_its_trial_is_refused_with_the_step(void **state) {
  (void)state;
  static const struct {
    const char *flags, *words;
  } bad[] = {
      {"-DAT_LOAD='raise(SIGSEGV)'", "is refused in step 'load': it crashes in step 'load': signal SIGSEGV"},
      {"-DAT_INIT='raise(SIGILL)'", "is refused in step 'init': it crashes in step 'init': signal SIGILL"},
      {"-DAT_INIT='exit(0)'", "is refused in step 'init': it ends the process in step 'init' with exit code 0"},
      {"-DAT_QUIESCE='pause()'", "is refused in step 'quiesce': it hangs in step 'quiesce': no answer within 0.5 s"},
      {"-DAT_QUIESCE='return kept->status(4,\"busy\")'", "plugin 'made' does not come to rest: busy"},
      {"-DAT_FINI='abort()'", "is refused in step 'fini': it crashes in step 'fini': signal SIGABRT"},
      {"-DEXTRA='void gone(void);' -DAT_INIT='gone()'", "undefined symbol: gone"},
      {"-UMAJOR -DMAJOR=9", "speaks plugin ABI 9."},
      {"-UID -DID='\"../made\"'", "has an id that is no name"},
      {"-UID -DID='\".made\"'", "has an id that is no name"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    make_plugin("build/made.so", bad[i].flags);
    expect(1, "", "install build/made.so --timeout 0.5");
    says(bad[i].words);
    nothing_is_left();
  }
  says_not("hint: \n");
}

static void what_is_no_plugin_is_refused(void **state) {
  (void)state;
  shell("cd %s && echo text > made.so && mkdir empty && echo text > made.tar.gz", folder);
  expect(1, "", "install made.so");
  says("is not an ELF file");
  expect(1, "", "install empty");
  says("holds no plugin");
  expect(1, "", "install made.tar.gz");
  says("is no archive that can be read");
  expect(1, "", "install nowhere.so");
  says("nowhere.so cannot be opened: No such file or directory");
  expect(2, "", "install https://example.org/made.tar.gz");
  says("downloads nothing");
  expect(2, "", "install");
  nothing_is_left();
}

/* A header of the oldest tar format that has types. */
static void tar_entry(FILE *f, const char *name, char type, const char *link, unsigned long long declared,
                      const char *content) {
  char h[512];
  unsigned sum = 0;
  memset(h, 0, sizeof h);
  snprintf(h, 100, "%s", name);
  memcpy(h + 100, "0000755", 8);
  memcpy(h + 108, "0000000", 8);
  memcpy(h + 116, "0000000", 8);
  snprintf(h + 124, 12, "%011llo", declared);
  memcpy(h + 136, "00000000000", 12);
  memset(h + 148, ' ', 8);
  h[156] = type;
  snprintf(h + 157, 100, "%s", link);
  memcpy(h + 257, "ustar\00000", 8);
  for (int i = 0; i < 512; i++) sum += (unsigned char)h[i];
  snprintf(h + 148, 8, "%06o", sum);
  fwrite(h, 1, 512, f);
  if (content[0] == '\0') return;
  memset(h, 0, sizeof h);
  memcpy(h, content, strlen(content));
  fwrite(h, 1, 512, f);
}

static void hostile_archives_are_refused_and_leave_nothing(void **state) {
  (void)state;
  static const struct {
    const char *name;
    char type;
    const char *link;
    unsigned long long size;
    const char *content, *words;
  } bad[] = {
      {"/tmp/runnel-was-here", '0', "", 4, "evil", "is an absolute path"},
      {"../runnel-was-here", '0', "", 4, "evil", "leads out of the archive"},
      {"a/../../runnel-was-here", '0', "", 4, "evil", "leads out of the archive"},
      {"a/..", '5', "", 0, "", "leads out of the archive"},
      {"a", '2', "/etc", 0, "", "is a link that leads out of its folder"},
      {"a", '2', "..", 0, "", "is a link that leads out of its folder"},
      {"a", '2', "b/../../c", 0, "", "is a link that leads out of its folder"},
      {"a", '1', "/etc/passwd", 0, "", "is a hard link"},
      {"a", '3', "", 0, "", "is a device or something else"},
      {"a", '4', "", 0, "", "is a device or something else"},
      {"a", '6', "", 0, "", "is a device or something else"},
      {"a", '0', "", 8ull << 30, "", "is larger than 512 MiB"},
      {"a", '0', "", 100000, "short", "the archive is damaged at 'a'"},
      {"twice", '0', "", 4, "evil", "is in it twice"},
      {"1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18", '0', "", 4, "evil", "lies too deep"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    FILE *f = fopen(in_folder("bad.tar"), "wb");
    assert_non_null(f);
    tar_entry(f, "twice", '0', "", 2, "hi");
    tar_entry(f, bad[i].name, bad[i].type, bad[i].link, bad[i].size, bad[i].content);
    if (bad[i].size < 1000) tar_entry(f, "", '\0', "", 0, "");
    fclose(f);
    expect(1, "", "install bad.tar");
    says(bad[i].words);
    nothing_is_left();
  }
  /* A link that is fine, and a file that would go through it. */
  FILE *f = fopen(in_folder("bad.tar"), "wb");
  assert_non_null(f);
  tar_entry(f, "real/", '5', "", 0, "");
  tar_entry(f, "link", '2', "real", 0, "");
  tar_entry(f, "link/file", '0', "", 4, "evil");
  fclose(f);
  expect(1, "", "install bad.tar");
  says("leads through what is no folder");
  nothing_is_left();
  assert_int_not_equal(access("/tmp/runnel-was-here", F_OK), 0);
}

static void an_insecure_folder_is_not_installed_into(void **state) {
  (void)state;
  make_plugin("build/made.so", "");
  shell("cd %s && mkdir -p " USER " && chmod 0777 " USER, folder);
  expect(1, "", "install build/made.so");
  says("can be written by everyone");
  nothing_is_left();
}

static void a_folder_of_someone_else_needs_force(void **state) {
  (void)state;
  make_plugin("build/made.so", "");
  shell("mkdir -p %s/" USER "/made && echo mine > %s/" USER "/made/mine", folder, folder);
  expect(1, "", "install build/made.so");
  says("was not put there by install; --force replaces it");
  assert_true(is_there(USER "/made/mine"));
  expect(1, "", "remove made");
  says("was not put there by install, so it stays");
  expect(0, "", "install build/made.so --force");
  assert_false(is_there(USER "/made/mine"));
}

static void an_unwritable_place_says_so(void **state) {
  (void)state;
  make_plugin("build/made.so", "");
  expect(1, "XDG_DATA_HOME=/proc/nowhere", "install build/made.so");
  says("PERMISSION_DENIED: /proc/nowhere cannot be written");
}

/* Beside a librunnel of our own: a copy. */
static void system_wide_is_beside_the_library(void **state) {
  (void)state;
  make_plugin("build/made.so", "");
  int r = shell(
      "cd %s && mkdir lib && cp -L $(ldd %s/runnel | grep -o '/[^ ]*librunnel.so[^ ]*') lib/ && "
      "mkdir -p lib/runnel/plugins",
      folder, getenv("RUNNEL_BIN"));
  assert_int_equal(r, 0);
  const char *own = "LD_LIBRARY_PATH=$PWD/lib";
  expect(0, own, "install build/made.so --system");
  assert_true(is_there("lib/runnel/plugins/made/made.so"));
  assert_false(is_there(USER "/made"));
  expect(0, own, "list");
  says("made             1.0      scanned");
  expect(1, own, "remove made");
  says("for everybody; `runnel plugin remove made --system` removes it");
  expect(0, own, "remove made --system");
  assert_false(is_there("lib/runnel/plugins/made"));
  make_plugin("lib/runnel/plugins/made.so", "");
  expect(1, own, "remove made --system");
  says("install did not put it there, so it stays");
  assert_true(is_there("lib/runnel/plugins/made.so"));
}

static void disable_and_enable_work_for_all_programs_of_the_user(void **state) {
  (void)state;
  make_plugin("build/made.so", "");
  expect(0, "", "install build/made.so");
  expect(0, "", "disable made");
  expect(0, "", "list");
  says("made             1.0      disabled");
  says("plugins.state says so");
  shell("cd %s && HOME=%s/home XDG_DATA_HOME=%s/data %s/runnel ops Made 2>&1", folder, folder, folder,
        getenv("RUNNEL_BIN"));
  says("no op 'Made'");
  expect(0, "", "enable made");
  says("made: enabled");
  expect(0, "", "list");
  says("made             1.0      scanned");
  expect(1, "RUNNEL_PLUGINS_DISABLE=made", "enable made");
  says("'made' stays disabled: plugins.disable names it (environment RUNNEL_PLUGINS_DISABLE)");
  expect(1, "", "disable nobody");
  says("no plugin 'nobody'");
}

static void a_crash_in_verify_is_quarantine_until_the_file_changes(void **state) {
  (void)state;
  mkdir(in_folder("found"), 0755);
  make_plugin("found/made.so", "-DAT_QUIESCE='raise(SIGSEGV)'");
  make_manifest("found/made.so");
  const char *here = "RUNNEL_PLUGIN_PATH=$PWD/found";
  expect(1, here, "verify made");
  says("made             crashed ");
  says("step:   quiesce");
  expect(0, here, "list");
  says("made             1.0      quarantined");
  expect(1, here, "verify made");
  expect(0, here, "enable made");
  says("out of quarantine");
  expect(0, here, "list");
  says("made             1.0      scanned");
  expect(1, here, "verify made");
  make_plugin("found/made.so", "");
  make_manifest("found/made.so");
  expect(0, here, "list");
  says("made             1.0      scanned");
  expect(0, here, "verify made");
  says("passed");
}

/* Without a manifest a plugin is asked by running it: not by the commands that look after plugins. */
static void a_crashing_plugin_without_a_manifest_is_looked_after(void **state) {
  (void)state;
  make_plugin("found/bad.so", "-UID -DID='\"bad\"' -DAT_LOAD='raise(SIGSEGV)'");
  const char *here = "RUNNEL_PLUGIN_PATH=$PWD/found";
  expect(0, here, "list");
  says("it has no manifest");
  expect(1, here, "verify bad");
  says("now in quarantine");
  shell("cd %s && HOME=%s/home XDG_DATA_HOME=%s/data RUNNEL_PLUGIN_PATH=$PWD/found %s/runnel optimizers Adam 2>&1",
        folder, folder, folder, getenv("RUNNEL_BIN"));
  says("Adam (plugin optimizers)");
}

static void verify_without_a_name_reports_each(void **state) {
  (void)state;
  make_plugin("found/good.so", "-UID -DID='\"good\"' -UOP -DOP='\"Good\"'");
  make_plugin("found/bad.so", "-UID -DID='\"bad\"' -DAT_INIT='abort()'");
  expect(1, "RUNNEL_PLUGIN_PATH=$PWD/found", "verify");
  says("good             passed");
  says("bad              crashed");
  says("cpu              passed");
  expect(1, "RUNNEL_PLUGIN_PATH=$PWD/found", "verify found/bad.so --json");
  says("\"result\":\t\"crashed\"");
}

static void a_plugin_is_found_one_level_down(void **state) {
  (void)state;
  make_plugin("found/made/made.so", "");
  make_manifest("found/made/made.so");
  make_plugin("found/other/made.so", "");
  make_plugin("found/deep/er/er.so", "");
  const char *here = "RUNNEL_PLUGIN_PATH=$PWD/found";
  expect(0, here, "list");
  says("/found/made/made.so\n");
  says_not("/found/other/");
  says_not("/found/deep/");
  chmod(in_folder("found/made"), 0777);
  expect(0, here, "list");
  says("/found/made can be written by everyone");
}

/* ------------------------------------------------------------------------------------- cut short */
typedef struct seen {
  int plugins;
  char path[512];
  const char *wrong;
} seen;
static void look(void *arg, const rn_plugin_info *p) {
  seen *s = arg;
  char manifest[600];
  s->plugins++;
  snprintf(s->path, sizeof s->path, "%s", p->path);
  if (strcmp(p->id, "made") != 0 || strcmp(p->state, "scanned") != 0) s->wrong = "state";
  if (strcmp(p->version, "1.0") != 0 && strcmp(p->version, "2.0") != 0) s->wrong = "version";
  snprintf(manifest, sizeof manifest, "%.*s.manifest", (int)strlen(p->path) - 3, p->path);
  rn_status *e = rn_plugin_file_check(p->path, manifest);
  if (e) s->wrong = "manifest and file";
  rn_status_free(e);
}

static seen scan(void) {
  char path[512];
  rn_runtime *rt = NULL;
  rn_runtime_options o = {.struct_size = sizeof o, .plugin_path = path, .config_file = "/dev/null"};
  seen s = {0, "", NULL};
  snprintf(path, sizeof path, "%s/" USER, folder);
  assert_null(rn_runtime_create(&o, &rt));
  rn_runtime_plugins(rt, look, &s);
  rn_runtime_destroy(rt);
  return s;
}

static pid_t begin(const char *verb, const char *what) {
  pid_t pid = fork();
  if (pid != 0) return pid;
  char path[600], data[600], command[600];
  setpgid(0, 0);
  snprintf(path, sizeof path, "%s/runnel", getenv("RUNNEL_BIN"));
  snprintf(data, sizeof data, "%s/data", folder);
  snprintf(command, sizeof command, "%s", what);
  setenv("XDG_DATA_HOME", data, 1);
  if (chdir(folder) != 0 || !freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr)) _exit(9);
  execl(path, "runnel", "plugin", verb, command, "--force", (char *)NULL);
  _exit(9);
}

static void killed_at_any_moment_it_leaves_the_old_or_the_new(void **state) {
  (void)state;
  make_plugin("one/made.so", "");
  make_plugin("two/made.so", "-UVERSION -DVERSION='\"2.0\"'");
  int visible = 0, died = 0;
  for (int i = 0; i < 60; i++) {
    pid_t pid = begin("install", i % 2 ? "one/made.so" : "two/made.so");
    struct timespec nap = {0, (long)(i % 30) * 2500000};
    nanosleep(&nap, NULL);
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL);
    int status;
    waitpid(pid, &status, 0);
    died += WIFSIGNALED(status);
    seen s = scan();
    if (s.wrong) print_error("round %d: wrong %s of %s\n", i, s.wrong, s.path);
    assert_null(s.wrong);
    assert_true(s.plugins <= 1);
    assert_true(!visible || s.plugins == 1); /* an update never takes it away */
    visible |= s.plugins;
  }
  assert_true(died > 5);
  expect(0, "", "install two/made.so --force");
  shell("ls -A %s/" USER, folder);
  assert_string_equal(output, "made\nplugins.state\n");
}

static void a_removal_that_was_cut_short_is_finished(void **state) {
  (void)state;
  make_plugin("build/made.so", "");
  expect(0, "", "install build/made.so");
  unlink(in_folder(USER "/made/made.so"));
  assert_int_equal(scan().plugins, 0);
  expect(1, "", "remove other");
  assert_false(is_there(USER "/made"));
}

/* Whoever scans while another updates sees a whole plugin each time. */
static void a_scan_during_updates_sees_a_whole_plugin(void **state) {
  (void)state;
  make_plugin("one/made.so", "");
  make_plugin("two/made.so", "-UVERSION -DVERSION='\"2.0\"'");
  expect(0, "", "install one/made.so");
  for (int i = 0; i < 6; i++) {
    int status, scans = 0;
    pid_t pid = begin("install", i % 2 ? "one/made.so" : "two/made.so");
    while (waitpid(pid, &status, WNOHANG) == 0) {
      rn_runtime *rt = NULL;
      char path[512];
      rn_runtime_options o = {.struct_size = sizeof o, .plugin_path = path, .config_file = "/dev/null"};
      snprintf(path, sizeof path, "%s/" USER, folder);
      assert_null(rn_runtime_create(&o, &rt));
      seen s = {0, "", NULL};
      rn_runtime_plugins(rt, look, &s);
      rn_runtime_destroy(rt);
      assert_int_equal(s.plugins, 1);
      scans++;
    }
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_true(scans > 0);
  }
}

#define T(name) cmocka_unit_test_setup(name, clear)
int main(void) {
  const struct CMUnitTest tests[] = {T(a_file_is_installed_listed_and_removed),
                                     T(an_update_says_both_versions_and_an_older_one_needs_force),
                                     T(the_same_id_elsewhere_is_shown),
                                     T(a_folder_brings_its_files),
                                     T(a_link_that_leads_out_of_a_folder_is_refused),
                                     T(an_archive_is_installed),
                                     T(of_several_plugins_each_is_named),
                                     T(what_fails_its_trial_is_refused_with_the_step),
                                     T(what_is_no_plugin_is_refused),
                                     T(hostile_archives_are_refused_and_leave_nothing),
                                     T(an_insecure_folder_is_not_installed_into),
                                     T(a_folder_of_someone_else_needs_force),
                                     T(an_unwritable_place_says_so),
                                     T(system_wide_is_beside_the_library),
                                     T(disable_and_enable_work_for_all_programs_of_the_user),
                                     T(a_crash_in_verify_is_quarantine_until_the_file_changes),
                                     T(a_crashing_plugin_without_a_manifest_is_looked_after),
                                     T(verify_without_a_name_reports_each),
                                     T(a_plugin_is_found_one_level_down),
                                     T(killed_at_any_moment_it_leaves_the_old_or_the_new),
                                     T(a_removal_that_was_cut_short_is_finished),
                                     T(a_scan_during_updates_sees_a_whole_plugin)};
  return cmocka_run_group_tests(tests, start, finish);
}
