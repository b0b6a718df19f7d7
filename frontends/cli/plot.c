/* plot.c - runnel plot: the numbers of runs as curves, in the terminal or as a picture (frontends/cli). */
#include <math.h>
#include <runnel/plot.h>
#include <runnel/runs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "commands.h"
#include "new_file.h"

enum { MOST_TAGS = 32, SPARKS = 32 };
typedef struct request {
  const char *folder, *output, *title, *tag[MOST_TAGS];
  uint32_t n_tags;
  double smoothing;
  int log;
} request;

static int is_wanted(const request *q, const char *tag) {
  for (uint32_t i = 0; i < q->n_tags; i++)
    if (strcmp(q->tag[i], tag) == 0) return 1;
  return q->n_tags == 0;
}

/* ---- without -o: a line for each curve */
static void print_sparks(const rn_series *s) {
  static const char *const block[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  double low = INFINITY, high = -INFINITY;
  for (uint32_t i = 0; i < s->count; i++) {
    if (!isfinite(s->value[i])) continue;
    low = s->value[i] < low ? s->value[i] : low;
    high = s->value[i] > high ? s->value[i] : high;
  }
  uint32_t n = s->count < SPARKS ? s->count : SPARKS;
  for (uint32_t i = 0; i < n; i++) {
    double v = s->value[n < 2 ? 0 : (uint64_t)i * (s->count - 1) / (n - 1)];
    int level = high > low ? (int)((v - low) / (high - low) * 7 + 0.5) : 0;
    fputs(isfinite(v) ? block[level < 0 ? 0 : level > 7 ? 7 : level] : " ", stdout);
  }
  for (uint32_t i = n; i < SPARKS; i++) putchar(' ');
}

static void print_series(const rn_series *s) {
  if (s->count == 0) return;
  char name[96];
  snprintf(name, sizeof name, "%s%s%s", strcmp(s->run, ".") == 0 ? "" : s->run, strcmp(s->run, ".") == 0 ? "" : ": ",
           s->tag);
  printf("%-32s ", name);
  print_sparks(s);
  printf(" %10.4g at step %.0f (%u points)\n", s->value[s->count - 1], s->step[s->count - 1], s->count);
}

static cJSON *to_json(const rn_series *s) {
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "run", s->run);
  cJSON_AddStringToObject(o, "tag", s->tag);
  cJSON_AddItemToObject(o, "step", cJSON_CreateDoubleArray(s->step, (int)s->count));
  cJSON_AddItemToObject(o, "value", cJSON_CreateDoubleArray(s->value, (int)s->count));
  return o;
}

static int list(cli *c, const request *q, const rn_runs *runs) {
  cJSON *array = c->json ? cJSON_CreateArray() : NULL;
  for (uint32_t i = 0; i < rn_runs_count(runs); i++) {
    const rn_series *s = rn_runs_get(runs, i);
    if (!is_wanted(q, s->tag)) continue;
    if (array)
      cJSON_AddItemToArray(array, to_json(s));
    else
      print_series(s);
  }
  return array ? cli_print_json(array) : 0;
}

/* ---- with -o */
/* One scale fits one kind of number: without --tag there must be one tag, or one that is a loss. */
static rn_status *choose_tag(request *q, const rn_runs *runs) {
  const char *loss = NULL, *only = NULL;
  int several = 0;
  char names[400] = "";
  for (uint32_t i = 0; i < rn_runs_count(runs); i++) {
    const char *tag = rn_runs_get(runs, i)->tag;
    size_t n = strlen(tag), used = strlen(names);
    if (only && strcmp(only, tag) != 0) several = 1;
    only = tag;
    if (n >= 4 && strcmp(tag + n - 4, "loss") == 0 && !loss) loss = tag;
    if (used + n + 3 < sizeof names) snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", tag);
  }
  if (several && !loss) return rn_status_make(RN_INVALID_ARGUMENT, "which curve? --tag one of: %s", names);
  q->tag[q->n_tags++] = several ? loss : only;
  return NULL;
}

