/* gradient_case.c - gradients against differences (frontends/conform).
 *
 * f(x) = sum of w y(x) with random weights w. The gradient that the op's function builds must be what
 * (f(x + h) - f(x - h)) / 2h says, in double where there is a kernel for it. Where the slopes on both sides differ
 * there is a kink, and nothing is asked of the gradient.
 * Nor is it of an element without any influence where an integer input repeats a number: one written over another. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "draw.h"
#include "number.h"
#include "session.h"

enum { SEEDS = 250, WANTED = 4, COORDINATES = 6 };
typedef struct slope {
  kit *k;
  const kit_op *op;
  sample s;
  rn_session *session;
  rn_dtype dtype;
  uint32_t n_y, n_x;
  rn_value y[SAMPLE_IN], x[SAMPLE_IN], dx[SAMPLE_IN], dy[SAMPLE_IN];
  uint32_t input[SAMPLE_IN];    /* of x[i] */
  rn_tensor *weight[SAMPLE_IN]; /* of y[i] */
  char words[600];
} slope;

/* Is it all double? A cast on the way takes digits. */
static int is_fine(const slope *p) {
  for (uint32_t i = 0; i < p->n_y; i++)
    if (rn_tensor_dtype(p->weight[i]) != RN_DOUBLE) return 0;
  return p->dtype == RN_DOUBLE;
}
static int is_coarse(const slope *p) {
  for (uint32_t i = 0; i < p->n_y; i++)
    if (dtype_tolerance(rn_tensor_dtype(p->weight[i])) > 1e-3) return 1;
  return 0;
}
static double difference_step(const slope *p) { return is_fine(p) ? 1e-5 : is_coarse(p) ? 0.25 : 1e-2; }
static double allowed(const slope *p) { return is_fine(p) ? 2e-4 : is_coarse(p) ? 0.1 : 6e-2; }

/* The outputs that carry a gradient, from `first` to `last`. */
static rn_status *add_weights(slope *p, uint32_t last) {
  rn_tensor *out[SAMPLE_IN];
  uint64_t r = 11;
  RN_TRY(session_outputs(p->session, &p->s, NULL, out));
  rn_status *failed = NULL;
  p->n_y = 0;
  for (uint32_t i = 0; i < p->s.n_out; i++) {
    rn_tensor *w = NULL;
    if (failed == NULL && i <= last && dtype_is_float(rn_tensor_dtype(out[i])))
      failed = rn_tensor_create(rn_tensor_dtype(out[i]), rn_tensor_shape(out[i]), &w);
    rn_tensor_release(out[i]);
    if (w == NULL) continue;
    for (int64_t e = 0; e < rn_tensor_count(w); e++)
      number_put(rn_tensor_dtype(w), rn_tensor_data(w), e, ((double)draw_below(&r, 17) - 8) / 8 + 0.03);
    rn_attr attrs[2] = {RN_AT("dtype", rn_tensor_dtype(w)), RN_ATENSOR("value", w)};
    rn_node_request q = rn_node_request_for("Const", NULL);
    q.attrs = attrs;
    q.n_attrs = 2;
    p->y[p->n_y] = (rn_value){p->s.node, i};
    p->dy[p->n_y].port = 0;
    failed = rn_graph_add(p->s.graph, &q, &p->dy[p->n_y].node);
    p->weight[p->n_y++] = w;
  }
  return failed;
}

static void drop_weights(slope *p) {
  for (uint32_t i = 0; i < p->n_y; i++) rn_tensor_release(p->weight[i]);
  p->n_y = 0;
}

static rn_status *value_at(const slope *p, rn_tensor *const *feeds, double *out) {
  rn_tensor *y[SAMPLE_IN];
  RN_TRY(session_outputs(p->session, &p->s, feeds, y));
  *out = 0;
  for (uint32_t i = 0; i < p->n_y; i++) {
    const rn_tensor *t = y[p->y[i].port];
    rn_dtype d = rn_tensor_dtype(t);
    for (int64_t e = 0; e < rn_tensor_count(t) && e < rn_tensor_count(p->weight[i]); e++)
      *out += number_get(d, rn_tensor_data(t), e) * number_get(d, rn_tensor_data(p->weight[i]), e);
  }
  for (uint32_t i = 0; i < p->s.n_out; i++) rn_tensor_release(y[i]);
  return NULL;
}

