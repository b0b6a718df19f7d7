/* tip.c - what a box tells when the mouse rests on it (viz).
 *
 * A node: its op, outputs, device and every attribute. A folded box: what it holds most of, and what took most. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "attr.h"
#include "heat.h"
#include "label.h"

enum { TIP_BYTES = 6000, MOST_LINES = 64, MOST_HOT = 5 };

static void write_node(FILE *to, const picture *p, rn_node_id n) {
  const rn_graph *g = p->graph;
  char type[192];
  fprintf(to, " = %.100s", rn_graph_op(g, n));
  for (uint32_t i = 0; i < rn_graph_output_count(g, n) && i < 4; i++) {
    draw_type(g, (rn_value){n, i}, type, sizeof type);
    fprintf(to, "%s%s", i == 0 ? "\ngives " : ", ", type);
  }
  if (rn_graph_device(g, n) && *rn_graph_device(g, n)) fprintf(to, "\ndevice: %.100s", rn_graph_device(g, n));
  for (uint32_t i = 0; i < rn_graph_attr_count(g, n); i++) {
    const char *name = rn_graph_attr_name(g, n, i);
    rn_attr_value v;
    rn_status *missing = rn_graph_attr(g, n, name, 0, &v);
    rn_status_free(missing);
    if (missing != NULL) continue;
    fprintf(to, "\n%.60s: ", name);
    attr_write(to, &v);
  }
}

static void write_contents(FILE *to, const picture *p, uint32_t box) {
  const contents *c = &p->contents[box];
  fprintf(to, "\n%u nodes", p->fold.boxes[box].count);
  for (uint32_t i = 0; i < c->n; i++) fprintf(to, "%s%u %.60s", i == 0 ? "\n" : ", ", c->count[i], c->op[i]);
}

static double heat_of_node(const picture *p, rn_node_id n) { return p->options->heat(p->options->run_arg, n); }

static void write_heat(FILE *to, const picture *p, double value) {
  char text[64];
  heat_print(p, value, text, sizeof text);
  fprintf(to, "%s, %.2g %%", text, 100 * heat_share(p, value));
}

static void write_note(FILE *to, const picture *p, rn_node_id n, const char *before) {
  const char *note = p->options->note ? p->options->note(p->options->run_arg, n) : NULL;
  if (note && *note) fprintf(to, "%s%.1000s", before, note);
}

/* The nodes of a folded box that took most, by hand into a short list. */
static void write_hottest(FILE *to, const picture *p, uint32_t box) {
  rn_node_id hot[MOST_HOT];
  double value[MOST_HOT];
  uint32_t n_hot = 0;
  for (rn_node_id n = 0; n < rn_graph_node_count(p->graph); n++) {
    double v = p->fold.of_node[n] == box ? heat_of_node(p, n) : -1;
    uint32_t i = n_hot;
    if (!(v > 0) || (n_hot == MOST_HOT && v <= value[MOST_HOT - 1])) continue;
    if (n_hot == MOST_HOT) i--;
    for (; i > 0 && value[i - 1] < v; i--) {
      value[i] = value[i - 1];
      hot[i] = hot[i - 1];
    }
    value[i] = v;
    hot[i] = n;
    if (n_hot < MOST_HOT) n_hot++;
  }
  for (uint32_t i = 0; i < n_hot; i++) {
    fprintf(to, "\n%.100s: ", rn_graph_name(p->graph, hot[i]));
    write_heat(to, p, value[i]);
    write_note(to, p, hot[i], "; ");
  }
}

static void write_run(FILE *to, const picture *p, uint32_t box) {
  const rn_viz_options *o = p->options;
  const viz_box *b = &p->fold.boxes[box];
  if (o->heat && p->heat[box] >= 0) {
    fprintf(to, "\n%.60s: ", o->heat_title ? o->heat_title : "heat");
    write_heat(to, p, p->heat[box]);
  } else if (o->heat) {
    fputs("\ndid not run", to);
  }
  if (o->heat && b->count > 1) write_hottest(to, p, box);
  if (b->node != RN_NO_NODE) write_note(to, p, b->node, "\n");
}

/* Each line made safe; lines are parted by Graphviz's own escape. */
static void make_safe(char *plain, char *buf, size_t size_bytes) {
  size_t at = 0, lines = 0;
  for (char *line = plain, *end; line != NULL && lines < MOST_LINES && at + 400 < size_bytes; line = end, lines++) {
    end = strchr(line, '\n');
    if (end) *end++ = '\0';
    if (lines > 0) at += (size_t)snprintf(buf + at, size_bytes - at, "\\n");
    label_text(line, 300, buf + at, size_bytes - at);
    at += strlen(buf + at);
  }
}

void draw_tip(const picture *p, uint32_t box, Agnode_t *n) {
  const viz_box *b = &p->fold.boxes[box];
  char *plain = NULL, safe[TIP_BYTES] = "";
  size_t size = 0;
  FILE *to = open_memstream(&plain, &size);
  if (to == NULL) return;
  char name[400];
  snprintf(name, sizeof name, "%.300s", b->path);
  for (char *c = name; *c; c++)
    if (*c == '\n') *c = '?';
  fputs(name, to);
  if (b->node != RN_NO_NODE)
    write_node(to, p, b->node);
  else
    write_contents(to, p, box);
  if (b->kind == BOX_NODE && b->count > 1)
    fprintf(to, "\nwith %u nodes of its parameters",
            (uint32_t)(b->count / repeats_times(&p->fold.repeats, b->repeat)) - 1);
  for (uint32_t r = b->repeat; r != REPEAT_NONE; r = p->fold.repeats.list[r].parent)
    fprintf(to, "\none of %u: %.120s", p->fold.repeats.list[r].times, p->fold.repeats.list[r].title);
  write_run(to, p, box);
  fclose(to);
  if (plain) make_safe(plain, safe, sizeof safe);
  free(plain);
  draw_set(n, "tooltip", safe);
}
