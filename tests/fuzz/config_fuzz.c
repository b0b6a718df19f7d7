/* config_fuzz.c - hostile configuration text (tests/fuzz). Read twice: what is accepted is accepted again. */
#include <runnel/status.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const rn_config *c) {
  for (uint32_t i = 0; i < rn_config_count(c); i++) {
    const char *section, *key, *value, *origin;
    rn_config_at(c, i, &section, &key, &value, &origin);
    if (strlen(section) == 0 || strlen(key) == 0 || !value || !origin) abort();
    (void)rn_config_get_int(c, section, key, 0);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  rn_config *c = NULL;
  rn_status *s = rn_config_create(&c);
  if (!s) s = rn_config_read_text(c, (const char *)data, size, "fuzz.conf");
  if (s) {
    if (rn_status_code(s) == RN_OK || *rn_status_message(s) == '\0') abort();
  } else {
    uint32_t n = rn_config_count(c);
    walk(c);
    s = rn_config_read_text(c, (const char *)data, size, "fuzz.conf");
    if (s || rn_config_count(c) < n) abort();
  }
  rn_status_free(s);
  rn_config_destroy(c);
  return 0;
}
