/* runnel/plugins.h - looking after plugins: their files, their marks, a trial run (core/plugin).
 *
 * For installers and for whoever answers "why does it not load?". Programs that use plugins need none of this, and
 * plugins want <runnel/plugin.h>. Which plugins there are is asked with rn_runtime_plugins (runtime.h).
 * Paths are absolute. thread: any, but rn_plugin_try. */
#ifndef RUNNEL_PLUGINS_H
#define RUNNEL_PLUGINS_H
#include <runnel/runtime.h>
#ifdef __cplusplus
extern "C" {
#endif

/* What a file says without being run. */
typedef struct rn_plugin_file {
  uint32_t struct_size; /* set by the caller */
  uint8_t has_entry;    /* exports rn_plugin_entry: it means to be a plugin */
  char build[72];       /* names this build: the build id, or a hash of what is loaded */
} rn_plugin_file;
/* err as of opening a shared object: NOT_FOUND, INVALID_ARGUMENT (not ELF, cut off, another machine) */
RN_API rn_status *rn_plugin_file_read(const char *path, rn_plugin_file *out);
/* All reasons to refuse the file before any of its code runs. With its manifest (NULL: without one) also those the
 * manifest knows: the ABI, the processor, and whether it speaks of this file. */
RN_API rn_status *rn_plugin_file_check(const char *path, const char *manifest_path);

/* Writes the manifest of the plugin at path (as rn_plugin_manifest makes it) to another file, in one step: readers see
 * the old file or the new one. */
RN_API rn_status *rn_plugin_manifest_save(const char *path, const char *to);

/* Loads, starts and stops the plugin at path in this process, which may not survive it: meant for a child process.
 * step is told what comes next: "check", "load" (the linker, constructors), "describe", "init", "quiesce", "fini".
 * out_manifest: owned, rn_plugin_manifest_free. err: why it failed, in the step told last. */
RN_API rn_status *rn_plugin_try(rn_runtime *rt, const char *path, void (*step)(void *arg, const char *name), void *arg,
                                char **out_manifest);

/* Where plugins are put for this user, or (system) for everybody: beside librunnel. */
RN_API rn_status *rn_plugin_folder(int system, char *out, size_t size_bytes);
/* Does the runtime accept this folder? err PERMISSION_DENIED: who else can write to it; NOT_FOUND */
RN_API rn_status *rn_plugin_folder_check(rn_runtime *rt, const char *path);

/* Marks stand in `plugins.state` in the user's folder. Runtimes created afterwards respect them. A mark with a build
 * holds for that build alone: a changed file has none. */
enum {
  RN_MARK_DISABLED = 1,    /* never loaded */
  RN_MARK_QUARANTINED = 2, /* never loaded: this build crashed or hung; text: how */
  RN_MARK_VERIFIED = 3     /* this build was loaded, started and stopped in a process of its own; text: when */
};
/* Replaces the mark of this kind that id has. build and text may be "". */
RN_API rn_status *rn_plugin_mark(uint32_t mark, const char *id, const char *build, const char *text);
RN_API rn_status *rn_plugin_unmark(uint32_t mark, const char *id, int *out_was);

/* What the plugin at path (one that rn_runtime_plugins shows) offers, from its manifest. kind: "op", "kernel",
 * "device", "compiler", "optimizer", "pass". name: of a kernel, its op. device: of a kernel or compiler, else "". */
RN_API rn_status *rn_plugin_offers(rn_runtime *rt, const char *path,
                                   void (*visit)(void *arg, const char *kind, const char *name, const char *device),
                                   void *arg);
#ifdef __cplusplus
}
#endif
#endif
