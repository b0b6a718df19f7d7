/* function.c - If, While and calls: ops that run function bodies (plugins/cpu).
 *
 * A condition is a scalar's value, a string's or other tensor's being not empty, as in TensorFlow. */
#include "function.h"

void cpu_drop(rn_tensor **t, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    if (t[i]) cpu_host->tensor_release(t[i]);
    t[i] = NULL;
  }
}
void cpu_values_finish(cpu_values *v) {
  if (v->tensor) cpu_drop(v->tensor, v->n);
  cpu_free(v->tensor);
  cpu_free(v->resource);
}
rn_status *cpu_values_init(cpu_values *v, uint32_t n) {
  memset(v, 0, sizeof *v);
  v->n = n;
  RN_TRY(cpu_alloc((n + 1) * sizeof *v->tensor, (void **)&v->tensor));
  memset(v->tensor, 0, (n + 1) * sizeof *v->tensor);
  RN_TRY(cpu_alloc((n + 1) * sizeof *v->resource, (void **)&v->resource));
  memset(v->resource, 0, (n + 1) * sizeof *v->resource);
  return NULL;
}
rn_status *cpu_values_inputs(cpu_values *v, rn_call *c, const cpu_bodies *b, uint32_t first, uint32_t n) {
  RN_TRY(cpu_values_init(v, n));
  for (uint32_t i = 0; i < n; i++) {
    if (b->is_handle[first + i]) {
      v->resource[i] = c->resource[first + i];
      continue;
    }
    v->tensor[i] = c->api->input_tensor(c, first + i);
    if (!v->tensor[i]) return rn_error(c->host, RN_RESOURCE_EXHAUSTED, "input %u: out of memory", first + i);
  }
  return NULL;
}
rn_status *cpu_bodies_create(const rn_prepare *p, rn_prepared *out, cpu_bodies **b) {
  const rn_self *s = &p->self;
  RN_TRY(cpu_state(out, sizeof **b + p->n_in + 1, (void **)b));
  for (uint32_t i = 0; i < p->n_in; i++)
    (*b)->is_handle[i] = s->view->dtype(s->graph, s->view->input(s->graph, s->id, i)) == RN_RESOURCE;
  return NULL;
}

static int is_true(const rn_tensor_view *v) {
  if (v->shape.rank > 0) return rn_shape_elems(&v->shape) > 0;
  if (v->dtype == RN_STRING) return cpu_host->string_at(v, 0).size > 0;
  return cpu_real_at(v, 0) != 0;
}

static rn_status *give(rn_call *c, const cpu_values *v, const cpu_values *args) {
  for (uint32_t i = 0; i < c->n_out; i++) {
    if (v->tensor[i])
      RN_TRY(c->api->set_output_tensor(c, i, v->tensor[i]));
    else if (args && i < args->n && args->resource[i])
      RN_TRY(c->api->set_output_resource(c, i, args->resource[i]));
  }
  return NULL;
}
static rn_status *call_with(rn_call *c, const cpu_bodies *b, const rn_function *f, uint32_t first) {
  cpu_values args, results;
  rn_status *s = cpu_values_inputs(&args, c, b, first, c->n_in - first);
  rn_status *r = cpu_values_init(&results, c->n_out);
  if (s) {
    if (r) c->host->status_free(r);
  } else {
    s = r;
  }
  if (!s) s = c->api->call(c, f, args.tensor, args.resource, args.n, results.tensor, results.n);
  if (!s) s = give(c, &results, NULL);
  cpu_values_finish(&results);
  cpu_values_finish(&args);
  return s;
}

static rn_status *call(const void *state, rn_call *c) {
  return call_with(c, state, ((const cpu_bodies *)state)->first, 0);
}
static rn_status *branch(const void *state, rn_call *c) {
  const cpu_bodies *b = state;
  return call_with(c, b, is_true(c->in[0]) ? b->first : b->second, 1);
}

rn_status *cpu_go_on(rn_call *c, const rn_function *cond, const cpu_values *v, int *yes) {
  rn_tensor *answer = NULL;
  RN_TRY(c->api->call(c, cond, v->tensor, v->resource, v->n, &answer, 1));
  rn_tensor_view view = {.struct_size = (uint32_t)sizeof view};
  c->host->tensor_view(answer, &view);
  *yes = is_true(&view);
  c->host->tensor_release(answer);
  return NULL;
}
static rn_status *turn(rn_call *c, const cpu_bodies *b, cpu_values *v, cpu_values *next, int *again) {
  RN_TRY(cpu_go_on(c, b->first, v, again));
  if (!*again) return NULL;
  if (c->api->cancelled(c)) return c->host->status(RN_CANCELLED, "While: the step was cancelled");
  RN_TRY(c->api->call(c, b->second, v->tensor, v->resource, v->n, next->tensor, next->n));
  for (uint32_t i = 0; i < v->n; i++) {
    if (v->resource[i]) {
      cpu_drop(&next->tensor[i], 1);
      continue;
    }
    cpu_drop(&v->tensor[i], 1);
    v->tensor[i] = next->tensor[i];
    next->tensor[i] = NULL;
  }
  return NULL;
}
static rn_status *loop(const void *state, rn_call *c) {
  cpu_values v, next;
  int again = 1;
  rn_status *s = cpu_values_inputs(&v, c, state, 0, c->n_in);
  rn_status *r = cpu_values_init(&next, c->n_in);
  if (s) {
    if (r) c->host->status_free(r);
  } else {
    s = r;
  }
  while (!s && again) s = turn(c, state, &v, &next, &again);
  if (!s) s = give(c, &v, &v);
  cpu_values_finish(&next);
  cpu_values_finish(&v);
  return s;
}

typedef struct names {
  const char *first, *second;
} names;
static const names branches = {"then_branch", "else_branch"}, loops = {"cond", "body"}, one = {"f", NULL};
static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  const names *n = p->user;
  cpu_bodies *b;
  RN_TRY(cpu_bodies_create(p, out, &b));
  RN_TRY(p->function(p, n->first, &b->first));
  return n->second ? p->function(p, n->second, &b->second) : NULL;
}
static const rn_kernel_def kernels[] = {
    CPU_K("If", NULL, branch, .user = &branches, .prepare = prepare),
    CPU_K("StatelessIf", NULL, branch, .user = &branches, .prepare = prepare),
    CPU_K("While", NULL, loop, .user = &loops, .prepare = prepare),
    CPU_K("StatelessWhile", NULL, loop, .user = &loops, .prepare = prepare),
    CPU_K("PartitionedCall", NULL, call, .user = &one, .prepare = prepare),
    CPU_K("StatefulPartitionedCall", NULL, call, .user = &one, .prepare = prepare),
};
CPU_GROUP(cpu_function, kernels);
