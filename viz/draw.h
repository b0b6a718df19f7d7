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
enum { MOST_PAINTS = 8, MOST_KINDS = 16 };
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
  unsigned char *read_by; /* per node: READ_BY_* */
  unsigned char looks[N_LOOKS];
  const char *paint[MOST_PAINTS]; /* texts by which nodes are coloured, in the order of first sight */
  uint32_t n_paints;
} picture;

void draw_set(void *object, const char *name, const char *value);
char *draw_name(const char *s); /* Graphviz takes names that it does not change as char * */
void draw_type(const rn_graph *g, rn_value v, char *buf, size_t size_bytes); /* "float[?,784]" */
const look *draw_look(uint32_t which);
const char *draw_colour(const picture *p, const char *paint);
rn_status *draw_boxes(picture *p); /* box.c */
void draw_edges(picture *p);       /* edge.c */
void draw_legend(picture *p);      /* legend.c: the title, and what each colour means that is there */
void draw_readers(picture *p);     /* edge.c: fills read_by; first of all */
#endif
