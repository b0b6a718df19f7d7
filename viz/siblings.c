/* siblings.c - the parts of one scope, and what they read of each other (viz).
 *
 * Parts come in the order in which a walk back from the ends leaves them, so the boxes of one block stand together
 * whatever the order in the file. How a box is built is a hash over what it reads inside its part; a part's token is
 * the sum over its boxes. */
#include "siblings.h"
#include <stdlib.h>
#include <string.h>

static rn_status *no_memory(void) { return rn_status_make(RN_RESOURCE_EXHAUSTED, "drawing: out of memory"); }

/* ---- which part each box belongs to */
typedef struct member {
  const char *name;
  size_t length;
  uint32_t box, first; /* first: the part's lowest box */
} member;

static int by_name(const void *a, const void *b) {
  const member *x = a, *y = b;
  size_t n = x->length < y->length ? x->length : y->length;
  int c = memcmp(x->name, y->name, n);
  if (c == 0 && x->length != y->length) c = x->length < y->length ? -1 : 1;
  return c != 0 ? c : x->box < y->box ? -1 : x->box > y->box;
}

static int by_first(const void *a, const void *b) {
  const member *x = a, *y = b;
  if (x->first != y->first) return x->first < y->first ? -1 : 1;
  return x->box < y->box ? -1 : x->box > y->box;
}

static void find_members(member *m, const fold *f, const uint32_t *boxes, uint32_t n, size_t skip) {
  for (uint32_t i = 0; i < n; i++) {
    const char *path = f->boxes[boxes[i]].path, *name = strlen(path) < skip ? "" : path + skip;
    m[i] = (member){name, strcspn(name, "/"), boxes[i], 0};
  }
  qsort(m, n, sizeof *m, by_name);
  for (uint32_t i = 0; i < n; i++) {
    int same = i > 0 && m[i].length == m[i - 1].length && memcmp(m[i].name, m[i - 1].name, m[i].length) == 0;
    m[i].first = same ? m[i - 1].first : m[i].box;
  }
  qsort(m, n, sizeof *m, by_first);
}

static void make_parts(siblings *s, links *l, const member *m, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    if (i == 0 || m[i].first != m[i - 1].first) s->box_at[s->n++] = i;
    s->box[i] = m[i].box;
    l->part[m[i].box] = s->n - 1;
  }
  s->box_at[s->n] = n;
}

/* ---- what they read. seen: per part and one more, the last that read it; counts when s->read is NULL */
static void find_reads(siblings *s, const links *l, uint32_t *seen) {
  uint32_t at = 0;
  memset(seen, 0xff, ((size_t)s->n + 1) * sizeof *seen);
  for (uint32_t u = 0; u < s->n; u++) {
    s->read_at[u] = at;
    for (uint32_t i = s->box_at[u]; i < s->box_at[u + 1]; i++)
      for (uint32_t k = l->from_at[s->box[i]]; k < l->from_at[s->box[i] + 1]; k++) {
        uint32_t from = l->part[l->from[k]], slot = from == SIBLINGS_OUTSIDE ? s->n : from;
        if (from == u || seen[slot] == u) continue;
        seen[slot] = u;
        if (s->read != NULL) s->read[at] = from;
        at++;
      }
  }
  s->read_at[s->n] = at;
}

/* ---- the order of the flow */
typedef struct walk {
  const siblings *s;
  uint32_t *stack, *next, *order; /* next: per part, its first read not followed; order: what was left, in turn */
  unsigned char *seen;
  uint32_t n;
} walk;

static void walk_back(walk *w, uint32_t start) {
  uint32_t depth = 0;
  if (w->seen[start]) return;
  w->seen[start] = 1;
  w->stack[depth++] = start;
  while (depth > 0) {
    uint32_t u = w->stack[depth - 1];
    if (w->next[u] == w->s->read_at[u + 1]) {
      w->order[w->n++] = u;
      depth--;
      continue;
    }
    uint32_t from = w->s->read[w->next[u]++];
    if (from == SIBLINGS_OUTSIDE || w->seen[from]) continue;
    w->seen[from] = 1;
    w->stack[depth++] = from;
  }
}

static void find_order(walk *w, const siblings *s, unsigned char *is_read) {
  for (uint32_t i = 0; i < s->read_at[s->n]; i++)
    if (s->read[i] != SIBLINGS_OUTSIDE) is_read[s->read[i]] = 1;
  memcpy(w->next, s->read_at, s->n * sizeof *w->next);
  for (uint32_t u = 0; u < s->n; u++)
    if (!is_read[u]) walk_back(w, u);
  for (uint32_t u = 0; u < s->n; u++) walk_back(w, u); /* what only loops reach */
}

