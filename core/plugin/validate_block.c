/* plugin/validate_block.c - memory between red zones (core/plugin).
 *
 *   raw .. [red zone, align or 64 bytes] data [size_bytes] [red zone, 64 bytes]
 *
 * What is known of a block stands beside it, so a wild write cannot spoil it. Retired blocks are filled
 * with poison and kept in a ring of bounded size; a byte that changed there was written too late. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "plugin/pointer_map.h"
#include "plugin/validate.h"

#define ZONE 64u
#define POISON 0xffu /* NaN, and -1 */
#define KEPT 1024u
#define KEPT_BYTES ((size_t)16 << 20)
#define SWEEP_BYTES ((size_t)32 << 10)

typedef struct block {
  struct block *next, *before; /* of those that live */
  unsigned char *raw, *data;
  size_t size_bytes, front;
  rn_validator *owner;
  char what[120];
  uint8_t host, retired;
} block;

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static rn_pointer_map known; /* data -> block, retired ones too */
static block *live;
static block *kept[KEPT];
static size_t n_kept, first_kept, kept_bytes, swept;

static unsigned char zone_byte(size_t i) { return (unsigned char)(0xb5u ^ (i % ZONE * 7u)); }

static unsigned char intact[ZONE]; /* written before the first block is known */

static void draw_zones(block *b) {
  for (size_t i = 0; i < b->front; i += ZONE) memcpy(b->raw + i, intact, ZONE);
  memcpy(b->data + b->size_bytes, intact, ZONE);
}

static void draw_intact(void) {
  for (size_t i = 0; i < ZONE; i++) intact[i] = zone_byte(i);
}

static void fill(unsigned char *p, size_t n) {
  const uint32_t word = RN_UNWRITTEN;
  size_t done = n < sizeof word ? n : sizeof word;
  memcpy(p, &word, done);
  for (; done < n; done += done < n - done ? done : n - done) memcpy(p + done, p, done < n - done ? done : n - done);
}

/* 1: whole. Distances are counted from the edge of the data. */
static int zones_whole(const block *b, rn_damage *d) {
  const unsigned char *end = b->data + b->size_bytes;
  int whole = memcmp(end, intact, ZONE) == 0;
  for (size_t i = 0; whole && i < b->front; i += ZONE) whole = memcmp(b->raw + i, intact, ZONE) == 0;
  if (whole) return 1;
  for (size_t i = 0; i < ZONE; i++) {
    if (end[i] == zone_byte(i)) continue;
    if (d->bytes == 0) d->first = i + 1;
    d->bytes = i + 1 - d->first + 1;
  }
  if (d->bytes != 0) return 0;
  for (size_t i = b->front; i-- > 0;) {
    if (b->raw[i] == zone_byte(i)) continue;
    uint64_t distance = b->front - i;
    if (!d->before) *d = (rn_damage){1, distance, 0};
    d->bytes = distance - d->first + 1;
  }
  return !d->before;
}

const char *rn_damage_text(const rn_damage *d, char *buf, size_t size_bytes) {
  if (d->before)
    (void)snprintf(buf, size_bytes, "%llu bytes before its start were changed, the nearest being byte -%llu",
                   (unsigned long long)d->bytes, (unsigned long long)d->first);
  else
    (void)snprintf(buf, size_bytes,
                   "%llu bytes past its end were changed, the first being number %llu after the last of its own",
                   (unsigned long long)d->bytes, (unsigned long long)d->first);
  return buf;
}

static block *make(size_t size_bytes, size_t align) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  (void)pthread_once(&once, draw_intact);
  size_t front = align > ZONE ? align : ZONE, total;
  if (__builtin_add_overflow(size_bytes, front + ZONE, &total)) return NULL;
  block *b = rn_mem_zero(1, sizeof *b);
  unsigned char *raw = b != NULL ? rn_mem_alloc_aligned(total, front) : NULL;
  if (raw == NULL) {
    rn_mem_free(b);
    return NULL;
  }
  b->raw = raw;
  b->data = raw + front;
  b->front = front;
  b->size_bytes = size_bytes;
  fill(b->data, size_bytes);
  draw_zones(b);
  return b;
}

void *rn_guarded_alloc(rn_validator *owner, const char *what, size_t size_bytes, size_t align, int host) {
  block *b = make(size_bytes, align);
  if (b == NULL) return NULL;
  b->owner = owner;
  b->host = (uint8_t)host;
  (void)snprintf(b->what, sizeof b->what, "%s", what != NULL ? what : "");
  (void)pthread_mutex_lock(&guard);
  int ok = rn_pointer_map_put(&known, b->data, b);
  if (ok) {
    b->next = live;
    if (live != NULL) live->before = b;
    live = b;
  }
  (void)pthread_mutex_unlock(&guard);
  if (ok) return b->data;
  rn_mem_free(b->raw);
  rn_mem_free(b);
  return NULL;
}

static block *find(const void *p) {
  (void)pthread_mutex_lock(&guard);
  block *b = rn_pointer_map_get(&known, p);
  (void)pthread_mutex_unlock(&guard);
  return b;
}

int rn_guarded_find(const void *p, size_t *out_size_bytes) {
  (void)pthread_mutex_lock(&guard);
  const block *b = rn_pointer_map_get(&known, p);
  int lives = b != NULL && !b->retired && b->host;
  if (lives) *out_size_bytes = b->size_bytes;
  (void)pthread_mutex_unlock(&guard);
  return lives;
}

int rn_guarded_check(const void *p, rn_damage *out) {
  block *b = find(p);
  *out = (rn_damage){0, 0, 0};
  if (b == NULL || zones_whole(b, out)) return 1;
  draw_zones(b);
  return 0;
}

