/* exec/place.c - which device and which kernel (core/exec).
 *
 * A group of nodes (group.c) goes to one device: a pinned one (a node's device, or the first [place] rule that
 * matches), or the first in the order of preference that has a kernel for every member. Host-only ops run on the first
 * host device and that is no fallback; nor is it one for what takes a shape from them that only the step knows.
 * Anything else that falls off a preferred device is an error, a warning or allowed. */
#include "exec/placing.h"

static int rule_matches(const exec_rule *r, const exec_plan *p, const exec_node *n) {
  if (strncmp(r->pattern, "op:", 3) == 0) return rn_glob_match(r->pattern + 3, n->op->def->name);
  return rn_glob_match(r->pattern, rn_graph_name(p->graph, n->id));
}

/* Where a group has to be, and who says so. */
typedef struct pinning {
  const char *device, *words;
  uint32_t node;
} pinning;

static pinning pin_of(const exec_placing *w, uint32_t node) {
  const exec_node *n = &w->p->node[node];
  const char *device = rn_graph_device(w->p->graph, n->id);
  if (device != NULL && device[0] != '\0') return (pinning){device, "pinned in the graph", node};
  const rn_session *s = w->p->session;
  for (uint32_t i = 0; i < s->n_rule && n->op != NULL; i++)
    if (rule_matches(&s->rule[i], w->p, n)) return (pinning){s->rule[i].device, s->rule[i].words, node};
  return (pinning){NULL, NULL, EXEC_NONE};
}

static int is_after_host(const exec_placing *w, uint32_t root) {
  return (w->p->node[root].placing & PLACE_AFTER_HOST) != 0;
}

/* A plan for the host alone asks nothing. */
static rn_status *look_for_open(exec_placing *w) {
  exec_plan *p = w->p;
  const rn_session *s = p->session;
  uint32_t d = 0;
  while (d < s->n_order && exec_device_is_host(s->order[d])) d++;
  if (w->looked || d == s->n_order) return NULL;
  w->looked = 1;
  RN_TRY(exec_find_open(p));
  for (uint32_t i = 0; i < p->n_node; i++)
    p->node[exec_group_of(w, i)].placing |= p->node[i].placing & (PLACE_OPEN | PLACE_AFTER_HOST);
  return NULL;
}

/* Can d run the whole group? Kernels are noted in the nodes as they are found. */
static rn_status *try_device(exec_placing *w, uint32_t root, exec_device *d, int *out_fits, rn_text *why) {
  exec_plan *p = w->p;
  *out_fits = 0;
  const char *held = exec_group_held_back(w, root, d);
  if (held != NULL && why != NULL) rn_text_printf(why, "\n  %s: %s", d->full_name, held);
  if (held != NULL) return NULL;
  for (uint32_t i = root; i != EXEC_NONE; i = w->next[i]) {
    exec_node *n = &p->node[i];
    if (!exec_needs_kernel(n)) continue;
    RN_TRY(exec_kernel_choose(p->session, p->graph, n->id, n->op, d, &n->kernel, why));
    if (n->kernel == NULL) return NULL;
  }
  *out_fits = 1;
  return NULL;
}

static rn_status *settle(exec_placing *w, uint32_t root, exec_device *d, const char *why) {
  exec_plan *p = w->p;
  if (!p->explains) RN_TRY(exec_device_open(p->session->devices, d));
  for (uint32_t i = root; i != EXEC_NONE; i = w->next[i]) {
    exec_node *n = &p->node[i];
    n->why = why;
    if (exec_needs_kernel(n) || n->kind == NODE_RESOURCE) n->device = d;
    if (!exec_needs_kernel(n)) continue;
    n->borrowed = strcasecmp(n->kernel->def->device_type, d->type->def->type) != 0;
    if ((n->kernel->def->flags & RN_KERNEL_ASYNC) != 0) p->has_async = 1;
  }
  return NULL;
}

static void mark_fallen(exec_placing *w, uint32_t root) {
  for (uint32_t i = root; i != EXEC_NONE; i = w->next[i]) w->p->node[i].placing |= PLACE_FELL;
}

/* The others of the group are told whose pin it is. */
static rn_status *settle_pinned(exec_placing *w, uint32_t root, exec_device *d, const pinning *to) {
  exec_plan *p = w->p;
  rn_text t;
  RN_TRY(settle(w, root, d, to->words));
  if (w->next[root] == EXEC_NONE) return NULL;
  rn_text_init(&t);
  rn_text_printf(&t, "stands with '%s', %s", rn_graph_name(p->graph, p->node[to->node].id), to->words);
  const char *words = t.failed ? NULL : rn_arena_text(&p->memory, t.data, t.length);
  rn_text_finish(&t);
  if (words == NULL) return exec_out_of_memory("placement");
  for (uint32_t i = root; i != EXEC_NONE; i = w->next[i])
    if (i != to->node) p->node[i].why = words;
  return NULL;
}

