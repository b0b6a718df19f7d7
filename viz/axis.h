/* axis.h - from values to places on paper, and which values get a mark (viz). For plot.c and roofline.c. */
#ifndef RN_VIZ_AXIS_H
#define RN_VIZ_AXIS_H
#include <stddef.h>
#include <stdint.h>

enum { AXIS_MARKS = 16 };
typedef struct axis {
  double low, high; /* of what is shown, logarithms taken where is_log */
  double from, to;  /* their places */
  int is_log;
  uint32_t n_marks;
  double mark[AXIS_MARKS]; /* values */
} axis;
/* Room for [low, high] and marks at round values. A log axis takes what is above 0; low > high: [0, 1]. */
void axis_init(axis *a, double low, double high, int is_log);
double axis_place(const axis *a, double value);
/* The mark in as few digits as tell it from its neighbours. Returns buf. */
const char *axis_text(const axis *a, uint32_t mark, char *buf, size_t size_bytes);
#endif
