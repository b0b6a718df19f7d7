/* loop_gradient.c - WhileGrad: a loop again, and its rounds backwards (plugins/cpu).
 *
 * What every round began with is kept, so memory grows with the rounds; the forward loop keeps nothing.
 * The body's gradient then takes a round's values and what flows into its end, and gives what flows
 * into its beginning. What no dy came for starts as zeros. */
#include "function.h"

typedef struct rounds {
  cpu_values *item; /* item[i]: what round i begins with; the last: what the loop ends with */
  uint32_t n, cap;
} rounds;

static void rounds_finish(rounds *r) {
  for (uint32_t i = 0; i < r->n; i++) cpu_values_finish(&r->item[i]);
  cpu_free(r->item);
}

static rn_status *room(rounds *r) {
  if (r->n < r->cap) return NULL;
  uint32_t cap = r->cap ? r->cap * 2 : 16;
  cpu_values *grown;
  if (cap > UINT32_MAX / 2) return cpu_host->status(RN_RESOURCE_EXHAUSTED, "a loop has too many rounds for a gradient");
  RN_TRY(cpu_alloc(cap * sizeof *grown, (void **)&grown));
  if (r->n) memcpy(grown, r->item, r->n * sizeof *grown);
  cpu_free(r->item);
  r->item = grown;
  r->cap = cap;
  return NULL;
}

static rn_status *run_round(rn_call *c, const cpu_bodies *b, rounds *r) {
  RN_TRY(room(r));
  const cpu_values *now = &r->item[r->n - 1];
  cpu_values *next = &r->item[r->n];
  rn_status *s = cpu_values_init(next, NULL, 0, now->n);
  if (!s) s = c->api->call(c, b->second, now->tensor, now->resource, now->n, next->tensor, next->n);
  for (uint32_t i = 0; i < now->n && !s; i++) {
    next->resource[i] = now->resource[i];
    if (next->resource[i]) cpu_drop(&next->tensor[i], 1);
  }
  if (s)
    cpu_values_finish(next);
  else
    r->n++;
  return s;
}

static rn_status *run_forward(rn_call *c, const cpu_bodies *b, rounds *r) {
  int again = 1;
  RN_TRY(room(r));
  rn_status *s = cpu_values_init(&r->item[0], c, 0, b->n_vars);
  if (s) {
    cpu_values_finish(&r->item[0]);
    return s;
  }
  r->n = 1;
  for (;;) {
    RN_TRY(cpu_go_on(c, b->first, &r->item[r->n - 1], &again));
    if (!again) return NULL;
    if (c->api->cancelled(c)) return c->host->status(RN_CANCELLED, "WhileGrad: the step was cancelled");
    RN_TRY(run_round(c, b, r));
  }
}

static int is_float(rn_dtype dt) {
  return dt == RN_FLOAT || dt == RN_DOUBLE || dt == RN_HALF || dt == RN_BFLOAT16 || dt == RN_COMPLEX64 ||
         dt == RN_COMPLEX128;
}

static rn_status *zeros_like(const rn_tensor_view *v, rn_tensor **out) {
  rn_tensor_view made = {.struct_size = (uint32_t)sizeof made};
  RN_TRY(cpu_host->tensor_create(v->dtype, &v->shape, out));
  cpu_host->tensor_view(*out, &made);
  if (made.size_bytes) memset(made.data, 0, made.size_bytes);
  return NULL;
}

/* What flows into the end of the last round. */
static rn_status *begin(rn_call *c, const cpu_bodies *b, const cpu_values *last, cpu_values *dy) {
  uint32_t given = 0, k = 0;
  for (uint32_t i = 0; i < last->n; i++) {
    rn_tensor_view v = {.struct_size = (uint32_t)sizeof v};
    if (!last->tensor[i]) continue;
    cpu_host->tensor_view(last->tensor[i], &v);
    if (!is_float(v.dtype)) continue;
    if (k == dy->n) return rn_error(c->host, RN_INTERNAL, "%u outputs for more differentiable variables", dy->n);
    if (given < b->n_dy && b->with_dy[given] == (int64_t)i) {
      dy->tensor[k] = c->api->input_tensor(c, b->n_vars + given++);
      if (!dy->tensor[k]) return c->host->status(RN_RESOURCE_EXHAUSTED, "WhileGrad: out of memory");
    } else {
      RN_TRY(zeros_like(&v, &dy->tensor[k]));
    }
    k++;
  }
  return k == dy->n ? NULL : rn_error(c->host, RN_INTERNAL, "%u outputs for %u differentiable variables", dy->n, k);
}

