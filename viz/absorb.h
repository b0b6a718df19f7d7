/* absorb.h - parameters join the box that reads them (viz). */
#ifndef RN_VIZ_ABSORB_H
#define RN_VIZ_ABSORB_H
#include "fold.h"
/* Boxes of nothing but constants that one other box reads become part of it. */
rn_status *absorb_parameters(fold *f, const rn_graph *g);
#endif
