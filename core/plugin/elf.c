/* plugin/elf.c - reads ELF headers of hostile files (core/plugin).
 *
 * Every offset is checked against the size of the map before use. Only the class and byte order of
 * this machine are read; others are refused by name. */
#include "plugin/elf.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/map.h"

#if defined(__x86_64__)
#define OWN_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OWN_MACHINE EM_AARCH64
#elif defined(__riscv)
#define OWN_MACHINE EM_RISCV
#else
#define OWN_MACHINE EM_NONE
#endif
#define MOST_PROGRAM_HEADERS 256 /* shared objects have about ten; each may cost one walk over the file */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define OWN_ORDER ELFDATA2MSB
#else
#define OWN_ORDER ELFDATA2LSB
#endif
#define OWN_CLASS (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32)

static const char *machine_name(unsigned m) {
  switch (m) {
    case EM_386:
      return "x86 (32 bit)";
    case EM_X86_64:
      return "x86-64";
    case EM_ARM:
      return "arm (32 bit)";
    case EM_AARCH64:
      return "aarch64";
    case EM_RISCV:
      return "riscv";
    case EM_PPC64:
      return "ppc64";
    default:
      return "another machine";
  }
}

/* size_bytes at offset, or NULL when they are not all in the file or badly aligned. */
static const void *at(const rn_elf *e, uint64_t offset, uint64_t size_bytes) {
  if (offset > e->size_bytes || size_bytes > e->size_bytes - offset) return NULL;
  return e->bytes + offset;
}

static int get_program(const rn_elf *e, uint32_t i, ElfW(Phdr) * out) {
  ElfW(Ehdr) h;
  memcpy(&h, e->bytes, sizeof h);
  if (i >= h.e_phnum || h.e_phentsize < sizeof *out) return 0;
  uint64_t step = (uint64_t)i * h.e_phentsize;
  const void *p = h.e_phoff <= UINT64_MAX - step ? at(e, h.e_phoff + step, sizeof *out) : NULL;
  if (p != NULL) memcpy(out, p, sizeof *out);
  return p != NULL;
}

static int get_section(const rn_elf *e, uint32_t i, ElfW(Shdr) * out) {
  ElfW(Ehdr) h;
  memcpy(&h, e->bytes, sizeof h);
  if (i >= h.e_shnum || h.e_shentsize < sizeof *out) return 0;
  uint64_t step = (uint64_t)i * h.e_shentsize;
  const void *p = h.e_shoff <= UINT64_MAX - step ? at(e, h.e_shoff + step, sizeof *out) : NULL;
  if (p != NULL) memcpy(out, p, sizeof *out);
  return p != NULL;
}

static int find_section(const rn_elf *e, uint32_t type, ElfW(Shdr) * out, ElfW(Shdr) * strings) {
  for (uint32_t i = 0; get_section(e, i, out); i++) {
    if (out->sh_type == type) return get_section(e, out->sh_link, strings);
  }
  return 0;
}

/* A table of strings ends in NUL, so that each string in it does. */
static const char *text_at(const rn_elf *e, const ElfW(Shdr) * strings, uint64_t index) {
  const char *base = at(e, strings->sh_offset, strings->sh_size);
  if (base == NULL || index >= strings->sh_size) return NULL;
  return base[strings->sh_size - 1] == '\0' ? base + index : NULL;
}

static int is_of_kind(const ElfW(Sym) * s, int kind) {
  unsigned type = s->st_info & 0xf; /* ELF64_ST_TYPE */
  if ((s->st_shndx != SHN_UNDEF) != (kind != RN_ELF_UNDEFINED)) return 0;
  return kind != RN_ELF_FUNCTIONS || type == STT_FUNC || type == STT_GNU_IFUNC;
}

