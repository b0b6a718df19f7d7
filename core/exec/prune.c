/* exec/prune.c - which part of the graph a step needs, in order (core/exec).
 *
 * Walks back from fetches and targets and stops at feeds; any value may be fed. One walk in depth,
 * with its own stack, gives the nodes in an order in which every node comes after all it needs, and
 * finds cycles. The edge into a merge that closes a loop is not an order: its source becomes one more
 * root. Control inputs from a node that is fed fall away, as the node is replaced by the feed. */
#include "exec/exec.h"

#define NEW EXEC_NONE
#define OPEN (EXEC_NONE - 1)
typedef struct frame {
  rn_node_id node;
  uint32_t edge;
} frame;
typedef struct walk {
  exec_plan *p;
  uint32_t *number; /* per graph node: its place in the plan, NEW or OPEN */
  uint8_t *fed;     /* per graph node */
  frame *stack;
  rn_node_id *roots; /* loop sources still to visit */
  rn_node_id *order;
  uint32_t depth, stack_capacity, n_roots, roots_capacity, n_order, order_capacity;
} walk;

static int grow(void *array, uint32_t *capacity, uint32_t need, size_t item) {
  void **a = array;
  if (need < *capacity) return 1;
  uint32_t wanted = *capacity != 0 ? *capacity * 2 : 256;
  void *grown = rn_mem_grow(*a, wanted, item);
  if (grown == NULL) return 0;
  *a = grown;
  *capacity = wanted;
  return 1;
}

static uint32_t find_feed(const exec_plan *p, rn_value v) {
  for (uint32_t i = 0; i < p->n_feed; i++)
    if (p->feed[i].node == v.node && p->feed[i].port == v.port) return i;
  return EXEC_NONE;
}

static uint32_t role_of(const exec_plan *p, rn_node_id n) {
  const rn_op *op = rn_node_op(p->graph, n);
  return op != NULL ? op->def->role : RN_ROLE_NONE;
}

static int is_loop_edge(const exec_plan *p, rn_node_id from, rn_node_id to) {
  return role_of(p, from) == RN_ROLE_NEXT_ITERATION && role_of(p, to) == RN_ROLE_MERGE;
}

static rn_status *push(walk *w, rn_node_id n) {
  const exec_plan *p = w->p;
  char text[256];
  const rn_op *op = rn_node_op(p->graph, n);
  if (op == NULL && !p->explains)
    return rn_status_make(RN_NOT_FOUND, "%s cannot run: no plugin defines the op '%s'",
                          rn_node_text(p->graph, n, text, sizeof text), rn_graph_op(p->graph, n));
  if (role_of(p, n) == RN_ROLE_PLACEHOLDER && !p->explains)
    return rn_status_make(RN_INVALID_ARGUMENT, "%s must be fed: '%s:0' is needed by what is asked for and has no value",
                          rn_node_text(p->graph, n, text, sizeof text), rn_graph_name(p->graph, n));
  if (!grow(&w->stack, &w->stack_capacity, w->depth + 1, sizeof *w->stack)) return exec_out_of_memory("a plan");
  w->number[n] = OPEN;
  w->stack[w->depth++] = (frame){n, 0};
  return NULL;
}

static rn_status *cycle(const walk *w, rn_node_id again) {
  rn_text t;
  uint32_t from = w->depth;
  rn_text_init(&t);
  while (from > 0 && w->stack[from - 1].node != again) from--;
  uint32_t first = from > 0 ? from - 1 : 0, shown = 0;
  for (uint32_t i = w->depth; i > first && shown < 16; i--, shown++)
    rn_text_printf(&t, "'%s' <- ", rn_graph_name(w->p->graph, w->stack[i - 1].node));
  if (w->depth - first > shown) rn_text_printf(&t, "(%u more) <- ", w->depth - first - shown);
  rn_text_printf(&t, "'%s'", rn_graph_name(w->p->graph, w->stack[w->depth - 1].node));
  rn_status *s = rn_status_make(RN_INVALID_ARGUMENT, "the graph has a cycle: %s", t.data != NULL ? t.data : "");
  rn_text_finish(&t);
  return s;
}

static rn_status *need(walk *w, rn_node_id n) {
  if (w->number[n] == OPEN) return cycle(w, n);
  return w->number[n] == NEW ? push(w, n) : NULL;
}