/* args: room for a round's values and dy. Takes dy back through the round. */
static rn_status *run_back(rn_call *c, const cpu_bodies *b, const cpu_values *round, cpu_values *args, cpu_values *dy) {
  rn_tensor **before;
  for (uint32_t i = 0; i < round->n; i++) {
    args->tensor[i] = round->tensor[i];
    args->resource[i] = round->resource[i];
  }
  for (uint32_t i = 0; i < dy->n; i++) args->tensor[round->n + i] = dy->tensor[i];
  RN_TRY(cpu_alloc((dy->n + 1) * sizeof(rn_tensor *), (void **)&before));
  memset(before, 0, (dy->n + 1) * sizeof(rn_tensor *));
  rn_status *s = c->api->call(c, b->gradient, args->tensor, args->resource, args->n, before, dy->n);
  for (uint32_t i = 0; i < dy->n && !s; i++) {
    cpu_drop(&dy->tensor[i], 1);
    dy->tensor[i] = before[i];
    before[i] = NULL;
  }
  cpu_drop(before, dy->n);
  cpu_free(before);
  memset(args->tensor, 0, args->n * sizeof(rn_tensor *)); /* borrowed */
  return s;
}

static rn_status *back(rn_call *c, const cpu_bodies *b, rounds *r, cpu_values *args, cpu_values *dy) {
  RN_TRY(begin(c, b, &r->item[r->n - 1], dy));
  while (r->n > 1) {
    cpu_values_finish(&r->item[--r->n]); /* what this round gave is not needed any more */
    if (c->api->cancelled(c)) return c->host->status(RN_CANCELLED, "WhileGrad: the step was cancelled");
    RN_TRY(run_back(c, b, &r->item[r->n - 1], args, dy));
  }
  for (uint32_t i = 0; i < c->n_out; i++) RN_TRY(c->api->set_output_tensor(c, i, dy->tensor[i]));
  return NULL;
}

static rn_status *loop_gradient(const void *state, rn_call *c) {
  const cpu_bodies *b = state;
  rounds r = {NULL, 0, 0};
  cpu_values args = {NULL, NULL, 0}, dy = {NULL, NULL, 0};
  rn_status *s = run_forward(c, b, &r);
  if (!s) s = cpu_values_init(&args, NULL, 0, b->n_vars + c->n_out);
  if (!s) s = cpu_values_init(&dy, NULL, 0, c->n_out);
  if (!s) s = back(c, b, &r, &args, &dy);
  cpu_values_finish(&dy);
  cpu_values_finish(&args);
  rounds_finish(&r);
  return s;
}

static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  cpu_bodies *b;
  RN_TRY(cpu_state(out, sizeof *b, (void **)&b));
  RN_TRY(p->function(p, "cond", &b->first));
  RN_TRY(p->function(p, "body", &b->second));
  RN_TRY(p->function(p, "body_grad", &b->gradient));
  (void)cpu_attr_list(&p->self, "T", RN_ATTR_TYPE, &b->n_vars);
  b->with_dy = cpu_attr_list(&p->self, "with_dy", RN_ATTR_INT, &b->n_dy);
  if (p->n_in != b->n_vars + b->n_dy)
    return rn_error(p->self.host, RN_INVALID_ARGUMENT, "with_dy names %u outputs for %u gradients", b->n_dy,
                    p->n_in - b->n_vars);
  return NULL;
}
static const rn_kernel_def kernels[] = {
    CPU_K("WhileGrad", NULL, loop_gradient, .prepare = prepare),
};
CPU_GROUP(cpu_loop_gradient, kernels);
