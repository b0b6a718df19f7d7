/* gradients_test.c - numeric gradients of every differentiable op there is (tests/e2e).
 *
 * Each op with a gradient, as the runtime lists them, must stand in `table` or in `elsewhere`. With random
 * weights w the loss is sum(w * y) over all real outputs y; its gradient with respect to each random input
 * must agree with central differences. Inputs are doubles, except where an op knows float only. */
#include "node_case.h"

#define UNARY(op, lo, hi) op "\nrand double [2,3] " lo " " hi
#define BINARY(op, lo, hi)                                            \
  op "\nrand double [2,3] " lo " " hi "\nrand double [3] " lo " " hi, \
      op "\nrand double [2,1] " lo " " hi "\nrand double [2,3] " lo " " hi
#define OF_GRAD(op) op "\nrand double [2,3] 0.2 0.8\nrand double [2,3] 0.2 0.8"
#define REDUCE(op)                                     \
  op "\nrand double [2,3,4] 0.5 2\nin int32 [2] 0 -1", \
      op "\nrand double [2,3] 0.5 2\nin int32 [] 1\nattr keep_dims bool 1"
#define SCAN(op)                                                        \
  op "\nrand double [2,4] 0.5 2\nin int32 [] 1\nattr exclusive bool 1", \
      op "\nrand double [2,4] 0.5 2\nin int32 [] 1\nattr reverse bool 1"
#define SEGMENT(op) op "\nrand double [4,2] 1 3\nin int32 [4] 0 0 1 2"
#define UNSORTED(op) op "\nrand double [4,2] 1 3\nin int32 [4] 2 0 -1 2\nin int32 [] 4"
#define PRODUCT(op, a, b)                                                       \
  op "\nrand double [2,3] -1 1\nrand double [3,2] -1 1",                        \
      op "\nrand double [3,2] -1 1\nrand double [3,2] -1 1\nattr " a " bool 1", \
      op "\nrand double [2,3] -1 1\nrand double [2,3] -1 1\nattr " b " bool 1", \
      op "\nrand double [3,2] -1 1\nrand double [2,3] -1 1\nattr " a " bool 1\nattr " b " bool 1"
#define BATCHED(op)                                                                 \
  op "\nrand double [2,2,3] -1 1\nrand double [2,3,2] -1 1",                        \
      op "\nrand double [2,3,2] -1 1\nrand double [2,3,2] -1 1\nattr adj_x bool 1", \
      op "\nrand double [2,2,3] -1 1\nrand double [2,2,3] -1 1\nattr adj_y bool 1"
#define WINDOW(op, in, padding) op "\n" in "\nattr strides ints 1 2 2 1\nattr padding string " padding
#define POOL(op, in, padding) WINDOW(op, in, padding) "\nattr ksize ints 1 3 3 1"
#define NORM(op)                                                                                                      \
  op "\nrand float [2,2,2,3] -2 2\nrand float [3] 0.5 2\nrand float [3] -1 1\nin float [0]\nin float [0]"             \
     "\nattr epsilon float 0.001\ny 0",                                                                               \
      op                                                                                                              \
      "\nrand float [2,2,2,3] -2 2\nrand float [3] 0.5 2\nrand float [3] -1 1\nin float [3] 0.5 0 1\nin float [3] 1 " \
      "2 3"                                                                                                           \
      "\nattr is_training bool 0\nattr epsilon float 0.001\ny 0"
#define RESIZE(op)                                    \
  op "\nrand float [1,3,4,2] -1 1\nin int32 [2] 5 3", \
      op "\nrand float [1,3,4,2] -1 1\nin int32 [2] 5 3\nattr align_corners bool 1"

/* One case an entry: the op, then lines as in node_case.h and
 *   rand DTYPE SHAPE LOW HIGH   an input to differentiate by
 *   y N                         only output N is in the loss */