static rn_status *add_root(walk *w, rn_node_id n) {
  if (!grow(&w->roots, &w->roots_capacity, w->n_roots + 1, sizeof *w->roots)) return exec_out_of_memory("a plan");
  w->roots[w->n_roots++] = n;
  return NULL;
}

/* The next edge of the node on top; closes the node when there is none. */
static rn_status *advance(walk *w) {
  exec_plan *p = w->p;
  frame *f = &w->stack[w->depth - 1];
  uint32_t n_in, n_control, edge = f->edge++;
  const rn_value *in = rn_node_inputs(p->graph, f->node, &n_in);
  const rn_node_id *control = rn_node_controls(p->graph, f->node, &n_control);
  if (edge < n_in) {
    rn_node_id from = in[edge].node;
    if (from == RN_NO_NODE) {
      char text[256];
      return rn_status_make(RN_INVALID_ARGUMENT, "%s: input %u is not connected",
                            rn_node_text(p->graph, f->node, text, sizeof text), edge);
    }
    if (w->fed[from] && find_feed(p, in[edge]) != EXEC_NONE) return NULL;
    return is_loop_edge(p, from, f->node) ? add_root(w, from) : need(w, from);
  }
  if (edge - n_in < n_control) return w->fed[control[edge - n_in]] ? NULL : need(w, control[edge - n_in]);
  if (!grow(&w->order, &w->order_capacity, w->n_order + 1, sizeof *w->order)) return exec_out_of_memory("a plan");
  w->number[f->node] = w->n_order;
  w->order[w->n_order++] = f->node;
  w->depth--;
  return NULL;
}

static rn_status *visit(walk *w, rn_node_id n) {
  RN_TRY(need(w, n));
  while (w->depth > 0 || w->n_roots > 0) {
    if (w->depth == 0)
      RN_TRY(need(w, w->roots[--w->n_roots]));
    else
      RN_TRY(advance(w));
  }
  return NULL;
}

static rn_status *walk_back(walk *w) {
  const exec_plan *p = w->p;
  for (uint32_t i = 0; i < p->n_feed; i++) w->fed[p->feed[i].node] = 1;
  for (uint32_t i = 0; i < p->n_fetch; i++)
    if (find_feed(p, p->fetch[i]) == EXEC_NONE) RN_TRY(visit(w, p->fetch[i].node));
  for (uint32_t i = 0; i < p->n_target; i++)
    if (!w->fed[p->target[i]] || role_of(p, p->target[i]) != RN_ROLE_PLACEHOLDER) RN_TRY(visit(w, p->target[i]));
  return NULL;
}

static uint8_t kind_of(exec_plan *p, const rn_op *op) {
  if (op == NULL) return NODE_NOTHING; /* only to be explained */
  uint32_t role = op->def->role;
  if (role >= RN_ROLE_SWITCH && role <= RN_ROLE_LOOP_COND) p->has_tokens = 1;
  switch (role) {
    case RN_ROLE_CONSTANT:
      return NODE_CONSTANT;
    case RN_ROLE_IDENTITY:
      return NODE_IDENTITY;
    case RN_ROLE_RESOURCE:
      return NODE_RESOURCE;
    case RN_ROLE_PLACEHOLDER: /* only to be explained */
    case RN_ROLE_NO_OP:
      return NODE_NOTHING;
    default:
      return role >= RN_ROLE_SWITCH && role <= RN_ROLE_LOOP_COND ? NODE_TOKEN : NODE_COMPUTE;
  }
}

static uint32_t value_of(const walk *w, rn_value v) {
  const exec_plan *p = w->p;
  uint32_t feed = w->fed[v.node] ? find_feed(p, v) : EXEC_NONE;
  return feed != EXEC_NONE ? feed : p->node[w->number[v.node]].out + v.port;
}

