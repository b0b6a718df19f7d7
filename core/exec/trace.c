/* exec/trace.c - what ran when (core/exec). */
#include "exec/trace.h"
#include <stdio.h>
#include <stdlib.h>
#include "tensor/shape.h"

static uint32_t thread_number(void) {
  static _Atomic uint32_t last;
  static _Thread_local uint32_t mine;
  if (mine == 0) mine = atomic_fetch_add(&last, 1) + 1;
  return mine;
}

rn_status *exec_trace_begin(exec_run *r) {
  r->trace = rn_mem_zero(1, sizeof *r->trace);
  if (r->trace == NULL) return exec_out_of_memory("a trace");
  (void)pthread_mutex_init(&r->trace->lock, NULL);
  rn_arena_init(&r->trace->memory, 4096);
  r->trace->all = (r->flags & RN_RUN_TRACE_ALL) != 0;
  r->trace->begin_ns = exec_now_ns();
  return NULL;
}

/* ------------------------------------------------------------------------------------- keeping */
static int has_room(exec_trace *t) {
  if (t->count < t->capacity) return 1;
  uint32_t wanted = t->capacity * 2 + 256;
  traced *grown = t->count < TRACE_MOST ? rn_mem_grow(t->event, wanted, sizeof *grown) : NULL;
  if (grown == NULL) return 0;
  t->event = grown;
  t->capacity = wanted;
  return 1;
}

void exec_trace_put(exec_trace *t, const traced *e) {
  (void)pthread_mutex_lock(&t->lock);
  if (has_room(t))
    t->event[t->count++] = *e;
  else
    t->lost++;
  (void)pthread_mutex_unlock(&t->lock);
}

void *exec_trace_alloc(exec_trace *t, size_t count, size_t size_bytes) {
  (void)pthread_mutex_lock(&t->lock);
  void *p = rn_arena_array(&t->memory, count + 1, size_bytes);
  (void)pthread_mutex_unlock(&t->lock);
  return p;
}

const char *exec_trace_keep(exec_trace *t, const char *text) {
  (void)pthread_mutex_lock(&t->lock);
  const char *kept = rn_arena_text(&t->memory, text, strlen(text));
  (void)pthread_mutex_unlock(&t->lock);
  return kept != NULL ? kept : "";
}

/* Loops come back with the same names: each path is made once. */
static const char *scope_of(exec_trace *t, const char *outer, const char *node) {
  for (const trace_scope *s = t->scopes; s != NULL; s = s->next)
    if (s->outer == outer && s->node == node) return s->text;
  size_t size = strlen(outer) + strlen(node) + 2;
  trace_scope *s = rn_arena_alloc(&t->memory, sizeof *s);
  char *text = rn_arena_alloc(&t->memory, size);
  if (s == NULL || text == NULL) return outer;
  (void)snprintf(text, size, "%s%s%s", outer, outer[0] != '\0' ? "/" : "", node);
  *s = (trace_scope){t->scopes, outer, node, text};
  t->scopes = s;
  return text;
}

const char *exec_trace_scope(const exec_run *r, const exec_call *caller) {
  const char *outer = r->scope != NULL ? r->scope : "";
  (void)pthread_mutex_lock(&r->trace->lock);
  outer = scope_of(r->trace, outer, rn_graph_name(caller->plan->graph, caller->plan->node[caller->node].id));
  (void)pthread_mutex_unlock(&r->trace->lock);
  return outer;
}

/* ---------------------------------------------------------------------------------- describing */
static exec_run *run_of(const exec_call *c) { return c->instance != NULL ? c->instance->run : c->run; }

static uint32_t kind_of_copy(const exec_plan *p, const exec_node *n, const exec_step *step) {
  if (step == NULL || step->copies == 0) return RN_TRACE_KERNEL;
  const exec_device *from = p->value[p->input[n->in + step->copied]].home, *to = p->value[n->out].home;
  return to == NULL ? RN_TRACE_DOWNLOAD : from == NULL ? RN_TRACE_UPLOAD : RN_TRACE_KERNEL;
}

static uint32_t kind_of(const exec_call *c, int on_device) {
  const exec_node *n = &c->plan->node[c->node];
  const exec_step *step = c->instance != NULL ? &c->instance->layout->step[c->node] : NULL;
  uint32_t kind = kind_of_copy(c->plan, n, step);
  int is_later = step != NULL && step->mode == STEP_DEVICE && !step->launched &&
                 (n->device->info.features & RN_DEVICE_SYNCHRONOUS) == 0;
  if (kind != RN_TRACE_KERNEL) return kind;
  if (is_later && !on_device) return RN_TRACE_SUBMIT;
  if (n->kind == NODE_CLAIM) return RN_TRACE_CLAIM;
  return n->op != NULL && (n->op->def->flags & RN_OP_CALLS) != 0 ? RN_TRACE_CALL : RN_TRACE_KERNEL;
}

static const char *const *names(exec_trace *t, const exec_plan *p, const uint32_t *node, uint32_t n) {
  const char **name = exec_trace_alloc(t, n, sizeof *name);
  for (uint32_t i = 0; name != NULL && i < n; i++) name[i] = rn_graph_name(p->graph, p->node[node[i]].id);
  return name;
}

static void cover(exec_trace *t, const exec_call *c, traced *e) {
  const exec_node *n = &c->plan->node[c->node];
  const exec_layout *l = c->instance != NULL ? c->instance->layout : NULL;
  uint32_t segment = l != NULL ? l->step[c->node].segment : EXEC_NONE;
  if (e->e.kind == RN_TRACE_SUBMIT && segment != EXEC_NONE) {
    const exec_segment *s = &l->segment[segment];
    e->e.n_covers = s->last - s->first + 1;
    e->e.covers = names(t, c->plan, l->order + s->first, e->e.n_covers);
  } else if (n->kind == NODE_CLAIM) {
    e->e.n_covers = n->claim->n_nodes;
    e->e.covers = names(t, c->plan, n->claim->member, e->e.n_covers);
  }
  if (e->e.covers == NULL) e->e.n_covers = 0;
}

