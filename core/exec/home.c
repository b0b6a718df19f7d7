/* exec/home.c - variables move between the host and devices (core/exec).
 *
 * Copies here belong to no step: each device has one queue for them, used by one thread at a time, and a
 * copy is done when its function returns. A variable moves under its exclusive lock. */
#include "exec/exec.h"

#define SLICE_NS 100000000u
#define SLICES 600u /* a minute */

rn_status *exec_device_alloc(exec_device *d, uint64_t size_bytes, rn_mem **out) {
  rn_status *s = d->type->def->alloc(d->handle, size_bytes != 0 ? size_bytes : 1, out);
  if (s == NULL) return NULL;
  return rn_status_wrap(s, "device %s: %llu bytes", d->full_name, (unsigned long long)size_bytes);
}

void *exec_device_address(const exec_device *d, rn_mem *m) {
  if ((d->info.features & RN_DEVICE_HOST_MEMORY) == 0 || d->type->def->address == NULL) return NULL;
  return d->type->def->address(d->handle, m);
}

static rn_status *start_queue(exec_device *d) {
  const rn_device_def *def = d->type->def;
  if ((d->info.features & RN_DEVICE_SYNCHRONOUS) != 0 || d->timeline != NULL) return NULL;
  if (d->queue == NULL) RN_TRY(def->queue_create(d->handle, &d->queue));
  return def->timeline_create(d->handle, &d->timeline);
}

static rn_status *wait_for(exec_device *d) {
  const rn_device_def *def = d->type->def;
  rn_status *s = def->flush != NULL ? def->flush(d->handle, d->queue) : NULL;
  if (s != NULL) return s;
  for (uint32_t i = 0; i < SLICES; i++) {
    rn_status_free(s);
    s = def->timeline_wait(d->handle, (rn_point){d->timeline, d->value}, SLICE_NS);
    if (s == NULL || rn_status_code(s) != RN_DEADLINE_EXCEEDED) break;
  }
  return s;
}

static rn_status *copy_now(exec_device *d, const rn_copy *c) {
  const rn_device_def *def = d->type->def;
  RN_TRY(start_queue(d));
  if (d->timeline == NULL) return def->copy(d->handle, NULL, (rn_points){0}, (rn_points){0}, c);
  rn_point before = {d->timeline, d->value}, after = {d->timeline, d->value + 1};
  RN_TRY(def->copy(d->handle, d->queue, (rn_points){&before, d->value != 0, 0}, (rn_points){&after, 1, 0}, c));
  d->value++;
  return wait_for(d);
}

rn_status *exec_device_copy(exec_device *d, const rn_copy *c) {
  (void)pthread_mutex_lock(&d->carrying);
  rn_status *s = copy_now(d, c);
  (void)pthread_mutex_unlock(&d->carrying);
  return s != NULL ? rn_status_wrap(s, "device %s: copying", d->full_name) : NULL;
}

void exec_device_stop_copies(exec_device *d) {
  if (d->timeline != NULL) d->type->def->timeline_destroy(d->handle, d->timeline);
  if (d->queue != NULL) d->type->def->queue_destroy(d->handle, d->queue);
  d->timeline = NULL;
  d->queue = NULL;
}

/* ------------------------------------------------------------------------------------ variables */
static void give_back(void *device, rn_mem *m) {
  exec_device *d = device;
  d->type->def->release(d->handle, m);
}

static rn_status *upload(exec_device *d, rn_mem *to, uint64_t offset, const void *from, uint64_t size_bytes) {
  rn_region r = {0, offset, size_bytes};
  if (size_bytes == 0) return NULL;
  return exec_device_copy(d, &(rn_copy){(uint32_t)sizeof(rn_copy), 1, to, NULL, (void *)(uintptr_t)from, &r});
}

/* Where r lies in device memory the bytes are copied to host memory. */
rn_status *exec_cell_download(const rn_resource *r, const rn_tensor_view *v, void *to) {
  const rn_cell_home *home = rn_cell_get_home(r);
  rn_region region = {v->offset_bytes, 0, v->size_bytes};
  if (v->size_bytes == 0) return NULL;
  return exec_device_copy(home->device_key, &(rn_copy){(uint32_t)sizeof(rn_copy), 1, NULL, home->mem, to, &region});
}

rn_status *exec_cell_view(const rn_resource *r, rn_tensor_view *out) {
  RN_TRY(rn_cell_view(r, out));
  const rn_cell_home *home = rn_cell_get_home(r);
  if (home->mem == NULL || !RN_HAS(out, rn_tensor_view, data)) return NULL;
  char *base = exec_device_address(home->device_key, home->mem);
  if (base != NULL) out->data = base + home->offset_bytes;
  return NULL;
}

static rn_status *to_host(rn_resource *r) {
  rn_tensor_view v = {.struct_size = (uint32_t)sizeof v};
  rn_tensor *t;
  RN_TRY(rn_cell_view(r, &v));
  RN_TRY(rn_tensor_create(v.dtype, &v.shape, &t));
  rn_status *s = exec_cell_download(r, &v, rn_tensor_data(t));
  rn_tensor_view now;
  exec_view_tensor(t, &now);
  if (s == NULL) s = rn_cell_assign(r, &now);
  rn_tensor_release(t);
  return s;
}

