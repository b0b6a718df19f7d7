/* plot.c - curves over steps, drawn with cairo (viz).
 *
 * On white, with colours that stay apart for colour-blind eyes (Okabe and Ito 2008) and in grey print. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <runnel/plot.h>
#include "axis.h"
#include "paper.h"

typedef struct sheet {
  cairo_t *c;
  const rn_plot_options *o;
  axis x, y;
  double width, height;
} sheet;
static int is_shown(const sheet *s, double v) { return isfinite(v) && !(s->y.is_log && v <= 0); }

static void find_ranges(sheet *s, const rn_curve *curves, uint32_t n) {
  double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
  s->y.is_log = (s->o->flags & RN_PLOT_LOG_Y) != 0;
  for (uint32_t i = 0; i < n; i++)
    for (uint32_t k = 0; k < curves[i].count; k++) {
      double v[2] = {curves[i].x[k], curves[i].y[k]};
      if (!is_shown(s, v[1]) || !isfinite(v[0])) continue;
      for (int d = 0; d < 2; d++) {
        low[d] = v[d] < low[d] ? v[d] : low[d];
        high[d] = v[d] > high[d] ? v[d] : high[d];
      }
    }
  axis_init(&s->x, low[0], high[0], 0);
  axis_init(&s->y, low[1], high[1], s->y.is_log);
}

/* The frame takes what the marks' texts, the title and the legend leave. */
static void lay_out(sheet *s) {
  char text[32];
  double widest = 0;
  for (uint32_t i = 0; i < s->y.n_marks; i++) {
    double w = paper_text_width(s->c, axis_text(&s->y, i, text, sizeof text));
    widest = w > widest ? w : widest;
  }
  s->x.from = widest + 20;
  s->x.to = s->width - 18;
  s->y.from = s->height - (s->o->x_label != NULL ? 44 : 28);
  s->y.to = s->o->title != NULL ? 36 : 16;
}

static void draw_axes(sheet *s) {
  char text[32];
  cairo_t *c = s->c;
  cairo_set_line_width(c, 1);
  for (uint32_t i = 0; i < s->y.n_marks; i++) {
    double y = floor(axis_place(&s->y, s->y.mark[i])) + 0.5;
    cairo_set_source_rgb(c, 0.88, 0.88, 0.88);
    cairo_move_to(c, s->x.from, y);
    cairo_line_to(c, s->x.to, y);
    cairo_stroke(c);
    cairo_set_source_rgb(c, 0.25, 0.25, 0.25);
    paper_text(c, s->x.from - 8, y + PAPER_FONT * 0.35, 1, axis_text(&s->y, i, text, sizeof text));
  }
  for (uint32_t i = 0; i < s->x.n_marks; i++)
    paper_text(c, axis_place(&s->x, s->x.mark[i]), s->y.from + 18, 0.5, axis_text(&s->x, i, text, sizeof text));
  cairo_set_source_rgb(c, 0.55, 0.55, 0.55);
  cairo_move_to(c, s->x.from, s->y.from + 0.5);
  cairo_line_to(c, s->x.to, s->y.from + 0.5);
  cairo_stroke(c);
  cairo_set_source_rgb(c, 0.25, 0.25, 0.25);
  if (s->o->x_label != NULL) paper_text(c, (s->x.from + s->x.to) / 2, s->height - 10, 0.5, s->o->x_label);
  if (s->o->title == NULL) return;
  cairo_set_font_size(c, PAPER_FONT + 2);
  paper_text(c, s->x.from, 22, 0, s->o->title);
  cairo_set_font_size(c, PAPER_FONT);
}

/* weight 0: as it is. Else the mean of what came before, each step weighing that much less, without the pull to 0 of a
 * mean that starts there. */
static void trace(const sheet *s, const rn_curve *v, double weight) {
  double mean = 0, share = 0;
  int pen_down = 0;
  for (uint32_t k = 0; k < v->count; k++) {
    if (!is_shown(s, v->y[k])) {
      pen_down = 0;
      continue;
    }
    mean = mean * weight + v->y[k] * (1 - weight);
    share = share * weight + (1 - weight);
    double x = axis_place(&s->x, v->x[k]), y = axis_place(&s->y, mean / share);
    if (pen_down)
      cairo_line_to(s->c, x, y);
    else
      cairo_move_to(s->c, x, y);
    pen_down = 1;
  }
  cairo_stroke(s->c);
}

