/* tensor/store.c - the resources of one scope, by container and name (core/tensor).
 *
 * Resources are never removed before the store is destroyed, so a pointer once handed out stays good.
 * Each gets the next number of one process-wide count: taking locks by ascending number cannot
 * deadlock, whichever stores the resources are in. */
#include <stdatomic.h>
#include "base/map.h"
#include "base/mem.h"
#include "tensor/resource.h"
#include "tensor/shape.h"

struct rn_store {
  pthread_mutex_t lock;
  rn_map index;
  rn_resource **items;
  uint32_t count, capacity;
};

static _Atomic uint64_t last_order;

rn_status *rn_store_create(rn_store **out) {
  rn_store *s = rn_mem_zero(1, sizeof *s);
  if (s == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for a store of resources");
  (void)pthread_mutex_init(&s->lock, NULL);
  rn_map_init(&s->index);
  *out = s;
  return NULL;
}

static void resource_destroy(rn_resource *r) {
  if (r == NULL) return;
  void *object = atomic_load(&r->object);
  if (r->is_cell) rn_cell_finish(r);
  if (object != NULL && r->destroy != NULL) r->destroy(object);
  (void)pthread_rwlock_destroy(&r->lock);
  (void)pthread_mutex_destroy(&r->making);
  rn_mem_free(r->type);
  rn_mem_free(r->key);
  rn_mem_free(r);
}

/* Newest first: an object may have been made from an older one. */
void rn_store_destroy(rn_store *s) {
  if (s == NULL) return;
  for (uint32_t i = s->count; i > 0; i--) resource_destroy(s->items[i - 1]);
  rn_mem_free(s->items);
  rn_map_finish(&s->index);
  (void)pthread_mutex_destroy(&s->lock);
  rn_mem_free(s);
}

static rn_status *no_memory(rn_bytes name) {
  return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for resource '%.*s'",
                        name.size < 1024 ? (int)name.size : 1024, name.size != 0 ? name.data : "");
}

/* The container's length first: no two pairs make one key. The NUL behind makes the name printable. */
static char *make_key(rn_bytes container, rn_bytes name, size_t *out_length) {
  size_t length;
  if (__builtin_add_overflow(container.size, name.size, &length)) return NULL;
  if (__builtin_add_overflow(length, sizeof container.size, &length)) return NULL;
  char *key = length < SIZE_MAX ? rn_mem_alloc(length + 1) : NULL;
  if (key == NULL) return NULL;
  char *at = key;
  memcpy(at, &container.size, sizeof container.size);
  at += sizeof container.size;
  if (container.size != 0) memcpy(at, container.data, container.size);
  at += container.size;
  if (name.size != 0) memcpy(at, name.data, name.size);
  key[length] = '\0';
  *out_length = length;
  return key;
}

static rn_resource *resource_create(const char *type, char *key, size_t key_length, size_t name_length) {
  rn_resource *r = rn_mem_zero(1, sizeof *r);
  if (r == NULL) return NULL;
  (void)pthread_rwlock_init(&r->lock, NULL);
  (void)pthread_mutex_init(&r->making, NULL);
  r->order = atomic_fetch_add(&last_order, 1) + 1;
  r->is_cell = type == NULL;
  if (type != NULL && (r->type = rn_mem_copy_text(type)) == NULL) {
    resource_destroy(r);
    return NULL;
  }
  r->key = key;
  r->key_length = key_length;
  r->name = key + key_length - name_length;
  return r;
}

static int reserve(rn_store *s) {
  if (s->count < s->capacity) return 1;
  uint32_t capacity = s->capacity != 0 ? s->capacity * 2 : 16;
  if (capacity < s->capacity) return 0;
  rn_resource **items = rn_mem_grow(s->items, capacity, sizeof(rn_resource *));
  if (items == NULL) return 0;
  s->items = items;
  s->capacity = capacity;
  return 1;
}

/* The resource under the key, or a new one (type NULL: a cell). Takes the key; NULL: out of memory.
 * Under the store's lock. */
static rn_resource *find_or_add(rn_store *s, char *key, size_t length, size_t name_length, const char *type,
                                int *out_is_new) {
  uint32_t at = rn_map_find(&s->index, key, length);
  *out_is_new = at == RN_MAP_NONE;
  if (at != RN_MAP_NONE) {
    rn_mem_free(key);
    return s->items[at];
  }
  rn_resource *r = reserve(s) ? resource_create(type, key, length, name_length) : NULL;
  if (r == NULL) {
    rn_mem_free(key);
    return NULL;
  }
  if (!rn_map_put(&s->index, r->key, length, s->count)) {
    resource_destroy(r);
    return NULL;
  }
  s->items[s->count++] = r;
  return r;
}

static int shapes_agree(const rn_shape *a, const rn_shape *b) {
  if (a->rank < 0 || b->rank < 0) return 1;
  if (a->rank != b->rank) return 0;
  for (int32_t i = 0; i < a->rank; i++) {
    if (a->dim[i] >= 0 && b->dim[i] >= 0 && a->dim[i] != b->dim[i]) return 0;
  }
  return 1;
}

