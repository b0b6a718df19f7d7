/* roofline.c - operations per second over operations per byte, below a machine's roof, with cairo (viz).
 *
 * Dots bear numbers, the list beside the picture their names: programs of one graph often lie close together. */
#include <math.h>
#include <runnel/roofline.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "axis.h"
#include "paper.h"

enum { MOST_DOTS = 256, LISTED = 24, RADIUS = 9 };
typedef struct chart {
  paper p;
  cairo_t *c;
  const rn_roofline_options *o;
  axis x, y;
  double width, height, list; /* list: where the names begin */
} chart;

static int is_shown(const rn_roofline_dot *d) {
  return isfinite(d->operations) && isfinite(d->bytes) && isfinite(d->seconds) && d->operations > 0 && d->bytes > 0 &&
         d->seconds > 0;
}
static double intensity(const rn_roofline_dot *d) { return d->operations / d->bytes; }
static double speed(const rn_roofline_dot *d) { return d->operations / d->seconds; }
static double roof_at(const chart *h, double x) {
  return fmin(x * h->o->bytes_per_second, h->o->operations_per_second);
}

/* "91.8 TOPS", "34 GB/s" */
static const char *amount(double v, const char *unit, char *buf, size_t size_bytes) {
  static const char *const prefix[] = {"", "k", "M", "G", "T", "P"};
  int k = 0;
  while (v >= 999.5 && k < 5) v /= 1000, k++;
  snprintf(buf, size_bytes, "%.3g %s%s", v, prefix[k], unit);
  return buf;
}

static void find_ranges(chart *h, const rn_roofline_dot *dots, uint32_t n) {
  double ridge = h->o->operations_per_second / h->o->bytes_per_second;
  double low[2] = {ridge / 4, h->o->operations_per_second / 4},
         high[2] = {ridge * 4, h->o->operations_per_second * 1.6};
  for (uint32_t i = 0; i < n; i++) {
    if (!is_shown(&dots[i])) continue;
    double x = intensity(&dots[i]), y = speed(&dots[i]);
    low[0] = fmin(low[0], x / 2), high[0] = fmax(high[0], x * 2);
    low[1] = fmin(low[1], y / 2), high[1] = fmax(high[1], y * 1.6);
  }
  axis_init(&h->x, low[0], high[0], 1);
  axis_init(&h->y, low[1], high[1], 1);
}

static void lay_out(chart *h, const rn_roofline_dot *dots, uint32_t n) {
  double widest = 60;
  for (uint32_t i = 0; i < n && i < LISTED; i++) widest = fmax(widest, paper_text_width(h->c, dots[i].name));
  h->x.from = 78;
  h->list = h->width - fmin(widest, h->width * 0.35) - 14;
  h->x.to = h->list - 34;
  h->y.from = h->height - 48;
  h->y.to = h->o->title != NULL ? 40 : 18;
}

static void draw_axes(const chart *h) {
  char text[48];
  cairo_t *c = h->c;
  cairo_set_line_width(c, 1);
  for (uint32_t i = 0; i < h->x.n_marks; i++) {
    double x = floor(axis_place(&h->x, h->x.mark[i])) + 0.5;
    cairo_set_source_rgb(c, 0.9, 0.9, 0.9);
    cairo_move_to(c, x, h->y.from);
    cairo_line_to(c, x, h->y.to);
    cairo_stroke(c);
    cairo_set_source_rgb(c, 0.25, 0.25, 0.25);
    paper_text(c, x, h->y.from + 18, 0.5, axis_text(&h->x, i, text, sizeof text));
  }
  for (uint32_t i = 0; i < h->y.n_marks; i++) {
    double y = floor(axis_place(&h->y, h->y.mark[i])) + 0.5;
    cairo_set_source_rgb(c, 0.9, 0.9, 0.9);
    cairo_move_to(c, h->x.from, y);
    cairo_line_to(c, h->x.to, y);
    cairo_stroke(c);
    cairo_set_source_rgb(c, 0.25, 0.25, 0.25);
    paper_text(c, h->x.from - 8, y + PAPER_FONT * 0.35, 1, amount(h->y.mark[i], "OPS", text, sizeof text));
  }
  paper_text(c, (h->x.from + h->x.to) / 2, h->height - 12, 0.5, "operations per byte of memory");
  if (h->o->title == NULL) return;
  cairo_set_font_size(c, PAPER_FONT + 2);
  paper_text(c, h->x.from, 24, 0, h->o->title);
  cairo_set_font_size(c, PAPER_FONT);
}