static const char *const table[] = {
    UNARY("Neg", "-2", "2"),
    UNARY("Abs", "-2", "2"),
    UNARY("Sign", "-2", "2"),
    UNARY("Square", "-2", "2"),
    UNARY("Sqrt", "0.5", "3"),
    UNARY("Rsqrt", "0.5", "3"),
    UNARY("Reciprocal", "0.5", "3"),
    UNARY("Inv", "0.5", "3"),
    UNARY("Exp", "-2", "2"),
    UNARY("Expm1", "-2", "2"),
    UNARY("Log", "0.5", "3"),
    UNARY("Log1p", "-0.5", "3"),
    UNARY("Sin", "-3", "3"),
    UNARY("Cos", "-3", "3"),
    UNARY("Tan", "-1", "1"),
    UNARY("Asin", "-0.8", "0.8"),
    UNARY("Acos", "-0.8", "0.8"),
    UNARY("Atan", "-3", "3"),
    UNARY("Sinh", "-2", "2"),
    UNARY("Cosh", "-2", "2"),
    UNARY("Tanh", "-2", "2"),
    UNARY("Asinh", "-2", "2"),
    UNARY("Acosh", "1.5", "3"),
    UNARY("Atanh", "-0.8", "0.8"),
    UNARY("Sigmoid", "-3", "3"),
    UNARY("Erf", "-2", "2"),
    UNARY("Erfc", "-2", "2"),
    UNARY("Lgamma", "0.5", "3"),
    UNARY("Relu", "-2", "2"),
    UNARY("Relu6", "-3", "9"),
    UNARY("Elu", "-2", "2"),
    UNARY("Selu", "-2", "2"),
    UNARY("Softplus", "-2", "2"),
    UNARY("Softsign", "-2", "2"),
    UNARY("LeakyRelu", "-2", "2") "\nattr alpha float 0.25",
    UNARY("Cube", "-2", "2"),
    UNARY("Digamma", "0.5", "3"),
    "Polygamma\nin double [3] 1 2 3\nrand double [3] 0.5 3",
    UNARY("Floor", "-2", "2"),
    UNARY("Ceil", "-2", "2"),
    UNARY("Round", "-2", "2"),
    UNARY("Rint", "-2", "2"),
    OF_GRAD("TanhGrad"),
    OF_GRAD("SigmoidGrad"),
    OF_GRAD("SqrtGrad"),
    OF_GRAD("RsqrtGrad"),
    OF_GRAD("ReciprocalGrad"),
    OF_GRAD("InvGrad"),
    OF_GRAD("ReluGrad"),
    OF_GRAD("Relu6Grad"),
    OF_GRAD("EluGrad"),
    OF_GRAD("SeluGrad"),
    OF_GRAD("SoftplusGrad"),
    OF_GRAD("SoftsignGrad"),
    OF_GRAD("LeakyReluGrad"),
    BINARY("Add", "-2", "2"),
    BINARY("AddV2", "-2", "2"),
    BINARY("Sub", "-2", "2"),
    BINARY("Mul", "-2", "2"),
    BINARY("Div", "0.5", "2"),
    BINARY("RealDiv", "0.5", "2"),
    BINARY("Maximum", "-2", "2"),
    BINARY("Minimum", "-2", "2"),
    BINARY("SquaredDifference", "-2", "2"),
    BINARY("Pow", "0.5", "2"),
    BINARY("Atan2", "0.5", "2"),
    BINARY("DivNoNan", "0.5", "2"),
    BINARY("Xdivy", "0.5", "2"),
    BINARY("Xlogy", "0.5", "2"),
    "FloorMod\nrand double [3] 7.1 7.4\nrand double [3] 2 2.2",
    "FloorDiv\nrand double [3] 7.1 7.4\nrand double [3] 2 2.2",
    "TruncateDiv\nrand double [3] 7.1 7.4\nrand double [3] 2 2.2",
    "Pow\nrand double [3] 0.5 2\nin double [] 3",
    "ApproximateEqual\nrand double [3] 0 1\nrand double [3] 2 3",
    "AddN\nrand double [2] -1 1\nrand double [2] -1 1\nrand double [2] -1 1",
    "AccumulateNV2\nrand double [2] -1 1\nrand double [2] -1 1\nattr shape shape [2]",
    "Select\nin bool [2,2] 1 0 0 1\nrand double [2,2] -1 1\nrand double [2,2] -1 1",
    "Select\nin bool [2] 1 0\nrand double [2,2] -1 1\nrand double [2,2] -1 1",
    "SelectV2\nin bool [2,1] 1 0\nrand double [3] -1 1\nrand double [2,3] -1 1",
    "ClipByValue\nrand double [6] -2 2\nin double [] -1\nin double [] 1",
    "Cast\nrand double [3] -1 1\nattr DstT type double",
    "CheckNumerics\nrand double [3] -1 1\nattr message string m",
    REDUCE("Sum"),
    REDUCE("Mean"),
    REDUCE("Prod"),
    REDUCE("Max"),
    REDUCE("Min"),
    REDUCE("EuclideanNorm"),
    SCAN("Cumsum"),
    SCAN("Cumprod"),
    "L2Loss\nrand double [2,3] -1 1",
    SEGMENT("SegmentSum"),
    SEGMENT("SegmentMean"),
    SEGMENT("SegmentMax"),
    SEGMENT("SegmentMin"),
    SEGMENT("SegmentProd"),
    UNSORTED("UnsortedSegmentSum"),
    UNSORTED("UnsortedSegmentMax"),
    UNSORTED("UnsortedSegmentMin"),
    UNSORTED("UnsortedSegmentProd"),
    PRODUCT("MatMul", "transpose_a", "transpose_b"),
    BATCHED("BatchMatMul"),
    BATCHED("BatchMatMulV2"),
    "BatchMatMulV2\nrand double [2,1,2,3] -1 1\nrand double [4,3,2] -1 1",
    "BiasAdd\nrand double [2,2,3] -1 1\nrand double [3] -1 1",
    "BiasAdd\nrand double [2,3,2,2] -1 1\nrand double [3] -1 1\nattr data_format string NCHW",
    "BiasAddV1\nrand double [2,3] -1 1\nrand double [3] -1 1",
    "BiasAddGrad\nrand double [2,2,3] -1 1",
    "BiasAddGrad\nrand double [2,3,2,2] -1 1\nattr data_format string NCHW",
    "Cross\nrand double [2,3] -1 1\nrand double [2,3] -1 1",
    "MatrixInverse\nrand double [2,2] 1 2",
    "MatrixDeterminant\nrand double [3,3] -1 1",
    UNARY("Softmax", "-1", "1"),
    UNARY("LogSoftmax", "-1", "1"),
    "SoftmaxCrossEntropyWithLogits\nrand double [2,3] -1 1\nin double [2,3] 0.25 0.5 0.25 0 1 0\ny 0",
    "SparseSoftmaxCrossEntropyWithLogits\nrand double [2,3] -1 1\nin int32 [2] 1 2\ny 0",
    WINDOW("Conv2D", "rand double [1,4,5,2] -1 1\nrand double [3,2,2,3] -1 1", "SAME"),
    WINDOW("Conv2D", "rand double [1,4,5,2] -1 1\nrand double [3,2,2,3] -1 1", "VALID"),
    WINDOW("Conv2DBackpropInput", "in int32 [4] 1 4 5 2\nrand double [3,2,2,3] -1 1\nrand double [1,2,3,3] -1 1",
           "SAME"),
    WINDOW("Conv2DBackpropFilter", "rand double [1,4,5,2] -1 1\nin int32 [4] 3 2 2 3\nrand double [1,2,3,3] -1 1",
           "SAME"),
    WINDOW("DepthwiseConv2dNative", "rand double [1,4,4,2] -1 1\nrand double [3,3,2,2] -1 1", "SAME"),
    WINDOW("DepthwiseConv2dNative", "rand double [1,4,4,2] -1 1\nrand double [3,3,2,2] -1 1", "VALID"),
    WINDOW("DepthwiseConv2dNativeBackpropInput",
           "in int32 [4] 1 4 4 2\nrand double [3,3,2,2] -1 1\nrand double [1,2,2,4] -1 1", "SAME"),
    WINDOW("DepthwiseConv2dNativeBackpropFilter",
           "rand double [1,4,4,2] -1 1\nin int32 [4] 3 3 2 2\nrand double [1,2,2,4] -1 1", "SAME"),
    POOL("MaxPool", "rand double [1,5,5,2] -1 1", "SAME"),
    POOL("MaxPool", "rand double [1,5,5,2] -1 1", "VALID"),
    POOL("AvgPool", "rand double [1,5,5,2] -1 1", "SAME"),
    POOL("AvgPool", "rand double [1,5,5,2] -1 1", "VALID"),
    POOL("AvgPoolGrad", "in int32 [4] 1 4 4 1\nrand double [1,2,2,1] -1 1", "SAME"),
    POOL("MaxPoolGrad", "in double [1,3,3,1] 1 2 3 4 5 6 7 8 9\nin double [1,1,1,1] 9\nrand double [1,1,1,1] -1 1",
         "VALID"),
    POOL("MaxPoolGradGrad", "in double [1,3,3,1] 1 2 3 4 5 6 7 8 9\nin double [1,1,1,1] 9\nrand double [1,3,3,1] -1 1",
         "VALID"),
    POOL("MaxPoolWithArgmax", "rand float [1,5,5,2] -1 1", "SAME"),
    NORM("FusedBatchNorm"),
    NORM("FusedBatchNormV2"),
    NORM("FusedBatchNormV3"),
    "LRN\nrand float [1,2,1,7] -1 1\nattr depth_radius int 2\nattr bias float 1.5\nattr alpha float 0.25",
    "Reshape\nrand double [2,3] -1 1\nin int32 [2] 3 -1",
    "ExpandDims\nrand double [2,3] -1 1\nin int32 [] -1",
    "Squeeze\nrand double [2,1,3] -1 1",
    "Transpose\nrand double [2,3,1] -1 1\nin int32 [3] 2 0 1",
    "Concat\nin int32 [] 1\nrand double [2,1] -1 1\nrand double [2,3] -1 1",
    "ConcatV2\nrand double [2,1] -1 1\nrand double [2,3] -1 1\nin int32 [] -1",
    "Split\nin int32 [] 1\nrand double [2,4] -1 1\nattr num_split int 2",
    "SplitV\nrand double [5,2] -1 1\nin int32 [2] 1 4\nin int32 [] 0\nattr num_split int 2",
    "Pack\nrand double [2,3] -1 1\nrand double [2,3] -1 1\nattr axis int -1",
    "Unpack\nrand double [2,3] -1 1\nattr num int 3\nattr axis int 1",
    "Slice\nrand double [3,4] -1 1\nin int32 [2] 1 1\nin int32 [2] -1 2",
    "StridedSlice\nrand double [4,5] -1 1\nin int32 [2] -1 1\nin int32 [2] -5 4\nin int32 [2] -2 2",
    "StridedSlice\nrand double [4,5] -1 1\nin int32 [3] 1 0 2\nin int32 [3] 2 0 3\nin int32 [3] 1 1 1"
    "\nattr shrink_axis_mask int 1\nattr new_axis_mask int 2",
    "StridedSliceGrad\nin int32 [2] 4 5\nin int32 [2] 1 0\nin int32 [2] 3 5\nin int32 [2] 1 2\nrand double [2,3] -1 1",
    "Pad\nrand double [2,3] -1 1\nin int32 [2,2] 1 0 0 2",
    "PadV2\nrand double [2,3] -1 1\nin int32 [2,2] 1 0 0 2\nin double [] 7",
    "MirrorPad\nrand double [3,4] -1 1\nin int32 [2,2] 1 2 2 0\nattr mode string REFLECT",
    "MirrorPad\nrand double [3,4] -1 1\nin int32 [2,2] 1 2 2 0\nattr mode string SYMMETRIC",
    "MirrorPadGrad\nrand double [6,6] -1 1\nin int32 [2,2] 1 2 2 0\nattr mode string REFLECT",
    "Tile\nrand double [2,1] -1 1\nin int32 [2] 2 3",
    "ReverseV2\nrand double [2,3] -1 1\nin int32 [1] -1",
    "Reverse\nrand double [2,3] -1 1\nin bool [2] 0 1",
    "ReverseSequence\nrand double [3,4] -1 1\nin int32 [3] 2 4 0\nattr seq_dim int 1",
    "Gather\nrand double [4,2] -1 1\nin int32 [3] 3 1 3",
    "GatherV2\nrand double [4,2] -1 1\nin int32 [3] 3 1 3\nin int32 [] 0",
    "GatherV2\nrand double [3,4] -1 1\nin int32 [2,2] 3 1 0 3\nin int32 [] 1",
    "GatherNd\nrand double [3,4] -1 1\nin int32 [3,2] 0 1 2 3 0 1",
    "GatherNd\nrand double [3,4] -1 1\nin int32 [2,1] 2 2",
    "ScatterNd\nin int32 [3,1] 1 3 1\nrand double [3,2] -1 1\nin int32 [2] 4 2",
    "Fill\nin int32 [2] 2 3\nrand double [] -1 1",
    "BroadcastTo\nrand double [3,1] -1 1\nin int32 [3] 2 3 4",
    UNARY("Identity", "-1", "1"),
    UNARY("Snapshot", "-1", "1"),
    UNARY("DeepCopy", "-1", "1"),
    "IdentityN\nrand double [2] -1 1\nrand double [3] -1 1",
    "PlaceholderWithDefault\nrand double [2] -1 1\nattr shape shape [2]",
    "Diag\nrand double [3] -1 1",
    "DiagPart\nrand double [3,3] -1 1",
    "MatrixDiag\nrand double [2,3] -1 1",
    "MatrixDiagPart\nrand double [2,3,3] -1 1",
    "MatrixDiagPart\nrand double [3,4] -1 1",
    "MatrixSetDiag\nrand double [2,3,3] -1 1\nrand double [2,3] -1 1",
    "MatrixBandPart\nrand double [4,3] -1 1\nin int64 [] 1\nin int64 [] 0",
    "DynamicPartition\nrand double [4,2] -1 1\nin int32 [4] 0 1 0 2\nattr num_partitions int 3",
    "DynamicStitch\nin int32 [2] 0 2\nin int32 [2] 1 3\nrand double [2,2] -1 1\nrand double [2,2] -1 1",
    "SpaceToDepth\nrand double [1,4,4,1] -1 1\nattr block_size int 2",
    "DepthToSpace\nrand double [1,2,2,4] -1 1\nattr block_size int 2",
    "SpaceToBatchND\nrand double [1,4,4,1] -1 1\nin int32 [2] 2 2\nin int32 [2,2] 0 0 2 0",
    "BatchToSpaceND\nrand double [4,2,3,1] -1 1\nin int32 [2] 2 2\nin int32 [2,2] 0 0 2 0",
    "SpaceToBatch\nrand double [1,4,4,1] -1 1\nin int32 [2,2] 0 0 0 0\nattr block_size int 2",
    "BatchToSpace\nrand double [4,2,2,1] -1 1\nin int32 [2,2] 0 0 0 0\nattr block_size int 2",
    "Roll\nrand double [3,4] -1 1\nin int32 [1] 1\nin int32 [1] 0",
    "TopK\nrand double [2,5] -1 1\nattr k int 2\ny 0",
    "Print\nrand double [2] -1 1\nin int32 [1] 7\nattr message string gradients_test",
    "TopKV2\nrand double [2,5] -1 1\nin int32 [] 2\ny 0",
    RESIZE("ResizeBilinear"),
    RESIZE("ResizeNearestNeighbor"),
};

