/* lower.h - from nodes to instructions: what the lowering of one op may use (plugins/tpu).
 *
 * Nodes are lowered once each, in topological order. A value is what an output stands for: nothing yet, a place in
 * a memory, or integers known now (shapes, axes). Values of the claim's inputs, outputs and variables lie in the
 * host's tensors; all others are given a stretch of the buffer, or of the memory where the buffer is full, until
 * their last reader is lowered. */
#ifndef TPU_LOWER_H
#define TPU_LOWER_H
#include "pack.h"
#include "program.h"

enum { TPU_MAX_INTS = 64, TPU_MAX_INPUTS = 16, TPU_MAX_SEEN = 1024 };
typedef enum tpu_known { TPU_UNMADE, TPU_SHAPED, TPU_PLACED, TPU_INTS } tpu_known;
typedef struct tpu_value {
  rn_value id;
  rn_shape shape;
  rn_dtype dtype;
  tpu_known known;
  tpu_place place;
  uint32_t root; /* whose memory it shares; itself mostly */
  uint32_t last; /* the node that reads the root's memory last; UINT32_MAX: it is an output */
  int32_t out;   /* root only: the claim's output whose tensor it is made in; -1 */
  tpu_grid grid; /* of integers; root only */
  uint32_t n_ints;
  int64_t ints[TPU_MAX_INTS];
} tpu_value;

typedef struct tpu_lowering tpu_lowering;
typedef struct tpu_node {
  rn_node_id id;
  const struct tpu_rule *rule;
  uint32_t first, n_in, done; /* first: its first output among the values */
  uint32_t in[TPU_MAX_INPUTS];
} tpu_node;

/* What can be lowered: one row per op. */
typedef struct tpu_rule {
  const char *op;
  rn_status *(*lower)(tpu_lowering *l, tpu_node *n);
  uint32_t what;       /* TPU_RULE_* */
  uint32_t arg;        /* for rows that share a function */
  uint32_t int_inputs; /* bit i: input i is integers that must be known */
} tpu_rule;
enum {
  TPU_RULE_PRODUCT = 1,    /* uses the array: what a claim is made for */
  TPU_RULE_ALIAS = 2,      /* output 0 is input 0 with another shape */
  TPU_RULE_INTS = 4,       /* integers when its inputs are: shapes, axes */
  TPU_RULE_SHAPE_ONLY = 8, /* looks at shapes, not at content */
  TPU_RULE_UPDATE = 16,    /* writes its variables: lowered after all others */
  TPU_RULE_LABELS = 32,    /* its second input is int32 content */
  TPU_RULE_FOLLOWS = 64,   /* integers: may be done on a product's way out */
  TPU_RULE_INSIDE = 128,   /* integers: only with something that was made inside */
  TPU_RULE_KEEPS = 256,    /* integers: its outputs are on its input's grid; inside too */
  TPU_RULE_FAKE = 512      /* integers: says a grid; shares its input's memory if it alone reads it */
};
const tpu_rule *tpu_rule_of(uint32_t arithmetic, const char *op);

/* A memory given out in stretches. */
enum { TPU_MAX_HOLES = 512 };
typedef struct tpu_heap {
  struct {
    uint64_t lo, hi;
  } hole[TPU_MAX_HOLES];
  uint32_t n_holes;
  uint64_t top; /* the end of what was ever used */
} tpu_heap;
void tpu_heap_init(tpu_heap *h, uint64_t size_bytes);
int tpu_heap_take(tpu_heap *h, uint64_t size_bytes, uint64_t *out);
void tpu_heap_give(tpu_heap *h, uint64_t offset, uint64_t size_bytes);

struct tpu_lowering {
  const rn_host_api *host;
  const tpu_machine *m;
  const rn_subgraph *s;
  tpu_program *p;
  tpu_value *value;
  tpu_node *node;
  uint32_t n_values, n_nodes, at, pad;
  uint32_t *of_id;      /* 1 + index into node[] by graph id; 0: not a member */
  uint32_t n_ids, half; /* half: which accumulators the next product uses */
  tpu_heap buffer, memory;
  uint64_t constants; /* bytes of constants: they lie behind all else in the memory, from the start to the end */
  struct {
    tpu_place place;
    uint64_t size_bytes;
  } temp[64]; /* given back when the node is done */
  uint32_t n_temp;
  int keep;                 /* calibrating: no value's memory is used again */
  const tpu_ranges *ranges; /* integers */
  tpu_pack pack[TPU_MAX_PACKS];
  uint32_t n_packs;
};

/* What comes with a program. */
typedef struct tpu_lowered {
  tpu_program program;
  tpu_pack pack[TPU_MAX_PACKS]; /* to be done before each run */
  uint32_t n_packs, n_seen;
  struct {
    char name[192];
    tpu_place place;
    uint64_t elems;
  } seen[TPU_MAX_SEEN]; /* calibrating: values whose ranges are wanted */
} tpu_lowered;
/* ranges: of a machine of integers. keep: no value's memory is used again, and `seen` is filled. */
rn_status *tpu_lower(const rn_host_api *host, const tpu_machine *m, const rn_subgraph *s, const tpu_ranges *ranges,
                     int keep, tpu_lowered *out);

