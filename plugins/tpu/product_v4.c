/* product_v4.c - the product's loops for AVX-512 (plugins/tpu). */
#define WIDTH 16 /* floats in a register */
#include "product_loops.h"
const tpu_products tpu_products_v4 = {real, whole};
