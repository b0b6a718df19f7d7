/* manifest_main.c - runnel-manifest FILE [-o FILE]: a plugin's manifest (program; the build runs it)
 * (core/plugin/main). Loads the plugin to ask it, but does not start it. With -o the file is replaced in one step, so
 * that whoever looks for plugins meanwhile never reads half of it. */
#include <runnel/plugins.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static rn_status *print(const char *path) {
  char *text = NULL;
  rn_status *s = rn_plugin_manifest(path, &text);
  if (s != NULL) return s;
  if (fputs(text, stdout) < 0 || fflush(stdout) != 0)
    s = rn_status_make(RN_DATA_LOSS, "the manifest of %s cannot be written", path);
  rn_plugin_manifest_free(text);
  return s;
}

int main(int argc, char **argv) {
  int to_file = argc == 4 && strcmp(argv[2], "-o") == 0;
  if (argc != 2 && !to_file) {
    fputs("usage: runnel-manifest PLUGIN.so [-o PLUGIN.manifest]\n", stderr);
    return 2;
  }
  char *real = realpath(argv[1], NULL);
  const char *path = real != NULL ? real : argv[1];
  rn_status *s = to_file ? rn_plugin_manifest_save(path, argv[3]) : print(path);
  free(real);
  if (s == NULL) return 0;
  fprintf(stderr, "runnel-manifest: %s\n", rn_status_message(s));
  rn_status_free(s);
  return 1;
}
