/* album.c - what a run wrote under one tag step by step, each as JSON already (viz/report). */
#include "album.h"

static void drop_front(album *a) {
  json_drop(&a->page[0]);
  memmove(&a->page[0], &a->page[1], (a->count - 1) * sizeof a->page[0]);
  memmove(&a->step[0], &a->step[1], (a->count - 1) * sizeof a->step[0]);
  a->count--;
}

/* A run that was begun again at an earlier step. */
static void forget_from(album *a, double step) {
  while (a->count > 0 && a->step[a->count - 1] > step) json_drop(&a->page[--a->count]);
}

static void append(album *a, double step, json page) {
  a->page[a->count] = page;
  a->step[a->count++] = step;
}

void album_add_newest(album *a, double step, json page, uint32_t most) {
  forget_from(a, step);
  while (a->count >= most) drop_front(a);
  a->seen++;
  append(a, step, page);
}

static void halve(album *a) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < a->count; i++) {
    if (i % 2 != 0) {
      json_drop(&a->page[i]);
      continue;
    }
    a->page[kept] = a->page[i];
    a->step[kept++] = a->step[i];
  }
  a->count = kept;
  a->stride *= 2;
}

int album_is_next_wanted(album *a, double step) {
  if (a->stride == 0) a->stride = 1;
  if (a->count > 0 && a->step[a->count - 1] > step) {
    forget_from(a, step);
    a->seen = a->count * a->stride;
  }
  uint64_t number = a->seen++;
  if (number % a->stride != 0) return 0;
  if (a->count == MOST_PAGES) halve(a);
  return number % a->stride == 0;
}

void album_add_spread(album *a, double step, json page) { append(a, step, page); }

void album_print(const album *a, json *j) {
  json_number(j, "seen", (double)a->seen);
  json_begin(j, "items", '[');
  for (uint32_t i = 0; i < a->count; i++) json_raw(j, NULL, a->page[i].text, a->page[i].size);
  json_end(j, ']');
}

void album_finish(album *a) {
  for (uint32_t i = 0; i < a->count; i++) json_drop(&a->page[i]);
  a->count = 0;
}
