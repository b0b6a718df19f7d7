/* names.c - numbers for pairs of a run and a tag, in the order of first sight (viz/report). */
#include "names.h"
#include <stdlib.h>

static uint32_t hash(uint32_t run, rn_bytes tag) {
  uint32_t h = 2166136261u ^ run;
  for (uint64_t i = 0; i < tag.size; i++) h = (h ^ (unsigned char)tag.data[i]) * 16777619u;
  return h;
}

static int grow(names *n) {
  uint32_t room = 2 * n->room + 32;
  name_entry *more = realloc(n->entry, room * sizeof *more);
  if (more == NULL) return 0;
  n->entry = more;
  n->room = room;
  return 1;
}

uint32_t names_find_or_add(names *n, uint32_t run, rn_bytes tag) {
  rn_bytes kept = {tag.data, tag.size < MOST_TAG_BYTES ? tag.size : MOST_TAG_BYTES};
  size_t size = (size_t)kept.size;
  uint32_t *bucket = &n->bucket[hash(run, kept) % 1024];
  for (uint32_t i = *bucket; i != 0; i = n->entry[i - 1].next) {
    const name_entry *e = &n->entry[i - 1];
    if (e->run == run && e->size == tag.size && (size == 0 || memcmp(e->tag, tag.data, size) == 0)) return i - 1;
  }
  if (n->count == MOST_NAMES || (n->count == n->room && !grow(n))) return NO_NAME;
  char *copy = malloc(size + 1);
  if (copy == NULL) return NO_NAME;
  if (size != 0) memcpy(copy, tag.data, size);
  copy[size] = '\0';
  n->entry[n->count] = (name_entry){.run = run, .next = *bucket, .tag = copy, .size = tag.size};
  *bucket = ++n->count;
  return n->count - 1;
}

void names_finish(names *n) {
  for (uint32_t i = 0; i < n->count; i++) free(n->entry[i].tag);
  free(n->entry);
  *n = (names){0};
}
