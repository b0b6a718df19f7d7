/* grid.c - integers for values: from measured ranges, from FakeQuant, from what a function can make (plugins/tpu).
 *
 *   scale = (max - min) / (top - bottom); z = round(bottom - min / scale), within [bottom, top], ties away from 0
 *
 * in float, as TensorFlow does; an activation is then int8 with the zero point z - 128 and the limits bottom - 128 and
 * top - 128, a weight is a number of steps from bottom - z to top - z. */
#include "grid.h"
#include <math.h>

tpu_grid tpu_grid_of_range(const tpu_range *r) { return (tpu_grid){tpu_scale_of(r), -128, 127}; }

int tpu_grid_equal(const tpu_grid *a, const tpu_grid *b) {
  return a->scale.scale >= b->scale.scale && a->scale.scale <= b->scale.scale && a->scale.zero == b->scale.zero &&
         a->low == b->low && a->high == b->high;
}

int8_t tpu_grid_round(const tpu_grid *g, double r) {
  double q = rint(r / (double)g->scale.scale) + g->scale.zero;
  if (q != q) q = g->scale.zero;
  return (int8_t)(q < g->low ? g->low : q > g->high ? g->high : (int32_t)q);
}

int tpu_grid_of_op(const char *op, tpu_grid *out) {
  if (strcmp(op, "Sigmoid") == 0)
    *out = (tpu_grid){{1.0f / 256, -128}, -128, 127};
  else if (strcmp(op, "Tanh") == 0)
    *out = (tpu_grid){{1.0f / 128, 0}, -128, 127};
  else
    return 0;
  return 1;
}

/* ------------------------------------------------------------------------------------ FakeQuant */
int tpu_is_fake_quant(const char *op) {
  return strncmp(op, "FakeQuantWithMinMax", 19) == 0 && strstr(op, "Gradient") == NULL;
}

static float zero_of(uint32_t bottom, uint32_t top, float min, float scale) {
  float from = (float)bottom - min / scale;
  return from < (float)bottom ? (float)bottom : from > (float)top ? (float)top : roundf(from);
}

tpu_steps tpu_fake_steps(uint32_t bottom, uint32_t top, float min, float max, int of_attributes) {
  float levels = (float)(top - bottom), scale = (max - min) / levels, zero = zero_of(bottom, top, min, scale);
  tpu_steps s = {((float)bottom - zero) * scale, ((float)top - zero) * scale, scale, 1.0f / scale, 0};
  if (of_attributes) s.inverse = levels / (max - min);
  s.zero = floorf(-s.low * s.inverse + 0.5f);
  return s;
}

int32_t tpu_fake_step(const tpu_steps *s, float w) {
  float in = w > s->high ? s->high : w, clipped = in < s->low ? s->low : in;
  float step = floorf((clipped - s->low) * s->inverse - s->zero + 0.5f);
  return step >= -255.0f && step <= 255.0f ? (int32_t)step : 0;
}

static const char *constant(const rn_host_api *host, const rn_graph_view_api *v, const rn_graph *g, rn_value at,
                            const float **out, int64_t *count) {
  rn_tensor *t = v->constant(g, at);
  rn_tensor_view view;
  if (t == NULL) return "its range is not a constant";
  memset(&view, 0, sizeof view);
  view.struct_size = (uint32_t)sizeof view;
  host->tensor_view(t, &view);
  *out = view.data;
  *count = rn_shape_elems(&view.shape);
  return view.data != NULL && view.dtype == RN_FLOAT && *count > 0 ? NULL : "its range is empty";
}

static void range_of(const tpu_fake *f, int64_t c, float *min, float *max) {
  *min = f->min != NULL ? f->min[c] : f->low;
  *max = f->min != NULL ? f->max[c] : f->high;
}

const char *tpu_fake_of(const rn_host_api *host, const rn_graph_view_api *v, const rn_graph *g, rn_node_id n,
                        tpu_fake *out) {
  rn_self self = {host, v, g, n, 0};
  int64_t bits = rn_self_int(&self, "num_bits", 8), others = 1;
  memset(out, 0, sizeof *out);
  out->channels = 1;
  if (bits < 2 || bits > 8) return "it has more than 8 bits";
  out->bottom = rn_self_bool(&self, "narrow_range", 0) ? 1 : 0;
  out->top = (1u << bits) - 1;
  out->low = (float)rn_self_float(&self, "min", -6), out->high = (float)rn_self_float(&self, "max", 6);
  const char *no = NULL;
  if (v->input_count(g, n) == 3) {
    no = constant(host, v, g, v->input(g, n, 1), &out->min, &out->channels);
    if (no == NULL) no = constant(host, v, g, v->input(g, n, 2), &out->max, &others);
    if (no == NULL && others != out->channels) no = "its min and max are not as many";
  }
  for (int64_t c = 0; c < out->channels && no == NULL; c++) {
    float min, max, scale;
    range_of(out, c, &min, &max);
    scale = (max - min) / (float)(out->top - out->bottom);
    if (!(scale > 1e-30f && scale < 1e30f)) no = "its range holds nothing, or all";
  }
  return no;
}

const char *tpu_fake_grid(const tpu_fake *f, tpu_grid *out) {
  float min, max;
  if (f->channels != 1) return "a range per channel is for weights";
  range_of(f, 0, &min, &max);
  float scale = (max - min) / (float)(f->top - f->bottom);
  int32_t zero = (int32_t)zero_of(f->bottom, f->top, min, scale) - 128;
  *out = (tpu_grid){{scale, zero}, (int32_t)f->bottom - 128, (int32_t)f->top - 128};
  return NULL;
}

const char *tpu_fake_parts(const tpu_fake *f, uint32_t *out) {
  *out = 1;
  for (int64_t c = 0; c < f->channels; c++) {
    float min, max;
    range_of(f, c, &min, &max);
    float zero = zero_of(f->bottom, f->top, min, (max - min) / (float)(f->top - f->bottom));
    if ((float)f->top - zero > 127.0f || (float)f->bottom - zero < -128.0f) *out = 2;
    if ((float)f->top - zero > 254.0f) return "its weights are all positive: 255 steps are more than two int8 hold";
  }
  return NULL;
}