/* The parts in the walk's order; m gives the room for their boxes meanwhile. */
static void reorder(siblings *s, links *l, const uint32_t *order, member *m, uint32_t *begin) {
  uint32_t at = 0;
  for (uint32_t k = 0; k < s->n; k++) {
    begin[k] = at;
    for (uint32_t i = s->box_at[order[k]]; i < s->box_at[order[k] + 1]; i++) m[at++].box = s->box[i];
  }
  for (uint32_t k = 0; k < s->n; k++) s->box_at[k] = begin[k];
  for (uint32_t k = 0; k < s->n; k++)
    for (uint32_t i = s->box_at[k]; i < s->box_at[k + 1]; i++) {
      s->box[i] = m[i].box;
      l->part[s->box[i]] = k;
    }
}

/* ---- how they are built */
static uint64_t mix(uint64_t h, uint64_t v) {
  h = (h ^ v) * 0x9e3779b97f4a7c15u;
  return h ^ (h >> 29);
}

static void find_tokens(siblings *s, const links *l) {
  for (uint32_t u = 0; u < s->n; u++) {
    for (uint32_t i = s->box_at[u]; i < s->box_at[u + 1]; i++) {
      uint32_t b = s->box[i];
      uint64_t h = mix(l->op[b], 1);
      for (uint32_t k = l->from_at[b]; k < l->from_at[b + 1]; k++) {
        uint32_t from = l->from[k];
        h = mix(h, l->part[from] != u ? 2 : from > b ? 3 : l->hash[from]);
      }
      l->hash[b] = h;
      s->token[u] += mix(h, 5);
    }
  }
}

typedef struct hashed {
  uint64_t hash;
  uint32_t box;
} hashed;
static int by_hash(const void *a, const void *b) {
  const hashed *x = a, *y = b;
  if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
  return x->box < y->box ? -1 : x->box > y->box;
}

static void sort_by_hash(siblings *s, const links *l, hashed *room) {
  for (uint32_t u = 0; u < s->n; u++) {
    uint32_t first = s->box_at[u], n = s->box_at[u + 1] - first;
    for (uint32_t i = 0; i < n; i++) room[i] = (hashed){l->hash[s->box[first + i]], s->box[first + i]};
    qsort(room, n, sizeof *room, by_hash);
    for (uint32_t i = 0; i < n; i++) s->box[first + i] = room[i].box;
  }
}

/* ---- */
static rn_status *read_each_other(siblings *s, const links *l, uint32_t *seen) {
  free(s->read);
  s->read = NULL;
  find_reads(s, l, seen);
  s->read = calloc((size_t)s->read_at[s->n] + 1, sizeof *s->read);
  if (!s->read) return no_memory();
  find_reads(s, l, seen);
  return NULL;
}

typedef struct room {
  member *members;
  uint32_t *numbers; /* four of each */
  unsigned char *flags;
  hashed *hashed;
} room;
static rn_status *fill(siblings *s, links *l, const uint32_t *boxes, uint32_t n, const room *r) {
  find_members(r->members, l->f, boxes, n, s->skip);
  make_parts(s, l, r->members, n);
  RN_TRY(read_each_other(s, l, r->numbers));
  size_t each = (size_t)n + 1;
  walk w = {s, r->numbers, r->numbers + each, r->numbers + 2 * each, r->flags, 0};
  find_order(&w, s, r->flags + each);
  reorder(s, l, w.order, r->members, r->numbers + 3 * each);
  RN_TRY(read_each_other(s, l, r->numbers));
  find_tokens(s, l);
  sort_by_hash(s, l, r->hashed);
  return NULL;
}

rn_status *siblings_init(siblings *s, links *l, const uint32_t *boxes, uint32_t n, size_t skip) {
  size_t each = (size_t)n + 1;
  *s = (siblings){.skip = skip};
  s->box = calloc(each, sizeof *s->box);
  s->box_at = calloc(each, sizeof *s->box_at);
  s->read_at = calloc(each, sizeof *s->read_at);
  s->token = calloc(each, sizeof *s->token);
  room r = {calloc(each, sizeof *r.members), calloc(4 * each, sizeof *r.numbers), calloc(2 * each, 1),
            calloc(each, sizeof *r.hashed)};
  int ok = s->box && s->box_at && s->read_at && s->token && r.members && r.numbers && r.flags && r.hashed;
  rn_status *status = ok ? fill(s, l, boxes, n, &r) : no_memory();
  free(r.members);
  free(r.numbers);
  free(r.flags);
  free(r.hashed);
  return status;
}

void siblings_finish(siblings *s) {
  free(s->box);
  free(s->box_at);
  free(s->read);
  free(s->read_at);
  free(s->token);
  *s = (siblings){.n = 0};
}

const char *siblings_name(const siblings *s, const fold *f, uint32_t part, size_t *out_length) {
  const char *path = f->boxes[s->box[s->box_at[part]]].path, *name = strlen(path) < s->skip ? "" : path + s->skip;
  *out_length = strcspn(name, "/");
  return name;
}
