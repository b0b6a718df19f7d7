/* tensor/resource.h - what a resource is made of (core/tensor); seen by store.c and cell.c alone. */
#ifndef RN_TENSOR_RESOURCE_H
#define RN_TENSOR_RESOURCE_H
#include <pthread.h>
#include "tensor/cell.h"

struct rn_resource {
  pthread_rwlock_t lock;
  uint64_t order;
  char *key; /* length of the container, container, name: unique in the store */
  size_t key_length;
  const char *name; /* the end of key */
  int is_cell;
  /* cells, under the lock */
  rn_dtype dtype;
  rn_shape declared, shape;
  rn_tensor *content; /* NULL: uninitialised or in device memory */
  rn_cell_home home;  /* mem NULL: host */
  uint64_t version, epoch;
  _Atomic uint64_t size_bytes;
  /* objects; made under `making`, read without it */
  char *type;
  pthread_mutex_t making;
  void *_Atomic object;
  void (*destroy)(void *object);
};

void rn_cell_finish(rn_resource *r); /* gives the content back */
#endif
