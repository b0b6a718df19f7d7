/* fuse_group.c - which nodes are computed together (plugins/vulkan).
 *
 * A node with a formula joins a group of one that it reads, if its results have the same shape, symbols of unknown
 * sizes included; what has one element joins any. A group must need nothing of what it feeds: before two parts become
 * one, the graph is walked back from the one for a way to the other through nodes outside, groups counting as one. */
#include "fuse_group.h"

enum {
  MOST_INPUTS = 9, /* leaves room for results */
  MOST_NUMBERS = 14,
  MOST_VISITS = 20000 /* of one walk: then the answer is no */
};

static rn_value input_of(const gpu_claiming *c, rn_node_id n, uint32_t i) { return c->g.view->input(c->g.graph, n, i); }
static uint32_t inputs_of(const gpu_claiming *c, rn_node_id n) { return c->g.view->input_count(c->g.graph, n); }
static const rn_shape *shape_of(const gpu_claiming *c, rn_value v) { return c->g.view->shape(c->g.graph, v); }

/* Equal in every step: unknown sizes only where they are the same symbol. */
static int same_shape(const rn_shape *a, const rn_shape *b) {
  if (a == NULL || b == NULL || a->rank < 0 || a->rank != b->rank) return 0;
  for (int32_t d = 0; d < a->rank; d++)
    if (a->dim[d] != b->dim[d] || a->dim[d] == RN_DIM_UNKNOWN) return 0;
  return 1;
}

static int is_one_number(const gpu_claiming *c, rn_value v) {
  const rn_shape *s = shape_of(c, v);
  return c->g.view->constant(c->g.graph, v) != NULL && s != NULL && rn_shape_known(s) && rn_shape_elems(s) == 1;
}

/* -------------------------------------------------------------------------------------------- walking */
static void visit(gpu_claiming *c, rn_node_id n, uint32_t *depth) {
  if (n >= c->n_ids || c->seen[n] == c->stamp) return;
  c->seen[n] = c->stamp;
  c->stack[(*depth)++] = n;
}

static void visit_inputs(gpu_claiming *c, rn_node_id n, uint32_t not_in, uint32_t nor_in, uint32_t *depth) {
  for (uint32_t i = 0; i < inputs_of(c, n) + c->g.view->control_count(c->g.graph, n); i++) {
    uint32_t data = inputs_of(c, n);
    rn_node_id from = i < data ? input_of(c, n, i).node : c->g.view->control(c->g.graph, n, i - data);
    uint32_t group = from < c->n_ids ? c->group[from] : GPU_NONE;
    if (group == GPU_NONE || (group != not_in && group != nor_in)) visit(c, from, depth);
  }
}

/* Is there a way from group `target` to group `part` through nodes in neither? Too long a search counts as yes. */
static int needs(gpu_claiming *c, uint32_t part, uint32_t target) {
  uint32_t depth = 0, visits = 0;
  c->stamp++;
  for (uint32_t m = part; m != GPU_NONE; m = c->next[m]) visit_inputs(c, m, part, target, &depth);
  while (depth > 0) {
    rn_node_id n = c->stack[--depth];
    uint32_t group = c->group[n];
    if (group == target || ++visits > MOST_VISITS) return 1;
    if (group == GPU_NONE) {
      visit_inputs(c, n, part, part, &depth);
      continue;
    }
    for (uint32_t m = group; m != GPU_NONE; m = c->next[m]) visit_inputs(c, m, part, part, &depth);
  }
  return 0;
}

/* --------------------------------------------------------------------------------------------- readers */
/* Those of a shape alone are content with what a layout knows: the value need not be in memory for them. */
static int is_about_shape(const gpu_claiming *c, rn_node_id n) {
  static const char *const ops[] = {"Shape", "ShapeN", "Size", "Rank"};
  const char *op = c->g.view->op(c->g.graph, n);
  for (size_t k = 0; k < sizeof ops / sizeof ops[0]; k++)
    if (strcmp(op, ops[k]) == 0) return 1;
  return 0;
}

uint32_t gpu_readers_of(const gpu_claiming *c, rn_value v, rn_node_id *out) {
  rn_value reader[4 * GPU_MOST_READERS];
  uint32_t count = 0, n = c->g.view->consumers(c->g.graph, v, reader, 4 * GPU_MOST_READERS);
  if (n > 4 * GPU_MOST_READERS) return GPU_MOST_READERS + 1;
  for (uint32_t k = 0; k < n; k++) {
    rn_node_id r = reader[k].node;
    if (r >= c->n_ids || !c->offered[r] || is_about_shape(c, r) || (count > 0 && out[count - 1] == r)) continue;
    if (count == GPU_MOST_READERS) return GPU_MOST_READERS + 1;
    out[count++] = r;
  }
  return count;
}

static rn_node_id only_reader(const gpu_claiming *c, rn_value v) {
  rn_node_id reader[GPU_MOST_READERS];
  return gpu_readers_of(c, v, reader) == 1 ? reader[0] : GPU_NONE;
}

