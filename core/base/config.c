/* base/config.c - settings in force, each with where it came from (core/base).
 *
 * A few dozen entries in one array, sorted by section and stable within one: the last source of a
 * setting wins and keeps the place of the first, so placement rules stay in the order they were written. */
#include "base/config.h"
#include <stdio.h>
#include "base/mem.h"
#include "base/setting.h"
#include "base/text.h"

typedef struct entry {
  char *section, *key, *value, *origin;
  int unset;      /* a known setting without default: listed, but not there for get */
  uint64_t order; /* grows with each that is put */
} entry;

struct rn_config {
  entry *entries;
  uint32_t count, capacity;
  uint64_t puts;
};

static void entry_finish(entry *e) {
  rn_mem_free(e->section);
  rn_mem_free(e->key);
  rn_mem_free(e->value);
  rn_mem_free(e->origin);
}

static int entry_init(entry *e, const char *section, const char *key, const char *value, const char *origin) {
  *e = (entry){
      rn_mem_copy_text(section), rn_mem_copy_text(key), rn_mem_copy_text(value), rn_mem_copy_text(origin), 0, 0};
  if (e->section != NULL && e->key != NULL && e->value != NULL && e->origin != NULL) return 1;
  entry_finish(e);
  return 0;
}

static int reserve(rn_config *c) {
  if (c->count < c->capacity) return 1;
  uint32_t capacity = c->capacity != 0 ? c->capacity * 2 : 16;
  entry *entries = capacity > c->capacity ? rn_mem_grow(c->entries, capacity, sizeof *entries) : NULL;
  if (entries == NULL) return 0;
  c->entries = entries;
  c->capacity = capacity;
  return 1;
}

static entry *find(const rn_config *c, const char *section, const char *key) {
  for (uint32_t i = 0; i < c->count; i++) {
    if (strcmp(c->entries[i].section, section) == 0 && strcmp(c->entries[i].key, key) == 0) return &c->entries[i];
  }
  return NULL;
}

static entry *insert(rn_config *c, const entry *e) {
  uint32_t at = c->count;
  while (at > 0 && strcmp(c->entries[at - 1].section, e->section) > 0) at--;
  memmove(&c->entries[at + 1], &c->entries[at], (c->count - at) * sizeof *e);
  c->entries[at] = *e;
  c->count++;
  return &c->entries[at];
}

/* Puts one checked setting in force. NULL: out of memory, nothing changed. */
static entry *put(rn_config *c, const char *section, const char *key, const char *value, const char *origin) {
  entry made;
  if (!reserve(c) || !entry_init(&made, section, key, value, origin)) return NULL;
  made.order = ++c->puts;
  entry *e = find(c, section, key);
  if (e == NULL) return insert(c, &made);
  entry_finish(e);
  *e = made;
  return e;
}

static rn_status *no_memory(void) { return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for the configuration"); }

rn_status *rn_config_create(rn_config **out) {
  uint32_t n;
  const rn_setting *known = rn_settings_known(&n);
  rn_config *c = rn_mem_zero(1, sizeof *c);
  if (c == NULL) return no_memory();
  for (uint32_t i = 0; i < n; i++) {
    const char *value = known[i].value != NULL ? known[i].value : "";
    entry *e = put(c, known[i].section, known[i].key, value, "default");
    if (e == NULL) {
      rn_config_destroy(c);
      return no_memory();
    }
    e->unset = known[i].value == NULL;
  }
  *out = c;
  return NULL;
}

void rn_config_destroy(rn_config *c) {
  if (c == NULL) return;
  for (uint32_t i = 0; i < c->count; i++) entry_finish(&c->entries[i]);
  rn_mem_free(c->entries);
  rn_mem_free(c);
}

rn_status *rn_config_put(rn_config *c, const char *section, const char *key, const char *value, const char *origin) {
  const char *kept;
  rn_status *bad = rn_setting_check(section, key, value, &kept);
  if (bad != NULL) return rn_status_wrap(bad, "%s", origin);
  return put(c, section, key, kept, origin) != NULL ? NULL : no_memory();
}

/* Where the section ends: the first point, but for "plugin.ID.key" the last one before the '='. */
static char *split_section(char *text) {
  return strncmp(text, "plugin.", 7) == 0 ? strrchr(text + 7, '.') : strchr(text, '.');
}

static char *trim(char *s) {
  char *end = s + strlen(s);
  while (*s == ' ' || *s == '\t') s++;
  while (end > s && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r' || end[-1] == '\n')) *--end = '\0';
  return s;
}

rn_status *rn_config_set(rn_config *c, const char *assignment, const char *origin) {
  char *copy = rn_mem_copy_text(assignment);
  if (copy == NULL) return no_memory();
  char *equals = strchr(copy, '=');
  if (equals != NULL) *equals = '\0';
  char *point = equals != NULL ? split_section(copy) : NULL;
  rn_status *s;
  if (point == NULL) {
    s = rn_status_make(RN_INVALID_ARGUMENT, "%s: '%s' is not of the form section.key=value", origin, assignment);
  } else {
    *point = '\0';
    s = rn_config_put(c, trim(copy), trim(point + 1), trim(equals + 1), origin);
  }
  rn_mem_free(copy);
  return s;
}

static char upper(char x) {
  if (x >= 'a' && x <= 'z') return (char)(x - 'a' + 'A');
  if ((x >= '0' && x <= '9') || (x >= 'A' && x <= 'Z')) return x;
  return '_';
}

/* Is section.key this entry, which the environment gave? "a_b" and "c" are spelt as "a" and "b_c" are. */
static int is_spelt(const entry *e, const char *section, const char *key) {
  char given[256], wanted[256];
  if (strncmp(e->origin, "environment ", 12) != 0) return 0;
  int n = snprintf(given, sizeof given, "%s.%s", e->section, e->key);
  int m = snprintf(wanted, sizeof wanted, "%s.%s", section, key);
  if (n != m || n < 0 || (size_t)n >= sizeof given) return 0;
  for (int i = 0; i < n; i++)
    if (upper(given[i]) != upper(wanted[i])) return 0;
  return 1;
}

/* Of a plugin: its own entry, or what the environment spells like it, whichever came last. */
static const entry *find_plugins(const rn_config *c, const char *section, const char *key) {
  const entry *found = find(c, section, key);
  for (uint32_t i = 0; i < c->count; i++) {
    const entry *e = &c->entries[i];
    if (strncmp(e->section, "plugin.", 7) != 0 || !is_spelt(e, section, key)) continue;
    if (found == NULL || e->order > found->order) found = e;
  }
  return found;
}

const char *rn_config_get(const rn_config *c, const char *section, const char *key) {
  const entry *e = strncmp(section, "plugin.", 7) == 0 ? find_plugins(c, section, key) : find(c, section, key);
  return e != NULL && !e->unset ? e->value : NULL;
}

int64_t rn_config_get_int(const rn_config *c, const char *section, const char *key, int64_t fallback) {
  const char *value = rn_config_get(c, section, key);
  int64_t number;
  if (value == NULL) return fallback;
  if (strcmp(value, "true") == 0) return 1;
  if (strcmp(value, "false") == 0) return 0;
  return rn_parse_i64(value, strlen(value), &number) ? number : fallback;
}

uint32_t rn_config_count(const rn_config *c) { return c->count; }

void rn_config_at(const rn_config *c, uint32_t i, const char **section, const char **key, const char **value,
                  const char **origin) {
  const entry *e = &c->entries[i];
  *section = e->section;
  *key = e->key;
  *value = e->value;
  *origin = e->origin;
}
