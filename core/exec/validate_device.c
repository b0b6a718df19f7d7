/* exec/validate_device.c - a device's table, checking what comes back and what is asked (core/exec).
 *
 * The functions of a device know it by its handle alone, so an open device is found by that. What the
 * device does wrong fails the call; what the host would do wrong (a copy out of bounds, memory released
 * twice) is said too, as the host's. */
#include "exec/validate_device.h"
#include "plugin/pointer_map.h"

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static rn_pointer_map devices; /* handle -> device_watch */

static const void *key_of(const void *handle) {
  static const char none = 0;
  return handle != NULL ? handle : &none;
}

device_watch *device_watch_of(const void *device) {
  (void)pthread_mutex_lock(&guard);
  device_watch *w = rn_pointer_map_get(&devices, key_of(device));
  (void)pthread_mutex_unlock(&guard);
  return w;
}

/* -------------------------------------------------------------------------------------- records */
device_held *device_hold(device_watch *w, device_held **list, const void *what) {
  device_held *h = rn_mem_zero(1, sizeof *h);
  if (h == NULL) return NULL;
  h->what = what;
  (void)pthread_mutex_lock(&w->guard);
  h->next = *list;
  *list = h;
  (void)pthread_mutex_unlock(&w->guard);
  return h;
}

device_held *device_find(device_watch *w, device_held *const *list, const void *what) {
  (void)pthread_mutex_lock(&w->guard);
  device_held *h = *list;
  while (h != NULL && h->what != what) h = h->next;
  (void)pthread_mutex_unlock(&w->guard);
  return h;
}

int device_take(device_watch *w, device_held **list, const void *what) {
  (void)pthread_mutex_lock(&w->guard);
  device_held **at = list;
  while (*at != NULL && (*at)->what != what) at = &(*at)->next;
  device_held *h = *at;
  if (h != NULL) *at = h->next;
  (void)pthread_mutex_unlock(&w->guard);
  rn_mem_free(h);
  return h != NULL;
}

static void enter(const device_watch *w, rn_scope *s, const char *what) { rn_scope_enter(s, w->plugin, what, NULL); }
static void leave(rn_scope *s) { rn_status_free(rn_scope_leave(s, NULL)); }
void device_say(const device_watch *w, const char *text, const void *p) {
  rn_violation_here(w->plugin, "device %s: %s (%p)", w->name, text, p);
}

/* --------------------------------------------------------------------------------------- memory */
static int overlaps(device_watch *w, const char *address, uint64_t size_bytes) {
  int found = 0;
  (void)pthread_mutex_lock(&w->guard);
  for (const device_held *h = w->memory; h != NULL && !found; h = h->next)
    found = h->address != NULL && address < h->address + h->size_bytes && h->address < address + size_bytes;
  (void)pthread_mutex_unlock(&w->guard);
  return found;
}

static void check_memory(device_watch *w, void *device, rn_mem *m, uint64_t size_bytes) {
  char *address = NULL;
  int reachable = (w->info->features & RN_DEVICE_HOST_MEMORY) != 0 && w->real->address != NULL;
  uintptr_t align = w->info->align_bytes != 0 ? w->info->align_bytes : 1;
  if (device_find(w, &w->memory, m) != NULL) {
    device_say(w, "alloc returned memory that is allocated already", m);
    return;
  }
  if (reachable && (address = w->real->address(device, m)) == NULL)
    device_say(w, "memory of the host has no address", m);
  if (address != NULL && (uintptr_t)address % align != 0)
    rn_violation_here(w->plugin, "device %s: memory at %p is not aligned to the %zu bytes that the device promises",
                      w->name, (void *)address, (size_t)align);
  if (address != NULL && overlaps(w, address, size_bytes))
    device_say(w, "alloc returned memory that overlaps memory still allocated", address);
  device_held *h = device_hold(w, &w->memory, m);
  if (h == NULL) return;
  h->address = address;
  h->size_bytes = size_bytes;
}

static rn_status *mem_alloc(void *device, uint64_t size_bytes, rn_mem **out) {
  rn_scope scope;
  device_watch *w = device_watch_of(device);
  *out = NULL;
  enter(w, &scope, "alloc");
  rn_status *s = w->real->alloc(device, size_bytes, out);
  if (s == NULL && *out == NULL) device_say(w, "alloc succeeded and returned nothing", NULL);
  if (s == NULL && *out != NULL) check_memory(w, device, *out, size_bytes);
  int made = s == NULL && *out != NULL;
  s = rn_scope_leave(&scope, s);
  if (s == NULL || !made) return s;
  if (device_take(w, &w->memory, *out)) w->real->release(device, *out);
  return s;
}

static void mem_release(void *device, rn_mem *m) {
  rn_scope scope;
  device_watch *w = device_watch_of(device);
  enter(w, &scope, "release");
  if (device_take(w, &w->memory, m))
    w->real->release(device, m);
  else
    device_say(w, "the host releases memory that is not allocated", m);
  leave(&scope);
}

