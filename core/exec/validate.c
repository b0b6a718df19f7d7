/* exec/validate.c - validating sessions, and kernels with a frame around them (core/exec). */
#include "exec/validate.h"
#include "graph/validate.h"

rn_status *exec_validation_create(rn_session *s) {
  if (!rn_runtime_validates(s->rt)) return NULL;
  exec_validation *v = rn_mem_zero(1, sizeof *v);
  if (v == NULL) return exec_out_of_memory("a session");
  (void)pthread_mutex_init(&v->guard, NULL);
  (void)pthread_cond_init(&v->wake, NULL);
  s->validation = v;
  return NULL;
}

void exec_validation_destroy(rn_session *s) {
  exec_validation *v = s->validation;
  if (v == NULL) return;
  exec_watchdog_stop(v);
  exec_frames_leave(v);
  rn_status_free(rn_notes_take(&v->late, NULL));
  (void)pthread_cond_destroy(&v->wake);
  (void)pthread_mutex_destroy(&v->guard);
  rn_mem_free(v);
  s->validation = NULL;
}

rn_status *exec_validation_late(exec_validation *v, rn_status *failure) {
  if (v == NULL) return failure;
  rn_scope scope;
  rn_scope_enter(&scope, NULL, NULL, &v->late);
  rn_guarded_sweep();
  (void)rn_scope_leave(&scope, NULL);
  return rn_notes_take(&v->late, failure);
}

uint64_t exec_hash_bytes(const void *p, size_t n) {
  const unsigned char *at = p;
  uint64_t h = 0xcbf29ce484222325u, word;
  for (; n >= sizeof word; n -= sizeof word, at += sizeof word) {
    memcpy(&word, at, sizeof word);
    h = (h ^ word) * 0x9e3779b97f4a7c15u;
    h ^= h >> 29;
  }
  for (; n > 0; n--) h = (h ^ *at++) * 0x100000001b3u;
  return h;
}

static const rn_host_api *host_of(const exec_node *n) {
  if (n->kind == NODE_CLAIM) return n->claim->host;
  return n->kernel != NULL ? n->kernel->host : NULL;
}

static void describe(const exec_plan *p, uint32_t node, char *buf, size_t size_bytes) {
  const exec_node *n = &p->node[node];
  char text[200];
  (void)exec_node_text(p, node, text, sizeof text);
  const char *by = n->kind == NODE_CLAIM ? n->claim->def->name : n->kernel != NULL ? n->kernel->def->label : NULL;
  (void)snprintf(buf, size_bytes, "%s (%s%s%s)", text, n->device != NULL ? n->device->type->def->type : "host",
                 by != NULL ? ", " : "", by != NULL ? by : "");
}

rn_status *exec_call_supports(const rn_kernel *k, rn_self *self, uint8_t *out_yes, char reason[256]) {
  char text[300], what[340];
  rn_scope scope;
  rn_validator *v = rn_validator_of(k->host);
  if (v == NULL) return k->def->supports(k->def->user, self, out_yes, reason);
  (void)snprintf(what, sizeof what, "supports of %s", rn_node_text(self->graph, self->id, text, sizeof text));
  self->view = rn_graph_checking_view();
  rn_scope_enter(&scope, v, what, NULL);
  rn_status *s = k->def->supports(k->def->user, self, out_yes, reason);
  if (memchr(reason, '\0', 256) == NULL) rn_violation_here(v, "the reason is longer than its 256 bytes");
  return rn_scope_leave(&scope, s);
}

rn_status *exec_call_prepare(const exec_plan *p, uint32_t node, rn_prepare *r, rn_prepared *out) {
  char what[300], text[340];
  rn_scope scope;
  const rn_kernel *k = p->node[node].kernel;
  rn_validator *v = rn_validator_of(k->host);
  if (v == NULL) return k->def->prepare(r, out);
  describe(p, node, what, sizeof what);
  (void)snprintf(text, sizeof text, "prepare of %s", what);
  r->self.view = rn_graph_checking_view();
  rn_scope_enter(&scope, v, text, NULL);
  return rn_scope_leave(&scope, k->def->prepare(r, out));
}

/* Kernels of a device with a queue may still be at work when compute has returned; those written for the
 * host are done, on whichever thread they run. */
static int is_isolated(const exec_node *n) {
  if (n->device == NULL || (n->device->info.features & RN_DEVICE_SYNCHRONOUS) != 0) return 1;
  return n->kernel != NULL && strcasecmp(n->kernel->def->device_type, n->device->type->def->type) != 0;
}

static rn_status *run(const void *state, rn_call *c) {
  const exec_watched *w = state;
  rn_scope scope;
  exec_frame *f = exec_frame_begin(w, (exec_call *)c);
  if (f == NULL) return exec_out_of_memory("a checked call");
  rn_scope_enter(&scope, w->plugin, f->what, &f->notes);
  rn_status *s = w->prep.compute(w->prep.state, &f->pub);
  (void)rn_scope_leave(&scope, NULL);
  return w->async ? exec_frame_returned(f, s) : exec_frame_end(f, s, 0);
}

static void destroy(void *state) {
  exec_watched *w = state;
  char text[340];
  rn_scope scope;
  (void)snprintf(text, sizeof text, "destroy of the prepared state of %s", w->what);
  rn_scope_enter(&scope, w->plugin, text, NULL);
  exec_prep_finish(&w->prep);
  rn_status_free(rn_scope_leave(&scope, NULL));
  rn_mem_free(w);
}

rn_status *exec_validate_prep(const exec_plan *p, uint32_t node, exec_prep *prep) {
  const exec_node *n = &p->node[node];
  if (p->session->validation == NULL || prep->compute == NULL) return NULL;
  exec_watched *w = rn_mem_zero(1, sizeof *w);
  if (w == NULL) {
    exec_prep_finish(prep);
    return exec_out_of_memory("a checked kernel");
  }
  w->prep = *prep;
  w->plan = p;
  w->node = node;
  w->plugin = rn_validator_of(host_of(n));
  w->async = n->kernel != NULL && (n->kernel->def->flags & RN_KERNEL_ASYNC) != 0;
  w->isolated = (uint8_t)is_isolated(n);
  describe(p, node, w->what, sizeof w->what);
  if (rn_guarded_find(prep->state, &w->state_bytes)) w->state_hash = exec_hash_bytes(prep->state, w->state_bytes);
  prep->compute = run;
  prep->state = w;
  prep->destroy = destroy;
  return NULL;
}
