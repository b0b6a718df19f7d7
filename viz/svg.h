/* svg.h - what is added to Graphviz's SVG (viz). */
#ifndef RN_VIZ_SVG_H
#define RN_VIZ_SVG_H
#include <stddef.h>
/* Colours for light and dark schemes, and the names of frames above the lines that cross them. own: *svg is given and
 * owned, by malloc. Returns 0 when out of memory, with *svg as it was. */
int svg_finish(char **svg, size_t *size);
#endif
