/* paper.h - a sheet of paper that becomes the bytes of a picture (viz). For plot.c and roofline.c. */
#ifndef RN_VIZ_PAPER_H
#define RN_VIZ_PAPER_H
#include <cairo.h>
#include <runnel/status.h>

#define PAPER_FONT 12.0
typedef struct paper {
  cairo_t *c;
  cairo_surface_t *surface;
  char *data;
  size_t size, room;
  int is_svg;
} paper;
/* White, with the font set. format: "svg" or "png". paper_end follows, whatever happens. */
void paper_begin(paper *p, const char *format, double width, double height);
/* own: *out_bytes owned, free(). err RESOURCE_EXHAUSTED, INTERNAL (cairo's own words) */
rn_status *paper_end(paper *p, char **out_bytes, size_t *out_size);
double paper_text_width(cairo_t *c, const char *text);
/* align 0: x is where it begins; 0.5: its middle; 1: its end. */
void paper_text(cairo_t *c, double x, double y, double align, const char *text);
/* Colours that stay apart for colour-blind eyes (Okabe and Ito 2008) and in grey print; the i-th, again and again. */
const double *paper_colour(uint32_t i);
#endif
