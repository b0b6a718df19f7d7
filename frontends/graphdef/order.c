/* order.c - in which order a file's nodes can be added (frontends/graphdef).
 *
 * A file lists nodes in any order. The order of adding is the file's, except that what a node reads
 * comes before it. An edge from a NextIteration to a Merge closes a loop and does not count. Depth
 * first with a stack of its own: files may hold chains as long as they like. */
#include <string.h>
#include "import.h"

static int is_op(const Tf__NodeDef *n, const char *op) {
  return strcmp(n->op, op) == 0 || (strncmp(n->op, "Ref", 3) == 0 && strcmp(n->op + 3, op) == 0);
}

static rn_status *bad(const char *text, const char *why) {
  return rn_status_make(RN_INVALID_ARGUMENT, "input '%s' %s", text, why);
}

/* Digits only, to the end. */
static int parse_position(const char *p, uint32_t *out) {
  uint32_t v = 0;
  if (*p == '\0') return 0;
  for (; *p; p++) {
    if (*p < '0' || *p > '9' || v > 100000000) return 0;
    v = v * 10 + (uint32_t)(*p - '0');
  }
  *out = v;
  return 1;
}

rn_status *import_ref_parse(const import *m, const char *text, import_ref *out) {
  memset(out, 0, sizeof *out);
  out->is_control = text[0] == '^';
  const char *name = text + out->is_control, *colon = strchr(name, ':');
  size_t length = colon ? (size_t)(colon - name) : strlen(name);
  out->node = names_find(&m->names, name, length);
  if (out->node == NAMES_NONE) return bad(text, "names no node");
  if (colon == NULL) return NULL;
  if (out->is_control) return bad(text, "is a control input with an output number");
  if (parse_position(colon + 1, &out->position)) return NULL;
  const char *last = strchr(colon + 1, ':');
  if (!m->in_function) return bad(text, "has no output number after ':'");
  if (last != NULL && !parse_position(last + 1, &out->position)) return bad(text, "has no position after ':'");
  out->arg = scratch_text(m->memory, colon + 1, last ? (size_t)(last - colon - 1) : strlen(colon + 1));
  return out->arg ? NULL : out_of_memory();
}

static rn_status *parse_refs(import *m, uint32_t i) {
  const Tf__NodeDef *n = m->nodes[i];
  m->refs[i] = scratch_take(m->memory, n->n_input, sizeof *m->refs[i]);
  if (m->refs[i] == NULL) return out_of_memory();
  for (size_t k = 0; k < n->n_input; k++) {
    import_ref *r = &m->refs[i][k];
    rn_status *s = import_ref_parse(m, n->input[k], r);
    if (s != NULL) return rn_status_wrap(s, "%s '%s'", n->op, n->name);
    r->is_back = !r->is_control && is_op(n, "Merge") && is_op(m->nodes[r->node], "NextIteration");
  }
  return NULL;
}

enum { UNSEEN = 0, OPEN = 1, DONE = 2 };
typedef struct walk {
  uint32_t *stack, *next; /* the path, and per node the input to look at next */
  uint8_t *state;
  uint32_t depth, n_order;
} walk;

static rn_status *step(import *m, walk *w) {
  uint32_t i = w->stack[w->depth - 1];
  const Tf__NodeDef *n = m->nodes[i];
  while (w->next[i] < n->n_input) {
    const import_ref *r = &m->refs[i][w->next[i]++];
    if (r->is_back || w->state[r->node] == DONE) continue;
    if (w->state[r->node] == OPEN)
      return rn_status_make(RN_INVALID_ARGUMENT, "%s '%s' reads '%s', which needs it: a cycle without NextIteration",
                            n->op, n->name, m->nodes[r->node]->name);
    w->state[r->node] = OPEN;
    w->stack[w->depth++] = r->node;
    return NULL;
  }
  w->state[i] = DONE;
  m->order[w->n_order++] = i;
  w->depth--;
  return NULL;
}

rn_status *import_order(import *m) {
  size_t n = m->n_nodes;
  walk w = {scratch_take(m->memory, n, 4), scratch_take(m->memory, n, 4), scratch_take(m->memory, n, 1), 0, 0};
  m->refs = scratch_take(m->memory, n, sizeof *m->refs);
  m->order = scratch_take(m->memory, n, sizeof *m->order);
  if (!w.stack || !w.next || !w.state || !m->refs || !m->order) return out_of_memory();
  for (uint32_t i = 0; i < n; i++) RN_TRY(parse_refs(m, i));
  for (uint32_t i = 0; i < n; i++) {
    if (w.state[i] != UNSEEN) continue;
    w.state[i] = OPEN;
    w.stack[w.depth++] = i;
    while (w.depth > 0) RN_TRY(step(m, &w));
  }
  return NULL;
}
