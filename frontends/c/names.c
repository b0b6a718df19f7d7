/* names.c - the scope names opened so far, and the next free number of each (frontends/c).
 *
 * A hash table with open addressing. A name's number only grows, so opening "fc" n times costs n steps. */
#include <stdlib.h>
#include "scope_impl.h"

static uint64_t hash_of(const char *text) { /* FNV-1a */
  uint64_t h = 0xcbf29ce484222325u;
  for (; *text; text++) h = (h ^ (uint8_t)*text) * 0x100000001b3u;
  return h ^ (h >> 32);
}

/* The entry of `text`, or the free one where it would stand. cap > n */
static scope_name *slot(const scope_names *t, const char *text) {
  uint32_t at = (uint32_t)hash_of(text) & (t->cap - 1);
  while (t->item[at].text != NULL && strcmp(t->item[at].text, text) != 0) at = (at + 1) & (t->cap - 1);
  return &t->item[at];
}

static scope_name *find(const scope_names *t, const char *text) {
  scope_name *e = t->cap ? slot(t, text) : NULL;
  return e && e->text ? e : NULL;
}

static int grow(scope_names *t) {
  scope_names wider = {NULL, t->n, t->cap ? t->cap * 2 : 16};
  if (wider.cap < t->cap) return 0;
  wider.item = calloc(wider.cap, sizeof *wider.item);
  if (wider.item == NULL) return 0;
  for (uint32_t i = 0; i < t->cap; i++)
    if (t->item[i].text) *slot(&wider, t->item[i].text) = t->item[i];
  free(t->item);
  *t = wider;
  return 1;
}

static scope_name *enter(rn_scope *s, const char *text) {
  scope_names *t = &s->names;
  scope_name *e = find(t, text);
  if (e) return e;
  char *copy = scope_text(s, "%s", text);
  if (copy == NULL) return NULL;
  if (t->n + 1 > t->cap / 2 && !grow(t)) {
    rn_scope_fail(s, rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory"));
    free(copy);
    return NULL;
  }
  e = slot(t, text);
  *e = (scope_name){copy, 1, 0};
  t->n++;
  return e;
}

int scope_name_taken(const rn_scope *s, const char *text) {
  const scope_name *e = find(&s->names, text);
  return e != NULL && e->taken;
}

char *scope_name_free(rn_scope *s, const char *base) {
  if (!scope_name_taken(s, base) && rn_graph_find(s->g, base) == RN_NO_NODE) return scope_text(s, "%s", base);
  scope_name *e = enter(s, base);
  char *name = NULL;
  while (e != NULL && (name = scope_text(s, "%s_%u", base, e->next)) != NULL &&
         (scope_name_taken(s, name) || rn_graph_find(s->g, name) != RN_NO_NODE)) {
    free(name);
    e->next++;
  }
  return name;
}

void scope_name_take(rn_scope *s, const char *text) {
  scope_name *e = enter(s, text);
  if (e) e->taken = 1;
}

void scope_names_finish(scope_names *t) {
  for (uint32_t i = 0; i < t->cap; i++) free(t->item[i].text);
  free(t->item);
}
