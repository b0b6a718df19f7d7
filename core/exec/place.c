/* exec/place.c - which device and which kernel (core/exec).
 *
 * Nodes joined by colocation, a Ref edge or a resource handle form a group and go to one device: a
 * pinned one (a node's device, or the first [place] rule that matches), or the first in the order of
 * preference that has a kernel for every member. Host-only ops run on the first host device and that
 * is no fallback. Anything else that falls off a preferred device is an error, a warning or allowed. */
#include "exec/exec.h"

typedef struct rule {
  const char *pattern, *device;
} rule;
typedef struct place {
  exec_plan *p;
  uint32_t *parent; /* union-find */
  uint32_t *next;   /* members of a group, from its root */
  uint8_t *on_host; /* per root: something on the host holds a variable of the group */
  rule *rules;
  uint32_t n_rules;
  rn_text fallen;
  uint32_t n_fallen;
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

/* Why nothing of the group at root may be on a device that is not the host's; NULL: it may. */
static const char *held_back(const place *w, uint32_t root, const exec_device *d) {
  const exec_plan *p = w->p;
  const rn_device_def *def = d->type->def;
  if (exec_device_is_host(d)) return NULL;
  if (p->has_tokens) return "a step with control-flow primitives runs on the host";
  if (p->locks_per_op) return "a step with an op that may wait for another step runs on the host";
  if (w->on_host[root])
    return p->is_body ? "functions reach variables on the host" : "an op on the host holds its variable";
  int queues = def->queue_create != NULL && def->queue_destroy != NULL && def->timeline_create != NULL &&
               def->timeline_destroy != NULL && def->timeline_wait != NULL;
  if (def->alloc == NULL || def->release == NULL || def->copy == NULL) return "its plugin cannot allocate and copy";
  if ((d->info.features & RN_DEVICE_SYNCHRONOUS) == 0 && !queues) return "its plugin has no queues and timelines";
  return NULL;
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

static rn_status *read_rules(place *w) {
  const rn_config *c = rn_runtime_config(w->p->session->rt);
  const char *section, *key, *value, *origin;
  uint32_t n = rn_config_count(c);
  for (uint32_t i = 0; i < n; i++) {
    rn_config_at(c, i, &section, &key, &value, &origin);
    if (strcmp(section, "place") != 0 || value == NULL) continue;
    rule *grown = rn_mem_grow(w->rules, w->n_rules + 1, sizeof *grown);
    if (grown == NULL) return exec_out_of_memory("placement");
    w->rules = grown;
    w->rules[w->n_rules++] = (rule){key, value};
  }
  return NULL;
}

static int rule_matches(const rule *r, const exec_plan *p, const exec_node *n) {
  if (strncmp(r->pattern, "op:", 3) == 0) return rn_glob_match(r->pattern + 3, n->op->def->name);
  return rn_glob_match(r->pattern, rn_graph_name(p->graph, n->id));
}

static const char *pin_of(const place *w, const exec_node *n) {
  const char *device = rn_graph_device(w->p->graph, n->id);
  if (device != NULL && device[0] != '\0') return device;
  for (uint32_t i = 0; i < w->n_rules; i++)
    if (rule_matches(&w->rules[i], w->p, n)) return w->rules[i].device;
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
    RN_TRY(exec_kernel_choose(p->graph, n->id, n->op, d, &n->kernel, why));
    if (n->kernel == NULL) return NULL;
  }
  *out_fits = 1;
  return NULL;
}

static rn_status *settle(place *w, uint32_t root, exec_device *d, const char *why) {
  exec_plan *p = w->p;
  RN_TRY(exec_device_open(p->session->devices, d));
  for (uint32_t i = root; i != EXEC_NONE; i = w->next[i]) {
    exec_node *n = &p->node[i];
    n->why = why;
    if (needs_kernel(n) || n->kind == NODE_RESOURCE) n->device = d;
    if (needs_kernel(n) && (n->kernel->def->flags & RN_KERNEL_ASYNC) != 0) p->has_async = 1;
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
      rn_status_free(exec_kernel_choose(p->graph, p->node[i].id, p->node[i].op, s->order[d], &k, &why));
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
    rn_status_free(exec_kernel_choose(p->graph, p->node[i].id, p->node[i].op, s->order[d], &k, &w->fallen));
  }
  if (w->fallen.length == before) rn_text_printf(&w->fallen, " %s has no kernel for it", s->order[0]->full_name);
}

static rn_status *place_pinned(place *w, uint32_t root, const char *pin, int *out_done) {
  const rn_session *s = w->p->session;
  int known = 0;
  char text[256];
  for (uint32_t d = 0; d < s->n_order && !*out_done; d++) {
    if (!exec_device_matches(s->order[d], pin)) continue;
    known = 1;
    RN_TRY(try_device(w, root, s->order[d], out_done, NULL));
    if (*out_done) return settle(w, root, s->order[d], "pinned");
  }
  if (s->fallback != FALLBACK_ERROR && !s->pins_are_strict) {
    w->n_fallen++;
    rn_text_printf(&w->fallen, "\n%s is pinned to %s, which %s", exec_node_text(w->p, root, text, sizeof text), pin,
                   known ? "has no kernel for it" : "does not exist here");
    return NULL;
  }
  if (known) return no_kernel(w, root, pin);
  return rn_status_make(RN_INVALID_ARGUMENT, "%s is pinned to device '%s', and there is no such device",
                        exec_node_text(w->p, root, text, sizeof text), pin);
}

static rn_status *place_group(place *w, uint32_t root) {
  exec_plan *p = w->p;
  const rn_session *s = p->session;
  const char *pin = NULL;
  int wanted = 0, host_only = 0, done = 0;
  for (uint32_t i = root; i != EXEC_NONE; i = w->next[i]) {
    wanted |= needs_kernel(&p->node[i]);
    host_only |= is_host_only(&p->node[i]);
    if (pin == NULL) pin = pin_of(w, &p->node[i]);
  }
  if (!wanted) return NULL;
  if (host_only) {
    if (s->devices->count > 0) RN_TRY(try_device(w, root, s->devices->item[0], &done, NULL));
    return done ? settle(w, root, s->devices->item[0], "runs on the host only") : no_kernel(w, root, NULL);
  }
  if (pin != NULL) RN_TRY(place_pinned(w, root, pin, &done));
  for (uint32_t d = 0; d < s->n_order && !done; d++) {
    RN_TRY(try_device(w, root, s->order[d], &done, NULL));
    if (!done) continue;
    int fell = s->n_preferred > 0 && d >= s->n_preferred;
    if (fell) note_fallen(w, root, s->order[d]);
    return settle(w, root, s->order[d], fell ? "fallback" : d < s->n_preferred ? "preferred" : "has a kernel");
  }
  return done ? NULL : no_kernel(w, root, NULL);
}

static rn_status *report_fallen(place *w) {
  const rn_session *s = w->p->session;
  if (w->n_fallen == 0 || s->fallback == FALLBACK_ALLOW) return NULL;
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
      w->on_host[find(w->parent, i)] = 1;
      if (v->node != EXEC_NONE) w->on_host[find(w->parent, v->node)] = 1;
    }
  }
}

static rn_status *place_all(place *w) {
  exec_plan *p = w->p;
  for (uint32_t i = 0; i < p->n_node; i++) w->parent[i] = i;
  RN_TRY(read_rules(w));
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
    if (w->parent[i] == i) RN_TRY(place_group(w, i));
  return report_fallen(w);
}

rn_status *exec_place(exec_plan *p) {
  place w = {.p = p};
  rn_status *s = NULL;
  rn_text_init(&w.fallen);
  w.parent = rn_mem_alloc((p->n_node + (size_t)1) * sizeof *w.parent);
  w.next = rn_mem_alloc((p->n_node + (size_t)1) * sizeof *w.next);
  w.on_host = rn_mem_zero(p->n_node + (size_t)1, 1);
  s = w.parent != NULL && w.next != NULL && w.on_host != NULL ? place_all(&w) : exec_out_of_memory("placement");
  rn_text_finish(&w.fallen);
  rn_mem_free(w.rules);
  rn_mem_free(w.parent);
  rn_mem_free(w.next);
  rn_mem_free(w.on_host);
  return s;
}
