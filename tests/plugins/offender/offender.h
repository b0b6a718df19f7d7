/* offender.h - what the files of the offending plugin share (tests/plugins/offender). */
#ifndef OFFENDER_H
#define OFFENDER_H
#include <runnel/plugin.h>

typedef struct offence { /* one way to break the rules */
  const char *how;
  rn_status *(*commit)(rn_call *c);
} offence;
extern const rn_host_api *offender_host; /* from init */
extern const rn_group offender_host_group, offender_call_group, offender_graph_group, offender_device_group;
/* prepare of all kernels: the offence named by the attribute `how`, in out->state. table: ends with NULL */
rn_status *offender_prepare(const rn_prepare *p, rn_prepared *out, const offence *table);
rn_status *offender_run(const void *state, rn_call *c);
rn_status *offender_same_shape(rn_infer *c);
/* What an honest kernel does: y = x. */
void offender_copy(rn_call *c);
#endif
