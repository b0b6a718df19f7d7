/* lower_fake_quant.c - FakeQuant in float, step for step as the kernels do it (plugins/tpu).
 *
 *   y = floor((min(max(x, low), high) - low) inverse - zero + 1/2) scale, one range or one per channel */
#include "lower.h"

enum { LOW, HIGH, SCALE, INVERSE, ZERO, N_VECTORS };

static rn_status *vectors_of(tpu_lowering *l, const tpu_fake *f, tpu_place out[N_VECTORS]) {
  const rn_host_api *h = l->host;
  size_t n = (size_t)f->channels;
  float *v = h->alloc(h->ctx, N_VECTORS * n * sizeof *v, 16);
  if (v == NULL) return h->status(RN_RESOURCE_EXHAUSTED, "tpu: out of memory for ranges");
  for (size_t c = 0; c < n; c++) {
    tpu_steps s = tpu_fake_steps(f->bottom, f->top, f->min != NULL ? f->min[c] : f->low,
                                 f->min != NULL ? f->max[c] : f->high, f->min == NULL);
    const float each[N_VECTORS] = {s.low, s.high, s.scale, s.inverse, s.zero};
    for (size_t k = 0; k < N_VECTORS; k++) v[k * n + c] = each[k];
  }
  rn_status *failed = NULL;
  for (size_t k = 0; k < N_VECTORS && failed == NULL; k++) failed = tpu_constant(l, v + k * n, n * sizeof *v, &out[k]);
  h->free(h->ctx, v);
  return failed;
}

static rn_status *fake_quant(tpu_lowering *l, tpu_node *n) {
  static const struct {
    uint8_t fn, vector;
    float imm;
  } steps[] = {{TPU_V_MIN, HIGH, 0},        {TPU_V_MAX, LOW, 0},  {TPU_V_SUB, LOW, 0},
               {TPU_V_MUL, INVERSE, 0},     {TPU_V_SUB, ZERO, 0}, {TPU_V_OFFSET, N_VECTORS, 0.5f},
               {TPU_V_FLOOR, N_VECTORS, 0}, {TPU_V_MUL, SCALE, 0}};
  const rn_shape s = tpu_in(l, n, 0)->shape;
  tpu_fake f;
  tpu_place x, y, vector[N_VECTORS];
  const char *no = tpu_fake_of(l->host, l->s->view, l->s->graph, n->id, &f);
  if (no != NULL) return tpu_cannot(l, n, "%s", no);
  if (f.channels != 1 && (s.rank < 1 || s.dim[s.rank - 1] != f.channels))
    return tpu_cannot(l, n, "it has ranges for %lld channels", (long long)f.channels);
  RN_TRY(tpu_need(l, n, 0, &x));
  RN_TRY(tpu_make(l, n, 0, &s, &y));
  RN_TRY(vectors_of(l, &f, vector));
  int64_t count = rn_shape_elems(&s), rows = count / f.channels;
  for (size_t k = 0; k < sizeof steps / sizeof steps[0]; k++) {
    tpu_walk w = {0};
    tpu_walk_add(&w, rows, f.channels, f.channels, 0);
    tpu_walk_add(&w, f.channels, 1, 1, 1);
    RN_TRY(tpu_emit_walk(l, steps[k].fn, y, k == 0 ? x : y,
                         steps[k].vector < N_VECTORS ? vector[steps[k].vector] : (tpu_place){0}, &w, steps[k].imm));
  }
  return NULL;
}

const tpu_rule tpu_rules_fake_quant[] = {{"FakeQuantWithMinMaxArgs", fake_quant, TPU_RULE_FAKE, 0, 0},
                                         {"FakeQuantWithMinMaxVars", fake_quant, TPU_RULE_FAKE, 0, 0},
                                         {"FakeQuantWithMinMaxVarsPerChannel", fake_quant, TPU_RULE_FAKE, 0, 0},
                                         {NULL, NULL, 0, 0, 0}};
