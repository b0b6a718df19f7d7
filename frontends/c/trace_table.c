/* trace_table.c - where the time of a step went, as a table (frontends/c).
 *
 * Own times only, so shares add up to what all threads and devices together computed and copied. Names come from files:
 * what a terminal could take for a command is shown as '?'. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "trace_sum.h"

enum { NAME_WIDTH = 40, COLUMNS = 9, CELL = 168 };

/* ------------------------------------------------------------------------------------------ cells */
static size_t columns_of(const char *s) {
  size_t n = 0;
  for (; *s != '\0'; s++) n += ((unsigned char)*s & 0xc0) != 0x80;
  return n;
}

/* Cut in the middle: both ends of a name tell something. */
static void put_name(char *out, size_t size, const char *name) {
  size_t n = strlen(name), half = (NAME_WIDTH - 3) / 2, at = 0;
  int cut = n > NAME_WIDTH;
  for (size_t i = 0; i < n && at + 1 < size; i++) {
    if (cut && i == half) {
      memcpy(out + at, "...", 3);
      at += 3;
      i = n - (NAME_WIDTH - 3 - half);
    }
    unsigned char c = (unsigned char)name[i];
    out[at++] = (char)(c < 0x20 || c >= 0x7f ? '?' : c);
  }
  out[at] = '\0';
}

static void put_time(char *out, size_t size, double ns) {
  const char *unit = ns < 1e6 ? "us" : ns < 1e9 ? "ms" : "s ";
  double v = ns < 1e6 ? ns / 1e3 : ns < 1e9 ? ns / 1e6 : ns / 1e9;
  (void)snprintf(out, size, "%.*f %s", v < 10 ? 2 : v < 100 ? 1 : 0, v, unit);
}

static void put_bytes(char *out, size_t size, uint64_t bytes) {
  static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double v = (double)bytes;
  int k = 0;
  for (; v >= 1024 && k < 6; k++) v /= 1024;
  (void)snprintf(out, size, "%.*f %s", k == 0 || v >= 100 ? 0 : 1, v, unit[k]);
}

static void put_kernel(char *out, size_t size, const trace_sum *s) {
  const rn_trace_event *e = s->e;
  char kernel[NAME_WIDTH + 4], plugin[NAME_WIDTH + 4];
  put_name(kernel, sizeof kernel, e->kernel);
  put_name(plugin, sizeof plugin, e->plugin);
  if (e->kind == RN_TRACE_UPLOAD || e->kind == RN_TRACE_DOWNLOAD)
    (void)snprintf(out, size, "%s", e->queue != 0 ? "copy" : "copy by the host");
  else
    (void)snprintf(out, size, "%s%s%s%s", kernel[0] != '\0' ? kernel : plugin, kernel[0] != '\0' ? " of " : "",
                   kernel[0] != '\0' ? plugin : "", s->kernels != 0 ? ", ..." : "");
}

static void put_op(char *out, size_t size, const rn_trace_event *e, int one) {
  if (e->kind == RN_TRACE_CLAIM && one)
    (void)snprintf(out, size, "claim of %u", e->n_covers);
  else if (e->kind == RN_TRACE_UPLOAD || e->kind == RN_TRACE_DOWNLOAD)
    (void)snprintf(out, size, "%s", trace_kind(e->kind));
  else
    put_name(out, size, e->op[0] != '\0' ? e->op : trace_kind(e->kind));
}

/* ------------------------------------------------------------------------------------------ lines */
typedef struct table {
  FILE *to;
  char (*cell)[COLUMNS][CELL]; /* the first line is the heads */
  uint32_t lines, columns;
  const char *align; /* per column: l or r */
} table;

