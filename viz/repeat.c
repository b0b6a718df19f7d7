/* repeat.c - what comes several times in a graph and is drawn once (viz).
 *
 * In each scope the parts are a sequence in the order of the flow. It repeats with period p where each part and the
 * one p later are built alike and read alike: the same thing from outside, or things p apart. Of all such stretches
 * the one that saves most boxes is taken first; then what is left and right of it, and the inside of its first turn.
 * A flat graph is one scope whose parts are its nodes. */
#include "repeat.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fold.h"
#include "siblings.h"

enum { FEWEST_TIMES = 3, FEWEST_SAVED = 4, MOST_SCOPES = 32 };
typedef struct search {
  repeats *r;
  const fold *f;
  links links;
} search;
typedef struct stretch {
  uint32_t first, period, times, saved;
} stretch;

static rn_status *no_memory(void) { return rn_status_make(RN_RESOURCE_EXHAUSTED, "drawing: out of memory"); }

/* ---- where a sequence repeats */
static int is_alike(const siblings *s, uint32_t i, uint32_t k) {
  return s->token[i] == s->token[k] && s->box_at[i + 1] - s->box_at[i] == s->box_at[k + 1] - s->box_at[k] &&
         s->read_at[i + 1] - s->read_at[i] == s->read_at[k + 1] - s->read_at[k];
}

static int is_again(const siblings *s, uint32_t i, uint32_t period) {
  if (!is_alike(s, i, i + period)) return 0;
  for (uint32_t a = s->read_at[i], b = s->read_at[i + period]; a < s->read_at[i + 1]; a++, b++) {
    int same = s->read[a] == s->read[b];
    if (!same && (s->read[a] == SIBLINGS_OUTSIDE || s->read[b] != s->read[a] + period)) return 0;
  }
  return 1;
}

/* The turn before `first` may read other things than the later ones do, which read each other. */
static int is_entered(const siblings *s, uint32_t first, uint32_t period) {
  uint32_t start = first - period;
  for (uint32_t i = start; i < first; i++) {
    if (!is_alike(s, i, i + period)) return 0;
    for (uint32_t a = s->read_at[i], b = s->read_at[i + period]; a < s->read_at[i + 1]; a++, b++) {
      int inside = s->read[a] != SIBLINGS_OUTSIDE && s->read[a] >= start;
      int later = s->read[b] != SIBLINGS_OUTSIDE && s->read[b] >= first;
      if ((inside || later) && s->read[b] != s->read[a] + period) return 0;
    }
  }
  return 1;
}

/* How many different parts before `at` the turn from `at` on reads: few where one block ends and the next begins. */
static uint32_t crossings(const siblings *s, uint32_t at, uint32_t period, uint32_t *seen) {
  uint32_t n = 0;
  for (uint32_t i = at; i < at + period; i++)
    for (uint32_t k = s->read_at[i]; k < s->read_at[i + 1]; k++) {
      uint32_t from = s->read[k];
      if (from == SIBLINGS_OUTSIDE || from >= at || seen[from] == at) continue;
      seen[from] = at;
      n++;
    }
  return n;
}

static size_t common_prefix(const siblings *s, const fold *f, uint32_t first, uint32_t n) {
  size_t common, length;
  const char *name = siblings_name(s, f, first, &common);
  for (uint32_t i = first + 1; i < first + n; i++) {
    const char *other = siblings_name(s, f, i, &length);
    size_t k = 0;
    while (k < common && k < length && name[k] == other[k]) k++;
    common = k;
  }
  return common;
}

/* Parts first .. end-1 repeat; where best does a turn begin? */
static void choose_begin(const siblings *s, const fold *f, uint32_t end, stretch *t, uint32_t *seen) {
  uint32_t begin = t->first, fewest = UINT32_MAX, p = t->period;
  size_t longest = 0; /* names of scopes tell what belongs together: one more than what those of a turn share */
  memset(seen, 0xff, s->n * sizeof *seen);
  for (uint32_t at = begin; at < begin + p && (end - at) / p >= FEWEST_TIMES; at++) {
    uint32_t n = crossings(s, at + p, p, seen);
    int is_scope = s->box_at[at + 1] - s->box_at[at] > 1;
    size_t prefix = is_scope ? 1 + common_prefix(s, f, at, p) : 0;
    if (n > fewest || (n == fewest && prefix <= longest)) continue;
    fewest = n;
    longest = prefix;
    t->first = at;
  }
  t->times = (end - t->first) / p;
  t->saved = s->box_at[t->first + t->times * p] - s->box_at[t->first + p];
}

static void consider(const siblings *s, const fold *f, uint32_t low, stretch t, uint32_t end, stretch *best,
                     uint32_t *seen) {
  if (end - t.first < 2 * t.period) return;
  while (t.first >= low + t.period && is_entered(s, t.first, t.period)) t.first -= t.period;
  if ((end - t.first) / t.period < FEWEST_TIMES) return;
  if (s->box_at[end] - s->box_at[t.first] <= best->saved) return;
  choose_begin(s, f, end, &t, seen);
  if (t.times >= FEWEST_TIMES && t.saved >= FEWEST_SAVED && t.saved > best->saved) *best = t;
}

