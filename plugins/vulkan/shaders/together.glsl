// together.glsl - the sum of every invocation's v, for all of the workgroup's LANES invocations.
shared float part[LANES];
float sum_of(float v) {
  uint lane = gl_LocalInvocationID.x;
  barrier();
  part[lane] = v;
  barrier();
  for (uint half_ = LANES / 2; half_ > 0; half_ /= 2) {
    if (lane < half_) part[lane] += part[lane + half_];
    barrier();
  }
  return part[0];
}
