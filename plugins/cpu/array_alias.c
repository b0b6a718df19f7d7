/* array_alias.c - ops whose output is an input under another name or shape (plugins/cpu).
 *
 * The host shares the memory without a call; compute runs only where it must copy after all. */
#include "cpu.h"

static rn_status *copy_as(rn_call *c, uint32_t out, uint32_t in, const rn_shape *s) {
  if (c->in[in]->dtype == RN_STRING || c->in[in]->data == NULL) return c->api->forward(c, out, in);
  RN_TRY(cpu_output(c, out, s));
  if (c->out[out]->data != c->in[in]->data && c->in[in]->size_bytes)
    memmove(c->out[out]->data, c->in[in]->data, c->in[in]->size_bytes);
  return NULL;
}

static rn_status *identity(const void *state, rn_call *c) {
  (void)state;
  return c->api->forward(c, 0, 0);
}
static rn_status *identity_n(const void *state, rn_call *c) {
  (void)state;
  for (uint32_t i = 0; i < c->n_out; i++) RN_TRY(c->api->forward(c, i, i));
  return NULL;
}
static rn_status *snapshot(const void *state, rn_call *c) {
  (void)state;
  return copy_as(c, 0, 0, &c->in[0]->shape);
}
static rn_status *no_op(const void *state, rn_call *c) {
  (void)state;
  (void)c;
  return NULL;
}

static rn_status *reshape(const void *state, rn_call *c) {
  (void)state;
  const rn_tensor_view *x = c->in[0], *want = c->in[1];
  int64_t n = rn_shape_elems(&want->shape), elems = rn_shape_elems(&x->shape), known = 1, open = -1;
  rn_shape s = rn_shape_scalar();
  char text[160];
  if (n > RN_MAX_RANK)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "Reshape: rank %lld is above %d", (long long)n, RN_MAX_RANK);
  s.rank = (int32_t)n;
  for (int64_t i = 0; i < n; i++) {
    s.dim[i] = cpu_int_at(want, i);
    if (s.dim[i] == -1 && open < 0)
      open = i;
    else if (s.dim[i] < 0 || __builtin_mul_overflow(known, s.dim[i], &known))
      return rn_error(c->host, RN_INVALID_ARGUMENT, "Reshape: size %lld of dimension %lld", (long long)s.dim[i],
                      (long long)i);
  }
  if (open >= 0) s.dim[open] = known ? elems / known : 0;
  if (rn_shape_elems(&s) != elems)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "Reshape: %lld elements of %s do not fit the shape asked for",
                    (long long)elems, cpu_shape_text(&x->shape, text));
  return copy_as(c, 0, 0, &s);
}

static rn_status *expand_dims(const void *state, rn_call *c) {
  (void)state;
  rn_shape s = c->in[0]->shape;
  int32_t axis;
  if (s.rank == RN_MAX_RANK) return rn_error(c->host, RN_INVALID_ARGUMENT, "ExpandDims: rank is already %d", s.rank);
  RN_TRY(cpu_axis("ExpandDims", cpu_int_at(c->in[1], 0), s.rank + 1, &axis));
  for (int32_t i = s.rank++; i > axis; i--) s.dim[i] = s.dim[i - 1];
  s.dim[axis] = 1;
  return copy_as(c, 0, 0, &s);
}

typedef struct squeeze_state {
  uint32_t count;
  int32_t axis[RN_MAX_RANK];
} squeeze_state;
static rn_status *squeeze(const void *state, rn_call *c) {
  const squeeze_state *st = state;
  const rn_shape *x = &c->in[0]->shape;
  rn_shape s = rn_shape_scalar();
  uint32_t drop = 0;
  for (uint32_t i = 0; i < st->count; i++) {
    int32_t axis;
    RN_TRY(cpu_axis("Squeeze", st->axis[i], x->rank, &axis));
    if (x->dim[axis] != 1)
      return rn_error(c->host, RN_INVALID_ARGUMENT, "Squeeze: dimension %d is %lld, not 1", axis,
                      (long long)x->dim[axis]);
    drop |= 1u << axis;
  }
  for (int32_t i = 0; i < x->rank; i++)
    if (st->count ? !(drop >> i & 1u) : x->dim[i] != 1) s.dim[s.rank++] = x->dim[i];
  return copy_as(c, 0, 0, &s);
}

/* The host may share without a call only when it knows the new shape. */
static rn_status *share_if_known(const rn_prepare *p, rn_prepared *out) {
  if (!rn_shape_known(&p->out[0]->shape)) out->alias = 0;
  return NULL;
}
static rn_status *squeeze_prepare(const rn_prepare *p, rn_prepared *out) {
  squeeze_state *st;
  uint32_t n;
  RN_TRY(cpu_state(out, sizeof *st, (void **)&st));
  const int64_t *dims = cpu_attr_list(&p->self, "squeeze_dims", RN_ATTR_INT, &n);
  for (uint32_t i = 0; i < n && i < RN_MAX_RANK; i++) st->axis[st->count++] = (int32_t)dims[i];
  return share_if_known(p, out);
}

static const rn_kernel_def kernels[] = {
    CPU_K("Identity", NULL, identity, .alias = 1),
    CPU_K("StopGradient", NULL, identity, .alias = 1),
    CPU_K("PreventGradient", NULL, identity, .alias = 1),
    CPU_K("PlaceholderWithDefault", NULL, identity, .alias = 1),
    CPU_K("IdentityN", NULL, identity_n),
    CPU_K("Snapshot", NULL, snapshot),
    CPU_K("DeepCopy", CPU_POD("T"), snapshot),
    CPU_K("ControlTrigger", NULL, no_op),
    CPU_K("NoOp", NULL, no_op),
    CPU_K("Reshape", NULL, reshape, .alias = 1, .prepare = share_if_known),
    CPU_K("ExpandDims", NULL, expand_dims, .alias = 1, .prepare = share_if_known),
    CPU_K("Squeeze", NULL, squeeze, .alias = 1, .prepare = squeeze_prepare),
};
CPU_GROUP(cpu_array_alias, kernels);
