/* manifest_main.c - runnel-manifest FILE: prints a plugin's manifest (program; the build runs it) (core/plugin/main).
 * Loads the plugin to ask it, but does not start it. */
#include <runnel/runtime.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  char *text = NULL;
  if (argc != 2) {
    fputs("usage: runnel-manifest PLUGIN.so\n", stderr);
    return 2;
  }
  char *path = realpath(argv[1], NULL);
  rn_status *s = rn_plugin_manifest(path != NULL ? path : argv[1], &text);
  free(path);
  if (s != NULL) {
    fprintf(stderr, "runnel-manifest: %s\n", rn_status_message(s));
    rn_status_free(s);
    return 1;
  }
  int failed = fputs(text, stdout) < 0 || fflush(stdout) != 0;
  rn_plugin_manifest_free(text);
  return failed;
}
