/* graph/check.c - a request against its op's signature (core/graph).
 *
 * In this order: attributes given; how many inputs each argument takes; what the inputs' dtypes say
 * about the attributes left out; defaults; what the signature allows; the number of outputs. */
#include "graph/node.h"
#include <stdio.h>
#include "base/text.h"

static rn_status *fail_at(const graph_draft *d, rn_status *cause) {
  return rn_status_wrap(cause, "%s '%.200s'", d->r->op, d->name);
}
#define FAIL(d, ...) fail_at((d), rn_status_make(RN_INVALID_ARGUMENT, __VA_ARGS__))

uint64_t rn_check_arg_count(const rn_sig_arg *a, const rn_attr_value *attr) {
  if (a->number_attr >= 0) return attr[a->number_attr].u.i < 0 ? 0 : (uint64_t)attr[a->number_attr].u.i;
  return a->list_attr >= 0 ? attr[a->list_attr].count : 1;
}

rn_dtype rn_check_arg_dtype(const rn_sig_arg *a, const rn_attr_value *attr, uint32_t position) {
  if (a->list_attr >= 0) {
    const rn_attr_value *list = &attr[a->list_attr];
    return position < list->count ? ((const rn_dtype *)list->u.list)[position] : RN_INVALID;
  }
  return a->type_attr >= 0 ? attr[a->type_attr].u.type : a->type;
}

static rn_status *unknown_attr(const graph_draft *d, const char *name) {
  const rn_signature *s = d->op->sig;
  const char *near = NULL;
  uint32_t best = 3;
  for (uint32_t i = 0; i < s->n_attr; i++) {
    uint32_t distance = rn_edit_distance(name, s->attr[i].name, best);
    if (distance >= best) continue;
    best = distance;
    near = s->attr[i].name;
  }
  if (near != NULL) return FAIL(d, "no attribute '%.100s' (did you mean '%s'?)", name, near);
  return FAIL(d, "no attribute '%.100s'; signature: %s", name, d->op->def->signature);
}

static rn_status *take_extra(graph_draft *d, const rn_attr *a) {
  if (d->extra == NULL) {
    d->extra = rn_graph_alloc(d->g, d->r->n_attrs, sizeof *d->extra);
    if (d->extra == NULL) return rn_graph_no_memory();
  }
  rn_attr *e = &d->extra[d->n_extra];
  e->name = rn_arena_text(&d->g->store->arena, a->name, strlen(a->name));
  if (e->name == NULL) return rn_graph_no_memory();
  RN_TRY(rn_attr_copy_value(d->g, &a->value, &e->value));
  d->n_extra++;
  return NULL;
}

static rn_status *take_attr(graph_draft *d, uint32_t i, const rn_attr *a) {
  const rn_sig_attr *want = &d->op->sig->attr[i];
  char wanted[32], given[32];
  int empty_list = (want->type & RN_ATTR_LIST) && (a->value.type & RN_ATTR_LIST) && a->value.count == 0;
  if (d->attr[i].type != 0) return FAIL(d, "attribute '%s' is given twice", want->name);
  if (a->value.type == RN_ATTR_PLACEHOLDER)
    return FAIL(d, "attribute '%s' stands for an attribute of a function that is not filled in yet", want->name);
  if (a->value.type != want->type && !empty_list)
    return FAIL(d, "attribute '%s' is %s, but %s is wanted", want->name, rn_attr_type_name(a->value.type, given),
                rn_attr_type_name(want->type, wanted));
  rn_status *failed = rn_attr_copy_value(d->g, &a->value, &d->attr[i]);
  if (failed != NULL) return fail_at(d, rn_status_wrap(failed, "attribute '%s'", want->name));
  d->attr[i].type = want->type;
  return NULL;
}

