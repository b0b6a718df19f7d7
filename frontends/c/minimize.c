/* minimize.c - drives an optimizer's description over the trainable variables (frontends/c).
 *
 * The description (plugin.h, rn_optimizer_def) says which slots a rule keeps and which nodes it adds;
 * names it gives are relative. This file puts them where TensorFlow has them: "Adam/update_W/ApplyAdam",
 * slots "W/Adam", "W/Adam_1", shared variables at the root, hyper-parameters "Adam/beta1". All of it is
 * one edit of the graph: on failure nothing stays. */
#include <stdio.h>
#include <stdlib.h>
#include <runnel/plugin.h>
#include <runnel/c/train.h>
#include "scope_impl.h"

#define MAX_HYPERS 16u
#define MAX_SHARED 8u
#define MAX_SLOTS 8u

typedef struct driver {
  rn_opt opt;         /* first: what the description sees */
  rn_builder builder; /* names relative to scope */
  rn_scope *s;
  const rn_optimizer_def *def;
  double value[MAX_HYPERS];
  rn_value hyper[MAX_HYPERS];
  struct {
    char name[64];
    rn_variable v;
  } shared[MAX_SHARED], slots[MAX_SLOTS]; /* slots of the parameter at hand */
  uint32_t n_shared, n_slots;
  char *root; /* "Adam/" */
  char *at;   /* scope in force under the root: "update_W/", or "" */
  rn_variable param;
  rn_value grad;
  rn_slices slices;
  rn_node_id *updates;
  uint32_t n_updates, cap_updates;
} driver;

typedef struct request {
  rn_scope *s;
  const rn_optimizer_def *def;
  rn_value loss;
  const rn_hyper *hypers;
  uint32_t n_hypers;
  const rn_variable *global_step;
  rn_node_id step;
} request;

static driver *of(rn_opt *o) { return (driver *)(void *)o; }
static driver *of_builder(rn_builder *b) { return (driver *)(void *)((char *)b - offsetof(driver, builder)); }
static const driver *of_const_builder(const rn_builder *b) {
  return (const driver *)(const void *)((const char *)b - offsetof(driver, builder));
}

static const rn_hyper_def *hyper_def(const rn_optimizer_def *def, uint32_t i) {
  return (const rn_hyper_def *)(const void *)((const char *)def->hypers.items + (size_t)i * def->hypers.item_size);
}

/* ---- what the description adds goes through here ---- */
static rn_node_id build_add(rn_builder *b, const rn_node_request *r) {
  driver *d = of_builder(b);
  rn_node_request q = *r;
  char *name = scope_text(d->s, "%s%s%s", d->root, d->at, r->name ? r->name : r->op);
  if (name == NULL) return RN_NO_NODE;
  q.name = name;
  rn_node_id id = rn_scope_add(d->s, &q);
  free(name);
  return id;
}
static rn_value build_constant(rn_builder *b, const char *name, rn_tensor *t) {
  rn_attr attrs[2] = {RN_AT("dtype", rn_tensor_dtype(t)), RN_ATENSOR("value", t)};
  rn_node_request r = rn_node_request_for("Const", name);
  r.attrs = attrs;
  r.n_attrs = 2;
  return (rn_value){build_add(b, &r), 0};
}
static void build_fail(rn_builder *b, rn_status *s) { rn_scope_fail(of_builder(b)->s, s); }
static uint8_t build_failed(const rn_builder *b) { return of_const_builder(b)->s->error != NULL; }
static void build_replace(rn_builder *b, rn_value from, rn_value to) {
  (void)from;
  (void)to;
  build_fail(b, rn_status_make(RN_UNIMPLEMENTED, "an optimizer may not replace nodes"));
}
static void build_remove(rn_builder *b, rn_node_id n) {
  (void)n;
  build_fail(b, rn_status_make(RN_UNIMPLEMENTED, "an optimizer may not remove nodes"));
}
static rn_status *build_gradient(rn_builder *b, const char *name, const char **out) {
  (void)b;
  (void)out;
  return rn_status_make(RN_UNIMPLEMENTED, "an optimizer may not differentiate '%s'", name);
}
static const rn_builder_api builder_api = {
    .struct_size = (uint32_t)sizeof(rn_builder_api),
    .add = build_add,
    .constant = build_constant,
    .fail = build_fail,
    .failed = build_failed,
    .replace = build_replace,
    .remove = build_remove,
    .gradient_function = build_gradient,
};

