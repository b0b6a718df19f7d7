// apply.comp - the update rules: variables and slots from a gradient; the arithmetic is plugins/optimizers/apply_loops.h's.
// Scalars are read on the device, so a learning rate may change between replays. With `indices` an invocation owns one
// column of the rows and walks all indices in order: repeated ones act one after the other.
#version 450
#include "numbers.h"
#include "types.glsl"
#include "math.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint RULE = 0;
layout(constant_id = 2) const uint FLAG = 0;
layout(constant_id = 3) const uint INDEX_WORDS = 0; // 0: dense
layout(push_constant) uniform Push { uint n, n_indices, rows; };
OUTPUT(0, w);
OUTPUT(1, s1);
OUTPUT(2, s2);
OUTPUT(3, s3);
INPUT(4, grad);
INPUT(5, h0);
INPUT(6, h1);
INPUT(7, h2);
INPUT(8, h3);
INPUT(9, h4);
INPUT(10, h5);
INPUT(11, indices);
#define F(b, i) uintBitsToFloat(b[i])
#define PUT(b, i, v) b[i] = floatBitsToUint(v)

void update(uint i, float g) {
  float lr = F(h0, 0);
  switch (RULE) {
    case RULE_GradientDescent: PUT(w, i, F(w, i) - g * lr); break;
    case RULE_Momentum: {
      float mu = F(h1, 0), a = F(s1, i) * mu + g;
      PUT(s1, i, a);
      PUT(w, i, F(w, i) - (FLAG != 0 ? g * lr + a * mu * lr : a * lr));
      break;
    }
    case RULE_KerasMomentum: {
      float mu = F(h1, 0), a = F(s1, i) * mu - g * lr;
      PUT(s1, i, a);
      PUT(w, i, F(w, i) + (FLAG != 0 ? a * mu - g * lr : a));
      break;
    }
    case RULE_Adagrad: {
      float a = F(s1, i);
      if (FLAG != 0) a += g * g;
      PUT(s1, i, a);
      PUT(w, i, F(w, i) - g * lr / sqrt(a));
      break;
    }
    case RULE_Adadelta: {
      float rho = F(h1, 0), eps = F(h2, 0), a = F(s1, i) * rho + g * g * (1 - rho), p = F(s2, i);
      float u = sqrt(p + eps) / sqrt(a + eps) * g;
      PUT(s1, i, a);
      PUT(w, i, F(w, i) - u * lr);
      PUT(s2, i, p * rho + u * u * (1 - rho));
      break;
    }
    case RULE_Adam: {
      float alpha = F(h2, 0) * sqrt(1 - F(h1, 0)) / (1 - lr), b1 = F(h3, 0), b2 = F(h4, 0);
      float m = F(s1, i), v = F(s2, i);
      m += (g - m) * (1 - b1);
      v += (g * g - v) * (1 - b2);
      PUT(s1, i, m);
      PUT(s2, i, v);
      PUT(w, i, F(w, i) - (FLAG != 0 ? g * (1 - b1) + b1 * m : m) * alpha / (sqrt(v) + F(h5, 0)));
      break;
    }
    case RULE_RMSProp: {
      float ms = F(s1, i);
      ms += (g * g - ms) * (1 - F(h1, 0));
      float mom = F(s2, i) * F(h2, 0) + (g * lr) / sqrt(ms + F(h3, 0));
      PUT(s1, i, ms);
      PUT(s2, i, mom);
      PUT(w, i, F(w, i) - mom);
      break;
    }
    case RULE_CenteredRMSProp: {
      float mg = F(s1, i), ms = F(s2, i), rest = 1 - F(h1, 0);
      ms += (g * g - ms) * rest;
      mg += (g - mg) * rest;
      float mom = F(s3, i) * F(h2, 0) + (g * lr) / sqrt((ms - mg * mg) + F(h3, 0));
      PUT(s1, i, mg);
      PUT(s2, i, ms);
      PUT(s3, i, mom);
      PUT(w, i, F(w, i) - mom);
      break;
    }
    default: {
      float l1 = F(h1, 0), l2 = F(h2, 0), p = F(h3, 0), n0 = F(s1, i), n1 = n0 + g * g, z = F(s2, i);
      bool root = abs(p + 0.5) <= 0;
      float to = root ? sqrt(n1) : pow_(n1, -p), from = root ? sqrt(n0) : pow_(n0, -p);
      z += g - (to - from) / lr * F(w, i);
      float side = z > 0 ? 1 : -1;
      PUT(s2, i, z);
      PUT(w, i, abs(z) > l1 ? (l1 * side - z) / (to / lr + 2 * l2) : 0);
      PUT(s1, i, n1);
    }
  }
}

void main() {
  for (uint i = gl_GlobalInvocationID.x; i < n; i += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
    if (INDEX_WORDS == 0) {
      update(i, F(grad, i));
      continue;
    }
    for (uint k = 0; k < n_indices; k++) {
      uint row = indices[k * INDEX_WORDS];
      if (row < rows) update(row * n + i, F(grad, k * n + i));
    }
  }
}