static rn_status *check_cell(const rn_resource *r, rn_dtype dt, const rn_shape *declared) {
  if (!r->is_cell)
    return rn_status_make(RN_INVALID_ARGUMENT, "resource '%s' is a %s, not a variable", r->name, r->type);
  if (r->dtype != dt)
    return rn_status_make(RN_INVALID_ARGUMENT, "variable '%s' has dtype %s, not %s", r->name, rn_dtype_name(r->dtype),
                          rn_dtype_name(dt));
  if (shapes_agree(&r->declared, declared)) return NULL;
  char was[RN_SHAPE_TEXT], is[RN_SHAPE_TEXT];
  (void)rn_shape_print(&r->declared, was, sizeof was);
  (void)rn_shape_print(declared, is, sizeof is);
  return rn_status_make(RN_INVALID_ARGUMENT, "variable '%s' was declared with shape %s and now with %s", r->name, was,
                        is);
}

static rn_status *check_declaration(rn_bytes name, rn_dtype dt, const rn_shape *declared) {
  int ok = rn_dtype_size(dt) != 0 || dt == RN_STRING;
  const char *text = name.size != 0 ? name.data : "";
  if (!ok || dt > RN_REF)
    return rn_status_make(RN_INVALID_ARGUMENT, "variable '%.*s' cannot have dtype %s (%d)",
                          name.size < 1024 ? (int)name.size : 1024, text, rn_dtype_name(dt), dt);
  if (declared->rank > RN_MAX_RANK)
    return rn_status_make(RN_INVALID_ARGUMENT, "variable '%.*s' has rank %d; at most %d is supported",
                          name.size < 1024 ? (int)name.size : 1024, text, declared->rank, RN_MAX_RANK);
  return NULL;
}

rn_status *rn_store_cell(rn_store *s, rn_bytes container, rn_bytes name, rn_dtype dt, const rn_shape *declared,
                         rn_resource **out) {
  size_t length;
  int is_new;
  RN_TRY(check_declaration(name, dt, declared));
  char *key = make_key(container, name, &length);
  if (key == NULL) return no_memory(name);
  (void)pthread_mutex_lock(&s->lock);
  rn_resource *r = find_or_add(s, key, length, (size_t)name.size, NULL, &is_new);
  if (r != NULL && is_new) {
    r->dtype = dt;
    r->declared = *declared;
  }
  rn_status *failed = r != NULL ? check_cell(r, dt, declared) : no_memory(name);
  (void)pthread_mutex_unlock(&s->lock);
  if (failed == NULL) *out = r;
  return failed;
}

/* Only the first caller makes the object; the others wait for it. A failed attempt leaves the
 * resource empty and the next caller tries again. */
static rn_status *make_object(rn_resource *r, rn_status *(*create)(void *arg, void **object), void *arg,
                              void (*destroy)(void *object)) {
  rn_status *failed = NULL;
  (void)pthread_mutex_lock(&r->making);
  if (atomic_load(&r->object) == NULL) {
    void *object = NULL;
    failed = create(arg, &object);
    if (failed == NULL && object == NULL)
      failed = rn_status_make(RN_INTERNAL, "resource '%s': its maker gave no %s", r->name, r->type);
    if (failed == NULL) {
      r->destroy = destroy;
      atomic_store(&r->object, object);
    }
  }
  (void)pthread_mutex_unlock(&r->making);
  return failed;
}

rn_status *rn_store_object(rn_store *s, rn_bytes container, rn_bytes name, const char *type,
                           rn_status *(*create)(void *arg, void **object), void *arg, void (*destroy)(void *object),
                           rn_resource **out) {
  size_t length;
  int is_new;
  char *key = make_key(container, name, &length);
  if (key == NULL) return no_memory(name);
  (void)pthread_mutex_lock(&s->lock);
  rn_resource *r = find_or_add(s, key, length, (size_t)name.size, type, &is_new);
  (void)pthread_mutex_unlock(&s->lock);
  if (r == NULL) return no_memory(name);
  if (r->is_cell) return rn_status_make(RN_INVALID_ARGUMENT, "resource '%s' is a variable, not a %s", r->name, type);
  if (strcmp(r->type, type) != 0)
    return rn_status_make(RN_INVALID_ARGUMENT, "resource '%s' is a %s, not a %s", r->name, r->type, type);
  RN_TRY(make_object(r, create, arg, destroy));
  *out = r;
  return NULL;
}

uint64_t rn_store_cell_bytes(const rn_store *s) {
  rn_store *unlocked = (rn_store *)(uintptr_t)s; /* the lock is not part of what a reader sees */
  uint64_t total = 0;
  (void)pthread_mutex_lock(&unlocked->lock);
  for (uint32_t i = 0; i < s->count; i++) total += atomic_load(&s->items[i]->size_bytes);
  (void)pthread_mutex_unlock(&unlocked->lock);
  return total;
}

int rn_resource_is_cell(const rn_resource *r) { return r->is_cell; }

void *rn_resource_object(const rn_resource *r, const char *type) {
  return !r->is_cell && strcmp(r->type, type) == 0 ? atomic_load(&r->object) : NULL;
}

const char *rn_resource_name(const rn_resource *r) { return r->name; }
uint64_t rn_resource_order(const rn_resource *r) { return r->order; }

void rn_resource_lock(rn_resource *r, int exclusive) {
  if (exclusive)
    (void)pthread_rwlock_wrlock(&r->lock);
  else
    (void)pthread_rwlock_rdlock(&r->lock);
}

void rn_resource_unlock(rn_resource *r, int exclusive) {
  (void)exclusive;
  (void)pthread_rwlock_unlock(&r->lock);
}
