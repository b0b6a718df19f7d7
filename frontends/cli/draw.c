/* draw.c - runnel draw: a graph file as a picture (frontends/cli). */
#include <errno.h>
#include <runnel/viz.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "commands.h"
#include "graph_file.h"

static rn_status *write_file(const char *path, const char *bytes, size_t n) {
  size_t length = strlen(path);
  char *temporary = malloc(length + 5);
  if (!temporary) return rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory");
  snprintf(temporary, length + 5, "%s.tmp", path);
  FILE *f = fopen(temporary, "wb");
  int ok = f && fwrite(bytes, 1, n, f) == n && fflush(f) == 0 && fsync(fileno(f)) == 0;
  int cause = errno;
  if (f && fclose(f) != 0) ok = 0;
  if (ok && rename(temporary, path) != 0) {
    cause = errno;
    ok = 0;
  }
  if (!ok && f) unlink(temporary);
  free(temporary);
  return ok ? NULL : rn_status_make(RN_UNKNOWN, "cannot write '%s': %s", path, strerror(cause));
}

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
  if (!status) status = write_file(output, bytes, n);
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
