/* lion.c - the optimizer Lion: steps of one size, by the sign of a momentum (docs/examples/lion).
 *
 * Chen et al.: Symbolic Discovery of Optimization Algorithms (2023), algorithm 2. With gradient g, momentum m:
 *   w = w - learning_rate (sign(beta1 m + (1 - beta1) g) + weight_decay w)
 *   m = beta2 m + (1 - beta2) g
 * The update is made of operations that TensorFlow has, so a meta graph that trains with Lion can be loaded there, and
 * it runs on every device. Both means are written g + beta (m - g): then m is read once, before it is written. */
#include <runnel/plugin.h>

static rn_value mean(rn_builder *b, rn_value g, rn_value beta, rn_value difference) {
  return rn_op2(b, "Add", g, rn_op2(b, "Mul", beta, difference));
}

/* The gradient as a tensor. Where only some rows of w were used it comes as slices: rows and their numbers, some
 * perhaps twice. Their sum with zeros elsewhere is the same. */
static rn_value dense_gradient(rn_opt *o) {
  rn_builder *b = o->b;
  const rn_host_api *host = b->self.host;
  rn_value values, indices;
  if (!o->api->grad_slices(o, &values, &indices)) return o->api->grad(o);
  rn_tensor *t = NULL;
  rn_tensor_view view = {.struct_size = sizeof view};
  rn_shape scalar = rn_shape_scalar();
  rn_status *failed = host->tensor_create(RN_INT32, &scalar, &t);
  if (failed != NULL) {
    b->api->fail(b, failed);
    return RN_NO_VALUE;
  }
  host->tensor_view(t, &view);
  *(int32_t *)view.data = (int32_t)b->self.view->shape(b->self.graph, o->api->param(o))->dim[0];
  rn_value rows = b->api->constant(b, "rows", t);
  host->tensor_release(t);
  return rn_op3(b, "UnsortedSegmentSum", values, indices, rows);
}

static rn_status *emit(rn_opt *o) {
  rn_builder *b = o->b;
  const rn_opt_api *api = o->api;
  rn_value w = api->param(o), g = dense_gradient(o);
  if (b->self.view->dtype(b->self.graph, w) == RN_RESOURCE)
    return rn_error(b->self.host, RN_UNIMPLEMENTED, "Lion trains reference variables; '%s' is a resource",
                    b->self.view->name(b->self.graph, w.node));
  rn_value m = api->slot(o, "momentum", 0), rate = api->hyper(o, "learning_rate");
  rn_value difference = rn_op2(b, "Sub", m, g);
  rn_value step = rn_op1(b, "Sign", mean(b, g, api->hyper(o, "beta1"), difference));
  if (api->hyper_value(o, "weight_decay") != 0)
    step = rn_op2(b, "Add", step, rn_op2(b, "Mul", api->hyper(o, "weight_decay"), w));
  api->update(o, rn_op2(b, "AssignSub", w, rn_op2(b, "Mul", rate, step)).node);
  api->update(o, rn_op2(b, "Assign", m, mean(b, g, api->hyper(o, "beta2"), difference)).node);
  return NULL;
}

#define HYPER(name_, doc_, value_, max_) \
  { .struct_size = sizeof(rn_hyper_def), .name = name_, .doc = doc_, .default_value = value_, .max = max_ }
static const rn_hyper_def hypers[] = {
    HYPER("learning_rate", "size of a step; a third to a tenth of Adam's", 1e-4, 1e30),
    HYPER("beta1", "weight of the momentum in the step", 0.9, 1),
    HYPER("beta2", "how much of the momentum stays", 0.99, 1),
    HYPER("weight_decay", "pulls weights to 0; three to ten times Adam's", 0, 1e30)};
static const rn_optimizer_def optimizers[] = {{.struct_size = sizeof(rn_optimizer_def),
                                               .name = "Lion",
                                               .doc = "Steps by the sign of a momentum (Chen et al. 2023).",
                                               .hypers = RN_TABLE(hypers),
                                               .emit = emit}};
static const rn_group group = {.struct_size = sizeof(rn_group), .optimizers = RN_TABLE(optimizers)};
static const rn_group *const groups[] = {&group};
static const rn_plugin_desc desc = {.struct_size = sizeof(rn_plugin_desc),
                                    .abi_major = RN_ABI_MAJOR,
                                    .abi_minor = RN_ABI_MINOR,
                                    .build_flags = RN_BUILD_FLAGS,
                                    .id = "lion",
                                    .version = "1.0",
                                    .license = "Apache-2.0",
                                    .doc = "The optimizer Lion.",
                                    .groups = groups,
                                    .group_count = 1};
RN_EXPORT const rn_plugin_desc *RN_PLUGIN_ENTRY(lion)(void) { return &desc; }
