/* exec/token_plan.c - which loop each node runs in, and who waits for whom (core/exec).
 *
 * A node runs where its inputs come from; Enter opens a frame below that one, Exit leaves it. The
 * plan's order visits every node after its inputs, loop edges aside, so one pass settles all. */
#include "exec/token.h"

uint32_t token_role(const exec_plan *p, uint32_t node) {
  const rn_op *op = p->node[node].op;
  return op != NULL && p->node[node].kind == NODE_TOKEN ? op->def->role : RN_ROLE_NONE;
}

int token_is_loop_input(const exec_plan *p, uint32_t node, uint32_t input) {
  uint32_t from = p->value[p->input[p->node[node].in + input]].node;
  return token_role(p, node) == RN_ROLE_MERGE && from != EXEC_NONE && token_role(p, from) == RN_ROLE_NEXT_ITERATION;
}

static rn_status *find_frame(token_plan *t, uint32_t node, uint32_t parent, uint32_t *out) {
  rn_attr_value v;
  RN_TRY(rn_graph_attr(t->plan->graph, t->plan->node[node].id, "frame_name", RN_ATTR_STRING, &v));
  for (uint32_t i = 1; i < t->n_frames; i++) {
    const token_frame_plan *f = &t->frame[i];
    if (f->parent != parent || f->name.size != v.u.bytes.size ||
        memcmp(f->name.data, v.u.bytes.data, f->name.size) != 0)
      continue;
    *out = i;
    return NULL;
  }
  *out = t->n_frames;
  t->frame[t->n_frames++] = (token_frame_plan){.parent = parent, .name = v.u.bytes};
  return NULL;
}

/* The frame that what `node` makes lives in. */
static rn_status *frame_of_output(token_plan *t, uint32_t node, uint32_t *out) {
  uint32_t role = token_role(t->plan, node), at = t->frame_of[node];
  if (role == RN_ROLE_ENTER) return find_frame(t, node, at, out);
  *out = role == RN_ROLE_EXIT ? t->frame[at].parent : at;
  return NULL;
}

static rn_status *join(token_plan *t, uint32_t node, uint32_t from, uint32_t *at) {
  uint32_t there;
  RN_TRY(frame_of_output(t, from, &there));
  if (*at == EXEC_NONE) *at = there;
  if (*at == there) return NULL;
  char a[256], b[256];
  return rn_status_make(RN_INVALID_ARGUMENT, "%s: its inputs come from different loops (%s is in another)",
                        exec_node_text(t->plan, node, a, sizeof a), exec_node_text(t->plan, from, b, sizeof b));
}

static rn_status *place_node(token_plan *t, uint32_t node, const uint32_t *number) {
  const exec_plan *p = t->plan;
  const exec_node *n = &p->node[node];
  uint32_t at = EXEC_NONE, n_control = 0;
  for (uint32_t i = 0; i < n->n_in; i++) {
    uint32_t from = p->value[p->input[n->in + i]].node;
    if (from != EXEC_NONE && !token_is_loop_input(p, node, i)) RN_TRY(join(t, node, from, &at));
  }
  const rn_node_id *control = n->kind == NODE_SNAPSHOT ? NULL : rn_node_controls(p->graph, n->id, &n_control);
  for (uint32_t i = 0; i < n_control; i++)
    if (number[control[i]] != EXEC_NONE) RN_TRY(join(t, node, number[control[i]], &at));
  t->frame_of[node] = at == EXEC_NONE ? 0 : at;
  if (token_role(p, node) == RN_ROLE_EXIT && t->frame_of[node] == 0) {
    char a[256];
    return rn_status_make(RN_INVALID_ARGUMENT, "%s leaves a loop that was never entered",
                          exec_node_text(p, node, a, sizeof a));
  }
  if (token_role(p, node) == RN_ROLE_ENTER) {
    uint32_t inside;
    RN_TRY(find_frame(t, node, t->frame_of[node], &inside));
    t->frame[inside].n_enters++;
  }
  return NULL;
}

static void count_local(token_plan *t) {
  const exec_plan *p = t->plan;
  for (uint32_t i = 0; i < p->n_node; i++) {
    token_frame_plan *f = &t->frame[t->frame_of[i]];
    t->local[i] = f->n_nodes++;
    t->slot[i] = f->n_slots;
    f->n_slots += p->node[i].n_in;
  }
}

static rn_status *list_nodes(token_plan *t) {
  for (uint32_t i = 0; i < t->n_frames; i++) {
    t->frame[i].nodes = rn_arena_array(&t->memory, t->frame[i].n_nodes + 1, sizeof(uint32_t));
    if (t->frame[i].nodes == NULL) return exec_out_of_memory("control flow");
  }
  for (uint32_t i = 0; i < t->plan->n_node; i++) t->frame[t->frame_of[i]].nodes[t->local[i]] = i;
  return NULL;
}