static rn_status *take_given(graph_draft *d) {
  for (uint32_t i = 0; i < d->r->n_attrs; i++) {
    const rn_attr *a = &d->r->attrs[i];
    if (a->name == NULL || a->name[0] == '\0') return FAIL(d, "attribute %u has no name", i);
    int32_t at = d->op != NULL ? rn_signature_find_attr(d->op->sig, a->name, strlen(a->name)) : -1;
    if (at >= 0)
      RN_TRY(take_attr(d, (uint32_t)at, a));
    else if (d->op == NULL || a->name[0] == '_')
      RN_TRY(take_extra(d, a));
    else
      return unknown_attr(d, a->name);
  }
  return NULL;
}

static int32_t count_attr(const rn_sig_arg *a) { return a->number_attr >= 0 ? a->number_attr : a->list_attr; }

static rn_status *wrong_count(const graph_draft *d, const char *least, uint64_t wanted) {
  return FAIL(d, "%u input%s given, but %s%llu wanted: %s", d->r->n_inputs, d->r->n_inputs == 1 ? "" : "s", least,
              (unsigned long long)wanted, d->op->def->signature);
}

static rn_status *check_number(const graph_draft *d, int32_t i) {
  if (i < 0 || d->attr[i].type != RN_ATTR_INT || (d->attr[i].u.i >= 0 && d->attr[i].u.i <= RN_MAX_INPUTS)) return NULL;
  return FAIL(d, "attribute '%s' is %lld; 0 to %u is possible", d->op->sig->attr[i].name, (long long)d->attr[i].u.i,
              RN_MAX_INPUTS);
}

/* What stays when the arguments of known length have taken theirs is shared by those of one attribute. */
static rn_status *settle_counts(graph_draft *d) {
  const rn_signature *s = d->op->sig;
  uint64_t known = 0;
  uint32_t open_args = 0;
  int32_t open = -1;
  for (uint32_t i = 0; i < s->n_in; i++) {
    int32_t by = count_attr(&s->in[i]);
    RN_TRY(check_number(d, s->in[i].number_attr));
    if (by < 0 || d->attr[by].type != 0) {
      known += rn_check_arg_count(&s->in[i], d->attr);
      continue;
    }
    if (open >= 0 && open != by)
      return FAIL(d, "attributes '%s' and '%s' cannot both be inferred: give one", s->attr[open].name,
                  s->attr[by].name);
    open = by;
    open_args++;
  }
  uint32_t given = d->r->n_inputs;
  if (open < 0 && known != given) return wrong_count(d, "", known);
  if (open >= 0 && given < known) return wrong_count(d, "at least ", known);
  uint32_t share = open >= 0 ? (uint32_t)(given - known) / open_args : 0;
  if (open >= 0 && share * open_args != given - known)
    return FAIL(d, "%u inputs cannot be shared evenly by %u lists of length '%s'", given, open_args,
                s->attr[open].name);
  for (uint32_t i = 0; i < s->n_in; i++) {
    int32_t by = count_attr(&s->in[i]);
    int is_open = by >= 0 && d->attr[by].type == 0;
    d->in_count[i] = is_open ? share : (uint32_t)rn_check_arg_count(&s->in[i], d->attr);
  }
  if (open < 0 || (s->attr[open].type & RN_ATTR_LIST)) return NULL;
  d->attr[open] = (rn_attr_value){RN_ATTR_INT, 1, {.i = share}};
  return NULL;
}

static rn_status *wrong_dtype(const graph_draft *d, uint32_t flat, const rn_sig_arg *a, rn_dtype found, rn_dtype want) {
  const rn_signature *s = d->op->sig;
  const char *have = rn_dtype_name(found), *wanted = rn_dtype_name(want);
  int32_t by = a->list_attr >= 0 ? a->list_attr : a->type_attr;
  if (by < 0) return FAIL(d, "input %u (%s) is %s, but %s is wanted", flat, a->name, have, wanted);
  if (d->from[by] < 0 || a->list_attr >= 0)
    return FAIL(d, "input %u (%s) is %s, but %s is %s", flat, a->name, have, s->attr[by].name, wanted);
  uint32_t at = (uint32_t)d->from[by], arg = 0, first = 0;
  while (arg + 1 < s->n_in && at >= first + d->in_count[arg]) first += d->in_count[arg++];
  return FAIL(d, "input %u (%s) is %s, but %s is %s from input %u (%s)", flat, a->name, have, s->attr[by].name, wanted,
              at, s->in[arg].name);
}

