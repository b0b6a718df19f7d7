/* names.h - from a name to a number (frontends/graphdef). */
#ifndef RN_GRAPHDEF_NAMES_H
#define RN_GRAPHDEF_NAMES_H
#include "scratch.h"

#define NAMES_NONE UINT32_MAX
/* Open addressing over borrowed strings; made for a known number of names. */
typedef struct names {
  struct names_slot *slots;
  uint32_t mask, reserved;
} names;
int names_init(names *m, scratch *s, uint32_t most); /* 0: out of memory */
/* NAMES_NONE, or the number that the name had already (which stays). */
uint32_t names_put(names *m, const char *name, size_t length, uint32_t number);
uint32_t names_find(const names *m, const char *name, size_t length);
#endif
