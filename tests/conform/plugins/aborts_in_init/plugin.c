/* plugin.c - ends the process in init (tests/conform/plugins/aborts_in_init). */
#include <stdlib.h>
#define INIT init
#include "../one_op.h"

/* Its manifest has to be made: that starts nothing. */
static rn_status *init(const rn_host_api *host) {
  (void)host;
  abort();
}
ONE_OP_PLUGIN("aborts_in_init", "Ends the process when it starts (test).")
