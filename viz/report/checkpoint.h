/* checkpoint.h - one checkpoint: its files and what is in it (viz/report). */
#ifndef RN_REPORT_CHECKPOINT_H
#define RN_REPORT_CHECKPOINT_H
#include <runnel/runtime.h>
#include "json.h"
/* "files": [name, bytes, ...], "variables": [name, type, bytes, ...], or "trouble". rt NULL: files only. */
rn_status *checkpoint_print(rn_runtime *rt, const char *prefix, json *j);
#endif