static rn_dtype input_dtype(const graph_draft *d, uint32_t flat) { return rn_graph_dtype(d->g, d->r->inputs[flat]); }

/* The list(type) attribute as the inputs say it. */
static rn_status *infer_list(graph_draft *d, const rn_sig_arg *a, uint32_t first, uint32_t count) {
  rn_dtype *types = rn_graph_alloc(d->g, count, sizeof *types);
  if (types == NULL) return rn_graph_no_memory();
  for (uint32_t i = 0; i < count; i++) types[i] = rn_base_of(input_dtype(d, first + i));
  d->attr[a->list_attr] = (rn_attr_value){RN_ATTR_LIST | RN_ATTR_TYPE, count, {.list = types}};
  d->from[a->list_attr] = (int32_t)first;
  return NULL;
}

static rn_status *check_input(graph_draft *d, const rn_sig_arg *a, uint32_t flat, uint32_t position) {
  rn_dtype found = input_dtype(d, flat), base = rn_base_of(found);
  if (found == RN_INVALID) return NULL; /* from an unknown op */
  if (a->is_ref && found == base)
    return FAIL(d, "input %u (%s) is %s, but a variable (%s_ref) is wanted", flat, a->name, rn_dtype_name(found),
                rn_dtype_name(base));
  if (a->type_attr >= 0 && d->attr[a->type_attr].type == 0) {
    d->attr[a->type_attr] = (rn_attr_value){RN_ATTR_TYPE, 1, {.type = base}};
    d->from[a->type_attr] = (int32_t)flat;
  }
  rn_dtype want = rn_check_arg_dtype(a, d->attr, position);
  return want == base ? NULL : wrong_dtype(d, flat, a, base, want);
}

static rn_status *settle_types(graph_draft *d) {
  uint32_t flat = 0;
  for (uint32_t i = 0; i < d->op->sig->n_in; i++) {
    const rn_sig_arg *a = &d->op->sig->in[i];
    uint32_t count = d->in_count[i];
    if (a->list_attr >= 0 && d->attr[a->list_attr].type == 0) RN_TRY(infer_list(d, a, flat, count));
    for (uint32_t j = 0; j < count; j++) RN_TRY(check_input(d, a, flat + j, j));
    flat += count;
  }
  return NULL;
}

static rn_status *check_type(const graph_draft *d, const rn_sig_attr *want, rn_dtype t) {
  if (t <= RN_INVALID || t >= RN_REF || strcmp(rn_dtype_name(t), "invalid") == 0)
    return FAIL(d, "attribute '%s' is %d, which is no dtype", want->name, (int)t);
  rn_text allowed;
  rn_text_init(&allowed);
  for (uint32_t i = 0; i < want->n_types; i++) {
    if (want->types[i] == t) {
      rn_text_finish(&allowed);
      return NULL;
    }
  }
  if (want->n_types == 0) return NULL;
  for (uint32_t i = 0; i < want->n_types; i++)
    rn_text_printf(&allowed, "%s%s", i ? ", " : "", rn_dtype_name(want->types[i]));
  rn_status *s =
      FAIL(d, "%s is %s; allowed: %s", want->name, rn_dtype_name(t), allowed.data != NULL ? allowed.data : "");
  rn_text_finish(&allowed);
  return s;
}

