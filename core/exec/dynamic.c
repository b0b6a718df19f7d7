/* exec/dynamic.c - a node whose shapes are known only now (core/exec).
 *
 * Inference again with what lies in the input views, preparation (kept in the call until the shapes
 * change), tensors for the outputs whose shapes came out; the kernel makes the others. */
#include "exec/exec.h"

static int is_small_integer(const rn_tensor_view *v) {
  return (v->dtype == RN_INT32 || v->dtype == RN_INT64) && v->shape.rank <= 1 && v->data != NULL &&
         v->size_bytes <= 64 * 8;
}

static rn_status *read_value(const rn_tensor_view *v, rn_fact *f, rn_arena *a) {
  if (!is_small_integer(v)) return NULL;
  int64_t n = rn_shape_elems(&v->shape);
  int64_t *value = rn_arena_array(a, (size_t)n + 1, sizeof *value);
  if (value == NULL) return exec_out_of_memory("inference");
  for (int64_t i = 0; i < n; i++)
    value[i] = v->dtype == RN_INT32 ? ((const int32_t *)v->data)[i] : ((const int64_t *)v->data)[i];
  f->n_value = (int32_t)n;
  f->value = value;
  return NULL;
}

/* A small integer input becomes a constant too, for shape functions that want the tensor itself. */
static rn_status *read_fact(const exec_call *c, uint32_t i, rn_fact *f, rn_arena *a) {
  const rn_tensor_view *v = c->pub.in[i];
  const rn_resource *r = c->pub.resource != NULL ? c->pub.resource[i] : NULL;
  uint32_t value = c->plan->input[c->plan->node[c->node].in + i];
  memset(f, 0, sizeof *f);
  f->n_value = -1;
  f->handle_shape.rank = -1;
  f->shape = v->shape;
  f->constant = v->tensor != NULL && rn_shape_equal(&v->shape, rn_tensor_shape(v->tensor)) ? v->tensor : NULL;
  if (c->plan->value[value].dtype == RN_RESOURCE) {
    f->shape = rn_shape_scalar();
    f->constant = NULL;
    if (r != NULL && rn_resource_is_cell(r)) {
      f->handle_dtype = rn_cell_dtype(r);
      f->handle_shape = *rn_cell_shape(r);
    }
    return NULL;
  }
  return read_value(v, f, a);
}

static rn_status *infer(const exec_call *c, rn_fact *out, rn_arena *a) {
  const exec_node *n = &c->plan->node[c->node];
  rn_fact *in = rn_arena_array(a, n->n_in + (size_t)1, sizeof *in);
  if (in == NULL) return exec_out_of_memory("inference");
  for (uint32_t i = 0; i < n->n_in; i++) RN_TRY(read_fact(c, i, &in[i], a));
  if (n->op == NULL || n->kind == NODE_IDENTITY) {
    for (uint32_t o = 0; o < n->n_out && o < n->n_in; o++) out[o] = in[o];
    return NULL;
  }
  return rn_infer_node(c->plan->graph, n->id, in, out, a);
}

static rn_status *set_output_view(exec_call *c, uint32_t o, const rn_fact *f) {
  rn_tensor_view *v = c->pub.out[o];
  rn_dtype t = v->dtype;
  v->shape = f->shape;
  v->size_bytes = 0;
  if (!rn_shape_known(&f->shape)) return NULL;
  if (rn_dtype_size(t) == 0) return NULL; /* strings: the kernel makes them */
  RN_TRY(rn_tensor_create(t, &f->shape, &c->held[o]));
  exec_view_tensor(c->held[o], v);
  return NULL;
}

static int same_shapes(const exec_call *c) {
  for (uint32_t i = 0; i < c->pub.n_in; i++)
    if (!rn_shape_equal(&c->dynamic_key[i], &c->pub.in[i]->shape)) return 0;
  for (uint32_t o = 0; o < c->pub.n_out; o++)
    if (!rn_shape_equal(&c->dynamic_key[c->pub.n_in + o], &c->pub.out[o]->shape)) return 0;
  return 1;
}