static rn_status *bytes_of(const rn_resource *r, const rn_shape *shape, uint64_t *out) {
  int64_t count;
  rn_dtype t = rn_cell_dtype(r);
  if (t == RN_STRING || t == RN_VARIANT || t == RN_RESOURCE)
    return rn_status_make(RN_INVALID_ARGUMENT, "variable '%s' is %s: that stays in host memory", rn_resource_name(r),
                          rn_dtype_name(t));
  RN_TRY(rn_shape_count(shape, &count));
  *out = (uint64_t)count * rn_dtype_size(t);
  return NULL;
}

static rn_status *to_device(exec_device *d, rn_resource *r, const rn_shape *shape, const void *content) {
  uint64_t size;
  rn_mem *mem;
  RN_TRY(bytes_of(r, shape, &size));
  RN_TRY(exec_device_alloc(d, size, &mem));
  rn_status *s = upload(d, mem, 0, content, size);
  if (s == NULL) s = rn_cell_set_home(r, &(rn_cell_home){d, mem, 0, size, give_back}, shape);
  if (s != NULL) d->type->def->release(d->handle, mem);
  return s;
}

static int is_home(const exec_cell *c, const rn_resource *r) {
  if (!c->settled || r == NULL || !rn_resource_is_cell(r) || !rn_cell_initialized(r)) return 1;
  const rn_cell_home *home = rn_cell_get_home(r);
  return (home->mem != NULL ? home->device_key : NULL) == (void *)c->home;
}

int exec_cell_stays(const exec_cell *c, const rn_resource *r) {
  if (c->home == NULL || c->shape_moves || r == NULL || !rn_resource_is_cell(r)) return 0;
  const rn_cell_home *home = rn_cell_get_home(r);
  return home->mem != NULL && home->device_key == (void *)c->home;
}

int exec_cells_are_home(const exec_plan *p, rn_resource *const *cell) {
  for (uint32_t i = 0; i < p->n_cell; i++)
    if (!is_home(&p->cell[i], cell[i])) return 0;
  return 1;
}

static rn_status *leave_device(rn_resource *r, const exec_run *run) {
  const rn_cell_home *home = rn_cell_get_home(r);
  const exec_device *d = home->device_key;
  uint64_t begin = exec_trace_now(run), size = home->size_bytes;
  if (home->mem == NULL) return NULL;
  RN_TRY(to_host(r));
  if (begin != 0) exec_trace_part(run, RN_TRACE_DOWNLOAD, d, rn_resource_name(r), size, begin);
  return NULL;
}

static rn_status *enter_device(exec_device *d, rn_resource *r, const exec_run *run) {
  rn_tensor_view v = {.struct_size = (uint32_t)sizeof v};
  uint64_t begin = exec_trace_now(run);
  RN_TRY(rn_cell_view(r, &v));
  rn_shape shape = v.shape;
  RN_TRY(to_device(d, r, &shape, v.data));
  if (begin != 0) exec_trace_part(run, RN_TRACE_UPLOAD, d, rn_resource_name(r), v.size_bytes, begin);
  return NULL;
}

rn_status *exec_cell_go_home(const exec_plan *p, uint32_t cell, rn_resource *r, const exec_run *run) {
  const exec_cell *c = &p->cell[cell];
  if (is_home(c, r)) return NULL;
  rn_status *s = leave_device(r, run);
  if (s == NULL && c->home != NULL) s = enter_device(c->home, r, run);
  return s != NULL ? rn_status_wrap(s, "moving variable '%s'", rn_resource_name(r)) : NULL;
}

rn_status *exec_cells_go_home(const exec_plan *p, rn_resource *const *cell, const exec_run *run) {
  for (uint32_t i = 0; i < p->n_cell; i++) RN_TRY(exec_cell_go_home(p, i, cell[i], run));
  return NULL;
}

/* A kernel of device d assigns: the content stays at home there. */
rn_status *exec_cell_assign_on(exec_device *d, rn_resource *r, const rn_tensor_view *v) {
  rn_tensor *staged = NULL;
  const void *from = v->data;
  rn_status *s = NULL;
  if (from == NULL && v->size_bytes != 0) {
    rn_region region = {v->offset_bytes, 0, v->size_bytes};
    RN_TRY(rn_tensor_create(rn_dtype_base(v->dtype), &v->shape, &staged));
    s = exec_device_copy(d, &(rn_copy){(uint32_t)sizeof(rn_copy), 1, NULL, v->mem, rn_tensor_data(staged), &region});
    from = rn_tensor_data(staged);
  }
  const rn_cell_home *home = rn_cell_get_home(r);
  int fits = home->mem != NULL && home->device_key == (void *)d && rn_shape_equal(rn_cell_shape(r), &v->shape);
  if (s == NULL && fits) {
    s = upload(d, home->mem, home->offset_bytes, from, v->size_bytes);
    rn_cell_touch(r);
  } else if (s == NULL) {
    s = to_device(d, r, &v->shape, from);
  }
  rn_tensor_release(staged);
  return s;
}
