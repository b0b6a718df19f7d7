/* sample_attr.c - what the attributes are (frontends/conform).
 *
 * Half of the time a default stays. Lists of ints are what windows, strides and axes look like. */
#include "draw.h"

static int64_t an_int(draw *d, const sig_attr *a) {
  static const int64_t menu[] = {1, 2, 0, 3, -1};
  int64_t v = menu[draw_below(&d->structure, 5)];
  return a->has_min && v < a->min ? a->min : v;
}

static rn_attr_value int_list(draw *d, attr_memory *m) {
  static const struct {
    uint32_t n;
    int64_t v[5];
  } menu[] = {{4, {1, 1, 1, 1}}, {4, {1, 2, 2, 1}}, {4, {1, 1, 1, 1}}, {4, {1, 2, 2, 1}}, {0, {0}},
              {1, {0}},          {1, {-1}},         {2, {0, 1}},       {2, {2, 2}},       {4, {1, 3, 3, 1}}};
  uint32_t i = draw_below(&d->structure, sizeof menu / sizeof menu[0]), at = m->n_ints++ % 8;
  memcpy(m->ints[at], menu[i].v, sizeof menu[i].v);
  rn_attr_value v = {RN_ATTR_LIST | RN_ATTR_INT, menu[i].n, {.list = m->ints[at]}};
  return v;
}

static rn_attr_value a_word(draw *d, const sig_attr *a) {
  const char *w = a->n_words > 0 ? a->words[draw_below(&d->structure, a->n_words)] : "x";
  rn_attr_value v = {RN_ATTR_STRING, 1, {.bytes = {w, strlen(w)}}};
  return v;
}

static rn_attr_value single(draw *d, uint32_t at, attr_memory *m) {
  static const float floats[] = {0.5f, 0.1f, 1e-3f, 2, 0};
  const sig_attr *a = &d->op->sig.attr[at];
  rn_attr_value v = {a->type, 1, {.i = 0}};
  switch (a->type) {
    case RN_ATTR_INT:
      v.u.i = an_int(d, a);
      break;
    case RN_ATTR_FLOAT:
      v.u.f = floats[draw_below(&d->structure, 5)];
      break;
    case RN_ATTR_BOOL:
      v.u.b = (uint8_t)draw_below(&d->structure, 2);
      break;
    case RN_ATTR_TYPE:
      v.u.type = d->type[at];
      break;
    case RN_ATTR_SHAPE:
      m->shape[m->n_shape % 4] = d->first;
      v.u.shape = &m->shape[m->n_shape++ % 4];
      break;
    default:
      return a_word(d, a);
  }
  return v;
}

static int is_tensor(const sig_attr *a) { return a->type == RN_ATTR_TENSOR; }

static int put(draw *d, uint32_t at, rn_attr *out, attr_memory *m) {
  const sig_attr *a = &d->op->sig.attr[at];
  out->name = a->name;
  if (a->type == (RN_ATTR_LIST | RN_ATTR_INT)) {
    out->value = int_list(d, m);
  } else if (a->type == (RN_ATTR_LIST | RN_ATTR_TYPE)) {
    out->value = (rn_attr_value){a->type, d->count[at], {.list = d->list[at]}};
  } else if (a->type & RN_ATTR_LIST) {
    out->value = (rn_attr_value){a->type, 0, {.list = m}};
  } else if (is_tensor(a)) {
    rn_shape s = d->first;
    rn_dtype t = d->plan->dtype != RN_INVALID ? d->plan->dtype : RN_FLOAT;
    if (m->tensor == NULL) rn_status_free(rn_tensor_create(t, &s, &m->tensor));
    out->value = (rn_attr_value){RN_ATTR_TENSOR, 1, {.tensor = m->tensor}};
    return m->tensor != NULL;
  } else {
    out->value = single(d, at, m);
  }
  return 1;
}

uint32_t draw_attrs(draw *d, rn_attr *out, attr_memory *m) {
  uint32_t n = 0;
  memset(m, 0, sizeof *m);
  for (uint32_t i = 0; i < d->op->sig.n_attr; i++) {
    const sig_attr *a = &d->op->sig.attr[i];
    int keep = draw_chance(&d->structure, 60);
    int is_type = (a->type & 0xff) == RN_ATTR_TYPE;
    if (a->is_inferred || (a->has_default && keep && !is_type)) continue;
    if (strcmp(a->name, "container") == 0 || strcmp(a->name, "shared_name") == 0) continue;
    n += (uint32_t)put(d, i, &out[n], m);
  }
  return n;
}
