/* album.h - what a run wrote under one tag step by step, each as JSON already (viz/report). */
#ifndef RN_REPORT_ALBUM_H
#define RN_REPORT_ALBUM_H
#include "json.h"

enum { MOST_PAGES = 64 };
typedef struct album {
  json page[MOST_PAGES];
  double step[MOST_PAGES];
  uint32_t count;
  uint64_t stride, seen;
} album;
/* The newest `most` of them. page: given */
void album_add_newest(album *a, double step, json page, uint32_t most);
/* Some MOST_PAGES / 2 to MOST_PAGES of them over the whole run. Is the next one wanted? Then it is added. */
int album_is_next_wanted(album *a, double step);
void album_add_spread(album *a, double step, json page);
void album_print(const album *a, json *j); /* "seen" and "items" */
void album_finish(album *a);
#endif
