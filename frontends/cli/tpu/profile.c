/* profile.c - runnel tpu profile: what the machine does in each program of a graph (frontends/cli/tpu).
 *
 * The numbers are the program's own (RN_PROGRAM_NUMBERS); docs/tpu.md says what each counter counts. */
#include <runnel/plugin.h>
#include <runnel/roofline.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "new_file.h"
#include "tpu/verbs.h"

enum { MOST = 256 };
static const struct {
  const char *key, *title;
} counters[] = {{"array_active", "array active"}, {"weight_stall", "weight stall"}, {"weight_shift", "weight shift"},
                {"input_stall", "input stall"},   {"raw_stall", "RAW stall"},       {"non_matrix", "non-matrix"}};
#define N_COUNTERS (sizeof counters / sizeof counters[0])

typedef struct profile {
  cJSON *program[MOST];
  char name[MOST][160];
  uint32_t n;
  rn_status *failed;
} profile;

static double number(const cJSON *o, const char *key) {
  const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);
  return cJSON_IsNumber(v) ? v->valuedouble : NAN;
}

static void visit(void *arg, const rn_program *p) {
  profile *f = arg;
  const rn_program_info *info = rn_program_get_info(p);
  char *text = NULL;
  if (f->failed || f->n == MOST) return;
  f->failed = rn_program_print(p, RN_PROGRAM_NUMBERS, &text);
  if (f->failed) return;
  cJSON *o = cJSON_Parse(text);
  free(text);
  if (!cJSON_IsObject(o)) {
    cJSON_Delete(o);
    f->failed = rn_status_make(RN_INTERNAL, "compiler '%s' gives numbers that are no JSON object", info->compiler);
    return;
  }
  const char *first = info->n_nodes ? info->nodes[0] : "", *name = strchr(first, ' ');
  snprintf(f->name[f->n], sizeof f->name[0], "%.140s", name ? name + 1 : first);
  cJSON_AddStringToObject(o, "first", f->name[f->n]);
  cJSON_AddNumberToObject(o, "nodes", info->n_nodes);
  cJSON_AddStringToObject(o, "machine", info->machine);
  f->program[f->n++] = o;
}

/* The scope that all names share says nothing. */
static void shorten_names(profile *f) {
  size_t common = strlen(f->name[0]);
  for (uint32_t i = 1; i < f->n; i++) {
    size_t n = 0;
    while (n < common && f->name[i][n] == f->name[0][n]) n++;
    common = n;
  }
  while (common > 0 && f->name[0][common - 1] != '/') common--;
  for (uint32_t i = 0; i < f->n && f->n > 1; i++)
    memmove(f->name[i], f->name[i] + common, strlen(f->name[i] + common) + 1);
}

/* What the memory alone allows, at most the peak. */
static double roof(const cJSON *o) {
  double allowed = number(o, "operations") / number(o, "memory_bytes") * number(o, "peak_memory_bytes_per_second");
  return fmin(allowed, number(o, "peak_operations_per_second"));
}
static double speed(const cJSON *o) { return number(o, "operations") / number(o, "seconds"); }

/* All of them, one after the other. */
static cJSON *add_up(const profile *f) {
  static const char *const summed[] = {"operations",   "memory_bytes", "host_bytes",   "seconds",
                                       "cycles",       "nodes",        "array_active", "weight_stall",
                                       "weight_shift", "input_stall",  "raw_stall",    "non_matrix"};
  cJSON *o = cJSON_CreateObject();
  for (size_t k = 0; k < sizeof summed / sizeof summed[0]; k++) {
    double sum = 0;
    for (uint32_t i = 0; i < f->n; i++) sum += number(f->program[i], summed[k]);
    cJSON_AddNumberToObject(o, summed[k], sum);
  }
  cJSON_AddNumberToObject(o, "peak_operations_per_second", number(f->program[0], "peak_operations_per_second"));
  cJSON_AddNumberToObject(o, "peak_memory_bytes_per_second", number(f->program[0], "peak_memory_bytes_per_second"));
  return o;
}

