/* claim_check.c - whether one node can be claimed (plugins/tpu).
 *
 * Its types and attributes must be those that its rule lowers. On a machine of integers each value must have a grid by
 * then, and what is done element by element stays with a product. */
#include "claim.h"

static int is_int(rn_dtype t) { return t == RN_INT32 || t == RN_INT64; }

static int known_ints(const tpu_claiming *c, rn_value v) {
  rn_tensor *t;
  if (!is_int(c->v->dtype(c->g, v))) return 0;
  if (v.node < c->n_ids && c->known[v.node]) return 1;
  t = c->v->constant(c->g, v);
  const rn_shape *s = c->v->shape(c->g, v);
  return t != NULL && s != NULL && rn_shape_known(s) && rn_shape_elems(s) <= TPU_MAX_INTS;
}

static const char *check_input(const tpu_claiming *c, rn_node_id n, const tpu_rule *r, uint32_t i, uint32_t count) {
  rn_value in = c->v->input(c->g, n, i);
  rn_dtype t = c->v->dtype(c->g, in);
  uint32_t which = r->int_inputs;
  if (strcmp(r->op, "ConcatV2") == 0) which = 1u << (count - 1);
  if (tpu_is_handle(t)) {
    if ((r->what & TPU_RULE_UPDATE) == 0) return "it takes a variable by its handle";
    return t % RN_REF == RN_FLOAT || t == RN_RESOURCE ? NULL : "its variable is not float";
  }
  if ((r->what & TPU_RULE_SHAPE_ONLY) != 0) return NULL;
  if (i < 32 && (which >> i & 1) != 0) return known_ints(c, in) ? NULL : "integers it needs are known only in the step";
  if ((r->what & TPU_RULE_LABELS) != 0 && r->arg == 1 && i == 1)
    return t == RN_INT32 ? NULL : "its labels are not int32";
  if (t == RN_FLOAT) return NULL;
  if ((r->what & TPU_RULE_INTS) != 0 && is_int(t))
    return known_ints(c, in) ? NULL : "integers it needs are known only in the step";
  return "it is not float";
}

static const char *check_attributes(const tpu_claiming *c, rn_node_id n) {
  rn_self self = {c->host, c->v, c->g, n, 0};
  rn_attr_value k;
  rn_bytes format = rn_self_string(&self, "data_format"), padding = rn_self_string(&self, "padding");
  if (format.size > 0 && !rn_bytes_equal(format, "NHWC")) return "only NHWC images";
  if (padding.size > 0 && !rn_bytes_equal(padding, "SAME") && !rn_bytes_equal(padding, "VALID"))
    return "explicit padding";
  if (rn_self_attr(&self, "ksize", RN_ATTR_LIST | RN_ATTR_INT, &k)) {
    const int64_t *v = k.u.list;
    if (k.count != 4 || v[0] != 1 || v[3] != 1) return "a pool over images or depth";
  }
  return NULL;
}

/* ------------------------------------------------------------------------------------ integers */
static const char *fake_of(const tpu_claiming *c, rn_node_id n, tpu_fake *out) {
  return tpu_fake_of(c->host, c->v, c->g, n, out);
}
static int is_fake(const tpu_claiming *c, rn_node_id n) { return tpu_is_fake_quant(c->v->op(c->g, n)); }

static int is_weight(const tpu_claiming *c, rn_value v) {
  static const char *const ops[] = {"Const", "VariableV2", "Variable", "VarHandleOp", "ReadVariableOp"};
  for (int depth = 0; depth < 8; depth++) {
    const char *op = c->v->op(c->g, v.node);
    for (size_t k = 0; k < sizeof ops / sizeof ops[0]; k++)
      if (strcmp(op, ops[k]) == 0) return 1;
    if (strcmp(op, "Identity") != 0 && !is_fake(c, v.node)) return 0;
    v = c->v->input(c->g, v.node, 0);
  }
  return 0;
}
static const tpu_rule *maker(const tpu_claiming *c, rn_value v) { return v.node < c->n_ids ? c->rule[v.node] : NULL; }
static int made_by(const tpu_claiming *c, rn_value v, uint32_t what) {
  const tpu_rule *r = maker(c, v);
  return r != NULL && (r->what & what) != 0;
}

/* The node that alone reads v; 0: there is none. */
static int only_reader(const tpu_claiming *c, rn_value v, rn_value *out) {
  return c->v->consumers(c->g, v, out, 1) == 1;
}

/* Bias or limit of a product that nobody else reads: done on the product's way out. */
static int folds(const tpu_claiming *c, rn_node_id n) {
  const tpu_rule *r = tpu_rule_of(TPU_INT8, c->v->op(c->g, n));
  rn_value reader;
  if (r == NULL || (r->what & TPU_RULE_FOLLOWS) == 0) return 0;
  int bias = c->v->input_count(c->g, n) == 2;
  for (uint32_t i = 0; i < c->v->input_count(c->g, n); i++) {
    rn_value in = c->v->input(c->g, n, i);
    int behind = made_by(c, in, TPU_RULE_PRODUCT) || (!bias && made_by(c, in, TPU_RULE_FOLLOWS) &&
                                                      c->v->input_count(c->g, in.node) == 2 && folds(c, in.node));
    if (behind && only_reader(c, in, &reader) && (!bias || is_weight(c, c->v->input(c->g, n, 1 - i)))) return 1;
  }
  return 0;
}

