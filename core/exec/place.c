/* exec/place.c - which device and which kernel (core/exec).
 *
 * Nodes joined by colocation, a Ref edge or a resource handle form a group and go to one device: a
 * pinned one (a node's device, or the first [place] rule that matches), or the first in the order of
 * preference that has a kernel for every member. Host-only ops run on the first host device and that
 * is no fallback; nor is it one for what takes a shape from them that only the step knows. Anything else
 * that falls off a preferred device is an error, a warning or allowed. */
#include "exec/exec.h"

typedef struct place {
  exec_plan *p;
  uint32_t *parent; /* union-find */
  uint32_t *next;   /* members of a group, from its root */
  rn_text fallen;
  uint32_t n_fallen;
  uint8_t looked; /* for nodes whose shapes no layout will know */
} place;

static uint32_t find(uint32_t *parent, uint32_t i) {
  while (parent[i] != i) i = parent[i] = parent[parent[i]];
  return i;
}

static void join(place *w, uint32_t a, uint32_t b) {
  a = find(w->parent, a);
  b = find(w->parent, b);
  if (a < b)
    w->parent[b] = a;
  else
    w->parent[a] = b;
}

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

static const char *held_back(const place *w, uint32_t root, const exec_device *d) {
  return exec_held_back(w->p, &w->p->node[root], d);
}

static int needs_kernel(const exec_node *n) { return n->kind == NODE_COMPUTE; }
static int is_host_only(const exec_node *n) { return n->op != NULL && (n->op->def->flags & RN_OP_HOST_ONLY) != 0; }

static void join_handles(place *w, uint32_t i) {
  const exec_plan *p = w->p;
  const exec_node *n = &p->node[i];
  if (is_host_only(n)) return;
  for (uint32_t k = 0; k < n->n_in; k++) {
    const exec_value *v = &p->value[p->input[n->in + k]];
    if (v->node == EXEC_NONE || (v->dtype < RN_REF && v->dtype != RN_RESOURCE)) continue;
    if (v->dtype != RN_RESOURCE && !n->op->sig->in[rn_node_input_arg(p->graph, n->id, k)].is_ref) continue;
    join(w, i, v->node);
  }
}

/* "_class" names another node: those that name the same one stand together, planned or not. */
static rn_status *join_classes(place *w) {
  const exec_plan *p = w->p;
  uint32_t *first = NULL, i = 0, n_graph = rn_graph_node_count(p->graph);
  while (i < p->n_node && rn_node_colocation(p->graph, p->node[i].id) == RN_NO_NODE) i++;
  if (i == p->n_node) return NULL;
  first = rn_mem_alloc(((size_t)n_graph + 1) * sizeof *first);
  if (first == NULL) return exec_out_of_memory("placement");
  memset(first, 0xff, ((size_t)n_graph + 1) * sizeof *first);
  for (uint32_t k = 0; k < p->n_node; k++) first[p->node[k].id] = k;
  for (; i < p->n_node; i++) {
    rn_node_id with = rn_node_colocation(p->graph, p->node[i].id);
    if (with == RN_NO_NODE || is_host_only(&p->node[i])) continue;
    if (first[with] == EXEC_NONE) first[with] = i;
    join(w, i, first[with]);
  }
  rn_mem_free(first);
  return NULL;
}

static int rule_matches(const exec_rule *r, const exec_plan *p, const exec_node *n) {
  if (strncmp(r->pattern, "op:", 3) == 0) return rn_glob_match(r->pattern + 3, n->op->def->name);
  return rn_glob_match(r->pattern, rn_graph_name(p->graph, n->id));
}

/* Where a group has to be, and who says so. */
typedef struct pinning {
  const char *device, *words;
  uint32_t node;
} pinning;

static pinning pin_of(const place *w, uint32_t node) {
  const exec_node *n = &w->p->node[node];
  const char *device = rn_graph_device(w->p->graph, n->id);
  if (device != NULL && device[0] != '\0') return (pinning){device, "pinned in the graph", node};
  const rn_session *s = w->p->session;
  for (uint32_t i = 0; i < s->n_rule && n->op != NULL; i++)
    if (rule_matches(&s->rule[i], w->p, n)) return (pinning){s->rule[i].device, s->rule[i].words, node};
  return (pinning){NULL, NULL, EXEC_NONE};
}

static int is_after_host(const place *w, uint32_t root) { return (w->p->node[root].placing & PLACE_AFTER_HOST) != 0; }

