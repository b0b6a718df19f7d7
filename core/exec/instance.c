/* exec/instance.c - all that one running step writes (core/exec).
 *
 * One block: views, calls, counters, then the arena. Consumers' calls point at the producers' views,
 * so handing a value over is nothing. A layout keeps finished instances for the next step. */
#include "exec/exec.h"

void exec_view_tensor(rn_tensor *t, rn_tensor_view *out) {
  memset(out, 0, sizeof *out);
  out->struct_size = (uint32_t)sizeof *out;
  out->dtype = rn_tensor_dtype(t);
  out->shape = *rn_tensor_shape(t);
  out->data = rn_tensor_data(t);
  out->size_bytes = rn_tensor_size_bytes(t);
  out->tensor = t;
}

void exec_instance_point(exec_instance *x, uint32_t v, void *data, rn_tensor *t) {
  const exec_layout *l = x->layout;
  for (uint32_t k = v; k != EXEC_NONE; k = l->slot[k].sibling) {
    rn_tensor_view *view = &x->view[k];
    view->data = data;
    view->tensor = t;
    if (t == NULL || rn_shape_known(&l->proto[k].shape)) continue;
    view->shape = *rn_tensor_shape(t);
    view->size_bytes = rn_tensor_size_bytes(t);
  }
}

void exec_instance_hold(exec_instance *x, uint32_t v, rn_tensor *t) {
  x->held[v] = t;
  exec_instance_point(x, v, rn_tensor_data(t), t);
}

void exec_instance_see_cell(exec_instance *x, uint32_t cell) {
  const exec_layout *l = x->layout;
  rn_tensor_view now = {.struct_size = (uint32_t)sizeof now};
  const rn_resource *r = x->cell[cell];
  if (r == NULL || !rn_resource_is_cell(r) || l->cell_root[cell] == EXEC_NONE) return;
  if (!rn_cell_initialized(r)) {
    now.dtype = rn_cell_dtype(r);
    now.shape = *rn_cell_shape(r);
  } else {
    rn_status_free(exec_cell_view(r, &now)); /* cannot fail: it is initialised */
  }
  if (x->epoch != NULL && x->epoch[cell] != rn_cell_epoch(r)) {
    x->epoch[cell] = rn_cell_epoch(r);
    x->moved++;
  }
  for (uint32_t v = l->cell_root[cell]; v != EXEC_NONE; v = l->slot[v].sibling) {
    rn_tensor_view *view = &x->view[v];
    x->resource[v] = x->cell[cell];
    if (l->plan->value[v].cell == cell) {
      *view = now;
      continue;
    }
    view->data = now.data;
    view->mem = now.mem;
    view->offset_bytes = now.offset_bytes;
    view->version = now.version;
    view->tensor = now.tensor;
  }
}

/* ---------------------------------------------------------------------------------- one block */
typedef struct carve {
  unsigned char *base;
  size_t used;
  int overflow;
} carve;

static void *take(carve *c, size_t count, size_t item) {
  size_t bytes, at = (c->used + 63) & ~(size_t)63;
  if (!rn_mul_size(count, item, &bytes) || __builtin_add_overflow(at, bytes, &c->used) || c->used > PTRDIFF_MAX - 64)
    c->overflow = 1;
  return c->base != NULL ? c->base + at : NULL;
}

static void carve_up(exec_instance *x, carve *c, const rn_tensor_view ***in, rn_resource ***resource) {
  const exec_layout *l = x->layout;
  const exec_plan *p = l->plan;
  x->view = take(c, p->n_value, sizeof *x->view);
  x->call = take(c, l->n_order, sizeof *x->call);
  x->entry = take(c, l->n_order, sizeof *x->entry);
  x->held = take(c, p->n_value, sizeof(rn_tensor *));
  x->resource = take(c, p->n_value, sizeof(rn_resource *));
  x->cell = take(c, p->n_cell, sizeof(rn_resource *));
  x->uses = take(c, l->has_heap ? p->n_value : 0, sizeof *x->uses);
  x->waits = take(c, l->parallel ? l->n_order : 0, sizeof *x->waits);
  *in = take(c, (size_t)p->n_input + p->n_value, sizeof(rn_tensor_view *));
  *resource = take(c, p->n_input, sizeof(rn_resource *));
  x->arena = take(c, 1, l->arena_bytes);
}