int rn_elf_symbols(const rn_elf *e, int kind, int (*visit)(void *arg, const char *name), void *arg) {
  ElfW(Shdr) table, strings;
  if (!find_section(e, SHT_DYNSYM, &table, &strings)) return 0;
  const char *base = at(e, table.sh_offset, table.sh_size);
  for (uint64_t i = 1; base != NULL && i < table.sh_size / sizeof(ElfW(Sym)); i++) {
    ElfW(Sym) s;
    memcpy(&s, base + i * sizeof s, sizeof s);
    const char *name = text_at(e, &strings, s.st_name);
    if (name == NULL || !is_of_kind(&s, kind)) continue;
    int r = visit(arg, name);
    if (r != 0) return r;
  }
  return 0;
}

int rn_elf_needed(const rn_elf *e, int (*visit)(void *arg, const char *name), void *arg) {
  ElfW(Shdr) table, strings;
  if (!find_section(e, SHT_DYNAMIC, &table, &strings)) return 0;
  const char *base = at(e, table.sh_offset, table.sh_size);
  for (uint64_t i = 0; base != NULL && i < table.sh_size / sizeof(ElfW(Dyn)); i++) {
    ElfW(Dyn) d;
    memcpy(&d, base + i * sizeof d, sizeof d);
    if (d.d_tag == DT_NULL) break;
    const char *name = d.d_tag == DT_NEEDED ? text_at(e, &strings, d.d_un.d_val) : NULL;
    int r = name != NULL ? visit(arg, name) : 0;
    if (r != 0) return r;
  }
  return 0;
}

uint64_t rn_elf_segments_hash(const rn_elf *e) {
  ElfW(Phdr) p;
  ElfW(Ehdr) h;
  uint64_t hash = 0;
  memcpy(&h, e->bytes, sizeof h);
  for (uint32_t i = 0; get_program(e, i, &p); i++) {
    if (p.p_type != PT_LOAD) continue;
    uint64_t from = p.p_offset, size = p.p_filesz;
    /* The file header lies in the first segment, and strip changes its section fields: left out. */
    if (from == 0) {
      uint64_t skip = sizeof h < size ? sizeof h : size;
      from = skip;
      size -= skip;
    }
    const void *bytes = at(e, from, size);
    if (bytes != NULL) hash = rn_hash_bytes(bytes, size, hash);
  }
  return hash;
}

static void hex(const unsigned char *p, size_t n, char *out) {
  static const char digit[] = "0123456789abcdef";
  for (size_t i = 0; i < n; i++) {
    out[2 * i] = digit[p[i] >> 4];
    out[2 * i + 1] = digit[p[i] & 15];
  }
  out[2 * n] = '\0';
}

static void read_build_id(rn_elf *e, const unsigned char *p, uint64_t n) {
  while (n >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    memcpy(&note, p, sizeof note);
    uint64_t name = ((uint64_t)note.n_namesz + 3) & ~3ull, body = ((uint64_t)note.n_descsz + 3) & ~3ull;
    uint64_t whole = sizeof note + name + body;
    if (whole > n) return;
    if (note.n_type == NT_GNU_BUILD_ID && name == 4 && memcmp(p + sizeof note, "GNU", 4) == 0 && note.n_descsz <= 32) {
      hex(p + sizeof note + 4, note.n_descsz, e->build_id);
      return;
    }
    p += whole;
    n -= whole;
  }
}

static rn_status *cut_off(const rn_elf *e, const char *path) {
  return rn_status_make(RN_INVALID_ARGUMENT, "%s is cut off after %zu bytes: its headers speak of more", path,
                        (size_t)e->size_bytes);
}

/* The linker does without sections, but what a file needs and gives is read through them. They come last, so a file
 * that was cut lacks them. */
static rn_status *check_sections(const rn_elf *e, const ElfW(Ehdr) * h, const char *path) {
  ElfW(Shdr) table, strings;
  uint64_t bytes = (uint64_t)h->e_shnum * h->e_shentsize;
  if (h->e_shnum != 0 && at(e, h->e_shoff, bytes) == NULL) return cut_off(e, path);
  if (!find_section(e, SHT_DYNSYM, &table, &strings))
    return rn_status_make(RN_INVALID_ARGUMENT,
                          "%s has no section that lists its symbols: it is damaged, or was stripped of too much", path);
  return NULL;
}

