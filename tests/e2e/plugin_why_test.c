/* plugin_why_test.c - `runnel plugin why` gives the true cause in words, and a hint, for each way to fail (tests/e2e).
 */
#include "made_plugin.h"

#define HERE "RUNNEL_PLUGIN_PATH=$PWD/found"

/* The answer to `why`: where it stopped, the reason (%F: the test's folder), its cause. */
static void why_in(const char *before, const char *arguments, const char *step, const char *reason, const char *cause) {
  char line[2048], *at = line;
  expect(1, before, arguments);
  at += sprintf(at, "step:    %s\nreason:  ", step);
  for (const char *c = reason; *c; c++) {
    if (c[0] == '%' && c[1] == 'F')
      at += sprintf(at, "%s", folder), c++;
    else
      *at++ = *c;
  }
  *at = '\0';
  says(line);
  snprintf(line, sizeof line, "\ncause:   %s\nhint:    ", cause);
  says(line);
  says_not("hint:    \n");
  says("folders searched:\n  ");
}
static void why(const char *step, const char *reason, const char *cause) {
  why_in(HERE, "why ./found/made.so --timeout 5", step, reason, cause);
}

static void a_missing_dependency(void **state) {
  (void)state;
  shell("cd %s && echo 'void dep(void) {}' > dep.c && cc -shared -fPIC -o libdep_of_made.so dep.c 2>&1", folder);
  char flags[600];
  snprintf(flags, sizeof flags, "-DEXTRA='void dep(void);' -DAT_INIT='dep()' -Wl,--no-as-needed -L%s -ldep_of_made",
           folder);
  make_plugin("found/made.so", flags);
  unlink(in_folder("libdep_of_made.so"));
  why("load",
      "%F/found/made.so needs the library libdep_of_made.so, which is not installed or not on the linker's path "
      "(libdep_of_made.so: cannot open shared object file: No such file or directory)",
      "missing-library");
}

static void an_undefined_symbol(void **state) {
  (void)state;
  make_plugin("found/made.so", "-DEXTRA='void nowhere_to_be_found(void);' -DAT_INIT='nowhere_to_be_found()'");
  why("load", "%F/found/made.so cannot be loaded: %F/found/made.so: undefined symbol: nowhere_to_be_found",
      "undefined-symbol");
}

static void a_host_symbol(void **state) {
  (void)state;
  make_plugin("found/made.so", "-DEXTRA='void rn_secret(void);' -DAT_INIT='rn_secret()'");
  why("check",
      "%F/found/made.so imports 'rn_secret' from the host; a plugin imports nothing: it gets the host as a table "
      "(rn_host_api)",
      "imports-host");
}

static void another_architecture(void **state) {
  (void)state;
  static char bytes[1 << 20];
  make_plugin("found/made.so", "");
  size_t n = read_bytes(in_folder("found/made.so"), bytes, sizeof bytes);
  bytes[18] = 8; /* e_machine: MIPS */
  bytes[19] = 0;
  write_bytes(in_folder("found/made.so"), bytes, n);
  expect(1, HERE, "why found/made.so");
  says("step:    check\n");
  says("made.so is built for another machine (ELF machine 8), this machine is ");
  says("cause:   wrong-architecture\n");
  bytes[4] = 1; /* EI_CLASS: 32 bits */
  write_bytes(in_folder("found/made.so"), bytes, n);
  why("check", "%F/found/made.so is a 32-bit file, this process has 64 bits", "wrong-architecture");
}

static void another_abi(void **state) {
  (void)state;
  make_plugin("found/made.so", "-UMAJOR -DMAJOR=7");
  expect(1, HERE, "why found/made.so");
  says("step:    describe\n");
  says("found/made.so speaks plugin ABI 7.");
  says("; build it against this version's header");
  says("cause:   wrong-abi\n");
}

static void a_missing_processor_feature(void **state) {
  (void)state;
  make_plugin("found/made.so", "-UCPU -DCPU='1ull<<60'");
  why("describe", "%F/found/made.so needs processor features that this machine has not", "missing-processor-feature");
}

