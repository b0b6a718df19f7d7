/* saver_state.c - the state file beside the checkpoints, and old ones' removal (frontends/c). */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <runnel/graphdef.h>
#include "saver.h"

static void remove_checkpoint(const char *folder, const char *name) {
  static const char *const endings[] = {".index", ".meta", ".data-00000-of-00001"};
  char path[4096];
  for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
    int n = name[0] == '/' ? snprintf(path, sizeof path, "%s%s", name, endings[i])
                           : snprintf(path, sizeof path, "%s/%s%s", folder, name, endings[i]);
    if (n > 0 && (size_t)n < sizeof path) (void)unlink(path); /* gone already is as good */
  }
}

rn_status *saver_remember(const rn_saver *v, const char *folder, const char *name) {
  rn_checkpoint_state old, now;
  char path[4096];
  memset(&old, 0, sizeof old);
  if ((size_t)snprintf(path, sizeof path, "%s/checkpoint", folder) >= sizeof path)
    return rn_status_make(RN_INVALID_ARGUMENT, "the folder's name is too long: %.80s...", folder);
  if (access(path, F_OK) == 0) RN_TRY(rn_checkpoint_state_read(path, &old));
  char **all = calloc(old.n_all + 1u, sizeof *all);
  char *mine = strdup(name);
  rn_status *e = NULL;
  uint32_t n = 0;
  if (all == NULL || mine == NULL) e = rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory for the checkpoint list");
  if (e == NULL) {
    for (uint32_t i = 0; i < old.n_all; i++)
      if (strcmp(old.all[i], name) != 0) all[n++] = old.all[i];
    all[n++] = mine;
    uint32_t drop = v->keep && n > v->keep ? n - v->keep : 0;
    now.current = mine;
    now.all = all + drop;
    now.n_all = n - drop;
    e = rn_checkpoint_state_write(path, &now);
    for (uint32_t i = 0; e == NULL && i < drop; i++) remove_checkpoint(folder, all[i]);
  }
  free(all);
  free(mine);
  rn_checkpoint_state_finish(&old);
  return e;
}
