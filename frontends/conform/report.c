/* report.c - the outcome, for people (frontends/conform). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "conform/conform.h"

void conform_report_free(conform_report *r) {
  if (r == NULL) return;
  for (uint32_t i = 0; i < r->n_cases; i++) {
    free(r->cases[i].id);
    free(r->cases[i].words);
  }
  for (uint32_t i = 0; i < r->n_rows; i++) {
    conform_row *w = &r->rows[i];
    free(w->op), free(w->dtype), free(w->device), free(w->kernel), free(w->oracle);
  }
  for (uint32_t i = 0; i < r->n_speeds; i++) {
    conform_speed *s = &r->speeds[i];
    free(s->op), free(s->dtype), free(s->kernel), free(s->shape), free(s->against);
  }
  free(r->cases);
  free(r->rows);
  free(r->speeds);
  free(r->file);
  free(r->id);
  free(r->version);
  free(r);
}

/* "kernel/Cube/..." is of part "kernel". */
static int is_of(const conform_case *c, const char *part) {
  size_t n = strlen(part);
  return n == 0 || (strncmp(c->id, part, n) == 0 && c->id[n] == '/');
}

uint32_t conform_count(const conform_report *r, const char *part, conform_result result) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < r->n_cases; i++) n += is_of(&r->cases[i], part) && r->cases[i].result == result;
  return n;
}

/* Kernels were tried, and not one could be made to compute: nothing is known about them. */
static int nothing_computed(const conform_report *r) {
  return conform_count(r, "kernel", CONFORM_NOT_EXERCISED) != 0 && conform_count(r, "kernel", CONFORM_PASSED) == 0 &&
         conform_count(r, "kernel", CONFORM_FAILED) == 0 && conform_count(r, "kernel", CONFORM_NOT_RUN) == 0;
}

int conform_report_code(const conform_report *r) {
  return r->n_executed == 0 || nothing_computed(r) || r->out_of_time || conform_count(r, "", CONFORM_FAILED) != 0;
}

static const char *const parts[] = {"file",      "life",   "op",       "gradient", "kernel",
                                    "optimizer", "device", "compiler", "pass",     "bench"};
static void print_parts(const conform_report *r) {
  printf("%-10s %7s %7s %14s %8s\n", "part", "passed", "failed", "not exercised", "not run");
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    uint32_t n[4], all = 0;
    for (int k = 0; k < 4; k++) all += n[k] = conform_count(r, parts[i], (conform_result)k);
    if (all != 0) printf("%-10s %7u %7u %14u %8u\n", parts[i], n[0], n[1], n[2], n[3]);
  }
}

static const char *result_word(conform_result result) {
  static const char *const words[] = {"passed", "FAILED", "not exercised", "not run"};
  return words[result];
}

/* One line for each op, kernel and device: the element types by what became of them. */
static int same_kernel(const conform_row *a, const conform_row *b) {
  return strcmp(a->op, b->op) == 0 && strcmp(a->device, b->device) == 0 && strcmp(a->kernel, b->kernel) == 0;
}
static void print_types(const conform_report *r, uint32_t from, conform_result result) {
  int begun = 0;
  for (uint32_t i = from; i < r->n_rows; i++) {
    const conform_row *w = &r->rows[i];
    if (w->result != result || !same_kernel(w, &r->rows[from])) continue;
    printf("%s%s", begun ? " " : "", w->dtype);
    if (w->result == CONFORM_PASSED && w->oracle[0] != '\0') printf("(%s)", w->oracle);
    begun = 1;
  }
}
static int has(const conform_report *r, uint32_t from, conform_result result) {
  for (uint32_t i = from; i < r->n_rows; i++)
    if (r->rows[i].result == result && same_kernel(&r->rows[i], &r->rows[from])) return 1;
  return 0;
}
static void print_table(const conform_report *r) {
  if (r->n_rows == 0) return;
  printf("\nkernels: op, device, kernel, element types (what they were compared with)\n");
  for (uint32_t i = 0; i < r->n_rows; i++) {
    int seen = 0;
    for (uint32_t k = 0; k < i && !seen; k++) seen = same_kernel(&r->rows[k], &r->rows[i]);
    if (seen) continue;
    printf("%-28s %-8s %-12s ", r->rows[i].op, r->rows[i].device, r->rows[i].kernel);
    for (int k = 0; k < 4; k++) {
      if (!has(r, i, (conform_result)k)) continue;
      if (k != CONFORM_PASSED) printf("  %s: ", result_word((conform_result)k));
      print_types(r, i, (conform_result)k);
    }
    printf("\n");
  }
}