/* Differentiable, but not as a single node on tensors. */
static const char *const elsewhere[][2] = {
    {"Switch", "control flow: graph_cases_test"},
    {"RefSwitch", "control flow: graph_cases_test"},
    {"Merge", "control flow: graph_cases_test"},
    {"RefMerge", "control flow: graph_cases_test"},
    {"Enter", "control flow: graph_cases_test"},
    {"RefEnter", "control flow: graph_cases_test"},
    {"Exit", "control flow: graph_cases_test"},
    {"RefExit", "control flow: graph_cases_test"},
    {"NextIteration", "control flow: graph_cases_test"},
    {"RefNextIteration", "control flow: graph_cases_test"},
    {"LoopCond", "control flow: graph_cases_test"},
    {"If", "calls functions"},
    {"StatelessIf", "calls functions"},
    {"While", "calls functions"},
    {"StatelessWhile", "calls functions"},
    {"PartitionedCall", "calls functions"},
    {"StatefulPartitionedCall", "calls functions"},
    {"ReadVariableOp", "needs a variable: mnist_curves_test"},
    {"ResourceGather", "needs a variable"},
    {"RefIdentity", "needs a variable"},
    {"Conj", "complex numbers only"},
    {"PreventGradient", "its gradient is an error: bad_input_test"},
    {"FakeQuantWithMinMaxArgs", "a staircase, whose gradient is not its slope: op_vectors_test has its gradient's op"},
    {"FakeQuantWithMinMaxVars", "the same"},
    {"FakeQuantWithMinMaxVarsPerChannel", "the same"},
};