/* Will it be known which integers stand for v? */
static int has_grid(const tpu_claiming *c, rn_value v) {
  char name[192];
  rn_value reader;
  tpu_fake f;
  tpu_grid grid;
  for (int depth = 0; depth < 64; depth++) {
    if (c->calibrates || tpu_grid_of_op(c->v->op(c->g, v.node), &grid)) return 1;
    if (is_fake(c, v.node)) return fake_of(c, v.node, &f) == NULL;
    if (only_reader(c, v, &reader) && is_fake(c, reader.node) && fake_of(c, reader.node, &f) == NULL) return 1;
    tpu_value_name(c->v, c->g, v, name);
    if (tpu_ranges_find(&c->ranges, name) != NULL) return 1;
    if (!made_by(c, v, TPU_RULE_KEEPS)) return 0;
    v = c->v->input(c->g, v.node, strcmp(c->v->op(c->g, v.node), "Split") == 0 ? 1 : 0);
  }
  return 0;
}
static const char no_grid[] = "no range was measured for it (calibrate, then ranges), and no FakeQuant says one";

static const char *check_product(const tpu_claiming *c, rn_node_id n) {
  rn_self self = {c->host, c->v, c->g, n, 0};
  if (!is_weight(c, c->v->input(c->g, n, 1))) return "its second factor is not a constant or a variable";
  if (rn_self_bool(&self, "transpose_a", 0) || rn_self_bool(&self, "transpose_b", 0)) return "a transposed factor";
  return has_grid(c, c->v->input(c->g, n, 0)) ? NULL
                                              : "no range of its input was measured (calibrate, then ranges), and no "
                                                "FakeQuant says one";
}

static const char *check_fake(const tpu_claiming *c, rn_node_id n) {
  tpu_fake f;
  tpu_grid grid;
  uint32_t parts;
  const char *no = fake_of(c, n, &f);
  if (no != NULL || c->m->arithmetic != TPU_INT8) return no;
  return is_weight(c, c->v->input(c->g, n, 0)) ? tpu_fake_parts(&f, &parts) : tpu_fake_grid(&f, &grid);
}

/* One operand may repeat along the first dimensions of the other, as far as shapes are known. */
static int repeats_outside(const tpu_claiming *c, rn_node_id n) {
  const rn_shape *s[2];
  int repeats[2] = {0, 0};
  for (uint32_t i = 0; i < 2; i++) s[i] = c->v->shape(c->g, c->v->input(c->g, n, i));
  if (s[0] == NULL || s[1] == NULL || s[0]->rank < 0 || s[1]->rank < 0) return 1;
  for (int32_t k = 1; k <= s[0]->rank && k <= s[1]->rank; k++) {
    int64_t d[2] = {s[0]->dim[s[0]->rank - k], s[1]->dim[s[1]->rank - k]};
    for (int i = 0; i < 2; i++) {
      if (repeats[i] && d[i] != 1) return 0;
      repeats[i] |= d[i] == 1 && d[1 - i] != 1;
    }
  }
  return !(repeats[0] && repeats[1]);
}

/* What is done element by element: something of it is made inside, and all of it has integers. */
static const char *check_element(const tpu_claiming *c, rn_node_id n) {
  uint32_t inside = 0, count = c->v->input_count(c->g, n);
  int folded = folds(c, n);
  for (uint32_t i = 0; i < count; i++) {
    rn_value in = c->v->input(c->g, n, i);
    rn_tensor *known = c->v->constant(c->g, in);
    const rn_shape *s = c->v->shape(c->g, in);
    if (c->v->dtype(c->g, in) != RN_FLOAT) continue;
    inside += maker(c, in) != NULL;
    int number = known != NULL && s != NULL && rn_shape_known(s) && rn_shape_elems(s) == 1;
    if (!folded && !number && !has_grid(c, in)) return "no range of its input was measured, and no FakeQuant says one";
  }
  if (inside == 0) return "nothing it takes is made inside of a claim";
  if (count == 2 && !repeats_outside(c, n)) return "an operand repeats along its inner dimensions";
  int bias = folded && count == 2; /* what it makes may stay in the accumulators */
  for (uint32_t o = 0; o < c->v->output_count(c->g, n) && !bias; o++)
    if (!has_grid(c, (rn_value){n, o})) return no_grid;
  return NULL;
}

static const char *check_integers(const tpu_claiming *c, rn_node_id n, const tpu_rule *r) {
  if ((r->what & TPU_RULE_PRODUCT) != 0) return check_product(c, n);
  return (r->what & (TPU_RULE_INSIDE | TPU_RULE_KEEPS)) != 0 ? check_element(c, n) : NULL;
}

const char *tpu_why_not(const tpu_claiming *c, rn_node_id n, const tpu_rule *r) {
  if (r == NULL) return "no rule lowers it";
  uint32_t count = c->v->input_count(c->g, n);
  int ints = 1;
  if (count > TPU_MAX_INPUTS) return "it has too many inputs";
  for (uint32_t i = 0; i < count; i++) {
    const char *no = check_input(c, n, r, i, count);
    if (no != NULL) return no;
  }
  for (uint32_t o = 0; o < c->v->output_count(c->g, n); o++) {
    rn_dtype t = c->v->dtype(c->g, (rn_value){n, o});
    if (tpu_is_handle(t)) continue;
    ints &= is_int(t);
    if (t != RN_FLOAT && !((r->what & TPU_RULE_INTS) != 0 && is_int(t))) return "its result is not float";
  }
  c->known[n] = (uint8_t)(ints && (r->what & TPU_RULE_INTS) != 0);
  const char *no = (r->what & TPU_RULE_FAKE) != 0 ? check_fake(c, n) : check_attributes(c, n);
  return no == NULL && c->m->arithmetic == TPU_INT8 ? check_integers(c, n, r) : no;
}