/* A plan for the host alone asks nothing. */
static rn_status *look_for_open(place *w) {
  exec_plan *p = w->p;
  const rn_session *s = p->session;
  uint32_t d = 0;
  while (d < s->n_order && exec_device_is_host(s->order[d])) d++;
  if (w->looked || d == s->n_order) return NULL;
  w->looked = 1;
  RN_TRY(exec_find_open(p));
  for (uint32_t i = 0; i < p->n_node; i++)
    p->node[find(w->parent, i)].placing |= p->node[i].placing & (PLACE_OPEN | PLACE_AFTER_HOST);
  return NULL;
}

/* Can d run the whole group? Kernels are noted in the nodes as they are found. */
static rn_status *try_device(place *w, uint32_t root, exec_device *d, int *out_fits, rn_text *why) {
  exec_plan *p = w->p;
  *out_fits = 0;
  const char *held = held_back(w, root, d);
  if (held != NULL && why != NULL) rn_text_printf(why, "\n  %s: %s", d->full_name, held);
  if (held != NULL) return NULL;
  for (uint32_t i = root; i != EXEC_NONE; i = w->next[i]) {
    exec_node *n = &p->node[i];
    if (!needs_kernel(n)) continue;
    RN_TRY(exec_kernel_choose(p->session, p->graph, n->id, n->op, d, &n->kernel, why));
    if (n->kernel == NULL) return NULL;
  }
  *out_fits = 1;
  return NULL;
}

static rn_status *settle(place *w, uint32_t root, exec_device *d, const char *why) {
  exec_plan *p = w->p;
  if (!p->explains) RN_TRY(exec_device_open(p->session->devices, d));
  for (uint32_t i = root; i != EXEC_NONE; i = w->next[i]) {
    exec_node *n = &p->node[i];
    n->why = why;
    if (needs_kernel(n) || n->kind == NODE_RESOURCE) n->device = d;
    if (!needs_kernel(n)) continue;
    n->borrowed = strcasecmp(n->kernel->def->device_type, d->type->def->type) != 0;
    if ((n->kernel->def->flags & RN_KERNEL_ASYNC) != 0) p->has_async = 1;
  }
  return NULL;
}

