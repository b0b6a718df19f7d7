/* base/config_read.c - settings out of INI text and the environment (core/base).
 *
 * inih splits lines into sections, names and values. The reader that feeds it keeps count of the lines
 * for messages and smooths what inih would take otherwise: leading blanks (a continuation there), a ':'
 * in a name ("op:Add = cpu"; a separator there), and lines longer than its buffer (cut there). */
#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>
#include "base/config.h"
#include "base/mem.h"
#include "base/setting.h"
#include "base/text.h"

#define LARGEST_FILE ((size_t)1 << 20)
#define COLON_IN_NAME '\x01'
#define LONGEST_ORIGIN 4352 /* a path and a line number */

typedef struct source {
  rn_config *config;
  const char *name, *at, *end;
  uint32_t line;
  rn_status *failed; /* the first error */
} source;

static void fail(source *s, const char *what) {
  if (s->failed == NULL) s->failed = rn_status_make(RN_INVALID_ARGUMENT, "%s:%u: %s", s->name, s->line, what);
}

static int is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/* A line of bytes that inih and we read alike, or an error. */
static int take_line(source *s, const char **line, size_t *length, size_t most) {
  size_t left = (size_t)(s->end - s->at);
  const char *stop = memchr(s->at, '\n', left);
  *line = s->at;
  s->line++;
  s->at = stop != NULL ? stop + 1 : s->end;
  *length = (size_t)((stop != NULL ? stop : s->end) - *line);
  while (*length > 0 && is_blank(**line)) {
    ++*line;
    --*length;
  }
  if (memchr(*line, '\0', *length) != NULL || memchr(*line, COLON_IN_NAME, *length) != NULL) fail(s, "not a text file");
  if (*length + 2 > most) fail(s, "the line is too long");
  return s->failed == NULL;
}

static int is_statement(const char *line) {
  if (*line == '[') return strchr(line, ']') != NULL;
  return strchr("\n;#", *line) != NULL || strpbrk(line, "=:") != NULL;
}

/* inih's fgets. Ends the reading at the first error. */
static char *read_line(char *out, int size, void *stream) {
  source *s = stream;
  const char *line;
  size_t length;
  if (s->failed != NULL || s->at == s->end || !take_line(s, &line, &length, (size_t)size)) return NULL;
  memcpy(out, line, length);
  out[length] = '\n';
  out[length + 1] = '\0';
  if (!is_statement(out)) {
    fail(s, "neither '[section]' nor 'key = value'");
    return NULL;
  }
  char *equals = out[0] != '[' ? strchr(out, '=') : NULL;
  for (char *c = out; equals != NULL && c < equals; c++) {
    if (*c == ':') *c = COLON_IN_NAME;
  }
  return out;
}

static int visit(void *user, const char *section, const char *name, const char *value) {
  source *s = user;
  char origin[LONGEST_ORIGIN];
  if (s->failed != NULL) return 0;
  char *key = rn_mem_copy_text(name);
  if (key == NULL) {
    s->failed = rn_status_make(RN_RESOURCE_EXHAUSTED, "%s:%u: no memory", s->name, s->line);
    return 0;
  }
  for (char *c = key; *c != '\0'; c++) {
    if (*c == COLON_IN_NAME) *c = ':';
  }
  (void)snprintf(origin, sizeof origin, "%s:%u", s->name, s->line);
  if (*section == '\0')
    fail(s, "a setting before the first [section]");
  else
    s->failed = rn_config_put(s->config, section, key, value, origin);
  rn_mem_free(key);
  return s->failed == NULL;
}

rn_status *rn_config_read_text(rn_config *c, const char *text, size_t length, const char *origin) {
  source s = {c, origin, text, text + length, 0, NULL};
  if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) s.at += 3;
  int code = ini_parse_stream(read_line, &s, visit, &s);
  if (s.failed != NULL) return s.failed;
  if (code == 0) return NULL;
  if (code < 0) return rn_status_make(RN_RESOURCE_EXHAUSTED, "%s: no memory to read it", origin);
  return rn_status_make(RN_INVALID_ARGUMENT, "%s:%d: neither '[section]' nor 'key = value'", origin, code);
}

static rn_status *cannot_read(const char *path, int error) {
  int32_t code = error == ENOENT || error == ENOTDIR ? RN_NOT_FOUND
                 : error == EACCES                   ? RN_PERMISSION_DENIED
                                                     : RN_INVALID_ARGUMENT;
  return rn_status_make(code, "%s: %s", path, strerror(error));
}

