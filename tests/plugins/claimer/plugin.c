/* plugin.c - claimer: a compiler that claims a subgraph holding a variable (test plugin) (tests/plugins/claimer).
 *
 * It claims every connected run of Mul, Neg, Add and AssignAdd over float, variables included, and
 * "compiles" it to a list of steps over slots: inputs first, then what each node makes. A cell's slot
 * is the cell itself. */
#include <runnel/plugin.h>

enum { MAX_NODES = 64 };
typedef enum { STEP_MUL, STEP_ADD, STEP_NEG, STEP_ASSIGN_ADD } step_kind;
static const struct {
  const char *op;
  step_kind kind;
} claimed_ops[] = {
    {"Mul", STEP_MUL}, {"Add", STEP_ADD}, {"AddV2", STEP_ADD}, {"Neg", STEP_NEG}, {"AssignAdd", STEP_ASSIGN_ADD}};

typedef struct step {
  step_kind kind;
  uint32_t in[2]; /* slots */
  uint32_t out;   /* slot */
} step;
typedef struct program {
  const rn_host_api *host;
  uint32_t n_in, n_cells, n_out, n_steps, n_slots;
  step steps[MAX_NODES];
  uint32_t out_slot[MAX_NODES];
} program;

static int kind_of(const rn_graph_view_api *v, const rn_graph *g, rn_node_id n) {
  for (size_t i = 0; i < sizeof claimed_ops / sizeof claimed_ops[0]; i++)
    if (strcmp(v->op(g, n), claimed_ops[i].op) == 0) return (int)claimed_ops[i].kind;
  return -1;
}

static rn_status *claim(const rn_host_api *host, void *device, const rn_graph_view_api *v, const rn_graph *g,
                        const rn_node_id *candidates, uint32_t n, rn_status *(*put)(void *arg, const rn_claim *c),
                        void *arg) {
  (void)host;
  (void)device;
  rn_node_id mine[MAX_NODES];
  uint32_t count = 0;
  for (uint32_t i = 0; i < n && count < MAX_NODES; i++) {
    rn_value out = {candidates[i], 0};
    if (kind_of(v, g, candidates[i]) >= 0 && v->dtype(g, out) % RN_REF == RN_FLOAT) mine[count++] = candidates[i];
  }
  if (count < 2) return NULL;
  rn_claim c = {
      .struct_size = sizeof c, .count = count, .nodes = mine, .priority = 10, .reason = "a run of simple float ops"};
  return put(arg, &c);
}

static uint32_t slot_of(const rn_subgraph *s, const program *p, const uint32_t *node_slot, rn_value v) {
  for (uint32_t i = 0; i < s->n_nodes; i++)
    if (s->nodes[i] == v.node) return node_slot[i];
  for (uint32_t i = 0; i < s->n_in; i++)
    if (s->in[i].node == v.node && s->in[i].port == v.port) return i;
  for (uint32_t i = 0; i < s->n_cells; i++)
    if (s->cells[i].node == v.node && s->cells[i].port == v.port) return s->n_in + i;
  return p->n_slots;
}

static rn_status *translate(const rn_host_api *host, const rn_subgraph *s, program *p) {
  uint32_t node_slot[MAX_NODES];
  p->n_slots = s->n_in + s->n_cells;
  for (uint32_t i = 0; i < s->n_nodes; i++) {
    int kind = kind_of(s->view, s->graph, s->nodes[i]);
    if (kind < 0)
      return rn_error(host, RN_INTERNAL, "claimer: got node '%s', which it did not claim",
                      s->view->name(s->graph, s->nodes[i]));
    step *st = &p->steps[p->n_steps++];
    st->kind = (step_kind)kind;
    for (uint32_t k = 0; k < 2; k++)
      st->in[k] = k < s->view->input_count(s->graph, s->nodes[i])
                      ? slot_of(s, p, node_slot, s->view->input(s->graph, s->nodes[i], k))
                      : 0;
    node_slot[i] = st->kind == STEP_ASSIGN_ADD ? st->in[0] : p->n_slots++;
    st->out = node_slot[i];
  }
  for (uint32_t i = 0; i < s->n_out; i++) p->out_slot[i] = slot_of(s, p, node_slot, s->out[i]);
  return NULL;
}