static void an_insecure_folder(void **state) {
  (void)state;
  make_plugin("found/made.so", "");
  chmod(in_folder("found"), 0777);
  why("search", "%F/found can be written by everyone; repair that or set plugins.allow_insecure = true",
      "insecure-folder");
  why_in(HERE, "why made", "search",
         "%F/found/made.so is not looked at: its folder %F/found can be written by everyone; repair that or set "
         "plugins.allow_insecure = true",
         "insecure-folder");
  chmod(in_folder("found"), 0755);
  chmod(in_folder("found/made.so"), 0666);
  why("manifest", "%F/found/made.so can be written by everyone; repair that or set plugins.allow_insecure = true",
      "insecure-folder");
}

static void a_changed_file(void **state) {
  (void)state;
  make_plugin("found/made.so", "");
  make_manifest("found/made.so");
  expect(0, HERE, "why made");
  make_plugin("found/made.so", "-UVERSION -DVERSION='\"1.0.1\"'");
  expect(1, HERE, "why made");
  says("step:    check\n");
  says("found/made.so has changed since its manifest was made (");
  says("cause:   changed-file\n");
  shell("cd %s/found && echo more >> made.manifest", folder);
  why_in(HERE, "why made", "manifest", "%F/found/made.manifest is cut off or was changed after it was made",
         "damaged-manifest");
}

static void a_file_that_is_no_shared_object(void **state) {
  (void)state;
  mkdir(in_folder("found"), 0755);
  write_bytes(in_folder("found/made.so"), "not a plugin at all, just text\n", 31);
  why("check", "%F/found/made.so is not an ELF file", "not-elf");
  write_bytes(in_folder("found/made.so"), "", 0);
  why("check", "%F/found/made.so is empty", "truncated");
  unlink(in_folder("found/made.so"));
  why("check", "%F/found/made.so cannot be opened: No such file or directory", "no-file");
}

static void a_file_that_is_cut_off(void **state) {
  (void)state;
  char words[200];
  make_plugin("found/made.so", "");
  struct stat st;
  assert_int_equal(stat(in_folder("found/made.so"), &st), 0);
  assert_int_equal(truncate(in_folder("found/made.so"), st.st_size / 2), 0);
  snprintf(words, sizeof words, "%%F/found/made.so is cut off after %lld bytes", (long long)st.st_size / 2);
  why("check", words, "truncated");
}

static void a_file_without_an_entry(void **state) {
  (void)state;
  shell("cd %s && mkdir found && echo 'int x;' > x.c && cc -shared -fPIC -o found/made.so x.c", folder);
  why("check", "%F/found/made.so exports no rn_plugin_entry: it is not a Runnel plugin", "no-entry");
}

static void another_sanitizer(void **state) {
  (void)state;
#ifdef __SANITIZE_THREAD__
  print_message("skipped: this build has the sanitizer that the test says is missing\n");
  skip();
#endif
  make_plugin("found/made.so", "-DEXTRA='void __tsan_init(void);' -DAT_INIT='__tsan_init()'");
  expect(1, HERE, "why found/made.so");
  says("step:    check\n");
  says("found/made.so was built with ThreadSanitizer and this program with ");
  says("cause:   sanitizer\n");
}

static void a_crash_with_its_place(void **state) {
  (void)state;
  make_plugin("found/made.so", "-DAT_LOAD='raise(SIGSEGV)'");
  why("load", "it crashes in step 'load': signal SIGSEGV (Segmentation fault)", "crash");
  make_plugin("found/made.so", "-DAT_INIT='abort()'");
  why("init", "it crashes in step 'init': signal SIGABRT (Aborted)", "crash");
  make_plugin("found/made.so", "-DAT_EXIT='raise(SIGBUS)'");
  why("exit", "it crashes in step 'exit': signal SIGBUS (Bus error)", "crash");
}

static void a_hang_with_its_place(void **state) {
  (void)state;
  make_plugin("found/made.so", "-DAT_QUIESCE='pause()'");
  why_in(HERE, "why found/made.so --timeout 0.5", "quiesce", "it hangs in step 'quiesce': no answer within 0.5 s",
         "hang");
  make_plugin("found/made.so", "-DAT_INIT='fork()?0:pause(),pause()'");
  why_in(HERE, "why found/made.so --timeout 0.5", "init", "it hangs in step 'init': no answer within 0.5 s", "hang");
}

static void an_exit_and_what_it_printed(void **state) {
  (void)state;
  make_plugin("found/made.so", "-DAT_FINI='puts(\"so long\"),exit(3)'");
  why("fini", "it ends the process in step 'fini' with exit code 3", "exit");
  says("so long");
}

