/* siblings.h - the parts of one scope, and what they read of each other (viz). */
#ifndef RN_VIZ_SIBLINGS_H
#define RN_VIZ_SIBLINGS_H
#include "fold.h"

#define SIBLINGS_OUTSIDE UINT32_MAX
/* Of all boxes: what each is and reads. */
typedef struct links {
  const fold *f;
  uint32_t *from, *from_at; /* box b reads from[from_at[b]] up to from[from_at[b + 1]] */
  uint64_t *op;             /* per box: what it computes */
  uint64_t *hash;           /* per box: how it is built, up to the edge of its part */
  uint32_t *part;           /* per box: its part in the scope looked at; SIBLINGS_OUTSIDE: none */
} links;
/* A part is a scope below this one or a single box. They stand in the order of the flow: each after what it reads. */
typedef struct siblings {
  uint32_t n;
  uint32_t *box, *box_at;   /* boxes of part u, ordered by hash */
  uint32_t *read, *read_at; /* what it reads, in order of sight, each once */
  uint64_t *token;          /* equal for parts that are built alike */
  size_t skip;              /* bytes of a box's path before the part's name */
} siblings;

/* err RESOURCE_EXHAUSTED. own: finish also after a failure */
rn_status *links_init(links *l, const fold *f, const rn_graph *g);
void links_finish(links *l);
/* boxes: those of one scope, of whose paths `skip` bytes name the scope */
rn_status *siblings_init(siblings *s, links *l, const uint32_t *boxes, uint32_t n, size_t skip);
void siblings_finish(siblings *s);
/* The part's name; *out_length bytes of it. own: borrowed from the fold */
const char *siblings_name(const siblings *s, const fold *f, uint32_t part, size_t *out_length);
#endif
