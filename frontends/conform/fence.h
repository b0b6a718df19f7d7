/* fence.h - memory that notices (frontends/conform).
 *
 * Each buffer ends at a page that nobody may touch, and the bytes around it hold a pattern. A buffer that is
 * given back stays unreachable for a while. So a write outside, and a use afterwards, is found when it happens
 * or at the next look. thread: any. */
#ifndef CONFORM_FENCE_H
#define CONFORM_FENCE_H
#include <stddef.h>
#include <stdint.h>

typedef struct fence fence;
/* size_bytes, 64-byte aligned, filled with a pattern. name: "output 0 (y)". NULL: no memory. */
fence *fence_create(size_t size_bytes, const char *name);
void *fence_data(const fence *f);
size_t fence_size(const fence *f);
/* 1: the bytes around it are as they were; else says where in `why` (say 200 bytes). */
int fence_intact(const fence *f, char *why, size_t room);
void fence_read_only(fence *f); /* from now on a write to it ends the process, with its name */
void fence_writable(fence *f);
void fence_destroy(fence *f); /* NULL is accepted */
/* For a signal handler: what the address belongs to, in words; "" when to none. */
void fence_name(const void *address, char *out, size_t room);
#endif
