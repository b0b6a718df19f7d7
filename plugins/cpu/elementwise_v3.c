/* elementwise_v3.c - the element-wise loops for x86-64-v3, or what the compiler is told (plugins/cpu). */
#define CPU_LOOPS cpu_loops_v3
#include "elementwise_loops.h"