static void draw_curve(const sheet *s, const rn_curve *v, const double colour[3]) {
  cairo_set_line_join(s->c, CAIRO_LINE_JOIN_ROUND);
  cairo_set_line_cap(s->c, CAIRO_LINE_CAP_ROUND); /* a single point is a dot */
  if (s->o->smoothing > 0) {
    cairo_set_source_rgba(s->c, colour[0], colour[1], colour[2], 0.25);
    cairo_set_line_width(s->c, 1);
    trace(s, v, 0);
  }
  cairo_set_source_rgb(s->c, colour[0], colour[1], colour[2]);
  cairo_set_line_width(s->c, 1.8);
  trace(s, v, s->o->smoothing);
}

/* In the upper right corner, where falling losses leave room. */
static void draw_legend(const sheet *s, const rn_curve *curves, uint32_t n) {
  double widest = 0, line = PAPER_FONT * 1.5;
  for (uint32_t i = 0; i < n; i++) {
    double w = paper_text_width(s->c, curves[i].name);
    widest = w > widest ? w : widest;
  }
  double x = s->x.to - widest - 34, y = s->y.to + 6;
  cairo_set_source_rgba(s->c, 1, 1, 1, 0.85);
  cairo_rectangle(s->c, x - 6, y - 4, widest + 40, line * n + 6);
  cairo_fill(s->c);
  for (uint32_t i = 0; i < n; i++, y += line) {
    const double *colour = paper_colour(i);
    cairo_set_source_rgb(s->c, colour[0], colour[1], colour[2]);
    cairo_set_line_width(s->c, 3);
    cairo_move_to(s->c, x, y + line / 2 - 2);
    cairo_line_to(s->c, x + 20, y + line / 2 - 2);
    cairo_stroke(s->c);
    cairo_set_source_rgb(s->c, 0.15, 0.15, 0.15);
    paper_text(s->c, x + 28, y + PAPER_FONT, 0, curves[i].name);
  }
}

static void draw(sheet *s, const rn_curve *curves, uint32_t n) {
  find_ranges(s, curves, n);
  lay_out(s);
  draw_axes(s);
  cairo_save(s->c);
  cairo_rectangle(s->c, s->x.from, s->y.to - 2, s->x.to - s->x.from + 4, s->y.from - s->y.to + 4);
  cairo_clip(s->c);
  for (uint32_t i = 0; i < n; i++) draw_curve(s, &curves[i], paper_colour(i));
  cairo_restore(s->c);
  draw_legend(s, curves, n);
}

static rn_status *check(const rn_curve *curves, uint32_t n, const rn_plot_options *o) {
  uint64_t points = 0;
  for (uint32_t i = 0; i < n; i++) points += curves[i].count;
  if (points == 0) return rn_status_make(RN_INVALID_ARGUMENT, "there is no point to draw");
  if (o->format == NULL || (strcmp(o->format, "svg") != 0 && strcmp(o->format, "png") != 0))
    return rn_status_make(RN_INVALID_ARGUMENT, "a plot is svg or png, not '%s'", o->format != NULL ? o->format : "");
  if (!(o->smoothing >= 0 && o->smoothing < 1))
    return rn_status_make(RN_INVALID_ARGUMENT, "smoothing is from 0 to below 1, not %g", o->smoothing);
  if (o->width > 16384 || o->height > 16384)
    return rn_status_make(RN_INVALID_ARGUMENT, "a plot of %u x %u pixels; 16384 each way are possible", o->width,
                          o->height);
  return NULL;
}

rn_status *rn_plot_draw(const rn_curve *curves, uint32_t n, const rn_plot_options *given, char **out_bytes,
                        size_t *out_size) {
  rn_plot_options o = {0};
  paper p;
  memcpy(&o, given, given->struct_size < sizeof o ? given->struct_size : sizeof o);
  RN_TRY(check(curves, n, &o));
  sheet s = {.o = &o, .width = o.width != 0 ? o.width : 720, .height = o.height != 0 ? o.height : 420};
  paper_begin(&p, o.format, s.width, s.height);
  s.c = p.c;
  draw(&s, curves, n);
  return paper_end(&p, out_bytes, out_size);
}

void rn_plot_free(char *data) { free(data); }