/* ------------------------------------------------------------------------------------ retirement */
static int is_poison(const block *b, size_t *out_at) {
  size_t n = b->size_bytes, i = 0;
  if (n == 0 || (b->data[0] == POISON && memcmp(b->data, b->data + 1, n - 1) == 0)) return 1;
  while (b->data[i] == POISON) i++;
  *out_at = i;
  return 0;
}

/* Reports what was written to a retired block, once. */
static void inspect(block *b) {
  char text[160];
  rn_damage d = {0, 0, 0};
  size_t at = 0;
  if (!is_poison(b, &at)) {
    rn_violation_here(b->owner, "%s of %zu bytes%s%s was written at byte %zu after it had been given back",
                      b->host ? "its block" : "memory", b->size_bytes, b->what[0] != '\0' ? ", " : "", b->what, at);
    memset(b->data, POISON, b->size_bytes);
  }
  if (!zones_whole(b, &d)) {
    rn_violation_here(b->owner, "%s of %zu bytes%s%s, given back before: %s", b->host ? "its block" : "memory",
                      b->size_bytes, b->what[0] != '\0' ? ", " : "", b->what, rn_damage_text(&d, text, sizeof text));
    draw_zones(b);
  }
}

/* Under guard: the oldest leaves the ring. */
static block *oldest(void) {
  block *b = kept[first_kept];
  first_kept = (first_kept + 1) % KEPT;
  n_kept--;
  kept_bytes -= b->size_bytes;
  rn_pointer_map_remove(&known, b->data);
  return b;
}

static void unlink_live(block *b) {
  if (b->next != NULL) b->next->before = b->before;
  if (b->before != NULL)
    b->before->next = b->next;
  else
    live = b->next;
}

static void drop(block *b) {
  inspect(b);
  rn_mem_free(b->raw);
  rn_mem_free(b);
}

void rn_guarded_retire(void *p) {
  block *b = find(p);
  if (b == NULL || b->retired) return;
  memset(b->data, POISON, b->size_bytes);
  for (;;) {
    block *gone = NULL;
    (void)pthread_mutex_lock(&guard);
    if (n_kept > 0 && (n_kept == KEPT || kept_bytes + b->size_bytes > KEPT_BYTES)) {
      gone = oldest();
    } else {
      unlink_live(b);
      b->retired = 1;
      kept[(first_kept + n_kept++) % KEPT] = b;
      kept_bytes += b->size_bytes;
    }
    (void)pthread_mutex_unlock(&guard);
    if (gone == NULL) return;
    drop(gone);
  }
}

void rn_guarded_sweep(void) {
  size_t seen = 0;
  (void)pthread_mutex_lock(&guard);
  for (size_t turns = n_kept; turns > 0 && seen < SWEEP_BYTES; turns--) {
    block *b = kept[(first_kept + swept++ % n_kept) % KEPT];
    seen += b->size_bytes + 2 * ZONE;
    inspect(b); /* reports take other locks only */
  }
  (void)pthread_mutex_unlock(&guard);
}

/* ------------------------------------------------------------------------------------- host->free */
static int is_wrong_free(rn_validator *by, const block *b, const void *p) {
  if (b == NULL || !b->host) {
    rn_violation_here(by, "free(%p): no block of this host%s", p, b != NULL ? ", but memory lent for a call" : "");
    return 1;
  }
  if (b->retired) {
    rn_violation_here(by, "free(%p): a block of %zu bytes is freed a second time", p, b->size_bytes);
    return 1;
  }
  if (b->owner == by) return 0;
  rn_violation_here(by, "free(%p): a block of %zu bytes that belongs to plugin '%s'", p, b->size_bytes,
                    rn_validator_id(b->owner));
  return 1;
}

void rn_guarded_free(rn_validator *by, void *p, _Atomic int64_t *blocks) {
  rn_damage d;
  char text[160];
  block *b = find(p);
  if (is_wrong_free(by, b, p)) return;
  if (!rn_guarded_check(p, &d))
    rn_violation_here(by, "free(%p): a block of %zu bytes%s%s: %s", p, b->size_bytes,
                      b->what[0] != '\0' ? " allocated in " : "", b->what, rn_damage_text(&d, text, sizeof text));
  if (blocks != NULL) --*blocks;
  rn_guarded_retire(p);
  rn_guarded_sweep();
}

/* Sizes of the first few, and damage of any. */
void rn_guarded_report(rn_validator *v) {
  char few[200] = "", text[160];
  size_t count = 0, bytes = 0, at = 0;
  (void)pthread_mutex_lock(&guard);
  for (block *b = live; b != NULL; b = b->next) {
    rn_damage d = {0, 0, 0};
    if (b->owner != v || !b->host) continue;
    if (!zones_whole(b, &d))
      rn_violation_here(v, "a block of %zu bytes that it still owns: %s", b->size_bytes,
                        rn_damage_text(&d, text, sizeof text));
    if (count++ < 5 && at < sizeof few)
      at += (size_t)snprintf(few + at, sizeof few - at, "%s%zu bytes%s%.60s", at != 0 ? "; " : "", b->size_bytes,
                             b->what[0] != '\0' ? " from " : "", b->what);
    bytes += b->size_bytes;
  }
  for (size_t i = 0; i < n_kept; i++)
    if (kept[(first_kept + i) % KEPT]->owner == v) inspect(kept[(first_kept + i) % KEPT]);
  (void)pthread_mutex_unlock(&guard);
  if (count != 0)
    rn_violation_here(v, "%zu blocks of memory, %zu bytes, were never freed: %s%s", count, bytes, few,
                      count > 5 ? "; ..." : "");
}
