/* resource.h - variables as a trial has them (frontends/conform); for trial.c and call.c. */
#ifndef CONFORM_RESOURCE_H
#define CONFORM_RESOURCE_H
#include "fence.h"
#include "trial.h"

struct rn_resource { /* the host defines it; here the trial is the host */
  rn_dtype dtype;
  rn_shape shape;
  fence *memory;
  rn_tensor *strings; /* content of dtype string */
  int initialized;
  uint64_t version;
  /* an object */
  char type[64], name[64];
  void *object;
  void (*destroy)(void *object);
  rn_resource *next;
};
typedef struct call_out {
  fence *memory;
  rn_tensor *tensor; /* what the kernel made or gave */
} call_out;
typedef struct call {
  rn_call pub; /* first */
  const subject *u;
  rn_tensor_view in[SAMPLE_IN], out[SAMPLE_IN];
  const rn_tensor_view *in_at[SAMPLE_IN];
  rn_tensor_view *out_at[SAMPLE_IN];
  rn_resource *resource[SAMPLE_IN];
  fence *input[SAMPLE_IN];
  rn_tensor *tensor[SAMPLE_IN];
  call_out made[SAMPLE_IN];
  rn_resource *objects;
  uint64_t counter;
  uint32_t done; /* completions of an asynchronous kernel */
  rn_status *async_status;
  char *trouble; /* of the outcome */
} call;
extern const rn_call_api trial_call_api; /* call.c */
void call_trouble(call *c, const char *words);
/* trial_lay.c */
rn_tensor *fenced_tensor(rn_dtype t, const rn_shape *s, fence *f);                      /* shares the fence's memory */
rn_tensor_view trial_view(rn_dtype t, const rn_shape *s);                               /* without data */
int trial_lay(call *c, const subject *u, const sample *s, int in_place, char *trouble); /* 0: no memory */
#endif
