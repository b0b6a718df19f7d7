/* elementwise_v4.c - the element-wise loops for x86-64-v4, or what the compiler is told (plugins/cpu). */
#define CPU_LOOPS cpu_loops_v4
#include "elementwise_loops.h"
