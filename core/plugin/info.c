/* plugin/info.c - answers for people: what is there and what is in force (core/plugin). */
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "plugin/catalog.h"

void rn_runtime_settings(rn_runtime *rt, void (*visit)(void *arg, const rn_setting_info *s), void *arg) {
  for (uint32_t i = 0; i < rn_config_count(rt->config); i++) {
    rn_setting_info s;
    rn_config_at(rt->config, i, &s.section, &s.key, &s.value, &s.source);
    visit(arg, &s);
  }
}

const char *rn_plugin_state_name(rn_plugin_state s) {
  static const char *const names[] = {"scanned", "loaded", "refused", "shadowed", "disabled", "quarantined"};
  return names[s];
}

static const char *life_of(const rn_plugin *p) {
  if (p->state == RN_PLUGIN_LOADED) return "active";
  if (p->module != NULL || strcmp(p->step, "init") == 0) return "verified";
  return strcmp(p->step, "describe") == 0 ? "loaded" : "scanned";
}

static const char *verified_when(rn_runtime *rt, rn_plugin *p) {
  if (rn_marks_find(&rt->marks, RN_MARK_VERIFIED, p->manifest.id, NULL) == NULL) return "";
  const rn_mark *m = rn_marks_find(&rt->marks, RN_MARK_VERIFIED, p->manifest.id, rn_plugin_build(rt, p));
  return m != NULL ? m->text : "";
}

void rn_runtime_plugins(rn_runtime *rt, void (*visit)(void *arg, const rn_plugin_info *p), void *arg) {
  pthread_mutex_lock(&rt->lock);
  for (uint32_t i = 0; i < rt->n_plugins; i++) {
    rn_plugin *p = rt->plugins[i];
    const rn_manifest *m = &p->manifest;
    rn_plugin_info info = {m->id,
                           m->version,
                           m->license,
                           m->doc,
                           p->path,
                           p->folder,
                           rn_plugin_state_name(p->state),
                           p->reason,
                           m->count[RN_ROW_OP],
                           m->count[RN_ROW_KERNEL],
                           m->count[RN_ROW_DEVICE],
                           m->count[RN_ROW_COMPILER],
                           m->count[RN_ROW_OPTIMIZER],
                           m->count[RN_ROW_PASS],
                           p->source,
                           life_of(p),
                           p->step,
                           rn_plugin_build(rt, p),
                           verified_when(rt, p),
                           p->winner,
                           m->abi_major,
                           m->abi_minor,
                           m->cpu_required};
    visit(arg, &info);
  }
  pthread_mutex_unlock(&rt->lock);
}

uint32_t rn_runtime_plugin_folders(rn_runtime *rt, const char *const **out) {
  *out = rt->folders;
  return rt->n_folders;
}

static void show_op(const rn_op *op, void (*visit)(void *arg, const rn_op_info *o), void *arg) {
  const rn_op_def *d = op->def;
  rn_op_info info = {d->name, d->signature,     d->doc != NULL ? d->doc : "", op->plugin, d->flags,
                     d->role, d->infer != NULL, d->gradient != NULL};
  visit(arg, &info);
}

static int by_name(const void *a, const void *b) {
  return strcmp((*(rn_offer *const *)a)->name, (*(rn_offer *const *)b)->name);
}

static rn_status *show_ops(rn_runtime *rt, void (*visit)(void *arg, const rn_op_info *o), void *arg) {
  uint32_t n = rt->offers[RN_ROW_OP].count;
  rn_offer **sorted = rn_mem_zero(n + 1u, sizeof *sorted);
  if (sorted == NULL) return rn_catalog_no_memory();
  if (n > 0) memcpy(sorted, rt->offers[RN_ROW_OP].items, n * sizeof *sorted);
  qsort(sorted, n, sizeof *sorted, by_name);
  for (uint32_t i = 0; i < n; i++) {
    rn_status *s = rn_catalog_op(rt, sorted[i]);
    if (s == NULL) show_op(sorted[i]->op, visit, arg);
    if (s != NULL) rn_log_write(&rt->log, RN_LOG_WARNING, "%s", rn_status_message(s));
    rn_status_free(s);
  }
  rn_mem_free(sorted);
  return NULL;
}

rn_status *rn_runtime_ops(rn_runtime *rt, void (*visit)(void *arg, const rn_op_info *o), void *arg) {
  pthread_mutex_lock(&rt->lock);
  rn_status *s = show_ops(rt, visit, arg);
  pthread_mutex_unlock(&rt->lock);
  return s;
}

rn_status *rn_runtime_op(rn_runtime *rt, const char *name, void (*visit)(void *arg, const rn_op_info *o), void *arg) {
  const rn_op *op;
  RN_TRY(rn_registry_op(rt, name, strlen(name), &op));
  show_op(op, visit, arg);
  return NULL;
}

rn_status *rn_runtime_kernels(rn_runtime *rt, const char *op_name, void (*visit)(void *arg, const rn_kernel_info *k),
                              void *arg) {
  const rn_op *op;
  const rn_kernel *const *kernels;
  uint32_t n;
  RN_TRY(rn_registry_op(rt, op_name, strlen(op_name), &op));
  RN_TRY(rn_registry_kernels(rt, op, NULL, &kernels, &n));
  for (uint32_t i = 0; i < n; i++) {
    const rn_kernel_def *d = kernels[i]->def;
    rn_kernel_info info = {d->op,
                           d->device_type,
                           d->types != NULL ? d->types : "",
                           d->label != NULL ? d->label : "",
                           kernels[i]->plugin,
                           d->priority,
                           d->flags};
    visit(arg, &info);
  }
  return NULL;
}
