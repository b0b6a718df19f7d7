/* fuse_rule.c - which graph nodes are element-wise formulas, and how their inputs lie (plugins/vulkan).
 *
 * The library is asked for "op_<op>" with the types of the inputs. What has another form than that stands in the table.
 */
#include "fuse.h"
#include "spirv.h"

static const struct {
  const char *op, *formula;
  uint8_t form;
} forms[] = {{"AddN", "Add", FUSE_SUM},
             {"AccumulateNV2", "Add", FUSE_SUM},
             {"BiasAdd", "Add", FUSE_BIAS},
             {"BiasAddV1", "Add", FUSE_BIAS},
             {"Select", "Select", FUSE_SELECT},
             {"LeakyRelu", "LeakyRelu", FUSE_ALPHA},
             {"LeakyReluGrad", "LeakyReluGrad", FUSE_ALPHA}};

static rn_dtype input_type(const gpu_graph *g, rn_node_id n, uint32_t i) {
  return g->view->dtype(g->graph, g->view->input(g->graph, n, i));
}

static int find_function(const char *formula, const rn_dtype *type, uint32_t n) {
  char name[96];
  int length = snprintf(name, sizeof name, "op_%s(", formula);
  for (uint32_t i = 0; i < n; i++)
    if (length < (int)sizeof name)
      length += snprintf(name + length, sizeof name - (size_t)length, "%s", gpu_fused_letter(type[i]));
  return length < (int)sizeof name ? gpu_spirv_find(name) : -1;
}

/* A cast to half is its argument: each half result is rounded. */
static void cast(const gpu_graph *g, rn_node_id n, gpu_rule *r) {
  static const struct {
    rn_dtype type;
    const char *name;
  } to[] = {{RN_FLOAT, "to_float"}, {RN_HALF, "to_float"}, {RN_INT32, "to_int"}, {RN_BOOL, "to_bool"}};
  rn_dtype from = input_type(g, n, 0), type = g->view->dtype(g->graph, (rn_value){n, 0});
  char name[32];
  if (strcmp(gpu_fused_letter(from), gpu_fused_letter(type)) == 0) {
    r->form = FUSE_PLAIN;
    return;
  }
  for (size_t k = 0; k < sizeof to / sizeof to[0]; k++) {
    if (to[k].type != type) continue;
    snprintf(name, sizeof name, "%s(%s", to[k].name, gpu_fused_letter(from));
    r->function = (int16_t)gpu_spirv_find(name);
    r->form = r->function >= 0 ? FUSE_PLAIN : FUSE_NOT;
  }
}

static int types_fit(const gpu_graph *g, rn_node_id n, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (!gpu_fused_type(input_type(g, n, i))) return 0; /* handles have types of their own */
  return gpu_fused_type(g->view->dtype(g->graph, (rn_value){n, 0}));
}

void gpu_rule_of(const gpu_graph *g, rn_node_id n, gpu_rule *out) {
  rn_self self = {g->host, g->view, g->graph, n, 0};
  const char *op = g->view->op(g->graph, n), *formula = op;
  rn_dtype type[FUSED_MAX_ARGS];
  *out = (gpu_rule){.function = -1, .n_in = g->view->input_count(g->graph, n)};
  if (out->n_in == 0 || g->view->output_count(g->graph, n) != 1 || !types_fit(g, n, out->n_in)) return;
  if (strcmp(op, "Cast") == 0) {
    cast(g, n, out);
    return;
  }
  uint8_t form = FUSE_PLAIN;
  for (size_t k = 0; k < sizeof forms / sizeof forms[0]; k++) {
    if (strcmp(forms[k].op, op) != 0) continue;
    form = forms[k].form;
    formula = forms[k].formula;
  }
  uint32_t n_args = form == FUSE_SUM ? 2 : form == FUSE_ALPHA ? out->n_in + 1 : out->n_in;
  if (n_args > FUSED_MAX_ARGS) return;
  for (uint32_t a = 0; a < n_args; a++) type[a] = input_type(g, n, a < out->n_in ? a : 0);
  out->function = (int16_t)find_function(formula, type, n_args);
  if (out->function < 0) return;
  out->form = form;
  out->alpha = rn_self_float(&self, "alpha", 0.2f);
  out->channels_first = (uint8_t)rn_bytes_equal(rn_self_string(&self, "data_format"), "NCHW");
}

uint32_t gpu_rule_moves(const gpu_rule *r, uint32_t i, const rn_shape *in, const rn_shape *y) {
  uint32_t moves = 0;
  int32_t shift = 0; /* dimensions of y to the right of the input's */
  if (r->form == FUSE_SELECT && i == 0) shift = in->rank > 0 ? y->rank - in->rank : 0;
  if (r->form == FUSE_BIAS && i == 1 && r->channels_first && y->rank > 2) shift = y->rank - 2;
  for (int32_t d = 0; d < in->rank && d + shift < y->rank; d++)
    if (in->dim[in->rank - 1 - d] != 1) moves |= 1u << (d + shift);
  return moves;
}
