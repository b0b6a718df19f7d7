/* optimizer_host.c - what an optimizer's description may ask for while it is driven (frontends/c).
 *
 * Names that the description gives are relative; here they get TensorFlow's places: slots "W/Adam",
 * "W/Adam_1", shared variables at the root, hyper-parameters "Adam/beta1", all else under "Adam/update_W". */
#include <stdio.h>
#include <stdlib.h>
#include "minimize.h"

const rn_hyper_def *optimizer_hyper(const rn_optimizer_def *def, uint32_t i) {
  return (const rn_hyper_def *)(const void *)((const char *)def->hypers.items + (size_t)i * def->hypers.item_size);
}
int optimizer_find_hyper(const rn_optimizer_def *def, const char *name) {
  for (uint32_t i = 0; i < def->hypers.count; i++)
    if (strcmp(optimizer_hyper(def, i)->name, name) == 0) return (int)i;
  return -1;
}

static driver *of(rn_opt *o) { return (driver *)(void *)o; }
static driver *of_builder(rn_builder *b) { return (driver *)(void *)((char *)b - offsetof(driver, builder)); }
static const driver *of_const_builder(const rn_builder *b) {
  return (const driver *)(const void *)((const char *)b - offsetof(driver, builder));
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

/* The scope in force does not matter and a name that is taken is numbered, both as in TensorFlow. */
static rn_variable variable(driver *d, const char *base, const char *initial, rn_dtype t, const rn_shape *shape,
                            double value) {
  rn_variable none = {RN_NO_VALUE, RN_NO_VALUE, RN_NO_VALUE, RN_NO_NODE, 0};
  char *name = scope_name_free(d->s, base), *start = name ? scope_text(d->s, "%s%s", name, initial) : NULL;
  if (start == NULL || d->s->error) {
    free(name);
    free(start);
    return none;
  }
  scope_enter_root(d->s);
  rn_value v = shape->rank == 0 ? rn_scope_scalar(d->s, start, t, value)
               : value == 0     ? rn_zeros(d->s, start, t, shape)
                                : rn_fill(d->s, start, t, shape, value);
  free(start);
  rn_variable made = rn_variable_create(d->s, name, v, 0);
  rn_scope_leave(d->s);
  free(name);
  return made;
}

static rn_value ask_slot(rn_opt *o, const char *name, double init) {
  driver *d = of(o);
  for (uint32_t i = 0; i < d->n_slots; i++)
    if (strcmp(d->slots[i].name, name) == 0) return d->slots[i].v.ref;
  if (d->n_slots == MAX_SLOTS || d->s->error) {
    rn_scope_fail(d->s, rn_status_make(RN_RESOURCE_EXHAUSTED, "%s: more than %u slots", d->def->name, MAX_SLOTS));
    return RN_NO_VALUE;
  }
  char *full = scope_text(d->s, "%s/%s", rn_graph_name(d->s->g, d->param.ref.node), d->def->name);
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

static double ask_hyper_value(rn_opt *o, const char *name) {
  int i = optimizer_find_hyper(of(o)->def, name);
  return i < 0 ? 0 : of(o)->value[i];
}
static rn_value ask_hyper(rn_opt *o, const char *name) {
  driver *d = of(o);
  int i = optimizer_find_hyper(d->def, name);
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

void optimizer_host_begin(driver *d, const rn_self *self) {
  d->opt = (rn_opt){(uint32_t)sizeof(rn_opt), 0, &opt_api, &d->builder};
  d->builder = (rn_builder){(uint32_t)sizeof(rn_builder), 0, &builder_api, *self};
}