static rn_status *compile(const rn_host_api *host, void *device, const rn_subgraph *s, void **out_program) {
  (void)device;
  if (s->n_nodes > MAX_NODES || s->n_in + s->n_cells > MAX_NODES || s->n_out > MAX_NODES)
    return rn_error(host, RN_UNIMPLEMENTED, "claimer: %u nodes are too many", s->n_nodes);
  program *p = host->alloc(host->ctx, sizeof *p, 16);
  if (!p) return host->status(RN_RESOURCE_EXHAUSTED, "claimer: out of memory");
  memset(p, 0, sizeof *p);
  p->host = host;
  p->n_in = s->n_in;
  p->n_cells = s->n_cells;
  p->n_out = s->n_out;
  rn_status *status = translate(host, s, p);
  if (status) {
    host->free(host->ctx, p);
    return status;
  }
  *out_program = p;
  return NULL;
}

enum { MAX_ELEMS = 256 };
typedef struct slot {
  float *elems;
  uint64_t count;
  float own[MAX_ELEMS];
} slot;

static void run_step(const step *st, slot *slots) {
  slot *a = &slots[st->in[0]], *b = &slots[st->in[1]], *y = &slots[st->out];
  if (st->kind == STEP_ASSIGN_ADD) {
    for (uint64_t i = 0; i < a->count; i++) a->elems[i] += b->elems[i % b->count];
    return;
  }
  y->elems = y->own;
  y->count = st->kind != STEP_NEG && b->count > a->count ? b->count : a->count;
  for (uint64_t i = 0; i < y->count; i++) {
    float u = a->elems[i % a->count], w = b->elems[i % b->count];
    y->own[i] = st->kind == STEP_MUL ? u * w : st->kind == STEP_ADD ? u + w : -u;
  }
}

static rn_status *execute(const void *state, rn_call *c) {
  const program *p = state;
  slot *slots = p->host->alloc(p->host->ctx, p->n_slots * sizeof *slots, 64);
  if (!slots) return p->host->status(RN_RESOURCE_EXHAUSTED, "claimer: out of memory");
  for (uint32_t i = 0; i < p->n_in + p->n_cells; i++)
    slots[i] = (slot){.elems = c->in[i]->data, .count = c->in[i]->size_bytes / sizeof(float)};
  for (uint32_t i = 0; i < p->n_steps; i++) run_step(&p->steps[i], slots);
  for (uint32_t i = 0; i < p->n_out; i++) {
    const slot *s = &slots[p->out_slot[i]];
    if (c->out[i]->data != s->elems && c->out[i]->data) memcpy(c->out[i]->data, s->elems, c->out[i]->size_bytes);
  }
  p->host->free(p->host->ctx, slots);
  return NULL;
}

static void release(void *program_) {
  program *p = program_;
  p->host->free(p->host->ctx, p);
}

static const rn_compiler_def compilers[] = {{.struct_size = sizeof(rn_compiler_def),
                                             .name = "claimer",
                                             .device_type = "cpu",
                                             .claim = claim,
                                             .compile = compile,
                                             .execute = execute,
                                             .release = release}};
static const rn_group group = {.struct_size = sizeof(rn_group), .compilers = RN_TABLE(compilers)};
static const rn_group *const groups[] = {&group};
static const rn_plugin_desc desc = {
    .struct_size = sizeof(rn_plugin_desc),
    .abi_major = RN_ABI_MAJOR,
    .abi_minor = RN_ABI_MINOR,
    .build_flags = RN_BUILD_FLAGS,
    .id = "claimer",
    .version = "1.0",
    .license = "Apache-2.0",
    .doc = "A compiler that claims a subgraph with its variable (test).",
    .groups = groups,
    .group_count = 1,
};
RN_EXPORT const rn_plugin_desc *RN_PLUGIN_ENTRY(claimer)(void) { return &desc; }