static void add_kernel(const exec_node *n, rn_trace_event *e) {
  if (n->kind == NODE_CLAIM) {
    e->kernel = n->claim->def->name;
    e->plugin = n->device->type->plugin;
  } else if (n->kernel != NULL) {
    e->kernel = n->kernel->def->label != NULL ? n->kernel->def->label : "";
    e->plugin = n->kernel->plugin;
  } else {
    e->kernel = "copy";
  }
}

traced exec_trace_describe(const exec_call *c, int on_device) {
  const exec_node *n = &c->plan->node[c->node];
  const exec_run *r = run_of(c);
  traced t = {{.node = rn_graph_name(c->plan->graph, n->id),
               .op = n->op != NULL ? rn_graph_op(c->plan->graph, n->id) : "",
               .device = n->device != NULL ? n->device->full_name : "",
               .kernel = "",
               .correlation = r->correlation | (c->instance != NULL ? c->position : c->node),
               .thread = on_device ? 0 : thread_number(),
               .kind = kind_of(c, on_device),
               .plugin = "",
               .track = "",
               .scope = r->scope != NULL ? r->scope : "",
               .shape = ""},
              RN_INVALID,
              {0}};
  add_kernel(n, &t.e);
  cover(r->trace, c, &t);
  for (uint32_t i = 0; i < c->pub.n_out; i++) t.e.bytes += c->pub.out[i]->size_bytes;
  if (c->pub.n_out != 0) {
    t.dtype = rn_dtype_base(c->pub.out[0]->dtype);
    t.shape = c->pub.out[0]->shape;
  }
  if (c->instance != NULL && c->instance->alive != NULL) t.e.memory_bytes = c->instance->alive[c->position];
  return t;
}

void exec_trace_node(const exec_call *c, uint64_t begin_ns) {
  uint64_t end_ns = exec_now_ns();
  const exec_step *step = c->instance != NULL ? &c->instance->layout->step[c->node] : NULL;
  int is_in_segment = step != NULL && step->mode == STEP_DEVICE && step->segment != EXEC_NONE;
  if (is_in_segment && c->instance->layout->segment[step->segment].first != c->position) return;
  traced t = exec_trace_describe(c, 0);
  t.e.begin_ns = begin_ns;
  t.e.end_ns = end_ns;
  exec_trace_put(run_of(c)->trace, &t);
}

void exec_trace_part(const exec_run *r, uint32_t kind, const exec_device *d, const char *node, uint64_t bytes,
                     uint64_t begin_ns) {
  if (!r->trace->all) return;
  traced t = {{.node = exec_trace_keep(r->trace, node),
               .op = "",
               .device = d != NULL ? d->full_name : "",
               .kernel = "",
               .begin_ns = begin_ns,
               .end_ns = exec_now_ns(),
               .thread = thread_number(),
               .kind = kind,
               .plugin = "",
               .track = "",
               .scope = r->scope != NULL ? r->scope : "",
               .shape = "",
               .bytes = bytes},
              RN_INVALID,
              {0}};
  exec_trace_put(r->trace, &t);
}

/* ---------------------------------------------------------------------------------- handing over */
static int by_begin(const void *a, const void *b) {
  const rn_trace_event *x = &((const traced *)a)->e, *y = &((const traced *)b)->e;
  if (x->begin_ns != y->begin_ns) return x->begin_ns < y->begin_ns ? -1 : 1;
  if (x->end_ns != y->end_ns) return x->end_ns > y->end_ns ? -1 : 1; /* what lies within comes after */
  return x->correlation < y->correlation ? -1 : x->correlation > y->correlation;
}

static void hand_over(const exec_run *r, traced *t) {
  char shape[RN_SHAPE_TEXT], text[RN_SHAPE_TEXT + 32];
  if (t->dtype != RN_INVALID) {
    (void)rn_shape_print(&t->shape, shape, sizeof shape);
    (void)snprintf(text, sizeof text, "%s%s", rn_dtype_name(t->dtype), shape);
    t->e.shape = text;
  }
  r->options->trace(r->options->trace_arg, &t->e);
}

/* The step is as long as all that belongs to it, but for rows of a device's own: those may be simulated. */
static void put_step(exec_run *r) {
  exec_trace *t = r->trace;
  uint64_t arena = atomic_load(&r->session->arena_bytes);
  uint32_t before = t->count;
  exec_trace_part(r, RN_TRACE_STEP, NULL, "", arena, t->begin_ns);
  if (t->count == before) return;
  traced *step = &t->event[t->count - 1];
  for (uint32_t i = 0; i < t->count; i++) {
    if (t->event[i].e.track[0] != '\0') continue;
    if (t->event[i].e.begin_ns < step->e.begin_ns) step->e.begin_ns = t->event[i].e.begin_ns;
    if (t->event[i].e.end_ns > step->e.end_ns) step->e.end_ns = t->event[i].e.end_ns;
  }
  step->e.lost = t->lost;
}

void exec_trace_end(exec_run *r) {
  exec_trace *t = r->trace;
  if (t == NULL) return;
  put_step(r);
  if (t->count > 1) qsort(t->event, t->count, sizeof *t->event, by_begin);
  for (uint32_t i = 0; i < t->count; i++) hand_over(r, &t->event[i]);
  (void)pthread_mutex_destroy(&t->lock);
  rn_arena_finish(&t->memory);
  rn_mem_free(t->event);
  rn_mem_free(t);
  r->trace = NULL;
}
