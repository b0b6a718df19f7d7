/* repeat.h - what comes several times in a graph and is drawn once (viz). */
#ifndef RN_VIZ_REPEAT_H
#define RN_VIZ_REPEAT_H
#include <runnel/graph.h>
struct fold; /* fold.h includes this */

#define REPEAT_NONE UINT32_MAX
typedef struct repeat {
  uint32_t parent; /* the one around it, whose first turn it is in; REPEAT_NONE */
  uint32_t times;
  char *scope; /* the scope whose parts are the turns; "": all. owned */
  char *title; /* "block_1 to block_12". owned */
} repeat;
typedef struct repeats {
  repeat *list;
  uint32_t n, capacity;
  uint32_t n_atoms;
  uint32_t *atom; /* per node: its box when nothing was folded */
  rn_node_id *node;
  uint32_t *twin, *of, *turn; /* per atom: its like in the first turn, or itself; the innermost repeat; from 1 */
} repeats;
/* finest: a fold that keeps every node that is drawn. err RESOURCE_EXHAUSTED. own: finish also after a failure */
rn_status *repeats_find(repeats *r, const struct fold *finest, const rn_graph *g);
void repeats_finish(repeats *r);
/* The node that is drawn for n; n's own when it does not repeat. */
rn_node_id repeats_shown(const repeats *r, rn_node_id n);
/* The innermost repeat of what is drawn for n that a box of this path lies inside of. */
uint32_t repeats_around(const repeats *r, rn_node_id n, const char *path);
/* How often a box inside of that repeat comes in all. */
uint64_t repeats_times(const repeats *r, uint32_t innermost);
typedef enum { EDGE_PLAIN, EDGE_COPY, EDGE_NEXT } repeat_edge; /* as drawn; one of a later turn; to the next turn */
repeat_edge repeats_edge(const repeats *r, rn_node_id from, rn_node_id to);
#endif
