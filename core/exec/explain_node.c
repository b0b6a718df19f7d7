/* exec/explain_node.c - what could run a node, what does, and which rule decided (core/exec).
 *
 * The candidates of every device in play, in the order in which placement asks them, each judged again for
 * its words. The rule between kernels is found from the chosen one and the best of the others that take
 * the node: the first of the total order in which they differ. */
#include "exec/exec.h"

typedef struct telling {
  exec_plan *p;
  rn_arena memory; /* of one node */
  rn_candidate **list;
  exec_candidate *of; /* per entry; kernel NULL: a device or plugin that takes no part */
  uint32_t count, capacity;
  int failed;
  const exec_node **claim; /* per node of the graph: as it is in the real plan, or NULL */
} telling;

static const char *keep(telling *t, const char *text) {
  char *copy = text != NULL && text[0] != '\0' ? rn_arena_text(&t->memory, text, strlen(text)) : "";
  if (copy == NULL) t->failed = 1;
  return copy != NULL ? copy : "";
}

static rn_candidate *add(telling *t, const exec_device *d, const exec_candidate *of) {
  if (t->count == t->capacity) {
    uint32_t wanted = t->capacity * 2 + 32;
    rn_candidate **list = rn_mem_grow(t->list, wanted, sizeof *list);
    if (list != NULL) t->list = list;
    exec_candidate *all = list != NULL ? rn_mem_grow(t->of, wanted, sizeof *all) : NULL;
    if (all == NULL) return NULL;
    t->of = all;
    t->capacity = wanted;
  }
  rn_candidate *c = rn_arena_alloc(&t->memory, sizeof *c);
  if (c == NULL) return NULL;
  *c = (rn_candidate){.struct_size = (uint32_t)sizeof *c,
                      .device = d->full_name,
                      .plugin = d->type->plugin,
                      .label = "",
                      .types = "",
                      .reason = ""};
  t->of[t->count] = of != NULL ? *of : (exec_candidate){NULL, NULL, 0};
  return t->list[t->count++] = c;
}

static rn_status *add_device(telling *t, const exec_device *d, const char *reason) {
  rn_candidate *c = add(t, d, NULL);
  if (c == NULL) return exec_out_of_memory("an explanation");
  c->reason = reason;
  return NULL;
}

static rn_status *add_kernel(telling *t, const exec_node *n, const exec_device *d, const exec_candidate *of) {
  const rn_kernel_def *def = of->kernel->def;
  rn_text why;
  int yes = 0;
  rn_candidate *c = add(t, d, of);
  if (c == NULL) return exec_out_of_memory("an explanation");
  rn_text_init(&why);
  rn_status *s = exec_kernel_judge(t->p->graph, n->id, n->op, of, &yes, &why);
  c->plugin = of->kernel->plugin;
  c->label = def->label != NULL ? def->label : "";
  c->types = def->types != NULL ? def->types : "";
  c->priority = def->priority;
  c->borrowed = of->borrowed;
  c->takes = yes != 0;
  c->chosen = n->device == d && n->kernel == of->kernel;
  c->reason = yes ? "" : keep(t, why.data);
  rn_text_finish(&why);
  return s;
}

typedef struct refusing {
  telling *t;
  const exec_device *d;
  rn_status *failed;
} refusing;
static void add_refused(void *arg, const char *plugin, const char *reason) {
  refusing *r = arg;
  rn_text why;
  rn_text_init(&why);
  rn_text_printf(&why, "the plugin cannot be loaded: %s", reason);
  rn_candidate *c = add(r->t, r->d, NULL);
  if (c != NULL) c->plugin = keep(r->t, plugin);
  if (c != NULL) c->reason = keep(r->t, why.data);
  if (c == NULL) r->t->failed = 1;
  rn_text_finish(&why);
}

/* A member of the group that has no kernel on d; EXEC_NONE: all have. */
static uint32_t who_cannot(const exec_plan *p, uint32_t node, const exec_device *d) {
  for (uint32_t i = p->group[node]; i != node; i = p->group[i]) {
    const rn_kernel *k = NULL;
    const exec_node *n = &p->node[i];
    if (n->kind != NODE_COMPUTE) continue;
    rn_status_free(exec_kernel_choose(p->session, p->graph, n->id, n->op, d, &k, NULL));
    if (k == NULL) return i;
  }
  return EXEC_NONE;
}

