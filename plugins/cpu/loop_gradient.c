/* loop_gradient.c - WhileGrad: a loop again, and its rounds backwards (plugins/cpu).
 *
 * What every round began with is kept, so memory grows with the rounds; the forward loop keeps nothing.
 * The body's gradient then takes a round's values and what flows into its end, and gives what flows
 * into its beginning. What no dy came for starts as zeros. A handle is the same in every round, so what
 * each gives for the variable behind it is added up. */
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
  rn_status *s = cpu_values_init(next, now->n);
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
  rn_status *s = cpu_values_inputs(&r->item[0], c, b, 0, b->n_vars);
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

static rn_status *sum_of(const rn_tensor_view *x, const rn_tensor_view *y, rn_tensor **out) {
  rn_tensor_view z = {.struct_size = (uint32_t)sizeof z};
  if ((x->dtype != RN_FLOAT && x->dtype != RN_DOUBLE) || x->dtype != y->dtype || !cpu_shape_equal(&x->shape, &y->shape))
    return cpu_host->status(RN_UNIMPLEMENTED, "a variable in a loop has a gradient when it is float or double");
  RN_TRY(cpu_host->tensor_create(x->dtype, &x->shape, out));
  cpu_host->tensor_view(*out, &z);
  int64_t n = rn_shape_elems(&x->shape);
  for (int64_t i = 0; i < n && x->dtype == RN_FLOAT; i++)
    ((float *)z.data)[i] = ((const float *)x->data)[i] + ((const float *)y->data)[i];
  for (int64_t i = 0; i < n && x->dtype == RN_DOUBLE; i++)
    ((double *)z.data)[i] = ((const double *)x->data)[i] + ((const double *)y->data)[i];
  return NULL;
}

/* What is carried from round to round: per variable of the loop, what flows into it (floating point) or
 * what came so far for the variable behind it (handles). */
typedef struct carried {
  cpu_values dy, args, results;
} carried;

/* What flows into the end of the last round. */
static rn_status *begin(rn_call *c, const cpu_bodies *b, const cpu_values *last, carried *k) {
  uint32_t given = 0;
  for (uint32_t i = 0; i < last->n; i++) {
    rn_tensor_view v = {.struct_size = (uint32_t)sizeof v};
    if (!last->tensor[i]) continue;
    cpu_host->tensor_view(last->tensor[i], &v);
    if (!is_float(v.dtype)) continue;
    if (given < b->n_dy && b->with_dy[given] == (int64_t)i) {
      k->dy.tensor[i] = c->api->input_tensor(c, b->n_vars + given++);
      if (!k->dy.tensor[i]) return c->host->status(RN_RESOURCE_EXHAUSTED, "WhileGrad: out of memory");
    } else {
      RN_TRY(zeros_like(&v, &k->dy.tensor[i]));
    }
  }
  return given == b->n_dy ? NULL : rn_error(c->host, RN_INTERNAL, "%u of %u dys have an output", given, b->n_dy);
}

/* Takes over the round's result for variable i. */
static rn_status *accept(const cpu_values *round, carried *k, uint32_t i, rn_tensor **result) {
  rn_tensor *sum = *result;
  if (round->resource[i] && k->dy.tensor[i]) {
    rn_tensor_view x = {.struct_size = (uint32_t)sizeof x}, y = x;
    cpu_host->tensor_view(k->dy.tensor[i], &x);
    cpu_host->tensor_view(*result, &y);
    RN_TRY(sum_of(&x, &y, &sum));
    cpu_drop(result, 1);
  }
  *result = NULL;
  cpu_drop(&k->dy.tensor[i], 1);
  k->dy.tensor[i] = sum;
  return NULL;
}

