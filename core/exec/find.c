/* exec/find.c - the plan for what is fed, fetched and targeted (core/exec).
 *
 * A session keeps its plans most recently used first. Finding one takes a short lock; making one takes
 * another, so that steps with plans go on while a new plan is made. */
#include "exec/exec.h"

static uint64_t hash_request(const exec_request *r) {
  uint64_t h = rn_hash_bytes(r->feeds, r->n_feeds * sizeof *r->feeds, r->version);
  h = rn_hash_bytes(r->fetches, r->n_fetches * sizeof *r->fetches, h + r->n_feeds);
  return rn_hash_bytes(r->targets, r->n_targets * sizeof *r->targets, h + r->n_fetches);
}

static int same(const void *a, const void *b, size_t count, size_t item) {
  return count == 0 || memcmp(a, b, count * item) == 0;
}

static int is_for(const exec_plan *p, const exec_request *r, uint64_t hash) {
  return p->hash == hash && p->version == r->version && p->n_feed == r->n_feeds && p->n_fetch == r->n_fetches &&
         p->n_target == r->n_targets && same(p->feed, r->feeds, r->n_feeds, sizeof *r->feeds) &&
         same(p->fetch, r->fetches, r->n_fetches, sizeof *r->fetches) &&
         same(p->target, r->targets, r->n_targets, sizeof *r->targets);
}

/* The plan for r moved to the front, with a reference for the caller; or NULL. */
static exec_plan *find(rn_session *s, const exec_request *r, uint64_t hash) {
  exec_plan *found = NULL;
  (void)pthread_mutex_lock(&s->guard);
  for (exec_plan **at = &s->plans; *at != NULL && found == NULL; at = &(*at)->next) {
    if (!is_for(*at, r, hash)) continue;
    found = *at;
    *at = found->next;
    found->next = s->plans;
    s->plans = found;
    atomic_fetch_add(&found->refs, 1);
    break;
  }
  (void)pthread_mutex_unlock(&s->guard);
  return found;
}

static void keep(rn_session *s, exec_plan *p) {
  exec_plan *oldest = NULL;
  (void)pthread_mutex_lock(&s->guard);
  atomic_fetch_add(&p->refs, 1);
  p->next = s->plans;
  s->plans = p;
  if (++s->n_plans > EXEC_MAX_PLANS) {
    exec_plan **at = &s->plans;
    while ((*at)->next != NULL) at = &(*at)->next;
    oldest = *at;
    *at = NULL;
    s->n_plans--;
  }
  (void)pthread_mutex_unlock(&s->guard);
  exec_plan_release(oldest);
}

static rn_status *make(rn_session *s, exec_request *r, uint64_t hash, exec_plan **out) {
  *out = find(s, r, hash); /* another thread may have been faster */
  if (*out != NULL) return NULL;
  RN_TRY(exec_passed_graph(s, r));
  RN_TRY(exec_plan_create(s, r, out));
  (*out)->hash = hash;
  keep(s, *out);
  return NULL;
}

rn_status *exec_plan_find(rn_session *s, exec_request *r, exec_plan **out) {
  r->graph = s->graph;
  r->version = rn_graph_version(s->graph);
  uint64_t hash = hash_request(r);
  *out = find(s, r, hash);
  if (*out != NULL) return NULL;
  (void)pthread_mutex_lock(&s->planning);
  rn_status *failed = make(s, r, hash, out);
  (void)pthread_mutex_unlock(&s->planning);
  return failed;
}
