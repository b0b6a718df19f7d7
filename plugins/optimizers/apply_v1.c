/* apply_v1.c - the update loops for any machine (plugins/optimizers). */
#define APPLY_TABLE apply_loops_v1
#include "apply_rows.h"
