/* elementwise_v1.c - the element-wise loops for x86-64-v1, or what the compiler is told (plugins/cpu). */
#define CPU_LOOPS cpu_loops_v1
#include "elementwise_loops.h"
