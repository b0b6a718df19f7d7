/* normal.h - normal numbers out of random bits, several at once (plugins/cpu). */
#ifndef CPU_NORMAL_H
#define CPU_NORMAL_H
#include <stdint.h>

enum { CPU_PAIRS = 4 };
typedef float cpu_floats __attribute__((vector_size(4 * CPU_PAIRS)));
typedef uint32_t cpu_words __attribute__((vector_size(4 * CPU_PAIRS)));
typedef int32_t cpu_ints __attribute__((vector_size(4 * CPU_PAIRS)));

/* 2 CPU_PAIRS random words to as many normal numbers, mean 0 and deviation 1. thread: any */
void cpu_normals(const uint32_t *bits, float *y);
#endif
