/* op_defs.c - which ops the runtime knows, each asked for once (frontends/graphdef). */
#include <stdlib.h>
#include <string.h>
#include "op_def.h"

struct op_defs_entry {
  const char *name;
  const Tf__OpDef *def;
};

typedef struct question {
  scratch *memory;
  Tf__OpDef *def;
  rn_status *status;
} question;

static void answer(void *arg, const rn_op_info *o) {
  question *q = arg;
  if (q->def == NULL && q->status == NULL)
    q->status = op_def_parse(q->memory, o->name, o->signature, o->flags, &q->def);
}

static rn_status *ask(op_defs *d, const char *name, const Tf__OpDef **out) {
  question q = {d->memory, NULL, NULL};
  rn_status *s = rn_runtime_op(d->rt, name, answer, &q);
  int unknown = rn_status_code(s) == RN_NOT_FOUND;
  if (unknown) rn_status_free(s);
  if (!unknown && s != NULL) return s;
  if (q.status != NULL) return rn_status_wrap(q.status, "op '%s'", name);
  *out = unknown ? NULL : q.def;
  return NULL;
}

/* Sorted by name: binary search, insertion. */
static uint32_t place_of(const op_defs *d, const char *name, int *out_found) {
  uint32_t lo = 0, hi = d->count;
  *out_found = 0;
  while (lo < hi) {
    uint32_t mid = lo + (hi - lo) / 2;
    int c = strcmp(d->entries[mid].name, name);
    if (c == 0) {
      *out_found = 1;
      return mid;
    }
    if (c < 0)
      lo = mid + 1;
    else
      hi = mid;
  }
  return lo;
}

static int grow(op_defs *d) {
  if (d->count < d->cap) return 1;
  uint32_t cap = d->cap ? d->cap * 2 : 64;
  struct op_defs_entry *more = scratch_take(d->memory, cap, sizeof *more);
  if (more == NULL) return 0;
  if (d->count) memcpy(more, d->entries, d->count * sizeof *more);
  d->entries = more;
  d->cap = cap;
  return 1;
}

rn_status *op_defs_find(op_defs *d, const char *name, const Tf__OpDef **out) {
  int found;
  uint32_t i = place_of(d, name, &found);
  if (found) {
    *out = d->entries[i].def;
    return NULL;
  }
  RN_TRY(ask(d, name, out));
  const char *kept = scratch_text(d->memory, name, strlen(name));
  if (kept == NULL || !grow(d)) return out_of_memory();
  memmove(d->entries + i + 1, d->entries + i, (d->count - i) * sizeof *d->entries);
  d->entries[i] = (struct op_defs_entry){kept, *out};
  d->count++;
  return NULL;
}

const Tf__OpDef *op_defs_at(const op_defs *d, uint32_t i) { return d->entries[i].def; }
