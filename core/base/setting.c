/* base/setting.c - the settings Runnel knows: one table row each (core/base). */
#include "base/setting.h"
#include "base/text.h"

#define MOST_COUNT 4096 /* the widest pool */

static const rn_setting known[] = {
    {"devices", "disable", SETTING_LIST, NULL, NULL},
    {"devices", "fallback", SETTING_CHOICE, "auto|error|warn|allow", "auto"},
    {"devices", "order", SETTING_LIST, NULL, "cpu"},
    {"plugins", "allow_insecure", SETTING_SWITCH, NULL, "false"},
    {"plugins", "disable", SETTING_LIST, NULL, NULL},
    {"plugins", "path", SETTING_TEXT, NULL, NULL},
    {"programs", "folder", SETTING_TEXT, NULL, NULL},
    {"programs", "only", SETTING_SWITCH, NULL, "false"},
    {"run", "check_numerics", SETTING_SWITCH, NULL, "false"},
    {"run", "interop", SETTING_CHOICE, "auto|on|off", "auto"},
    {"run", "log_level", SETTING_CHOICE, "error|warning|info|debug", "warning"},
    {"run", "threads", SETTING_COUNT, NULL, "0"},
    {"run", "validate", SETTING_SWITCH, NULL, "false"},
    {"validate", "fail_allocation", SETTING_NUMBER, NULL, "0"},
};
#define N_KNOWN (sizeof known / sizeof known[0])

const rn_setting *rn_settings_known(uint32_t *out_count) {
  *out_count = (uint32_t)N_KNOWN;
  return known;
}

const rn_setting *rn_setting_find(const char *section, const char *key) {
  for (size_t i = 0; i < N_KNOWN; i++) {
    if (strcmp(known[i].section, section) == 0 && strcmp(known[i].key, key) == 0) return &known[i];
  }
  return NULL;
}

int rn_section_is_free(const char *section) {
  if (strcmp(section, "place") == 0 || strcmp(section, "kernels") == 0) return 1;
  return strncmp(section, "plugin.", 7) == 0 && section[7] != '\0';
}

static int is_known_section(const char *section) {
  for (size_t i = 0; i < N_KNOWN; i++) {
    if (strcmp(known[i].section, section) == 0) return 1;
  }
  return 0;
}

static const char *const section_names[] = {"devices", "kernels", "place", "plugins", "programs", "run", "validate"};

/* The section with the right key, else the nearest name. */
static rn_status *unknown_section(const char *section) {
  const char *near = NULL;
  uint32_t best = 3;
  for (size_t i = 0; i < sizeof section_names / sizeof section_names[0]; i++) {
    uint32_t d = rn_edit_distance(section, section_names[i], 2);
    if (d >= best) continue;
    best = d;
    near = section_names[i];
  }
  if (near == NULL)
    return rn_status_make(
        RN_INVALID_ARGUMENT,
        "unknown section '%s' (there are devices, kernels, place, plugins, programs, run, validate and "
        "plugin.ID)",
        section);
  return rn_status_make(RN_INVALID_ARGUMENT, "unknown section '%s' (did you mean '%s'?)", section, near);
}

static rn_status *unknown_key(const char *section, const char *key) {
  const rn_setting *near = NULL;
  uint32_t best = 4;
  for (size_t i = 0; i < N_KNOWN; i++) {
    uint32_t d = rn_edit_distance(key, known[i].key, 3);
    if (strcmp(known[i].section, section) != 0) d += 1; /* prefer the section that was written */
    if (d >= best) continue;
    best = d;
    near = &known[i];
  }
  if (near == NULL) return rn_status_make(RN_INVALID_ARGUMENT, "unknown setting '%s.%s'", section, key);
  return rn_status_make(RN_INVALID_ARGUMENT, "unknown setting '%s.%s' (did you mean '%s.%s'?)", section, key,
                        near->section, near->key);
}

static rn_status *bad_value(const rn_setting *s, const char *value, const char *wanted) {
  return rn_status_make(RN_INVALID_ARGUMENT, "%s.%s is '%s', but must be %s", s->section, s->key, value, wanted);
}

static const char *read_switch(const char *value) {
  static const char *const yes[] = {"true", "on", "yes", "1"};
  static const char *const no[] = {"false", "off", "no", "0"};
  for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
    if (strcmp(value, yes[i]) == 0) return "true";
    if (strcmp(value, no[i]) == 0) return "false";
  }
  return NULL;
}

static int is_choice(const char *choices, const char *value) {
  size_t n = strlen(value);
  for (const char *at = choices; n != 0 && at != NULL; at = strchr(at, '|')) {
    if (*at == '|') at++;
    if (strncmp(at, value, n) == 0 && (at[n] == '|' || at[n] == '\0')) return 1;
  }
  return 0;
}

/* "a, b": no empty element; an empty list is fine. */
static int is_list(const char *value) {
  int filled = 0;
  if (*value == '\0') return 1;
  for (; *value != '\0'; value++) {
    if (*value == ',' && !filled) return 0;
    if (*value == ',')
      filled = 0;
    else if (*value != ' ' && *value != '\t')
      filled = 1;
  }
  return filled;
}

/* "a/fast, !b": an entry is a plugin, perhaps with a label, perhaps refused. */
static int is_kernel_list(const char *value) {
  if (*value == '\0' || !is_list(value)) return 0;
  for (const char *at = value; at != NULL; at = strchr(at, ',')) {
    at += strspn(at, ", \t!");
    if (*at == '\0' || *at == ',' || *at == '/') return 0;
  }
  return 1;
}

static rn_status *check_value(const rn_setting *s, const char *value, const char **out) {
  int64_t number;
  *out = value;
  switch (s->kind) {
    case SETTING_COUNT:
      if (rn_parse_i64(value, strlen(value), &number) && number >= 0 && number <= MOST_COUNT) return NULL;
      return bad_value(s, value, "a number from 0 to 4096");
    case SETTING_NUMBER:
      if (rn_parse_i64(value, strlen(value), &number) && number >= 0) return NULL;
      return bad_value(s, value, "a number, 0 or more");
    case SETTING_SWITCH:
      *out = read_switch(value);
      return *out != NULL ? NULL : bad_value(s, value, "true or false");
    case SETTING_CHOICE:
      return is_choice(s->choices, value) ? NULL : bad_value(s, value, s->choices);
    case SETTING_LIST:
      return is_list(value) ? NULL : bad_value(s, value, "names separated by single commas");
    default:
      return NULL;
  }
}

rn_status *rn_setting_check(const char *section, const char *key, const char *value, const char **out) {
  const rn_setting *s = rn_setting_find(section, key);
  if (s != NULL) return check_value(s, value, out);
  if (!rn_section_is_free(section))
    return is_known_section(section) ? unknown_key(section, key) : unknown_section(section);
  if (*key == '\0') return rn_status_make(RN_INVALID_ARGUMENT, "a setting of section '%s' has no name", section);
  if (strcmp(section, "place") == 0 && *value == '\0')
    return rn_status_make(RN_INVALID_ARGUMENT, "place.%s names no device", key);
  if (strcmp(section, "kernels") == 0 && !is_kernel_list(value))
    return rn_status_make(RN_INVALID_ARGUMENT,
                          "kernels.%s is '%s', but must be PLUGIN or PLUGIN/LABEL, separated by commas, with a '!' "
                          "before what is never used",
                          key, value);
  *out = value;
  return NULL;
}
