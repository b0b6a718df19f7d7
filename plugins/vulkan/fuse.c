/* fuse.c - the compiler "fusion": what it claimed becomes one dispatch where that can be (plugins/vulkan).
 *
 * A claim is element-wise nodes of one shape, or a product with what follows it. A program of it is a list of steps
 * that are recorded as kernels are, so a replayed segment holds them too. */
#include "fuse.h"
#include "fuse_product.h"

enum { MOST_DISPATCHES = 8 };

/* Operand k of a claim: its inputs, then its outputs. */
typedef struct dispatch {
  const gpu_shader *code;
  uint32_t n, per, n_bind, n_numbers, n_results;
  uint32_t operand[GPU_MAX_BIND], number[FUSED_MAX_NUMBERS], dim[RN_MAX_RANK];
} dispatch;
typedef struct program {
  gpu_op op;
  gpu_fused_product product; /* state NULL: none */
  uint8_t has_after;
  dispatch after_product; /* in place over its result, where its kernel did not do it */
  uint32_t n;
  dispatch dispatch[MOST_DISPATCHES];
} program;

/* ------------------------------------------------------------------------------------------ recording */
static rn_status *run(const dispatch *p, const rn_call *c) {
  gpu_dispatch d = gpu_dispatch_of(c, SHADER_fuse);
  d.code = p->code;
  for (uint32_t k = 0; k < p->n_bind; k++) {
    uint32_t at = p->operand[k];
    gpu_bind(&d, at < c->n_in ? c->in[at] : c->out[at - c->n_in], k >= p->n_bind - p->n_results);
  }
  gpu_push(&d, p->n);
  gpu_push_all(&d, p->dim, RN_MAX_RANK);
  gpu_push_all(&d, p->number, p->n_numbers);
  gpu_over(&d, c, GPU_CEIL(p->n, p->per));
  return gpu_run(c, &d);
}

static rn_status *record(const void *state, rn_call *c) {
  const program *p = state;
  int done = 0;
  if (p->product.state != NULL) RN_TRY(gpu_fused_product_record(&p->product, c, &done));
  if (!done && p->has_after) RN_TRY(run(&p->after_product, c));
  for (uint32_t k = 0; k < p->n; k++) RN_TRY(run(&p->dispatch[k], c));
  return NULL;
}

/* ------------------------------------------------------------------------------------------ compiling */
typedef struct compiling {
  gpu_graph graph;
  gpu_device *device;
  const rn_subgraph *s;
  program *p;
} compiling;

uint32_t gpu_fuse_operand(const rn_subgraph *s, rn_value v) {
  for (uint32_t i = 0; i < s->n_in; i++)
    if (s->in[i].node == v.node && s->in[i].port == v.port) return i;
  for (uint32_t o = 0; o < s->n_out; o++)
    if (s->out[o].node == v.node && s->out[o].port == v.port) return s->n_in + o;
  return UINT32_MAX;
}

static int is_read(const rn_subgraph *s, uint32_t o) { return s->out_unread == NULL || !s->out_unread[o]; }

static rn_status *too_many(void) {
  return rn_error(gpu_host, RN_UNIMPLEMENTED, "fusion: more operands than a dispatch binds");
}

static rn_status *finish(const compiling *c, const gpu_net *net, const gpu_piece *piece, const uint32_t *wanted,
                         dispatch *out) {
  memset(out, 0, sizeof *out);
  out->n_results = piece->program.n_out;
  for (uint32_t k = 0; k < piece->n_bound; k++)
    out->operand[out->n_bind++] = gpu_fuse_operand(c->s, net->value[piece->bound[k]]);
  for (uint32_t o = 0; o < out->n_results; o++)
    out->operand[out->n_bind++] = gpu_fuse_operand(c->s, net->value[wanted[o]]);
  for (uint32_t k = 0; k < out->n_bind; k++)
    if (out->operand[k] == UINT32_MAX) return rn_error(gpu_host, RN_INTERNAL, "fusion: a value from nowhere");
  out->n = piece->n;
  out->per = gpu_fused_per_invocation(&piece->program);
  out->n_numbers = piece->n_numbers;
  memcpy(out->number, piece->number, sizeof out->number);
  memcpy(out->dim, piece->dim, sizeof out->dim);
  return gpu_fused_module(c->graph.host, c->device, &piece->program, &out->code);
}