static rn_status *place_pinned(exec_placing *w, uint32_t root, const pinning *to, int *out_done) {
  const char *pin = to->device;
  rn_session *s = w->p->session;
  int known = 0;
  char text[256];
  for (uint32_t d = 0; d < s->n_order && !*out_done; d++) {
    if (!exec_device_matches(s->order[d], pin)) continue;
    known = 1;
    RN_TRY(try_device(w, root, s->order[d], out_done, NULL));
    if (*out_done) return settle_pinned(w, root, s->order[d], to);
  }
  if (known && is_after_host(w, root)) return NULL;
  if (s->fallback != FALLBACK_ERROR && !s->pins_are_strict) {
    w->n_fallen++;
    rn_text_printf(&w->fallen, "\n%s is pinned to %s, which %s", exec_node_text(w->p, root, text, sizeof text), pin,
                   known ? "cannot run it" : "does not exist here");
    return NULL;
  }
  if (known) return exec_no_kernel(w, root, pin);
  (void)exec_node_text(w->p, root, text, sizeof text);
  return exec_no_device(s, pin, text);
}

static rn_status *place_group(exec_placing *w, uint32_t root) {
  exec_plan *p = w->p;
  const rn_session *s = p->session;
  pinning to = {NULL, NULL, EXEC_NONE};
  int wanted = 0, host_only = 0, done = 0;
  for (uint32_t i = root; i != EXEC_NONE; i = w->next[i]) {
    wanted |= exec_needs_kernel(&p->node[i]);
    host_only |= exec_is_host_only(&p->node[i]);
    if (to.device == NULL) to = pin_of(w, i);
  }
  if (!wanted) return NULL;
  if (host_only) {
    exec_device *host;
    RN_TRY(exec_session_host(p->session, &host));
    if (host != NULL) RN_TRY(try_device(w, root, host, &done, NULL));
    return done ? settle(w, root, host, "its op runs on the host only") : exec_no_kernel(w, root, NULL);
  }
  uint32_t joined;
  if (to.device != NULL) RN_TRY(exec_session_join(p->session, to.device, &joined));
  RN_TRY(look_for_open(w));
  if (to.device != NULL) RN_TRY(place_pinned(w, root, &to, &done));
  int fell = to.device != NULL && !done, expected = is_after_host(w, root);
  for (uint32_t d = 0, more = 1; !done && more != 0; d++) {
    if (d == s->n_order) RN_TRY(exec_session_join_more(p->session, &more));
    if (d == s->n_order) break;
    RN_TRY(look_for_open(w));
    RN_TRY(try_device(w, root, s->order[d], &done, NULL));
    if (!done) continue;
    int low = s->n_preferred > 0 && d >= s->n_preferred;
    if ((low || fell) && expected)
      return settle(w, root, s->order[d], "what it takes from an op of the host has a shape that only the step knows");
    if (low) exec_note_fallen(w, root, s->order[d]);
    if (low || fell) mark_fallen(w, root);
    return settle(w, root, s->order[d],
                  low || fell          ? "fallback: where it was wanted it cannot be"
                  : d < s->n_asked     ? "the session's first choice"
                  : d < s->n_preferred ? s->order_words
                                       : "the first device with a kernel");
  }
  return done ? NULL : exec_no_kernel(w, root, NULL);
}

/* An explanation goes on without a place: the reason is what is asked for. */
static rn_status *settle_or_say(exec_placing *w, uint32_t root, rn_status *failed) {
  exec_plan *p = w->p;
  if (failed == NULL || !p->explains || rn_status_code(failed) == RN_RESOURCE_EXHAUSTED) return failed;
  const char *said = rn_status_message(failed), *why = rn_arena_text(&p->memory, said, strlen(said));
  rn_status_free(failed);
  if (why == NULL) return exec_out_of_memory("placement");
  for (uint32_t i = root; i != EXEC_NONE; i = w->next[i]) {
    p->node[i].why = why;
    p->node[i].device = NULL;
    p->node[i].kernel = NULL;
  }
  return NULL;
}

static rn_status *place_all(exec_placing *w) {
  exec_plan *p = w->p;
  RN_TRY(exec_group_all(w));
  for (uint32_t i = 0; i < p->n_node; i++)
    if (w->parent[i] == i) RN_TRY(settle_or_say(w, i, place_group(w, i)));
  if (p->explains) RN_TRY(exec_group_keep(w));
  return exec_report_fallen(w);
}

rn_status *exec_place(exec_plan *p) {
  exec_placing w = {.p = p};
  rn_status *s = NULL;
  rn_text_init(&w.fallen);
  w.parent = rn_mem_alloc((p->n_node + (size_t)1) * sizeof *w.parent);
  w.next = rn_mem_alloc((p->n_node + (size_t)1) * sizeof *w.next);
  s = w.parent != NULL && w.next != NULL ? place_all(&w) : exec_out_of_memory("placement");
  rn_text_finish(&w.fallen);
  rn_mem_free(w.parent);
  rn_mem_free(w.next);
  return s;
}