/* ---- random numbers, the same in every run */
static uint64_t seed = 1;
static double uniform(double lo, double hi) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return lo + (hi - lo) * ((double)(seed >> 11) / 9007199254740992.0);
}
static void set_number(rn_tensor *t, int64_t i, double v) {
  if (rn_tensor_dtype(t) == RN_DOUBLE)
    ((double *)rn_tensor_data(t))[i] = v;
  else
    ((float *)rn_tensor_data(t))[i] = (float)v;
}
static void add_random(node_case *c, char *at) {
  case_input *in = &c->inputs[c->n_inputs++];
  assert_true(c->n_inputs <= CASE_MAX_INPUTS);
  rn_dtype t = case_dtype(case_word(&at));
  rn_shape s = case_shape(case_word(&at));
  double lo = strtod(case_word(&at), NULL), hi = strtod(case_word(&at), NULL);
  in->kind = CASE_RANDOM;
  must(rn_tensor_create(t, &s, &in->tensor));
  for (int64_t i = 0; i < rn_tensor_count(in->tensor); i++) set_number(in->tensor, i, uniform(lo, hi));
}

/* ---- one case as a graph */
typedef struct model {
  rn_graph *graph;
  rn_session *session;
  rn_value inputs[CASE_MAX_INPUTS], xs[CASE_MAX_INPUTS], ys[CASE_MAX_OUTPUTS];
  rn_tensor *x[CASE_MAX_INPUTS], *w[CASE_MAX_OUTPUTS];
  rn_feed feeds[CASE_MAX_INPUTS];
  uint32_t n_x, n_y;
  int only_y; /* -1: all */
} model;

