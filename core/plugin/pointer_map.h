/* plugin/pointer_map.h - pointers to pointers, for the validation layer (core/plugin). Not safe for threads. */
#ifndef RN_PLUGIN_POINTER_MAP_H
#define RN_PLUGIN_POINTER_MAP_H
#include <stddef.h>
#include <stdint.h>

typedef struct rn_pointer_map { /* zeroed: empty */
  const void **key;             /* NULL: free; the map's own address: taken out */
  void **value;
  size_t capacity, filled, count; /* filled counts those taken out too */
} rn_pointer_map;
void *rn_pointer_map_get(const rn_pointer_map *m, const void *key);      /* NULL: not there */
int rn_pointer_map_put(rn_pointer_map *m, const void *key, void *value); /* 0: out of memory */
void rn_pointer_map_remove(rn_pointer_map *m, const void *key);
#endif
