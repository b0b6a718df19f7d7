/* protocol.h - what the child tells the parent (frontends/conform).
 *
 * Lines of fields between tabs on descriptor 3; tabs and line ends within a field are escaped. Beside that a
 * page both share (descriptor 4): what the child is doing right now, so that it is known after any death. */
#ifndef CONFORM_PROTOCOL_H
#define CONFORM_PROTOCOL_H
#include <stddef.h>
#include <stdint.h>

enum { PROTOCOL_FD = 3, SHARED_FD = 4 };
typedef struct protocol_shared {
  char doing[1024]; /* "kernel 'loops' of op Cube on cpu, T float, x [7]" */
  char crash[256];  /* what the signal handler could say: the buffer that was hit */
  int32_t signal;   /* the first fatal one; 0: none */
  uint32_t reserved;
  uint64_t address;
} protocol_shared;

/* The child's side. Fields end with NULL. */
void tell(const char *first, ...) __attribute__((sentinel));
/* The parent's side: cuts a line into at most `cap` fields, in place; returns their number. */
uint32_t protocol_fields(char *line, char **out, uint32_t cap);
#endif
