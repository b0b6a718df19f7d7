/* recast.c - kernels run on tensors of another type: half as float, strings as their numbers (plugins/cpu).
 *
 * The kernel gets a call of its own whose views stand for the real ones. Outputs without memory are
 * made when it asks for them, and turned into the real type when it is done. */
#include "recast.h"

typedef struct stand_in {
  rn_call call; /* first: the kernel hands it back to set_output */
  rn_call_api api;
  rn_call *real;
  rn_dtype as;
  rn_tensor_view *view; /* inputs, then outputs */
  const rn_tensor_view **in;
  rn_tensor_view **out;
} stand_in;

static int is_recast(const stand_in *s, rn_dtype dt) {
  return s->as == RN_FLOAT ? dt == RN_HALF || dt == RN_BFLOAT16 : dt == RN_STRING;
}

static rn_status *give_memory(stand_in *s, rn_tensor_view *v) {
  v->dtype = s->as;
  v->tensor = NULL;
  v->size_bytes = (uint64_t)rn_shape_elems(&v->shape) * cpu_dtype_bytes(s->as);
  return cpu_alloc(v->size_bytes, &v->data);
}
static rn_status *set_output(rn_call *c, uint32_t output, const rn_shape *shape) {
  stand_in *s = (stand_in *)(void *)c;
  rn_tensor_view *v = s->out[output], *real = s->real->out[output];
  v->shape = *shape;
  if (is_recast(s, real->dtype)) return give_memory(s, v);
  if (!real->data || !rn_shape_known(&real->shape)) RN_TRY(s->real->api->set_output(s->real, output, shape));
  *v = *real;
  return NULL;
}

static rn_status *recast_inputs(stand_in *s) {
  int64_t first = 1; /* the number of this input's first string */
  for (uint32_t i = 0; i < s->call.n_in; i++) {
    const rn_tensor_view *real = s->real->in[i];
    rn_tensor_view *v = &s->view[i];
    *v = *real;
    s->in[i] = v;
    if (!is_recast(s, real->dtype)) continue;
    int64_t n = rn_shape_elems(&real->shape);
    v->data = NULL;
    RN_TRY(give_memory(s, v));
    if (s->as == RN_FLOAT)
      cpu_widen(real->dtype, real->data, v->data, n);
    else
      for (int64_t k = 0; k < n; k++) ((int64_t *)v->data)[k] = first + k;
    first += n;
  }
  return NULL;
}

static rn_bytes string_of(const stand_in *s, int64_t number) {
  rn_bytes none = {"", 0};
  if (number-- == 0) return none;
  for (uint32_t i = 0; i < s->call.n_in; i++) {
    if (s->real->in[i]->dtype != RN_STRING) continue;
    int64_t n = rn_shape_elems(&s->real->in[i]->shape);
    if (number < n) return cpu_host->string_at(s->real->in[i], (uint64_t)number);
    number -= n;
  }
  return none;
}
static rn_status *give_strings(stand_in *s, uint32_t output) {
  const rn_tensor_view *v = s->out[output];
  int64_t n = rn_shape_elems(&v->shape);
  rn_bytes *items;
  rn_tensor *t = NULL;
  RN_TRY(cpu_alloc((uint64_t)n * sizeof *items, (void **)&items));
  for (int64_t k = 0; k < n; k++) items[k] = string_of(s, ((const int64_t *)v->data)[k]);
  rn_status *st = cpu_host->tensor_strings(&v->shape, items, &t);
  if (!st) st = s->real->api->set_output_tensor(s->real, output, t);
  if (t) cpu_host->tensor_release(t);
  cpu_free(items);
  return st;
}
static rn_status *recast_outputs(stand_in *s) {
  for (uint32_t i = 0; i < s->call.n_out; i++) {
    rn_tensor_view *real = s->real->out[i];
    if (!is_recast(s, real->dtype) || (!s->out[i]->data && rn_shape_elems(&s->out[i]->shape))) continue;
    if (s->as == RN_FLOAT) {
      RN_TRY(cpu_output(s->real, i, &s->out[i]->shape));
      cpu_narrow(real->dtype, s->out[i]->data, real->data, rn_shape_elems(&real->shape));
    } else {
      RN_TRY(give_strings(s, i));
    }
  }
  return NULL;
}

static rn_status *run(stand_in *s, rn_compute_fn fn, const void *state) {
  for (uint32_t i = 0; i < s->call.n_out; i++) {
    rn_tensor_view *v = s->out[i] = &s->view[s->call.n_in + i];
    *v = *s->real->out[i];
    if (!is_recast(s, v->dtype)) continue;
    v->dtype = s->as;
    v->data = NULL;
  }
  RN_TRY(recast_inputs(s));
  RN_TRY(fn(state, &s->call));
  return recast_outputs(s);
}

static rn_status *call_as(rn_dtype as, rn_compute_fn fn, const void *state, rn_call *c) {
  stand_in s = {.call = *c, .api = *c->api, .real = c, .as = as};
  uint32_t n = c->n_in + c->n_out;
  RN_TRY(cpu_alloc(n * (sizeof *s.view + sizeof(void *)), (void **)&s.view));
  memset(s.view, 0, n * (sizeof *s.view + sizeof(void *)));
  s.in = (const rn_tensor_view **)(void *)(s.view + n);
  s.out = (rn_tensor_view **)(void *)(s.in + c->n_in);
  s.api.set_output = set_output;
  s.call.api = &s.api;
  s.call.in = s.in;
  s.call.out = s.out;
  rn_status *st = run(&s, fn, state);
  for (uint32_t i = 0; i < c->n_in; i++)
    if (is_recast(&s, c->in[i]->dtype)) cpu_free(s.view[i].data);
  for (uint32_t i = 0; i < c->n_out; i++)
    if (is_recast(&s, c->out[i]->dtype)) cpu_free(s.view[c->n_in + i].data);
  cpu_free(s.view);
  return st;
}
rn_status *cpu_call_in_float(rn_compute_fn fn, const void *state, rn_call *c) {
  return call_as(RN_FLOAT, fn, state, c);
}
rn_status *cpu_call_in_numbers(rn_compute_fn fn, const void *state, rn_call *c) {
  return call_as(RN_INT64, fn, state, c);
}
