/* state.c - the prepared state of a kernel, which knows who takes its memory back (plugins/summaries). */
#include "summaries.h"

static void forget(void *state) {
  const rn_host_api *host = ((const sum_state *)state)->host;
  host->free(host->ctx, state);
}

void *sum_state_make(const rn_prepare *p, size_t size_bytes, rn_prepared *out) {
  const rn_host_api *host = p->self.host;
  sum_state *s = host->alloc(host->ctx, size_bytes, 16);
  if (s == NULL) return NULL;
  memset(s, 0, size_bytes);
  s->host = host;
  out->state = s;
  out->destroy = forget;
  return s;
}