static rn_status *check_string(const graph_draft *d, const rn_sig_attr *want, rn_bytes b) {
  rn_text allowed;
  if (want->n_strings == 0) return NULL;
  for (uint32_t i = 0; i < want->n_strings; i++) {
    if (want->strings[i].size == b.size && (b.size == 0 || memcmp(want->strings[i].data, b.data, b.size) == 0))
      return NULL;
  }
  rn_text_init(&allowed);
  for (uint32_t i = 0; i < want->n_strings; i++)
    rn_text_printf(&allowed, "%s\"%.*s\"", i ? ", " : "", (int)want->strings[i].size, want->strings[i].data);
  rn_status *s = FAIL(d, "attribute '%s' is \"%.*s\"; allowed: %s", want->name, b.size > 100 ? 100 : (int)b.size,
                      b.data, allowed.data != NULL ? allowed.data : "");
  rn_text_finish(&allowed);
  return s;
}

static rn_status *check_value(const graph_draft *d, const rn_sig_attr *want, const rn_attr_value *v) {
  int is_list = (v->type & RN_ATTR_LIST) != 0;
  if (want->has_min && is_list && (int64_t)v->count < want->min)
    return FAIL(d, "list '%s' has %u elements; at least %lld are wanted", want->name, v->count, (long long)want->min);
  if (want->has_min && v->type == RN_ATTR_INT && v->u.i < want->min)
    return FAIL(d, "attribute '%s' is %lld; at least %lld is wanted", want->name, (long long)v->u.i,
                (long long)want->min);
  uint32_t element = v->type & ~(uint32_t)RN_ATTR_LIST;
  if (v->type == RN_ATTR_TYPE) return check_type(d, want, v->u.type);
  if (v->type == RN_ATTR_STRING) return check_string(d, want, v->u.bytes);
  for (uint32_t i = 0; is_list && i < v->count; i++) {
    if (element == RN_ATTR_TYPE) RN_TRY(check_type(d, want, ((const rn_dtype *)v->u.list)[i]));
    if (element == RN_ATTR_STRING) RN_TRY(check_string(d, want, ((const rn_bytes *)v->u.list)[i]));
  }
  return NULL;
}

static rn_status *settle_attrs(graph_draft *d) {
  const rn_signature *s = d->op->sig;
  for (uint32_t i = 0; i < s->n_attr; i++) {
    if (d->attr[i].type == 0 && !s->attr[i].has_default)
      return FAIL(d, "attribute '%s' is missing; it has no default", s->attr[i].name);
    if (d->attr[i].type == 0)
      d->attr[i] = s->attr[i].def;
    else
      RN_TRY(check_value(d, &s->attr[i], &d->attr[i]));
  }
  return NULL;
}

static rn_status *count_outputs(graph_draft *d) {
  uint64_t total = 0;
  for (uint32_t i = 0; i < d->op->sig->n_out; i++) {
    RN_TRY(check_number(d, d->op->sig->out[i].number_attr));
    total += rn_check_arg_count(&d->op->sig->out[i], d->attr);
  }
  if (total > RN_MAX_OUTPUTS)
    return FAIL(d, "%llu outputs; at most %llu are possible", (unsigned long long)total,
                (unsigned long long)RN_MAX_OUTPUTS);
  d->n_out = (uint32_t)total;
  return NULL;
}

rn_status *rn_check_draft(graph_draft *d) {
  if (d->op == NULL) return take_given(d);
  const rn_signature *s = d->op->sig;
  if (s->n_in > RN_MAX_SIG || s->n_out > RN_MAX_SIG || s->n_attr > RN_MAX_SIG)
    return FAIL(d, "the signature has more than %d arguments or attributes", RN_MAX_SIG);
  d->attr = rn_graph_alloc(d->g, s->n_attr, sizeof *d->attr);
  if (d->attr == NULL) return rn_graph_no_memory();
  if (s->n_attr != 0) memset(d->attr, 0, s->n_attr * sizeof *d->attr);
  for (uint32_t i = 0; i < s->n_attr; i++) d->from[i] = -1;
  RN_TRY(take_given(d));
  RN_TRY(settle_counts(d));
  RN_TRY(settle_types(d));
  RN_TRY(settle_attrs(d));
  return count_outputs(d);
}
