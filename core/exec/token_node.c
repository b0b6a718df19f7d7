/* exec/token_node.c - the token executor: nodes that are no primitives (core/exec).
 *
 * Kernels run as on the straight path where shapes are unknown (dynamic.c), with their variables locked for as long as
 * they run where the plan says so. */
#include "exec/token_run.h"

/* A feed is an input that is always there. */
token token_input(const token_machine *m, uint32_t node, uint32_t i, const token_round *r) {
  const exec_value *v = &m->p->value[m->p->input[m->p->node[node].in + i]];
  if (v->node != EXEC_NONE) return r->slot[m->t.slot[node] + i];
  rn_resource *resource = m->a->resources != NULL ? m->a->resources[v->feed] : NULL;
  return (token){m->a->feeds[v->feed], resource, TOKEN_LIVE};
}

static rn_status *make_site(token_machine *m, uint32_t node, token_site **out) {
  const exec_node *n = &m->p->node[node];
  size_t values = (size_t)n->n_in + n->n_out;
  token_site *s = rn_mem_zero(1, sizeof *s + values * (sizeof(rn_tensor_view) + 2 * sizeof(void *)) +
                                     n->n_out * (sizeof(token) + 2 * sizeof(void *)));
  if (s == NULL) return exec_out_of_memory("control flow");
  s->view = (rn_tensor_view *)(void *)(s + 1);
  s->made = (token *)(void *)(s->view + values);
  s->in = (const rn_tensor_view **)(void *)(s->made + n->n_out);
  s->out = (rn_tensor_view **)(void *)(s->in + n->n_in);
  s->resource = (rn_resource **)(void *)(s->out + n->n_out);
  s->made_resource = s->resource + n->n_in;
  s->held = (rn_tensor **)(void *)(s->made_resource + n->n_out);
  for (uint32_t i = 0; i < n->n_in; i++) s->in[i] = &s->view[i];
  for (uint32_t i = 0; i < n->n_out; i++) s->out[i] = &s->view[n->n_in + i];
  s->call.pub = (rn_call){.struct_size = (uint32_t)sizeof s->call.pub,
                          .n_in = n->n_in,
                          .n_out = n->n_out,
                          .in = s->in,
                          .out = s->out,
                          .resource = s->resource,
                          .correlation = m->r->correlation | node,
                          .api = &exec_call_api,
                          .device = n->device != NULL ? n->device->handle : NULL,
                          .host = n->kernel != NULL ? n->kernel->host : NULL};
  s->call.plan = m->p;
  s->call.run = m->r;
  s->call.made = s->made_resource;
  s->call.held = s->held;
  s->call.node = node;
  *out = m->sites[node] = s;
  return NULL;
}

static rn_status *fill_input(token_machine *m, uint32_t node, uint32_t i, const token_round *r, token_site *s) {
  token t = token_input(m, node, i, r);
  rn_tensor_view *v = &s->view[i];
  memset(v, 0, sizeof *v);
  v->struct_size = (uint32_t)sizeof *v;
  s->resource[i] = t.resource;
  if (t.tensor != NULL) {
    exec_view_tensor(t.tensor, v);
    return NULL;
  }
  const exec_node *n = &m->p->node[node];
  v->dtype = rn_dtype_base(m->p->value[m->p->input[n->in + i]].dtype);
  if (t.resource == NULL || !rn_resource_is_cell(t.resource) || v->dtype == RN_RESOURCE) return NULL;
  if (rn_cell_initialized(t.resource) || (n->op->def->flags & RN_OP_UNINITIALIZED_OK) == 0)
    return rn_cell_view(t.resource, v);
  v->shape = *rn_cell_shape(t.resource);
  return NULL;
}

/* Variables that the node wrote have a new version; a Ref output stands for the input it forwards. */
static void forward_refs(const token_machine *m, uint32_t node, token_site *s) {
  const exec_node *n = &m->p->node[node];
  for (uint32_t i = 0; i < n->n_in; i++)
    if (s->resource[i] != NULL && rn_resource_is_cell(s->resource[i]) && exec_node_writes(m->p, n, i))
      rn_cell_touch(s->resource[i]);
  int32_t from = n->op->def->ref_forward;
  if (n->n_out > 0 && from > 0 && (uint32_t)from <= n->n_in) s->made[0].resource = s->resource[from - 1];
}

void token_lock_all(const exec_plan *p, int take, int alone) {
  for (uint32_t i = 0; i < p->n_lock; i++) {
    const exec_lock *l = &p->lock[take ? i : p->n_lock - 1 - i];
    if (take)
      rn_resource_lock(l->resource, l->exclusive | alone);
    else
      rn_resource_unlock(l->resource, l->exclusive | alone);
  }
}