static rn_status *keep_scratch(exec_call *c) {
  uint64_t need = c->dynamic->scratch_bytes;
  if (need <= c->scratch_bytes) return NULL;
  rn_mem_free(c->scratch);
  c->scratch_bytes = 0;
  c->scratch = rn_mem_alloc_aligned((size_t)need, 64);
  c->pub.scratch = c->scratch;
  if (c->scratch == NULL) return exec_out_of_memory("a kernel's scratch");
  c->scratch_bytes = need;
  return NULL;
}

/* Inputs are not constants of the layout: prepare sees shapes only. */
static rn_status *prepare(exec_call *c) {
  uint32_t n = c->pub.n_in + c->pub.n_out;
  if (c->dynamic != NULL && same_shapes(c)) return NULL;
  if (c->dynamic != NULL)
    exec_prep_finish(c->dynamic);
  else
    c->dynamic = rn_mem_zero(1, sizeof *c->dynamic);
  if (c->dynamic_key == NULL) c->dynamic_key = rn_mem_zero(n + (size_t)1, sizeof *c->dynamic_key);
  rn_tensor_view *view = rn_mem_alloc((n + (size_t)1) * (sizeof *view + sizeof(rn_tensor_view *)));
  rn_status *s = NULL;
  if (c->dynamic == NULL || c->dynamic_key == NULL || view == NULL)
    s = exec_out_of_memory("preparing a kernel");
  else {
    const rn_tensor_view **at = (const rn_tensor_view **)(view + n + 1);
    for (uint32_t i = 0; i < n; i++) {
      view[i] = i < c->pub.n_in ? *c->pub.in[i] : *c->pub.out[i - c->pub.n_in];
      c->dynamic_key[i] = view[i].shape;
      at[i] = &view[i];
      if ((view[i].flags & RN_VIEW_CONSTANT) != 0) continue;
      view[i].data = NULL;
      view[i].tensor = NULL;
    }
    s = exec_prepare_node(c->plan, c->node, at, c->pub.n_in, at + c->pub.n_in, c->pub.n_out, c->dynamic);
    if (s == NULL) s = keep_scratch(c);
  }
  rn_mem_free(view);
  if (s != NULL) exec_call_finish(c);
  return s;
}

static rn_status *compute(exec_call *c) {
  const exec_node *n = &c->plan->node[c->node];
  if (n->kernel == NULL) { /* a copy that the planner put here */
    const exec_prep *copy = &c->instance->layout->step[c->node].prep;
    return copy->compute(copy->state, &c->pub);
  }
  RN_TRY(prepare(c));
  if (c->dynamic->compute != NULL) return exec_node_compute(c, c->dynamic->compute, c->dynamic->state);
  const rn_tensor_view *from = c->pub.in[c->dynamic->alias - 1];
  rn_tensor_view *to = c->pub.out[0];
  if (to->data == NULL && to->size_bytes != 0) return rn_status_make(RN_INTERNAL, "the shape of an alias is not known");
  if (from->size_bytes != to->size_bytes) return rn_status_make(RN_INVALID_ARGUMENT, "an alias of another size");
  if (from->size_bytes != 0) memcpy(to->data, from->data, to->size_bytes);
  return NULL;
}

rn_status *exec_node_run_dynamic(exec_call *c) {
  rn_arena a;
  const exec_node *n = &c->plan->node[c->node];
  rn_arena_init(&a, 1024);
  rn_fact *out = rn_arena_array(&a, n->n_out + (size_t)1, sizeof *out);
  rn_status *s = out != NULL ? infer(c, out, &a) : exec_out_of_memory("inference");
  for (uint32_t o = 0; s == NULL && o < n->n_out; o++) {
    const exec_value *v = &c->plan->value[n->out + o];
    if (v->cell == EXEC_NONE && v->dtype < RN_REF && v->dtype != RN_RESOURCE) s = set_output_view(c, o, &out[o]);
  }
  rn_arena_finish(&a);
  return s != NULL ? s : compute(c);
}
