/* lazy_test.c - what is asked for decides which plugins are opened (tests/unit/plugin). Builds small plugins with the C
 * compiler; skips where there is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "plugin/registry.h"

static char folder[] = "/tmp/runnel_lazy_XXXXXX";

/* A device type TYPE with a kernel and a compiler for it; HOME also defines the op. */
static const char source[] =
    "#include <runnel/plugin.h>\n"
    "static rn_status *k(const void *s, rn_call *c) { (void)s; (void)c; return 0; }\n"
    "static rn_status *e(const rn_host_api *h, rn_status *(*f)(void *a, const rn_device_info *i), void *a)\n"
    "{ (void)h; (void)f; (void)a; return 0; }\n"
    "static rn_status *o(const rn_host_api *h, uint32_t i, void **d) { (void)h; (void)i; *d = 0; return 0; }\n"
    "static rn_status *cl(const rn_host_api *h, void *d, const rn_graph_view_api *v, const rn_graph *g,\n"
    "  const rn_node_id *c, uint32_t n, rn_status *(*put)(void *a, const rn_claim *c), void *a)\n"
    "{ (void)h; (void)d; (void)v; (void)g; (void)c; (void)n; (void)put; (void)a; return 0; }\n"
    "static rn_status *co(const rn_host_api *h, void *d, const rn_subgraph *s, void **p)\n"
    "{ (void)h; (void)d; (void)s; *p = 0; return 0; }\n"
    "static const rn_op_def ops[] = {{.struct_size = sizeof(rn_op_def), .name = \"Foo\",\n"
    "  .signature = \"(x: T) -> (y: T); T: type\"}};\n"
    "static const rn_kernel_def ks[] = {{.struct_size = sizeof(rn_kernel_def), .op = \"Foo\",\n"
    "  .device_type = TYPE, .compute = k}};\n"
    "static const rn_device_def ds[] = {{.struct_size = sizeof(rn_device_def), .type = TYPE, .enumerate = e,\n"
    "  .open = o}};\n"
    "static const rn_compiler_def cs[] = {{.struct_size = sizeof(rn_compiler_def), .name = ID, .device_type = TYPE,\n"
    "  .claim = cl, .compile = co, .execute = k}};\n"
    "static const rn_group g = {.struct_size = sizeof(rn_group), .kernels = RN_TABLE(ks), .devices = RN_TABLE(ds),\n"
    "  .compilers = RN_TABLE(cs)};\n"
    "static const rn_group h = {.struct_size = sizeof(rn_group), .ops = RN_TABLE(ops)};\n"
    "static const rn_group *const gs[] = {&g, &h};\n"
    "static const rn_plugin_desc d = {.struct_size = sizeof d, .abi_minor = RN_ABI_MINOR, .id = ID, .groups = gs,\n"
    "  .group_count = 1 + HOME};\n"
    "RN_EXPORT const rn_plugin_desc *rn_plugin_entry(void) { return &d; }\n";

static void build(const char *id, const char *type, int home) {
  char command[2048], path[512], *manifest;
  snprintf(command, sizeof command,
           "cc -w -shared -fPIC -fvisibility=hidden -Wl,--build-id -I%s/core/include -DID='\"%s\"' -DTYPE='\"%s\"' "
           "-DHOME=%d -o %s/%s.so %s/p.c",
           getenv("RUNNEL_SOURCE") ? getenv("RUNNEL_SOURCE") : "..", id, type, home, folder, id, folder);
  assert_int_equal(system(command), 0);
  snprintf(path, sizeof path, "%s/%s.so", folder, id);
  assert_null(rn_plugin_manifest(path, &manifest));
  snprintf(path, sizeof path, "%s/%s.manifest", folder, id);
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  fputs(manifest, f);
  fclose(f);
  rn_plugin_manifest_free(manifest);
}

static int have_cc;
static int start(void **state) {
  (void)state;
  char path[512];
  if (mkdtemp(folder) == NULL) return 1;
  have_cc = system("cc --version > /dev/null 2>&1") == 0;
  snprintf(path, sizeof path, "%s/p.c", folder);
  FILE *f = fopen(path, "w");
  if (f == NULL) return 1;
  fputs(source, f);
  fclose(f);
  if (!have_cc) return 0;
  build("home", "cpu", 1);
  build("one", "turbo", 0);
  build("two", "other", 0);
  build("three", "Turbo", 0);
  return 0;
}
static int finish(void **state) {
  (void)state;
  char command[600];
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command);
}

