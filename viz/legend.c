/* legend.c - the title of a picture and what its colours mean (viz). Only what is there is explained. */
#include <stdio.h>
#include <string.h>
#include "heat.h"
#include "label.h"

static const look looks[N_LOOKS] = {
    {"box", "#eef3fb", "#4a6fa5", "rounded,filled", "operation"},
    {"box", "#f6f2e7", "#a08a4a", "rounded,filled", "folded part"},
    {"cylinder", "#fbe9dd", "#c06a2b", "filled", "variable"},
    {"cylinder", "#f8d3b8", "#a94f12", "filled", "trained variable"},
    {"polygon", "#e4f4e7", "#3c8d57", "filled", "fed"},
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

static const char *const joints[MOST_JOINTS + 1] = {"#0b6e4f", "#6a1b9a", "#1f4fa3", "#b3006b",
                                                    "#8a5a00", "#00707a", "#555555"};
const char *draw_joint(uint32_t i) { return joints[i < MOST_JOINTS ? i : MOST_JOINTS]; }

typedef struct writer {
  char text[16384];
  size_t at;
} writer;
static void put(writer *w, const char *text) {
  size_t n = strlen(text);
  if (w->at + n + 1 > sizeof w->text) return;
  memcpy(w->text + w->at, text, n + 1);
  w->at += n;
}

static void put_swatch(writer *w, const char *fill, const char *line, const char *words) {
  char cell[640], safe[256];
  snprintf(cell, sizeof cell, "<TD BORDER=\"1\" COLOR=\"%s\" BGCOLOR=\"%s\" STYLE=\"rounded\">%s</TD>", line, fill,
           label_html(words, 40, safe, sizeof safe));
  put(w, cell);
}

static void put_words(writer *w, const char *colour, const char *words) {
  char cell[640], safe[512];
  snprintf(cell, sizeof cell, "<TD><FONT COLOR=\"%s\">%s</FONT></TD>", colour,
           label_html(words, 80, safe, sizeof safe));
  put(w, cell);
}

/* Each row is a table of its own, so that the columns do not meet. */
static void begin_row(writer *w) {
  put(w, "<TR><TD><TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"4\" CELLPADDING=\"3\"><TR>");
}
static void end_row(writer *w) { put(w, "</TR></TABLE></TD></TR>"); }

static void put_looks(writer *w, const picture *p) {
  begin_row(w);
  for (uint32_t i = 0; i < N_LOOKS; i++)
    if (p->looks[i]) put_swatch(w, p->options->heat ? "#ffffff" : looks[i].fill, looks[i].line, looks[i].words);
  if (!p->options->heat)
    for (uint32_t i = 0; i < p->n_paints; i++) put_swatch(w, paints[i], "#555555", p->paint[i]);
  if (p->fold.count == 0) put(w, "<TD>an empty graph</TD>");
  end_row(w);
}

static void put_lines(writer *w, const picture *p) {
  static const struct {
    unsigned line;
    const char *colour, *words;
  } lines[] = {{LINE_CONTROL, "#6b7785", "\xc2\xb7\xc2\xb7\xc2\xb7\xe2\x96\xb7 runs after"},
               {LINE_LOOP, "#7a4fa0", "- - \xe2\x96\xb6 a loop's next turn"},
               {LINE_AGAIN, "#a08a4a", "- - \xe2\x96\xb6 to the next of what is drawn once"},
               {LINE_COPIED, "#c2185b", "\xe2\x80\x94\xe2\x96\xb6 copied to another device"}};
  if (p->lines == 0) return;
  begin_row(w);
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
    if (p->lines & lines[i].line) put_words(w, lines[i].colour, lines[i].words);
  end_row(w);
}

static void put_heat_step(writer *w, const heat_step *s) {
  char cell[256];
  snprintf(cell, sizeof cell, "<TD BGCOLOR=\"%s\"><FONT COLOR=\"%s\">%s</FONT></TD>", s->fill, s->text, s->words);
  put(w, cell);
}

static void put_heat(writer *w, const picture *p) {
  char total[64], words[200];
  if (!p->options->heat) return;
  heat_print(p, p->total_heat, total, sizeof total);
  snprintf(words, sizeof words, "%.80s, share of %s:", p->options->heat_title ? p->options->heat_title : "heat", total);
  begin_row(w);
  put_words(w, "#5a6675", words);
  for (int i = 0; i < HEAT_STEPS; i++) put_heat_step(w, &heat_steps[i]);
  put_words(w, "#7a7a7a", "white: did not run");
  for (uint32_t i = 0; i < p->n_paints; i++) put_swatch(w, "#ffffff", paints[i], p->paint[i]);
  end_row(w);
}

static void put_joints(writer *w, const picture *p) {
  if (p->n_joints == 0) return;
  begin_row(w);
  put_words(w, "#5a6675", "ran as one, by border:");
  for (uint32_t i = 0; i < p->n_joints; i++) put_swatch(w, "#ffffff", draw_joint(i), p->joint[i]);
  end_row(w);
}

void draw_legend(picture *p) {
  writer w = {.at = 0};
  char title[1024];
  put(&w, "<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"0\">");
  if (p->options->title != NULL) {
    put(&w, "<TR><TD><FONT POINT-SIZE=\"14\">");
    put(&w, label_html(p->options->title, 120, title, sizeof title));
    put(&w, "</FONT></TD></TR>");
  }
  put_looks(&w, p);
  put_lines(&w, p);
  put_heat(&w, p);
  put_joints(&w, p);
  put(&w, "</TABLE>");
  char *html = agstrdup_html(p->root, w.text);
  agattr(p->root, AGRAPH, draw_name("label"), draw_name(""));
  if (html != NULL) agset(p->root, draw_name("label"), html);
  draw_set(p->root, "labelloc", "t");
}
