// reduce.glsl - how two values become one, and where the elements of an output's reduction are.
// Kept and reduced runs of dimensions alternate, so there are at most four of each, innermost first.
layout(constant_id = 1) const uint HOW = 0;
layout(push_constant) uniform Push {
  uint n_out, n_red, chunk, splits, kept_runs, red_runs, divide;
  uint kept[4], kept_stride[4], red[4], red_stride[4];
};
uint at_kept(uint i) {
  uint at = 0;
  for (uint k = 0; k < kept_runs; k++) {
    at += i % kept[k] * kept_stride[k];
    i /= kept[k];
  }
  return at;
}
uint at_red(uint i) {
  if (red_runs == 1) return i * red_stride[0];
  uint at = 0;
  for (uint k = 0; k < red_runs; k++) {
    at += i % red[k] * red_stride[k];
    i /= red[k];
  }
  return at;
}