static rn_runtime *make(void) {
  rn_runtime *rt = NULL;
  rn_runtime_options o = {.struct_size = sizeof o, .plugin_path = folder, .config_file = "/dev/null"};
  if (!have_cc) {
    print_message("skipped: there is no C compiler 'cc'\n");
    skip();
  }
  assert_null(rn_runtime_create(&o, &rt));
  return rt;
}

static void note_loaded(void *arg, const rn_plugin_info *p) {
  char *list = arg;
  if (strcmp(p->state, "loaded") != 0) return;
  strcat(list, p->id);
  strcat(list, " ");
}
static void expect_loaded(rn_runtime *rt, const char *list) {
  char loaded[200] = "";
  rn_runtime_plugins(rt, note_loaded, loaded);
  assert_string_equal(loaded, list);
}

static void kernels_for_a_device_type_open_only_plugins_that_have_some(void **state) {
  (void)state;
  rn_runtime *rt = make();
  const rn_op *op;
  const rn_kernel *const *cpu, *const *turbo, *const *all;
  uint32_t n;
  assert_null(rn_registry_op(rt, "Foo", 3, &op));
  assert_null(rn_registry_kernels(rt, op, "cpu", &cpu, &n));
  assert_int_equal(n, 1);
  expect_loaded(rt, "home ");
  assert_null(rn_registry_kernels(rt, op, "TURBO", &turbo, &n));
  assert_int_equal(n, 2);
  expect_loaded(rt, "home one three ");
  assert_null(rn_registry_kernels(rt, op, "absent", &all, &n));
  assert_int_equal(n, 0);
  assert_null(rn_registry_kernels(rt, op, NULL, &all, &n));
  assert_int_equal(n, 4);
  assert_ptr_equal(all[0], cpu[0]); /* parsed once: lists share their kernels */
  rn_runtime_destroy(rt);
}

static void names_of_device_types_come_from_manifests_alone(void **state) {
  (void)state;
  rn_runtime *rt = make();
  const char *const *names;
  uint32_t n;
  assert_null(rn_registry_device_type_names(rt, &names, &n));
  assert_int_equal(n, 3);
  assert_string_equal(names[0], "cpu");
  assert_string_equal(names[1], "turbo");
  assert_string_equal(names[2], "other");
  expect_loaded(rt, "");
  rn_runtime_destroy(rt);
}

static void one_device_type_opens_only_its_plugins(void **state) {
  (void)state;
  rn_runtime *rt = make();
  const rn_device_type *one, *types;
  const rn_compiler_def *const *compilers;
  const rn_host_api *const *hosts;
  uint32_t n;
  assert_null(rn_registry_device_type(rt, "CPU", &one));
  assert_string_equal(one->plugin, "home");
  expect_loaded(rt, "home ");
  assert_null(rn_registry_compilers(rt, "other", &compilers, &hosts, &n));
  assert_int_equal(n, 1);
  expect_loaded(rt, "home two ");
  assert_null(rn_registry_device_types(rt, "turbo", &types, &n));
  assert_int_equal(n, 2);
  assert_string_equal(types[1].plugin, "three");
  rn_status *s = rn_registry_device_type(rt, "turba", &one);
  assert_int_equal(rn_status_code(s), RN_NOT_FOUND);
  assert_non_null(strstr(rn_status_message(s), "did you mean 'turbo'?"));
  rn_status_free(s);
  assert_null(rn_registry_device_types(rt, NULL, &types, &n));
  assert_int_equal(n, 4);
  rn_runtime_destroy(rt);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(kernels_for_a_device_type_open_only_plugins_that_have_some),
                                     cmocka_unit_test(names_of_device_types_come_from_manifests_alone),
                                     cmocka_unit_test(one_device_type_opens_only_its_plugins)};
  return cmocka_run_group_tests(tests, start, finish);
}