/* ---- what the description asks ---- */
static rn_value ask_param(rn_opt *o) { return of(o)->param.ref; }
static rn_value ask_grad(rn_opt *o) { return of(o)->grad; }
static uint8_t ask_slices(rn_opt *o, rn_value *values, rn_value *indices) {
  driver *d = of(o);
  if (d->slices.values.node == RN_NO_NODE) return 0;
  *values = d->slices.values;
  *indices = d->slices.indices;
  return 1;
}
static rn_dtype ask_dtype(rn_opt *o) { return rn_dtype_base(rn_graph_dtype(of(o)->s->g, of(o)->param.ref)); }

static rn_variable variable(driver *d, const char *name, const char *initial, rn_dtype t, const rn_shape *shape,
                            double value) {
  rn_variable none = {RN_NO_VALUE, RN_NO_VALUE, RN_NO_VALUE, RN_NO_NODE, 0};
  char *start = scope_text(d->s, "%s%s", name, initial);
  if (start == NULL || d->s->error) {
    free(start);
    return none;
  }
  rn_value v = shape->rank == 0 ? rn_scope_scalar(d->s, start, t, value)
               : value == 0     ? rn_zeros(d->s, start, t, shape)
                                : rn_fill(d->s, start, t, shape, value);
  free(start);
  return rn_variable_create(d->s, name, v, 0);
}

static rn_value ask_slot(rn_opt *o, const char *name, double init) {
  driver *d = of(o);
  for (uint32_t i = 0; i < d->n_slots; i++)
    if (strcmp(d->slots[i].name, name) == 0) return d->slots[i].v.ref;
  if (d->n_slots == MAX_SLOTS || d->s->error) {
    rn_scope_fail(d->s, rn_status_make(RN_RESOURCE_EXHAUSTED, "%s: more than %u slots", d->def->name, MAX_SLOTS));
    return RN_NO_VALUE;
  }
  const char *param = rn_graph_name(d->s->g, d->param.ref.node) + strlen(rn_scope_prefix(d->s));
  char *full = d->n_slots ? scope_text(d->s, "%s/%s_%u", param, d->def->name, d->n_slots)
                          : scope_text(d->s, "%s/%s", param, d->def->name);
  if (full == NULL) return RN_NO_VALUE;
  rn_scope_with_colocation(d->s, d->param.ref.node);
  rn_variable v = variable(d, full, init == 0 ? "/Initializer/zeros" : "/Initializer/Const", ask_dtype(o),
                           rn_graph_shape(d->s->g, d->param.ref), init);
  rn_scope_leave(d->s);
  free(full);
  snprintf(d->slots[d->n_slots].name, sizeof d->slots[0].name, "%s", name);
  d->slots[d->n_slots++].v = v;
  return v.ref;
}

static rn_value ask_shared(rn_opt *o, const char *name, double init) {
  driver *d = of(o);
  rn_shape scalar;
  memset(&scalar, 0, sizeof scalar);
  for (uint32_t i = 0; i < d->n_shared; i++)
    if (strcmp(d->shared[i].name, name) == 0) return d->shared[i].v.ref;
  if (d->n_shared == MAX_SHARED) {
    rn_scope_fail(d->s,
                  rn_status_make(RN_RESOURCE_EXHAUSTED, "%s: more than %u shared variables", d->def->name, MAX_SHARED));
    return RN_NO_VALUE;
  }
  rn_variable v = variable(d, name, "/initial_value", ask_dtype(o), &scalar, init);
  snprintf(d->shared[d->n_shared].name, sizeof d->shared[0].name, "%s", name);
  d->shared[d->n_shared++].v = v;
  return v.ref;
}

static int find_hyper(const rn_optimizer_def *def, const char *name) {
  for (uint32_t i = 0; i < def->hypers.count; i++)
    if (strcmp(hyper_def(def, i)->name, name) == 0) return (int)i;
  return -1;
}
static double ask_hyper_value(rn_opt *o, const char *name) {
  int i = find_hyper(of(o)->def, name);
  return i < 0 ? 0 : of(o)->value[i];
}
static rn_value ask_hyper(rn_opt *o, const char *name) {
  driver *d = of(o);
  int i = find_hyper(d->def, name);
  if (i < 0) {
    rn_scope_fail(d->s, rn_status_make(RN_INTERNAL, "%s: it has no hyper-parameter '%s'", d->def->name, name));
    return RN_NO_VALUE;
  }
  if (d->hyper[i].node == RN_NO_NODE) {
    char *full = scope_text(d->s, "%s%s", d->root, name);
    if (full) d->hyper[i] = rn_scope_scalar(d->s, full, ask_dtype(o), d->value[i]);
    free(full);
  }
  return d->hyper[i];
}
static void ask_update(rn_opt *o, rn_node_id n) {
  driver *d = of(o);
  if (scope_grow(d->s, &d->updates, d->n_updates, &d->cap_updates, sizeof n)) d->updates[d->n_updates++] = n;
}
static const rn_opt_api opt_api = {(uint32_t)sizeof(rn_opt_api),
                                   0,
                                   ask_param,
                                   ask_grad,
                                   ask_slices,
                                   ask_dtype,
                                   ask_slot,
                                   ask_shared,
                                   ask_hyper,
                                   ask_hyper_value,
                                   ask_update};

