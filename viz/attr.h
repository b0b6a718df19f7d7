/* attr.h - attributes as text (viz). */
#ifndef RN_VIZ_ATTR_H
#define RN_VIZ_ATTR_H
#include <runnel/graph.h>
#include <stdio.h>
/* Of lists and tensors up to twelve elements, of bytes up to 200, written as they are. */
void attr_write(FILE *to, const rn_attr_value *v);
/* The numbers of a small tensor, as "0, 1"; 0 and nothing when it is another. */
int attr_write_numbers(FILE *to, const rn_tensor *t, int64_t most);
#endif
