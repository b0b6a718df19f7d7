/* plugin.c - offender: a plugin that breaks the rules, one way per attribute value (test plugin)
 * (tests/plugins/offender). The validation layer must see each of them. */
#include "offender.h"
#include <stdlib.h>

const rn_host_api *offender_host;

typedef struct prepared {
  rn_status *(*commit)(rn_call *c);
  int64_t runs;
} prepared;

static void forget(void *state) { offender_host->free(offender_host->ctx, state); }

rn_status *offender_prepare(const rn_prepare *p, rn_prepared *out, const offence *table) {
  const rn_host_api *h = p->self.host;
  rn_bytes how = rn_self_string(&p->self, "how");
  while (table->how != NULL && !rn_bytes_equal(how, table->how)) table++;
  if (table->how == NULL) return rn_error(h, RN_INVALID_ARGUMENT, "there is no '%.*s'", (int)how.size, how.data);
  prepared *s = h->alloc(h->ctx, sizeof *s, 16);
  if (s == NULL) return h->status(RN_RESOURCE_EXHAUSTED, "offender: out of memory");
  *s = (prepared){table->commit, 0};
  out->state = s;
  out->destroy = forget;
  out->scratch_bytes = 8;
  if (strcmp(table->how, "attribute") == 0) (void)rn_self_int(&p->self, "how", 0);
  return NULL;
}

rn_status *offender_run(const void *state, rn_call *c) {
  prepared *s = (prepared *)(uintptr_t)state;
  if (s->commit == NULL) { /* "state" */
    s->runs++;
    offender_copy(c);
    return NULL;
  }
  return s->commit(c);
}

rn_status *offender_same_shape(rn_infer *c) {
  c->api->set_shape(c, 0, c->api->shape(c, 0));
  return NULL;
}

void offender_copy(rn_call *c) {
  if (c->out[0]->size_bytes != 0) memcpy(c->out[0]->data, c->in[0]->data, c->out[0]->size_bytes);
}

static const rn_group *const groups[] = {&offender_host_group, &offender_call_group, &offender_graph_group,
                                         &offender_device_group};
static rn_status *init(const rn_host_api *h) {
  offender_host = h;
  return NULL;
}
static const rn_plugin_desc desc = {
    .struct_size = sizeof(rn_plugin_desc),
    .abi_major = RN_ABI_MAJOR,
    .abi_minor = RN_ABI_MINOR,
    .build_flags = RN_BUILD_FLAGS,
    .id = "offender",
    .version = "1.0",
    .license = "Apache-2.0",
    .doc = "Breaks the rules of the ABI (test).",
    .groups = groups,
    .group_count = 4,
    .init = init,
};
RN_EXPORT const rn_plugin_desc *RN_PLUGIN_ENTRY(offender)(void) { return &desc; }
