/* exec/step.c - how a node takes part in a layout (core/exec).
 *
 * Nothing to do: constants, handles, order; shape arithmetic whose result is known; whatever is only
 * another name for memory that exists. Otherwise a kernel is prepared now, or during the run when
 * its shapes are not known yet. */
#include "exec/exec.h"

static int all_known(const exec_layout *l, const uint32_t *values, uint32_t first, uint32_t n) {
  for (uint32_t i = 0; i < n; i++)
    if (!rn_shape_known(&l->proto[values != NULL ? values[i] : first + i].shape)) return 0;
  return 1;
}

static void set_constant(exec_layout *l, uint32_t v, rn_tensor *t /* given */) {
  l->constant[v] = t;
  l->slot[v].kind = SLOT_CONST;
  exec_view_tensor(t, &l->proto[v]);
  l->proto[v].flags = RN_VIEW_CONSTANT;
  l->proto[v].version = 1;
  l->slot[v].size_bytes = l->proto[v].size_bytes;
}

static rn_status *lay_constant(exec_layout *l, const exec_node *n) {
  char text[256];
  rn_tensor *t = rn_graph_constant(l->plan->graph, (rn_value){n->id, 0});
  if (t == NULL)
    return rn_status_make(RN_INVALID_ARGUMENT, "%s has no value",
                          rn_node_text(l->plan->graph, n->id, text, sizeof text));
  set_constant(l, n->out, rn_tensor_retain(t));
  return NULL;
}

/* ------------------------------------------------------------------------------------- folding */
static int fact_is_known(const rn_fact *f, rn_dtype t) {
  if (f->n_value < 0 || !rn_shape_known(&f->shape) || f->shape.rank > 1) return 0;
  if (t != RN_INT32 && t != RN_INT64) return 0;
  if (rn_shape_elems(&f->shape) != f->n_value) return 0;
  for (int32_t i = 0; i < f->n_value; i++) /* below 0: not known, or not to be told from it */
    if (f->value[i] < 0 || (t == RN_INT32 && f->value[i] > INT32_MAX)) return 0;
  return 1;
}

int exec_value_is_known(const exec_layout *l, uint32_t v) { return fact_is_known(&l->fact[v], l->proto[v].dtype); }

static int may_fold(const exec_node *n) {
  return n->op != NULL && n->n_out != 0 && (n->op->def->flags & RN_OP_STATEFUL) == 0 && n->op->def->writes == 0;
}

/* Before its turn: of what is laid out already. */
int exec_will_fold(const exec_layout *l, const exec_node *n, rn_arena *memory) {
  const exec_plan *p = l->plan;
  rn_fact in[4], out[2];
  if (n->kind != NODE_COMPUTE || !may_fold(n) || n->n_in > 4 || n->n_out > 2) return 0;
  for (uint32_t i = 0; i < n->n_in; i++) {
    if (l->proto[p->input[n->in + i]].struct_size == 0) return 0; /* not yet */
    in[i] = l->fact[p->input[n->in + i]];
  }
  rn_status *s = rn_infer_node(p->graph, n->id, in, out, memory);
  int known = s == NULL;
  rn_status_free(s);
  for (uint32_t o = 0; o < n->n_out && known; o++)
    known = p->value[n->out + o].cell == EXEC_NONE && fact_is_known(&out[o], rn_dtype_base(p->value[n->out + o].dtype));
  return known;
}

static int folds(const exec_layout *l, const exec_node *n) {
  if (!may_fold(n)) return 0;
  for (uint32_t o = 0; o < n->n_out; o++)
    if (l->plan->value[n->out + o].cell != EXEC_NONE || !exec_value_is_known(l, n->out + o)) return 0;
  return 1;
}

static rn_status *fold(exec_layout *l, const exec_node *n) {
  for (uint32_t v = n->out; v < n->out + n->n_out; v++) {
    rn_tensor *t;
    RN_TRY(rn_tensor_create(l->proto[v].dtype, &l->proto[v].shape, &t));
    void *data = rn_tensor_data(t);
    for (int32_t i = 0; i < l->fact[v].n_value; i++) {
      if (l->proto[v].dtype == RN_INT32)
        ((int32_t *)data)[i] = (int32_t)l->fact[v].value[i];
      else
        ((int64_t *)data)[i] = l->fact[v].value[i];
    }
    set_constant(l, v, t);
    rn_tensor_view known = l->proto[v];
    exec_device *home = l->plan->value[v].home;
    if (home != NULL) RN_TRY(exec_layout_upload(l, v, home, &known));
  }
  return NULL;
}

/* -------------------------------------------------------------------------------------- copies */
static void copy_view(const rn_tensor_view *from, rn_tensor_view *to) {
  if (to->size_bytes != 0 && to->data != from->data) memcpy(to->data, from->data, to->size_bytes);
}

static rn_status *copy_all(const void *state, rn_call *c) {
  (void)state;
  for (uint32_t i = 0; i < c->n_out && i < c->n_in; i++) {
    if (c->in[i]->dtype != RN_STRING)
      copy_view(c->in[i], c->out[i]);
    else
      RN_TRY(c->api->set_output_tensor(c, i, c->in[i]->tensor));
  }
  return NULL;
}

