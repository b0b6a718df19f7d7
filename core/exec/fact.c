/* exec/fact.c - what is known about each value of a layout (core/exec).
 *
 * Inference with the shapes at hand, what the graph's builder declared where that says more, and the
 * view that every instance starts from. */
#include "exec/exec.h"

void exec_layout_alias(exec_layout *l, uint32_t v, uint32_t of) {
  exec_slot *root = &l->slot[l->slot[of].root];
  exec_slot *s = &l->slot[v];
  s->kind = root->kind;
  s->dynamic = root->dynamic;
  s->root = l->slot[of].root;
  s->sibling = root->sibling;
  root->sibling = v;
  if (root->kind == SLOT_CONST) {
    l->proto[v].data = l->proto[s->root].data;
    l->proto[v].mem = l->proto[s->root].mem;
    l->proto[v].tensor = l->proto[v].dtype == RN_STRING ? l->proto[s->root].tensor : NULL;
    l->proto[v].flags = RN_VIEW_CONSTANT;
    l->proto[v].version = 1;
  }
}

/* Values that stand for a cell form one chain, whoever comes first is its root. */
static void join_cell(exec_layout *l, uint32_t v) {
  uint32_t *root = &l->cell_root[l->plan->value[v].cell];
  if (*root != EXEC_NONE) {
    exec_layout_alias(l, v, *root);
    return;
  }
  *root = v;
  l->slot[v].kind = SLOT_CELL;
}

static void start_value(exec_layout *l, uint32_t v) {
  const exec_plan *p = l->plan;
  l->slot[v].root = v;
  l->slot[v].sibling = EXEC_NONE;
  l->fact[v].n_value = -1;
  l->fact[v].shape = rn_shape_unknown();
  l->fact[v].handle_shape = rn_shape_unknown();
  l->proto[v].struct_size = (uint32_t)sizeof l->proto[v];
  l->proto[v].dtype = rn_dtype_base(p->value[v].dtype);
  l->proto[v].shape = rn_shape_unknown();
}

static void describe_cell(exec_layout *l, uint32_t v) {
  const exec_plan *p = l->plan;
  const exec_cell *c = &p->cell[p->value[v].cell];
  const rn_shape *shape = &l->key[p->n_feed + p->value[v].cell];
  rn_fact *f = &l->fact[v];
  if (p->value[v].dtype == RN_RESOURCE) {
    f->shape = rn_shape_scalar();
    f->handle_dtype = c->dtype;
    f->handle_shape = *shape;
  } else {
    f->shape = *shape;
  }
}

/* Known sizes go into the view that every instance starts from. */
static rn_status *describe_view(exec_layout *l, uint32_t v) {
  int64_t count;
  rn_tensor_view *view = &l->proto[v];
  view->shape = l->fact[v].shape;
  if (!rn_shape_known(&view->shape)) return NULL;
  RN_TRY(rn_shape_count(&view->shape, &count));
  size_t size = 0;
  if (!rn_mul_size((size_t)count, rn_dtype_size(view->dtype), &size) || size > PTRDIFF_MAX - 64)
    return rn_status_make(RN_RESOURCE_EXHAUSTED, "a value of %lld elements is too large", (long long)count);
  view->size_bytes = l->slot[v].size_bytes = size;
  return NULL;
}

static rn_status *infer(exec_layout *l, uint32_t node) {
  const exec_plan *p = l->plan;
  const exec_node *n = &p->node[node];
  if (n->kind == NODE_SNAPSHOT || n->kind == NODE_COPY) {
    l->fact[n->out] = l->fact[p->input[n->in]];
    return NULL;
  }
  if (n->kind == NODE_CLAIM) {
    for (uint32_t o = 0; o < n->n_out; o++) l->fact[n->out + o] = l->fact[n->claim->out_value[o]];
    return NULL;
  }
  if (n->kind == NODE_CONSTANT || n->kind == NODE_RESOURCE) {
    for (uint32_t o = 0; o < n->n_out; o++) rn_graph_fact(p->graph, (rn_value){n->id, o}, &l->fact[n->out + o]);
  } else if (n->kind != NODE_NOTHING && n->n_out > 0) {
    rn_fact few[8], *in = few;
    if (n->n_in > 8 && (in = rn_mem_alloc(n->n_in * sizeof *in)) == NULL) return exec_out_of_memory("a layout");
    for (uint32_t i = 0; i < n->n_in; i++) in[i] = l->fact[p->input[n->in + i]];
    rn_status *s = rn_infer_node(p->graph, n->id, in, &l->fact[n->out], &l->memory);
    if (in != few) rn_mem_free(in);
    if (s != NULL) return s;
  }
  return NULL;
}

/* What the graph's builder declared counts where inference knows less. */
static void narrow(exec_layout *l, uint32_t v) {
  const exec_plan *p = l->plan;
  if (rn_shape_known(&l->fact[v].shape) || p->is_body || p->value[v].cell != EXEC_NONE) return;
  const rn_shape *declared = rn_graph_shape(p->graph, (rn_value){p->node[p->value[v].node].id, p->value[v].port});
  if (declared != NULL && rn_shape_known(declared)) l->fact[v].shape = *declared;
}

rn_status *exec_layout_feed(exec_layout *l, uint32_t v, rn_tensor *fed) {
  start_value(l, v);
  if (l->plan->value[v].cell != EXEC_NONE) {
    describe_cell(l, v);
    join_cell(l, v);
    return NULL;
  }
  if (fed != NULL) l->fact[v].shape = l->key[v];
  l->slot[v].kind = SLOT_FEED;
  return describe_view(l, v);
}

rn_status *exec_layout_value(exec_layout *l, uint32_t node) {
  const exec_plan *p = l->plan;
  const exec_node *n = &p->node[node];
  for (uint32_t v = n->out; v < n->out + n->n_out; v++) start_value(l, v);
  rn_status *s = infer(l, node);
  for (uint32_t v = n->out; s == NULL && v < n->out + n->n_out; v++) {
    if (p->value[v].cell != EXEC_NONE)
      describe_cell(l, v);
    else if (n->op != NULL)
      narrow(l, v);
    s = describe_view(l, v);
    if (s == NULL && p->value[v].cell != EXEC_NONE) join_cell(l, v);
  }
  return s != NULL ? s : exec_layout_node(l, node);
}
