/* minimize.c - drives an optimizer's description over the trainable variables (frontends/c).
 *
 * The description (plugin.h, rn_optimizer_def) says which slots a rule keeps and which nodes it adds. The
 * nodes get TensorFlow's names, as "Adam/update_W/ApplyAdam". All of it is one edit of the graph: on
 * failure nothing stays. */
#include <stdio.h>
#include <stdlib.h>
#include "minimize.h"

typedef struct request {
  rn_scope *s;
  const rn_optimizer_def *def;
  rn_value loss;
  const rn_hyper *hypers;
  uint32_t n_hypers;
  const rn_variable *global_step;
  rn_node_id step;
} request;

static rn_status *read_hypers(driver *d, const rn_hyper *given, uint32_t n) {
  if (d->def->hypers.count > MAX_HYPERS)
    return rn_status_make(RN_RESOURCE_EXHAUSTED, "%s: more than %u hyper-parameters", d->def->name, MAX_HYPERS);
  for (uint32_t i = 0; i < d->def->hypers.count; i++) {
    d->value[i] = optimizer_hyper(d->def, i)->default_value;
    d->hyper[i] = RN_NO_VALUE;
  }
  for (uint32_t i = 0; i < n; i++) {
    int at = optimizer_find_hyper(d->def, given[i].name);
    if (at < 0) {
      char known[256] = "";
      for (uint32_t k = 0; k < d->def->hypers.count; k++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", k ? ", " : "", optimizer_hyper(d->def, k)->name);
      }
      return rn_status_make(RN_INVALID_ARGUMENT, "%s has no hyper-parameter '%s'; it has: %s", d->def->name,
                            given[i].name, known);
    }
    const rn_hyper_def *h = optimizer_hyper(d->def, (uint32_t)at);
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

/* "Adam/", or "Adam_1/" when a node or scope of that name is there. */
static char *root_name(rn_scope *s, const char *name) {
  char *full = scope_text(s, "%s%s", rn_scope_prefix(s), name), *mine = full ? scope_name_free(s, full) : NULL;
  char *root = mine ? scope_text(s, "%s/", mine + strlen(rn_scope_prefix(s))) : NULL;
  free(full);
  free(mine);
  return root;
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
  for (uint32_t i = 0; e == NULL && !r->s->error && i < g.n; i++)
    if (g.dx[i].node != RN_NO_NODE) rn_collection_add(r->s, "gradients", g.dx[i]);
  grads_finish(&g);
  return e;
}

static rn_status *edit(void *arg, rn_builder *b) {
  request *r = arg;
  driver *d = calloc(1, sizeof *d);
  if (d == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory");
  d->s = r->s;
  d->def = r->def;
  optimizer_host_begin(d, &b->self);
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
