/* life_case.c - start, stop and start again (frontends/conform). */
#include <time.h>
#include "host.h"
#include "kit.h"

#define QUIESCE_NS 1000000000ull
static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static rn_status *start(kit *k) { return k->own.desc->init != NULL ? k->own.desc->init(&k->host->api) : NULL; }

static rn_status *stop(kit *k, double *out_seconds) {
  const rn_plugin_desc *d = k->own.desc;
  double from = seconds();
  rn_status *s = d->quiesce != NULL ? d->quiesce(QUIESCE_NS) : NULL;
  *out_seconds = seconds() - from;
  if (d->fini != NULL) d->fini();
  return s;
}

/* The plugin runs when the case begins and when it ends. */
static verdict start_and_stop(kit *k, const kit_case *c) {
  verdict v = PASSED;
  double took;
  (void)c;
  for (int i = 0; i < 3 && v == PASSED; i++) {
    doing(k, "quiesce and fini, time %d", i + 1);
    v = fail_status(k, "it does not come to rest", stop(k, &took));
    if (v == PASSED && took > 2 * (double)QUIESCE_NS / 1e9) v = fail(k, "quiesce was given 1 s and took %.1f s", took);
    int64_t blocks = k->host->blocks, tensors = k->host->tensors;
    if (v == PASSED && blocks + tensors > 0)
      v = fail(k, "after fini it still owns %lld blocks of memory and %lld tensors", (long long)blocks,
               (long long)tensors);
    doing(k, "init, time %d", i + 1);
    verdict again = fail_status(k, "it does not start again", start(k));
    if (v == PASSED) v = again;
  }
  return v;
}

/* init may fail when memory is short; that must be a status, and nothing may stay. */
static verdict init_without_memory(kit *k, const kit_case *c) {
  double took;
  verdict v = PASSED;
  (void)c;
  if (k->own.desc->init == NULL) return skip(k, "it has no init");
  rn_status_free(stop(k, &took));
  int64_t before = k->host->blocks;
  for (uint64_t n = 1; n <= 16 && v == PASSED; n++) {
    doing(k, "init while allocation %llu fails", (unsigned long long)n);
    hostile_arm(k->host, n);
    rn_status *s = start(k);
    int refused = k->host->failed;
    hostile_arm(k->host, 0);
    if (s == NULL) rn_status_free(stop(k, &took));
    rn_status_free(s);
    if (k->host->blocks > before)
      v = fail(k, "init that failed at allocation %llu keeps memory", (unsigned long long)n);
    if (!refused) break;
  }
  verdict again = fail_status(k, "it does not start again", start(k));
  return v == PASSED ? again : v;
}

static verdict runtimes(kit *k, const kit_case *c) {
  rn_runtime *one = NULL, *two = NULL;
  char id[128];
  (void)c;
  doing(k, "a second and a third runtime beside the first");
  rn_status *s = load_plugin(k->o, NULL, 0, &one, id, sizeof id);
  if (s == NULL) s = load_plugin(k->o, NULL, 0, &two, id, sizeof id);
  rn_runtime_destroy(one);
  rn_runtime_destroy(two);
  return fail_status(k, "a second runtime", s);
}

void list_life_cases(kit *k) {
  if (k->o->op != NULL) return;
  add_case(k, start_and_stop, 0, "life/start-and-stop");
  add_case(k, init_without_memory, 0, "life/init-without-memory");
  add_case(k, runtimes, 0, "life/runtimes");
}
