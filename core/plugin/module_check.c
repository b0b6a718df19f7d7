/* plugin/module_check.c - reasons to refuse a file before any of its code runs (core/plugin). */
#include <stdio.h>
#include <string.h>
#include "plugin/module.h"

static int is_host_symbol(void *arg, const char *name) {
  if (strncmp(name, "rn_", 3) != 0) return 0;
  *(const char **)arg = name;
  return 1;
}
static int is_entry(void *arg, const char *name) {
  (void)arg;
  return strcmp(name, "rn_plugin_entry") == 0;
}
static int is_host_library(void *arg, const char *name) {
  if (strncmp(name, "librunnel", 9) != 0) return 0;
  *(const char **)arg = name;
  return 1;
}
static int sanitizer(void *arg, const char *name) {
  (void)arg;
  if (strcmp(name, "__asan_init") == 0) return (int)RN_BUILD_ASAN;
  return strcmp(name, "__tsan_init") == 0 ? (int)RN_BUILD_TSAN : 0;
}

static const char *sanitizer_name(uint64_t flags) {
  if (flags & RN_BUILD_ASAN) return "AddressSanitizer";
  return flags & RN_BUILD_TSAN ? "ThreadSanitizer" : "no sanitizer";
}

static rn_status *check_symbols(const rn_elf *e, const char *path) {
  const char *name = "";
  if (rn_elf_symbols(e, RN_ELF_UNDEFINED, is_host_symbol, &name))
    return rn_status_make(
        RN_INVALID_ARGUMENT,
        "%s imports '%s' from the host; a plugin imports nothing: it gets the host as a table (rn_host_api)", path,
        name);
  if (rn_elf_needed(e, is_host_library, &name))
    return rn_status_make(
        RN_INVALID_ARGUMENT,
        "%s is linked to %s; a plugin is linked to nothing of Runnel's: it gets the host as a table (rn_host_api)",
        path, name);
  if (!rn_elf_symbols(e, RN_ELF_DEFINED, is_entry, NULL))
    return rn_status_make(RN_INVALID_ARGUMENT, "%s exports no rn_plugin_entry: it is not a Runnel plugin", path);
  if (!rn_elf_symbols(e, RN_ELF_FUNCTIONS, is_entry, NULL))
    return rn_status_make(RN_INVALID_ARGUMENT, "%s exports rn_plugin_entry as data, not as a function", path);
  uint64_t built = (uint64_t)rn_elf_symbols(e, RN_ELF_UNDEFINED, sanitizer, NULL), own = RN_BUILD_FLAGS;
  if (built != 0 && built != own)
    return rn_status_make(RN_FAILED_PRECONDITION, "%s was built with %s and this program with %s; build both alike",
                          path, sanitizer_name(built), sanitizer_name(own));
  return NULL;
}

static rn_status *check_cpu(const char *path, uint64_t required) {
  static const char *const name[] = {"SSE4.2", "AVX2 (x86-64-v3)", "AVX-512 (x86-64-v4)", "NEON"};
  uint64_t missing = required & ~rn_cpu_features();
  for (unsigned i = 0; missing != 0 && i < sizeof name / sizeof name[0]; i++) {
    if (missing & (1ull << i))
      return rn_status_make(RN_FAILED_PRECONDITION, "%s needs a processor with %s, which this one has not", path,
                            name[i]);
  }
  if (missing != 0)
    return rn_status_make(RN_FAILED_PRECONDITION, "%s needs a processor feature unknown to this version", path);
  return NULL;
}

/* The manifest speaks of this file: the same build, or (after strip) the same loaded bytes. */
static rn_status *check_same(const rn_elf *e, const char *path, const rn_manifest *m) {
  if (m->size_bytes == e->size_bytes && strcmp(m->build_id, e->build_id) == 0) return NULL;
  if (m->segments == rn_elf_segments_hash(e)) return NULL;
  return rn_status_make(
      RN_FAILED_PRECONDITION,
      "%s has changed since its manifest was made (%llu bytes, build %.16s; manifest: %llu bytes, build "
      "%.16s); make it again with runnel-manifest",
      path, (unsigned long long)e->size_bytes, e->build_id, (unsigned long long)m->size_bytes, m->build_id);
}

rn_status *rn_module_check(const char *path, const rn_manifest *manifest) {
  rn_elf e;
  RN_TRY(rn_elf_open(path, &e));
  rn_status *s = check_symbols(&e, path);
  if (s == NULL && manifest != NULL) s = check_same(&e, path, manifest);
  rn_elf_close(&e);
  if (s == NULL && manifest != NULL) s = check_cpu(path, manifest->cpu_required);
  if (s == NULL && manifest != NULL && manifest->abi_major != RN_ABI_MAJOR)
    s = rn_status_make(RN_FAILED_PRECONDITION,
                       "%s speaks plugin ABI %u.%u, this Runnel %u.%u; build it against this version's header", path,
                       manifest->abi_major, manifest->abi_minor, RN_ABI_MAJOR, RN_ABI_MINOR);
  return s;
}
