/* plugin/kernels.c - the kernels of an op from all plugins that have some, best first (core/plugin).
 *
 * An op has one list for each type of device it was asked for, so that a plugin for another device stays closed.
 * Lists share their kernels: one definition is parsed once. */
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "plugin/catalog.h"
#include "plugin/lexer.h"

static rn_status *constraint(rn_lexer *l, const rn_op *op, rn_kernel *k, uint32_t i) {
  rn_word w;
  RN_TRY(rn_lexer_name(l, &w));
  int32_t a = rn_signature_find_attr(op->sig, w.data, w.length);
  if (a < 0 || (op->sig->attr[a].type & 0xff) != RN_ATTR_TYPE)
    return rn_status_make(RN_INVALID_ARGUMENT, "'%.*s' is not a type attribute of the op", (int)w.length, w.data);
  RN_TRY(rn_lexer_need(l, ":"));
  ((int32_t *)(uintptr_t)k->constraint_attr)[i] = a;
  return rn_lexer_types(l, (const rn_dtype **)(uintptr_t)&k->constraint_types[i],
                        (uint32_t *)(uintptr_t)&k->constraint_count[i]);
}

/* "T: {float, double}; Tidx: int32" */
static rn_status *parse_types(rn_arena *arena, const rn_op *op, rn_kernel *k) {
  rn_lexer l = {k->def->types, 0, arena};
  if (l.text == NULL || rn_lexer_end(&l)) return NULL;
  size_t most = 1;
  for (const char *c = l.text; *c != '\0'; c++) most += *c == ';';
  k->constraint_attr = rn_arena_array(arena, most, sizeof(int32_t));
  k->constraint_types = rn_arena_array(arena, most, sizeof(rn_dtype *));
  k->constraint_count = rn_arena_array(arena, most, sizeof(uint32_t));
  if (k->constraint_attr == NULL || k->constraint_types == NULL || k->constraint_count == NULL)
    return rn_catalog_no_memory();
  do {
    if (rn_lexer_end(&l)) break;
    RN_TRY(constraint(&l, op, k, k->n_constraints));
    if (k->constraint_count[k->n_constraints] != 0) k->n_constraints++; /* "type" allows all */
  } while (rn_lexer_take(&l, ";"));
  return rn_lexer_end(&l) ? NULL : rn_lexer_expected(&l, "';'");
}

static uint64_t argument_bit(const rn_sig_arg *a, uint32_t n, rn_word w) {
  for (uint32_t i = 0; i < n && i < 64; i++) {
    if (rn_word_is(w, a[i].name)) return 1ull << i;
  }
  return 0;
}

/* "shape, axis" */
static rn_status *parse_host_args(rn_arena *arena, const rn_op *op, rn_kernel *k) {
  rn_lexer l = {k->def->host_args, 0, arena};
  if (l.text == NULL || rn_lexer_end(&l)) return NULL;
  do {
    rn_word w;
    RN_TRY(rn_lexer_name(&l, &w));
    uint64_t in = argument_bit(op->sig->in, op->sig->n_in, w), out = argument_bit(op->sig->out, op->sig->n_out, w);
    if (in == 0 && out == 0)
      return rn_status_make(RN_INVALID_ARGUMENT, "'%.*s' (host_args) is not an argument of the op", (int)w.length,
                            w.data);
    k->host_in |= in;
    k->host_out |= out;
  } while (rn_lexer_take(&l, ","));
  return rn_lexer_end(&l) ? NULL : rn_lexer_expected(&l, "','");
}

static int better(const void *x, const void *y) {
  const rn_kernel *a = *(const rn_kernel *const *)x, *b = *(const rn_kernel *const *)y;
  if (a->def->priority != b->def->priority) return a->def->priority > b->def->priority ? -1 : 1;
  if (a->n_constraints != b->n_constraints) return a->n_constraints > b->n_constraints ? -1 : 1;
  int id = strcmp(a->plugin, b->plugin);
  if (id != 0) return id;
  return (a->def > b->def) - (a->def < b->def); /* the plugin's own order */
}

static int is_for(const rn_kernel_def *d, const char *op, const char *device_type) {
  return strcmp(d->op, op) == 0 && (device_type == NULL || strcasecmp(d->device_type, device_type) == 0);
}

static uint32_t count_of(const rn_module *m, const char *op, const char *device_type) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < m->n_kernels; i++) n += (uint32_t)is_for(&m->kernels[i], op, device_type);
  return n;
}

static const rn_kernel *parsed(const rn_op *op, const rn_kernel_def *def) {
  for (const struct rn_kernel_list *l = op->kernels; l != NULL; l = l->next) {
    for (uint32_t i = 0; i < l->count; i++)
      if (l->items[i]->def == def) return l->items[i];
  }
  return NULL;
}