/* ---- the drive ---- */
static rn_status *read_hypers(driver *d, const rn_hyper *given, uint32_t n) {
  if (d->def->hypers.count > MAX_HYPERS)
    return rn_status_make(RN_RESOURCE_EXHAUSTED, "%s: more than %u hyper-parameters", d->def->name, MAX_HYPERS);
  for (uint32_t i = 0; i < d->def->hypers.count; i++) {
    d->value[i] = hyper_def(d->def, i)->default_value;
    d->hyper[i] = RN_NO_VALUE;
  }
  for (uint32_t i = 0; i < n; i++) {
    int at = find_hyper(d->def, given[i].name);
    if (at < 0) {
      char known[256] = "";
      for (uint32_t k = 0; k < d->def->hypers.count; k++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", k ? ", " : "", hyper_def(d->def, k)->name);
      }
      return rn_status_make(RN_INVALID_ARGUMENT, "%s has no hyper-parameter '%s'; it has: %s", d->def->name,
                            given[i].name, known);
    }
    const rn_hyper_def *h = hyper_def(d->def, (uint32_t)at);
    if (!(given[i].value >= h->min && given[i].value <= h->max))
      return rn_status_make(RN_INVALID_ARGUMENT, "%s: %s must be in [%g, %g], it is %g", d->def->name, h->name, h->min,
                            h->max, given[i].value);
    d->value[at] = given[i].value;
  }
  return NULL;
}

static rn_status *update_one(driver *d, const rn_variable *v, rn_value grad, const rn_slices *slices) {
  d->param = *v;
  d->grad = grad;
  d->slices = *slices;
  d->n_slots = 0;
  d->at = scope_text(d->s, "update_%s/", rn_graph_name(d->s->g, v->ref.node));
  if (d->at == NULL) return NULL; /* reported in the scope */
  rn_status *e = d->def->emit(&d->opt);
  free(d->at);
  d->at = NULL;
  return e;
}