static void fill_call(exec_instance *x, uint32_t position, const rn_tensor_view **views, rn_resource **resource) {
  const exec_layout *l = x->layout;
  const exec_plan *p = l->plan;
  uint32_t node = l->order[position];
  const exec_node *n = &p->node[node];
  const exec_step *step = &l->step[node];
  exec_call *c = &x->call[position];
  const rn_tensor_view **in = views + n->in;
  rn_tensor_view **out = (rn_tensor_view **)(views + p->n_input + n->out);
  for (uint32_t i = 0; i < n->n_in; i++) in[i] = &x->view[p->input[n->in + i]];
  for (uint32_t o = 0; o < n->n_out; o++) out[o] = &x->view[n->out + o];
  c->pub = (rn_call){.struct_size = (uint32_t)sizeof c->pub,
                     .n_in = n->n_in,
                     .n_out = n->n_out,
                     .in = in,
                     .out = out,
                     .resource = resource + n->in,
                     .api = &exec_call_api,
                     .device = n->device != NULL ? n->device->handle : NULL,
                     .host = n->kernel != NULL  ? n->kernel->host
                             : n->claim != NULL ? n->claim->host
                                                : NULL};
  if (step->prep.scratch_bytes != 0) c->pub.scratch = x->arena + step->prep.scratch_offset;
  if (n->borrowed) {
    c->pub.device = NULL; /* not one that its kernel knows */
    c->pub.scratch = step->prep.scratch_bytes != 0 ? exec_lane_scratch(x, node) : NULL;
  }
  c->instance = x;
  c->plan = p;
  c->held = x->held + n->out;
  c->made = x->resource + n->out;
  c->node = node;
  c->position = position;
  c->launched = step->launched;
  x->entry[position] = (exec_entry){step->mode == STEP_STATIC ? step->prep.compute : NULL, step->prep.state, &c->pub};
}

static void place_value(exec_instance *x, uint32_t v) {
  const exec_layout *l = x->layout;
  if (l->plan->value[v].home != NULL)
    exec_lane_place(x, v, &x->view[v]);
  else
    x->view[v].data = x->arena + l->slot[v].offset;
}

static void fill(exec_instance *x, const rn_tensor_view **views, rn_resource **resource) {
  const exec_layout *l = x->layout;
  const exec_plan *p = l->plan;
  memcpy(x->view, l->proto, p->n_value * sizeof *x->view);
  memset(x->held, 0, p->n_value * sizeof(rn_tensor *));
  memset(x->resource, 0, p->n_value * sizeof(rn_resource *));
  memset(x->cell, 0, p->n_cell * sizeof(rn_resource *));
  memset(x->call, 0, l->n_order * sizeof *x->call);
  memset(resource, 0, p->n_input * sizeof(rn_resource *));
  for (uint32_t v = 0; v < p->n_value; v++)
    if (l->slot[v].kind == SLOT_ARENA) place_value(x, v);
  for (uint32_t i = 0; i < l->n_order; i++) fill_call(x, i, views, resource);
}

static rn_status *create(exec_layout *l, exec_instance **out) {
  exec_instance *x = rn_mem_zero(1, sizeof *x);
  carve size = {NULL, 0, 0};
  const rn_tensor_view **views;
  rn_resource **resource;
  if (x == NULL) return exec_out_of_memory("a step");
  x->layout = l;
  carve_up(x, &size, &views, &resource);
  x->block = size.overflow ? NULL : rn_mem_alloc_aligned(size.used + 64, 64);
  if (x->block == NULL) {
    rn_mem_free(x);
    return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for a step: %zu bytes, of them %llu for values", size.used,
                          (unsigned long long)l->arena_bytes);
  }
  carve made = {x->block, 0, 0};
  carve_up(x, &made, &views, &resource);
  atomic_fetch_add(&l->plan->session->arena_bytes, l->arena_bytes);
  memset(x->call, 0, l->n_order * sizeof *x->call);
  rn_status *s = exec_lanes_create(x);
  if (s != NULL) {
    exec_instance_destroy(x);
    return s;
  }
  fill(x, views, resource);
  *out = x;
  return NULL;
}

rn_status *exec_instance_get(exec_layout *l, exec_instance **out) {
  exec_plan *p = l->plan;
  (void)pthread_mutex_lock(&p->guard);
  exec_instance *x = l->free;
  if (x != NULL) l->free = x->next;
  (void)pthread_mutex_unlock(&p->guard);
  if (x != NULL) *out = x;
  return x != NULL ? NULL : create(l, out);
}

void exec_instance_put(exec_instance *x) {
  exec_plan *p = x->layout->plan;
  if (x->broken) {
    exec_instance_destroy(x);
    return;
  }
  (void)pthread_mutex_lock(&p->guard);
  x->next = x->layout->free;
  x->layout->free = x;
  (void)pthread_mutex_unlock(&p->guard);
}

void exec_call_finish(exec_call *c) {
  if (c->dynamic != NULL) exec_prep_finish(c->dynamic);
  rn_mem_free(c->dynamic);
  rn_mem_free(c->dynamic_key);
  rn_mem_free(c->scratch);
  c->dynamic = NULL;
  c->dynamic_key = NULL;
  c->scratch = NULL;
  c->scratch_bytes = 0;
}

void exec_instance_destroy(exec_instance *x) {
  if (x == NULL) return;
  atomic_fetch_sub(&x->layout->plan->session->arena_bytes, x->layout->arena_bytes);
  for (uint32_t i = 0; i < x->layout->n_order; i++) exec_call_finish(&x->call[i]);
  exec_lanes_destroy(x);
  rn_mem_free(x->block);
  rn_mem_free(x);
}
