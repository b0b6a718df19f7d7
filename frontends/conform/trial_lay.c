/* trial_lay.c - the buffers, views and variables of one call (frontends/conform).
 *
 * Inputs can only be read, but for one that output 0 may overwrite; outputs whose shape is known have memory. */
#include <stdio.h>
#include <stdlib.h>
#include "resource.h"

rn_tensor_view trial_view(rn_dtype t, const rn_shape *s) {
  rn_tensor_view v;
  memset(&v, 0, sizeof v);
  v.struct_size = (uint32_t)sizeof v;
  v.dtype = t;
  v.shape = *s;
  if (rn_shape_known(s)) v.size_bytes = (uint64_t)rn_shape_elems(s) * rn_dtype_size(t);
  return v;
}

rn_tensor *fenced_tensor(rn_dtype t, const rn_shape *s, fence *f) {
  rn_tensor *made = NULL;
  rn_status_free(rn_tensor_wrap(t, s, fence_data(f), NULL, NULL, &made));
  return made;
}

static int lay_cell(call *c, uint32_t i, const sample_input *in, const char *name) {
  rn_resource *r = calloc(1, sizeof *r);
  if (r == NULL) return 0;
  c->resource[i] = r;
  r->dtype = rn_tensor_dtype(in->tensor);
  r->shape = in->shape;
  r->initialized = 1;
  r->version = 1;
  if (r->dtype == RN_STRING) {
    r->strings = rn_tensor_retain(in->tensor);
  } else {
    r->memory = fence_create(rn_tensor_size_bytes(in->tensor), name);
    if (r->memory == NULL) return 0;
    memcpy(fence_data(r->memory), rn_tensor_data(in->tensor), rn_tensor_size_bytes(in->tensor));
  }
  rn_tensor_view v = trial_view(r->dtype, &r->shape);
  v.data = r->memory != NULL ? fence_data(r->memory) : NULL;
  v.tensor = r->strings;
  c->in[i] = v;
  return 1;
}

static int lay_input(call *c, uint32_t i, const sample_input *in, int writable) {
  char name[80];
  snprintf(name, sizeof name, "input %u (%.40s)", i, c->u->op->sig.in[in->arg].name);
  if (in->kind == INPUT_REF || in->kind == INPUT_HANDLE) return lay_cell(c, i, in, name);
  c->in[i] = trial_view(in->dtype, &in->shape);
  c->in[i].version = in->kind == INPUT_CONSTANT;
  c->in[i].flags = in->kind == INPUT_CONSTANT ? RN_VIEW_CONSTANT : 0;
  if (in->dtype == RN_STRING) {
    c->in[i].tensor = c->tensor[i] = rn_tensor_retain(in->tensor);
    return 1;
  }
  fence *f = c->input[i] = fence_create(rn_tensor_size_bytes(in->tensor), name);
  if (f == NULL) return 0;
  if (rn_tensor_size_bytes(in->tensor) != 0)
    memcpy(fence_data(f), rn_tensor_data(in->tensor), rn_tensor_size_bytes(in->tensor));
  if (!writable) fence_read_only(f);
  c->in[i].data = fence_data(f);
  c->in[i].tensor = c->tensor[i] = fenced_tensor(in->dtype, &in->shape, f);
  return c->tensor[i] != NULL;
}

static int lay_output(call *c, uint32_t i, const sample *s, int in_place) {
  rn_value v = {s->node, i};
  char name[80];
  rn_dtype t = rn_graph_dtype(s->graph, v);
  int32_t stands_for = c->u->op->def.ref_forward;
  c->out[i] = trial_view(rn_dtype_base(t), rn_graph_shape(s->graph, v));
  if (t >= RN_REF && i == 0 && stands_for > 0 && (uint32_t)stands_for <= s->n_in) {
    c->out[i] = c->in[stands_for - 1];
    return 1;
  }
  if (t >= RN_REF || rn_dtype_size(t) == 0 || !rn_shape_known(&c->out[i].shape)) return 1;
  if (i == 0 && in_place >= 0) {
    c->out[i].data = c->in[in_place].data;
    return 1;
  }
  snprintf(name, sizeof name, "output %u", i);
  fence *f = c->made[i].memory = fence_create(c->out[i].size_bytes, name);
  if (f == NULL) return 0;
  c->out[i].data = fence_data(f);
  return 1;
}

int trial_lay(call *c, const subject *u, const sample *s, int in_place, char *trouble) {
  int ok = 1;
  memset(c, 0, sizeof *c);
  c->u = u;
  c->trouble = trouble;
  for (uint32_t i = 0; i < s->n_in && ok; i++) ok = lay_input(c, i, &s->in[i], (int)i == in_place);
  for (uint32_t i = 0; i < s->n_out && ok; i++) ok = lay_output(c, i, s, in_place);
  for (uint32_t i = 0; i < SAMPLE_IN; i++) {
    c->in_at[i] = &c->in[i];
    c->out_at[i] = &c->out[i];
  }
  c->pub = (rn_call){.struct_size = (uint32_t)sizeof c->pub,
                     .n_in = s->n_in,
                     .n_out = s->n_out,
                     .in = c->in_at,
                     .out = c->out_at,
                     .resource = c->resource,
                     .device = u->device,
                     .correlation = 1,
                     .api = &trial_call_api,
                     .host = u->kernel.host};
  return ok;
}
