/* base/mem.h - the one door to the heap for all of core (core/base).
 *
 * Everything in core that is not in an arena comes from here, so that a test can fail the Nth
 * allocation (RN_TEST_HOOKS) and steady steps can be shown to allocate nothing.
 * thread: any. */
#ifndef RN_BASE_MEM_H
#define RN_BASE_MEM_H
#include <stddef.h>
#include <stdint.h>

void *rn_mem_alloc(size_t size_bytes);                       /* NULL: out of memory. own: owned, rn_mem_free */
void *rn_mem_zero(size_t count, size_t size_bytes);          /* zeroed; overflow of the product gives NULL */
void *rn_mem_grow(void *p, size_t count, size_t size_bytes); /* realloc; p stays valid on failure */
char *rn_mem_copy_text(const char *s);
void *rn_mem_alloc_aligned(size_t size_bytes, size_t align); /* freed by rn_mem_free too */
void rn_mem_free(void *p);

/* Counted since the process began. */
uint64_t rn_mem_alloc_count(void);
/* Tests: the nth allocation from now fails (1: the next), and all after it if `sticky`. 0: none fails. */
void rn_mem_fail_at(uint64_t nth, int sticky);
int rn_mul_size(size_t a, size_t b, size_t *out); /* 0 on overflow */
#endif
