/* file_case.c - the file and what it says of itself (frontends/conform). */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "kit.h"

/* -------------------------------------------------------------------------------------- the symbols */
typedef struct image {
  const unsigned char *bytes;
  uint64_t size;
} image;
static const void *part(const image *f, uint64_t at, uint64_t size) {
  return at <= f->size && size <= f->size - at ? f->bytes + at : NULL;
}

static const char *exported(const image *f, const Elf64_Shdr *table, const Elf64_Shdr *names, uint64_t i,
                            int *out_defined) {
  const Elf64_Sym *s = part(f, table->sh_offset + i * sizeof *s, sizeof *s);
  if (s == NULL || s->st_name >= names->sh_size) return NULL;
  const char *name = part(f, names->sh_offset + s->st_name, 1);
  uint64_t room = names->sh_size - s->st_name;
  if (name == NULL || part(f, names->sh_offset, names->sh_size) == NULL || memchr(name, 0, (size_t)room) == NULL)
    return NULL;
  *out_defined = s->st_shndx != SHN_UNDEF && ELF64_ST_BIND(s->st_info) != STB_LOCAL;
  return name;
}

static int is_of_the_toolchain(const char *name) {
  return strcmp(name, "_init") == 0 || strcmp(name, "_fini") == 0 || strncmp(name, "__odr_asan", 10) == 0 ||
         strncmp(name, "__gcov", 6) == 0 || name[0] == '\0';
}

static verdict check_symbols(kit *k, const image *f) {
  const Elf64_Ehdr *h = part(f, 0, sizeof *h);
  if (h == NULL || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0 || h->e_ident[EI_CLASS] != ELFCLASS64)
    return skip(k, "not a 64-bit ELF file; its symbols are not looked at");
  for (uint32_t i = 0; i < h->e_shnum; i++) {
    const Elf64_Shdr *t = part(f, h->e_shoff + (uint64_t)i * h->e_shentsize, sizeof *t);
    if (t == NULL || t->sh_type != SHT_DYNSYM) continue;
    const Elf64_Shdr *names = part(f, h->e_shoff + (uint64_t)t->sh_link * h->e_shentsize, sizeof *names);
    for (uint64_t s = 0; names != NULL && s < t->sh_size / sizeof(Elf64_Sym); s++) {
      int defined = 0;
      const char *name = exported(f, t, names, s, &defined);
      if (name == NULL || is_of_the_toolchain(name)) continue;
      if (defined && strcmp(name, "rn_plugin_entry") != 0)
        return fail(k, "exports '%s'; a plugin exports rn_plugin_entry alone (compile with -fvisibility=hidden)", name);
      if (!defined && strncmp(name, "rn_", 3) == 0)
        return fail(k, "imports '%s' from the host; a plugin gets the host as a table", name);
    }
    return PASSED;
  }
  return fail(k, "has no table of dynamic symbols");
}

static verdict symbols(kit *k, const kit_case *c) {
  (void)c;
  struct stat st;
  int fd = open(k->o->file, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &st) != 0) return fail(k, "%s cannot be read", k->o->file);
  image f = {mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0), (uint64_t)st.st_size};
  close(fd);
  if (f.bytes == MAP_FAILED) return fail(k, "%s cannot be mapped", k->o->file);
  verdict v = check_symbols(k, &f);
  munmap((void *)(uintptr_t)f.bytes, (size_t)f.size);
  return v;
}

/* ----------------------------------------------------------------------------------- the description */
static int blank(const char *s) { return s == NULL || s[0] == '\0'; }

static verdict check_kernel(kit *k, const rn_kernel_def *d, uint32_t i) {
  if (blank(d->op) || blank(d->device_type)) return fail(k, "kernel %u names no op or no device type", i);
  if (kit_find_op(k, d->op, NULL) == NULL)
    return fail(k, "kernel %u is for op '%s', which no plugin defines", i, d->op);
  if (d->compute == NULL && d->prepare == NULL && d->alias == 0)
    return fail(k, "kernel %u (%s) has nothing to compute with", i, d->op);
  return PASSED;
}

static verdict description(kit *k, const kit_case *c) {
  const rn_plugin_desc *d = k->own.desc;
  verdict v = PASSED;
  (void)c;
  if (blank(d->id) || blank(d->version) || blank(d->license) || blank(d->doc))
    return fail(k, "id, version, license and doc must all say something");
  if (k->own.n_ops + k->own.n_kernels + k->own.n_devices + k->own.n_compilers + k->own.n_optimizers + k->own.n_passes ==
      0)
    return fail(k, "it offers nothing");
  for (uint32_t i = 0; i < k->own.n_ops; i++) {
    if (blank(k->own.ops[i].name)) return fail(k, "op %u has no name", i);
    if (blank(k->own.ops[i].doc)) return fail(k, "op '%s' has no documentation", k->own.ops[i].name);
  }
  for (uint32_t i = 0; i < k->own.n_kernels && v == PASSED; i++) v = check_kernel(k, &k->own.kernels[i], i);
  for (uint32_t i = 0; i < k->own.n_devices; i++)
    if (blank(k->own.devices[i].type) || blank(k->own.devices[i].doc))
      return fail(k, "device %u has no type or no doc", i);
  for (uint32_t i = 0; i < k->own.n_optimizers; i++)
    if (blank(k->own.optimizers[i].name) || blank(k->own.optimizers[i].doc))
      return fail(k, "optimizer %u has no name or no doc", i);
  for (uint32_t i = 0; i < k->own.n_passes; i++)
    if (blank(k->own.passes[i].name) || blank(k->own.passes[i].doc)) return fail(k, "pass %u has no name or no doc", i);
  return v;
}

static char *read_text(const char *path) {
  FILE *f = fopen(path, "r");
  if (f == NULL) return NULL;
  char *text = calloc(1, 16 << 20);
  if (text != NULL) (void)!fread(text, 1, (16 << 20) - 1, f);
  fclose(f);
  return text;
}

static verdict manifest(kit *k, const kit_case *c) {
  char path[4096], *made = NULL;
  size_t n = strlen(k->o->file);
  (void)c;
  if (n < 3 || n + 8 > sizeof path) return skip(k, "its name does not end in .so");
  snprintf(path, sizeof path, "%.*s.manifest", (int)n - 3, k->o->file);
  char *beside = read_text(path);
  if (beside == NULL) return skip(k, "there is no %s", path);
  rn_status *s = rn_plugin_manifest(k->o->file, &made);
  verdict v = s != NULL ? fail_status(k, "its manifest cannot be made", s)
              : strcmp(made, beside) != 0
                  ? fail(k, "%s says something else than the file; make it again with runnel-manifest", path)
                  : PASSED;
  rn_plugin_manifest_free(made);
  free(beside);
  return v;
}

void list_file_cases(kit *k) {
  if (k->o->op != NULL) return;
  add_case(k, symbols, 0, "file/symbols");
  add_case(k, description, 0, "file/description");
  add_case(k, manifest, 0, "file/manifest");
}
