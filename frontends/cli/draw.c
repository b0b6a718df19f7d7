/* draw.c - runnel draw: a graph file as a picture (frontends/cli). */
#include <runnel/viz.h>
#include <stdlib.h>
#include <string.h>
#include "commands.h"
#include "graph_file.h"
#include "new_file.h"

static rn_status *parse_depth(const char *text, int32_t *out) {
  char *end;
  if (!text) return NULL;
  long v = strcmp(text, "all") == 0 ? RN_VIZ_DEPTH_ALL : strtol(text, &end, 10);
  if (strcmp(text, "all") != 0 && (*end || v < 0 || v > RN_VIZ_DEPTH_ALL))
    return rn_status_make(RN_INVALID_ARGUMENT, "--depth takes a number from 0, or all; not '%s'", text);
  *out = (int32_t)v;
  return NULL;
}

static rn_status *draw(cli *c, const char *path, const char *output, const char *depth, const char *title) {
  const char *dot = strrchr(output, '.');
  rn_viz_options options = {(uint32_t)sizeof options, RN_VIZ_DEPTH_AUTO, dot ? dot + 1 : "svg", title};
  RN_TRY(parse_depth(depth, &options.depth));
  rn_graph *g = NULL;
  RN_TRY(graph_file_read(c->runtime, path, &g));
  char *bytes = NULL;
  size_t n = 0;
  rn_status *status = rn_viz_draw(g, &options, &bytes, &n);
  rn_graph_destroy(g);
  if (!status) status = new_file_write(output, bytes, n);
  rn_viz_free(bytes);
  return status;
}

int command_draw(cli *c) {
  const char *output = cli_option(c, "o");
  const char *depth = cli_option(c, "depth");
  const char *title = cli_option(c, "title");
  const char *path = cli_positional(c);
  if (!cli_finish(c)) return 2;
  if (!path) return cli_usage(c, "which graph?");
  if (!output) return cli_usage(c, "say where to: -o FILE.svg");
  rn_status *status = draw(c, path, output, depth, title);
  return status ? cli_fail(c, status) : 0;
}
