/* ids.c - numbers for the objects of a Graphviz graph (viz).
 *
 * Named objects get even numbers, one for each name; those without a name odd ones. */
#include "ids.h"
#include <stdlib.h>
#include <string.h>

typedef struct ids {
  char **name; /* of number 2 (i + 1); they live in the graph's own table, as Graphviz expects of names */
  uint32_t *bucket, *next;
  size_t n, room, n_buckets;
  Agraph_t *graph;
  IDTYPE nameless;
} ids;
#define NONE UINT32_MAX

static void *ids_open(Agraph_t *g, Agdisc_t *d) {
  ids *s = calloc(1, sizeof *s);
  (void)d;
  if (s) s->graph = g;
  return s;
}

static uint32_t hash(const char *s) {
  uint32_t h = 2166136261u;
  for (; *s; s++) h = (h ^ (unsigned char)*s) * 16777619u;
  return h;
}

static int grow(ids *s) {
  size_t room = s->room ? 2 * s->room : 256;
  char **name = realloc(s->name, room * sizeof *name);
  if (name) s->name = name;
  uint32_t *next = realloc(s->next, room * sizeof *next), *bucket = calloc(2 * room, sizeof *bucket);
  if (next) s->next = next;
  if (!name || !next || !bucket) {
    free(bucket);
    return 0;
  }
  free(s->bucket);
  s->bucket = bucket;
  s->room = room;
  s->n_buckets = 2 * room;
  memset(bucket, 0xff, s->n_buckets * sizeof *bucket);
  for (size_t i = 0; i < s->n; i++) {
    uint32_t slot = hash(s->name[i]) % (uint32_t)s->n_buckets;
    s->next[i] = bucket[slot];
    bucket[slot] = (uint32_t)i;
  }
  return 1;
}

static long ids_map(void *state, int kind, char *name, IDTYPE *out, int create) {
  ids *s = state;
  (void)kind;
  if (name == NULL) {
    *out = create ? 2 * s->nameless++ + 1 : 0;
    return create;
  }
  for (uint32_t i = s->n_buckets ? s->bucket[hash(name) % s->n_buckets] : NONE; i != NONE; i = s->next[i])
    if (strcmp(s->name[i], name) == 0) {
      *out = 2 * ((IDTYPE)i + 1);
      return 1;
    }
  if (!create || (s->n == s->room && !grow(s)) || (s->name[s->n] = agstrdup(s->graph, name)) == NULL) return 0;
  uint32_t slot = hash(name) % (uint32_t)s->n_buckets;
  s->next[s->n] = s->bucket[slot];
  s->bucket[slot] = (uint32_t)s->n;
  *out = 2 * (IDTYPE)++s->n;
  return 1;
}

/* Graphviz may ask for a number of its own. */
static long ids_take(void *state, int kind, IDTYPE id) {
  (void)state;
  (void)kind;
  (void)id;
  return 0;
}

static void ids_drop(void *state, int kind, IDTYPE id) {
  (void)state;
  (void)kind;
  (void)id;
}

static char *ids_print(void *state, int kind, IDTYPE id) {
  const ids *s = state;
  (void)kind;
  return id % 2 == 0 && id > 0 && id / 2 <= s->n ? s->name[id / 2 - 1] : NULL;
}

static void ids_close(void *state) {
  ids *s = state;
  free(s->name);
  free(s->bucket);
  free(s->next);
  free(s);
}

static void ids_register(void *state, int kind, void *object) {
  (void)state;
  (void)kind;
  (void)object;
}

static Agiddisc_t discipline = {ids_open, ids_map, ids_take, ids_drop, ids_print, ids_close, ids_register};
Agdisc_t ids_discipline = {&AgMemDisc, &discipline, &AgIoDisc};
