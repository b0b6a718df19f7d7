/* paper.c - a sheet of paper that becomes the bytes of a picture (viz). */
#include "paper.h"
#include <cairo-svg.h>
#include <stdlib.h>
#include <string.h>

static cairo_status_t keep(void *arg, const unsigned char *data, unsigned n) {
  paper *p = arg;
  if (p->room - p->size < n) {
    size_t room = 2 * p->room + n + 4096;
    char *more = realloc(p->data, room);
    if (more == NULL) return CAIRO_STATUS_NO_MEMORY;
    p->data = more;
    p->room = room;
  }
  memcpy(p->data + p->size, data, n);
  p->size += n;
  return CAIRO_STATUS_SUCCESS;
}

void paper_begin(paper *p, const char *format, double width, double height) {
  *p = (paper){.is_svg = strcmp(format, "svg") == 0};
  p->surface = p->is_svg ? cairo_svg_surface_create_for_stream(keep, p, width, height)
                         : cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)width, (int)height);
  p->c = cairo_create(p->surface);
  cairo_select_font_face(p->c, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(p->c, PAPER_FONT);
  cairo_set_source_rgb(p->c, 1, 1, 1);
  cairo_paint(p->c);
}

rn_status *paper_end(paper *p, char **out_bytes, size_t *out_size) {
  cairo_status_t failed = cairo_status(p->c);
  cairo_destroy(p->c);
  if (failed == CAIRO_STATUS_SUCCESS && !p->is_svg) failed = cairo_surface_write_to_png_stream(p->surface, keep, p);
  cairo_surface_finish(p->surface);
  if (failed == CAIRO_STATUS_SUCCESS) failed = cairo_surface_status(p->surface);
  cairo_surface_destroy(p->surface);
  if (failed != CAIRO_STATUS_SUCCESS) {
    free(p->data);
    return rn_status_make(failed == CAIRO_STATUS_NO_MEMORY ? RN_RESOURCE_EXHAUSTED : RN_INTERNAL,
                          "the picture cannot be drawn: %s", cairo_status_to_string(failed));
  }
  *out_bytes = p->data;
  *out_size = p->size;
  return NULL;
}

double paper_text_width(cairo_t *c, const char *text) {
  cairo_text_extents_t e;
  cairo_text_extents(c, text, &e);
  return e.x_advance;
}

void paper_text(cairo_t *c, double x, double y, double align, const char *text) {
  cairo_move_to(c, x - align * paper_text_width(c, text), y);
  cairo_show_text(c, text);
}

const double *paper_colour(uint32_t i) {
  static const double palette[][3] = {{0.00, 0.45, 0.70}, {0.84, 0.37, 0.00}, {0.00, 0.62, 0.45}, {0.80, 0.47, 0.65},
                                      {0.90, 0.62, 0.00}, {0.34, 0.71, 0.91}, {0.35, 0.35, 0.35}};
  return palette[i % (sizeof palette / sizeof palette[0])];
}
