/* plugin/marks.h - what a person or a trial decided about plugins: disabled, quarantined, verified (core/plugin).
 *
 * The file `plugins.state` in the user's plugin folder. Line 1 is "runnel-plugins 1"; then a mark a line, fields
 * separated by tabs: WORD ID BUILD TEXT. Lines of an unknown word are kept as they are. */
#ifndef RN_PLUGIN_MARKS_H
#define RN_PLUGIN_MARKS_H
#include <runnel/plugins.h>
#include "base/arena.h"

typedef struct rn_mark {
  uint32_t kind; /* RN_MARK_*; 0: unknown */
  const char *word, *id, *build, *text;
} rn_mark;
typedef struct rn_marks {
  rn_mark *items;
  uint32_t count;
  const char *path;
  const char *note; /* "PATH says so" */
} rn_marks;
/* No file: no marks. Everything lands in the arena. */
rn_status *rn_marks_read(rn_arena *arena, const char *path, rn_marks *out);
/* id or build may be NULL: any. A mark without a build holds for all builds. */
const rn_mark *rn_marks_find(const rn_marks *m, uint32_t kind, const char *id, const char *build);
#endif
