/* tensor/cell.c - what a variable holds (core/tensor).
 *
 * Content is a host tensor that nobody else holds (strings excepted: those are immutable and shared),
 * so it may be written in place under the lock; or it is a home in device memory. Everything that can
 * fail happens before the cell changes. */
#include <stdatomic.h>
#include "base/mem.h"
#include "tensor/resource.h"
#include "tensor/shape.h"

static _Atomic uint64_t last_version;

static int has_home(const rn_resource *r) { return r->home.mem != NULL; }

static int has_content(const rn_resource *r) { return r->content != NULL || has_home(r); }

static void drop_home(rn_resource *r) {
  if (has_home(r) && r->home.release != NULL) r->home.release(r->home.device_key, r->home.mem);
  memset(&r->home, 0, sizeof r->home);
}

void rn_cell_finish(rn_resource *r) {
  drop_home(r);
  rn_tensor_release(r->content);
  r->content = NULL;
}

int rn_cell_initialized(const rn_resource *r) { return has_content(r); }
rn_dtype rn_cell_dtype(const rn_resource *r) { return r->dtype; }
const rn_shape *rn_cell_shape(const rn_resource *r) { return has_content(r) ? &r->shape : &r->declared; }
uint64_t rn_cell_version(const rn_resource *r) { return r->version; }
uint64_t rn_cell_epoch(const rn_resource *r) { return r->epoch; }
const rn_cell_home *rn_cell_get_home(const rn_resource *r) { return &r->home; }

/* A number no content of any cell had before. */
void rn_cell_touch(rn_resource *r) { r->version = atomic_fetch_add(&last_version, 1) + 1; }

static rn_status *check_shape(const rn_resource *r, const rn_shape *s) {
  if (rn_shape_matches(&r->declared, s)) return NULL;
  char got[RN_SHAPE_TEXT], declared[RN_SHAPE_TEXT];
  (void)rn_shape_print(s, got, sizeof got);
  (void)rn_shape_print(&r->declared, declared, sizeof declared);
  return rn_status_make(RN_INVALID_ARGUMENT, "variable '%s': a value of shape %s does not fit the declared shape %s",
                        r->name, got, declared);
}

static rn_status *check_value(const rn_resource *r, const rn_tensor_view *v, uint64_t *size_bytes) {
  int64_t count;
  RN_TRY(check_shape(r, &v->shape));
  RN_TRY(rn_shape_count(&v->shape, &count));
  if (rn_dtype_base(v->dtype) != r->dtype)
    return rn_status_make(RN_INVALID_ARGUMENT, "variable '%s' is %s, the value is %s", r->name, rn_dtype_name(r->dtype),
                          rn_dtype_name(v->dtype));
  *size_bytes = (uint64_t)count * rn_dtype_size(r->dtype);
  int readable = r->dtype == RN_STRING ? v->tensor != NULL : v->data != NULL || *size_bytes == 0;
  if (!readable)
    return rn_status_make(RN_INTERNAL, "variable '%s': the value to assign is not in host memory", r->name);
  return NULL;
}

/* Takes `made` as the content, in new memory. */
static void replace(rn_resource *r, rn_tensor *made) {
  rn_cell_finish(r);
  r->content = made;
  r->shape = *rn_tensor_shape(made);
  atomic_store(&r->size_bytes, rn_tensor_size_bytes(made));
  r->epoch++;
  rn_cell_touch(r);
}

static rn_status *with_name(const rn_resource *r, rn_status *s) {
  return s != NULL ? rn_status_wrap(s, "variable '%s'", r->name) : NULL;
}

rn_status *rn_cell_assign(rn_resource *r, const rn_tensor_view *v) {
  uint64_t size_bytes;
  rn_tensor *made;
  RN_TRY(check_value(r, v, &size_bytes));
  if (r->dtype == RN_STRING) {
    RN_TRY(with_name(r, rn_tensor_reshape(v->tensor, &v->shape, &made)));
  } else if (r->content != NULL && rn_shape_equal(&r->shape, &v->shape)) {
    if (size_bytes != 0) memmove(rn_tensor_data(r->content), v->data, size_bytes);
    rn_cell_touch(r);
    return NULL;
  } else {
    RN_TRY(with_name(r, rn_tensor_from(r->dtype, &v->shape, v->data, &made)));
  }
  replace(r, made);
  return NULL;
}

static rn_status *uninitialized(const rn_resource *r) {
  return rn_status_make(RN_FAILED_PRECONDITION, "variable '%s' is used before it is initialised", r->name);
}

rn_status *rn_cell_view(const rn_resource *r, rn_tensor_view *v) {
  if (!has_content(r)) return uninitialized(r);
  rn_tensor_view full;
  uint32_t size = v->struct_size < sizeof full ? v->struct_size : (uint32_t)sizeof full;
  memset(&full, 0, sizeof full);
  full.struct_size = v->struct_size;
  full.dtype = r->dtype;
  full.shape = r->shape;
  full.version = r->version;
  full.size_bytes = has_home(r) ? r->home.size_bytes : rn_tensor_size_bytes(r->content);
  if (has_home(r)) {
    full.mem = r->home.mem;
    full.offset_bytes = r->home.offset_bytes;
  } else {
    full.data = rn_tensor_data(r->content);
    full.tensor = r->dtype == RN_STRING ? r->content : NULL; /* dense content changes in place: not to be retained */
  }
  memcpy(v, &full, size);
  return NULL;
}

rn_status *rn_cell_read(const rn_resource *r, rn_tensor **out) {
  if (!has_content(r)) return uninitialized(r);
  if (has_home(r))
    return rn_status_make(RN_FAILED_PRECONDITION, "variable '%s' is in device memory: it must be brought back first",
                          r->name);
  if (r->dtype == RN_STRING) {
    *out = rn_tensor_retain(r->content);
    return NULL;
  }
  return with_name(r, rn_tensor_from(r->dtype, &r->shape, rn_tensor_data(r->content), out));
}

static int is_to_host(const rn_cell_home *home) { return home == NULL || home->mem == NULL; }

rn_status *rn_cell_set_home(rn_resource *r, const rn_cell_home *home, const rn_shape *shape) {
  int64_t count;
  rn_tensor *made = NULL;
  RN_TRY(check_shape(r, shape));
  RN_TRY(rn_shape_count(shape, &count));
  if (is_to_host(home)) {
    RN_TRY(with_name(r, rn_tensor_create(r->dtype, shape, &made)));
    replace(r, made);
    return NULL;
  }
  rn_cell_home kept = *home;                                          /* home may be this cell's own */
  if (has_home(r) && r->home.mem == kept.mem) r->home.release = NULL; /* the same allocation, reshaped */
  rn_cell_finish(r);
  r->home = kept;
  r->shape = *shape;
  atomic_store(&r->size_bytes, kept.size_bytes);
  r->epoch++;
  rn_cell_touch(r);
  return NULL;
}