static rn_status *check(const rn_elf *e, const char *path) {
  ElfW(Ehdr) h;
  if (e->size_bytes < EI_NIDENT || memcmp(e->bytes, ELFMAG, SELFMAG) != 0)
    return rn_status_make(RN_INVALID_ARGUMENT, "%s is not an ELF file", path);
  if (e->size_bytes < sizeof h) return cut_off(e, path);
  memcpy(&h, e->bytes, sizeof h);
  if (h.e_ident[EI_CLASS] != OWN_CLASS)
    return rn_status_make(RN_INVALID_ARGUMENT, "%s is a %s-bit file, this process has %d bits", path,
                          h.e_ident[EI_CLASS] == ELFCLASS64 ? "64" : "32", (int)sizeof(void *) * 8);
  if (h.e_ident[EI_DATA] != OWN_ORDER)
    return rn_status_make(RN_INVALID_ARGUMENT, "%s is built for a machine of the other byte order", path);
  if (h.e_machine != OWN_MACHINE)
    return rn_status_make(RN_INVALID_ARGUMENT, "%s is built for %s (ELF machine %u), this machine is %s", path,
                          machine_name(h.e_machine), (unsigned)h.e_machine, machine_name(OWN_MACHINE));
  if (h.e_type != ET_DYN)
    return rn_status_make(RN_INVALID_ARGUMENT, "%s is an ELF file, but not a shared object", path);
  if (h.e_phnum > MOST_PROGRAM_HEADERS)
    return rn_status_make(RN_INVALID_ARGUMENT, "%s has %u program headers, at most %u are read", path,
                          (unsigned)h.e_phnum, MOST_PROGRAM_HEADERS);
  ElfW(Phdr) p;
  for (uint32_t i = 0; i < h.e_phnum; i++) {
    if (!get_program(e, i, &p) || (p.p_type == PT_LOAD && at(e, p.p_offset, p.p_filesz) == NULL))
      return cut_off(e, path);
  }
  return check_sections(e, &h, path);
}

static rn_status *map_file(int fd, const char *path, rn_elf *out) {
  struct stat st;
  if (fstat(fd, &st) != 0) return rn_status_make(RN_UNKNOWN, "%s: %s", path, strerror(errno));
  if (!S_ISREG(st.st_mode))
    return rn_status_make(RN_INVALID_ARGUMENT, "%s is %s, not a file", path,
                          S_ISDIR(st.st_mode) ? "a folder" : "a pipe, a socket or a device");
  if (st.st_size == 0) return rn_status_make(RN_INVALID_ARGUMENT, "%s is empty", path);
  void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (p == MAP_FAILED) return rn_status_make(RN_RESOURCE_EXHAUSTED, "%s: %s", path, strerror(errno));
  out->bytes = p;
  out->size_bytes = (uint64_t)st.st_size;
  return NULL;
}

rn_status *rn_elf_open(const char *path, rn_elf *out) {
  memset(out, 0, sizeof *out);
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe is not waited for */
  if (fd < 0)
    return rn_status_make(errno == ENOENT ? RN_NOT_FOUND : RN_PERMISSION_DENIED, "%s cannot be opened: %s", path,
                          strerror(errno));
  rn_status *s = map_file(fd, path, out);
  close(fd);
  if (s == NULL) s = check(out, path);
  if (s != NULL) {
    rn_elf_close(out);
    return s;
  }
  ElfW(Phdr) p;
  for (uint32_t i = 0; get_program(out, i, &p); i++) {
    const void *notes = p.p_type == PT_NOTE ? at(out, p.p_offset, p.p_filesz) : NULL;
    if (notes != NULL && out->build_id[0] == '\0') read_build_id(out, notes, p.p_filesz);
  }
  return NULL;
}

void rn_elf_close(rn_elf *e) {
  if (e->bytes != NULL) munmap((void *)(uintptr_t)e->bytes, e->size_bytes);
  e->bytes = NULL;
}
