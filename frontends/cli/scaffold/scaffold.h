/* scaffold.h - writing a new plugin's folder from the templates the command carries (frontends/cli/scaffold). */
#ifndef RN_CLI_SCAFFOLD_H
#define RN_CLI_SCAFFOLD_H
#include <runnel/status.h>
#include <stddef.h>

typedef struct scaffold_file {
  const char *kind, *name, *text;
} scaffold_file;
extern const scaffold_file scaffold_files[]; /* made at build time from templates/ */
extern const size_t scaffold_file_count;

#define SCAFFOLD_NAME 48
typedef struct scaffold {
  const char *kind;
  char name[SCAFFOLD_NAME * 2], camel[SCAFFOLD_NAME]; /* "hard_tanh", "HardTanh" */
  const char *what, *use, *guide;                     /* may hold @name@ and @Name@ */
} scaffold;

/* Both names from the one given, "hard_tanh" or "HardTanh". err INVALID_ARGUMENT says what a name is. */
rn_status *scaffold_name(scaffold *s, const char *given);
/* The text with every @word@ replaced. own: owned, free; NULL: out of memory */
char *scaffold_expand(const scaffold *s, const char *text);
/* Makes `folder` and all files in it; after a failure nothing is left. err ALREADY_EXISTS */
rn_status *scaffold_write(const scaffold *s, const char *folder);
/* Calls visit with each file's name in the new folder. */
void scaffold_each(const scaffold *s, void (*visit)(void *arg, const char *name, const char *text), void *arg);
#endif
