/* fuse_product.c - a product at the head of a claim (plugins/vulkan).
 *
 * The kernel of the product records it as ever, into the memory of the last node that follows it there, and is asked
 * for what follows. */
#include "fuse_product.h"
#include "epilogue.h"

extern const rn_group gpu_product_kernels, gpu_conv_kernels;

static const rn_kernel_def *kernel_of(const char *op) {
  const rn_group *groups[] = {&gpu_product_kernels, &gpu_conv_kernels};
  for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++) {
    const rn_kernel_def *k = groups[g]->kernels.items;
    for (uint32_t i = 0; i < groups[g]->kernels.count; i++)
      if (strcmp(k[i].op, op) == 0) return &k[i];
  }
  return NULL;
}

static rn_status *make_state(const gpu_graph *g, rn_node_id n, gpu_fused_product *out) {
  const rn_kernel_def *k = kernel_of(g->view->op(g->graph, n));
  if (k == NULL) return rn_error(g->host, RN_INTERNAL, "fusion: a product without a kernel");
  rn_prepare p = {.struct_size = (uint32_t)sizeof p, .self = {g->host, g->view, g->graph, n, 0}, .user = k->user};
  rn_prepared made = {.struct_size = (uint32_t)sizeof made};
  RN_TRY(k->prepare(&p, &made));
  out->state = made.state;
  out->destroy = made.destroy;
  return NULL;
}

/* The tail as the kernel's epilogue, as far as it is one. */
static void read_tail(const gpu_graph *g, const rn_subgraph *s, uint32_t tail, gpu_fused_product *out) {
  int after = TAIL_NOT;
  out->bias = out->side = UINT32_MAX;
  out->has_tail = tail > 0;
  out->fits = 1;
  for (uint32_t k = 1; k <= tail; k++) {
    gpu_tail t;
    gpu_tail_of(g, s->nodes[k], (rn_value){s->nodes[k - 1], 0}, after, &t);
    uint32_t operand =
        t.side != UINT32_MAX ? gpu_fuse_operand(s, g->view->input(g->graph, s->nodes[k], t.side)) : UINT32_MAX;
    if (t.form == TAIL_NOT || (t.form != TAIL_OP && operand >= s->n_in)) out->fits = 0;
    if (t.form == TAIL_BIAS) out->bias = operand;
    if (t.form == TAIL_SIDE) out->side = operand;
    if (t.form != TAIL_BIAS) out->op = t.op;
    if (t.form != TAIL_BIAS) out->alpha = t.alpha;
    after = t.form;
  }
}

rn_status *gpu_fused_product_make(const gpu_graph *g, const rn_subgraph *s, uint32_t tail, gpu_fused_product *out) {
  rn_node_id n = s->nodes[0];
  out->n_in = g->view->input_count(g->graph, n);
  for (uint32_t i = 0; i < out->n_in; i++) {
    out->in[i] = gpu_fuse_operand(s, g->view->input(g->graph, n, i));
    if (out->in[i] >= s->n_in) return rn_error(g->host, RN_INTERNAL, "fusion: a factor from nowhere");
  }
  out->out = gpu_fuse_operand(s, (rn_value){s->nodes[tail], 0}) - s->n_in;
  read_tail(g, s, tail, out);
  return make_state(g, n, out);
}

rn_status *gpu_fused_product_record(const gpu_fused_product *p, rn_call *c, int *out_done) {
  const rn_tensor_view *in[3];
  rn_tensor_view *out[1] = {c->out[p->out]};
  const gpu_op *op = p->state;
  rn_call call = *c;
  gpu_epilogue tail = {.op = p->op, .alpha = p->alpha};
  for (uint32_t i = 0; i < p->n_in; i++) in[i] = c->in[p->in[i]];
  if (p->bias != UINT32_MAX) tail.bias = c->in[p->bias];
  if (p->side != UINT32_MAX) tail.side = c->in[p->side];
  call.in = in;
  call.n_in = p->n_in;
  call.out = out;
  call.n_out = 1;
  call.resource = NULL;
  if (p->has_tail && p->fits) gpu_epilogue_ask(&call, &tail);
  RN_TRY(op->record(op, &call));
  *out_done = !p->has_tail || tail.done;
  return NULL;
}

void gpu_fused_product_finish(gpu_fused_product *p) {
  if (p->destroy != NULL) p->destroy(p->state);
}
