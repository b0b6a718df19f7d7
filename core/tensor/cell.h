/* tensor/cell.h - resources: state that outlives a step (core/tensor).
 *
 * A resource is a cell (a variable: dtype, shape, buffer, initialised flag, lock, version) or an
 * object of a named type that a plugin made. A store holds the resources of one scope by
 * (container, name). Kernels reach resources only through the host.
 * thread: stores are locked inside. A cell's buffer is guarded by its reader-writer lock, which the
 * executor takes for a step in the order of rn_resource_order. */
#ifndef RN_TENSOR_CELL_H
#define RN_TENSOR_CELL_H
#include <runnel/plugin.h>
#include <runnel/tensor.h>

typedef struct rn_store rn_store;
rn_status *rn_store_create(rn_store **out);
void rn_store_destroy(rn_store *s);
/* The cell of that name, created (uninitialised) on first use. The same name with another dtype or a
 * contradicting shape is INVALID_ARGUMENT. own: borrowed from the store */
rn_status *rn_store_cell(rn_store *s, rn_bytes container, rn_bytes name, rn_dtype dt, const rn_shape *declared,
                         rn_resource **out);
rn_status *rn_store_object(rn_store *s, rn_bytes container, rn_bytes name, const char *type,
                           rn_status *(*create)(void *arg, void **object), void *arg, void (*destroy)(void *object),
                           rn_resource **out);
uint64_t rn_store_cell_bytes(const rn_store *s);

int rn_resource_is_cell(const rn_resource *r);
void *rn_resource_object(const rn_resource *r, const char *type);
const char *rn_resource_name(const rn_resource *r);
uint64_t rn_resource_order(const rn_resource *r); /* the total order in which locks are taken */
void rn_resource_lock(rn_resource *r, int exclusive);
void rn_resource_unlock(rn_resource *r, int exclusive);

/* The rest is for cells, under the lock. */
int rn_cell_initialized(const rn_resource *r);
rn_dtype rn_cell_dtype(const rn_resource *r);
const rn_shape *rn_cell_shape(const rn_resource *r); /* the content's, once initialised; else declared */
uint64_t rn_cell_version(const rn_resource *r);      /* changes with the content */
uint64_t rn_cell_epoch(const rn_resource *r);        /* changes when the buffer moves or is reshaped */
void rn_cell_touch(rn_resource *r);                  /* content was written in place */
/* err FAILED_PRECONDITION: uninitialised, named. v->struct_size set by the caller. */
rn_status *rn_cell_view(const rn_resource *r, rn_tensor_view *v);
/* Copies v in; a new shape (allowed by the declared one) gets a new buffer. err INVALID_ARGUMENT */
rn_status *rn_cell_assign(rn_resource *r, const rn_tensor_view *v);
/* A snapshot. own: owned */
rn_status *rn_cell_read(const rn_resource *r, rn_tensor **out);
/* Home in device memory: device memory replaces the host buffer (exec moves the content). */
typedef struct rn_cell_home {
  void *device_key; /* whose memory: exec's device, NULL host */
  rn_mem *mem;
  uint64_t offset_bytes, size_bytes;
  void (*release)(void *device_key, rn_mem *m);
} rn_cell_home;
const rn_cell_home *rn_cell_get_home(const rn_resource *r);
rn_status *rn_cell_set_home(rn_resource *r, const rn_cell_home *home, const rn_shape *shape); /* marks initialised */
#endif