static void draw_roof(const chart *h) {
  char text[48];
  cairo_t *c = h->c;
  double low = pow(10, h->x.low), high = pow(10, h->x.high);
  double ridge = h->o->operations_per_second / h->o->bytes_per_second;
  cairo_save(c);
  cairo_rectangle(c, h->x.from, h->y.to, h->x.to - h->x.from, h->y.from - h->y.to);
  cairo_clip(c);
  cairo_set_source_rgb(c, 0.2, 0.2, 0.2);
  cairo_set_line_width(c, 2.2);
  cairo_set_line_join(c, CAIRO_LINE_JOIN_ROUND);
  cairo_move_to(c, axis_place(&h->x, low), axis_place(&h->y, roof_at(h, low)));
  cairo_line_to(c, axis_place(&h->x, ridge), axis_place(&h->y, h->o->operations_per_second));
  cairo_line_to(c, axis_place(&h->x, high), axis_place(&h->y, h->o->operations_per_second));
  cairo_stroke(c);
  cairo_restore(c);
  cairo_set_source_rgb(c, 0.2, 0.2, 0.2);
  double peak = axis_place(&h->y, h->o->operations_per_second);
  paper_text(c, h->x.to - 4, peak - 7, 1, amount(h->o->operations_per_second, "OPS", text, sizeof text));
  double left = fmax(low, pow(10, h->y.low) / h->o->bytes_per_second), middle = sqrt(left * ridge);
  double x = axis_place(&h->x, middle), y = axis_place(&h->y, roof_at(h, middle));
  double angle = atan2(peak - y, axis_place(&h->x, ridge) - x);
  cairo_save(c);
  cairo_translate(c, x, y);
  cairo_rotate(c, angle);
  paper_text(c, 0, -8, 0.5, amount(h->o->bytes_per_second, "B/s", text, sizeof text));
  cairo_restore(c);
}

static void draw_dot(const chart *h, const rn_roofline_dot *d, uint32_t number) {
  char text[16];
  const double *colour = paper_colour(number);
  double x = axis_place(&h->x, intensity(d)), y = axis_place(&h->y, speed(d));
  cairo_new_path(h->c);
  cairo_arc(h->c, x, y, RADIUS, 0, 2 * 3.14159265358979);
  cairo_set_source_rgba(h->c, colour[0], colour[1], colour[2], 0.9);
  cairo_fill_preserve(h->c);
  cairo_set_source_rgb(h->c, 1, 1, 1);
  cairo_set_line_width(h->c, 1);
  cairo_stroke(h->c);
  snprintf(text, sizeof text, "%u", number + 1);
  cairo_set_font_size(h->c, PAPER_FONT - 2);
  paper_text(h->c, x, y + 3.5, 0.5, text);
  cairo_set_font_size(h->c, PAPER_FONT);
}

static void list_name(const chart *h, const rn_roofline_dot *d, uint32_t number) {
  char text[200];
  const double *colour = paper_colour(number);
  double y = h->y.to + 8 + number * PAPER_FONT * 1.5;
  cairo_set_source_rgb(h->c, colour[0], colour[1], colour[2]);
  snprintf(text, sizeof text, "%u", number + 1);
  paper_text(h->c, h->list - 8, y, 1, text);
  cairo_set_source_rgb(h->c, 0.15, 0.15, 0.15);
  snprintf(text, sizeof text, "%s", d->name);
  size_t n = strlen(text);
  while (n > 4 && paper_text_width(h->c, text) > h->width - h->list - 6) { /* cut, at a character's beginning */
    do n--;
    while (n > 4 && ((unsigned char)d->name[n] & 0xc0) == 0x80);
    snprintf(text + n, sizeof text - n, "…");
  }
  paper_text(h->c, h->list, y, 0, text);
}

static rn_status *check(const rn_roofline_dot *dots, uint32_t n, const rn_roofline_options *o) {
  uint32_t shown = 0;
  for (uint32_t i = 0; i < n; i++) shown += is_shown(&dots[i]) != 0;
  if (o->format == NULL || (strcmp(o->format, "svg") != 0 && strcmp(o->format, "png") != 0))
    return rn_status_make(RN_INVALID_ARGUMENT, "a roofline is svg or png, not '%s'",
                          o->format != NULL ? o->format : "");
  if (!isfinite(o->operations_per_second) || !isfinite(o->bytes_per_second) || o->operations_per_second <= 0 ||
      o->bytes_per_second <= 0)
    return rn_status_make(RN_INVALID_ARGUMENT, "a roofline needs the machine's operations and bytes per second");
  if (shown == 0) return rn_status_make(RN_INVALID_ARGUMENT, "there is no program to draw");
  if (n > MOST_DOTS) return rn_status_make(RN_INVALID_ARGUMENT, "%u programs are more than %d", n, MOST_DOTS);
  if (o->width > 16384 || o->height > 16384)
    return rn_status_make(RN_INVALID_ARGUMENT, "a picture of %u x %u pixels; 16384 each way are possible", o->width,
                          o->height);
  return NULL;
}

rn_status *rn_roofline_draw(const rn_roofline_dot *dots, uint32_t n, const rn_roofline_options *given, char **out_bytes,
                            size_t *out_size) {
  rn_roofline_options o = {0};
  memcpy(&o, given, given->struct_size < sizeof o ? given->struct_size : sizeof o);
  RN_TRY(check(dots, n, &o));
  chart h = {.o = &o, .width = o.width != 0 ? o.width : 720, .height = o.height != 0 ? o.height : 460};
  paper_begin(&h.p, o.format, h.width, h.height);
  h.c = h.p.c;
  find_ranges(&h, dots, n);
  lay_out(&h, dots, n);
  draw_axes(&h);
  draw_roof(&h);
  for (uint32_t i = 0; i < n; i++)
    if (is_shown(&dots[i])) draw_dot(&h, &dots[i], i);
  for (uint32_t i = 0; i < n && i < LISTED; i++) list_name(&h, &dots[i], i);
  return paper_end(&h.p, out_bytes, out_size);
}

void rn_roofline_free(char *bytes) { free(bytes); }
