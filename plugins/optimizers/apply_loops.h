/* apply_loops.h - the arithmetic of every update rule, for one element type (plugins/optimizers).
 *
 * Included with T, SQRT, POW, ABS and NAME(x) defined. The order of operations is TensorFlow's, so that
 * losses follow it to rounding: g gradient, w variable, one pass over memory per rule. */

/* w -= lr g */
static void NAME(gradient_descent)(const apply_args *a, uint64_t lo, uint64_t hi) {
  T *restrict w = a->cell[0];
  const T *restrict g = a->grad, lr = ((const T *)a->h)[0];
  for (uint64_t i = lo; i < hi; i++) w[i] -= g[i] * lr;
}

/* acc = mu acc + g;  w -= lr acc   or, Nesterov:  w -= lr g + lr mu acc */
static void NAME(momentum)(const apply_args *a, uint64_t lo, uint64_t hi) {
  T *restrict w = a->cell[0], *restrict acc = a->cell[1];
  const T *restrict g = a->grad, lr = ((const T *)a->h)[0], mu = ((const T *)a->h)[1];
  if (a->flag) {
    for (uint64_t i = lo; i < hi; i++) {
      acc[i] = acc[i] * mu + g[i];
      w[i] -= g[i] * lr + acc[i] * mu * lr;
    }
    return;
  }
  for (uint64_t i = lo; i < hi; i++) {
    acc[i] = acc[i] * mu + g[i];
    w[i] -= acc[i] * lr;
  }
}

/* acc = mu acc - lr g;  w += acc   or, Nesterov:  w += mu acc - lr g */
static void NAME(keras_momentum)(const apply_args *a, uint64_t lo, uint64_t hi) {
  T *restrict w = a->cell[0], *restrict acc = a->cell[1];
  const T *restrict g = a->grad, lr = ((const T *)a->h)[0], mu = ((const T *)a->h)[1];
  for (uint64_t i = lo; i < hi; i++) {
    acc[i] = acc[i] * mu - g[i] * lr;
    w[i] += a->flag ? acc[i] * mu - g[i] * lr : acc[i];
  }
}

/* acc += g^2;  w -= lr g / sqrt(acc) */
static void NAME(adagrad)(const apply_args *a, uint64_t lo, uint64_t hi) {
  T *restrict w = a->cell[0], *restrict acc = a->cell[1];
  const T *restrict g = a->grad, lr = ((const T *)a->h)[0];
  if (a->flag)
    for (uint64_t i = lo; i < hi; i++) acc[i] += g[i] * g[i];
  for (uint64_t i = lo; i < hi; i++) w[i] -= g[i] * lr / SQRT(acc[i]);
}

/* acc = rho acc + (1-rho) g^2;  u = sqrt(upd+eps)/sqrt(acc+eps) g;  w -= lr u;  upd = rho upd + (1-rho) u^2 */
static void NAME(adadelta)(const apply_args *a, uint64_t lo, uint64_t hi) {
  T *restrict w = a->cell[0], *restrict acc = a->cell[1], *restrict upd = a->cell[2];
  const T *restrict g = a->grad, *h = a->h;
  const T lr = h[0], rho = h[1], eps = h[2];
  for (uint64_t i = lo; i < hi; i++) {
    acc[i] = acc[i] * rho + g[i] * g[i] * (1 - rho);
    T u = SQRT(upd[i] + eps) / SQRT(acc[i] + eps) * g[i];
    w[i] -= u * lr;
    upd[i] = upd[i] * rho + u * u * (1 - rho);
  }
}

/* h: beta1^t, beta2^t, lr, beta1, beta2, eps.  alpha = lr sqrt(1-beta2^t)/(1-beta1^t)
 * m += (g-m)(1-beta1);  v += (g^2-v)(1-beta2);  w -= alpha m / (sqrt(v)+eps) */
static void NAME(adam)(const apply_args *a, uint64_t lo, uint64_t hi) {
  T *restrict w = a->cell[0], *restrict m = a->cell[1], *restrict v = a->cell[2];
  const T *restrict g = a->grad, *h = a->h;
  const T alpha = h[2] * SQRT(1 - h[1]) / (1 - h[0]), b1 = h[3], b2 = h[4], eps = h[5];
  if (a->flag) {
    for (uint64_t i = lo; i < hi; i++) {
      m[i] += (g[i] - m[i]) * (1 - b1);
      v[i] += (g[i] * g[i] - v[i]) * (1 - b2);
      w[i] -= ((g[i] * (1 - b1) + b1 * m[i]) * alpha) / (SQRT(v[i]) + eps);
    }
    return;
  }
  for (uint64_t i = lo; i < hi; i++) {
    m[i] += (g[i] - m[i]) * (1 - b1);
    v[i] += (g[i] * g[i] - v[i]) * (1 - b2);
    w[i] -= (m[i] * alpha) / (SQRT(v[i]) + eps);
  }
}

/* ms += (g^2-ms)(1-rho);  mom = mu mom + lr g / sqrt(ms+eps);  w -= mom */
static void NAME(rmsprop)(const apply_args *a, uint64_t lo, uint64_t hi) {
  T *restrict w = a->cell[0], *restrict ms = a->cell[1], *restrict mom = a->cell[2];
  const T *restrict g = a->grad, *h = a->h;
  const T lr = h[0], rho = h[1], mu = h[2], eps = h[3];
  for (uint64_t i = lo; i < hi; i++) {
    ms[i] += (g[i] * g[i] - ms[i]) * (1 - rho);
    mom[i] = mom[i] * mu + (g[i] * lr) / SQRT(ms[i] + eps);
    w[i] -= mom[i];
  }
}

/* As rmsprop with the variance ms - mg^2 in place of ms; mg is the running mean of g. */
static void NAME(centered_rmsprop)(const apply_args *a, uint64_t lo, uint64_t hi) {
  T *restrict w = a->cell[0], *restrict mg = a->cell[1], *restrict ms = a->cell[2], *restrict mom = a->cell[3];
  const T *restrict g = a->grad, *h = a->h;
  const T lr = h[0], rho = h[1], mu = h[2], eps = h[3];
  for (uint64_t i = lo; i < hi; i++) {
    ms[i] += (g[i] * g[i] - ms[i]) * (1 - rho);
    mg[i] += (g[i] - mg[i]) * (1 - rho);
    mom[i] = mom[i] * mu + (g[i] * lr) / SQRT((ms[i] - mg[i] * mg[i]) + eps);
    w[i] -= mom[i];
  }
}

/* n' = n + g^2;  z += g - (n'^-p - n^-p)/lr w;  w = |z| > l1 ? (l1 sign(z) - z) / (n'^-p/lr + 2 l2) : 0 */
static void NAME(ftrl)(const apply_args *a, uint64_t lo, uint64_t hi) {
  T *restrict w = a->cell[0], *restrict n = a->cell[1], *restrict z = a->cell[2];
  const T *restrict g = a->grad, *h = a->h;
  const T lr = h[0], l1 = h[1], l2 = h[2], p = h[3];
  const int root = ABS(p + (T)0.5) <= 0; /* the usual power has a cheaper form */
  for (uint64_t i = lo; i < hi; i++) {
    T next = n[i] + g[i] * g[i];
    T to = root ? SQRT(next) : POW(next, -p), from = root ? SQRT(n[i]) : POW(n[i], -p);
    z[i] += g[i] - (to - from) / lr * w[i];
    T sign = z[i] > 0 ? 1 : -1;
    w[i] = ABS(z[i]) > l1 ? (l1 * sign - z[i]) / (to / lr + 2 * l2) : 0;
    n[i] = next;
  }
}