static rn_status *add_kernel(rn_runtime *rt, const rn_op *op, const rn_plugin *p, const rn_kernel_def *def,
                             struct rn_kernel_list *l) {
  const rn_kernel *known = parsed(op, def);
  if (known != NULL) {
    l->items[l->count++] = known;
    return NULL;
  }
  rn_kernel *k = rn_arena_alloc(&rt->arena, sizeof *k);
  if (k == NULL) return rn_catalog_no_memory();
  *k = (rn_kernel){.def = def, .plugin = p->manifest.id, .host = &p->host.api};
  rn_status *s = parse_types(&rt->arena, op, k);
  if (s == NULL) s = parse_host_args(&rt->arena, op, k);
  if (s == NULL) {
    l->items[l->count++] = k;
    return NULL;
  }
  if (rn_status_code(s) == RN_RESOURCE_EXHAUSTED) return s;
  rn_log_write(&rt->log, RN_LOG_WARNING, "a kernel of plugin '%s' for op '%s' (types \"%s\") is left out: %s",
               p->manifest.id, op->def->name, def->types != NULL ? def->types : "", rn_status_message(s));
  rn_status_free(s);
  return NULL;
}

static rn_provider *providers(rn_runtime *rt, const char *op) {
  uint32_t at = rn_map_find(&rt->provider_map, op, strlen(op));
  return at != RN_MAP_NONE ? rt->providers[at] : NULL;
}

static int offers_for(const rn_provider *p, const char *device_type) {
  return device_type == NULL || strcasecmp(p->device_type, device_type) == 0;
}

/* How many kernels the plugins have, once loaded. */
static rn_status *load_providers(rn_runtime *rt, const rn_op *op, const char *device_type, size_t *most) {
  for (rn_provider *p = providers(rt, op->def->name); p != NULL; p = p->next) {
    if (!offers_for(p, device_type)) continue;
    rn_status *s = rn_plugin_load(rt, p->plugin);
    if (s == NULL) *most += count_of(p->plugin->module, op->def->name, device_type);
    if (rn_status_code(s) == RN_RESOURCE_EXHAUSTED) return s;
    rn_status_free(s); /* logged and kept as the plugin's reason; others may have kernels */
  }
  return NULL;
}

static int is_in(const struct rn_kernel_list *l, const rn_kernel_def *d) {
  for (uint32_t i = 0; i < l->count; i++)
    if (l->items[i]->def == d) return 1;
  return 0;
}

static rn_status *build(rn_runtime *rt, const rn_op *op, struct rn_kernel_list *list) {
  struct rn_kernel_list l = {list->next, list->device_type, NULL, 0, rt->generation};
  size_t most = 1;
  RN_TRY(load_providers(rt, op, l.device_type, &most));
  l.items = rn_arena_array(&rt->arena, most, sizeof *l.items);
  if (l.items == NULL) return rn_catalog_no_memory();
  for (rn_provider *p = providers(rt, op->def->name); p != NULL; p = p->next) {
    const rn_module *m =
        p->plugin->state == RN_PLUGIN_LOADED && offers_for(p, l.device_type) ? p->plugin->module : NULL;
    for (uint32_t i = 0; m != NULL && i < m->n_kernels; i++) {
      const rn_kernel_def *d = &m->kernels[i];
      if (is_for(d, op->def->name, l.device_type) && !is_in(&l, d)) RN_TRY(add_kernel(rt, op, p->plugin, d, &l));
    }
  }
  qsort(l.items, l.count, sizeof *l.items, better);
  *list = l;
  return NULL;
}

/* The op's list for a type of device, empty at first. */
static struct rn_kernel_list *list_for(rn_runtime *rt, const rn_op *op, const char *device_type) {
  struct rn_kernel_list *l = op->kernels; /* the first is for any type */
  if (device_type == NULL) return l;
  for (; l->next != NULL; l = l->next)
    if (strcasecmp(l->next->device_type, device_type) == 0) return l->next;
  struct rn_kernel_list *made = rn_arena_alloc(&rt->arena, sizeof *made);
  const char *type = rn_arena_text(&rt->arena, device_type, strlen(device_type));
  if (made == NULL || type == NULL) return NULL;
  *made = (struct rn_kernel_list){NULL, type, NULL, 0, 0};
  l->next = made;
  return made;
}

static rn_status *find(rn_runtime *rt, const rn_op *op, const char *device_type, struct rn_kernel_list **out) {
  *out = list_for(rt, op, device_type);
  if (*out == NULL) return rn_catalog_no_memory();
  return (*out)->items == NULL || (*out)->generation != rt->generation ? build(rt, op, *out) : NULL;
}

rn_status *rn_registry_kernels(rn_runtime *rt, const rn_op *op, const char *device_type, const rn_kernel *const **out,
                               uint32_t *out_count) {
  struct rn_kernel_list *l;
  pthread_mutex_lock(&rt->lock);
  rn_status *s = find(rt, op, device_type, &l);
  *out = s == NULL ? l->items : NULL;
  *out_count = s == NULL ? l->count : 0;
  pthread_mutex_unlock(&rt->lock);
  return s;
}
