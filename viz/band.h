/* band.h - a graph without useful scopes, cut across the flow (viz). */
#ifndef RN_VIZ_BAND_H
#define RN_VIZ_BAND_H
#include "fold.h"
/* Folds anew: nodes of about the same depth share a box, `wanted` boxes in all. */
rn_status *band_fold(fold *f, const rn_graph *g, const unsigned char *mask, uint32_t wanted);
#endif
