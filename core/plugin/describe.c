/* plugin/describe.c - copies a plugin's description into structs of today's size (core/plugin).
 *
 * A plugin may be older (smaller rows) or newer (larger rows) than this header: what it has of what
 * we know is copied, the rest is zero. Only what every reader relies on is checked here. */
#include <string.h>
#include "base/map.h"
#include "plugin/module.h"

#define MOST_ROWS 65536u
#define MOST_GROUPS 4096u
#define NO_NAME "has a name with a space or a character that names must not have, or an empty one"

typedef struct kind {
  const char *name;
  size_t table; /* offset in rn_group */
  size_t size;  /* of today's row */
  size_t least; /* bytes without which a row makes no sense */
} kind;
#define KIND(T, member, last) \
  { #T, offsetof(rn_group, member), sizeof(T), RN_SIZE_TO(T, last) }
static const kind kinds[] = {KIND(rn_op_def, ops, signature),          KIND(rn_kernel_def, kernels, compute),
                             KIND(rn_device_def, devices, open),       KIND(rn_compiler_def, compilers, execute),
                             KIND(rn_optimizer_def, optimizers, emit), KIND(rn_pass_def, passes, run)};

static rn_status *bad(const rn_module *m, const char *what, uint32_t row, const char *why) {
  return rn_status_make(RN_INVALID_ARGUMENT, "plugin '%s': %s %u %s", m->desc.id, what, row, why);
}

static void copy_sized(void *to, size_t size, const void *from, size_t given) {
  memset(to, 0, size);
  memcpy(to, from, given < size ? given : size);
}

/* The rows of one table after to[*n]. */
static rn_status *copy_rows(const rn_module *m, const char *name, size_t size, size_t least, const rn_table *t,
                            char *to, uint32_t *n) {
  if (t->count != 0 && (t->items == NULL || t->item_size < least))
    return bad(m, name, *n, "is in a table without items or with too small an item size");
  for (uint32_t i = 0; i < t->count; i++) {
    const char *from = (const char *)t->items + (size_t)i * t->item_size;
    uint32_t own;
    memcpy(&own, from, sizeof own);
    if (own < least) return bad(m, name, *n, "does not say its struct_size");
    copy_sized(to + size * *n, size, from, own < t->item_size ? own : t->item_size);
    ++*n;
  }
  return NULL;
}

static rn_status *read_group(const rn_module *m, uint32_t i, rn_group *out) {
  const rn_group *g = m->desc.groups != NULL ? m->desc.groups[i] : NULL;
  if (g == NULL || g->struct_size < RN_SIZE_TO(rn_group, ops))
    return bad(m, "group", i, "is missing or does not say its struct_size");
  copy_sized(out, sizeof *out, g, g->struct_size);
  return NULL;
}

static const rn_table *table_of(const rn_group *g, const kind *k) {
  return (const rn_table *)(const void *)((const char *)g + k->table);
}

static rn_status *copy_kind(rn_module *m, const kind *k, void *out_rows, uint32_t *out_count) {
  uint64_t count = 0;
  rn_group g;
  for (uint32_t i = 0; i < m->desc.group_count; i++) {
    RN_TRY(read_group(m, i, &g));
    count += table_of(&g, k)->count;
  }
  if (count > MOST_ROWS)
    return rn_status_make(RN_INVALID_ARGUMENT, "plugin '%s' says that it has %llu rows of %s, at most %u are read",
                          m->desc.id, (unsigned long long)count, k->name, MOST_ROWS);
  char *rows = rn_arena_array(&m->arena, (size_t)count + 1, k->size);
  if (rows == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for plugin '%s'", m->desc.id);
  *out_count = 0;
  for (uint32_t i = 0; i < m->desc.group_count; i++) {
    RN_TRY(read_group(m, i, &g));
    RN_TRY(copy_rows(m, k->name, k->size, k->least, table_of(&g, k), rows, out_count));
  }
  memcpy(out_rows, &rows, sizeof rows);
  return NULL;
}

/* Names stand in manifests, in configurations and on command lines: no space, no control character, nothing that
 * separates there. */
static int is_name(const char *s) {
  if (s == NULL || *s == '\0') return 0;
  for (; *s != '\0'; s++)
    if (*s <= ' ' || *s > '~' || strchr("\"'`,;:=\\|*?[]{}()#!", *s) != NULL) return 0;
  return 1;
}

/* Ids name files too. */
static int is_id(const char *s) {
  if (!is_name(s) || *s == '.' || *s == '-') return 0;
  return strpbrk(s, "/$&<>~^%@") == NULL;
}

static rn_status *check_twice(const rn_module *m) {
  rn_map seen;
  rn_status *s = NULL;
  rn_map_init(&seen);
  for (uint32_t i = 0; s == NULL && i < m->n_ops; i++) {
    size_t n = strlen(m->ops[i].name);
    if (rn_map_find(&seen, m->ops[i].name, n) != RN_MAP_NONE)
      s = rn_status_make(RN_INVALID_ARGUMENT, "plugin '%s': it has two ops '%s'", m->desc.id, m->ops[i].name);
    else if (!rn_map_put(&seen, m->ops[i].name, n, i))
      s = rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for plugin '%s'", m->desc.id);
  }
  rn_map_finish(&seen);
  return s;
}

static rn_status *check_names(const rn_module *m) {
  for (uint32_t i = 0; i < m->n_ops; i++) {
    if (m->ops[i].name == NULL || m->ops[i].signature == NULL) return bad(m, "op", i, "has no name or signature");
    if (!is_name(m->ops[i].name)) return bad(m, "op", i, NO_NAME);
  }
  for (uint32_t i = 0; i < m->n_kernels; i++) {
    const rn_kernel_def *k = &m->kernels[i];
    if (k->op == NULL || k->device_type == NULL) return bad(m, "kernel", i, "has no op or device type");
    if (k->compute == NULL && k->prepare == NULL) return bad(m, "kernel", i, "has neither compute nor prepare");
  }
  for (uint32_t i = 0; i < m->n_devices; i++) {
    if (m->devices[i].type == NULL || m->devices[i].enumerate == NULL || m->devices[i].open == NULL)
      return bad(m, "device", i, "has no type, enumerate or open");
    if (!is_name(m->devices[i].type)) return bad(m, "device", i, NO_NAME);
  }
  for (uint32_t i = 0; i < m->n_compilers; i++) {
    const rn_compiler_def *c = &m->compilers[i];
    if (c->name == NULL || c->device_type == NULL || c->claim == NULL || c->compile == NULL || c->execute == NULL)
      return bad(m, "compiler", i, "lacks a name, a device type or a function");
  }
  for (uint32_t i = 0; i < m->n_optimizers; i++)
    if (m->optimizers[i].name == NULL || m->optimizers[i].emit == NULL)
      return bad(m, "optimizer", i, "has no name or emit");
  for (uint32_t i = 0; i < m->n_passes; i++)
    if (m->passes[i].name == NULL || m->passes[i].run == NULL) return bad(m, "pass", i, "has no name or run");
  return NULL;
}

static rn_status *copy_hypers(rn_module *m) {
  for (uint32_t i = 0; i < m->n_optimizers; i++) {
    rn_table *t = &m->optimizers[i].hypers;
    uint32_t n = 0;
    if (t->count > MOST_ROWS) return bad(m, "optimizer", i, "has too many hyperparameters");
    rn_hyper_def *rows = rn_arena_array(&m->arena, (size_t)t->count + 1, sizeof *rows);
    if (rows == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for plugin '%s'", m->desc.id);
    RN_TRY(copy_rows(m, "rn_hyper_def", sizeof *rows, RN_SIZE_TO(rn_hyper_def, default_value), t, (char *)rows, &n));
    *t = (rn_table){rows, n, sizeof *rows};
  }
  return NULL;
}

static rn_status *read_desc(rn_module *m, const rn_plugin_desc *given) {
  const char *where = m->path[0] != '\0' ? m->path : "a static plugin";
  if (given == NULL || given->struct_size < RN_SIZE_TO(rn_plugin_desc, group_count))
    return rn_status_make(RN_INVALID_ARGUMENT, "%s gives no description, or one without its struct_size", where);
  if (given->abi_major != RN_ABI_MAJOR)
    return rn_status_make(RN_FAILED_PRECONDITION,
                          "%s speaks plugin ABI %u.%u, this Runnel %u.%u; build it against this version's header",
                          where, given->abi_major, given->abi_minor, RN_ABI_MAJOR, RN_ABI_MINOR);
  copy_sized(&m->desc, sizeof m->desc, given, given->struct_size);
  if (m->desc.id == NULL || m->desc.id[0] == '\0') return rn_status_make(RN_INVALID_ARGUMENT, "%s has no id", where);
  if (!is_id(m->desc.id))
    return rn_status_make(RN_INVALID_ARGUMENT,
                          "%s has an id that is no name: letters, digits, '_', '-', '.' and '+' may stand in it",
                          where);
  if (m->desc.version == NULL) m->desc.version = "";
  if (m->desc.license == NULL) m->desc.license = "";
  if (m->desc.doc == NULL) m->desc.doc = "";
  if (m->desc.group_count > MOST_GROUPS)
    return rn_status_make(RN_INVALID_ARGUMENT, "plugin '%s' says that it has %u groups, at most %u are read",
                          m->desc.id, m->desc.group_count, MOST_GROUPS);
  if ((m->desc.cpu_required & ~rn_cpu_features()) != 0)
    return rn_status_make(RN_FAILED_PRECONDITION, "%s needs processor features that this machine has not", where);
  return NULL;
}

rn_status *rn_module_describe(rn_module *m, const rn_plugin_desc *given) {
  RN_TRY(read_desc(m, given));
  RN_TRY(copy_kind(m, &kinds[0], &m->ops, &m->n_ops));
  RN_TRY(copy_kind(m, &kinds[1], &m->kernels, &m->n_kernels));
  RN_TRY(copy_kind(m, &kinds[2], &m->devices, &m->n_devices));
  RN_TRY(copy_kind(m, &kinds[3], &m->compilers, &m->n_compilers));
  RN_TRY(copy_kind(m, &kinds[4], &m->optimizers, &m->n_optimizers));
  RN_TRY(copy_kind(m, &kinds[5], &m->passes, &m->n_passes));
  RN_TRY(check_names(m));
  RN_TRY(check_twice(m));
  return copy_hypers(m);
}