/* A kernel's alias that must not share: output 0 gets the bytes of input *state. */
static const uint32_t input_number[8] = {0, 1, 2, 3, 4, 5, 6, 7};
static rn_status *copy_one(const void *state, rn_call *c) {
  copy_view(c->in[*(const uint32_t *)state], c->out[0]);
  return NULL;
}

/* ----------------------------------------------------------------------------------- execution */
static void lay_outputs(exec_layout *l, const exec_node *n, int dynamic) {
  for (uint32_t v = n->out; v < n->out + n->n_out; v++) {
    exec_slot *s = &l->slot[v];
    rn_dtype t = l->proto[v].dtype;
    if (s->kind == SLOT_CELL || t == RN_RESOURCE) continue;
    s->dynamic = (uint8_t)dynamic;
    s->kind = dynamic || t == RN_STRING || t == RN_VARIANT ? SLOT_HEAP : SLOT_ARENA;
    if (s->kind == SLOT_HEAP) l->has_heap = 1;
  }
}

static int is_plain(const exec_layout *l, const exec_node *n) {
  const exec_plan *p = l->plan;
  if (n->claim != NULL && n->kind == NODE_CLAIM && n->claim->n_cells != 0) return 0;
  if (n->op != NULL && (n->op->def->writes != 0 || (n->op->def->flags & (RN_OP_CALLS | RN_OP_BLOCKING)) != 0)) return 0;
  if (n->kernel != NULL && (n->kernel->def->flags & (RN_KERNEL_ASYNC | RN_KERNEL_EXCLUSIVE)) != 0) return 0;
  for (uint32_t i = 0; i < n->n_in; i++) {
    uint32_t v = p->input[n->in + i];
    if (l->slot[l->slot[v].root].kind == SLOT_HEAP ||
        (p->value[v].dtype == RN_RESOURCE && p->value[v].cell == EXEC_NONE))
      return 0;
    if (p->value[v].cell != EXEC_NONE && p->locks_per_op) return 0;
  }
  for (uint32_t v = n->out; v < n->out + n->n_out; v++)
    if (l->slot[v].kind == SLOT_HEAP || l->proto[v].dtype == RN_RESOURCE) return 0;
  return 1;
}

static void count_uses(exec_layout *l, const exec_node *n) {
  for (uint32_t i = 0; i < n->n_in; i++) l->slot[l->slot[l->plan->input[n->in + i]].root].uses++;
}

static int has_lane(const exec_node *n) { return n->device != NULL && !exec_device_is_host(n->device); }

static int reads_on_host(const exec_layout *l, const exec_node *n, uint32_t i) {
  return n->kernel != NULL && exec_kernel_host_input(l->plan, n, i);
}

static int reads_heap(const exec_layout *l, const exec_node *n) {
  for (uint32_t i = 0; i < n->n_in; i++)
    if (l->slot[l->slot[l->plan->input[n->in + i]].root].kind == SLOT_HEAP && !reads_on_host(l, n, i)) return 1;
  return 0;
}

static void keep_host_arguments(exec_layout *l, const exec_node *n) {
  for (uint32_t i = 0; i < n->n_in; i++)
    if (reads_on_host(l, n, i)) l->slot[l->slot[l->plan->input[n->in + i]].root].uses++; /* until the step ends */
}

/* What makes memory, or reads what lives only until its last reader, is done by the host between the lanes. */
static int host_runs(const exec_layout *l, const exec_node *n, int dynamic) {
  int makes_cell = n->op->def->writes != 0 && (n->op->def->flags & RN_OP_UNINITIALIZED_OK) != 0;
  return dynamic || makes_cell || reads_heap(l, n);
}

static rn_status *on_device(exec_layout *l, uint32_t node, int dynamic) {
  const exec_plan *p = l->plan;
  const exec_node *n = &p->node[node];
  exec_step *step = &l->step[node];
  char text[256];
  if (n->borrowed && step->copies == 0) {
    step->after_lanes = host_runs(l, n, dynamic) != 0;
    step->launched = !step->after_lanes && (n->device->info.features & RN_DEVICE_SYNCHRONOUS) == 0;
    if (!step->after_lanes || step->mode == STEP_STATIC) step->mode = step->after_lanes ? STEP_CAREFUL : STEP_DEVICE;
    return NULL;
  }
  dynamic |= step->copies == 0 && reads_heap(l, n);
  if (dynamic) exec_plan_mark_open(l->plan, n->id);
  if (dynamic)
    return rn_status_make(RN_UNIMPLEMENTED,
                          "%s: its shapes are known only while the step runs, and %s needs them before (pin it to the "
                          "host)",
                          exec_node_text(p, node, text, sizeof text), n->device->full_name);
  for (uint32_t i = 0; i < l->step[node].copies; i++) {
    const exec_device *from = p->value[p->input[n->in + l->step[node].copied + i]].home,
                      *to = p->value[n->out + i].home;
    if (from != NULL && to != NULL && from != to)
      return rn_status_make(RN_UNIMPLEMENTED, "%s: a copy from %s to %s", exec_node_text(p, node, text, sizeof text),
                            from->full_name, to->full_name);
  }
  keep_host_arguments(l, n);
  l->step[node].mode = STEP_DEVICE;
  return NULL;
}