static void parse(const char *text, node_case *c, model *m) {
  char copy[1024], *rest = copy;
  node_case_clear(c);
  m->only_y = -1;
  snprintf(copy, sizeof copy, "%s", text);
  snprintf(c->op, sizeof c->op, "%s", strsep(&rest, "\n"));
  for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
    if (strncmp(line, "rand ", 5) == 0)
      add_random(c, line + 5);
    else if (strncmp(line, "y ", 2) == 0)
      m->only_y = atoi(line + 2);
    else if (!node_case_line(c, line))
      fail_msg("%s: line '%s'", c->op, line);
  }
}

static rn_status *build(model *m, rn_runtime *rt, const node_case *c) {
  rn_value node;
  RN_TRY(rn_graph_create(rt, 0, &m->graph));
  for (uint32_t i = 0; i < c->n_inputs; i++) {
    rn_tensor *t = c->inputs[i].tensor;
    if (c->inputs[i].kind != CASE_RANDOM) {
      RN_TRY(case_constant(m->graph, t, &m->inputs[i]));
      continue;
    }
    RN_TRY(case_placeholder(m->graph, rn_tensor_dtype(t), rn_tensor_shape(t), &m->inputs[i]));
    m->feeds[m->n_x] = (rn_feed){m->inputs[i], t};
    m->x[m->n_x] = t;
    m->xs[m->n_x++] = m->inputs[i];
  }
  RN_TRY(case_node(m->graph, c->op, m->inputs, c->n_inputs, c->attrs, c->n_attrs, &node));
  for (uint32_t i = 0; i < rn_graph_output_count(m->graph, node.node); i++) {
    rn_value y = {node.node, i};
    rn_dtype t = rn_graph_dtype(m->graph, y);
    if ((t == RN_FLOAT || t == RN_DOUBLE) && (m->only_y < 0 || m->only_y == (int)i)) m->ys[m->n_y++] = y;
  }
  return rn_session_create(m->graph, NULL, &m->session);
}

