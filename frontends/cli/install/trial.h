/* trial.h - a plugin's first run, in a process of its own (frontends/cli/install).
 *
 * The child is this command again with a hidden word. It loads the plugin, starts and stops it, and tells each step
 * before it takes it, so that a crash or a hang is known with its place. What the plugin prints is caught. */
#ifndef RN_CLI_TRIAL_H
#define RN_CLI_TRIAL_H
#include <runnel/plugins.h>
#include "cli.h"

typedef enum trial_end { TRIAL_PASSED, TRIAL_REFUSED, TRIAL_CRASHED, TRIAL_HUNG } trial_end;
typedef struct trial {
  trial_end end;
  int32_t code;   /* of the status, when refused */
  char step[16];  /* the last: check, load, describe, init, quiesce, fini, exit */
  char *reason;   /* "" when passed */
  char *manifest; /* as the plugin says it; NULL: not passed */
  char *said;     /* warnings about it, and what it printed; "" is right */
  double seconds;
} trial;
#define TRIAL_STEPS "check, load, describe, init, quiesce, fini, exit"
#define TRIAL_WORD "--try-plugin"

/* The child has the settings of c. manifest_path: the check uses this manifest as well; NULL: none. timeout_s: for each
 * step. err: the child could not be started. out: always to be given to trial_finish */
rn_status *trial_hold(const cli *c, const char *path, const char *manifest_path, double timeout_s, trial *out);
void trial_finish(trial *t);
/* The child: main's way for TRIAL_WORD. Returns the exit code. */
int trial_child(int count, char **words);
#endif
