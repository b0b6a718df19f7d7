/* minimize.h - an optimizer's description being driven (frontends/c).
 *
 * minimize.c decides what is asked of the description and in which order; optimizer_host.c answers what
 * the description asks back. */
#ifndef RN_C_MINIMIZE_H
#define RN_C_MINIMIZE_H
#include <runnel/plugin.h>
#include <runnel/c/train.h>
#include "scope_impl.h"

#define MAX_HYPERS 16u
#define MAX_SHARED 8u
#define MAX_SLOTS 8u

typedef struct driver {
  rn_opt opt;         /* first: what the description sees */
  rn_builder builder; /* names relative to scope */
  rn_scope *s;
  const rn_optimizer_def *def;
  double value[MAX_HYPERS];
  rn_value hyper[MAX_HYPERS];
  struct {
    char name[64];
    rn_variable v;
  } shared[MAX_SHARED], slots[MAX_SLOTS]; /* slots of the parameter at hand */
  uint32_t n_shared, n_slots;
  char *root; /* "Adam/" */
  char *at;   /* scope in force under the root: "update_W/", or "" */
  rn_variable param;
  rn_value grad;
  rn_slices slices;
  rn_node_id *updates;
  uint32_t n_updates, cap_updates;
} driver;

/* Points d->opt and d->builder at the answers; self is the graph builder's. */
void optimizer_host_begin(driver *d, const rn_self *self);
const rn_hyper_def *optimizer_hyper(const rn_optimizer_def *def, uint32_t i);
int optimizer_find_hyper(const rn_optimizer_def *def, const char *name); /* -1: none */
#endif
