/* feed.h - a value from the command line as a tensor (frontends/cli). */
#ifndef RN_CLI_FEED_H
#define RN_CLI_FEED_H
#include <runnel/graph.h>

/* text is "@file.npy", or numbers (words for strings) separated by commas, in the dtype of v and in its
 * shape as far as that is known: one unknown dimension is found from the count; without a known
 * rank one number is a scalar and several are a vector.
 * err INVALID_ARGUMENT: names the feed, what it takes and what was given. own: owned */
rn_status *feed_parse(const rn_graph *g, rn_value v, const char *name, const char *text, rn_tensor **out);
/* The same where type and shape are known without a graph. */
rn_status *feed_parse_as(rn_dtype dtype, const rn_shape *shape, const char *name, const char *text, rn_tensor **out);
#endif
