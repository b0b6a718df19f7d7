/* plugin/manifest.c - reads manifests: a thousand rows in well under a millisecond (core/plugin).
 * The text is copied once and cut in place; names point into the copy. */
#include "plugin/manifest.h"
#include <string.h>
#include "base/map.h"
#include "base/text.h"

#define MOST_BYTES (16u << 20)
typedef struct reader {
  const char *path;
  rn_manifest *m;
  uint32_t line;
} reader;

static rn_status *bad(const reader *r, const char *what) {
  return rn_status_make(RN_INVALID_ARGUMENT, "%s:%u: %s", r->path, r->line, what);
}

static int parse_u64(const char *s, uint64_t *out) {
  int64_t v;
  if (!rn_parse_i64(s, strlen(s), &v) || v < 0) return 0;
  *out = (uint64_t)v;
  return 1;
}

static int parse_hex(const char *s, uint64_t *out) {
  uint64_t v = 0;
  size_t n = strlen(s);
  if (n == 0 || n > 16) return 0;
  for (size_t i = 0; i < n; i++) {
    char c = s[i];
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return 0;
    v = v << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
  }
  *out = v;
  return 1;
}

static int parse_abi(const char *s, rn_manifest *m) {
  const char *dot = strchr(s, '.');
  int64_t major, minor;
  if (dot == NULL || !rn_parse_i64(s, (size_t)(dot - s), &major) || !rn_parse_i64(dot + 1, strlen(dot + 1), &minor))
    return 0;
  if (major < 0 || minor < 0 || major > 65535 || minor > 65535) return 0;
  m->abi_major = (uint32_t)major;
  m->abi_minor = (uint32_t)minor;
  return 1;
}

static rn_status *read_key(reader *r, char *line, char *equals) {
  rn_manifest *m = r->m;
  const char *value = equals + 3;
  *equals = '\0';
  const struct {
    const char *key;
    const char **to;
  } texts[] = {
      {"id", &m->id}, {"version", &m->version}, {"license", &m->license}, {"doc", &m->doc}, {"build_id", &m->build_id}};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    if (strcmp(line, texts[i].key) == 0) *texts[i].to = value;
  }
  const struct {
    const char *key;
    uint64_t *to;
  } numbers[] = {{"build_flags", &m->build_flags}, {"cpu_required", &m->cpu_required}, {"size_bytes", &m->size_bytes}};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    if (strcmp(line, numbers[i].key) == 0 && !parse_u64(value, numbers[i].to)) return bad(r, "not a number");
  }
  if (strcmp(line, "segments") == 0 && !parse_hex(value, &m->segments)) return bad(r, "not a hash");
  if (strcmp(line, "abi") == 0 && !parse_abi(value, m)) return bad(r, "not an ABI version");
  return NULL;
}

#define MOST_FIELDS 8
static uint32_t split(char *line, char *field[MOST_FIELDS]) {
  uint32_t n = 0;
  for (char *at = line; at != NULL && n < MOST_FIELDS; n++) {
    field[n] = at;
    at = strchr(at, '\t');
    if (at != NULL) *at++ = '\0';
  }
  return n;
}

static rn_status *read_row(reader *r, char *line) {
  static const struct {
    const char *word;
    uint32_t fields;
  } kinds[RN_ROW_KINDS] = {{"op", 4}, {"kernel", 7}, {"device", 2}, {"compiler", 3}, {"optimizer", 2}, {"pass", 3}};
  char *field[MOST_FIELDS];
  uint32_t n = split(line, field), k = 0;
  uint64_t role = 0, flags = 0;
  while (k < RN_ROW_KINDS && strcmp(field[0], kinds[k].word) != 0) k++;
  if (k == RN_ROW_KINDS) return NULL;
  if (n < kinds[k].fields || field[1][0] == '\0') return bad(r, "a row with too few fields");
  if (k == RN_ROW_OP &&
      (!parse_u64(field[2], &role) || !parse_u64(field[3], &flags) || role > UINT32_MAX || flags > UINT32_MAX))
    return bad(r, "an op's role or flags is not a number");
  const char *device = k == RN_ROW_KERNEL || k == RN_ROW_COMPILER ? field[2] : "";
  r->m->rows[r->m->n_rows++] = (rn_manifest_row){k, (uint32_t)role, (uint32_t)flags, field[1], device};
  r->m->count[k]++;
  return NULL;
}

static rn_status *read_line(reader *r, char *line) {
  char *equals = strchr(line, '\t') == NULL ? strstr(line, " = ") : NULL;
  if (line[0] == '\0' || line[0] == '#') return NULL;
  return equals != NULL ? read_key(r, line, equals) : read_row(r, line);
}

/* The last line is "end HASH" over everything before it. Returns the length without it, or 0. */
static size_t checked_length(const char *text, size_t length) {
  char want[32];
  if (length < 22 || text[length - 1] != '\n') return 0;
  size_t body = length - 21; /* "end " + 16 + "\n" */
  static const char digit[] = "0123456789abcdef";
  uint64_t hash = rn_hash_bytes(text, body, 0);
  memcpy(want, "end ", 4);
  for (int i = 0; i < 16; i++) want[4 + i] = digit[hash >> (60 - 4 * i) & 15];
  return text[body - 1] == '\n' && memcmp(text + body, want, 20) == 0 ? body : 0;
}

static rn_status *check_head(const char *text, size_t length, const char *path) {
  static const char head[] = "runnel-manifest ";
  if (length > MOST_BYTES) return rn_status_make(RN_INVALID_ARGUMENT, "%s is too large for a manifest", path);
  if (length < sizeof head || memcmp(text, head, sizeof head - 1) != 0)
    return rn_status_make(RN_INVALID_ARGUMENT, "%s:1: not a plugin manifest", path);
  if (text[sizeof head - 1] != '1' || length == sizeof head || text[sizeof head] != '\n')
    return rn_status_make(RN_UNIMPLEMENTED, "%s:1: a manifest of another version of Runnel", path);
  return NULL;
}

rn_status *rn_manifest_parse(const char *text, size_t length, const char *path, rn_arena *arena, rn_manifest *out) {
  *out = (rn_manifest){.id = "", .version = "", .license = "", .doc = "", .build_id = "", .abi_major = UINT32_MAX};
  RN_TRY(check_head(text, length, path));
  size_t body = checked_length(text, length), lines = 0;
  if (body == 0 || memchr(text, 0, body) != NULL)
    return rn_status_make(RN_DATA_LOSS, "%s is cut off or was changed after it was made", path);
  for (size_t i = 0; i < body; i++) lines += text[i] == '\n';
  char *copy = rn_arena_text(arena, text, body);
  out->rows = rn_arena_array(arena, lines, sizeof *out->rows);
  if (copy == NULL || out->rows == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for %s", path);
  reader r = {path, out, 1};
  for (char *line = copy; line < copy + body; r.line++) {
    char *end = strchr(line, '\n');
    *end = '\0';
    if (r.line > 1) RN_TRY(read_line(&r, line));
    line = end + 1;
  }
  if (out->id[0] == '\0') return rn_status_make(RN_INVALID_ARGUMENT, "%s names no plugin id", path);
  if (out->abi_major == UINT32_MAX) return rn_status_make(RN_INVALID_ARGUMENT, "%s names no abi", path);
  return NULL;
}
