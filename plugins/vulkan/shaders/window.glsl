// window.glsl - the geometry that window.c pushes after n. Sums over pixels may come in parts: chunk, splits.
layout(push_constant) uniform Push {
  uint n, h, w, c, kh, kw, o, oh, ow;
  int sh, sw, dh, dw, pt, pl;
  uint xn, xh, xw, xc, yn, yh, yw, yc, chunk, splits;
};
