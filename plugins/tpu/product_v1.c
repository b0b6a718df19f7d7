/* product_v1.c - the product's loops for the baseline (plugins/tpu). */
#define WIDTH 4 /* floats in a register */
#include "product_loops.h"
const tpu_products tpu_products_v1 = {real, whole};