static void a_status_of_its_own(void **state) {
  (void)state;
  make_plugin("found/made.so", "-DAT_INIT='return h->status(9,\"no licence file\")'");
  why("init", "plugin 'made' does not start: no licence file", "init");
  make_plugin("found/made.so", "-DAT_QUIESCE='return kept->status(4,\"still busy\")'");
  why("quiesce", "plugin 'made' does not come to rest: still busy", "quiesce");
}

static void the_settings_of_the_command_reach_the_trial(void **state) {
  (void)state;
  make_plugin("found/made.so",
              "-DAT_INIT='const char*v=h->config(h->ctx,\"mood\");if(!v)return h->status(9,\"no "
              "mood\");if(*v!=103)return h->status(9,v)'");
  why("init", "plugin 'made' does not start: no mood", "init");
  why_in(HERE, "why found/made.so --set plugin.made.mood=bad", "init", "plugin 'made' does not start: bad", "init");
  expect(0, HERE, "why found/made.so --set plugin.made.mood=good");
  write_bytes(in_folder("own.conf"), "[plugin.made]\nmood = good\n", 26);
  expect(0, HERE, "why found/made.so --config own.conf");
}

static void a_disabled_plugin(void **state) {
  (void)state;
  make_plugin("found/made.so", "");
  make_manifest("found/made.so");
  why_in(HERE " RUNNEL_PLUGINS_DISABLE=made", "why made", "search",
         "made (%F/found/made.so) is disabled: plugins.disable names it (environment RUNNEL_PLUGINS_DISABLE)",
         "disabled");
  expect(0, HERE, "disable made");
  why_in(HERE, "why made", "search",
         "made (%F/found/made.so) is disabled: %F/data/runnel/plugins/plugins.state says so", "disabled");
  expect(0, HERE, "enable made");
  expect(0, HERE, "why made");
  says("made loads");
}

static void a_quarantined_plugin(void **state) {
  (void)state;
  make_plugin("found/made.so", "-DAT_FINI='raise(SIGSEGV)'");
  make_manifest("found/made.so");
  expect(1, HERE, "verify made");
  says("now in quarantine");
  expect(1, HERE, "why made");
  says("step:    search\n");
  says("made.so) is quarantined: it crashes in step 'fini': signal SIGSEGV (Segmentation fault) (2");
  says("cause:   quarantined\n");
}

static void a_shadowed_plugin(void **state) {
  (void)state;
  make_plugin("found/made.so", "");
  make_plugin("later/made.so", "");
  make_manifest("found/made.so");
  make_manifest("later/made.so");
  why_in("RUNNEL_PLUGIN_PATH=$PWD/found:$PWD/later", "why later/made.so", "search",
         "made (%F/later/made.so) is shadowed: %F/found/made.so comes first", "shadowed");
}

static void an_unknown_plugin(void **state) {
  (void)state;
  make_plugin("found/made.so", "");
  expect(1, HERE, "why mad");
  says("reason:  no plugin 'mad'");
  says("cause:   unknown\n");
}

static void json_has_it_all(void **state) {
  (void)state;
  make_plugin("found/made.so", "-DAT_INIT='abort()'");
  expect(1, HERE, "why found/made.so --json");
  says("\"loads\":\tfalse");
  says("\"step\":\t\"init\"");
  says("\"cause\":\t\"crash\"");
  says("\"folders\":\t[");
}

#define T(name) cmocka_unit_test_setup(name, clear)
int main(void) {
  const struct CMUnitTest tests[] = {T(a_missing_dependency),
                                     T(an_undefined_symbol),
                                     T(a_host_symbol),
                                     T(another_architecture),
                                     T(another_abi),
                                     T(a_missing_processor_feature),
                                     T(an_insecure_folder),
                                     T(a_changed_file),
                                     T(a_file_that_is_no_shared_object),
                                     T(a_file_that_is_cut_off),
                                     T(a_file_without_an_entry),
                                     T(another_sanitizer),
                                     T(a_crash_with_its_place),
                                     T(a_hang_with_its_place),
                                     T(an_exit_and_what_it_printed),
                                     T(a_status_of_its_own),
                                     T(the_settings_of_the_command_reach_the_trial),
                                     T(a_disabled_plugin),
                                     T(a_quarantined_plugin),
                                     T(a_shadowed_plugin),
                                     T(an_unknown_plugin),
                                     T(json_has_it_all)};
  return cmocka_run_group_tests(tests, start, finish);
}
