/* plugin/validate_tensor.c - how many references to a tensor plugins own (core/plugin).
 *
 * Tensors are counted, and host and plugins hold them side by side; here are those that plugins were given
 * or took. A release of what nobody owns is held back. A small tensor that a plugin made and gave back is
 * kept for a while, so that a use after that is seen. */
#include <pthread.h>
#include <stdio.h>
#include <runnel/tensor.h>
#include "base/mem.h"
#include "plugin/pointer_map.h"
#include "plugin/validate.h"
#include "tensor/refs.h"
#include "tensor/shape.h"

#define KEPT 64u
#define KEPT_EACH_BYTES ((size_t)64 << 10)

typedef struct record {
  struct record *next, *before;
  rn_tensor *tensor;
  rn_validator *owner; /* who had it first */
  char what[80];
  uint32_t refs;
  uint8_t created, kept; /* by a plugin; nobody but this file is known to hold it */
} record;

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static rn_pointer_map known;
static record *all;
static record *ring[KEPT];
static size_t n_ring, first_ring;

static record *add(rn_tensor *t) {
  record *r = rn_mem_zero(1, sizeof *r);
  if (r == NULL || !rn_pointer_map_put(&known, t, r)) {
    rn_mem_free(r);
    return NULL;
  }
  const rn_scope *scope = rn_scope_now();
  r->tensor = t;
  r->owner = scope != NULL ? scope->plugin : NULL;
  if (scope != NULL && scope->what != NULL) (void)snprintf(r->what, sizeof r->what, "%s", scope->what);
  r->next = all;
  if (all != NULL) all->before = r;
  all = r;
  return r;
}

static void forget(record *r) {
  rn_pointer_map_remove(&known, r->tensor);
  if (r->next != NULL) r->next->before = r->before;
  if (r->before != NULL)
    r->before->next = r->next;
  else
    all = r->next;
  rn_mem_free(r);
}

void rn_tensor_given(rn_tensor *t, int created) {
  if (t == NULL) return;
  (void)pthread_mutex_lock(&guard);
  record *r = rn_pointer_map_get(&known, t);
  if (r == NULL) r = add(t);
  if (r != NULL) {
    r->refs++;
    r->created |= (uint8_t)created;
  }
  (void)pthread_mutex_unlock(&guard);
}

/* Under guard. What leaves the ring is the caller's to release. */
static rn_tensor *keep(record *r) {
  rn_tensor *gone = NULL;
  if (n_ring == KEPT) {
    record *old = ring[first_ring];
    first_ring = (first_ring + 1) % KEPT;
    n_ring--;
    gone = old->tensor;
    old->kept = 0;
    if (old->refs == 0) forget(old);
  }
  r->kept = 1;
  ring[(first_ring + n_ring++) % KEPT] = r;
  return gone;
}

int rn_tensor_may_release(rn_validator *v, rn_tensor *t) {
  rn_tensor *gone = NULL;
  int forward = 0;
  (void)pthread_mutex_lock(&guard);
  record *r = rn_pointer_map_get(&known, t);
  int wrong = r != NULL ? r->refs == 0 : rn_scope_now() != NULL; /* outside of all calls not all is seen */
  if (r == NULL && !wrong) forward = 1;
  if (r != NULL && !wrong && --r->refs == 0) {
    int keeps = r->created && !r->kept && rn_tensor_size_bytes(t) <= KEPT_EACH_BYTES;
    forward = !keeps;
    if (keeps)
      gone = keep(r); /* with the plugin's reference */
    else if (!r->kept)
      forget(r);
  } else if (!wrong) {
    forward = 1;
  }
  (void)pthread_mutex_unlock(&guard);
  if (wrong)
    rn_violation_here(v, "releases a tensor that it does not own%s",
                      r != NULL ? " any more: it gave back all its references" : "");
  rn_tensor_release(gone);
  return forward;
}

int rn_tensor_is_alive(rn_validator *v, const rn_tensor *t, const char *act) {
  (void)pthread_mutex_lock(&guard);
  const record *r = rn_pointer_map_get(&known, t);
  int dead = r != NULL && r->refs == 0 && r->kept && rn_tensor_refs(t) == 1;
  (void)pthread_mutex_unlock(&guard);
  if (dead) rn_violation_here(v, "%s a tensor that was released before", act);
  return !dead;
}

static void describe(const record *r, char *buf, size_t size_bytes) {
  char shape[RN_SHAPE_TEXT];
  (void)rn_shape_print(rn_tensor_shape(r->tensor), shape, sizeof shape);
  (void)snprintf(buf, size_bytes, "%u of %s %.40s%s%.60s", r->refs, rn_dtype_name(rn_tensor_dtype(r->tensor)), shape,
                 r->what[0] != '\0' ? " from " : "", r->what);
}

void rn_tensors_report(rn_validator *v) {
  char few[600] = "";
  size_t count = 0, at = 0;
  (void)pthread_mutex_lock(&guard);
  for (const record *r = all; r != NULL; r = r->next) {
    char text[200];
    if (r->owner != v || r->refs == 0) continue;
    if (count++ >= 3) continue;
    describe(r, text, sizeof text);
    if (at < sizeof few) at += (size_t)snprintf(few + at, sizeof few - at, "%s%s", at != 0 ? "; " : "", text);
  }
  (void)pthread_mutex_unlock(&guard);
  if (count != 0)
    rn_violation_here(v, "references to %zu tensors were never released: %s%s", count, few, count > 3 ? "; ..." : "");
}
