/* machine.c - descriptions of matrix machines, read from text (plugins/tpu). */
#include "machine.h"
#include <stdlib.h>
#include <strings.h>

enum { WHOLE32, WHOLE64, REAL };
typedef struct key {
  const char *name;
  size_t offset;
  int kind;
  double min, max;
} key;
#define AT(m) offsetof(tpu_machine, m)
static const key keys[] = {
    {"array_rows", AT(array_rows), WHOLE32, 1, TPU_MAX_ARRAY},
    {"array_columns", AT(array_columns), WHOLE32, 1, TPU_MAX_ARRAY},
    {"clock_mhz", AT(clock_mhz), REAL, 1, 1e5},
    {"fifo_tiles", AT(fifo_tiles), WHOLE32, 1, 64},
    {"accumulator_rows", AT(accumulator_rows), WHOLE32, 2, 1 << 20},
    {"buffer_bytes", AT(buffer_bytes), WHOLE64, 1024, 1 << 30},
    {"memory_bytes", AT(memory_bytes), WHOLE64, 0, 4294967295.0},
    {"memory_gb_per_second", AT(memory_gb_per_second), REAL, 1e-3, 1e6},
    {"host_gb_per_second", AT(host_gb_per_second), REAL, 1e-3, 1e6},
    {"activation_lanes", AT(activation_lanes), WHOLE32, 1, 1 << 20},
    {"vector_lanes", AT(vector_lanes), WHOLE32, 1, 1 << 20},
    {"whole_tiles", AT(whole_tiles), WHOLE32, 0, 1},
};
enum { N_KEYS = sizeof keys / sizeof keys[0] };

typedef struct reader {
  const rn_host_api *host;
  const char *from;
  uint32_t line, seen; /* bit per key */
  int has_name, has_arithmetic;
  tpu_machine *out;
} reader;

static rn_status *bad(const reader *r, const char *what, const char *found) {
  return rn_error(r->host, RN_INVALID_ARGUMENT, "tpu: machine %s, line %u: %s: '%.60s'", r->from, r->line, what, found);
}

static rn_status *set_number(reader *r, const key *k, const char *value) {
  char *end = NULL, *field = (char *)r->out + k->offset;
  double x = strtod(value, &end);
  if (end == value || *end != '\0') return bad(r, "not a number", value);
  if (!(x >= k->min && x <= k->max))
    return rn_error(r->host, RN_INVALID_ARGUMENT, "tpu: machine %s, line %u: %s = %s is not in [%g, %g]", r->from,
                    r->line, k->name, value, k->min, k->max);
  if (k->kind != REAL && x != (double)(uint64_t)x) return bad(r, "not a whole number", value);
  if (k->kind == WHOLE32) memcpy(field, &(uint32_t){(uint32_t)x}, sizeof(uint32_t));
  if (k->kind == WHOLE64) memcpy(field, &(uint64_t){(uint64_t)x}, sizeof(uint64_t));
  if (k->kind == REAL) memcpy(field, &x, sizeof x);
  return NULL;
}

static rn_status *set(reader *r, const char *name, const char *value) {
  if (strcmp(name, "name") == 0) {
    if (*value == '\0' || strlen(value) >= sizeof r->out->name) return bad(r, "a name has 1 to 31 characters", value);
    memcpy(r->out->name, value, strlen(value) + 1);
    r->has_name = 1;
    return NULL;
  }
  if (strcmp(name, "arithmetic") == 0) {
    r->out->arithmetic = strcmp(value, "bf16") == 0 ? TPU_BF16 : strcmp(value, "int8") == 0 ? TPU_INT8 : 0;
    r->has_arithmetic = r->out->arithmetic != 0;
    return r->has_arithmetic ? NULL : bad(r, "arithmetic is bf16 or int8", value);
  }
  for (uint32_t i = 0; i < N_KEYS; i++) {
    if (strcmp(name, keys[i].name) != 0) continue;
    r->seen |= 1u << i;
    return set_number(r, &keys[i], value);
  }
  return bad(r, "no such key", name);
}

/* One line: blanks around, a comment behind. */
static rn_status *read_line(reader *r, const char *line, size_t n) {
  char copy[256];
  size_t cut = 0;
  while (cut < n && line[cut] != ';' && line[cut] != '#') cut++;
  while (cut > 0 && strchr(" \t\r", line[cut - 1])) cut--;
  while (cut > 0 && strchr(" \t", *line)) line++, cut--;
  if (cut == 0 || *line == '[') return NULL;
  if (cut >= sizeof copy) return bad(r, "the line is too long", "");
  memcpy(copy, line, cut);
  copy[cut] = '\0';
  char *equals = strchr(copy, '=');
  if (equals == NULL) return bad(r, "expected key = value", copy);
  char *end = equals, *value = equals + 1;
  while (end > copy && strchr(" \t", end[-1])) end--;
  *end = '\0';
  while (*value == ' ' || *value == '\t') value++;
  return set(r, copy, value);
}

rn_status *tpu_machine_parse(const rn_host_api *host, const char *from, const char *text, tpu_machine *out) {
  reader r = {host, from, 0, 0, 0, 0, out};
  memset(out, 0, sizeof *out);
  while (*text != '\0') {
    size_t n = strcspn(text, "\n");
    r.line++;
    RN_TRY(read_line(&r, text, n));
    text += n + (text[n] == '\n');
  }
  if (!r.has_name || !r.has_arithmetic)
    return rn_error(host, RN_INVALID_ARGUMENT, "tpu: machine %s: %s is missing", from,
                    r.has_name ? "arithmetic" : "name");
  for (uint32_t i = 0; i < N_KEYS; i++)
    if ((r.seen & 1u << i) == 0)
      return rn_error(host, RN_INVALID_ARGUMENT, "tpu: machine %s: %s is missing", from, keys[i].name);
  return NULL;
}

static rn_status *read_file(const rn_host_api *host, const char *path, char *text, size_t room) {
  FILE *f = fopen(path, "rb");
  if (f == NULL) return rn_error(host, RN_NOT_FOUND, "tpu: machine '%s' is neither v1, bf16 nor a file", path);
  size_t n = fread(text, 1, room, f);
  fclose(f);
  if (n == room)
    return rn_error(host, RN_INVALID_ARGUMENT, "tpu: machine '%s': a description has less than %zu bytes", path, room);
  text[n] = '\0';
  return NULL;
}

rn_status *tpu_machine_find(const rn_host_api *host, const char *name, tpu_machine *out) {
  char file[8192];
  const char *text = tpu_machine_text(name);
  if (text == NULL) {
    RN_TRY(read_file(host, name, file, sizeof file));
    text = file;
  }
  return tpu_machine_parse(host, name, text, out);
}

static uint64_t mix(uint64_t h, uint64_t x) { return (h ^ x) * 0x100000001b3u; }

/* Speeds are left out: a program runs on a faster machine too. */
uint64_t tpu_machine_print(const tpu_machine *m) {
  uint64_t h = 0xcbf29ce484222325u;
  h = mix(h, m->arithmetic);
  h = mix(h, m->array_rows);
  h = mix(h, m->array_columns);
  h = mix(h, m->accumulator_rows);
  h = mix(h, m->buffer_bytes);
  return mix(h, m->memory_bytes);
}

double tpu_machine_peak(const tpu_machine *m) { return 2.0 * m->array_rows * m->array_columns * m->clock_mhz * 1e6; }