/* sum(w * y); makes the weights the first time. */
static rn_status *loss(model *m, double *out) {
  rn_tensor *y[CASE_MAX_OUTPUTS] = {NULL};
  RN_TRY(rn_session_run(m->session, NULL, m->feeds, m->n_x, m->ys, m->n_y, y, NULL, 0));
  *out = 0;
  rn_status *s = NULL;
  for (uint32_t k = 0; k < m->n_y; k++) {
    if (!m->w[k] && !s) {
      s = rn_tensor_create(rn_tensor_dtype(y[k]), rn_tensor_shape(y[k]), &m->w[k]);
      for (int64_t i = 0; !s && i < rn_tensor_count(y[k]); i++) set_number(m->w[k], i, uniform(-1, 1));
    }
    for (int64_t i = 0; !s && i < rn_tensor_count(y[k]); i++) *out += number_at(y[k], i) * number_at(m->w[k], i);
    rn_tensor_release(y[k]);
  }
  return s;
}

static rn_status *numeric(model *m, uint32_t k, int64_t i, double h, double *out) {
  double v = number_at(m->x[k], i), up, down;
  set_number(m->x[k], i, v + h);
  double above = number_at(m->x[k], i);
  RN_TRY(loss(m, &up));
  set_number(m->x[k], i, v - h);
  double below = number_at(m->x[k], i);
  RN_TRY(loss(m, &down));
  set_number(m->x[k], i, v);
  *out = (up - down) / (above - below);
  return NULL;
}