/* The updates wait for nothing; what finish adds waits for all of them. */
static rn_status *finish(driver *d) {
  char empty[1] = "";
  if (d->def->finish == NULL || d->s->error) return NULL;
  d->at = empty;
  uint32_t n = d->n_updates;
  rn_node_id *before = malloc((n + 1u) * sizeof *before);
  if (before == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory");
  if (n) memcpy(before, d->updates, n * sizeof *before);
  rn_scope_with_control(d->s, before, n);
  rn_status *e = d->def->finish(&d->opt);
  rn_scope_leave(d->s);
  free(before);
  return e;
}

/* Without a counter the step is a group "Adam"; with one it is "Adam", the count after group "Adam/update". */
static rn_node_id close_step(driver *d, const rn_variable *global_step) {
  rn_scope *s = d->s;
  size_t n = strlen(d->root);
  char *own = scope_text(s, "%.*s", (int)(n - 1), d->root), *update = scope_text(s, "%supdate", d->root);
  char *amount = scope_text(s, "%svalue", d->root);
  rn_node_id step = RN_NO_NODE;
  if (own && update && amount && global_step == NULL) step = rn_scope_group(s, own, d->updates, d->n_updates);
  if (own && update && amount && global_step) {
    rn_node_id all = rn_scope_group(s, update, d->updates, d->n_updates);
    rn_scope_with_control(s, &all, 1);
    rn_scope_with_colocation(s, global_step->ref.node);
    rn_dtype t = s->error ? RN_INT64 : rn_dtype_base(rn_graph_dtype(s->g, global_step->ref));
    rn_value in[2] = {global_step->ref, rn_scope_scalar(s, amount, t, 1)};
    step = rn_scope_op(s, "AssignAdd", own, in, 2, NULL, 0).node;
    rn_scope_leave(s);
    rn_scope_leave(s);
  }
  free(own);
  free(update);
  free(amount);
  return step;
}

/* A root name no node has yet: "Adam/", "Adam_1/". */
static char *root_name(rn_scope *s, const char *name) {
  char full[256];
  size_t skip = strlen(rn_scope_prefix(s));
  snprintf(full, sizeof full, "%s%s", rn_scope_prefix(s), name);
  char buf[300];
  if (rn_graph_unique_name(s->g, full, buf, sizeof buf) >= sizeof buf) return NULL;
  return scope_text(s, "%s/", buf + skip);
}

typedef struct grads {
  uint32_t n;
  rn_variable *v;
  rn_value *x, *dx;
  rn_slices *slices;
} grads;

static void grads_finish(grads *g) {
  free(g->v);
  free(g->x);
  free(g->dx);
  free(g->slices);
}

static rn_status *grads_make(rn_scope *s, rn_value loss, grads *g) {
  uint32_t all = s->n_variables;
  memset(g, 0, sizeof *g);
  g->v = calloc(all + 1u, sizeof *g->v);
  g->x = calloc(all + 1u, sizeof *g->x);
  g->dx = calloc(all + 1u, sizeof *g->dx);
  g->slices = calloc(all + 1u, sizeof *g->slices);
  if (!g->v || !g->x || !g->dx || !g->slices)
    return rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory for gradients");
  for (uint32_t i = 0; i < all; i++) {
    if (!s->variable[i].trainable) continue;
    g->v[g->n] = s->variable[i];
    g->x[g->n++] = s->variable[i].read;
  }
  for (uint32_t i = 0; i < g->n; i++) g->slices[i] = (rn_slices){RN_NO_VALUE, RN_NO_VALUE, RN_NO_VALUE};
  return rn_graph_gradients(s->g, &loss, 1, g->x, g->n, NULL, g->dx, g->slices);
}

static rn_status *drive(driver *d, request *r) {
  grads g;
  rn_status *e = grads_make(r->s, r->loss, &g);
  uint32_t moved = 0;
  if (e == NULL && g.n) d->param = g.v[0];
  char empty[1] = "";
  d->at = empty;
  if (e == NULL && d->def->begin) e = d->def->begin(&d->opt);
  for (uint32_t i = 0; e == NULL && !r->s->error && i < g.n; i++) {
    if (g.dx[i].node == RN_NO_NODE && g.slices[i].values.node == RN_NO_NODE) continue;
    e = update_one(d, &g.v[i], g.dx[i], &g.slices[i]);
    moved++;
  }
  if (e == NULL && !r->s->error && moved == 0)
    e = rn_status_make(RN_INVALID_ARGUMENT, "minimize '%s': no trainable variable influences it",
                       rn_graph_name(r->s->g, r->loss.node));
  if (e == NULL) e = finish(d);
  if (e == NULL) r->step = close_step(d, r->global_step);
  grads_finish(&g);
  return e;
}

static rn_status *edit(void *arg, rn_builder *b) {
  request *r = arg;
  driver *d = calloc(1, sizeof *d);
  if (d == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory");
  d->s = r->s;
  d->def = r->def;
  d->opt = (rn_opt){(uint32_t)sizeof(rn_opt), 0, &opt_api, &d->builder};
  d->builder = (rn_builder){(uint32_t)sizeof(rn_builder), 0, &builder_api, b->self};
  d->root = root_name(r->s, r->def->name);
  rn_status *e = read_hypers(d, r->hypers, r->n_hypers);
  if (e == NULL && d->root) e = drive(d, r);
  free(d->root);
  free(d->updates);
  free(d);
  if (e != NULL) return e;
  return rn_scope_take_status(r->s);
}

rn_node_id rn_minimize(rn_scope *s, rn_value loss, const char *optimizer, const rn_hyper *hypers, uint32_t n_hypers,
                       const rn_variable *global_step) {
  request r = {s, NULL, loss, hypers, n_hypers, global_step, RN_NO_NODE};
  uint32_t variables = s->n_variables;
  if (s->error) return RN_NO_NODE;
  rn_scope_fail(s, rn_runtime_optimizer(rn_graph_runtime(s->g), optimizer, &r.def, NULL));
  if (s->error) return RN_NO_NODE;
  rn_status *e = rn_graph_edit(s->g, edit, &r);
  if (e != NULL) {
    scope_forget_variables(s, variables);
    rn_scope_fail(s, e);
    return RN_NO_NODE;
  }
  rn_collection_add(s, "train_op", (rn_value){r.step, 0});
  return r.step;
}
