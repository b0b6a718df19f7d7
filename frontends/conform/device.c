/* device.c - a device of the plugin, open, for the cases about it (frontends/conform). */
#include "device.h"

static rn_status *put(void *arg, const rn_device_info *i) {
  device_found *f = arg;
  if (f->n == DEVICE_MOST) return NULL;
  memset(&f->info[f->n], 0, sizeof f->info[0]);
  memcpy(&f->info[f->n++], i, i->struct_size < sizeof *i ? i->struct_size : sizeof *i);
  return NULL;
}
rn_status *device_list(kit *k, const rn_device_def *d, device_found *f) {
  memset(f, 0, sizeof *f);
  return d->enumerate(&k->host->api, put, f);
}

verdict device_begin(kit *k, const kit_case *c, device_opened *o) {
  device_found f;
  memset(o, 0, sizeof *o);
  o->k = k;
  o->d = &k->own.devices[c->index];
  if (o->d->enumerate == NULL || o->d->alloc == NULL || o->d->release == NULL || o->d->copy == NULL)
    return skip(k, "it is not complete; see enumerate");
  rn_status *s = device_list(k, o->d, &f);
  if (s != NULL || f.n == 0) {
    verdict v = skip(k, "there is no such device here%s%s", s != NULL ? ": " : "", rn_status_message(s));
    rn_status_free(s);
    return v;
  }
  o->info = f.info[0];
  doing(k, "open of device '%s'", o->d->type);
  verdict v =
      o->d->open == NULL ? PASSED : fail_status(k, "it does not open", o->d->open(&k->host->api, 0, &o->handle));
  o->is_open = v == PASSED;
  if (v != PASSED || (o->info.features & RN_DEVICE_SYNCHRONOUS)) return v;
  if (o->d->queue_create == NULL || o->d->timeline_create == NULL || o->d->timeline_destroy == NULL ||
      o->d->timeline_wait == NULL)
    return fail(k, "it is not synchronous and has no queues or timelines");
  return fail_status(k, "no queue can be made", o->d->queue_create(o->handle, &o->queue));
}
verdict device_end(device_opened *o, verdict v) {
  if (!o->is_open) return v;
  doing(o->k, "drain and close of device '%s'", o->d->type);
  if (o->d->drain != NULL) {
    verdict drained = fail_status(o->k, "it does not drain", o->d->drain(o->handle, SECOND_NS));
    if (v == PASSED) v = drained;
  }
  if (o->queue != NULL && o->d->queue_destroy != NULL) o->d->queue_destroy(o->handle, o->queue);
  if (o->d->close != NULL) o->d->close(o->handle);
  return v;
}

/* A copy that is over when this returns. */
rn_status *device_copy(device_opened *o, rn_mem *dst, rn_mem *src, void *host, const rn_region *regions, uint32_t n) {
  rn_copy c = {(uint32_t)sizeof c, n, dst, src, host, regions};
  rn_points none = {NULL, 0, 0};
  rn_timeline *t = NULL;
  if (o->queue == NULL) return o->d->copy(o->handle, NULL, none, none, &c);
  RN_TRY(o->d->timeline_create(o->handle, &t));
  rn_point at = {t, 1};
  rn_points signal = {&at, 1, 0};
  rn_status *s = o->d->copy(o->handle, o->queue, none, signal, &c);
  if (s == NULL && o->d->flush != NULL) s = o->d->flush(o->handle, o->queue);
  if (s == NULL) s = o->d->timeline_wait(o->handle, at, 5 * SECOND_NS);
  o->d->timeline_destroy(o->handle, t);
  return s;
}

void device_pattern(unsigned char *p, size_t n, unsigned seed) {
  for (size_t i = 0; i < n; i++) p[i] = (unsigned char)(i * 7 + seed + (i >> 8));
}
