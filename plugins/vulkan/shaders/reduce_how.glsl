// reduce_how.glsl - the start, the step and the end of a reduction for the type T.
// IS_FLOAT, IS_INT or IS_BOOL says which.
#ifdef IS_FLOAT
#define LOWEST uintBitsToFloat(0xff800000u)
#define HIGHEST uintBitsToFloat(0x7f800000u)
#else
#define LOWEST int(0x80000000)
#define HIGHEST 0x7fffffff
#endif
T start() {
#ifdef IS_BOOL
  return HOW == REDUCE_All;
#else
  return HOW == REDUCE_Prod ? T(1) : HOW == REDUCE_Max ? LOWEST : HOW == REDUCE_Min ? HIGHEST : T(0);
#endif
}
T join(T a, T b) {
#ifdef IS_BOOL
  return HOW == REDUCE_All ? a && b : a || b;
#else
  switch (HOW) {
    case REDUCE_Prod: return a * b;
    case REDUCE_Max: return b > a || b != b ? b : a;
    case REDUCE_Min: return b < a || b != b ? b : a;
    default: return a + b;
  }
#endif
}
T element(T v) {
#ifdef IS_FLOAT
  if (HOW == REDUCE_HalfSquares) return 0.5 * v * v;
#endif
  return v;
}
T finish(T v) {
#ifndef IS_BOOL
  if (HOW == REDUCE_Mean && divide != 0) return v / T(n_red);
#endif
  return v;
}