static void name_curve(const request *q, const rn_series *s, char *out, size_t size_bytes) {
  int has_run = strcmp(s->run, ".") != 0;
  snprintf(out, size_bytes, "%s%s%s", has_run ? s->run : "", has_run && q->n_tags > 1 ? ": " : "",
           has_run && q->n_tags == 1 ? "" : s->tag);
}

static rn_status *collect(const request *q, const rn_runs *runs, rn_curve *curves, char (*names)[128], uint32_t *n) {
  for (uint32_t i = 0; i < rn_runs_count(runs); i++) {
    const rn_series *s = rn_runs_get(runs, i);
    if (!is_wanted(q, s->tag)) continue;
    name_curve(q, s, names[*n], sizeof names[*n]);
    curves[*n] = (rn_curve){names[*n], s->step, s->value, s->count};
    ++*n;
  }
  if (*n != 0) return NULL;
  return rn_status_make(RN_NOT_FOUND, "no numbers with the tag '%s' in '%s'", q->tag[0], q->folder);
}

static rn_status *draw(request *q, const rn_runs *runs) {
  if (q->n_tags == 0) RN_TRY(choose_tag(q, runs));
  uint32_t n = 0, most = rn_runs_count(runs);
  rn_curve *curves = calloc(most + 1u, sizeof *curves);
  char(*names)[128] = calloc(most + 1u, sizeof *names);
  const char *dot = strrchr(q->output, '.');
  rn_plot_options o = {.struct_size = (uint32_t)sizeof o,
                       .flags = q->log ? RN_PLOT_LOG_Y : 0,
                       .format = dot ? dot + 1 : "svg",
                       .title = q->title         ? q->title
                                : q->n_tags == 1 ? q->tag[0]
                                                 : NULL,
                       .x_label = "step",
                       .smoothing = q->smoothing};
  char *bytes = NULL;
  size_t size = 0;
  rn_status *s =
      curves && names ? collect(q, runs, curves, names, &n) : rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory");
  if (!s) s = rn_plot_draw(curves, n, &o, &bytes, &size);
  if (!s) s = new_file_write(q->output, bytes, size);
  rn_plot_free(bytes);
  free(curves);
  free(names);
  return s;
}

static int read_request(cli *c, request *q) {
  const char *tag, *smoothing = cli_option(c, "smooth");
  char *end = NULL;
  q->output = cli_option(c, "o");
  q->title = cli_option(c, "title");
  q->log = cli_flag(c, "log");
  while ((tag = cli_option(c, "tag")) != NULL) {
    if (q->n_tags == MOST_TAGS) return cli_usage(c, "more than 32 --tag options");
    q->tag[q->n_tags++] = tag;
  }
  q->smoothing = smoothing ? strtod(smoothing, &end) : 0;
  q->folder = cli_positional(c);
  if (!cli_finish(c)) return 2;
  if (smoothing && (end == smoothing || *end)) return cli_usage(c, "--smooth takes a number from 0 to below 1");
  return q->folder ? 0 : cli_usage(c, "the event files of which folder?");
}

int command_plot(cli *c) {
  request q = {0};
  rn_runs *runs = NULL;
  int code = read_request(c, &q);
  if (code) return code;
  rn_status *s = rn_runs_read(q.folder, &runs);
  if (!s && rn_runs_count(runs) == 0)
    s = rn_status_make(RN_NOT_FOUND, "the event files in '%s' hold no numbers", q.folder);
  if (!s && rn_runs_warning(runs)[0]) fprintf(stderr, "runnel: %s\n", rn_runs_warning(runs));
  if (!s && q.output) s = draw(&q, runs);
  if (!s && !q.output) code = list(c, &q, runs);
  rn_runs_destroy(runs);
  return s ? cli_fail(c, s) : code;
}
