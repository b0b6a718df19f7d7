/* fence.c - memory that notices (frontends/conform).
 *
 * [no access][ pattern ... data ... pattern][no access]; the data begin at a multiple of 64 as near to the end
 * as that allows. Buffers that were given back go through a ring without access, so that a pointer kept by a
 * kernel faults. The table of buffers is read by the signal handler: plain stores in an order that suits it. */
#include "fence.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PATTERN 0xA5
#define FILL 0x5C
enum { TABLE = 4096, RETIRED = 64 };
typedef enum use { FREE, LIVE, GONE } use;
struct fence {
  unsigned char *map, *data;
  size_t map_bytes, inner_bytes, size_bytes;
  char name[64];
  volatile use state;
};
static fence table[TABLE];
static fence *retired[RETIRED];
static uint32_t next_free, next_retired;
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static const size_t page = 4096;

static void unmap(fence *f) {
  munmap(f->map, f->map_bytes);
  f->state = FREE;
}

/* One without a map, or the longest gone of those of the size. */
static fence *take(size_t inner) {
  fence *f = NULL;
  pthread_mutex_lock(&guard);
  for (uint32_t i = 0; i < RETIRED && f == NULL; i++) {
    fence **at = &retired[(next_retired + i) % RETIRED];
    if (i >= RETIRED / 2 || *at == NULL || (*at)->inner_bytes != inner) continue;
    f = *at;
    *at = NULL;
  }
  for (uint32_t i = 0; i < TABLE && f == NULL; i++) {
    fence *at = &table[next_free++ % TABLE];
    if (at->state == FREE) f = at;
  }
  if (f != NULL && f->state == FREE) f->map = NULL;
  if (f != NULL) f->state = GONE;
  pthread_mutex_unlock(&guard);
  return f;
}

static int open_map(fence *f, size_t inner) {
  void *map = f->map != NULL ? f->map : mmap(NULL, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED) return 0;
  f->map = map;
  f->map_bytes = inner + 2 * page;
  f->inner_bytes = inner;
  return mprotect(f->map + page, inner, PROT_READ | PROT_WRITE) == 0;
}

fence *fence_create(size_t size_bytes, const char *name) {
  if (size_bytes > (size_t)1 << 31) return NULL;
  size_t rounded = (size_bytes + 63) / 64 * 64, inner = (rounded + page) / page * page;
  fence *f = take(inner);
  if (f == NULL) return NULL;
  if (!open_map(f, inner)) {
    f->state = FREE;
    return NULL;
  }
  f->data = f->map + page + inner - rounded;
  f->size_bytes = size_bytes;
  size_t n = strlen(name) < sizeof f->name - 1 ? strlen(name) : sizeof f->name - 1;
  memcpy(f->name, name, n);
  f->name[n] = '\0';
  memset(f->map + page, PATTERN, inner);
  memset(f->data, FILL, size_bytes);
  f->state = LIVE;
  return f;
}

void *fence_data(const fence *f) { return f->data; }
size_t fence_size(const fence *f) { return f->size_bytes; }

static int differs(const unsigned char *from, const unsigned char *to, const unsigned char **where) {
  for (const unsigned char *p = from; p < to; p++) {
    if (*p == PATTERN) continue;
    *where = p;
    return 1;
  }
  return 0;
}

static size_t put(char *out, size_t at, size_t room, const char *text) {
  while (*text != '\0' && at + 1 < room) out[at++] = *text++;
  out[at] = '\0';
  return at;
}
static size_t put_number(char *out, size_t at, size_t room, uint64_t n) {
  char digits[24];
  int i = 23;
  digits[i] = '\0';
  do digits[--i] = (char)('0' + n % 10);
  while ((n /= 10) != 0);
  return put(out, at, room, digits + i);
}

int fence_intact(const fence *f, char *why, size_t room) {
  const unsigned char *where, *end = f->data + f->size_bytes;
  if (differs(end, f->map + page + f->inner_bytes, &where)) {
    size_t n = put(why, 0, room, "written outside of ");
    n = put(why, n, room, f->name);
    n = put(why, n, room, ": byte ");
    n = put_number(why, n, room, (uint64_t)(where - end));
    put(why, n, room, " behind its end");
    return 0;
  }
  if (differs(f->map + page, f->data, &where)) {
    size_t n = put(why, 0, room, "written outside of ");
    n = put(why, n, room, f->name);
    n = put(why, n, room, ": byte ");
    n = put_number(why, n, room, (uint64_t)(f->data - where));
    put(why, n, room, " before its start");
    return 0;
  }
  return 1;
}

void fence_read_only(fence *f) { mprotect(f->map + page, f->inner_bytes, PROT_READ); }
void fence_writable(fence *f) { mprotect(f->map + page, f->inner_bytes, PROT_READ | PROT_WRITE); }

void fence_destroy(fence *f) {
  if (f == NULL) return;
  mprotect(f->map + page, f->inner_bytes, PROT_NONE);
  pthread_mutex_lock(&guard);
  f->state = GONE;
  fence *oldest = retired[next_retired % RETIRED];
  retired[next_retired++ % RETIRED] = f;
  if (oldest != NULL) unmap(oldest);
  pthread_mutex_unlock(&guard);
}

void fence_name(const void *address, char *out, size_t room) {
  const unsigned char *a = address;
  put(out, 0, room, "");
  for (uint32_t i = 0; i < TABLE; i++) {
    const fence *f = &table[i];
    if (f->state == FREE || a < f->map || a >= f->map + f->map_bytes) continue;
    size_t n = put(out, 0, room,
                   f->state == GONE               ? "used after the call: "
                   : a >= f->data + f->size_bytes ? "outside of, behind the end of: "
                   : a < f->data                  ? "outside of, before the start of: "
                                                  : "written, but only to be read: ");
    put(out, n, room, f->name);
    return;
  }
}