/* ------------------------------------------------------------------------- for the rules (values.c) */
/* "tpu: MatMul 'fc1': ...", UNIMPLEMENTED: the claim is left to the kernels. */
rn_status *tpu_cannot(const tpu_lowering *l, const tpu_node *n, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
tpu_value *tpu_in(const tpu_lowering *l, const tpu_node *n, uint32_t i);
tpu_value *tpu_out(const tpu_lowering *l, const tpu_node *n, uint32_t o);
rn_self tpu_self(const tpu_lowering *l, const tpu_node *n);
/* Where input i's content is; integers are put into the memory as constants. */
rn_status *tpu_need(tpu_lowering *l, const tpu_node *n, uint32_t i, tpu_place *out);
/* Integers of input i. err UNIMPLEMENTED: they are not known. */
rn_status *tpu_ints(const tpu_lowering *l, const tpu_node *n, uint32_t i, const int64_t **out, uint32_t *count);
/* The one integer of input i as an axis of `rank`; below 0 counts from the end. err UNIMPLEMENTED: it is none, or not
 * known. */
rn_status *tpu_axis(const tpu_lowering *l, const tpu_node *n, uint32_t i, int32_t rank, int32_t *out);
int64_t tpu_span(const rn_shape *s, int32_t lo, int32_t hi); /* elements of axes lo to hi - 1 */
/* The shape of output o, by the host's inference. */
rn_status *tpu_shape_of(const tpu_lowering *l, const tpu_node *n, uint32_t o, rn_shape *out);
/* A rule: all its outputs are integers that the host knows. */
rn_status *tpu_known_ints(tpu_lowering *l, tpu_node *n);
rn_status *tpu_make(tpu_lowering *l, const tpu_node *n, uint32_t o, const rn_shape *s, tpu_place *out);
/* Never given back. */
rn_status *tpu_keep(tpu_lowering *l, uint64_t size_bytes, tpu_place *out);
rn_status *tpu_keep_memory(tpu_lowering *l, uint64_t size_bytes, tpu_place *out);
rn_status *tpu_temp(tpu_lowering *l, uint64_t size_bytes, tpu_place *out);
rn_status *tpu_constant(tpu_lowering *l, const void *data, uint64_t size_bytes, tpu_place *out);
/* The only node that reads this output's content, if it is a member and the value does not leave the claim. */
tpu_node *tpu_only_reader(const tpu_lowering *l, const tpu_value *v);

/* --------------------------------------------------------------------- emitting instructions (emit.c) */
typedef struct tpu_walk { /* up to 8 + 8 dimensions, one after the other */
  uint32_t n;
  int64_t size[16], d[16], a[16], b[16]; /* strides in elements; 0 repeats */
} tpu_walk;
void tpu_walk_add(tpu_walk *w, int64_t size, int64_t d, int64_t a, int64_t b);
/* As few instructions as the strides allow. */
rn_status *tpu_emit_walk(tpu_lowering *l, uint8_t fn, tpu_place dst, tpu_place a, tpu_place b, const tpu_walk *w,
                         float imm);
/* Dense, n elements. b of TPU_NOWHERE for those that take none. */
rn_status *tpu_emit_dense(tpu_lowering *l, uint8_t fn, tpu_place dst, tpu_place a, tpu_place b, int64_t n, float imm);
rn_status *tpu_emit_reduce(tpu_lowering *l, uint8_t fn, tpu_place dst, tpu_place a, int64_t outer, int64_t mid,
                           int64_t inner);
/* b repeats as broadcasting says. */
rn_status *tpu_emit_broadcast(tpu_lowering *l, uint8_t fn, tpu_place dst, const rn_shape *out, tpu_place a,
                              const rn_shape *as, tpu_place b, const rn_shape *bs);
/* One side of a product: rows x columns at these strides, or the patches of a window. */
typedef struct tpu_side {
  tpu_place place;
  int64_t rs, cs;
  const uint32_t *window; /* TPU_N_NUMBERS numbers, or NULL */
  int transposed;
  uint64_t size_bytes; /* all of it, in case it pays to bring it into the buffer */
} tpu_side;
typedef struct tpu_product_request {
  tpu_side x, w; /* y[m][n] = fn(x[m][k] w[k][n] + bias[n]) */
  int64_t m, k, n;
  tpu_place y, bias; /* bias: TPU_NOWHERE for none */
  int64_t ys;        /* y's row stride */
  uint8_t fn;
  uint32_t
      parts; /* 2: w has 2 k rows, and each row of x is multiplied with the first k and with the others; or 0 or 1 */
  int real;  /* integers: y is real; else the limits and the zero point of y */
  int32_t zero, low, high;
} tpu_product_request;
rn_status *tpu_emit_product(tpu_lowering *l, const tpu_product_request *r);
rn_status *tpu_emit_window(tpu_lowering *l, const uint32_t *window, uint8_t slot);
rn_status *tpu_emit(tpu_lowering *l, const tpu_ins *i);

/* The rules, by subject. */
extern const tpu_rule tpu_rules_product[], tpu_rules_elementwise[], tpu_rules_shape[], tpu_rules_image[],
    tpu_rules_loss[], tpu_rules_update[], tpu_rules_integer[], tpu_rules_table[],
    tpu_rules_fake_quant[]; /* each ends with op NULL */
rn_status *tpu_renamed(tpu_lowering *l, tpu_node *n);
rn_status *tpu_conv_window(tpu_lowering *l, const tpu_node *n, const rn_shape *image, int64_t kh, int64_t kw,
                           uint32_t w[TPU_N_NUMBERS]);
/* Into slot 3; s becomes the result's shape. */
rn_status *tpu_pool_window(tpu_lowering *l, const tpu_node *n, rn_shape *s);
#endif
