/* optimizer_case.c - optimizers on a bowl (frontends/conform).
 *
 * The loss is the mean square of W - target, by all of W or by rows of it that a gather names, so that the gradient
 * is dense or comes as slices. With the defaults of the hyper-parameters the loss must go down. */
#include <math.h>
#include <runnel/c/train.h>
#include "kit.h"
#include "number.h"
#include "session.h"

enum { STEPS = 60 };
static verdict check_hyper(kit *k, const char *name, const rn_hyper_def *h, uint32_t i) {
  if (h->name == NULL || h->name[0] == '\0') return fail(k, "%s: hyper-parameter %u has no name", name, i);
  if (h->doc == NULL || h->doc[0] == '\0') return fail(k, "%s: hyper-parameter '%s' has no doc", name, h->name);
  if (!(h->min <= h->default_value && h->default_value <= h->max))
    return fail(k, "%s: the default of '%s' is %g, not in its own range [%g, %g]", name, h->name, h->default_value,
                h->min, h->max);
  return PASSED;
}

static verdict description(kit *k, const kit_case *c) {
  const rn_optimizer_def *d = &k->own.optimizers[c->index];
  verdict v = PASSED;
  if (d->emit == NULL) return fail(k, "%s: it has no emit", d->name);
  for (uint32_t i = 0; i < d->hypers.count && v == PASSED; i++) {
    rn_hyper_def h;
    memset(&h, 0, sizeof h);
    memcpy(&h, (const char *)d->hypers.items + (size_t)i * d->hypers.item_size,
           d->hypers.item_size < sizeof h ? d->hypers.item_size : sizeof h);
    v = check_hyper(k, d->name, &h, i);
    if (v == PASSED && i == 0 && strcmp(h.name, "learning_rate") != 0)
      v = fail(k, "%s: its first hyper-parameter is '%s', and should be learning_rate", d->name, h.name);
  }
  return v;
}

static rn_value filled(rn_scope *s, const char *name, rn_dtype t, const double *v) {
  int64_t dims[2] = {4, 3};
  rn_shape shape = rn_shape_make(2, dims);
  rn_tensor *x = NULL;
  rn_status *failed = rn_tensor_create(t, &shape, &x);
  for (int64_t i = 0; failed == NULL && i < 12; i++) number_put(t, rn_tensor_data(x), i, v[i]);
  rn_scope_fail(s, failed);
  return rn_scope_constant(s, name, x);
}

typedef struct bowl {
  rn_value loss, w;
  rn_node_id init, step;
} bowl;

static void build(rn_scope *s, const char *name, rn_dtype t, int slices, bowl *b) {
  static const double start[12] = {1, -2, 3, 0.5, -0.25, 1.5, -1, 2, -3, 0.75, 0.1, -0.6};
  static const double target[12] = {0.2, 0.1, -0.3, 0, 0.4, -0.2, 0.3, -0.1, 0, 0.2, -0.4, 0.1};
  static const int32_t rows[3] = {0, 2, 0}, axes[2] = {0, 1};
  rn_variable w = rn_variable_create(s, "W", filled(s, "start", t, start), 1);
  rn_value goal = filled(s, "target", t, target), x = w.read;
  if (slices) {
    rn_value which = rn_scope_ints(s, "rows", rows, 3), in[2] = {x, which}, from[2] = {goal, which};
    x = rn_scope_op(s, "Gather", "taken", in, 2, NULL, 0);
    goal = rn_scope_op(s, "Gather", "wanted", from, 2, NULL, 0);
  }
  rn_value off[2] = {x, goal}, square, mean[2];
  rn_value distance = rn_scope_op(s, "Sub", "off", off, 2, NULL, 0);
  square = rn_scope_op(s, "Square", "square", &distance, 1, NULL, 0);
  mean[0] = square;
  mean[1] = rn_scope_ints(s, "axes", axes, 2);
  b->loss = rn_scope_op(s, "Mean", "loss", mean, 2, NULL, 0);
  b->w = w.read;
  b->step = rn_minimize(s, b->loss, name, NULL, 0, NULL);
  b->init = rn_variables_init(s, "init");
}

