/* plugin/validate_status.c - which statuses live, who made them, which were freed (core/plugin).
 *
 * The core's own makers and free tell this file what they do, since a status moves freely between plugin and
 * host. A freed one is kept in a ring, so that freeing or reading it again is seen and does no harm. */
#include <pthread.h>
#include <stdio.h>
#include "base/mem.h"
#include "base/status_watch.h"
#include "plugin/pointer_map.h"
#include "plugin/validate.h"

#define KEPT 512u

typedef struct record {
  struct record *next, *before;
  rn_status *status;
  rn_validator *owner; /* whose code made it; NULL: the host's */
  uint8_t freed;
} record;

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static rn_pointer_map known;
static record *live;
static record *kept[KEPT];
static size_t n_kept, first_kept;
static _Thread_local int inside; /* this file makes statuses too */

static void made(rn_status *s) {
  record *r = rn_mem_zero(1, sizeof *r);
  if (r == NULL) return;
  const rn_scope *scope = rn_scope_now();
  r->status = s;
  r->owner = scope != NULL ? scope->plugin : NULL;
  (void)pthread_mutex_lock(&guard);
  record *old = rn_pointer_map_get(&known, s); /* freed behind our back */
  int ok = old == NULL && rn_pointer_map_put(&known, s, r);
  if (ok) {
    r->next = live;
    if (live != NULL) live->before = r;
    live = r;
  }
  (void)pthread_mutex_unlock(&guard);
  if (!ok) rn_mem_free(r);
}

/* Under guard: r is freed; the one that leaves the ring is the caller's to free. */
static record *keep(record *r) {
  record *gone = NULL;
  if (r->next != NULL) r->next->before = r->before;
  if (r->before != NULL)
    r->before->next = r->next;
  else
    live = r->next;
  r->freed = 1;
  if (n_kept == KEPT) {
    gone = kept[first_kept];
    first_kept = (first_kept + 1) % KEPT;
    n_kept--;
    rn_pointer_map_remove(&known, gone->status);
  }
  kept[(first_kept + n_kept++) % KEPT] = r;
  return gone;
}

static int freed(rn_status *s) {
  record *gone = NULL;
  (void)pthread_mutex_lock(&guard);
  record *r = rn_pointer_map_get(&known, s);
  int again = r != NULL && r->freed;
  if (r != NULL && !again) gone = keep(r);
  rn_validator *owner = r != NULL ? r->owner : NULL;
  (void)pthread_mutex_unlock(&guard);
  if (gone != NULL) {
    rn_mem_free(gone->status);
    rn_mem_free(gone);
  }
  if (again && !inside) {
    inside = 1;
    rn_violation_here(owner, "a status was freed twice, or freed and then returned: \"%.200s\"", rn_status_message(s));
    inside = 0;
  }
  return r != NULL;
}

void rn_statuses_watch(void) {
  static const rn_status_watch watch = {made, freed};
  rn_status_set_watch(&watch);
}

int rn_status_is_alive(rn_validator *v, const rn_status *s, const char *act) {
  if (rn_status_is_static(s)) return 1;
  (void)pthread_mutex_lock(&guard);
  const record *r = rn_pointer_map_get(&known, s);
  int state = r == NULL ? 2 : r->freed;
  (void)pthread_mutex_unlock(&guard);
  if (state == 1)
    rn_violation_here(v, "%s a status that was freed before: \"%.200s\"", act, rn_status_message(s));
  else if (state == 2)
    rn_violation_here(v, "%s %p, which is no status of this host, or was freed long ago", act, (const void *)s);
  return state == 0;
}

void rn_statuses_report(rn_validator *v) {
  char few[400] = "";
  size_t count = 0, at = 0;
  (void)pthread_mutex_lock(&guard);
  for (const record *r = live; r != NULL; r = r->next) {
    if (r->owner != v) continue;
    if (count++ < 3 && at < sizeof few)
      at += (size_t)snprintf(few + at, sizeof few - at, "%s\"%.100s\"", at != 0 ? ", " : "",
                             rn_status_message(r->status));
  }
  (void)pthread_mutex_unlock(&guard);
  if (count != 0) rn_violation_here(v, "%zu statuses were never freed: %s%s", count, few, count > 3 ? ", ..." : "");
}