static rn_status *check_input(model *m, uint32_t k, const rn_tensor *dx) {
  int exact = rn_tensor_dtype(m->x[k]) == RN_DOUBLE;
  double h = exact ? 1e-5 : 1e-2, tolerance = exact ? 1e-5 : 2e-2;
  if (dx && !rn_shape_equal(rn_tensor_shape(dx), rn_tensor_shape(m->x[k])))
    return rn_status_make(RN_UNKNOWN, "the gradient of input %u has another shape than the input", k);
  for (int64_t i = 0; i < rn_tensor_count(m->x[k]); i++) {
    double want, got = dx ? number_at(dx, i) : 0;
    RN_TRY(numeric(m, k, i, h, &want));
    if (!(fabs(got - want) <= tolerance * (1 + fabs(want))))
      return rn_status_make(RN_UNKNOWN, "d/dx%u[%lld] is %.9g, differences give %.9g", k, (long long)i, got, want);
  }
  return NULL;
}

static rn_status *check(model *m) {
  double unused;
  rn_value dys[CASE_MAX_OUTPUTS], dxs[CASE_MAX_INPUTS], fetches[CASE_MAX_INPUTS];
  rn_tensor *got[CASE_MAX_INPUTS] = {NULL};
  uint32_t n = 0;
  RN_TRY(loss(m, &unused));
  for (uint32_t k = 0; k < m->n_y; k++) RN_TRY(case_constant(m->graph, m->w[k], &dys[k]));
  RN_TRY(rn_graph_gradients(m->graph, m->ys, m->n_y, m->xs, m->n_x, dys, dxs, NULL));
  for (uint32_t k = 0; k < m->n_x; k++)
    if (dxs[k].node != RN_NO_NODE) fetches[n++] = dxs[k];
  if (n) RN_TRY(rn_session_run(m->session, NULL, m->feeds, m->n_x, fetches, n, got, NULL, 0));
  rn_status *s = NULL;
  for (uint32_t k = 0, at = 0; k < m->n_x && !s; k++)
    s = check_input(m, k, dxs[k].node == RN_NO_NODE ? NULL : got[at++]);
  for (uint32_t k = 0; k < n; k++) rn_tensor_release(got[k]);
  return s;
}