/* Calls visit for every edge that must arrive: data from nodes, control, and what a snapshot waits for. */
static void each_edge(token_plan *t, const uint32_t *number,
                      void (*visit)(token_plan *t, uint32_t value, uint32_t from, uint32_t node, uint32_t input)) {
  const exec_plan *p = t->plan;
  for (uint32_t i = 0; i < p->n_node; i++) {
    const exec_node *n = &p->node[i];
    for (uint32_t k = 0; k < n->n_in; k++) {
      uint32_t v = p->input[n->in + k];
      if (p->value[v].node != EXEC_NONE) visit(t, v, EXEC_NONE, i, k);
    }
    if (n->kind == NODE_SNAPSHOT) {
      for (uint32_t k = 0; k < n->n_pred; k++)
        if (t->frame_of[p->pred[n->pred + k]] == t->frame_of[i])
          visit(t, EXEC_NONE, p->pred[n->pred + k], i, EXEC_NONE);
      continue;
    }
    uint32_t n_control;
    const rn_node_id *control = rn_node_controls(p->graph, n->id, &n_control);
    for (uint32_t k = 0; k < n_control; k++)
      if (number[control[k]] != EXEC_NONE) visit(t, EXEC_NONE, number[control[k]], i, EXEC_NONE);
  }
}

static void count_edge(token_plan *t, uint32_t value, uint32_t from, uint32_t node, uint32_t input) {
  int is_merge_data = input != EXEC_NONE && token_role(t->plan, node) == RN_ROLE_MERGE;
  if (!is_merge_data) t->needs[node]++;
  if (input != EXEC_NONE)
    t->reader_at[value + 1]++;
  else
    t->control_at[from + 1]++;
}

static void put_edge(token_plan *t, uint32_t value, uint32_t from, uint32_t node, uint32_t input) {
  if (input != EXEC_NONE)
    t->reader[t->reader_at[value]++] = (token_edge){node, input};
  else
    t->control[t->control_at[from]++] = (token_edge){node, input};
}

/* From counts at i + 1 to starts, and after filling back again. */
static void to_starts(uint32_t *at, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) at[i + 1] += at[i];
}
static void shift_back(uint32_t *at, uint32_t n) {
  for (uint32_t i = n; i > 0; i--) at[i] = at[i - 1];
  at[0] = 0;
}

static rn_status *link_edges(token_plan *t, const uint32_t *number) {
  const exec_plan *p = t->plan;
  each_edge(t, number, count_edge);
  to_starts(t->reader_at, p->n_value);
  to_starts(t->control_at, p->n_node);
  t->reader = rn_arena_array(&t->memory, (size_t)t->reader_at[p->n_value] + 1, sizeof *t->reader);
  t->control = rn_arena_array(&t->memory, (size_t)t->control_at[p->n_node] + 1, sizeof *t->control);
  if (t->reader == NULL || t->control == NULL) return exec_out_of_memory("control flow");
  each_edge(t, number, put_edge);
  shift_back(t->reader_at, p->n_value);
  shift_back(t->control_at, p->n_node);
  return NULL;
}

static uint32_t *zeros(token_plan *t, size_t n) {
  uint32_t *a = rn_arena_array(&t->memory, n + 1, sizeof *a);
  if (a != NULL) memset(a, 0, (n + 1) * sizeof *a);
  return a;
}

static rn_status *fill(token_plan *t, uint32_t *number) {
  const exec_plan *p = t->plan;
  uint32_t enters = 0;
  for (uint32_t i = 0; i < p->n_node; i++) {
    if (p->node[i].kind != NODE_SNAPSHOT) number[p->node[i].id] = i;
    enters += token_role(p, i) == RN_ROLE_ENTER;
  }
  t->frame = rn_arena_array(&t->memory, (size_t)enters + 1, sizeof *t->frame);
  if (t->frame == NULL) return exec_out_of_memory("control flow");
  t->frame[0] = (token_frame_plan){0};
  t->n_frames = 1;
  for (uint32_t i = 0; i < p->n_node; i++) RN_TRY(place_node(t, i, number));
  count_local(t);
  RN_TRY(list_nodes(t));
  for (uint32_t i = 0; i < p->n_fetch; i++) t->is_fetched[p->fetch_value[i]] = 1;
  return link_edges(t, number);
}

rn_status *token_plan_init(token_plan *t, const exec_plan *p) {
  memset(t, 0, sizeof *t);
  t->plan = p;
  rn_arena_init(&t->memory, 4096);
  uint32_t n_graph = rn_graph_node_count(p->graph);
  uint32_t *number = rn_mem_alloc(((size_t)n_graph + 1) * sizeof *number);
  t->frame_of = zeros(t, p->n_node);
  t->local = zeros(t, p->n_node);
  t->slot = zeros(t, p->n_node);
  t->needs = zeros(t, p->n_node);
  t->control_at = zeros(t, (size_t)p->n_node + 1);
  t->reader_at = zeros(t, (size_t)p->n_value + 1);
  t->is_fetched = rn_arena_alloc(&t->memory, (size_t)p->n_value + 1);
  rn_status *s = NULL;
  if (number == NULL || t->frame_of == NULL || t->local == NULL || t->slot == NULL || t->needs == NULL ||
      t->control_at == NULL || t->reader_at == NULL || t->is_fetched == NULL) {
    s = exec_out_of_memory("control flow");
  } else {
    memset(number, 0xff, ((size_t)n_graph + 1) * sizeof *number);
    memset(t->is_fetched, 0, (size_t)p->n_value + 1);
    s = fill(t, number);
  }
  rn_mem_free(number);
  if (s != NULL) token_plan_finish(t);
  return s;
}

void token_plan_finish(token_plan *t) {
  rn_arena_finish(&t->memory);
  memset(t, 0, sizeof *t);
}