/* Alone where a variable may have to come home: the first device may join while the locks are waited for. */
int token_take_all(const exec_plan *p) {
  for (;;) {
    int alone = p->session->has_homes;
    token_lock_all(p, 1, alone);
    if (alone == p->session->has_homes) return alone;
    token_lock_all(p, 0, alone);
  }
}

static rn_status *compute(token_machine *m, const token_ready *x, token_site *s) {
  const exec_node *n = &m->p->node[x->node];
  for (uint32_t i = 0; i < n->n_in; i++) {
    rn_status *failed = fill_input(m, x->node, i, x->round, s);
    if (failed != NULL) return exec_wrap_failure(m->p, x->node, failed);
  }
  if (n->kernel != NULL && (n->kernel->def->flags & RN_KERNEL_ASYNC) != 0)
    return exec_wrap_failure(
        m->p, x->node,
        rn_status_make(RN_UNIMPLEMENTED, "an asynchronous kernel cannot run beside control-flow primitives"));
  for (uint32_t i = 0; i < n->n_out; i++) {
    s->held[i] = NULL;
    s->made_resource[i] = NULL;
    *s->out[i] = (rn_tensor_view){.struct_size = (uint32_t)sizeof *s->out[i],
                                  .dtype = rn_dtype_base(m->p->value[n->out + i].dtype),
                                  .shape = rn_shape_unknown()};
  }
  uint64_t begin = exec_trace_now(m->r);
  int locks = m->p->locks_per_op && (n->op->def->flags & RN_OP_BLOCKING) == 0;
  int alone = locks ? token_take_all(m->p) : 0;
  rn_status *failed = exec_node_run_dynamic(&s->call);
  if (locks) token_lock_all(m->p, 0, alone);
  if (begin != 0) exec_trace_node(&s->call, begin);
  if (failed == NULL && (m->r->flags & RN_RUN_CHECK_NUMERICS) != 0)
    failed = exec_check_numbers(m->p, x->node, s->call.pub.out);
  for (uint32_t i = 0; i < n->n_out; i++) s->made[i] = (token){s->held[i], s->made_resource[i], TOKEN_LIVE};
  if (failed != NULL) return exec_wrap_failure(m->p, x->node, failed);
  forward_refs(m, x->node, s);
  return NULL;
}

/* Copies what a Ref stands for, for a fetch. */
static rn_status *snapshot(token_machine *m, const token_ready *x, token *made) {
  token t = token_input(m, x->node, 0, x->round);
  made->state = TOKEN_LIVE;
  if (t.tensor != NULL) {
    made->tensor = rn_tensor_retain(t.tensor);
    return NULL;
  }
  if (t.resource == NULL || !rn_resource_is_cell(t.resource)) return rn_status_make(RN_INTERNAL, "nothing to fetch");
  return rn_cell_read(t.resource, &made->tensor);
}

static rn_status *identity(token_machine *m, const token_ready *x, token_site *s) {
  const exec_node *n = &m->p->node[x->node];
  for (uint32_t i = 0; i < n->n_out; i++) {
    token in = token_input(m, x->node, i, x->round);
    int wants_value = m->p->value[n->out + i].dtype < RN_REF && m->p->value[n->out + i].dtype != RN_RESOURCE;
    if (in.tensor == NULL && wants_value)
      RN_TRY(rn_cell_read(in.resource, &s->made[i].tensor));
    else
      s->made[i] = token_share(&in);
    s->made[i].state = TOKEN_LIVE;
  }
  return NULL;
}

static rn_status *constant(token_machine *m, const token_ready *x, token *made) {
  const exec_node *n = &m->p->node[x->node];
  rn_tensor *t = rn_graph_constant(m->p->graph, (rn_value){n->id, 0});
  if (t == NULL) return exec_wrap_failure(m->p, x->node, rn_status_make(RN_INTERNAL, "has no value"));
  *made = (token){rn_tensor_retain(t), NULL, TOKEN_LIVE};
  return NULL;
}

rn_status *token_node_run(token_machine *m, const token_ready *x) {
  const exec_node *n = &m->p->node[x->node];
  token_site *s = m->sites[x->node];
  rn_status *failed = NULL;
  if (s == NULL) RN_TRY(make_site(m, x->node, &s));
  switch (n->kind) {
    case NODE_CONSTANT:
      failed = constant(m, x, s->made);
      break;
    case NODE_IDENTITY:
      failed = identity(m, x, s);
      break;
    case NODE_SNAPSHOT:
      failed = snapshot(m, x, s->made);
      break;
    case NODE_RESOURCE:
      s->made[0] = (token){NULL, m->cell[m->p->value[n->out].cell], TOKEN_LIVE};
      break;
    case NODE_NOTHING:
      break;
    default:
      failed = compute(m, x, s);
      break;
  }
  if (failed == NULL) failed = token_send_all(m, x->node, x->frame, x->round, s->made, 0);
  for (uint32_t i = 0; i < n->n_out; i++) token_clear(&s->made[i]);
  return failed;
}
