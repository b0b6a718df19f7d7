// divide.glsl - x / d for a d that the host knows: m and s are its gpu_divisor (divide.h).
uint divide(uint x, uint m, uint s) {
  uint high, low;
  umulExtended(x, m, high, low);
  return (high + x) >> s;
}
