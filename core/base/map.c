/* base/map.c - names to numbers (core/base).
 *
 * Linear probing in a power-of-two table at most 3/4 full. A slot keeps 32 bits of the hash, so a
 * probe compares bytes almost only when it has found the key. Removal shifts the rest of the run
 * back: no tombstones, and a table that shrinks and grows for ever stays fast. */
#include "base/map.h"
#include <string.h>
#include "base/mem.h"

struct rn_map_slot {
  const char *key; /* NULL: empty */
  size_t length;
  uint32_t hash;
  uint32_t value;
};
#define FIRST_CAPACITY 16u

static uint64_t read_word(const unsigned char *p) {
  uint64_t w;
  memcpy(&w, p, sizeof w);
  return w;
}

static uint64_t mix(uint64_t a, uint64_t b) {
  __extension__ typedef unsigned __int128 wide;
  wide product = (wide)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Folded 64 x 64 multiplies over 8-byte words, the tail zero-padded; the length goes in last, so that
 * padding cannot make two keys equal. */
uint64_t rn_hash_bytes(const void *p, size_t length, uint64_t seed) {
  const uint64_t k0 = 0xa0761d6478bd642fu, k1 = 0xe7037ed1a0b428dbu;
  const unsigned char *bytes = p;
  uint64_t h = seed ^ k0;
  size_t left = length;
  for (; left >= 8; left -= 8, bytes += 8) h = mix(h ^ read_word(bytes), k1);
  if (left > 0) {
    uint64_t w = 0;
    memcpy(&w, bytes, left);
    h = mix(h ^ w, k1);
  }
  return mix(h ^ k0, (uint64_t)length ^ k1);
}

void rn_map_init(rn_map *m) { *m = (rn_map){NULL, 0, 0}; }

void rn_map_finish(rn_map *m) {
  rn_mem_free(m->slots);
  rn_map_init(m);
}

static uint32_t hash_key(const char *key, size_t length) {
  uint64_t h = rn_hash_bytes(key, length, 0);
  return (uint32_t)(h ^ (h >> 32));
}

/* The slot that holds the key, or the empty one where it would go. */
static uint32_t locate(const rn_map *m, const char *key, size_t length, uint32_t hash) {
  uint32_t mask = m->capacity - 1, i = hash & mask;
  for (;; i = (i + 1) & mask) {
    const struct rn_map_slot *s = &m->slots[i];
    if (s->key == NULL) return i;
    if (s->hash == hash && s->length == length && memcmp(s->key, key, length) == 0) return i;
  }
}

uint32_t rn_map_find(const rn_map *m, const char *key, size_t length) {
  if (m->count == 0) return RN_MAP_NONE;
  const struct rn_map_slot *s = &m->slots[locate(m, key, length, hash_key(key, length))];
  return s->key != NULL ? s->value : RN_MAP_NONE;
}

static int grow(rn_map *m) {
  if (m->capacity > UINT32_MAX / 2) return 0;
  rn_map bigger = {NULL, m->capacity != 0 ? m->capacity * 2 : FIRST_CAPACITY, m->count};
  bigger.slots = rn_mem_zero(bigger.capacity, sizeof *bigger.slots);
  if (bigger.slots == NULL) return 0;
  uint32_t mask = bigger.capacity - 1;
  for (uint32_t i = 0; i < m->capacity; i++) {
    if (m->slots[i].key == NULL) continue;
    uint32_t j = m->slots[i].hash & mask;
    while (bigger.slots[j].key != NULL) j = (j + 1) & mask;
    bigger.slots[j] = m->slots[i];
  }
  rn_mem_free(m->slots);
  *m = bigger;
  return 1;
}

int rn_map_put(rn_map *m, const char *key, size_t length, uint32_t value) {
  uint32_t hash = hash_key(key, length);
  if (m->count >= m->capacity / 4 * 3 && rn_map_find(m, key, length) == RN_MAP_NONE && !grow(m)) return 0;
  struct rn_map_slot *s = &m->slots[locate(m, key, length, hash)];
  if (s->key == NULL) m->count++;
  *s = (struct rn_map_slot){key, length, hash, value};
  return 1;
}

int rn_map_remove(rn_map *m, const char *key, size_t length) {
  if (m->count == 0) return 0;
  uint32_t mask = m->capacity - 1, hole = locate(m, key, length, hash_key(key, length));
  if (m->slots[hole].key == NULL) return 0;
  for (uint32_t i = (hole + 1) & mask; m->slots[i].key != NULL; i = (i + 1) & mask) {
    uint32_t home = m->slots[i].hash & mask;
    if (((i - home) & mask) < ((i - hole) & mask)) continue; /* would land before its home */
    m->slots[hole] = m->slots[i];
    hole = i;
  }
  m->slots[hole] = (struct rn_map_slot){NULL, 0, 0, 0};
  m->count--;
  return 1;
}
