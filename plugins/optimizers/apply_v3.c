/* apply_v3.c - the update loops for x86-64-v3 (plugins/optimizers); plugin.cmake sets the flags. */
#if defined(__x86_64__)
#define APPLY_TABLE apply_loops_v3
#include "apply_rows.h"
#else
typedef int apply_v3_is_for_x86;
#endif
