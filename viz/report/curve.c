/* curve.c - a scalar over a run, kept to what a page can draw (viz/report).
 *
 * When the points are full, every other one is dropped and from then on only every second comes in, so a curve of any
 * length takes the same room and always shows the whole run. */
#include "curve.h"
#include <stdlib.h>

static void halve(curve *c) {
  for (uint32_t i = 0; 2 * i < c->count; i++) c->point[i] = c->point[2 * i];
  c->count = (c->count + 1) / 2;
  c->stride *= 2;
}

/* A run that was begun again at an earlier step: what it writes now stands for what was there before. */
static void forget_from(curve *c, double step) {
  while (c->count > 0 && c->point[c->count - 1].step >= step) c->count--;
  c->seen = c->count * c->stride;
}

int curve_add(curve *c, curve_point p) {
  if (c->point == NULL) {
    c->point = malloc(MOST_POINTS * sizeof *c->point);
    if (c->point == NULL) return 0;
    c->stride = 1;
  }
  if (c->seen > 0 && c->last.step >= p.step) forget_from(c, p.step);
  if (c->seen % c->stride == 0) {
    if (c->count == MOST_POINTS) halve(c);
    if (c->seen % c->stride == 0) c->point[c->count++] = p;
  }
  c->seen++;
  c->last = p;
  return 1;
}

static curve_point shown(const curve *c, uint32_t i) { return i < c->count ? c->point[i] : c->last; }

void curve_print(const curve *c, json *j, double start) {
  uint32_t n = c->count;
  if (n == 0 || c->point[n - 1].step != c->last.step) n++;
  json_number(j, "seen", (double)c->seen);
  json_begin(j, "step", '[');
  for (uint32_t i = 0; i < n; i++) json_number(j, NULL, shown(c, i).step);
  json_end(j, ']');
  json_begin(j, "value", '[');
  for (uint32_t i = 0; i < n; i++) json_number(j, NULL, shown(c, i).value);
  json_end(j, ']');
  json_begin(j, "time", '[');
  for (uint32_t i = 0; i < n; i++) json_seconds(j, NULL, shown(c, i).wall_time - start);
  json_end(j, ']');
}

void curve_finish(curve *c) { free(c->point); }
