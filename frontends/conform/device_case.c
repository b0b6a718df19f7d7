/* device_case.c - a device's list, memory and copies (frontends/conform).
 *
 * What the host will ask of it, with the sizes and orders the host may use. Its kernels are cases of their own. A
 * device that is not in this machine is not exercised. */
#include <stdlib.h>
#include "device.h"

static int same_device(const rn_device_info *a, const rn_device_info *b) {
  return a->index == b->index && memcmp(a->uuid, b->uuid, sizeof a->uuid) == 0 && strcmp(a->name, b->name) == 0 &&
         a->features == b->features;
}

static verdict check_info(kit *k, const rn_device_def *d, const rn_device_info *i, uint32_t at) {
  if (memchr(i->name, 0, sizeof i->name) == NULL || i->name[0] == '\0') return fail(k, "device %u has no name", at);
  if (i->align_bytes == 0 || (i->align_bytes & (i->align_bytes - 1)) != 0)
    return fail(k, "device %u: align_bytes is %u, no power of two", at, i->align_bytes);
  if (i->index != at) return fail(k, "device %u says that its index is %u", at, i->index);
  if ((i->features & RN_DEVICE_RECORDS) && (d->record_begin == NULL || d->record_end == NULL || d->replay == NULL))
    return fail(k, "device %u says that it records, and has no record_begin, record_end or replay", at);
  if (d->kernels_of != NULL && (i->features & RN_DEVICE_HOST_MEMORY) == 0)
    return fail(k, "device %u runs the kernels of '%s' and its memory is not the host's", at, d->kernels_of);
  return PASSED;
}

static verdict open_unknown(kit *k, const rn_device_def *d, uint32_t index) {
  void *none = NULL;
  doing(k, "open of device '%s' with an index that does not exist", d->type);
  rn_status *s = d->open(&k->host->api, index, &none);
  if (s == NULL) return fail(k, "it opens a device number %u, which does not exist", index);
  rn_status_free(s);
  return PASSED;
}

static verdict enumerate(kit *k, const kit_case *c) {
  const rn_device_def *d = &k->own.devices[c->index];
  device_found one, two;
  verdict v = PASSED;
  if (d->enumerate == NULL) return fail(k, "it has no enumerate");
  if (d->alloc == NULL || d->release == NULL || d->copy == NULL) return fail(k, "it has no alloc, release or copy");
  doing(k, "enumerate of device '%s'", d->type);
  rn_status *s = device_list(k, d, &one);
  if (s == NULL) s = device_list(k, d, &two);
  if (s != NULL) {
    v = skip(k, "no device of this type can be listed here: %s", rn_status_message(s));
    rn_status_free(s);
    return v;
  }
  if (one.n == 0) return skip(k, "there is no such device here");
  if (one.n != two.n) return fail(k, "enumerated twice it finds %u and %u devices", one.n, two.n);
  for (uint32_t i = 0; i < one.n && v == PASSED; i++) {
    v = check_info(k, d, &one.info[i], i);
    if (v == PASSED && !same_device(&one.info[i], &two.info[i])) v = fail(k, "enumerated twice device %u differs", i);
  }
  return v == PASSED && d->open != NULL ? open_unknown(k, d, one.n + 100) : v;
}

/* ------------------------------------------------------------------------------------------- memory */
static verdict check_alloc(device_opened *o, uint64_t size) {
  rn_mem *m = NULL;
  doing(o->k, "alloc of %llu bytes on device '%s'", (unsigned long long)size, o->d->type);
  rn_status *s = o->d->alloc(o->handle, size, &m);
  if (s != NULL) return fail_status(o->k, "a small allocation fails", s);
  if (m == NULL) return fail(o->k, "alloc of %llu bytes gives nothing and no error", (unsigned long long)size);
  void *at = o->d->address != NULL ? o->d->address(o->handle, m) : NULL;
  verdict v = PASSED;
  if ((o->info.features & RN_DEVICE_HOST_MEMORY) && at == NULL)
    v = fail(o->k, "its memory is the host's, and address says NULL");
  if (at != NULL && (uintptr_t)at % o->info.align_bytes != 0)
    v = fail(o->k, "memory of %llu bytes is not aligned to the %u bytes it promises", (unsigned long long)size,
             o->info.align_bytes);
  if (at != NULL && (o->info.features & RN_DEVICE_HOST_MEMORY)) memset(at, 0x5a, (size_t)size);
  o->d->release(o->handle, m);
  return v;
}

