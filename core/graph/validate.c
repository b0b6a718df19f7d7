/* graph/validate.c - a callback between a subject made for it and the end of that subject (core/graph). */
#include "graph/validate.h"
#include <pthread.h>
#include <stdio.h>
#include "base/mem.h"
#include "graph/node.h"

#define KEPT 256u

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static graph_subject *kept[KEPT]; /* of callbacks that returned: what a plugin kept points here */
static size_t next_kept;

static graph_subject *make(rn_validator *v, const char *kind, const rn_self *self) {
  char text[RN_NODE_TEXT];
  graph_subject *s = rn_mem_zero(1, sizeof *s);
  if (s == NULL) return NULL;
  s->plugin = v;
  if (self->id != RN_NO_NODE)
    (void)snprintf(s->what, sizeof s->what, "%s of %s", kind, rn_node_text(self->graph, self->id, text, sizeof text));
  else
    (void)snprintf(s->what, sizeof s->what, "%s", kind);
  return s;
}

static void end(graph_subject *s) {
  s->real_infer = NULL;
  s->real_grad = NULL;
  s->real_builder = NULL;
  (void)pthread_mutex_lock(&guard);
  graph_subject *oldest = kept[next_kept % KEPT];
  kept[next_kept++ % KEPT] = s;
  (void)pthread_mutex_unlock(&guard);
  rn_mem_free(oldest);
}

static rn_self checked_self(const rn_self *self) {
  rn_self s = *self;
  s.view = rn_graph_checking_view();
  return s;
}

static void set_builder(graph_subject *s, rn_builder *b) {
  s->builder = *b;
  s->builder.api = &rn_checking_builder;
  s->builder.self = checked_self(&b->self);
  s->real_builder = b;
}

rn_status *rn_call_infer(const rn_op_def *def, rn_infer *c) {
  rn_scope scope;
  rn_validator *v = rn_validator_of(c->self.host);
  if (v == NULL) return def->infer(c);
  graph_subject *s = make(v, "shape function", &c->self);
  if (s == NULL) return rn_graph_no_memory();
  s->infer = *c;
  s->infer.api = &rn_checking_infer;
  s->infer.self = checked_self(&c->self);
  s->real_infer = c;
  rn_scope_enter(&scope, v, s->what, NULL);
  rn_status *failed = rn_scope_leave(&scope, def->infer(&s->infer));
  end(s);
  return failed;
}

rn_status *rn_call_gradient(const rn_op_def *def, rn_grad *c) {
  rn_scope scope;
  rn_validator *v = rn_validator_of(c->b->self.host);
  if (v == NULL) return def->gradient(c);
  graph_subject *s = make(v, "gradient function", &c->b->self);
  if (s == NULL) return rn_graph_no_memory();
  set_builder(s, c->b);
  s->grad = *c;
  s->grad.api = &rn_checking_grad;
  s->grad.b = &s->builder;
  s->real_grad = c;
  rn_scope_enter(&scope, v, s->what, NULL);
  rn_status *failed = rn_scope_leave(&scope, def->gradient(&s->grad));
  end(s);
  return failed;
}

rn_status *rn_call_pass(const rn_pass_def *p, rn_builder *b, uint32_t *out_changes) {
  rn_scope scope;
  rn_validator *v = rn_validator_of(b->self.host);
  if (v == NULL) return p->run(b, out_changes);
  graph_subject *s = make(v, "pass", &b->self);
  if (s == NULL) return rn_graph_no_memory();
  set_builder(s, b);
  rn_scope_enter(&scope, v, s->what, NULL);
  rn_status *failed = rn_scope_leave(&scope, p->run(&s->builder, out_changes));
  end(s);
  return failed;
}

/* ------------------------------------------------------------------------------------ the view */
/* An attribute of another type is a mistake; one that is not there may be a question. */
static rn_status *get_attr(const rn_graph *g, rn_node_id n, const char *name, uint32_t want_type, rn_attr_value *out) {
  char text[RN_NODE_TEXT];
  rn_attr_value v;
  const rn_scope *scope = rn_scope_now();
  rn_validator *plugin = scope != NULL ? scope->plugin : NULL;
  if (name == NULL || out == NULL) {
    rn_violation_here(plugin, "view->attr: %s is NULL", name == NULL ? "the name" : "out");
    return rn_status_make(RN_INTERNAL, "view->attr: %s is NULL", name == NULL ? "the name" : "out");
  }
  rn_status *s = rn_graph_view()->attr(g, n, name, want_type, out);
  if (rn_status_code(s) != RN_INVALID_ARGUMENT) return s;
  rn_status *other = rn_graph_view()->attr(g, n, name, 0, &v);
  if (other == NULL)
    rn_violation_here(plugin, "attribute '%s' of %s is read as type %u, but has type %u (RN_ATTR_*)", name,
                      rn_node_text(g, n, text, sizeof text), want_type, v.type);
  rn_status_free(other);
  return s;
}

const rn_graph_view_api *rn_graph_checking_view(void) {
  static rn_graph_view_api view;
  (void)pthread_mutex_lock(&guard);
  if (view.attr == NULL) {
    view = *rn_graph_view();
    view.attr = get_attr;
  }
  (void)pthread_mutex_unlock(&guard);
  return &view;
}