/* Kernels that take the node on a device that the group did not get say whose fault that is. */
static rn_status *say_why_not_here(telling *t, uint32_t node, const exec_device *d, uint32_t first) {
  char name[512];
  rn_text why;
  uint32_t other = t->p->node[node].device != d ? who_cannot(t->p, node, d) : EXEC_NONE;
  if (other == EXEC_NONE) return NULL;
  rn_text_init(&why);
  rn_text_printf(&why, "the node stands with %s, which has no kernel there",
                 exec_node_text(t->p, other, name, sizeof name));
  for (uint32_t i = first; i < t->count; i++)
    if (t->list[i]->takes) t->list[i]->reason = keep(t, why.data);
  rn_text_finish(&why);
  return NULL;
}

static rn_status *ask_device(telling *t, uint32_t node, const exec_device *d) {
  const exec_plan *p = t->p;
  const exec_node *n = &p->node[node];
  exec_candidate few[16], *list;
  uint32_t count, first = t->count;
  const char *held = exec_held_back(p, n, d);
  int host_only = (n->op->def->flags & RN_OP_HOST_ONLY) != 0 && !exec_device_is_host(d);
  if (held != NULL || host_only) return add_device(t, d, held != NULL ? held : "its op runs on the host only");
  RN_TRY(exec_kernel_list(p->session, n->op, d, few, 16, &list, &count));
  rn_status *s = NULL;
  for (uint32_t i = 0; i < count && s == NULL; i++) s = add_kernel(t, n, d, &list[i]);
  if (list != few) rn_mem_free(list);
  refusing r = {t, d, NULL};
  rn_registry_refused(p->session->rt, n->op, d->type->def->type, add_refused, &r);
  if (s == NULL && d->kernels_of != NULL) rn_registry_refused(p->session->rt, n->op, d->kernels_of, add_refused, &r);
  if (s == NULL && t->count == first) s = add_device(t, d, "no plugin has a kernel for this op there");
  return s != NULL ? s : say_why_not_here(t, node, d, first);
}

/* ---------------------------------------------------------------------------------- the rule */
static const char *rule_between(telling *t, const exec_candidate *a, const exec_candidate *b) {
  const rn_kernel_def *x = a->kernel->def, *y = b->kernel->def;
  const exec_preference *wish = a->preference;
  rn_text said;
  rn_text_init(&said);
  if (wish != NULL && !wish->never && wish != b->preference)
    rn_text_printf(&said, "[kernels] %s (%s)", wish->pattern, wish->origin);
  else if (a->borrowed != b->borrowed)
    rn_text_printf(&said, "written for '%s', before one of '%s'", x->device_type, y->device_type);
  else if (x->priority != y->priority)
    rn_text_printf(&said, "priority %d before %d", x->priority, y->priority);
  else if (a->kernel->n_constraints != b->kernel->n_constraints)
    rn_text_printf(&said, "more specific: %u type constraints, the next has %u", a->kernel->n_constraints,
                   b->kernel->n_constraints);
  else if (strcmp(a->kernel->plugin, b->kernel->plugin) != 0)
    rn_text_printf(&said, "plugin id '%s' before '%s'", a->kernel->plugin, b->kernel->plugin);
  else
    rn_text_printf(&said, "the order in plugin '%s'", a->kernel->plugin);
  const char *kept = keep(t, said.data);
  rn_text_finish(&said);
  return kept;
}

static const char *kernel_rule(telling *t) {
  uint32_t chosen = 0, refused = 0;
  while (chosen < t->count && !t->list[chosen]->chosen) chosen++;
  if (chosen == t->count) return "";
  const char *device = t->list[chosen]->device;
  for (uint32_t i = chosen + 1; i < t->count; i++)
    if (t->list[i]->takes && strcmp(t->list[i]->device, device) == 0) return rule_between(t, &t->of[chosen], &t->of[i]);
  for (uint32_t i = 0; i < t->count; i++)
    refused += t->of[i].kernel != NULL && strcmp(t->list[i]->device, device) == 0 && !t->list[i]->takes;
  return refused != 0 ? "the only one that takes the node" : "the only candidate";
}

