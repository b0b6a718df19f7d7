/* print.h - tensors as text and JSON (frontends/cli). */
#ifndef RN_CLI_PRINT_H
#define RN_CLI_PRINT_H
#include "cli.h"

/* One element as text: numbers so that they read back the same, strings quoted. */
const char *print_element(const rn_tensor *t, int64_t index, char *buf, size_t size_bytes);
/* "y:0 float[2] = [0.5, 1]" over as many lines as its rows need; long tensors are cut in the middle. */
void print_tensor(const char *name, const rn_tensor *t);
/* {"name", "dtype", "shape", "data"}: data nested as the shape is. own: owned */
cJSON *json_tensor(const char *name, const rn_tensor *t);
#endif
