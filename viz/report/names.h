/* names.h - numbers for pairs of a run and a tag, in the order of first sight (viz/report). */
#ifndef RN_REPORT_NAMES_H
#define RN_REPORT_NAMES_H
#include <runnel/types.h>

typedef struct name_entry {
  uint32_t run, next;
  char *tag;     /* the first MOST_TAG_BYTES of it. owned */
  uint64_t size; /* of all of it */
} name_entry;
typedef struct names {
  name_entry *entry;
  uint32_t count, room, bucket[1024]; /* bucket: number + 1 */
} names;
enum { MOST_NAMES = 4000, MOST_TAG_BYTES = 1028 /* more than is printed, so that a cut is seen */ };
#define NO_NAME UINT32_MAX
/* NO_NAME: there are MOST_NAMES, or no memory. Starts zeroed. */
uint32_t names_find_or_add(names *n, uint32_t run, rn_bytes tag);
void names_finish(names *n);
#endif
