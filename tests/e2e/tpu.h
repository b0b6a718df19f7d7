/* tpu.h - sessions on a matrix machine, and what its compiler reported (tests/e2e). */
#ifndef E2E_TPU_H
#define E2E_TPU_H
#include "build.h"
#include <math.h>
#include <unistd.h>

static char folder[64], report[128];

static inline rn_runtime *runtime_with(const char *more) {
  char to_report[256];
  (void)snprintf(to_report, sizeof to_report, "plugin.tpu.report=%s", report);
  const char *settings[] = {to_report, "plugin.tpu.programs=true", more};
  rn_runtime_options options = {
      .struct_size = (uint32_t)sizeof options, .settings = settings, .n_settings = more ? 3 : 2};
  rn_runtime *rt = NULL;
  must(rn_runtime_create(&options, &rt));
  return rt;
}

static inline rn_session *session_on(rn_graph *g, const char *device) {
  rn_session_options options = {.struct_size = (uint32_t)sizeof options, .device = device, .fallback = "allow"};
  rn_session *s = NULL;
  must(rn_session_create(g, &options, &s));
  return s;
}

/* What the compiler wrote of the programs it made since the file was last removed. */
static inline char *programs(void) {
  char *text = calloc(1, 1 << 22);
  FILE *f = fopen(report, "rb");
  assert_non_null(text);
  if (f != NULL) {
    size_t n = fread(text, 1, (1 << 22) - 1, f);
    text[n] = '\0';
    fclose(f);
  }
  return text;
}
static inline uint32_t count(const char *text, const char *word) {
  uint32_t n = 0;
  for (const char *at = text; (at = strstr(at, word)) != NULL; at += strlen(word)) n++;
  return n;
}

static inline int in_a_folder(const struct CMUnitTest *tests, size_t n) {
  (void)snprintf(folder, sizeof folder, "/tmp/runnel_tpu_XXXXXX");
  if (mkdtemp(folder) == NULL) return 1;
  (void)snprintf(report, sizeof report, "%s/report", folder);
  int failed = _cmocka_run_group_tests("tpu", tests, n, NULL, NULL);
  char command[128];
  (void)snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command) != 0 ? 1 : failed;
}
#endif
