/* sample.c - a node with inputs that its op may take (frontends/conform). */
#include "sample.h"
#include <stdio.h>
#include "draw.h"
#include "number.h"

static int is_index_type(const sig_attr *a) {
  if (a->n_types == 0) return 0;
  for (uint32_t i = 0; i < a->n_types; i++)
    if (!dtype_is_integer(a->types[i])) return 0;
  return 1;
}

/* The one with the most choice is the data's; those of indices offer integers only. */
int sample_main_type(const signature *s) {
  int best = -1;
  uint32_t most = 0;
  for (uint32_t i = 0; i < s->n_attr; i++) {
    const sig_attr *a = &s->attr[i];
    if ((a->type & 0xff) != RN_ATTR_TYPE) continue;
    uint32_t n = a->n_types == 0 ? 1000 : a->n_types;
    if (is_index_type(a) && best >= 0) continue;
    if (best >= 0 && n <= most && !is_index_type(&s->attr[best])) continue;
    best = (int)i;
    most = n;
  }
  return best;
}

int sample_possible(const signature *s, char why[128]) {
  for (uint32_t i = 0; i < s->n_attr; i++) {
    if ((s->attr[i].type & 0xff) != RN_ATTR_FUNC) continue;
    snprintf(why, 128, "its attribute '%s' names a function, which cannot be made up", s->attr[i].name);
    return 0;
  }
  return 1;
}

/* ------------------------------------------------------------------------------------------ the draw */
static rn_dtype draw_type(draw *d, uint32_t at, int main_type) {
  const sig_attr *a = &d->op->sig.attr[at];
  static const rn_dtype any[] = {RN_FLOAT, RN_INT32, RN_DOUBLE, RN_INT64};
  rn_dtype fits[SIG_TYPES];
  uint32_t n = 0;
  if ((int)at == main_type) return d->plan->dtype;
  for (uint32_t i = 0; i < (a->n_types != 0 ? a->n_types : 4); i++) {
    rn_dtype t = a->n_types != 0 ? a->types[i] : any[i];
    if (kernel_types_allow(d->plan->types, a->name, t) && n < SIG_TYPES) fits[n++] = t;
  }
  return n == 0 ? RN_INVALID : fits[draw_below(&d->structure, n)];
}

static void draw_types(draw *d, int main_type) {
  const signature *s = &d->op->sig;
  for (uint32_t i = 0; i < s->n_attr; i++) {
    const sig_attr *a = &s->attr[i];
    if (a->type == RN_ATTR_TYPE) d->type[i] = draw_type(d, i, main_type);
    if (a->type == (RN_ATTR_LIST | RN_ATTR_TYPE)) {
      d->count[i] = 1 + draw_below(&d->structure, 2);
      for (uint32_t k = 0; k < 4; k++)
        d->list[i][k] = (int)i == main_type ? d->plan->dtype : draw_type(d, i, main_type);
    }
    if (a->type == RN_ATTR_INT && a->is_inferred) {
      d->count[i] = 1 + draw_below(&d->structure, 3);
      if (a->has_min && d->count[i] < (uint32_t)a->min) d->count[i] = (uint32_t)a->min;
    }
  }
}

/* An integer input that is not the data's. */
static int steers(const draw *d, const sig_arg *a, rn_dtype t, int main_type) {
  if (t != RN_INT32 && t != RN_INT64) return 0;
  if (a->is_ref) return 0;
  return a->type_attr < 0 || a->type_attr != main_type || is_index_type(&d->op->sig.attr[main_type]);
}

static int lay_inputs(draw *d, int main_type) {
  const signature *s = &d->op->sig;
  for (uint32_t i = 0; i < s->n_in; i++) {
    const sig_arg *a = &s->in[i];
    uint32_t n = a->number_attr >= 0 ? d->count[a->number_attr] : a->list_attr >= 0 ? d->count[a->list_attr] : 1;
    for (uint32_t k = 0; k < n; k++) {
      if (d->n_in == SAMPLE_IN) return 0;
      rn_dtype t = a->type_attr >= 0   ? d->type[a->type_attr]
                   : a->list_attr >= 0 ? d->list[a->list_attr][k % 4]
                                       : a->type;
      if (t == RN_INVALID) return 0;
      d->arg[d->n_in] = i;
      d->place[d->n_in] = k;
      d->dtype[d->n_in] = t;
      d->integer[d->n_in] = steers(d, a, t, main_type);
      d->n_in++;
    }
  }
  return 1;
}

