/* base/setting.h - the settings Runnel knows: types, defaults, checks (core/base); for config*.c. */
#ifndef RN_BASE_SETTING_H
#define RN_BASE_SETTING_H
#include "base/config.h"

typedef enum setting_kind {
  SETTING_TEXT,
  SETTING_COUNT,  /* 0 .. 4096 */
  SETTING_NUMBER, /* 0 and more */
  SETTING_SWITCH, /* kept as "true" or "false" */
  SETTING_CHOICE, /* one of `choices`, separated by | */
  SETTING_LIST    /* comma separated names, none of them empty */
} setting_kind;

typedef struct rn_setting {
  const char *section, *key;
  setting_kind kind;
  const char *choices;
  const char *value; /* the default; NULL: not set */
} rn_setting;

const rn_setting *rn_settings_known(uint32_t *out_count);
const rn_setting *rn_setting_find(const char *section, const char *key);
/* Sections whose keys the user chooses: "place", "kernels" and "plugin.ID". */
int rn_section_is_free(const char *section);
/* Is section.key a setting, and the value one it can have? *out: the value as it is kept, static or
 * `value` itself. err INVALID_ARGUMENT, without the origin. */
rn_status *rn_setting_check(const char *section, const char *key, const char *value, const char **out);
/* Checks one setting and puts it in force; a message starts with the origin. */
rn_status *rn_config_put(rn_config *c, const char *section, const char *key, const char *value, const char *origin);
#endif
