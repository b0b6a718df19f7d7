// walk.glsl - element i of an output, and where an input that broadcasts to it has its element.
#ifndef WALK_GLSL
#define WALK_GLSL
uint walk_offset(uint i, uint rank, uint dim[8], uint stride[8]) {
  uint at = 0;
  for (uint k = 0; k < rank; k++) {
    at += i % dim[k] * stride[k];
    i /= dim[k];
  }
  return at;
}
#endif
