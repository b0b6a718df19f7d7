/* scaffold.c - a new plugin's folder: its names, its files, the words in them (frontends/cli/scaffold). */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "scaffold/scaffold.h"

static rn_status *bad_name(const char *given) {
  return rn_status_make(RN_INVALID_ARGUMENT,
                        "'%.60s' is no name for a plugin: it should begin with a letter and hold letters, digits and "
                        "single underscores, at most %d of them, as hard_tanh or HardTanh",
                        given, SCAFFOLD_NAME - 1);
}

static int is_name(const char *given) {
  size_t n = strlen(given);
  if (n == 0 || n >= SCAFFOLD_NAME || !isalpha((unsigned char)given[0]) || given[n - 1] == '_') return 0;
  for (size_t i = 0; i < n; i++) {
    if (!isascii((unsigned char)given[i]) || (!isalnum((unsigned char)given[i]) && given[i] != '_')) return 0;
    if (given[i] == '_' && given[i + 1] == '_') return 0;
  }
  return 1;
}

/* An underscore goes where a word begins: aB, and ABc at B. */
static int begins_word(const char *given, size_t i) {
  unsigned char at = (unsigned char)given[i], before = i > 0 ? (unsigned char)given[i - 1] : 0;
  if (i == 0 || !isupper(at) || before == '_') return 0;
  return !isupper(before) || islower((unsigned char)given[i + 1]);
}

rn_status *scaffold_name(scaffold *s, const char *given) {
  if (!is_name(given)) return bad_name(given);
  char *snake = s->name, *camel = s->camel;
  int up = 1;
  for (size_t i = 0; given[i] != '\0'; i++) {
    if (begins_word(given, i)) *snake++ = '_';
    *snake++ = (char)tolower((unsigned char)given[i]);
    if (given[i] != '_') *camel++ = (char)(up ? toupper((unsigned char)given[i]) : given[i]);
    up = given[i] == '_';
  }
  *snake = *camel = '\0';
  return NULL;
}

/* What stands for the @word@ at text, with the length it takes there; NULL: it is no such word. */
static const char *word_at(const scaffold *s, const char *text, size_t *out_length) {
  const struct {
    const char *word, *value;
  } words[] = {
      {"@name@", s->name}, {"@Name@", s->camel}, {"@what@", s->what}, {"@use@", s->use}, {"@guide@", s->guide}};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    *out_length = strlen(words[i].word);
    if (strncmp(text, words[i].word, *out_length) == 0) return words[i].value;
  }
  *out_length = 1;
  return NULL;
}

/* One pass over the text. */
static char *replace_words(const scaffold *s, const char *text) {
  char *out = NULL;
  size_t size = 0, length;
  FILE *to = open_memstream(&out, &size);
  if (to == NULL) return NULL;
  while (*text != '\0') {
    const char *value = word_at(s, text, &length);
    if (value != NULL)
      fputs(value, to);
    else
      fputc(*text, to);
    text += length;
  }
  if (fclose(to) == 0) return out;
  free(out);
  return NULL;
}

char *scaffold_expand(const scaffold *s, const char *text) {
  char *once = replace_words(s, text); /* what and use hold names themselves */
  char *twice = once != NULL ? replace_words(s, once) : NULL;
  free(once);
  return twice;
}

/* A kind's own file comes before the shared one of that name. */
static int is_used(const scaffold *s, const scaffold_file *f) {
  if (strcmp(f->kind, s->kind) == 0) return 1;
  if (strcmp(f->kind, "project") != 0) return 0;
  for (size_t i = 0; i < scaffold_file_count; i++)
    if (strcmp(scaffold_files[i].kind, s->kind) == 0 && strcmp(scaffold_files[i].name, f->name) == 0) return 0;
  return 1;
}

void scaffold_each(const scaffold *s, void (*visit)(void *arg, const char *name, const char *text), void *arg) {
  char own[SCAFFOLD_NAME * 2 + 8];
  snprintf(own, sizeof own, "%s.c", s->name);
  for (size_t i = 0; i < scaffold_file_count; i++) {
    const scaffold_file *f = &scaffold_files[i];
    if (!is_used(s, f)) continue;
    const char *name = strcmp(f->name, "plugin.c") == 0    ? own
                       : strcmp(f->name, "gitignore") == 0 ? ".gitignore"
                                                           : f->name;
    visit(arg, name, f->text);
  }
}

typedef struct writing {
  const scaffold *s;
  const char *folder;
  rn_status *failed;
} writing;

static char *path_of(const char *folder, const char *name) {
  size_t room = strlen(folder) + strlen(name) + 2;
  char *path = malloc(room);
  if (path != NULL) snprintf(path, room, "%s/%s", folder, name);
  return path;
}

static rn_status *write_text(const char *path, const char *text) {
  FILE *f = fopen(path, "wx");
  int bad = f == NULL || fputs(text, f) < 0;
  if (f != NULL && fclose(f) != 0) bad = 1;
  return bad ? rn_status_make(RN_UNAVAILABLE, "%s cannot be written: %s", path, strerror(errno)) : NULL;
}

static void write_one(void *arg, const char *name, const char *text) {
  writing *w = arg;
  if (w->failed != NULL) return;
  char *path = path_of(w->folder, name), *whole = scaffold_expand(w->s, text);
  w->failed = path != NULL && whole != NULL ? write_text(path, whole)
                                            : rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory for %s", name);
  free(path);
  free(whole);
}

static void remove_one(void *arg, const char *name, const char *text) {
  const writing *w = arg;
  char *path = path_of(w->folder, name);
  (void)text;
  if (path != NULL) (void)unlink(path);
  free(path);
}

rn_status *scaffold_write(const scaffold *s, const char *folder) {
  writing w = {s, folder, NULL};
  if (mkdir(folder, 0755) != 0) {
    int cause = errno;
    return rn_status_make(cause == EEXIST ? RN_ALREADY_EXISTS : RN_UNAVAILABLE, "%s cannot be made: %s%s", folder,
                          strerror(cause), cause == EEXIST ? "; nothing was changed" : "");
  }
  scaffold_each(s, write_one, &w);
  if (w.failed == NULL) return NULL;
  scaffold_each(s, remove_one, &w);
  (void)rmdir(folder);
  return w.failed;
}
