/* exec/fallen.c - why a group is not where it was wanted, in words (core/exec). */
#include "exec/placing.h"

const char *exec_held_back(const exec_plan *p, const exec_node *n, const exec_device *d) {
  const rn_device_def *def = d->type->def;
  if (exec_device_is_host(d)) return NULL;
  if (p->has_tokens) return "a step with control-flow primitives runs on the host";
  if (p->locks_per_op) return "a step with an op that may wait for another step runs on the host";
  if ((n->placing & PLACE_HELD) != 0)
    return p->is_body ? "functions reach variables on the host" : "an op on the host holds its variable";
  if ((n->placing & PLACE_OPEN) != 0 && d->kernels_of == NULL)
    return "shapes that depend on data are known only while the step runs, and it needs them before";
  int queues = def->queue_create != NULL && def->queue_destroy != NULL && def->timeline_create != NULL &&
               def->timeline_destroy != NULL && def->timeline_wait != NULL;
  if (def->alloc == NULL || def->release == NULL || def->copy == NULL) return "its plugin cannot allocate and copy";
  if ((d->info.features & RN_DEVICE_SYNCHRONOUS) == 0 && !queues) return "its plugin has no queues and timelines";
  return NULL;
}

const char *exec_group_held_back(const exec_placing *w, uint32_t root, const exec_device *d) {
  return exec_held_back(w->p, &w->p->node[root], d);
}

/* The whole story of a node that no device takes; why is NULL on the fast path, so it is told again. */
rn_status *exec_no_kernel(exec_placing *w, uint32_t root, const char *pin) {
  const exec_plan *p = w->p;
  const rn_session *s = p->session;
  rn_text why;
  char text[256];
  uint32_t i = root;
  rn_text_init(&why);
  const rn_kernel *k = NULL;
  for (; i != EXEC_NONE; i = w->next[i]) {
    if (!exec_needs_kernel(&p->node[i])) continue;
    rn_text_finish(&why);
    rn_text_init(&why);
    k = NULL;
    for (uint32_t d = 0; d < s->n_order && k == NULL; d++) {
      if (pin != NULL && !exec_device_matches(s->order[d], pin)) continue;
      const char *held = exec_group_held_back(w, root, s->order[d]);
      if (held != NULL) rn_text_printf(&why, "\n  %s: %s", s->order[d]->full_name, held);
      if (held != NULL) continue;
      rn_status_free(exec_kernel_choose(s, p->graph, p->node[i].id, p->node[i].op, s->order[d], &k, &why));
    }
    if (k == NULL) break;
  }
  if (i == EXEC_NONE) i = root;
  rn_status *made = rn_status_make(RN_NOT_FOUND, "%s: no kernel for it on %s; %s:%s",
                                   exec_node_text(p, i, text, sizeof text), pin != NULL ? pin : "any device",
                                   k != NULL          ? "no one device has kernels for all it must stand with"
                                   : why.data != NULL ? "candidates"
                                                      : "no candidates",
                                   why.data != NULL ? why.data : " none");
  rn_text_finish(&why);
  return made;
}

void exec_note_fallen(exec_placing *w, uint32_t root, const exec_device *to) {
  const exec_plan *p = w->p;
  const rn_session *s = p->session;
  uint32_t i = root;
  const rn_kernel *k = NULL;
  w->n_fallen++;
  if (w->fallen.length > 2000) return;
  while (i != EXEC_NONE && !exec_needs_kernel(&p->node[i])) i = w->next[i];
  if (i == EXEC_NONE) return;
  rn_text_printf(&w->fallen, "\n%s '%s' runs on %s:", p->node[i].op->def->name, rn_graph_name(p->graph, p->node[i].id),
                 to->full_name);
  size_t before = w->fallen.length;
  for (uint32_t d = 0; d < s->n_preferred; d++) {
    const char *held = exec_group_held_back(w, root, s->order[d]);
    if (held != NULL) rn_text_printf(&w->fallen, "\n  %s: %s", s->order[d]->full_name, held);
    if (held != NULL) continue;
    rn_status_free(exec_kernel_choose(s, p->graph, p->node[i].id, p->node[i].op, s->order[d], &k, &w->fallen));
  }
  if (w->fallen.length == before) rn_text_printf(&w->fallen, " %s has no kernel for it", s->order[0]->full_name);
}

rn_status *exec_report_fallen(exec_placing *w) {
  const rn_session *s = w->p->session;
  if (w->n_fallen == 0 || w->p->explains || s->fallback == FALLBACK_ALLOW) return NULL;
  const char *list = w->fallen.data != NULL ? w->fallen.data : "";
  if (s->fallback == FALLBACK_ERROR)
    return rn_status_make(RN_NOT_FOUND,
                          "%u nodes cannot run on the preferred device (allow it with fallback = warn):%s", w->n_fallen,
                          list);
  rn_log_write(rn_runtime_log(s->rt), RN_LOG_WARNING, "%u nodes do not run where they were wanted:%s", w->n_fallen,
               list);
  return NULL;
}
