/* session.h - samples and small graphs run by a session (frontends/conform). */
#ifndef CONFORM_SESSION_H
#define CONFORM_SESSION_H
#include "sample.h"

/* Runs the sample's node; out[i] is output i. feeds: what the fed inputs hold, NULL: as in the sample; by input.
 * own: out[] owned, all NULL on failure */
rn_status *session_outputs(rn_session *session, const sample *s, rn_tensor *const *feeds, rn_tensor **out);
/* Nodes that give the sample's variables their values, and read them: none where it has none. They are added to its
 * graph, so before a session on it is made. */
typedef struct session_variables {
  rn_node_id init[SAMPLE_IN];
  rn_value read[SAMPLE_IN];
  uint32_t n;
} session_variables;
rn_status *session_add_variables(const sample *s, session_variables *out);
/* Gives them their values, runs the node, reads them: out[] is as above and then the variables. */
rn_status *session_outputs_and_variables(rn_session *session, const sample *s, const session_variables *v,
                                         rn_tensor **out);
/* Does the plan compute the sample's node on a device of this type? */
rn_status *session_places_on(rn_session *session, const sample *s, const char *type, int *out_yes);
/* "/device:TYPE:" as full names begin. */
void session_device_mark(const char *type, char *out, size_t room);
/* One value of a graph that is fed nothing. */
rn_status *session_fetch(rn_session *session, rn_value v, rn_tensor **out);
#endif
