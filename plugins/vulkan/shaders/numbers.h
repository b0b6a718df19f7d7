/* numbers.h - the numbers that C and GLSL share: ops, modes, kinds (plugins/vulkan/shaders).
 *
 * Read by both compilers, so it holds #define lines alone. GPU_X(X) lists name what a table of kernels is made of. */
#ifndef GPU_NUMBERS_H
#define GPU_NUMBERS_H
// Tables: clang-format does not agree with itself on them.
// clang-format off

#define WALK_SAME 0  /* both inputs as the output */
#define WALK_LEFT 1  /* the first is one element */
#define WALK_RIGHT 2 /* the second is */
#define WALK_ANY 3

#define UNARY_Neg 0
#define UNARY_Abs 1
#define UNARY_Sign 2
#define UNARY_Square 3
#define UNARY_Sqrt 4
#define UNARY_Rsqrt 5
#define UNARY_Reciprocal 6
#define UNARY_Inv 7
#define UNARY_Exp 8
#define UNARY_Expm1 9
#define UNARY_Log 10
#define UNARY_Log1p 11
#define UNARY_Sin 12
#define UNARY_Cos 13
#define UNARY_Tanh 14
#define UNARY_Sigmoid 15
#define UNARY_Floor 16
#define UNARY_Ceil 17
#define UNARY_Round 18
#define UNARY_Rint 19
#define UNARY_Relu 20
#define UNARY_Relu6 21
#define UNARY_Elu 22
#define UNARY_Selu 23
#define UNARY_Softplus 24
#define UNARY_Softsign 25
#define UNARY_Erf 26
#define UNARY_Erfc 27
#define UNARY_Sinh 28
#define UNARY_Cosh 29
#define UNARY_Tan 30
#define UNARY_Atan 31
#define UNARY_IsNan 40
#define UNARY_IsInf 41
#define UNARY_IsFinite 42
#define GPU_UNARY(X)                                                                                                  \
  X(Neg) X(Abs) X(Sign) X(Square) X(Sqrt) X(Rsqrt) X(Reciprocal) X(Inv) X(Exp) X(Expm1) X(Log) X(Log1p) X(Sin) X(Cos) \
  X(Tanh) X(Sigmoid) X(Floor) X(Ceil) X(Round) X(Rint) X(Relu) X(Relu6) X(Elu) X(Selu) X(Softplus) X(Softsign)        \
  X(Erf) X(Erfc) X(Sinh) X(Cosh) X(Tan) X(Atan)
#define GPU_UNARY_INT(X) X(Neg) X(Abs) X(Sign) X(Square) X(Round) X(Relu) X(Relu6)
#define GPU_UNARY_TEST(X) X(IsNan) X(IsInf) X(IsFinite)

#define BINARY_Add 0
#define BINARY_AddV2 1
#define BINARY_Sub 2
#define BINARY_Mul 3
#define BINARY_Div 4
#define BINARY_RealDiv 5
#define BINARY_FloorDiv 6
#define BINARY_FloorMod 7
#define BINARY_Pow 8
#define BINARY_Maximum 9
#define BINARY_Minimum 10
#define BINARY_SquaredDifference 11
#define BINARY_DivNoNan 12
#define BINARY_TanhGrad 13
#define BINARY_SigmoidGrad 14
#define BINARY_SqrtGrad 15
#define BINARY_RsqrtGrad 16
#define BINARY_ReciprocalGrad 17
#define BINARY_InvGrad 18
#define BINARY_ReluGrad 19
#define BINARY_Relu6Grad 20
#define BINARY_EluGrad 21
#define BINARY_SeluGrad 22
#define BINARY_SoftplusGrad 23
#define BINARY_SoftsignGrad 24
#define BINARY_TruncateDiv 25
#define BINARY_Mod 26
#define BINARY_TruncateMod 27
#define BINARY_Less 40
#define BINARY_LessEqual 41
#define BINARY_Greater 42
#define BINARY_GreaterEqual 43
#define BINARY_Equal 44
#define BINARY_NotEqual 45
#define BINARY_LogicalAnd 46
#define BINARY_LogicalOr 47
#define GPU_BINARY(X)                                                                                               \
  X(Add) X(AddV2) X(Sub) X(Mul) X(Div) X(RealDiv) X(FloorDiv) X(FloorMod) X(Pow) X(Maximum) X(Minimum)              \
  X(SquaredDifference) X(DivNoNan) X(TanhGrad) X(SigmoidGrad) X(SqrtGrad) X(RsqrtGrad) X(ReciprocalGrad) X(InvGrad) \
  X(ReluGrad) X(Relu6Grad) X(EluGrad) X(SeluGrad) X(SoftplusGrad) X(SoftsignGrad)
#define GPU_BINARY_INT(X) X(Add) X(AddV2) X(Sub) X(Mul) X(Maximum) X(Minimum) X(SquaredDifference) X(Div) \
  X(FloorDiv) X(FloorMod) X(TruncateDiv) X(Mod) X(TruncateMod)
#define GPU_BINARY_ORDER(X) X(Less) X(LessEqual) X(Greater) X(GreaterEqual) X(Equal) X(NotEqual)

#define REDUCE_Sum 0
#define REDUCE_Mean 1
#define REDUCE_Prod 2
#define REDUCE_Max 3
#define REDUCE_Min 4
#define REDUCE_All 5
#define REDUCE_Any 6
#define REDUCE_HalfSquares 7 /* sum x^2 / 2 */

#define ROWS_Softmax 0
#define ROWS_LogSoftmax 1
#define ROWS_DENSE_LOSS 2
#define ROWS_SPARSE_LOSS 3

#define RANDOM_UNIFORM 0
#define RANDOM_NORMAL 1
#define RANDOM_TRUNCATED 2
#define RANDOM_INT 3

#define CONV_FORWARD 0
#define CONV_TO_INPUT 1
#define CONV_TO_FILTER 2

#define POOL_MAX 0
#define POOL_AVERAGE 1

#define SCATTER_Update 0
#define SCATTER_Add 1
#define SCATTER_Sub 2
#define SCATTER_Mul 3
#define SCATTER_Div 4
#define SCATTER_Min 5
#define SCATTER_Max 6

#define RULE_GradientDescent 0
#define RULE_Momentum 1
#define RULE_KerasMomentum 2
#define RULE_Adagrad 3
#define RULE_Adadelta 4
#define RULE_Adam 5
#define RULE_RMSProp 6
#define RULE_CenteredRMSProp 7
#define RULE_Ftrl 8
#endif
