/* legend.c - the title of a picture and what its colours mean (viz). Only what is there is explained. */
#include <stdio.h>
#include <string.h>
#include "draw.h"
#include "label.h"

static const look looks[N_LOOKS] = {
    {"box", "#eef3fb", "#4a6fa5", "rounded,filled", "operation"},
    {"box", "#f6f2e7", "#a08a4a", "rounded,filled", "folded part"},
    {"cylinder", "#fbe9dd", "#c06a2b", "filled", "variable"},
    {"cylinder", "#f8d3b8", "#a94f12", "filled", "trained variable"},
    {"parallelogram", "#e4f4e7", "#3c8d57", "filled", "fed"},
    {"ellipse", "#f4f4f4", "#8a8a8a", "filled", "constant"},
    {"hexagon", "#efe6f7", "#7a4fa0", "filled", "control flow"},
    {"box", "#e2f3f5", "#2b7f8c", "filled", "function call"},
    {"octagon", "#fde8e8", "#c0392b", "filled,dashed", "unknown operation"},
};
const look *draw_look(uint32_t which) { return &looks[which]; }

/* Light fills on which black text reads well; apart for colour-blind eyes. */
static const char *const paints[MOST_PAINTS] = {"#a6cee3", "#fdbf6f", "#b2df8a", "#cab2d6",
                                                "#ffff99", "#fb9a99", "#d9d9d9", "#b3e2cd"};
const char *draw_colour(const picture *p, const char *paint) {
  for (uint32_t i = 0; i < p->n_paints; i++)
    if (strcmp(p->paint[i], paint) == 0) return paints[i];
  return paints[MOST_PAINTS - 1];
}

typedef struct writer {
  char text[8192];
  size_t at;
} writer;
static void put(writer *w, const char *text) {
  size_t n = strlen(text);
  if (w->at + n + 1 > sizeof w->text) return;
  memcpy(w->text + w->at, text, n + 1);
  w->at += n;
}

static void put_swatch(writer *w, const char *fill, const char *line, const char *words) {
  char cell[512], safe[256];
  snprintf(cell, sizeof cell, "<TD BORDER=\"1\" COLOR=\"%s\" BGCOLOR=\"%s\" STYLE=\"rounded\">%s</TD>", line, fill,
           label_html(words, 40, safe, sizeof safe));
  put(w, cell);
}

void draw_legend(picture *p) {
  writer w = {.at = 0};
  char title[1024];
  put(&w, "<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"6\" CELLPADDING=\"4\">");
  if (p->options->title != NULL) {
    put(&w, "<TR><TD COLSPAN=\"20\"><FONT POINT-SIZE=\"14\">");
    put(&w, label_html(p->options->title, 120, title, sizeof title));
    put(&w, "</FONT></TD></TR>");
  }
  put(&w, "<TR>");
  for (uint32_t i = 0; i < N_LOOKS; i++)
    if (p->looks[i]) put_swatch(&w, looks[i].fill, looks[i].line, looks[i].words);
  for (uint32_t i = 0; i < p->n_paints; i++) put_swatch(&w, paints[i], "#555555", p->paint[i]);
  if (p->fold.count == 0) put(&w, "<TD>an empty graph</TD>");
  put(&w, "</TR></TABLE>");
  char *html = agstrdup_html(p->root, w.text);
  agattr(p->root, AGRAPH, draw_name("label"), draw_name(""));
  if (html != NULL) agset(p->root, draw_name("label"), html);
  draw_set(p->root, "labelloc", "t");
}
