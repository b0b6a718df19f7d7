/* host.h - the table a plugin is checked with (frontends/conform).
 *
 * It passes everything on to the runtime's own table, and besides counts what the plugin owns, lets the Nth
 * allocation fail, and decides how work is cut into pieces. A plugin may keep the table it got from init and
 * use it in kernels, so it is started again with this one; both then mean the same. */
#ifndef CONFORM_HOST_H
#define CONFORM_HOST_H
#include <runnel/plugin.h>

typedef enum piecing {
  ONE_PIECE,    /* one thread, one call */
  MANY_PIECES,  /* as many as the grain allows, last first, on this thread */
  MANY_THREADS, /* the same pieces, on threads of their own */
  AS_HOST       /* the runtime's pool */
} piecing;
typedef struct hostile {
  rn_host_api api; /* ctx points at the hostile itself */
  const rn_host_api *real;
  piecing how;
  uint32_t threads;
  _Atomic int64_t blocks, tensors; /* the plugin owns */
  _Atomic uint64_t asked;          /* allocations since the last arming */
  _Atomic uint64_t fail_at;        /* 0: none */
  _Atomic int failed;              /* one was refused since the last arming */
} hostile;

void hostile_init(hostile *h, const rn_host_api *real);
/* The Nth allocation from now on fails, once; 0: none does. */
void hostile_arm(hostile *h, uint64_t nth);
#endif