/* ------------------------------------------------------------------------------------------- grouping */
static void list_inputs(const gpu_claiming *c, uint32_t group, uint32_t other, rn_value *list, uint32_t *n,
                        uint32_t most) {
  for (uint32_t m = group; m != GPU_NONE; m = c->next[m])
    for (uint32_t i = 0; i < inputs_of(c, m); i++) {
      rn_value v = input_of(c, m, i);
      uint32_t from = v.node < c->n_ids ? c->group[v.node] : GPU_NONE, k = 0;
      if (from != GPU_NONE && (from == group || from == other)) continue;
      while (k < *n && k < most && (list[k].node != v.node || list[k].port != v.port)) k++;
      if (k == *n && *n < most) list[(*n)++] = v;
    }
}

uint32_t gpu_group_formulas(const gpu_claiming *c, uint32_t group) {
  uint32_t n = 0;
  for (uint32_t m = group; m != GPU_NONE; m = c->next[m]) n += c->formulas[m];
  return n;
}

/* Within what one dispatch takes? */
static int fits(const gpu_claiming *c, uint32_t a, uint32_t b) {
  rn_value list[MOST_INPUTS + MOST_NUMBERS + 1];
  uint32_t n = 0, numbers = 0;
  if (gpu_group_formulas(c, a) + gpu_group_formulas(c, b) > GPU_MOST_FORMULAS) return 0;
  list_inputs(c, a, b, list, &n, MOST_INPUTS + MOST_NUMBERS + 1);
  list_inputs(c, b, a, list, &n, MOST_INPUTS + MOST_NUMBERS + 1);
  for (uint32_t k = 0; k < n; k++) numbers += is_one_number(c, list[k]) != 0;
  return n - numbers <= MOST_INPUTS && numbers <= MOST_NUMBERS;
}

/* Appends b's nodes to a's: their order is the host's business. */
static void join(gpu_claiming *c, uint32_t a, uint32_t b) {
  uint32_t last = a;
  while (c->next[last] != GPU_NONE) last = c->next[last];
  c->next[last] = b;
  for (uint32_t m = b; m != GPU_NONE; m = c->next[m]) c->group[m] = a;
}

/* The shape of a group: the first that is not one element. */
static uint32_t shape_of_group(const gpu_claiming *c, uint32_t group) {
  uint32_t m = group;
  while (m != GPU_NONE && c->shaped[m] == GPU_NONE) m = c->next[m];
  return m != GPU_NONE ? c->shaped[m] : GPU_NONE;
}

static int shapes_agree(const gpu_claiming *c, uint32_t a, uint32_t b) {
  uint32_t x = shape_of_group(c, a), y = shape_of_group(c, b);
  return x == GPU_NONE || y == GPU_NONE || x == y ||
         same_shape(shape_of(c, (rn_value){x, 0}), shape_of(c, (rn_value){y, 0}));
}

static void find_shape(gpu_claiming *c, rn_node_id n) {
  const rn_shape *y = shape_of(c, (rn_value){n, 0});
  rn_node_id from = input_of(c, n, 0).node;
  int same = inputs_of(c, n) == 1 && from < c->n_ids && c->formulas[from] != 0 && c->shaped[from] != GPU_NONE;
  c->shaped[n] = same ? c->shaped[from] : rn_shape_known(y) && rn_shape_elems(y) == 1 ? GPU_NONE : n;
}

/* One element that others need too would be a dispatch of its own after all. */
static int is_for(const gpu_claiming *c, rn_value in, rn_node_id n) {
  return c->shaped[in.node] != GPU_NONE || c->shaped[n] == GPU_NONE || only_reader(c, in) == n;
}

void gpu_group_place(gpu_claiming *c, rn_node_id n) {
  c->group[n] = n;
  find_shape(c, n);
  for (uint32_t i = 0; i < inputs_of(c, n); i++) {
    rn_value in = input_of(c, n, i);
    uint32_t a = in.node < c->n_ids ? c->group[in.node] : GPU_NONE, b = c->group[n];
    if (a == GPU_NONE || a == b || c->is_product[a] || c->formulas[in.node] == 0) continue;
    if (!shapes_agree(c, a, b) || !is_for(c, in, n)) continue;
    if (fits(c, a, b) && !needs(c, a, b) && !needs(c, b, a)) join(c, a, b);
  }
}

/* ------------------------------------------------------------------------------------------- products */
void gpu_group_product(gpu_claiming *c, rn_node_id product) {
  rn_value v = {product, 0};
  int after = TAIL_NOT;
  c->group[product] = product;
  c->is_product[product] = 1;
  for (;;) {
    gpu_tail tail;
    rn_node_id n = only_reader(c, v);
    if (n == GPU_NONE || c->group[n] != GPU_NONE || c->formulas[n] == 0) break;
    gpu_tail_of(&c->g, n, v, after, &tail);
    if (tail.form == TAIL_NOT) break;
    c->group[n] = n;
    if (needs(c, n, product)) {
      c->group[n] = GPU_NONE;
      break;
    }
    join(c, product, n);
    after = tail.form;
    v.node = n;
  }
  if (c->next[product] != GPU_NONE) return;
  c->group[product] = GPU_NONE; /* its kernel is as good */
  c->is_product[product] = 0;
}