static rn_status *run_case(rn_runtime *rt, const char *text, node_case *c) {
  model m;
  memset(&m, 0, sizeof m);
  parse(text, c, &m);
  rn_status *s = build(&m, rt, c);
  if (!s) s = check(&m);
  rn_session_destroy(m.session);
  rn_graph_destroy(m.graph);
  for (uint32_t k = 0; k < m.n_y; k++) rn_tensor_release(m.w[k]);
  return s;
}

/* ---- which ops there are */
typedef struct survey {
  uint8_t known[sizeof table / sizeof table[0]]; /* the entry's op has a gradient */
  int differentiable, missing;
} survey;

static int is_entry(const char *text, const char *op) {
  size_t n = strlen(op);
  return strncmp(text, op, n) == 0 && text[n] == '\n';
}

static void look_at_op(void *arg, const rn_op_info *o) {
  survey *s = arg;
  int found = 0;
  if (!o->has_gradient) return;
  s->differentiable++;
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
    if (is_entry(table[i], o->name)) found = s->known[i] = 1;
  for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) found |= strcmp(elsewhere[i][0], o->name) == 0;
  if (found) return;
  print_message("FAILED %s (plugin %s): it has a gradient and no entry in the table\n", o->name, o->plugin);
  s->missing++;
}

static void the_gradient_of_every_op_agrees_with_differences(void **state) {
  (void)state;
  const char *only = getenv("RUNNEL_CASE");
  rn_runtime *rt = NULL;
  survey s;
  memset(&s, 0, sizeof s);
  must(rn_runtime_create(NULL, &rt));
  must(rn_runtime_ops(rt, look_at_op, &s));
  node_case *c = calloc(1, sizeof *c);
  assert_non_null(c);
  int passed = 0, failed = 0;
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    if (!s.known[i] || (only && !is_entry(table[i], only))) continue;
    rn_status *e = run_case(rt, table[i], c);
    if (e) print_message("FAILED %s (entry %zu): %s\n", c->op, i, rn_status_message(e));
    rn_status_free(e);
    passed += !e;
    failed += e != NULL;
  }
  node_case_clear(c);
  free(c);
  rn_runtime_destroy(rt);
  print_message("gradients: %d differentiable ops, %d cases passed, %d failed, %d ops without a case\n",
                s.differentiable, passed, failed, s.missing);
  assert_int_equal(failed, 0);
  assert_int_equal(s.missing, 0);
  assert_true(passed > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_gradient_of_every_op_agrees_with_differences),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
