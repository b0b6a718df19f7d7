/* offer.c - what a plugin offers, in structs of today's size (frontends/conform).
 *
 * Rows may be shorter or longer than this header's: what is missing is zero, what is more is left. */
#include <stdlib.h>
#include "kit.h"

static const void *row_at(const rn_table *t, uint32_t i) { return (const char *)t->items + (size_t)i * t->item_size; }

static int copy_rows(const rn_table *t, size_t size, void *array, uint32_t *n) {
  char *old;
  memcpy(&old, array, sizeof old);
  if (t->items == NULL || t->count == 0) return 1;
  char *grown = realloc(old, (*n + (size_t)t->count) * size);
  if (grown == NULL) return 0;
  memset(grown + *n * size, 0, t->count * size);
  for (uint32_t i = 0; i < t->count; i++) {
    uint32_t has;
    memcpy(&has, row_at(t, i), sizeof has);
    memcpy(grown + (*n + i) * size, row_at(t, i), has < size ? has : size);
  }
  *n += t->count;
  memcpy(array, &grown, sizeof grown);
  return 1;
}

static const rn_table *table_of(const rn_group *g, size_t end, const rn_table *t) {
  static const rn_table none;
  return g->struct_size >= end ? t : &none;
}
#define TABLE(g, m) table_of((g), RN_SIZE_TO(rn_group, m), &(g)->m)

rn_status *offer_read(rn_runtime *rt, const char *id, offer *o) {
  memset(o, 0, sizeof *o);
  RN_TRY(rn_runtime_description(rt, id, &o->desc, &o->host));
  o->id = o->desc->id;
  for (uint32_t i = 0; i < o->desc->group_count; i++) {
    const rn_group *g = o->desc->groups[i];
    if (g == NULL) continue;
    int ok = copy_rows(TABLE(g, ops), sizeof *o->ops, &o->ops, &o->n_ops) &&
             copy_rows(TABLE(g, kernels), sizeof *o->kernels, &o->kernels, &o->n_kernels) &&
             copy_rows(TABLE(g, devices), sizeof *o->devices, &o->devices, &o->n_devices) &&
             copy_rows(TABLE(g, compilers), sizeof *o->compilers, &o->compilers, &o->n_compilers) &&
             copy_rows(TABLE(g, optimizers), sizeof *o->optimizers, &o->optimizers, &o->n_optimizers) &&
             copy_rows(TABLE(g, passes), sizeof *o->passes, &o->passes, &o->n_passes);
    if (!ok) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for the description of '%s'", id);
  }
  return NULL;
}

const rn_op_def *kit_find_op(const kit *k, const char *name, const offer **out_plugin) {
  for (uint32_t p = 0; p <= k->n_others; p++) {
    const offer *o = p == 0 ? &k->own : &k->others[p - 1];
    for (uint32_t i = 0; i < o->n_ops; i++) {
      if (o->ops[i].name == NULL || strcmp(o->ops[i].name, name) != 0) continue;
      if (out_plugin != NULL) *out_plugin = o;
      return &o->ops[i];
    }
  }
  return NULL;
}

const rn_device_def *kit_find_device(const kit *k, const char *type, const offer **out_plugin) {
  for (uint32_t p = 0; p <= k->n_others; p++) {
    const offer *o = p == 0 ? &k->own : &k->others[p - 1];
    for (uint32_t i = 0; i < o->n_devices; i++) {
      if (o->devices[i].type == NULL || strcmp(o->devices[i].type, type) != 0) continue;
      if (out_plugin != NULL) *out_plugin = o;
      return &o->devices[i];
    }
  }
  return NULL;
}
