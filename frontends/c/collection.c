/* collection.c - named lists of values in a scope (frontends/c). */
#include "scope_impl.h"

static scope_collection *collection(const rn_scope *s, const char *key) {
  for (uint32_t i = 0; i < s->n_collections; i++)
    if (strcmp(s->collection[i].key, key) == 0) return &s->collection[i];
  return NULL;
}

void rn_collection_add(rn_scope *s, const char *key, rn_value v) {
  scope_collection *c = collection(s, key);
  if (s->error) return;
  if (c == NULL) {
    if (!scope_grow(s, &s->collection, s->n_collections, &s->cap_collections, sizeof *c)) return;
    c = &s->collection[s->n_collections];
    memset(c, 0, sizeof *c);
    c->key = scope_text(s, "%s", key);
    if (c->key == NULL) return;
    s->n_collections++;
  }
  if (scope_grow(s, &c->items, c->n, &c->cap, sizeof *c->items)) c->items[c->n++] = v;
}

void scope_forget_variables(rn_scope *s, uint32_t n) {
  scope_collection *c = collection(s, "variables");
  s->n_variables = n;
  if (c != NULL && c->n > n) c->n = n;
}

rn_value rn_collection_get(const rn_scope *s, const char *key, uint32_t i) {
  const scope_collection *c = collection(s, key);
  return c && i < c->n ? c->items[i] : RN_NO_VALUE;
}
uint32_t rn_collection_count(const rn_scope *s, const char *key) {
  const scope_collection *c = collection(s, key);
  return c ? c->n : 0;
}
uint32_t rn_collection_keys(const rn_scope *s) { return s->n_collections; }
const char *rn_collection_key(const rn_scope *s, uint32_t i) {
  return i < s->n_collections ? s->collection[i].key : NULL;
}