/* As many of the net's results as go into one dispatch, then the others. */
static rn_status *add_dispatches(const compiling *c, const gpu_net *net) {
  uint32_t wanted[FUSED_MAX_OPS], n_wanted = 0;
  program *p = c->p;
  for (int one = 0; one <= 1; one++)
    for (uint32_t o = 0; o < c->s->n_out; o++) {
      uint32_t v = gpu_net_find(net, c->s->out[o]);
      if (v != UINT32_MAX && gpu_net_is_one(net, v) == one && is_read(c->s, o)) wanted[n_wanted++] = v;
    }
  for (uint32_t first = 0, n; first < n_wanted; first += n) {
    gpu_piece piece;
    n = 1;
    while (first + n < n_wanted && gpu_net_is_one(net, wanted[first + n]) == gpu_net_is_one(net, wanted[first])) n++;
    for (n = GPU_MIN(n, (uint32_t)FUSED_MAX_OUT); n > 0; n--)
      if (gpu_net_piece(net, wanted + first, n, &piece)) break;
    if (n == 0 || p->n == MOST_DISPATCHES) return too_many();
    RN_TRY(finish(c, net, &piece, wanted + first, &p->dispatch[p->n++]));
  }
  return NULL;
}

/* Node n of the claim, and those before it back to the product: over the product's result, which lies where n's will.
 */
static rn_status *add_after_product(const compiling *c, gpu_net *net, uint32_t n) {
  const rn_value y = {c->s->nodes[n], 0};
  gpu_piece piece;
  uint32_t last = gpu_net_find(net, y);
  for (uint32_t k = 0; k < net->all.n_in; k++)
    if (net->value[k].node == c->s->nodes[0]) net->value[k] = y;
  if (!gpu_net_piece(net, &last, 1, &piece)) return too_many();
  c->p->has_after = 1;
  return finish(c, net, &piece, &last, &c->p->after_product);
}

/* Nodes [first, first + n) of the claim. after: they lie over the product. */
static rn_status *compile_nodes(const compiling *c, uint32_t first, uint32_t n, int after) {
  if (n == 0) return NULL;
  gpu_net *net = gpu_zero(sizeof *net);
  if (net == NULL) return gpu_no_memory("a fused program");
  rn_status *failed = gpu_net_make(c->s, c->s->nodes + first, n, net);
  if (failed == NULL) failed = after ? add_after_product(c, net, n) : add_dispatches(c, net);
  gpu_free(net);
  return failed;
}

static int reaches_memory(const rn_subgraph *s, rn_node_id n) {
  uint32_t at = gpu_fuse_operand(s, (rn_value){n, 0});
  return at != UINT32_MAX && at >= s->n_in && is_read(s, at - s->n_in);
}

static rn_status *compile_all(const compiling *c) {
  const rn_subgraph *s = c->s;
  uint32_t tail = 0; /* nodes that follow a product into its memory: up to the first that is read outside */
  if (!gpu_is_product(&c->graph, s->nodes[0])) return compile_nodes(c, 0, s->n_nodes, 0);
  while (tail < s->n_nodes && !reaches_memory(s, s->nodes[tail])) tail++;
  if (tail == s->n_nodes) return NULL; /* nobody reads any of it */
  RN_TRY(gpu_fused_product_make(&c->graph, s, tail, &c->p->product));
  RN_TRY(compile_nodes(c, 1, tail, 1));
  return compile_nodes(c, tail + 1, s->n_nodes - tail - 1, 0);
}

static void release(void *state) {
  program *p = state;
  gpu_fused_product_finish(&p->product);
  gpu_free(p);
}

static rn_status *compile(const rn_host_api *host, void *device, const rn_subgraph *s, void **out_program) {
  if (!RN_HAS(s, rn_subgraph, out_unread))
    return rn_error(host, RN_UNIMPLEMENTED, "fusion: the host does not tell shapes inside of a claim");
  program *p = gpu_zero(sizeof *p);
  if (p == NULL) return gpu_no_memory("a fused program");
  p->op.record = record;
  rn_status *failed = compile_all(&(compiling){{host, s->view, s->graph}, device, s, p});
  if (failed != NULL)
    release(p);
  else
    *out_program = p;
  return failed;
}

static const rn_compiler_def compilers[] = {{.struct_size = (uint32_t)sizeof(rn_compiler_def),
                                             .flags = RN_KERNEL_RECORDS,
                                             .name = "fusion",
                                             .device_type = "vulkan",
                                             .claim = gpu_fuse_claim,
                                             .compile = compile,
                                             .execute = gpu_compute,
                                             .release = release}};
const rn_group gpu_fuse_compilers = {.struct_size = (uint32_t)sizeof(rn_group), .compilers = RN_TABLE(compilers)};