static rn_status *read_all(FILE *f, const char *path, rn_text *out) {
  char block[4096];
  size_t n;
  while ((n = fread(block, 1, sizeof block, f)) > 0) {
    rn_text_add_bytes(out, block, n);
    if (out->length > LARGEST_FILE)
      return rn_status_make(RN_INVALID_ARGUMENT, "%s: larger than %zu bytes", path, LARGEST_FILE);
  }
  if (ferror(f)) return cannot_read(path, errno);
  return out->failed ? rn_status_make(RN_RESOURCE_EXHAUSTED, "%s: no memory to read it", path) : NULL;
}

rn_status *rn_config_read_file(rn_config *c, const char *path) {
  rn_text text;
  FILE *f = fopen(path, "re");
  if (f == NULL) return cannot_read(path, errno);
  rn_text_init(&text);
  rn_status *s = read_all(f, path, &text);
  (void)fclose(f);
  if (s == NULL && text.length != 0) s = rn_config_read_text(c, text.data, text.length, path);
  rn_text_finish(&text);
  return s;
}

/* RUNNEL_RUN_THREADS for ("run", "threads"). */
static void variable_name(char *out, size_t size, const char *section, const char *key) {
  (void)snprintf(out, size, "RUNNEL_%s_%s", section, key);
  for (char *c = out; *c != '\0'; c++) *c = (char)toupper((unsigned char)*c);
}

static rn_status *read_named(rn_config *c, const char *name, const rn_setting *k) {
  char origin[112];
  const char *value = getenv(name);
  if (value == NULL) return NULL;
  (void)snprintf(origin, sizeof origin, "environment %s", name);
  return rn_config_put(c, k->section, k->key, value, origin);
}

static rn_status *read_variable(rn_config *c, const rn_setting *k) {
  char name[96];
  variable_name(name, sizeof name, k->section, k->key);
  return read_named(c, name, k);
}

/* RUNNEL_PLUGIN_TPU_REPORT for "report" of [plugin.tpu]. Where an id has a '_' of its own, the split is wrong, and
 * rn_config_get finds the setting by the whole name. RUNNEL_PLUGIN_PATH is the loader's. */
static rn_status *read_plugin_variable(rn_config *c, const char *variable) {
  static const char prefix[] = "RUNNEL_PLUGIN_";
  char name[256], *section = name + sizeof prefix - 2, origin[300];
  size_t n = strcspn(variable, "=");
  if (strncmp(variable, prefix, sizeof prefix - 1) != 0 || variable[n] != '=' || n >= sizeof name) return NULL;
  memcpy(name, variable, n);
  name[n] = '\0';
  if (strcmp(name, "RUNNEL_PLUGIN_PATH") == 0) return NULL;
  (void)snprintf(origin, sizeof origin, "environment %s", name);
  char *key = strchr(section + 1, '_');
  if (key == NULL || key == section + 1 || key[1] == '\0') return NULL;
  for (char *at = name; *at != '\0'; at++) *at = (char)tolower((unsigned char)*at);
  *key++ = '\0';
  *section = '.'; /* "runnel_plugin.tpu" */
  return rn_config_put(c, name + strlen("runnel_"), key, variable + n + 1, origin);
}

static int is_variable_of(const char *variable, const rn_setting *known, uint32_t n) {
  size_t length = strcspn(variable, "=");
  for (uint32_t i = 0; i < n; i++) {
    char name[96];
    variable_name(name, sizeof name, known[i].section, known[i].key);
    if (strlen(name) == length && strncmp(name, variable, length) == 0) return 1;
  }
  return 0;
}

/* A misspelt RUNNEL_RUN_... would be ignored without a word. */
static rn_status *reject_unknown(const rn_setting *known, uint32_t n) {
  static const char *const prefixes[] = {"RUNNEL_DEVICES_", "RUNNEL_PLUGINS_", "RUNNEL_PROGRAMS_", "RUNNEL_RUN_",
                                         "RUNNEL_VALIDATE_"};
  for (char **at = environ; at != NULL && *at != NULL; at++) {
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
      if (strncmp(*at, prefixes[i], strlen(prefixes[i])) != 0 || is_variable_of(*at, known, n)) continue;
      size_t length = strcspn(*at, "=");
      return rn_status_make(RN_INVALID_ARGUMENT, "environment %.*s: there is no such setting",
                            length < 256 ? (int)length : 256, *at);
    }
  }
  return NULL;
}

rn_status *rn_config_read_environment(rn_config *c) {
  uint32_t n;
  const rn_setting *known = rn_settings_known(&n);
  if (getauxval(AT_SECURE) != 0) return NULL;
  RN_TRY(read_named(c, "RUNNEL_VALIDATE", rn_setting_find("run", "validate"))); /* a short name beside the long one */
  for (uint32_t i = 0; i < n; i++) RN_TRY(read_variable(c, &known[i]));
  for (char **at = environ; at != NULL && *at != NULL; at++) RN_TRY(read_plugin_variable(c, *at));
  return reject_unknown(known, n);
}
