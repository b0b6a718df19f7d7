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
#define UNARY_Asin 32
#define UNARY_Acos 33
#define UNARY_Asinh 34
#define UNARY_Acosh 35
#define UNARY_Atanh 36
#define UNARY_Lgamma 37
#define UNARY_Digamma 38
#define UNARY_IsNan 40
#define UNARY_IsInf 41
#define UNARY_IsFinite 42
#define GPU_UNARY(X)                                                                                                  \
  X(Neg) X(Abs) X(Sign) X(Square) X(Sqrt) X(Rsqrt) X(Reciprocal) X(Inv) X(Exp) X(Expm1) X(Log) X(Log1p) X(Sin) X(Cos) \
  X(Tanh) X(Sigmoid) X(Floor) X(Ceil) X(Round) X(Rint) X(Relu) X(Relu6) X(Elu) X(Selu) X(Softplus) X(Softsign)        \
  X(Erf) X(Erfc) X(Sinh) X(Cosh) X(Tan) X(Atan) X(Asin) X(Acos) X(Asinh) X(Acosh) X(Atanh) X(Lgamma) X(Digamma)
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
#define BINARY_Atan2 28
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
  X(ReluGrad) X(Relu6Grad) X(EluGrad) X(SeluGrad) X(SoftplusGrad) X(SoftsignGrad) \
  X(Mod) X(TruncateMod) X(Atan2)
#define GPU_BINARY_INT(X) X(Add) X(AddV2) X(Sub) X(Mul) X(Maximum) X(Minimum) X(SquaredDifference) X(Div) \
  X(FloorDiv) X(FloorMod) X(TruncateDiv) X(Mod) X(TruncateMod)
#define GPU_BINARY_ORDER(X) X(Less) X(LessEqual) X(Greater) X(GreaterEqual) X(Equal) X(NotEqual)
#define GPU_BINARY_LOGIC(X) X(LogicalAnd) X(LogicalOr) X(Equal) X(NotEqual)

/* What may follow a product in its own dispatch: with the product alone, as the first of two, as the second. 0: nothing */
#define EPILOGUE_Relu 1
#define EPILOGUE_Relu6 2
#define EPILOGUE_Elu 3
#define EPILOGUE_Selu 4
#define EPILOGUE_Sigmoid 5
#define EPILOGUE_Tanh 6
#define EPILOGUE_Softplus 7
#define EPILOGUE_Neg 8
#define EPILOGUE_ReluGrad 20
#define EPILOGUE_Relu6Grad 21
#define EPILOGUE_EluGrad 22
#define EPILOGUE_SeluGrad 23
#define EPILOGUE_SoftplusGrad 24
#define EPILOGUE_Add 25
#define EPILOGUE_AddV2 26
#define EPILOGUE_Mul 27
#define EPILOGUE_SigmoidGrad 40
#define EPILOGUE_TanhGrad 41
#define EPILOGUE_LeakyRelu 60
#define EPILOGUE_LeakyReluGrad 61
#define GPU_EPILOGUE(X) X(Relu) X(Relu6) X(Elu) X(Selu) X(Sigmoid) X(Tanh) X(Softplus) X(Neg)
#define GPU_EPILOGUE_BEFORE(X) X(ReluGrad) X(Relu6Grad) X(EluGrad) X(SeluGrad) X(SoftplusGrad) X(Add) X(AddV2) X(Mul)
#define GPU_EPILOGUE_AFTER(X) X(SigmoidGrad) X(TanhGrad)
/* The same with a number of the node as the last argument. */
#define GPU_EPILOGUE_ALPHA(X) X(LeakyRelu)
#define GPU_EPILOGUE_BEFORE_ALPHA(X) X(LeakyReluGrad)

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

#define PRODUCT_A_INNER_K 1 /* k is the dense index of a */
#define PRODUCT_B_INNER_K 2
#define PRODUCT_A_FOURS 4 /* a is read by aligned fours along its dense index, whole or not at all */
#define PRODUCT_B_FOURS 8
#define PRODUCT_Y_FOURS 16
#define PRODUCT_Y_NARROW 32 /* y is of the operands' type, half or bfloat16, and written by fours */
#define PRODUCT_A_EIGHTS 64 /* as fours */
#define PRODUCT_B_EIGHTS 128
#define PRODUCT_MATRIX_STEP 32 /* of k, in tiles for cooperative matrices */

#define PANEL_SINGLE 0
#define PANEL_ALONG_INDEX 1
#define PANEL_ALONG_K 2

#define POOL_MAX 0
#define POOL_AVERAGE 1
#define POOL_PICK 2 /* of another image, where the largest is */

#define CAST_FLOAT 0
#define CAST_HALF 1
#define CAST_BFLOAT16 2
#define CAST_INT32 3
#define CAST_UINT32 4
#define CAST_INT64 5
#define CAST_UINT64 6
#define CAST_INT16 7
#define CAST_UINT16 8
#define CAST_INT8 9
#define CAST_UINT8 10
#define CAST_BOOL 11

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