/* Nodes with their counts; values are numbered as they come. */
static rn_status *number_nodes(walk *w) {
  exec_plan *p = w->p;
  uint64_t values = p->n_feed, inputs = 0, preds = 0;
  uint32_t n_control;
  p->n_node = w->n_order;
  p->node = rn_arena_array(&p->memory, p->n_node + p->n_fetch + 1, sizeof *p->node);
  if (p->node == NULL) return exec_out_of_memory("a plan");
  memset(p->node, 0, (p->n_node + (size_t)p->n_fetch + 1) * sizeof *p->node);
  for (uint32_t i = 0; i < p->n_node; i++) {
    exec_node *n = &p->node[i];
    n->id = w->order[i];
    n->op = rn_node_op(p->graph, n->id);
    n->kind = kind_of(p, n->op);
    if (n->op != NULL && (n->op->def->flags & RN_OP_BLOCKING) != 0) p->locks_per_op = 1;
    (void)rn_node_inputs(p->graph, n->id, &n->n_in);
    (void)rn_node_controls(p->graph, n->id, &n_control);
    n->n_out = rn_graph_output_count(p->graph, n->id);
    n->in = (uint32_t)inputs;
    n->out = (uint32_t)values;
    n->pred = (uint32_t)preds;
    inputs += n->n_in;
    values += n->n_out;
    preds += n->n_in + n_control;
  }
  if (values + p->n_fetch >= EXEC_NONE - 1 || preds + inputs >= EXEC_NONE - 1)
    return rn_status_make(RN_RESOURCE_EXHAUSTED, "the graph is too large for one plan");
  p->n_value = (uint32_t)values;
  p->n_input = (uint32_t)inputs;
  p->n_pred = (uint32_t)preds;
  return NULL;
}

static void fill_node(walk *w, exec_node *n) {
  exec_plan *p = w->p;
  uint32_t n_in, n_control;
  const rn_value *in = rn_node_inputs(p->graph, n->id, &n_in);
  const rn_node_id *control = rn_node_controls(p->graph, n->id, &n_control);
  uint32_t *pred = p->pred + n->pred;
  for (uint32_t i = 0; i < n_in; i++) {
    uint32_t v = value_of(w, in[i]);
    p->input[n->in + i] = v;
    if (v >= p->n_feed && !is_loop_edge(p, in[i].node, n->id)) pred[n->n_pred++] = p->value[v].node;
  }
  for (uint32_t i = 0; i < n_control; i++)
    if (!w->fed[control[i]]) pred[n->n_pred++] = w->number[control[i]];
}

static rn_status *fill(walk *w) {
  exec_plan *p = w->p;
  p->value = rn_arena_array(&p->memory, (size_t)p->n_value + p->n_fetch + 1, sizeof *p->value);
  p->input = rn_arena_array(&p->memory, (size_t)p->n_input + p->n_fetch + 1, sizeof *p->input);
  p->pred = rn_arena_array(&p->memory, (size_t)p->n_pred + p->n_fetch + 1, sizeof *p->pred);
  p->fetch_value = rn_arena_array(&p->memory, p->n_fetch + 1, sizeof *p->fetch_value);
  if (p->value == NULL || p->input == NULL || p->pred == NULL || p->fetch_value == NULL)
    return exec_out_of_memory("a plan");
  for (uint32_t i = 0; i < p->n_feed; i++)
    p->value[i] = (exec_value){EXEC_NONE, 0, rn_graph_dtype(p->graph, p->feed[i]), i, EXEC_NONE, EXEC_NONE, NULL};
  for (uint32_t i = 0; i < p->n_node; i++) {
    const exec_node *n = &p->node[i];
    for (uint32_t o = 0; o < n->n_out; o++)
      p->value[n->out + o] =
          (exec_value){i, o, rn_graph_dtype(p->graph, (rn_value){n->id, o}), EXEC_NONE, EXEC_NONE, EXEC_NONE, NULL};
  }
  for (uint32_t i = 0; i < p->n_node; i++) fill_node(w, &p->node[i]);
  for (uint32_t i = 0; i < p->n_fetch; i++) p->fetch_value[i] = value_of(w, p->fetch[i]);
  return NULL;
}

rn_status *exec_prune(exec_plan *p) {
  uint32_t n = rn_graph_node_count(p->graph);
  walk w = {.p = p};
  rn_status *s = NULL;
  w.number = rn_mem_alloc(((size_t)n + 1) * sizeof *w.number);
  w.fed = rn_mem_zero((size_t)n + 1, 1);
  if (w.number == NULL || w.fed == NULL) s = exec_out_of_memory("a plan");
  if (s == NULL) {
    memset(w.number, 0xff, ((size_t)n + 1) * sizeof *w.number);
    s = walk_back(&w);
  }
  if (s == NULL) s = number_nodes(&w);
  if (s == NULL) s = fill(&w);
  rn_mem_free(w.number);
  rn_mem_free(w.fed);
  rn_mem_free(w.stack);
  rn_mem_free(w.roots);
  rn_mem_free(w.order);
  return s;
}