/* The whole story of a node that no device takes; why is NULL on the fast path, so it is told again. */
static rn_status *no_kernel(place *w, uint32_t root, const char *pin) {
  const exec_plan *p = w->p;
  const rn_session *s = p->session;
  rn_text why;
  char text[256];
  uint32_t i = root;
  rn_text_init(&why);
  const rn_kernel *k = NULL;
  for (; i != EXEC_NONE; i = w->next[i]) {
    if (!needs_kernel(&p->node[i])) continue;
    rn_text_finish(&why);
    rn_text_init(&why);
    k = NULL;
    for (uint32_t d = 0; d < s->n_order && k == NULL; d++) {
      if (pin != NULL && !exec_device_matches(s->order[d], pin)) continue;
      const char *held = held_back(w, root, s->order[d]);
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

static void mark_fallen(place *w, uint32_t root) {
  for (uint32_t i = root; i != EXEC_NONE; i = w->next[i]) w->p->node[i].placing |= PLACE_FELL;
}

static void note_fallen(place *w, uint32_t root, const exec_device *to) {
  const exec_plan *p = w->p;
  const rn_session *s = p->session;
  uint32_t i = root;
  const rn_kernel *k = NULL;
  w->n_fallen++;
  if (w->fallen.length > 2000) return;
  while (i != EXEC_NONE && !needs_kernel(&p->node[i])) i = w->next[i];
  if (i == EXEC_NONE) return;
  rn_text_printf(&w->fallen, "\n%s '%s' runs on %s:", p->node[i].op->def->name, rn_graph_name(p->graph, p->node[i].id),
                 to->full_name);
  size_t before = w->fallen.length;
  for (uint32_t d = 0; d < s->n_preferred; d++) {
    const char *held = held_back(w, root, s->order[d]);
    if (held != NULL) rn_text_printf(&w->fallen, "\n  %s: %s", s->order[d]->full_name, held);
    if (held != NULL) continue;
    rn_status_free(exec_kernel_choose(s, p->graph, p->node[i].id, p->node[i].op, s->order[d], &k, &w->fallen));
  }
  if (w->fallen.length == before) rn_text_printf(&w->fallen, " %s has no kernel for it", s->order[0]->full_name);
}

/* The others of the group are told whose pin it is. */
static rn_status *settle_pinned(place *w, uint32_t root, exec_device *d, const pinning *to) {
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

static rn_status *place_pinned(place *w, uint32_t root, const pinning *to, int *out_done) {
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
  if (known) return no_kernel(w, root, pin);
  (void)exec_node_text(w->p, root, text, sizeof text);
  return exec_no_device(s, pin, text);
}

static rn_status *place_group(place *w, uint32_t root) {
  exec_plan *p = w->p;
  const rn_session *s = p->session;
  pinning to = {NULL, NULL, EXEC_NONE};
  int wanted = 0, host_only = 0, done = 0;
  for (uint32_t i = root; i != EXEC_NONE; i = w->next[i]) {
    wanted |= needs_kernel(&p->node[i]);
    host_only |= is_host_only(&p->node[i]);
    if (to.device == NULL) to = pin_of(w, i);
  }
  if (!wanted) return NULL;
  if (host_only) {
    exec_device *host;
    RN_TRY(exec_session_host(p->session, &host));
    if (host != NULL) RN_TRY(try_device(w, root, host, &done, NULL));
    return done ? settle(w, root, host, "its op runs on the host only") : no_kernel(w, root, NULL);
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
    if (low) note_fallen(w, root, s->order[d]);
    if (low || fell) mark_fallen(w, root);
    return settle(w, root, s->order[d],
                  low || fell          ? "fallback: where it was wanted it cannot be"
                  : d < s->n_asked     ? "the session's first choice"
                  : d < s->n_preferred ? s->order_words
                                       : "the first device with a kernel");
  }
  return done ? NULL : no_kernel(w, root, NULL);
}

static rn_status *report_fallen(place *w) {
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

/* Nodes that stay on the host and hold a variable's handle keep its group there; in a function all do. */
static void hold_on_host(place *w) {
  const exec_plan *p = w->p;
  for (uint32_t i = 0; i < p->n_node; i++) {
    const exec_node *n = &p->node[i];
    if (!needs_kernel(n)) continue;
    int calls = (n->op->def->flags & RN_OP_CALLS) != 0;
    int looks_only = (n->op->def->flags & RN_OP_UNINITIALIZED_OK) != 0 && n->op->def->writes == 0 && !calls;
    if (looks_only || !(p->is_body || calls || is_host_only(n))) continue;
    for (uint32_t k = 0; k < n->n_in; k++) {
      const exec_value *v = &p->value[p->input[n->in + k]];
      int handle = v->dtype == RN_RESOURCE ||
                   (v->dtype >= RN_REF && n->op->sig->in[rn_node_input_arg(p->graph, n->id, k)].is_ref);
      if (!handle) continue;
      p->node[find(w->parent, i)].placing |= PLACE_HELD;
      if (v->node != EXEC_NONE) p->node[find(w->parent, v->node)].placing |= PLACE_HELD;
    }
  }
}

/* An explanation goes on without a place: the reason is what is asked for. */
static rn_status *settle_or_say(place *w, uint32_t root, rn_status *failed) {
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

/* After placement: held back is the whole group. */
static rn_status *keep_groups(place *w) {
  exec_plan *p = w->p;
  p->group = rn_arena_array(&p->memory, p->n_node + (size_t)1, sizeof *p->group);
  if (p->group == NULL) return exec_out_of_memory("placement");
  for (uint32_t i = 0; i < p->n_node; i++) {
    uint32_t root = find(w->parent, i);
    p->group[i] = w->next[i] != EXEC_NONE ? w->next[i] : root;
    p->node[i].placing |= p->node[root].placing & (PLACE_HELD | PLACE_OPEN);
  }
  return NULL;
}

static rn_status *place_all(place *w) {
  exec_plan *p = w->p;
  for (uint32_t i = 0; i < p->n_node; i++) w->parent[i] = i;
  RN_TRY(join_classes(w));
  for (uint32_t i = 0; i < p->n_node; i++)
    if (p->node[i].op != NULL && p->node[i].kind != NODE_TOKEN) join_handles(w, i);
  memset(w->next, 0xff, p->n_node * sizeof *w->next);
  for (uint32_t i = p->n_node; i-- > 0;) { /* the root is its group's smallest member: it stays first */
    uint32_t root = find(w->parent, i);
    if (root == i) continue;
    w->next[i] = w->next[root];
    w->next[root] = i;
  }
  hold_on_host(w);
  for (uint32_t i = 0; i < p->n_node; i++)
    if (w->parent[i] == i) RN_TRY(settle_or_say(w, i, place_group(w, i)));
  if (p->explains) RN_TRY(keep_groups(w));
  return report_fallen(w);
}

rn_status *exec_place(exec_plan *p) {
  place w = {.p = p};
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
