/* product_v3.c - the product's loops for AVX2 (plugins/tpu). */
#define WIDTH 8 /* floats in a register */
#include "product_loops.h"
const tpu_products tpu_products_v3 = {real, whole};