static stretch find_best(const siblings *s, const fold *f, uint32_t low, uint32_t high, uint32_t *seen) {
  stretch best = {0, 0, 0, 0};
  for (uint32_t p = 1; p <= (high - low) / FEWEST_TIMES; p++) {
    uint32_t first = low;
    for (uint32_t i = low; i + p <= high; i++) {
      if (i + p < high && is_again(s, i, p)) continue;
      if (i > first) consider(s, f, low, (stretch){first, p, 0, 0}, i + p, &best, seen);
      first = i + 1;
    }
  }
  return best;
}

/* ---- keeping what was found */
static char *copy_text(const char *s, size_t n) {
  char *c = malloc(n + 1);
  if (c == NULL) return NULL;
  memcpy(c, s, n);
  c[n] = '\0';
  return c;
}

enum { TITLE_NAME = 60 };
static size_t turn_name(const siblings *s, const fold *f, const stretch *t, uint32_t turn, const char **out) {
  uint32_t first = t->first + turn * t->period;
  size_t whole, n = common_prefix(s, f, first, t->period);
  int is_scope = s->box_at[first + 1] - s->box_at[first] > 1;
  *out = siblings_name(s, f, first, &whole);
  if (!is_scope) n = whole;
  if (is_scope && t->period > 1)
    while (n > 0 && strchr("_-.", (*out)[n - 1]) != NULL) n--;
  if (n == 0) n = whole;
  return n < TITLE_NAME ? n : TITLE_NAME;
}

static char *title_of(const siblings *s, const fold *f, const stretch *t) {
  const char *a, *b;
  char text[2 * TITLE_NAME + 8];
  size_t n = turn_name(s, f, t, 0, &a), m = turn_name(s, f, t, t->times - 1, &b);
  int size_chars = snprintf(text, sizeof text, "%.*s to %.*s", (int)n, a, (int)m, b);
  return copy_text(text, (size_t)size_chars);
}

static rn_status *add_repeat(search *w, const siblings *s, const stretch *t, uint32_t parent) {
  repeats *r = w->r;
  if (r->n == r->capacity) {
    uint32_t capacity = r->capacity ? 2 * r->capacity : 16;
    repeat *grown = realloc(r->list, capacity * sizeof *grown);
    if (!grown) return no_memory();
    r->list = grown;
    r->capacity = capacity;
  }
  const char *path = w->f->boxes[s->box[s->box_at[t->first]]].path;
  repeat *new = &r->list[r->n++];
  *new = (repeat){parent, t->times, copy_text(path, s->skip > 0 ? s->skip - 1 : 0), title_of(s, w->f, t)};
  return new->scope &&new->title ? NULL : no_memory();
}

static void mark_turns(search *w, const siblings *s, const stretch *t, uint32_t which) {
  repeats *r = w->r;
  for (uint32_t k = 0; k < t->times * t->period; k++) {
    uint32_t part = t->first + k, like = t->first + k % t->period;
    for (uint32_t i = 0; i < s->box_at[part + 1] - s->box_at[part]; i++) {
      uint32_t b = s->box[s->box_at[part] + i];
      r->of[b] = which;
      r->turn[b] = k / t->period + 1;
      r->twin[b] = s->box[s->box_at[like] + i];
    }
  }
}

static rn_status *find_between(search *w, const siblings *s, uint32_t low, uint32_t high, uint32_t parent,
                               uint32_t *seen) {
  while (high - low >= FEWEST_TIMES) {
    stretch t = find_best(s, w->f, low, high, seen);
    if (t.times == 0) return NULL;
    RN_TRY(add_repeat(w, s, &t, parent));
    mark_turns(w, s, &t, w->r->n - 1);
    RN_TRY(find_between(w, s, t.first, t.first + t.period, w->r->n - 1, seen));
    RN_TRY(find_between(w, s, low, t.first, parent, seen));
    low = t.first + t.times * t.period;
  }
  return NULL;
}

static rn_status *find_in_scope(search *w, const uint32_t *boxes, uint32_t n, size_t skip, uint32_t parent,
                                uint32_t depth) {
  siblings s;
  rn_status *e = siblings_init(&s, &w->links, boxes, n, skip);
  uint32_t *seen = e == NULL ? calloc((size_t)s.n + 1, sizeof *seen) : NULL;
  if (e == NULL && seen == NULL) e = no_memory();
  if (e == NULL) e = find_between(w, &s, 0, s.n, parent, seen);
  free(seen);
  for (uint32_t i = 0; i < n; i++) w->links.part[boxes[i]] = SIBLINGS_OUTSIDE; /* as it was */
  for (uint32_t u = 0; e == NULL && depth < MOST_SCOPES && u < s.n; u++) {
    uint32_t first = s.box[s.box_at[u]], inside = s.box_at[u + 1] - s.box_at[u];
    size_t length;
    (void)siblings_name(&s, w->f, u, &length);
    if (inside < 2 || (s.n == 1 && length == 0) || w->r->twin[first] != first) continue;
    e = find_in_scope(w, s.box + s.box_at[u], inside, skip + length + 1, w->r->of[first], depth + 1);
  }
  siblings_finish(&s);
  return e;
}