static void *mem_address(void *device, rn_mem *m) {
  rn_scope scope;
  device_watch *w = device_watch_of(device);
  enter(w, &scope, "address");
  const device_held *h = device_find(w, &w->memory, m);
  char *address = w->real->address(device, m);
  if (h == NULL)
    device_say(w, "the host asks for the address of memory that is not allocated", m);
  else if (h->address != NULL && h->address != address)
    device_say(w, "the address of memory has changed", m);
  leave(&scope);
  return address;
}

void device_note_signals(device_watch *w, const rn_queue *q, rn_points signal) {
  device_held *h = device_find(w, &w->queues, q);
  if (h != NULL && signal.count != 0) h->last = signal.items[signal.count - 1];
}

static void check_region(device_watch *w, const rn_mem *m, uint64_t offset, uint64_t size_bytes, const char *side) {
  const device_held *h = m != NULL ? device_find(w, &w->memory, m) : NULL;
  if (m == NULL || (h != NULL && offset <= h->size_bytes && size_bytes <= h->size_bytes - offset)) return;
  rn_violation_here(w->plugin, "device %s: the host copies %llu bytes at %llu of %s of %llu bytes", w->name,
                    (unsigned long long)size_bytes, (unsigned long long)offset, side,
                    h != NULL ? (unsigned long long)h->size_bytes : 0ull);
}

static rn_status *mem_copy(void *device, rn_queue *q, rn_points wait, rn_points signal, const rn_copy *c) {
  rn_scope scope;
  device_watch *w = device_watch_of(device);
  enter(w, &scope, "copy");
  for (uint32_t i = 0; i < c->region_count; i++) {
    check_region(w, c->dst, c->regions[i].dst_offset_bytes, c->regions[i].size_bytes, "a destination");
    check_region(w, c->src, c->regions[i].src_offset_bytes, c->regions[i].size_bytes, "a source");
  }
  rn_status *s = scope.own.first == NULL ? w->real->copy(device, q, wait, signal, c) : NULL;
  if (s == NULL) device_note_signals(w, q, signal);
  return rn_scope_leave(&scope, s);
}

/* ---------------------------------------------------------------------------------------- ends */
static void drop_list(device_held *h, size_t *out_count, uint64_t *out_bytes) {
  for (*out_count = 0, *out_bytes = 0; h != NULL; ++*out_count) {
    device_held *next = h->next;
    *out_bytes += h->size_bytes;
    rn_mem_free(h);
    h = next;
  }
}

static void close_device(void *device) {
  rn_scope scope;
  size_t memory, queues, timelines, recordings;
  uint64_t bytes, none;
  device_watch *w = device_watch_of(device);
  drop_list(w->memory, &memory, &bytes);
  drop_list(w->queues, &queues, &none);
  drop_list(w->timelines, &timelines, &none);
  drop_list(w->recordings, &recordings, &none);
  enter(w, &scope, "close");
  if (memory + queues + timelines + recordings != 0)
    rn_violation_here(
        w->plugin, "device %s: left at close: %zu allocations of %llu bytes, %zu queues, %zu timelines, %zu recordings",
        w->name, memory, (unsigned long long)bytes, queues, timelines, recordings);
  if (w->real->close != NULL) w->real->close(device);
  leave(&scope);
  (void)pthread_mutex_lock(&guard);
  rn_pointer_map_remove(&devices, key_of(device));
  (void)pthread_mutex_unlock(&guard);
  (void)pthread_mutex_destroy(&w->guard);
  rn_mem_free(w);
}

static void fill_table(device_watch *w) {
  rn_device_def *d = &w->def;
  *d = *w->real;
  d->close = close_device;
  if (d->alloc != NULL) d->alloc = mem_alloc;
  if (d->release != NULL) d->release = mem_release;
  if (d->address != NULL) d->address = mem_address;
  if (d->copy != NULL) d->copy = mem_copy;
  device_watch_queues(d);
}

rn_status *exec_validate_device(rn_runtime *rt, exec_device *d) {
  if (!rn_runtime_validates(rt) || rn_validator_of(d->type->host) == NULL) return NULL;
  device_watch *w = rn_mem_zero(1, sizeof *w);
  if (w == NULL) return exec_out_of_memory("a checked device");
  w->real = d->type->def;
  w->info = &d->info;
  w->plugin = rn_validator_of(d->type->host);
  (void)snprintf(w->name, sizeof w->name, "%s", d->full_name);
  (void)pthread_mutex_init(&w->guard, NULL);
  fill_table(w);
  w->type = (rn_device_type){&w->def, d->type->plugin, d->type->host};
  (void)pthread_mutex_lock(&guard);
  int taken = rn_pointer_map_get(&devices, key_of(d->handle)) != NULL;
  int ok = !taken && rn_pointer_map_put(&devices, key_of(d->handle), w);
  (void)pthread_mutex_unlock(&guard);
  if (ok) {
    d->type = &w->type;
    return NULL;
  }
  if (taken)
    rn_log_write(rn_runtime_log(rt), RN_LOG_INFO, "device %s is not validated: another one has the same handle",
                 d->full_name);
  rn_mem_free(w);
  return taken ? NULL : exec_out_of_memory("a checked device");
}