static void print_failures(const conform_report *r) {
  if (conform_count(r, "", CONFORM_FAILED) == 0) return;
  printf("\nfailures:\n");
  for (uint32_t i = 0; i < r->n_cases; i++) {
    const conform_case *c = &r->cases[i];
    if (c->result != CONFORM_FAILED) continue;
    printf("  %s: %s\n    again: runnel plugin check %s --case %s\n", c->id, c->words, r->file, c->id);
  }
}

/* The reason's first line, as long as one line may be. */
static void print_reason(const char *words) {
  size_t n = strcspn(words, "\n");
  printf("%.*s%s\n", (int)(n < 150 ? n : 150), words, n > 150 ? "..." : "");
}

/* The first case of the row gives the reason; rows of the same kernel with the same one stand together. */
static const char *reason_of(const conform_report *r, uint32_t row) {
  char prefix[512];
  const conform_row *w = &r->rows[row];
  int n = snprintf(prefix, sizeof prefix, "kernel/%s/%s/%s/%s/", w->op, w->device, w->kernel, w->dtype);
  for (uint32_t i = 0; i < r->n_cases; i++)
    if (strncmp(r->cases[i].id, prefix, (size_t)n) == 0) return r->cases[i].words;
  return "";
}

static void print_untried_kernels(const conform_report *r) {
  for (uint32_t i = 0; i < r->n_rows; i++) {
    const conform_row *w = &r->rows[i];
    int seen = w->result != CONFORM_NOT_EXERCISED;
    for (uint32_t k = 0; k < i && !seen; k++)
      seen = same_kernel(&r->rows[k], w) && r->rows[k].result == CONFORM_NOT_EXERCISED;
    if (seen) continue;
    printf("  kernel/%s/%s/%s (", w->op, w->device, w->kernel);
    print_types(r, i, CONFORM_NOT_EXERCISED);
    printf("): ");
    print_reason(reason_of(r, i));
  }
}

static void print_untried(const conform_report *r) {
  if (conform_count(r, "", CONFORM_NOT_EXERCISED) == 0) return;
  printf("\nnot exercised:\n");
  for (uint32_t i = 0; i < r->n_cases; i++) {
    if (r->cases[i].result != CONFORM_NOT_EXERCISED || is_of(&r->cases[i], "kernel")) continue;
    printf("  %s: ", r->cases[i].id);
    print_reason(r->cases[i].words);
  }
  print_untried_kernels(r);
}

static void print_speeds(const conform_report *r) {
  if (r->n_speeds == 0) return;
  printf("\n%-24s %-9s %-12s %-22s %12s %10s %9s %9s\n", "op", "type", "kernel", "shape", "time", "speed-up", "GB/s",
         "GFLOP/s");
  for (uint32_t i = 0; i < r->n_speeds; i++) {
    const conform_speed *s = &r->speeds[i];
    printf("%-24s %-9s %-12s %-22s %9.2f us ", s->op, s->dtype, s->kernel, s->shape, s->ns / 1e3);
    if (s->against_ns > 0)
      printf("%9.2fx", s->against_ns / s->ns);
    else
      printf("%10s", "-");
    printf(" %9.2f", s->gbytes_per_s);
    if (s->gflops_per_s > 0) printf(" %9.2f", s->gflops_per_s);
    printf("%s%s\n", s->against[0] != '\0' ? "  against " : "", s->against);
  }
}

static uint32_t exercised(const conform_report *r) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < r->n_rows; i++)
    n += r->rows[i].result == CONFORM_PASSED || r->rows[i].result == CONFORM_FAILED;
  return n;
}

void conform_report_print(const conform_report *r) {
  printf("%s %s (%s)\n\n", r->id, r->version, r->file);
  print_parts(r);
  print_table(r);
  if (r->n_rows != 0) printf("%u of %u kernels times element types were exercised\n", exercised(r), r->n_rows);
  print_speeds(r);
  print_untried(r);
  print_failures(r);
  uint32_t failed = conform_count(r, "", CONFORM_FAILED), late = conform_count(r, "", CONFORM_NOT_RUN);
  printf("\n%u cases executed in %.1f s: ", r->n_executed, r->seconds);
  if (failed != 0)
    printf("%u failed%s\n", failed, r->out_of_time ? ", and the time was up before the end (--timeout SECONDS)" : "");
  else if (nothing_computed(r))
    printf("none failed, but no kernel could be exercised, which is a failure\n");
  else if (r->out_of_time)
    printf("none failed, but the time was up before %u of them; give more with --timeout SECONDS\n", late);
  else if (r->n_executed == 0)
    printf("nothing was executed, which is a failure\n");
  else
    printf("all passed\n");
}