rn_status *repeats_find(repeats *r, const fold *finest, const rn_graph *g) {
  uint32_t n = finest->count, nodes = rn_graph_node_count(g), kept = 0;
  search w = {.r = r, .f = finest};
  *r = (repeats){.n_atoms = n};
  r->atom = calloc((size_t)nodes + 1, sizeof *r->atom);
  r->node = calloc((size_t)n + 1, sizeof *r->node);
  r->twin = calloc((size_t)n + 1, sizeof *r->twin);
  r->of = calloc((size_t)n + 1, sizeof *r->of);
  r->turn = calloc((size_t)n + 1, sizeof *r->turn);
  uint32_t *boxes = calloc((size_t)n + 1, sizeof *boxes);
  rn_status *e = r->atom && r->node && r->twin && r->of && r->turn && boxes ? NULL : no_memory();
  if (e == NULL) e = links_init(&w.links, finest, g);
  if (e == NULL) memcpy(r->atom, finest->of_node, nodes * sizeof *r->atom);
  for (uint32_t b = 0; e == NULL && b < n; b++) {
    r->node[b] = finest->boxes[b].node;
    r->twin[b] = b;
    r->of[b] = REPEAT_NONE;
    r->turn[b] = 1;
    if (finest->boxes[b].kind != BOX_PART) boxes[kept++] = b;
  }
  if (e == NULL && kept > 0) e = find_in_scope(&w, boxes, kept, 0, REPEAT_NONE, 0);
  links_finish(&w.links);
  free(boxes);
  return e;
}

void repeats_finish(repeats *r) {
  for (uint32_t i = 0; i < r->n; i++) {
    free(r->list[i].scope);
    free(r->list[i].title);
  }
  free(r->list);
  free(r->atom);
  free(r->node);
  free(r->twin);
  free(r->of);
  free(r->turn);
  *r = (repeats){.n = 0};
}

/* ---- asking */
static uint32_t shown_atom(const repeats *r, rn_node_id n) {
  uint32_t a = r->n > 0 ? r->atom[n] : FOLD_NO_BOX;
  while (a != FOLD_NO_BOX && r->twin[a] != a) a = r->twin[a];
  return a;
}

rn_node_id repeats_shown(const repeats *r, rn_node_id n) {
  uint32_t a = shown_atom(r, n);
  return a == FOLD_NO_BOX || a == r->atom[n] || r->node[a] == RN_NO_NODE ? n : r->node[a];
}

uint32_t repeats_around(const repeats *r, rn_node_id n, const char *path) {
  uint32_t a = shown_atom(r, n), which = a == FOLD_NO_BOX ? REPEAT_NONE : r->of[a];
  for (; which != REPEAT_NONE; which = r->list[which].parent) {
    size_t length = strlen(r->list[which].scope);
    if (length == 0 || (strncmp(path, r->list[which].scope, length) == 0 && path[length] == '/')) break;
  }
  return which;
}

uint64_t repeats_times(const repeats *r, uint32_t innermost) {
  uint64_t times = 1;
  for (uint32_t i = innermost; i != REPEAT_NONE; i = r->list[i].parent) times *= r->list[i].times;
  return times;
}

/* In which turn of `which` the atom is; 0: in none. */
static uint32_t turn_in(const repeats *r, uint32_t a, uint32_t which) {
  if (r->of[a] == which) return r->turn[a];
  for (uint32_t i = r->of[a]; i != REPEAT_NONE; i = r->list[i].parent)
    if (i == which) return 1;
  return 0;
}

repeat_edge repeats_edge(const repeats *r, rn_node_id from, rn_node_id to) {
  uint32_t a = r->n > 0 ? r->atom[from] : FOLD_NO_BOX, b = r->n > 0 ? r->atom[to] : FOLD_NO_BOX;
  if (a == FOLD_NO_BOX || b == FOLD_NO_BOX) return EDGE_PLAIN;
  for (uint32_t i = r->of[b]; i != REPEAT_NONE; i = r->list[i].parent) {
    uint32_t at = turn_in(r, a, i), bt = turn_in(r, b, i);
    if (at == 0) continue;
    if (at != bt) return EDGE_NEXT;
    return bt == 1 ? EDGE_PLAIN : EDGE_COPY;
  }
  return EDGE_PLAIN;
}