/* ------------------------------------------------------------------------------------------ the graph */
static rn_status *add_source(sample *s, sample_input *in, uint32_t i) {
  char name[24] = "";
  rn_attr attrs[2] = {RN_AT("dtype", in->dtype), RN_ASHAPE("shape", &in->shape)};
  static const char *const ops[] = {"Placeholder", "Const", "VariableV2", "VarHandleOp"};
  rn_node_request r = rn_node_request_for(ops[in->kind], name);
  rn_attr value = RN_ATENSOR("value", in->tensor);
  snprintf(name, sizeof name, "in%u", i);
  if (in->kind == INPUT_CONSTANT) attrs[1] = value;
  if (in->kind == INPUT_HANDLE) attrs[0].value.u.type = rn_tensor_dtype(in->tensor);
  r.attrs = attrs;
  r.n_attrs = 2;
  in->value.port = 0;
  return rn_graph_add(s->graph, &r, &in->value.node);
}

static rn_status *add_node(draw *d, sample *s) {
  rn_attr attrs[SAMPLE_ATTRS];
  rn_value in[SAMPLE_IN];
  attr_memory memory;
  rn_node_request r = rn_node_request_for(d->op->def.name, "subject");
  for (uint32_t i = 0; i < s->n_in; i++) in[i] = s->in[i].value;
  r.inputs = in;
  r.n_inputs = s->n_in;
  r.attrs = attrs;
  r.n_attrs = draw_attrs(d, attrs, &memory);
  rn_status *failed = rn_graph_add(s->graph, &r, &s->node);
  rn_tensor_release(memory.tensor);
  return failed;
}

static void describe_input(const sample_input *in, const char *name, char *text, size_t room) {
  char shape[160];
  size_t n = strlen(text);
  rn_shape_print(&in->shape, shape, sizeof shape);
  int wrote = snprintf(text + n, room - n, ", %s %s%s", name,
                       in->kind == INPUT_REF || in->kind == INPUT_HANDLE ? "variable " : "", shape);
  if (in->kind != INPUT_CONSTANT || !dtype_is_integer(in->dtype) || rn_tensor_count(in->tensor) > 6) return;
  n += (size_t)wrote < room - n ? (size_t)wrote : room - n - 1;
  for (int64_t i = 0; i < rn_tensor_count(in->tensor) && n + 24 < room; i++)
    n += (size_t)snprintf(text + n, room - n, "%s%.0f", i == 0 ? " = " : " ",
                          number_get(in->dtype, rn_tensor_data(in->tensor), i));
}

/* An output as long as that takes minutes and says no more. */
static rn_status *check_size(const sample *s) {
  for (uint32_t i = 0; i < s->n_out; i++) {
    int64_t n = 0;
    rn_status *unknown = rn_shape_count(rn_graph_shape(s->graph, (rn_value){s->node, i}), &n);
    rn_status_free(unknown);
    if (unknown == NULL && n > 1 << 22)
      return rn_status_make(RN_INVALID_ARGUMENT, "output %u is too large to be tried", i);
  }
  return NULL;
}

static rn_status *make(draw *d, const kit *k, sample *s) {
  RN_TRY(rn_graph_create(k->runtime, 0, &s->graph));
  draw_shapes(d);
  snprintf(s->text, sizeof s->text, "%s", d->plan->dtype != RN_INVALID ? rn_dtype_name(d->plan->dtype) : "no type");
  for (uint32_t i = 0; i < d->n_in; i++) {
    const sig_arg *a = &d->op->sig.in[d->arg[i]];
    sample_input *in = &s->in[i];
    in->arg = d->arg[i];
    in->dtype = d->dtype[i];
    RN_TRY(draw_tensor(d, i, &in->tensor));
    s->n_in = i + 1;
    in->shape = *rn_tensor_shape(in->tensor);
    in->kind = a->is_ref                  ? INPUT_REF
               : in->dtype == RN_RESOURCE ? INPUT_HANDLE
               : d->integer[i] || in->dtype == RN_STRING || (in->dtype == RN_BOOL && in->shape.rank == 0)
                   ? INPUT_CONSTANT
                   : INPUT_FED;
    describe_input(in, a->name, s->text, sizeof s->text);
    RN_TRY(add_source(s, in, i));
  }
  RN_TRY(add_node(d, s));
  s->n_out = rn_graph_output_count(s->graph, s->node);
  return check_size(s);
}

rn_status *sample_make(const kit *k, const kit_op *op, const sample_plan *p, sample *s) {
  draw d;
  int main_type = sample_main_type(&op->sig);
  memset(&d, 0, sizeof d);
  memset(s, 0, sizeof *s);
  d.op = op;
  d.plan = p;
  d.structure = p->seed * 0x9e3779b97f4a7c15u + 1;
  d.value = p->seed * 0xd1342543de82ef95u + 7 + (uint64_t)p->values;
  draw_types(&d, main_type);
  if (!lay_inputs(&d, main_type)) return rn_status_make(RN_UNIMPLEMENTED, "no types for all inputs");
  rn_status *failed = make(&d, k, s);
  if (failed != NULL) sample_finish(s);
  return failed;
}

void sample_finish(sample *s) {
  for (uint32_t i = 0; i < SAMPLE_IN; i++) rn_tensor_release(s->in[i].tensor);
  rn_graph_destroy(s->graph);
  memset(s, 0, sizeof *s);
}
