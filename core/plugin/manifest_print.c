/* plugin/manifest_print.c - writes a manifest from an open module (core/plugin). */
#include <string.h>
#include "base/map.h"
#include "base/text.h"
#include "plugin/module.h"

/* One field: what would end a field or a line becomes a space. */
static void field(rn_text *t, const char *s) {
  for (; s != NULL && *s != '\0'; s++) rn_text_add_bytes(t, *s == '\t' || *s == '\n' || *s == '\r' ? " " : s, 1);
}

static void key(rn_text *t, const char *name, const char *value) {
  rn_text_printf(t, "%s = ", name);
  field(t, value);
  rn_text_add(t, "\n");
}

static void named(rn_text *t, const char *kind, const char *name) {
  rn_text_printf(t, "%s\t", kind);
  field(t, name);
}

static void rows(rn_text *t, const rn_module *m) {
  for (uint32_t i = 0; i < m->n_ops; i++) {
    named(t, "op", m->ops[i].name);
    rn_text_printf(t, "\t%u\t%u\n", m->ops[i].role, m->ops[i].flags);
  }
  for (uint32_t i = 0; i < m->n_kernels; i++) {
    const rn_kernel_def *k = &m->kernels[i];
    named(t, "kernel", k->op);
    rn_text_add(t, "\t");
    field(t, k->device_type);
    rn_text_printf(t, "\t%d\t%u\t", k->priority, k->flags);
    field(t, k->label);
    rn_text_add(t, "\t");
    field(t, k->types);
    rn_text_add(t, "\n");
  }
  for (uint32_t i = 0; i < m->n_devices; i++) {
    named(t, "device", m->devices[i].type);
    rn_text_add(t, "\n");
  }
  for (uint32_t i = 0; i < m->n_compilers; i++) {
    named(t, "compiler", m->compilers[i].name);
    rn_text_add(t, "\t");
    field(t, m->compilers[i].device_type);
    rn_text_add(t, "\n");
  }
  for (uint32_t i = 0; i < m->n_optimizers; i++) {
    named(t, "optimizer", m->optimizers[i].name);
    rn_text_add(t, "\n");
  }
  for (uint32_t i = 0; i < m->n_passes; i++) {
    named(t, "pass", m->passes[i].name);
    rn_text_printf(t, "\t%d\n", m->passes[i].order);
  }
}

static rn_status *file_keys(rn_text *t, const char *path) {
  rn_elf e;
  RN_TRY(rn_elf_open(path, &e));
  rn_text_printf(t, "build_id = %s\nsize_bytes = %llu\nsegments = %016llx\n", e.build_id,
                 (unsigned long long)e.size_bytes, (unsigned long long)rn_elf_segments_hash(&e));
  rn_elf_close(&e);
  return NULL;
}

rn_status *rn_manifest_print(const rn_module *m, char **out_text) {
  rn_text t;
  rn_text_init(&t);
  rn_text_add(&t, "runnel-manifest 1\n");
  key(&t, "id", m->desc.id);
  key(&t, "version", m->desc.version);
  key(&t, "license", m->desc.license);
  key(&t, "doc", m->desc.doc);
  rn_text_printf(&t, "abi = %u.%u\nbuild_flags = %llu\ncpu_required = %llu\n", m->desc.abi_major, m->desc.abi_minor,
                 (unsigned long long)m->desc.build_flags, (unsigned long long)m->desc.cpu_required);
  rn_status *s = m->path[0] != '\0' ? file_keys(&t, m->path) : NULL;
  rows(&t, m);
  if (!t.failed) rn_text_printf(&t, "end %016llx\n", (unsigned long long)rn_hash_bytes(t.data, t.length, 0));
  *out_text = s == NULL ? rn_text_take(&t) : NULL;
  if (s != NULL) rn_text_finish(&t);
  if (s == NULL && *out_text == NULL)
    s = rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for the manifest of '%s'", m->desc.id);
  return s;
}
