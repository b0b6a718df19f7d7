/* attr_print.c - a node's attributes as JSON (viz/report). Every value is a text; of long ones the beginning. */
#include "attr_print.h"
#include <stdio.h>
#include "attr.h"

enum { MOST_ATTRS = 64, MOST_TEXT = 2048 };

static void print_attr(const char *name, const rn_attr_value *v, json *j) {
  char text[MOST_TEXT];
  FILE *to = fmemopen(text, sizeof text, "w");
  if (to == NULL) return;
  (void)setvbuf(to, NULL, _IONBF, 0);
  attr_write(to, v);
  long size = ftell(to);
  (void)fclose(to);
  json_text(j, NULL, json_bytes(name), MOST_NAME_BYTES);
  json_text(j, NULL, (rn_bytes){text, size > 0 ? (uint64_t)size : 0}, sizeof text);
}

void attrs_print(const rn_graph *g, rn_node_id n, json *j) {
  uint32_t count = rn_graph_attr_count(g, n);
  if (count == 0) return;
  json_begin(j, "a", '[');
  for (uint32_t i = 0; i < count && i < MOST_ATTRS; i++) {
    rn_attr_value v;
    const char *name = rn_graph_attr_name(g, n, i);
    rn_status *missing = rn_graph_attr(g, n, name, 0, &v);
    if (missing == NULL) print_attr(name, &v, j);
    rn_status_free(missing);
  }
  json_end(j, ']');
}
