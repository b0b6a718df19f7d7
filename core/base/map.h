/* base/map.h - names to numbers (core/base). Open addressing, keys borrowed from the caller (they
 * must outlive the map), values 32 bits. Built for a million node names. */
#ifndef RN_BASE_MAP_H
#define RN_BASE_MAP_H
#include <stddef.h>
#include <stdint.h>

typedef struct rn_map {
  struct rn_map_slot *slots;
  uint32_t capacity, count;
} rn_map;
#define RN_MAP_NONE UINT32_MAX
void rn_map_init(rn_map *m);
void rn_map_finish(rn_map *m);
uint32_t rn_map_find(const rn_map *m, const char *key, size_t length);     /* RN_MAP_NONE: not there */
int rn_map_put(rn_map *m, const char *key, size_t length, uint32_t value); /* 0: out of memory; replaces */
int rn_map_remove(rn_map *m, const char *key, size_t length);
uint64_t rn_hash_bytes(const void *p, size_t length, uint64_t seed);
#endif