/* ---------------------------------------------------------------------------------- the nodes */
static rn_status *unknown_op(telling *t, const exec_node *n, rn_node_explanation *e) {
  const rn_op *op;
  const char *name = rn_graph_op(t->p->graph, n->id);
  rn_status *s = rn_registry_op(t->p->session->rt, name, strlen(name), &op);
  e->problem = s != NULL ? keep(t, rn_status_message(s)) : "the graph was read before there was a plugin with the op";
  rn_status_free(s);
  return NULL;
}

static rn_status *find_out(telling *t, uint32_t node, rn_node_explanation *e) {
  const exec_plan *p = t->p;
  const exec_node *n = &p->node[node];
  if (n->op == NULL) return unknown_op(t, n, e);
  if (n->kind != NODE_COMPUTE) {
    e->part = exec_node_part(p, n);
    return NULL;
  }
  for (uint32_t d = 0; d < p->session->n_order; d++) RN_TRY(ask_device(t, node, p->session->order[d]));
  if (n->device == NULL) e->problem = n->why != NULL ? n->why : "";
  if (n->device == NULL) return NULL;
  e->device = n->device->full_name;
  e->device_rule = n->why;
  e->plugin = n->kernel->plugin;
  e->label = n->kernel->def->label != NULL ? n->kernel->def->label : "";
  e->kernel_rule = kernel_rule(t);
  e->fell_back |= (n->placing & PLACE_FELL) != 0;
  return NULL;
}

static void explain_claim(const exec_node *real, rn_node_explanation *e) {
  e->claimed_by = e->claim_reason = e->left_reason = "";
  if (real == NULL) return;
  if (real->left != NULL) e->left_reason = real->left;
  e->fell_back |= (real->placing & PLACE_FELL) != 0;
  if (real->kind != NODE_CLAIMED) return;
  e->claimed_by = real->claim->def->name;
  e->claim_reason = real->claim->reason;
}

static rn_status *tell(telling *t, uint32_t node, void (*visit)(void *arg, const rn_node_explanation *n), void *arg) {
  const exec_plan *p = t->p;
  const exec_node *n = &p->node[node];
  rn_node_explanation e = {
      .struct_size = (uint32_t)sizeof e, .name = rn_graph_name(p->graph, n->id), .op = rn_graph_op(p->graph, n->id)};
  e.part = e.device = e.plugin = e.label = e.device_rule = e.kernel_rule = e.problem = e.function = "";
  explain_claim(t->claim[n->id], &e);
  t->count = 0;
  RN_TRY(find_out(t, node, &e));
  if (t->failed) return exec_out_of_memory("an explanation");
  e.n_candidates = t->count;
  e.candidates = (const rn_candidate *const *)t->list;
  visit(arg, &e);
  return NULL;
}

/* Compilers were asked when the plan that runs was made. */
static rn_status *find_claims(telling *t, const exec_plan *real) {
  t->claim = rn_mem_zero(rn_graph_node_count(t->p->graph) + (size_t)1, sizeof *t->claim);
  if (t->claim == NULL) return exec_out_of_memory("an explanation");
  for (uint32_t i = 0; real != NULL && i < real->n_node; i++)
    if (real->node[i].kind == NODE_CLAIMED || real->node[i].left != NULL || (real->node[i].placing & PLACE_FELL) != 0)
      t->claim[real->node[i].id] = &real->node[i];
  return NULL;
}

rn_status *exec_explain_nodes(exec_plan *p, const exec_plan *real,
                              void (*visit)(void *arg, const rn_node_explanation *n), void *arg) {
  telling t = {.p = p};
  rn_status *s = find_claims(&t, real);
  for (uint32_t i = 0; i < p->n_node && s == NULL; i++) {
    rn_arena_init(&t.memory, 4096);
    s = tell(&t, i, visit, arg);
    rn_arena_finish(&t.memory);
  }
  rn_mem_free(t.list);
  rn_mem_free(t.of);
  rn_mem_free(t.claim);
  return s;
}
