/* epilogue.c - what follows a product before its result is written (plugins/vulkan). */
#include "epilogue.h"

#define ASKS 0x40000000u /* in the flags of a call that never came from the host; its scratch is the epilogue */

void gpu_epilogue_ask(rn_call *c, gpu_epilogue *e) {
  c->flags |= ASKS;
  c->scratch = e;
}

gpu_epilogue *gpu_epilogue_asked(const rn_call *c) { return (c->flags & ASKS) != 0 ? c->scratch : NULL; }

static void add(gpu_dispatch *d, gpu_epilogue *e) {
  static const rn_tensor_view none = {.struct_size = (uint32_t)sizeof none};
  gpu_spec(d, e->bias != NULL);
  gpu_spec(d, e->op);
  memcpy(&d->spec[d->n_spec++], &e->alpha, sizeof e->alpha);
  gpu_bind(d, e->bias != NULL ? e->bias : &none, 0);
  gpu_bind(d, e->side != NULL ? e->side : &none, 0);
  e->done = 1;
}

void gpu_epilogue_take(gpu_dispatch *d, gpu_epilogue *e) {
  static const uint16_t forms[][2] = {{SHADER_product_large, SHADER_product_large_then},
                                      {SHADER_product_small, SHADER_product_small_then},
                                      {SHADER_product_direct, SHADER_product_direct_then},
                                      {SHADER_product_panels_8, SHADER_product_panels_8_then},
                                      {SHADER_product_panels_16, SHADER_product_panels_16_then},
                                      {SHADER_conv_large, SHADER_conv_large_then},
                                      {SHADER_conv_small, SHADER_conv_small_then},
                                      {SHADER_conv_direct, SHADER_conv_direct_then}};
  for (size_t k = 0; k < sizeof forms / sizeof forms[0]; k++) {
    if (d->code != &gpu_shaders[forms[k][0]]) continue;
    d->code = &gpu_shaders[forms[k][1]];
    add(d, e);
    return;
  }
}

rn_status *gpu_epilogue_parts(const rn_call *c, const rn_mem *parts, uint32_t n, uint32_t columns, uint32_t splits,
                              const rn_tensor_view *y, gpu_epilogue *e) {
  gpu_dispatch d = gpu_dispatch_of(c, SHADER_parts);
  RN_TRY(gpu_rounds(c, splits));
  gpu_bind_scratch(&d, parts, 0);
  gpu_bind(&d, y, 1);
  add(&d, e);
  gpu_push(&d, n);
  gpu_push(&d, columns);
  gpu_push(&d, splits);
  gpu_over(&d, c, n);
  return gpu_run(c, &d);
}
