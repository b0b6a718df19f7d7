/* hear.c - what the child says, put into the report (frontends/conform). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "parent.h"

double parent_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *add(void *array, uint32_t *n, size_t item) {
  void *grown = realloc(array, (size_t)(*n + 1) * item);
  if (grown == NULL) return NULL;
  memset((char *)grown + *n * item, 0, item);
  ++*n;
  return grown;
}

void parent_add_case(conform_report *r, const char *id) {
  conform_case *grown = add(r->cases, &r->n_cases, sizeof *grown);
  if (grown == NULL) return;
  r->cases = grown;
  conform_case *c = &grown[r->n_cases - 1];
  c->id = strdup(id);
  c->words = strdup("");
  c->result = CONFORM_NOT_RUN;
}

void parent_settle(parent *p, uint32_t i, conform_result result, const char *words) {
  if (i >= p->r->n_cases) return;
  conform_case *c = &p->r->cases[i];
  if (result != CONFORM_NOT_EXERCISED) p->r->n_executed++;
  free(c->words);
  c->words = strdup(words);
  c->result = result;
  c->seconds = parent_now() - p->case_begun;
}

static void add_row(conform_report *r, char **f) {
  conform_row *grown = add(r->rows, &r->n_rows, sizeof *grown);
  if (grown == NULL) return;
  r->rows = grown;
  grown[r->n_rows - 1] =
      (conform_row){strdup(f[1]), strdup(f[2]), strdup(f[3]), strdup(f[4]), strdup(""), CONFORM_NOT_RUN};
}

static void add_speed(conform_report *r, char **f) {
  conform_speed *grown = add(r->speeds, &r->n_speeds, sizeof *grown);
  if (grown == NULL) return;
  r->speeds = grown;
  grown[r->n_speeds - 1] = (conform_speed){strdup(f[1]), strdup(f[2]), strdup(f[3]), strdup(f[4]), strdup(f[5]),
                                           atof(f[6]),   atof(f[7]),   atof(f[8]),   atof(f[9])};
}

/* A row's cases are "kernel/OP/DEVICE/KERNEL/DTYPE/...": it failed if one did, was exercised if one was. */
void parent_settle_rows(conform_report *r) {
  char prefix[512];
  for (uint32_t i = 0; i < r->n_rows; i++) {
    conform_row *w = &r->rows[i];
    int n = snprintf(prefix, sizeof prefix, "kernel/%s/%s/%s/%s/", w->op, w->device, w->kernel, w->dtype);
    uint32_t seen[4] = {0};
    for (uint32_t k = 0; k < r->n_cases; k++)
      if (strncmp(r->cases[k].id, prefix, (size_t)n) == 0) seen[r->cases[k].result]++;
    w->result = seen[CONFORM_FAILED] != 0          ? CONFORM_FAILED
                : seen[CONFORM_NOT_RUN] != 0       ? CONFORM_NOT_RUN
                : seen[CONFORM_PASSED] != 0        ? CONFORM_PASSED
                : seen[CONFORM_NOT_EXERCISED] != 0 ? CONFORM_NOT_EXERCISED
                                                   : CONFORM_NOT_RUN; /* no case yet */
  }
}

static void set_oracle(conform_report *r, char **f) {
  for (uint32_t i = 0; i < r->n_rows; i++) {
    conform_row *w = &r->rows[i];
    if (strcmp(w->op, f[1]) != 0 || strcmp(w->dtype, f[2]) != 0 || strcmp(w->device, f[3]) != 0 ||
        strcmp(w->kernel, f[4]) != 0)
      continue;
    free(w->oracle);
    w->oracle = strdup(f[5]);
  }
}

/* ------------------------------------------------------------------------------------ the protocol */
static void hear(parent *p, char *line) {
  char *f[12];
  uint32_t n = protocol_fields(line, f, 12);
  conform_report *r = p->r;
  if (strcmp(f[0], "case") == 0 && n == 3) {
    if ((uint32_t)atoi(f[1]) >= r->n_cases) parent_add_case(r, f[2]); /* the first child lists them, later ones again */
  } else if (strcmp(f[0], "row") == 0 && n == 5) {
    add_row(r, f);
  } else if (strcmp(f[0], "plugin") == 0 && n == 3) {
    free(r->id), free(r->version);
    r->id = strdup(f[1]);
    r->version = strdup(f[2]);
  } else if (strcmp(f[0], "begin") == 0 && n == 2) {
    p->running = (uint32_t)atoi(f[1]);
    p->case_begun = parent_now();
  } else if (strcmp(f[0], "oracle") == 0 && n == 6) {
    set_oracle(r, f);
  } else if (strcmp(f[0], "speed") == 0 && n == 10) {
    add_speed(r, f);
  } else if (strcmp(f[0], "passed") == 0) {
    parent_settle(p, p->running, CONFORM_PASSED, "");
    p->running = NONE;
  } else if (strcmp(f[0], "failed") == 0 && n == 2) {
    parent_settle(p, p->running, CONFORM_FAILED, f[1]);
    p->running = NONE;
  } else if (strcmp(f[0], "skipped") == 0 && n == 2) {
    parent_settle(p, p->running, CONFORM_NOT_EXERCISED, f[1]);
    p->running = NONE;
  } else if (strcmp(f[0], "end") == 0) {
    p->ended = 1;
  }
}

void parent_hear(parent *p) {
  char *at = p->buffer, *end;
  p->buffer[p->filled] = '\0';
  while ((end = strchr(at, '\n')) != NULL) {
    *end = '\0';
    hear(p, at);
    at = end + 1;
  }
  p->filled -= (size_t)(at - p->buffer);
  memmove(p->buffer, at, p->filled);
  if (p->filled == sizeof p->buffer - 1) p->filled = 0;
}