static verdict memory(kit *k, const kit_case *c) {
  static const uint64_t sizes[] = {0, 1, 3, 63, 64, 65, 4096, 100001};
  device_opened o;
  verdict v = device_begin(k, c, &o);
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0] && v == PASSED; i++) v = check_alloc(&o, sizes[i]);
  if (v == PASSED) { /* what no machine has */
    rn_mem *m = NULL;
    doing(k, "alloc of 2^60 bytes on device '%s'", o.d->type);
    rn_status *s = o.d->alloc(o.handle, 1ull << 60, &m);
    if (s == NULL) v = fail(k, "it says that it has 2^60 bytes");
    if (s != NULL && rn_status_message(s)[0] == '\0') v = fail(k, "too large an allocation fails without a word");
    if (s == NULL && m != NULL) o.d->release(o.handle, m);
    rn_status_free(s);
  }
  int64_t blocks = k->host->blocks;
  for (int i = 0; i < 3 && v == PASSED; i++) v = check_alloc(&o, 4096);
  if (v == PASSED && k->host->blocks > blocks)
    v = fail(k, "released memory stays allocated (%lld blocks)", (long long)(k->host->blocks - blocks));
  return device_end(&o, v);
}

/* ------------------------------------------------------------------------------------------- copies */
/* host -> a -> b -> host, whole and in pieces at odd places. */
static rn_status *round_trip(device_opened *o, rn_mem *a, rn_mem *b, unsigned char *from, unsigned char *to, uint64_t n,
                             int pieces) {
  rn_region whole[1] = {{0, 0, n}};
  rn_region parts[3] = {{0, 0, n / 3}, {n / 3, n / 3, n / 3}, {n / 3 * 2, n / 3 * 2, n - n / 3 * 2}};
  const rn_region *r = pieces ? parts : whole;
  uint32_t count = pieces ? 3 : 1;
  RN_TRY(device_copy(o, a, NULL, from, r, count));
  RN_TRY(device_copy(o, b, a, NULL, r, count));
  return device_copy(o, NULL, b, to, r, count);
}

static verdict check_copies(device_opened *o, uint64_t n, int pieces) {
  rn_mem *a = NULL, *b = NULL;
  unsigned char *from = malloc((size_t)n + 1), *to = calloc(1, (size_t)n + 1);
  verdict v = PASSED;
  if (from == NULL || to == NULL) v = fail(o->k, "no memory for a check");
  doing(o->k, "copies of %llu bytes%s on device '%s'", (unsigned long long)n, pieces ? " in three regions" : "",
        o->d->type);
  if (v == PASSED) device_pattern(from, (size_t)n, (unsigned)n);
  if (v == PASSED) v = fail_status(o->k, "alloc", o->d->alloc(o->handle, n, &a));
  if (v == PASSED) v = fail_status(o->k, "alloc", o->d->alloc(o->handle, n, &b));
  if (v == PASSED) v = fail_status(o->k, "a copy", round_trip(o, a, b, from, to, n, pieces));
  for (uint64_t i = 0; i < n && v == PASSED; i++)
    if (from[i] != to[i])
      v = fail(o->k, "after copies host, device, device, host of %llu bytes%s byte %llu is %u, it was %u",
               (unsigned long long)n, pieces ? " in three regions" : "", (unsigned long long)i, to[i], from[i]);
  if (a != NULL) o->d->release(o->handle, a);
  if (b != NULL) o->d->release(o->handle, b);
  free(from);
  free(to);
  return v;
}

static verdict copies(kit *k, const kit_case *c) {
  static const uint64_t sizes[] = {4, 7, 64, 4095, 1 << 20};
  device_opened o;
  verdict v = device_begin(k, c, &o);
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
    for (int pieces = 0; pieces < 2 && v == PASSED; pieces++) v = check_copies(&o, sizes[i], pieces);
  return device_end(&o, v);
}

static verdict open_and_close(kit *k, const kit_case *c) {
  verdict v = PASSED;
  int64_t blocks = k->host->blocks;
  for (int i = 0; i < 3 && v == PASSED; i++) {
    device_opened o;
    v = device_end(&o, device_begin(k, c, &o));
    if (i == 0) blocks = k->host->blocks; /* the first may keep what it shares */
  }
  if (v == PASSED && k->host->blocks > blocks) v = fail(k, "each time it is device_opened and closed it keeps memory");
  return v;
}

void list_device_cases(kit *k) {
  static const struct {
    const char *name;
    verdict (*run)(kit *k, const kit_case *c);
  } all[] = {{"enumerate", enumerate},   {"open-and-close", open_and_close}, {"memory", memory},
             {"copies", copies},         {"timelines", device_timelines},    {"recording", device_recording},
             {"launch", device_launches}};
  for (uint32_t i = 0; i < k->own.n_devices && k->o->op == NULL; i++)
    for (size_t n = 0; n < sizeof all / sizeof all[0]; n++)
      if (k->own.devices[i].type != NULL)
        add_case(k, all[n].run, i, "device/%s/%s", k->own.devices[i].type, all[n].name);
}