rn_status *exec_layout_executes(exec_layout *l, uint32_t node, int dynamic) {
  const exec_node *n = &l->plan->node[node];
  lay_outputs(l, n, dynamic);
  count_uses(l, n);
  l->step[node].mode = dynamic ? STEP_DYNAMIC : is_plain(l, n) ? STEP_STATIC : STEP_CAREFUL;
  l->step[node].segment = EXEC_NONE;
  l->step[node].async = n->kernel != NULL && (n->kernel->def->flags & RN_KERNEL_ASYNC) != 0;
  return has_lane(n) ? on_device(l, node, dynamic) : NULL;
}

static rn_status *lay_copy(exec_layout *l, uint32_t node) {
  const exec_node *n = &l->plan->node[node];
  l->step[node].prep = (exec_prep){.compute = copy_all};
  if (has_lane(n)) l->step[node].copies = (uint16_t)n->n_out;
  return exec_layout_executes(l, node, !all_known(l, NULL, n->out, n->n_out));
}

/* Sharing is safe when nothing that may be shared is written in this step, and nobody counts on a copy. */
static int may_share(const exec_layout *l, uint32_t v) {
  const exec_plan *p = l->plan;
  uint32_t root = l->slot[v].root;
  if (l->slot[root].kind == SLOT_NONE) return 0;
  return p->value[root].cell == EXEC_NONE || !(p->cell[p->value[root].cell].writes || p->locks_per_op);
}

static rn_status *prepare_static(exec_layout *l, uint32_t node, exec_prep *prep) {
  const exec_plan *p = l->plan;
  const exec_node *n = &p->node[node];
  const rn_tensor_view *few[16], **in = few;
  uint32_t total = n->n_in + n->n_out;
  if (total > 16 && (in = rn_mem_alloc(total * sizeof *in)) == NULL) return exec_out_of_memory("a layout");
  for (uint32_t i = 0; i < n->n_in; i++) in[i] = &l->proto[p->input[n->in + i]];
  for (uint32_t o = 0; o < n->n_out; o++) in[n->n_in + o] = &l->proto[n->out + o];
  rn_status *s = exec_prepare_node(p, node, in, n->n_in, in + n->n_in, n->n_out, prep);
  if (in != few) rn_mem_free(in);
  return s;
}

rn_status *exec_layout_kernel(exec_layout *l, uint32_t node) {
  const exec_plan *p = l->plan;
  const exec_node *n = &p->node[node];
  exec_prep *prep = &l->step[node].prep;
  if (!all_known(l, p->input + n->in, 0, n->n_in) || !all_known(l, NULL, n->out, n->n_out)) {
    return exec_layout_executes(l, node, 1);
  }
  RN_TRY(prepare_static(l, node, prep));
  if (prep->alias != 0 && l->slot[n->out].kind == SLOT_NONE && n->n_out == 1) {
    uint32_t from = p->input[n->in + (uint32_t)prep->alias - 1];
    int same_size = l->proto[from].size_bytes == l->proto[n->out].size_bytes;
    if (same_size && p->value[from].home == p->value[n->out].home && may_share(l, from)) {
      exec_layout_alias(l, n->out, from);
      return NULL;
    }
    if (prep->compute == NULL && has_lane(n)) {
      l->step[node].copies = 1;
      l->step[node].copied = (uint32_t)prep->alias - 1;
    } else if (prep->compute == NULL && prep->alias <= 8) {
      prep->compute = copy_one;
      prep->state = (void *)(uintptr_t)&input_number[prep->alias - 1];
    }
  }
  prep->alias = 0;
  return exec_layout_executes(l, node, 0);
}

rn_status *exec_layout_node(exec_layout *l, uint32_t node) {
  const exec_plan *p = l->plan;
  const exec_node *n = &p->node[node];
  switch (n->kind) {
    case NODE_CONSTANT:
      return lay_constant(l, n);
    case NODE_RESOURCE:
    case NODE_NOTHING:
      return NULL;
    case NODE_CLAIMED: /* with its claim */
      return NULL;
    case NODE_CLAIM:
      return exec_layout_claim(l, node);
    case NODE_COPY:
      return exec_layout_copy(l, node);
    case NODE_SNAPSHOT:
      return lay_copy(l, node);
    case NODE_IDENTITY:
      break;
    default:
      return folds(l, n) ? fold(l, n) : exec_layout_kernel(l, node);
  }
  if (n->snapshot) return lay_copy(l, node);
  for (uint32_t i = 0; i < n->n_out && i < n->n_in; i++)
    if (l->slot[n->out + i].kind != SLOT_CELL) exec_layout_alias(l, n->out + i, p->input[n->in + i]);
  return NULL;
}
