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

static rn_status *parse_hops(const char *text, uint32_t *out) {
  char *end = NULL;
  if (!text) return NULL;
  long v = strtol(text, &end, 10);
  if (end == text || *end || v < 1 || v > 1000)
    return rn_status_make(RN_INVALID_ARGUMENT, "--hops takes a number from 1 to 1000, not '%s'", text);
  *out = (uint32_t)v;
  return NULL;
}

static rn_status *draw(cli *c, const char *path, const char *output, const rn_viz_options *options) {
  rn_graph *g = NULL;
  RN_TRY(graph_file_read(c->runtime, path, &g));
  char *bytes = NULL;
  size_t n = 0;
  rn_status *status = rn_viz_draw(g, options, &bytes, &n);
  rn_graph_destroy(g);
  if (!status) status = new_file_write(output, bytes, n);
  rn_viz_free(bytes);
  return status;
}

int command_draw(cli *c) {
  rn_viz_options o = {.struct_size = (uint32_t)sizeof o, .depth = RN_VIZ_DEPTH_AUTO};
  const char *output = cli_option(c, "o");
  const char *depth = cli_option(c, "depth"), *hops = cli_option(c, "hops");
  o.title = cli_option(c, "title");
  o.from = cli_option(c, "from");
  o.to = cli_option(c, "to");
  o.around = cli_option(c, "around");
  o.highlight = cli_option(c, "highlight");
  const char *path = cli_positional(c);
  if (!cli_finish(c)) return 2;
  if (!path) return cli_usage(c, "which graph?");
  if (!output) return cli_usage(c, "say where to: -o FILE.svg");
  const char *dot = strrchr(output, '.');
  o.format = dot ? dot + 1 : "svg";
  rn_status *status = parse_depth(depth, &o.depth);
  if (!status) status = parse_hops(hops, &o.hops);
  if (!status) status = draw(c, path, output, &o);
  return status ? cli_fail(c, status) : 0;
}