static rn_status *start(table *b, uint32_t rows, const char *const *heads, uint32_t columns, const char *align) {
  b->cell = calloc(rows + (size_t)1, sizeof *b->cell);
  if (b->cell == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for a table");
  b->lines = rows + 1;
  b->columns = columns;
  b->align = align;
  for (uint32_t c = 0; c < columns; c++) (void)snprintf(b->cell[0][c], CELL, "%s", heads[c]);
  return NULL;
}

static void print(const table *b) {
  size_t width[COLUMNS] = {0};
  for (uint32_t i = 0; i < b->lines; i++)
    for (uint32_t c = 0; c < b->columns; c++) {
      size_t n = columns_of(b->cell[i][c]);
      width[c] = n > width[c] ? n : width[c];
    }
  for (uint32_t i = 0; i < b->lines; i++) {
    for (uint32_t c = 0; c < b->columns; c++) {
      const char *text = b->cell[i][c];
      int pad = (int)(width[c] - columns_of(text)), last = c + 1 == b->columns;
      if (b->align[c] == 'r') fprintf(b->to, "%*s", pad, "");
      fputs(text, b->to);
      if (b->align[c] == 'l' && !last) fprintf(b->to, "%*s", pad, "");
      if (!last) fputs("  ", b->to);
    }
    fputc('\n', b->to);
  }
}

static void put_share(char *out, uint64_t part, uint64_t all) {
  (void)snprintf(out, CELL, "%.1f %%", all != 0 ? 100.0 * (double)part / (double)all : 0);
}

static rn_status *print_nodes(FILE *to, const trace_sums *s, uint32_t rows) {
  static const char *const heads[] = {"time", "share", "times", "node", "op", "device", "kernel", "result", "bytes"};
  table b = {.to = to};
  RN_TRY(start(&b, rows, heads, 9, "rrrlllllr"));
  for (uint32_t i = 0; i < rows; i++) {
    const trace_sum *x = &s->item[i];
    char(*cell)[CELL] = b.cell[i + 1], full[512];
    (void)snprintf(full, sizeof full, "%.200s%s%.300s", x->e->scope, x->e->scope[0] != '\0' ? "/" : "", x->e->node);
    put_time(cell[0], CELL, (double)x->own_ns);
    put_share(cell[1], x->own_ns, s->own_ns);
    (void)snprintf(cell[2], CELL, "%u", x->count);
    put_name(cell[3], CELL, full);
    put_op(cell[4], CELL, x->e, 1);
    put_name(cell[5], CELL, trace_device(x->e));
    put_kernel(cell[6], CELL, x);
    put_name(cell[7], CELL, x->e->shape);
    put_bytes(cell[8], CELL, x->bytes / x->count);
  }
  print(&b);
  free(b.cell);
  return NULL;
}

static rn_status *print_ops(FILE *to, const trace_sums *s, uint32_t rows) {
  static const char *const heads[] = {"time", "share", "times", "mean", "op", "device", "kernel"};
  table b = {.to = to};
  RN_TRY(start(&b, rows, heads, 7, "rrrrlll"));
  for (uint32_t i = 0; i < rows; i++) {
    const trace_sum *x = &s->item[i];
    char(*cell)[CELL] = b.cell[i + 1];
    put_time(cell[0], CELL, (double)x->own_ns);
    put_share(cell[1], x->own_ns, s->own_ns);
    (void)snprintf(cell[2], CELL, "%u", x->count);
    put_time(cell[3], CELL, (double)x->own_ns / x->count);
    put_op(cell[4], CELL, x->e, 0);
    put_name(cell[5], CELL, trace_device(x->e));
    put_kernel(cell[6], CELL, x);
  }
  print(&b);
  free(b.cell);
  return NULL;
}

/* ------------------------------------------------------------------------------------------- heads */
static void print_part(FILE *to, const rn_trace *t, const char *words, uint32_t first, uint32_t last, int own) {
  char text[32];
  uint64_t ns = 0;
  for (uint32_t i = 0; i < t->count; i++)
    if (t->event[i].kind >= first && t->event[i].kind <= last)
      ns += own ? t->own_ns[i] : t->event[i].end_ns - t->event[i].begin_ns;
  put_time(text, sizeof text, (double)ns);
  if (ns != 0) fprintf(to, ", %s %s", words, text);
}

static void print_memory(FILE *to, const rn_trace *t) {
  const rn_trace_event *most = NULL;
  char bytes[32], name[CELL], device[CELL];
  for (uint32_t i = 0; i < t->count; i++)
    if (most == NULL || t->event[i].memory_bytes > most->memory_bytes) most = &t->event[i];
  if (most == NULL || most->memory_bytes == 0) return;
  put_bytes(bytes, sizeof bytes, most->memory_bytes);
  put_name(name, sizeof name, most->node);
  put_name(device, sizeof device, trace_device(most));
  fprintf(to, "Most memory is in use at %s: %s on %s\n", name, bytes, device);
}

static void print_head(FILE *to, const rn_trace *t) {
  char text[32];
  put_time(text, sizeof text, (double)(t->event[0].end_ns - t->event[0].begin_ns));
  fprintf(to, "One step: %s", text);
  print_part(to, t, "computing", RN_TRACE_KERNEL, RN_TRACE_CALL, 1);
  print_part(to, t, "copying", RN_TRACE_UPLOAD, RN_TRACE_DOWNLOAD, 1);
  print_part(to, t, "waiting for devices", RN_TRACE_WAIT, RN_TRACE_WAIT, 0);
  print_part(to, t, "planning", RN_TRACE_PLAN, RN_TRACE_PLAN, 0);
  fputc('\n', to);
  if (t->event[0].lost != 0)
    fprintf(to, "%" PRIu64 " events did not fit: the rest is what came first\n", t->event[0].lost);
  print_memory(to, t);
}

static rn_status *print_sums(rn_trace *t, FILE *to, uint32_t rows, const char *what,
                             rn_status *(*add_up)(rn_trace *t, trace_sums *out),
                             rn_status *(*print_them)(FILE *to, const trace_sums *s, uint32_t rows)) {
  trace_sums s = {0};
  RN_TRY(add_up(t, &s));
  uint32_t shown = s.count < rows ? s.count : rows;
  fprintf(to, "\nThe slowest %s, %u of %u\n", what, shown, s.count);
  rn_status *failed = print_them(to, &s, shown);
  free(s.item);
  return failed;
}

rn_status *rn_trace_table(rn_trace *t, uint32_t rows, char **out_text) {
  size_t size;
  char *text = NULL;
  RN_TRY(trace_settle(t));
  FILE *to = open_memstream(&text, &size);
  if (to == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for a table");
  print_head(to, t);
  rn_status *s = print_sums(t, to, rows, "nodes", trace_sum_nodes, print_nodes);
  if (s == NULL) s = print_sums(t, to, rows, "types of operation", trace_sum_ops, print_ops);
  int broken = fclose(to) != 0;
  if (s == NULL && broken) s = rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for a table");
  if (s != NULL)
    free(text);
  else
    *out_text = text;
  return s;
}