static rn_status *loss_of(rn_session *session, const bowl *b, double *out) {
  rn_tensor *t = NULL;
  RN_TRY(session_fetch(session, b->loss, &t));
  *out = number_get(rn_tensor_dtype(t), rn_tensor_data(t), 0);
  rn_tensor_release(t);
  return NULL;
}

/* Slots stand under their parameter, shared variables at the root. */
static verdict check_names(kit *k, const char *name, const rn_scope *s, const rn_graph *g) {
  for (uint32_t i = 0; i < rn_variable_count(s); i++) {
    const char *v = rn_graph_name(g, rn_variable_get(s, i)->ref.node);
    const char *slash = strchr(v, '/');
    if (slash == NULL) continue;
    if (strncmp(v, "W/", 2) != 0 || slash[1] == '\0')
      return fail(k, "%s: it keeps a slot under '%s', not under its parameter's name", name, v);
  }
  return PASSED;
}

static rn_status *train(rn_session *session, const bowl *b, double *before, double *after) {
  RN_TRY(rn_session_run(session, NULL, NULL, 0, NULL, 0, NULL, &b->init, 1));
  RN_TRY(loss_of(session, b, before));
  for (int i = 0; i < STEPS; i++) RN_TRY(rn_session_run(session, NULL, NULL, 0, NULL, 0, NULL, &b->step, 1));
  return loss_of(session, b, after);
}

static verdict descend(kit *k, const char *name, rn_dtype t, int slices) {
  rn_graph *g = NULL;
  rn_scope *s = NULL;
  rn_session *session = NULL;
  bowl b;
  double before = 0, after = 0;
  verdict v = PASSED;
  doing(k, "optimizer %s on a parameter of type %s with a gradient %s", name, rn_dtype_name(t),
        slices ? "in slices" : "that is dense");
  rn_status *failed = rn_graph_create(k->runtime, 0, &g);
  if (failed == NULL) failed = rn_scope_create(g, &s);
  if (failed == NULL) build(s, name, t, slices, &b);
  if (failed == NULL) failed = rn_scope_take_status(s);
  if (failed == NULL) v = check_names(k, name, s, g);
  if (failed == NULL) failed = rn_session_create(g, NULL, &session);
  if (failed == NULL) failed = train(session, &b, &before, &after);
  if (failed != NULL)
    v = fail_status(k, "it does not train", failed);
  else if (v == PASSED && !isfinite(after))
    v = fail(k, "after %d steps the loss is %g", STEPS, after);
  else if (v == PASSED && !(after < before))
    v = fail(k, "in %d steps the loss went from %.9g to %.9g", STEPS, before, after);
  rn_session_destroy(session);
  rn_scope_destroy(s);
  rn_graph_destroy(g);
  return v;
}

static verdict dense(kit *k, const kit_case *c) {
  verdict v = descend(k, k->own.optimizers[c->index].name, RN_FLOAT, 0);
  return v == PASSED ? descend(k, k->own.optimizers[c->index].name, RN_DOUBLE, 0) : v;
}
static verdict slices(kit *k, const kit_case *c) { return descend(k, k->own.optimizers[c->index].name, RN_FLOAT, 1); }

void list_optimizer_cases(kit *k) {
  for (uint32_t i = 0; i < k->own.n_optimizers && k->o->op == NULL; i++) {
    const char *name = k->own.optimizers[i].name;
    if (name == NULL) continue;
    add_case(k, description, i, "optimizer/%s/description", name);
    add_case(k, dense, i, "optimizer/%s/dense", name);
    add_case(k, slices, i, "optimizer/%s/slices", name);
  }
}
