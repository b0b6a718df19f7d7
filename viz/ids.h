/* ids.h - numbers for the objects of a Graphviz graph (viz). */
#ifndef RN_VIZ_IDS_H
#define RN_VIZ_IDS_H
#include <graphviz/cgraph.h>
/* Graphviz numbers by address, and orders by number: pictures would differ from run to run. With this discipline the
 * numbers follow from the order of making. own: static */
extern Agdisc_t ids_discipline;
#endif
