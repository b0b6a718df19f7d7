/* stage.h - puts plugins into a plugin folder and takes them out, in one step each (frontends/cli/install).
 *
 * A plugin is made complete in a hidden folder beside its place, reaches the disk, and gets its name by one rename; of
 * an update the old and the new change places. So whoever looks for plugins sees the old one or the new one, whole,
 * with the right manifest, also when this process is killed: then hidden folders are left, which the next call clears
 * away. Each plugin is a folder ID/ with ID.so, ID.manifest, its data files and a record of what was put there. */
#ifndef RN_CLI_STAGE_H
#define RN_CLI_STAGE_H
#include <cjson/cJSON.h>
#include <limits.h>
#include <runnel/plugins.h>
#include "install/bundle.h"

#define STAGE_RECORD ".runnel-install" /* in ID/: where it came from, and its files, a line each */
typedef struct stage {
  char folder[PATH_MAX - 300]; /* the plugin folder */
  char hidden[PATH_MAX - 200]; /* what is not to be seen yet; "" before stage_hide */
  int lock;
} stage;
/* The user's or the system's plugin folder, made if need be, accepted by rt, and ours alone until closed: marks
 * (rn_plugin_mark) lock the same folder and wait. err PERMISSION_DENIED: what rights are missing. out: always to be
 * given to stage_close */
rn_status *stage_open(rn_runtime *rt, int system, stage *out);
rn_status *stage_hide(stage *s); /* makes the hidden folder, once */
/* Copies the item as ID into the hidden folder, with this manifest, and holds the copy against it. */
rn_status *stage_copy(stage *s, const bundle_item *item, const char *id, const char *manifest, const char *source);
rn_status *stage_place(stage *s, const char *id); /* the copy takes its place */
/* Removes what the record of ID names. out_left: a file that was not put there and stays, or "". */
rn_status *stage_remove(stage *s, const char *id, char *out_left, size_t size_bytes);
int stage_has(const stage *s, const char *id, int *out_recorded); /* is there a folder ID/? */
void stage_close(stage *s);

cJSON *stage_files(const char *so_path); /* what the record beside the plugin names; empty without one. own: owned */
/* tree.c: folders with everything in them. */
typedef struct tree_copying {
  cJSON *files;     /* what was copied, by its name below the top, folders before what is in them */
  const char *skip; /* NAME: NAME.so and NAME.manifest at the top stay behind */
} tree_copying;
/* below: the name of `to` below the top, "" at the top. What is there already stays as it is. */
rn_status *tree_copy(const tree_copying *job, const char *from, const char *to, const char *below);
rn_status *tree_copy_file(const char *from, const char *to);
rn_status *tree_write(const char *path, const char *text);
void tree_remove(const char *path, int depth);
rn_status *tree_sync_folder(const char *path);
#endif
