/* plugin/pointer_map.c - open addressing over addresses (core/plugin). */
#include "plugin/pointer_map.h"
#include "base/mem.h"

static size_t slot_of(const void *key, size_t capacity) {
  uint64_t x = (uint64_t)(uintptr_t)key * 0x9e3779b97f4a7c15u;
  return (size_t)(x >> 20) & (capacity - 1);
}

/* Where key is, or where the search ended. */
static size_t find(const rn_pointer_map *m, const void *key) {
  size_t at = slot_of(key, m->capacity);
  while (m->key[at] != NULL && m->key[at] != key) at = (at + 1) & (m->capacity - 1);
  return at;
}

void *rn_pointer_map_get(const rn_pointer_map *m, const void *key) {
  if (m->capacity == 0 || key == NULL) return NULL;
  size_t at = find(m, key);
  return m->key[at] == key ? m->value[at] : NULL;
}

static int grow(rn_pointer_map *m) {
  rn_pointer_map bigger = {NULL, NULL, m->count * 4 > m->capacity ? m->capacity * 2 : m->capacity, 0, 0};
  if (bigger.capacity == 0) bigger.capacity = 64;
  bigger.key = rn_mem_zero(bigger.capacity, sizeof *bigger.key);
  bigger.value = rn_mem_zero(bigger.capacity, sizeof(void *));
  if (bigger.key == NULL || bigger.value == NULL) {
    rn_mem_free(bigger.key);
    rn_mem_free(bigger.value);
    return 0;
  }
  for (size_t i = 0; i < m->capacity; i++)
    if (m->key[i] != NULL && m->key[i] != (const void *)m) (void)rn_pointer_map_put(&bigger, m->key[i], m->value[i]);
  rn_mem_free(m->key);
  rn_mem_free(m->value);
  *m = bigger;
  return 1;
}

int rn_pointer_map_put(rn_pointer_map *m, const void *key, void *value) {
  if (m->filled * 2 >= m->capacity && !grow(m)) return 0;
  size_t at = find(m, key);
  if (m->key[at] == NULL) {
    m->key[at] = key;
    m->filled++;
    m->count++;
  }
  m->value[at] = value;
  return 1;
}

void rn_pointer_map_remove(rn_pointer_map *m, const void *key) {
  if (rn_pointer_map_get(m, key) == NULL) return;
  size_t at = find(m, key);
  m->key[at] = m;
  m->value[at] = NULL;
  m->count--;
}
