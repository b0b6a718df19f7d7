/* scratch.h - memory that goes away all at once, and tensors with it (frontends/graphdef). */
#ifndef RN_GRAPHDEF_SCRATCH_H
#define RN_GRAPHDEF_SCRATCH_H
#include <runnel/tensor.h>

typedef struct scratch {
  struct scratch_chunk *chunks;
  struct scratch_tensor *tensors;
} scratch;

/* Zeroed, aligned to 16 bytes. NULL: out of memory or count * size overflows. */
void *scratch_take(scratch *s, size_t count, size_t size);
char *scratch_text(scratch *s, const char *text, size_t length);
char *scratch_print(scratch *s, const char *format, ...) RN_FORMAT(2, 3);
/* t is released by finish. 0: out of memory, and t is released at once. */
int scratch_own(scratch *s, rn_tensor *t /* given */);
void scratch_finish(scratch *s);
#endif
