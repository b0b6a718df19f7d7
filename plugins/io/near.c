/* near.c - which names a missing one may have meant (plugins/io). */
#include "bundle.h"

#define NEAR_MOST 3
#define NAME_MOST 96

/* Edits between two names, cut to NAME_MOST; a name that ends alike counts as near. */
static unsigned distance_of(rn_bytes a, rn_bytes b) {
  unsigned row[NAME_MOST + 1];
  size_t na = a.size < NAME_MOST ? a.size : NAME_MOST, nb = b.size < NAME_MOST ? b.size : NAME_MOST;
  for (unsigned j = 0; j <= nb; j++) row[j] = j;
  for (unsigned i = 1; i <= na; i++) {
    unsigned corner = row[0];
    row[0] = i;
    for (unsigned j = 1; j <= nb; j++) {
      unsigned best = corner + (a.data[i - 1] != b.data[j - 1]);
      corner = row[j];
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      if (row[j] + 1 < best) best = row[j] + 1;
      row[j] = best;
    }
  }
  return row[nb];
}

rn_status *io_bundle_missing(const io_bundle *b, rn_bytes name) {
  const io_entry *near[NEAR_MOST] = {0};
  unsigned at[NEAR_MOST] = {0}, n = 0;
  for (uint32_t i = 0; i < b->n_entries; i++) {
    const io_entry *e = &b->entries[i];
    if (e->key.size == 0 || e->key.data[0] == '\0') continue;
    unsigned d = distance_of(name, e->key), k = n < NEAR_MOST ? n++ : NEAR_MOST;
    while (k > 0 && at[k - 1] > d) {
      if (k < NEAR_MOST) near[k] = near[k - 1], at[k] = at[k - 1];
      k--;
    }
    if (k < NEAR_MOST) near[k] = e, at[k] = d;
  }
  char text[360];
  int used = 0;
  text[0] = '\0';
  for (unsigned i = 0; i < n; i++)
    used += snprintf(text + used, sizeof text - (size_t)used, "%s'%.*s'", i ? ", " : "",
                     (int)(near[i]->key.size < NAME_MOST ? near[i]->key.size : NAME_MOST), near[i]->key.data);
  return rn_error(b->h, RN_NOT_FOUND, "checkpoint '%s' has no tensor '%.*s'%s%s", b->prefix,
                  (int)(name.size < 120 ? name.size : 120), name.data, n ? "; nearest: " : "; it is empty", text);
}
