/* bundle.h - which plugins a file or a folder holds (frontends/cli/install). Runs nothing. */
#ifndef RN_CLI_BUNDLE_H
#define RN_CLI_BUNDLE_H
#include <limits.h>
#include <runnel/plugins.h>

typedef struct bundle_item {
  char so[PATH_MAX];     /* the plugin's file */
  char folder[PATH_MAX]; /* NAME/ of NAME/NAME.so, which is the plugin as a whole; "": the file alone */
  char name[NAME_MAX];   /* NAME */
  int wanted;
} bundle_item;
typedef struct bundle {
  bundle_item *items;
  int count;
  rn_status *trouble; /* with the first .so that is none */
} bundle;
/* path: an absolute one. err NOT_FOUND or why: it holds no plugin. out: always to be given to bundle_finish */
rn_status *bundle_find(const char *path, bundle *out);
/* Marks those wanted: all that are named; without names the only one. err: which there are */
rn_status *bundle_choose(bundle *b, char **names, int count);
void bundle_finish(bundle *b);
#endif