static void print_row(const char *name, const cJSON *o) {
  if (strlen(name) > 36) printf("%.33s...", name);
  if (strlen(name) <= 36) printf("%-36s", name);
  printf(" %6.0f %11.0f %9.4g %9.4g %9.4g", number(o, "nodes"), number(o, "cycles"), number(o, "seconds") * 1e3,
         speed(o) / 1e12, roof(o) / 1e12);
  for (size_t k = 0; k < N_COUNTERS; k++) printf(" %12.1f", 100 * number(o, counters[k].key) / number(o, "cycles"));
  putchar('\n');
}

static void print_table(const profile *f) {
  const char *machine = cJSON_GetStringValue(cJSON_GetObjectItem(f->program[0], "machine"));
  printf("%s: %.4g TOPS, %.4g GB/s of memory\n\n", machine ? machine : "",
         number(f->program[0], "peak_operations_per_second") / 1e12,
         number(f->program[0], "peak_memory_bytes_per_second") / 1e9);
  printf("%-36s %6s %11s %9s %9s %9s", "program, by its first node", "nodes", "cycles", "ms", "TOPS", "roofline");
  for (size_t k = 0; k < N_COUNTERS; k++) printf(" %12s", counters[k].title);
  putchar('\n');
  for (uint32_t i = 0; i < f->n; i++) print_row(f->name[i], f->program[i]);
  if (f->n > 1) {
    cJSON *all = add_up(f);
    print_row("all", all);
    cJSON_Delete(all);
  }
  printf("\nThe last six columns are percent of the cycles. TOPS: 2 x products a second, in 10^12.\n");
}

static rn_status *draw(const profile *f, const char *path, const char *title) {
  rn_roofline_dot dot[MOST];
  const char *end = strrchr(path, '.');
  rn_roofline_options o = {.struct_size = (uint32_t)sizeof o,
                           .format = end ? end + 1 : "svg",
                           .title = title,
                           .operations_per_second = number(f->program[0], "peak_operations_per_second"),
                           .bytes_per_second = number(f->program[0], "peak_memory_bytes_per_second")};
  char *bytes = NULL;
  size_t size = 0;
  for (uint32_t i = 0; i < f->n; i++)
    dot[i] = (rn_roofline_dot){f->name[i], number(f->program[i], "operations"), number(f->program[i], "memory_bytes"),
                               number(f->program[i], "seconds")};
  rn_status *s = rn_roofline_draw(dot, f->n, &o, &bytes, &size);
  if (!s) s = new_file_write(path, bytes, size);
  rn_roofline_free(bytes);
  return s;
}

static int print_json(profile *f) {
  cJSON *o = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(o, "programs");
  cJSON_AddItemToObject(o, "all", add_up(f));
  for (uint32_t i = 0; i < f->n; i++) cJSON_AddItemToArray(list, f->program[i]);
  f->n = 0; /* they are the list's */
  return cli_print_json(o);
}

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash && slash[1] ? slash + 1 : path;
}

int tpu_profile(cli *c) {
  const char *path = cli_positional(c), *picture = cli_option(c, "o"), *title = cli_option(c, "title");
  if (!path) return cli_usage(c, "which graph?");
  profile *f = calloc(1, sizeof *f);
  if (!f) return cli_fail(c, rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory"));
  tpu_request q = {0};
  int code = 0;
  rn_status *s = tpu_request_read(c, path, &q);
  if (!s) s = tpu_request_programs(&q, visit, f);
  if (!s) s = f->failed;
  if (!s) shorten_names(f);
  if (!s && picture) s = draw(f, picture, title ? title : base_name(path));
  if (!s && c->json)
    code = print_json(f);
  else if (!s)
    print_table(f);
  tpu_request_finish(&q);
  for (uint32_t i = 0; i < f->n; i++) cJSON_Delete(f->program[i]);
  free(f);
  return s ? cli_fail(c, s) : code;
}
