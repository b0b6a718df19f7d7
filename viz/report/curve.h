/* curve.h - a scalar over a run, kept to what a page can draw (viz/report). */
#ifndef RN_REPORT_CURVE_H
#define RN_REPORT_CURVE_H
#include "json.h"

enum { MOST_POINTS = 1000 };
typedef struct curve_point {
  double step, value, wall_time;
} curve_point;
/* Every stride-th point of those that came, and the last one. Starts zeroed. */
typedef struct curve {
  curve_point *point; /* MOST_POINTS of them. owned */
  curve_point last;
  uint32_t count;
  uint64_t stride, seen;
} curve;
int curve_add(curve *c, curve_point p);                  /* 0: out of memory */
void curve_print(const curve *c, json *j, double start); /* times count from start, in seconds */
void curve_finish(curve *c);
#endif
