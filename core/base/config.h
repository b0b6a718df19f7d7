/* base/config.h - settings with their origin (core/base). INI files through inih; environment
 * RUNNEL_SECTION_KEY; flags. Later sources win; sections "devices", "kernels", "place", "plugins", "programs", "run",
 * "validate" and "plugin.ID". Known settings have defaults and a type that is checked. */
#ifndef RN_BASE_CONFIG_H
#define RN_BASE_CONFIG_H
#include <runnel/status.h>

typedef struct rn_config rn_config;
rn_status *rn_config_create(rn_config **out); /* with the defaults */
void rn_config_destroy(rn_config *c);
/* err INVALID_ARGUMENT "runnel.conf:12: unknown setting 'run.thread' (did you mean 'run.threads'?)"; NOT_FOUND */
rn_status *rn_config_read_file(rn_config *c, const char *path);
rn_status *rn_config_read_text(rn_config *c, const char *text, size_t length, const char *origin);
rn_status *rn_config_read_environment(rn_config *c); /* ignored in set-uid programs */
rn_status *rn_config_set(rn_config *c, const char *assignment /* section.key=value */, const char *origin);
const char *rn_config_get(const rn_config *c, const char *section, const char *key); /* borrowed, NULL: not set */
int64_t rn_config_get_int(const rn_config *c, const char *section, const char *key, int64_t fallback);
/* In order of section, then of appearance (placement rules are ordered). */
uint32_t rn_config_count(const rn_config *c);
void rn_config_at(const rn_config *c, uint32_t i, const char **section, const char **key, const char **value,
                  const char **origin);
#endif
