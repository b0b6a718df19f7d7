/* draw.h - what the files that make a picture share (viz). */
#ifndef RN_VIZ_DRAW_H
#define RN_VIZ_DRAW_H
#include <graphviz/cgraph.h>
#include <runnel/viz.h>
#include "fold.h"

enum {
  LOOK_OP,
  LOOK_SCOPE,
  LOOK_VARIABLE,
  LOOK_TRAINED,
  LOOK_PLACEHOLDER,
  LOOK_CONSTANT,
  LOOK_LOOP,
  LOOK_CALL,
  LOOK_UNKNOWN,
  N_LOOKS
};
typedef struct look {
  const char *shape, *fill, *line, *style, *words;
} look;
enum { READ_BY_MODEL = 1, READ_BY_TRAINING = 2 };
enum { LINE_CONTROL = 1, LINE_LOOP = 2, LINE_AGAIN = 4, LINE_COPIED = 8 }; /* lines that the legend explains */
enum { MOST_PAINTS = 8, MOST_JOINTS = 6, MOST_KINDS = 16 };
/* Ops of a folded box, the most frequent first. */
typedef struct contents {
  const char *op[MOST_KINDS];
  uint32_t count[MOST_KINDS], n;
} contents;
typedef struct picture {
  Agraph_t *root;
  const rn_graph *graph;
  const rn_viz_options *options;
  fold fold;
  Agnode_t **box;         /* per box of the fold */
  contents *contents;     /* the same */
  double *heat;           /* the same: the sum inside; below 0: none of it ran */
  uint32_t *inside;       /* per repeat: boxes in its first turn */
  unsigned char *read_by; /* per node: READ_BY_* */
  unsigned char looks[N_LOOKS];
  unsigned lines;                 /* LINE_*: those drawn */
  const char *paint[MOST_PAINTS]; /* texts by which nodes are coloured, in the order of first sight */
  uint32_t n_paints;
  char *joint[MOST_JOINTS]; /* texts of nodes that ran as one. owned */
  uint32_t n_joints;
  double total_heat;
} picture;

void draw_set(void *object, const char *name, const char *value);
char *draw_name(const char *s); /* Graphviz takes names that it does not change as char * */
void draw_type(const rn_graph *g, rn_value v, char *buf, size_t size_bytes); /* "float[?,784]" */
const look *draw_look(uint32_t which);
const char *draw_colour(const picture *p, const char *paint);
const char *draw_joint(uint32_t i); /* the border of the i-th text of nodes that ran as one */
rn_status *draw_boxes(picture *p);  /* box.c */
rn_status *draw_edges(picture *p);  /* edge.c */
void draw_readers(picture *p);      /* edge.c: fills read_by; first of all */
void draw_legend(picture *p);       /* legend.c: the title, and what each colour and line means that is there */
/* The frame that a box of this path stands in, made on first use with those around it (frame.c). */
Agraph_t *draw_frame(const picture *p, const viz_box *b);
void draw_tip(const picture *p, uint32_t box, Agnode_t *n); /* tip.c */
#endif