static rn_status *run_back(rn_call *c, const cpu_bodies *b, const cpu_values *round, carried *k) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < round->n; i++, n++) {
    k->args.tensor[n] = round->tensor[i]; /* borrowed */
    k->args.resource[n] = round->resource[i];
  }
  for (uint32_t i = 0; i < round->n; i++)
    if (!round->resource[i] && k->dy.tensor[i]) k->args.tensor[n++] = k->dy.tensor[i];
  rn_status *s = c->api->call(c, b->gradient, k->args.tensor, k->args.resource, n, k->results.tensor, b->n_dx);
  memset(k->args.tensor, 0, n * sizeof(rn_tensor *));
  for (uint32_t i = 0; i < b->n_dx && !s; i++) s = accept(round, k, (uint32_t)b->dx_of[i], &k->results.tensor[i]);
  return s;
}

/* Zeros for a variable whose handle went through no round. */
static rn_status *give(rn_call *c, const carried *k, uint32_t output, uint32_t input, const cpu_values *first) {
  rn_tensor_view v = {.struct_size = (uint32_t)sizeof v};
  rn_tensor *zeros;
  if (k->dy.tensor[input]) return c->api->set_output_tensor(c, output, k->dy.tensor[input]);
  if (!first->resource[input]) return rn_error(c->host, RN_INTERNAL, "variable %u of the loop has no gradient", input);
  RN_TRY(c->api->cell_view(c, first->resource[input], &v));
  RN_TRY(zeros_like(&v, &zeros));
  rn_status *s = c->api->set_output_tensor(c, output, zeros);
  c->host->tensor_release(zeros);
  return s;
}

static rn_status *back(rn_call *c, const cpu_bodies *b, rounds *r, carried *k) {
  RN_TRY(begin(c, b, &r->item[r->n - 1], k));
  while (r->n > 1) {
    cpu_values_finish(&r->item[--r->n]); /* what this round gave is not needed any more */
    if (c->api->cancelled(c)) return c->host->status(RN_CANCELLED, "WhileGrad: the step was cancelled");
    RN_TRY(run_back(c, b, &r->item[r->n - 1], k));
  }
  for (uint32_t i = 0; i < c->n_out; i++) RN_TRY(give(c, k, i, (uint32_t)b->dx_of[i], &r->item[0]));
  return NULL;
}

static rn_status *loop_gradient(const void *state, rn_call *c) {
  const cpu_bodies *b = state;
  rounds r = {NULL, 0, 0};
  carried k;
  memset(&k, 0, sizeof k);
  rn_status *s = run_forward(c, b, &r);
  if (!s) s = cpu_values_init(&k.args, 2 * b->n_vars);
  if (!s) s = cpu_values_init(&k.dy, b->n_vars);
  if (!s) s = cpu_values_init(&k.results, b->n_dx);
  if (!s) s = back(c, b, &r, &k);
  cpu_values_finish(&k.results);
  cpu_values_finish(&k.dy);
  cpu_values_finish(&k.args);
  rounds_finish(&r);
  return s;
}

static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  cpu_bodies *b;
  RN_TRY(cpu_bodies_create(p, out, &b));
  RN_TRY(p->function(p, "cond", &b->first));
  RN_TRY(p->function(p, "body", &b->second));
  RN_TRY(p->function(p, "body_grad", &b->gradient));
  (void)cpu_attr_list(&p->self, "T", RN_ATTR_TYPE, &b->n_vars);
  b->with_dy = cpu_attr_list(&p->self, "with_dy", RN_ATTR_INT, &b->n_dy);
  b->dx_of = cpu_attr_list(&p->self, "dx_of", RN_ATTR_INT, &b->n_dx);
  for (uint32_t i = 0; i < b->n_dx; i++)
    if (b->dx_of[i] < 0 || b->dx_of[i] >= b->n_vars || b->n_dx != p->n_out)
      return p->self.host->status(RN_INVALID_ARGUMENT, "dx_of does not name an input per output");
  if (p->n_in != b->n_vars + b->n_dy)
    return rn_error(p->self.host, RN_INVALID_ARGUMENT, "with_dy names %u outputs for %u gradients", b->n_dy,
                    p->n_in - b->n_vars);
  return NULL;
}
static const rn_kernel_def kernels[] = {
    CPU_K("WhileGrad", NULL, loop_gradient, .prepare = prepare),
};
CPU_GROUP(cpu_loop_gradient, kernels);