/* f with coordinate e of input i moved by `by`; out_moved: by how much it really was. */
static rn_status *moved(const slope *p, uint32_t i, int64_t e, double by, double *out, double *out_moved) {
  rn_tensor *feeds[SAMPLE_IN] = {NULL}, *copy;
  const rn_tensor *x = p->s.in[i].tensor;
  rn_dtype t = rn_tensor_dtype(x);
  RN_TRY(rn_tensor_from(t, rn_tensor_shape(x), rn_tensor_data(x), &copy));
  double was = number_get(t, rn_tensor_data(copy), e);
  number_put(t, rn_tensor_data(copy), e, was + by);
  *out_moved = number_get(t, rn_tensor_data(copy), e) - was;
  feeds[i] = copy;
  rn_status *failed = value_at(p, feeds, out);
  rn_tensor_release(copy);
  return failed;
}

static int repeats(const sample *s) {
  for (uint32_t i = 0; i < s->n_in; i++) {
    const rn_tensor *t = s->in[i].tensor;
    if (!dtype_is_integer(rn_tensor_dtype(t))) continue;
    for (int64_t a = 0; a < rn_tensor_count(t); a++)
      for (int64_t b = 0; b < a; b++)
        if (number_get(rn_tensor_dtype(t), rn_tensor_data(t), a) ==
            number_get(rn_tensor_dtype(t), rn_tensor_data(t), b))
          return 1;
  }
  return 0;
}

/* 1: agrees, or nothing can be said here. */
static rn_status *check_coordinate(slope *p, uint32_t i, const rn_tensor *dx, int64_t e, int *out_agrees) {
  double h = difference_step(p), here, up, down, by_up, by_down;
  uint32_t input = p->input[i];
  RN_TRY(value_at(p, NULL, &here));
  RN_TRY(moved(p, input, e, h, &up, &by_up));
  RN_TRY(moved(p, input, e, -h, &down, &by_down));
  double right = (up - here) / by_up, left = (down - here) / by_down, slope_ = (up - down) / (by_up - by_down);
  double got = number_get(rn_tensor_dtype(dx), rn_tensor_data(dx), e);
  double noise = is_fine(p)     ? 1e-6
                 : is_coarse(p) ? 0.1
                                : 0.02,
         size = fabs(got) > fabs(slope_) ? fabs(got) : fabs(slope_);
  *out_agrees = 1;
  if (up == here && down == here && repeats(&p->s)) return NULL;
  if (!isfinite(slope_) || fabs(left - right) > 0.02 * (fabs(left) + fabs(right)) + noise) return NULL; /* a kink */
  if (fabs(got - slope_) <= allowed(p) * size + noise * (1 + fabs(here))) return NULL;
  *out_agrees = 0;
  snprintf(p->words, sizeof p->words,
           "by input '%s', element %lld: the gradient is %.6g, differences give %.6g (%.300s)",
           p->op->sig.in[p->s.in[input].arg].name, (long long)e, got, slope_, p->s.text);
  return NULL;
}

static rn_status *check_input(slope *p, uint32_t i, int *out_agrees) {
  rn_feed feed[SAMPLE_IN];
  rn_tensor *dx = NULL;
  uint32_t n = 0;
  if (p->dx[i].node == RN_NO_NODE) return NULL; /* the op says that nothing flows */
  for (uint32_t k = 0; k < p->s.n_in; k++)
    if (p->s.in[k].kind == INPUT_FED) feed[n++] = (rn_feed){p->s.in[k].value, p->s.in[k].tensor};
  RN_TRY(rn_session_run(p->session, NULL, feed, n, &p->dx[i], 1, &dx, NULL, 0));
  rn_status *failed = NULL;
  int64_t count = rn_tensor_count(p->s.in[p->input[i]].tensor), step = count / COORDINATES + 1;
  if (rn_tensor_count(dx) != count) {
    *out_agrees = 0;
    snprintf(p->words, sizeof p->words, "the gradient by input %u has another shape than the input (%.300s)",
             p->input[i], p->s.text);
  }
  for (int64_t e = 0; e < count && *out_agrees && failed == NULL; e += step)
    failed = check_coordinate(p, i, dx, e, out_agrees);
  rn_tensor_release(dx);
  return failed;
}

static void find_inputs(slope *p) {
  p->n_x = 0;
  for (uint32_t i = 0; i < p->s.n_in; i++) {
    if (p->s.in[i].kind != INPUT_FED || !dtype_is_float(p->s.in[i].dtype)) continue;
    p->input[p->n_x] = i;
    p->x[p->n_x++] = p->s.in[i].value;
  }
}

/* All outputs together; where that disagrees, the first alone: not every op gives a gradient to the others. */
static rn_status *check_outputs(slope *p, uint32_t last, int *out_agrees) {
  *out_agrees = 1;
  rn_status *failed = add_weights(p, last);
  if (failed == NULL && p->n_y != 0)
    failed = rn_graph_gradients(p->s.graph, p->y, p->n_y, p->x, p->n_x, p->dy, p->dx, NULL);
  for (uint32_t i = 0; failed == NULL && p->n_y != 0 && i < p->n_x && *out_agrees; i++)
    failed = check_input(p, i, out_agrees);
  drop_weights(p);
  return failed;
}

