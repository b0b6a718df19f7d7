/* hint.c - what to do about a reason not to load a plugin (frontends/cli/plugin).
 * Known by the words of the reason; tests/e2e/plugin_why_test.c holds each row against the real thing. */
#include "plugin/hint.h"
#include <stddef.h>
#include <string.h>

static const plugin_hint hints[] = {
    {"is quarantined", "quarantined",
     "repair it and install it again: a changed file is not in quarantine; or `runnel plugin enable ID` tries this "
     "one"},
    {"is disabled", "disabled", "`runnel plugin enable ID`, or take its id out of the setting plugins.disable"},
    {"is shadowed", "shadowed",
     "remove the file that comes first, or change the order of folders: the first has the id"},
    {"is not looked at: its folder", "insecure-folder",
     "make the folder and the file writable for their owner alone (chmod go-w), or set plugins.allow_insecure = true"},
    {"can be written by", "insecure-folder",
     "make the folder and the file writable for their owner alone (chmod go-w), or set plugins.allow_insecure = true"},
    {"belongs to another user", "insecure-folder", "plugins are taken from root and from you: copy it, or chown it"},
    {"is not an ELF file", "not-elf", "name the shared object that the linker made (cc -shared ... -o NAME.so)"},
    {"was changed after it was made", "damaged-manifest", "`runnel-manifest FILE.so -o FILE.manifest`"},
    {"is empty", "truncated", "copy or build it again: nothing is in it"},
    {"is cut off", "truncated", "copy or build it again: the end is missing"},
    {"-bit file, this process has", "wrong-architecture", "build it for this machine"},
    {"is built for", "wrong-architecture", "build it for this machine"},
    {"not a shared object", "not-shared", "link it with -shared"},
    {"has no section that lists its symbols", "damaged", "build it again, and strip it with --strip-unneeded at most"},
    {"exports no rn_plugin_entry", "no-entry", "mark the entry function with RN_EXPORT; otherwise it is no plugin"},
    {"not as a function", "no-entry", "rn_plugin_entry is a function: const rn_plugin_desc *rn_plugin_entry(void)"},
    {", not a file", "not-elf", "name the shared object that the linker made (cc -shared ... -o NAME.so)"},
    {"that is no name", "bad-name", "ids, and names of ops and devices, are made of letters, digits, _ - . +"},
    {"has a name with", "bad-name", "ids, and names of ops and devices, are made of letters, digits, _ - . +"},
    {"struct_size", "bad-description",
     "each struct begins with .struct_size = sizeof of it; tables are made by RN_TABLE"},
    {"imports 'rn_", "imports-host", "use the tables a plugin is given, and link it to nothing of Runnel's"},
    {"needs the library", "missing-library",
     "install the package that has the library, or link the plugin with a run path (-Wl,-rpath,'$ORIGIN')"},
    {"undefined symbol", "undefined-symbol",
     "link the library that has the symbol; -Wl,-z,defs makes the linker say so when you build"},
    {"speaks plugin ABI", "wrong-abi", "build it against the header of this version, or get a build made for it"},
    {"has changed since its manifest", "changed-file",
     "`runnel-manifest FILE.so -o FILE.manifest` if the file is the right one, else install it again"},
    {"not a plugin manifest", "damaged-manifest", "`runnel-manifest FILE.so -o FILE.manifest`"},
    {"manifest of another version", "damaged-manifest", "`runnel-manifest FILE.so -o FILE.manifest`"},
    {"its manifest", "changed-file", "`runnel-manifest FILE.so -o FILE.manifest`"},
    {"needs a processor", "missing-processor-feature", "get a build for older processors, or use another machine"},
    {"needs processor features", "missing-processor-feature",
     "get a build for older processors, or use another machine"},
    {"SIGILL", "crash",
     "it was built for a newer processor, or is broken: build it for this one and name what it needs in cpu_required"},
    {"was built with", "sanitizer", "build the plugin and Runnel with the same sanitizer, or both without"},
    {"it crashes in step", "crash",
     "run it under a debugger: gdb --args runnel-manifest FILE shows a crash while loading"},
    {"it hangs in step", "hang", "attach a debugger to see what it waits for; --timeout S gives it longer"},
    {"it ends the process", "exit", "a plugin returns a status; it never calls exit or abort"},
    {"does not come to rest", "quiesce", "quiesce has to end the plugin's threads before it returns NULL"},
    {"does not start", "init", "its own init says so: do what the reason asks for"},
    {"cannot be opened: No such file", "no-file", "look at the path"},
    {"cannot be opened", "no-access", "look at the rights of the file"},
    {"no plugin '", "unknown", "`runnel plugin list` shows what there is; install it, or give the path of the file"},
    {"", "other", "`runnel plugin check FILE` looks closer"},
};

const plugin_hint *plugin_hint_for(const char *reason) {
  const plugin_hint *h = hints;
  while (strstr(reason, h->part) == NULL) h++;
  return h;
}
