/* plugin/program_file.c - programs of compilers, kept in a folder between processes (core/plugin).
 *
 *   "RNKEEP\0\1", the key (16 bytes), the lengths of words, program and constants and a hash of all three (8 each,
 *   little endian), the words, the program, the constants */
#include "plugin/program_file.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/map.h"
#include "base/mem.h"
#include "base/text.h"
#include "plugin/catalog.h"
#include "plugin/text_file.h"

enum { HEAD = 56 };
#define MOST ((size_t)1 << 30)
static const char magic[8] = "RNKEEP\0\1";

static rn_status *no_memory(void) { return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for a program"); }

static rn_status *folder_of(rn_runtime *rt, const char *name, char *out /* PATH_MAX */) {
  if (mkdir(name, 0700) != 0 && errno != EEXIST)
    return rn_status_make(RN_PERMISSION_DENIED, "programs.folder %s cannot be made: %s", name, strerror(errno));
  if (realpath(name, out) == NULL)
    return rn_status_make(RN_PERMISSION_DENIED, "programs.folder %s: %s", name, strerror(errno));
  rn_status *s = rn_folder_check(rt->config, out);
  return s != NULL ? rn_status_wrap(s, "programs.folder") : NULL;
}

rn_status *rn_program_path(rn_runtime *rt, const char *maker, const rn_program_key *key, char **out) {
  char folder[PATH_MAX];
  const char *name = rn_config_get(rt->config, "programs", "folder");
  rn_text t;
  *out = NULL;
  if (name == NULL || *name == '\0') return NULL;
  RN_TRY(folder_of(rt, name, folder));
  rn_text_init(&t);
  rn_text_printf(&t, "%s/%s-%016llx%016llx.program", folder, maker, (unsigned long long)key->part[0],
                 (unsigned long long)key->part[1]);
  *out = rn_text_take(&t);
  return *out != NULL ? NULL : no_memory();
}

static void put_word(char *to, uint64_t x) {
  for (int i = 0; i < 8; i++) to[i] = (char)(x >> (8 * i));
}
static uint64_t get_word(const char *from) {
  uint64_t x = 0;
  for (int i = 0; i < 8; i++) x |= (uint64_t)(unsigned char)from[i] << (8 * i);
  return x;
}

/* body: the three parts, one behind the other. */
static void write_head(char *head, const rn_program_key *key, const char *body, const uint64_t length[3]) {
  memcpy(head, magic, sizeof magic);
  put_word(head + 8, key->part[0]);
  put_word(head + 16, key->part[1]);
  for (int i = 0; i < 3; i++) put_word(head + 24 + 8 * i, length[i]);
  put_word(head + 48, rn_hash_bytes(body, (size_t)(length[0] + length[1] + length[2]), key->part[0]));
}

static const char *what_is_wrong(const char *file, size_t size, const rn_program_key *wanted, rn_program_key *key,
                                 rn_program_bytes *out) {
  char head[HEAD];
  uint64_t length[3];
  if (size < sizeof magic || memcmp(file, magic, sizeof magic) != 0) return "is no program";
  if (size < HEAD) return "is cut";
  uint64_t left = size - HEAD;
  const char *body = file + HEAD;
  *key = (rn_program_key){{get_word(file + 8), get_word(file + 16)}};
  for (int i = 0; i < 3; i++) {
    length[i] = get_word(file + 24 + 8 * i);
    if (length[i] > left) return "is cut or spoilt";
    left -= length[i];
  }
  if (left != 0) return "is longer than it says";
  write_head(head, key, body, length);
  if (memcmp(file, head, HEAD) != 0) return "is spoilt";
  if (wanted != NULL && memcmp(wanted, key, sizeof *key) != 0) return "is the program of another part: it was renamed";
  *out = (rn_program_bytes){
      body, body + length[0], body + length[0] + length[1], (size_t)length[0], (size_t)length[1], (size_t)length[2]};
  return NULL;
}

rn_status *rn_program_read(const char *path, const rn_program_key *wanted, rn_program_key *out_key, char **out_held,
                           rn_program_bytes *out) {
  char *file;
  size_t length;
  *out_held = NULL;
  RN_TRY(rn_text_file_read_up_to(path, MOST, &file, &length));
  if (file == NULL) return NULL;
  const char *wrong = what_is_wrong(file, length, wanted, out_key, out);
  if (wrong == NULL) {
    *out_held = file;
    return NULL;
  }
  rn_mem_free(file);
  return rn_status_make(RN_DATA_LOSS, "%s %s", path, wrong);
}

rn_status *rn_program_write(const char *path, const rn_program_key *key, const rn_program_bytes *b) {
  const char *part[] = {b->words, b->program, b->constants};
  const uint64_t length[] = {b->words_length, b->program_length, b->constants_length};
  size_t at = HEAD, size = HEAD + b->words_length + b->program_length + b->constants_length;
  if (size > MOST)
    return rn_status_make(RN_RESOURCE_EXHAUSTED, "%s is not kept: %zu bytes are more than %zu", path, size, MOST);
  char *file = rn_mem_alloc(size);
  if (file == NULL) return no_memory();
  for (int i = 0; i < 3; i++) {
    if (length[i] > 0) memcpy(file + at, part[i], (size_t)length[i]);
    at += (size_t)length[i];
  }
  write_head(file, key, file + HEAD, length);
  rn_status *s = rn_text_file_replace(path, file, size);
  rn_mem_free(file);
  return s;
}