/* One sample: 1 when something was compared. */
static int check_sample(slope *p, uint64_t seed, verdict *v, char *refusal, size_t room) {
  sample_plan plan = {seed, SIZE_BASIC, VALUES_SMOOTH, p->dtype, NULL};
  int agrees = 1, compared = 0;
  rn_status *failed = sample_make(p->k, p->op, &plan, &p->s);
  if (failed != NULL) {
    rn_status_free(failed);
    return 0;
  }
  find_inputs(p);
  doing(p->k, "op %s and its gradient, %s", p->op->def.name, p->s.text);
  failed = p->n_x != 0 ? rn_session_create(p->s.graph, NULL, &p->session) : NULL;
  rn_tensor *out[SAMPLE_IN] = {NULL};
  int takes = p->n_x != 0 && failed == NULL;
  if (takes) failed = session_outputs(p->session, &p->s, NULL, out);
  for (uint32_t i = 0; i < p->s.n_out && i < SAMPLE_IN; i++) rn_tensor_release(out[i]);
  takes = takes && failed == NULL;
  if (takes) failed = check_outputs(p, p->s.n_out, &agrees);
  if (takes && failed == NULL && !agrees && p->s.n_out > 1) failed = check_outputs(p, 0, &agrees);
  if (takes && failed == NULL) {
    compared = 1;
    if (!agrees) *v = fail(p->k, "%s", p->words);
  } else if (takes && rn_status_code(failed) != RN_UNIMPLEMENTED) {
    *v = fail(p->k, "its gradient does not work: %s (%s)", rn_status_message(failed), p->s.text);
  }
  if (failed != NULL) snprintf(refusal, room, "%s", rn_status_message(failed));
  rn_status_free(failed);
  rn_session_destroy(p->session);
  p->session = NULL;
  sample_finish(&p->s);
  return compared;
}

static rn_dtype widest(const kit_op *op) {
  int at = sample_main_type(&op->sig);
  if (at < 0) return RN_INVALID;
  const sig_attr *a = &op->sig.attr[at];
  rn_dtype best = RN_INVALID;
  for (uint32_t i = 0; i < a->n_types; i++)
    if (a->types[i] == RN_DOUBLE || (a->types[i] == RN_FLOAT && best != RN_DOUBLE)) best = a->types[i];
  return a->n_types == 0 ? RN_DOUBLE : best;
}

static verdict search(slope *p) {
  verdict v = PASSED;
  char why[128] = "", refusal[400] = "";
  uint32_t compared = 0;
  if (!sample_possible(&p->op->sig, why)) return skip(p->k, "%s", why);
  if (p->op->def.role >= RN_ROLE_SWITCH)
    return skip(p->k, "a primitive of control flow means something only in its loop");
  p->dtype = widest(p->op);
  for (int type = 0; type < 2 && compared == 0 && v == PASSED; type++) {
    for (uint64_t seed = 1; seed <= SEEDS && compared < WANTED && v == PASSED; seed++)
      compared += (uint32_t)check_sample(p, seed, &v, refusal, sizeof refusal);
    if (p->dtype != RN_DOUBLE) break;
    p->dtype = RN_FLOAT; /* there may be a kernel for float only */
  }
  if (v != PASSED || compared != 0) return v;
  return skip(p->k, "no floating inputs were found that it takes%s%s", refusal[0] != '\0' ? "; e.g.: " : "", refusal);
}

static verdict gradient(kit *k, const kit_case *c) {
  slope *p = calloc(1, sizeof *p);
  kit_op *op = calloc(1, sizeof *op);
  verdict v = PASSED;
  if (p == NULL || op == NULL) {
    free(p), free(op);
    return fail(k, "no memory for a check");
  }
  op->def = k->own.ops[c->index];
  p->k = k;
  p->op = op;
  if (op->def.signature == NULL || !signature_read(op->def.signature, &op->sig, op->why))
    v = fail(k, "its signature does not parse: %s", op->why);
  else if ((op->def.flags & RN_OP_STATEFUL) != 0)
    v = skip(k, "it is stateful: asked twice it may give something else");
  else if ((op->def.flags & RN_OP_ESTIMATED) != 0)
    v = skip(k, "its gradient is an estimate, not its slope");
  else
    v = search(p);
  free(p);
  free(op);
  return v;
}

void list_gradient_cases(kit *k) {
  for (uint32_t i = 0; i < k->own.n_ops; i++) {
    const rn_op_def *d = &k->own.ops[i];
    if (d->name != NULL && d->gradient != NULL && wants_op(k, d->name))
      add_case(k, gradient, i, "gradient/%s", d->name);
  }
}
