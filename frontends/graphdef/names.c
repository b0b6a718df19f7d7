/* names.c - a hash table that never grows (frontends/graphdef).
 *
 * The hash is seeded by nothing, so a crafted file can make it slow but not wrong; a graph is at most
 * 2 GiB. */
#include "names.h"

struct names_slot {
  const char *name;
  size_t length;
  uint32_t number, used;
};

int names_init(names *m, scratch *s, uint32_t most) {
  uint64_t n = 16;
  while (n < (uint64_t)most * 2) n *= 2;
  m->slots = n > UINT32_MAX ? NULL : scratch_take(s, n, sizeof *m->slots);
  m->mask = (uint32_t)(n - 1);
  m->reserved = 0;
  return m->slots != NULL;
}

static struct names_slot *slot_of(const names *m, const char *name, size_t length) {
  uint64_t h = 14695981039346656037u;
  for (size_t i = 0; i < length; i++) h = (h ^ (unsigned char)name[i]) * 1099511628211u;
  uint32_t i = (uint32_t)(h ^ (h >> 32)) & m->mask;
  for (;; i = (i + 1) & m->mask) {
    struct names_slot *s = &m->slots[i];
    if (!s->used || (s->length == length && memcmp(s->name, name, length) == 0)) return s;
  }
}

uint32_t names_put(names *m, const char *name, size_t length, uint32_t number) {
  struct names_slot *s = slot_of(m, name, length);
  if (s->used) return s->number;
  *s = (struct names_slot){name, length, number, 1};
  return NAMES_NONE;
}

uint32_t names_find(const names *m, const char *name, size_t length) {
  if (m->slots == NULL) return NAMES_NONE;
  struct names_slot *s = slot_of(m, name, length);
  return s->used ? s->number : NAMES_NONE;
}
