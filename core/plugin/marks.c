/* plugin/marks.c - reads and changes the file of marks (core/plugin).
 * A change holds a lock on the folder, so that two commands do not lose each other's marks. */
#include "plugin/marks.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/text.h"
#include "plugin/text_file.h"

static const char head[] = "runnel-plugins 1";
static const char *const words[] = {"", "disabled", "quarantined", "verified"};

static uint32_t kind_of(const char *word) {
  for (uint32_t i = 1; i < sizeof words / sizeof words[0]; i++)
    if (strcmp(words[i], word) == 0) return i;
  return 0;
}

static void cut(char *line, const char *field[4]) {
  for (int i = 0; i < 4; i++) {
    char *tab = i < 3 ? strchr(line, '\t') : NULL;
    field[i] = line;
    line = tab != NULL ? tab + 1 : line + strlen(line);
    if (tab != NULL) *tab = '\0';
  }
}

static rn_status *no_memory(void) { return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for the plugins' marks"); }

static rn_status *parse(rn_arena *arena, char *text, rn_marks *out) {
  size_t lines = 1;
  char *rest = text;
  for (const char *c = text; *c != '\0'; c++) lines += *c == '\n';
  out->items = rn_arena_array(arena, lines, sizeof *out->items);
  if (out->items == NULL) return no_memory();
  const char *first = strsep(&rest, "\n");
  if (strcmp(first, head) != 0)
    return rn_status_make(RN_INVALID_ARGUMENT, "%s:1: not a list of marks of plugins ('%.40s')", out->path, first);
  for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
    const char *field[4];
    if (line[0] == '\0') continue;
    cut(line, field);
    out->items[out->count++] = (rn_mark){kind_of(field[0]), field[0], field[1], field[2], field[3]};
  }
  return NULL;
}

rn_status *rn_marks_read(rn_arena *arena, const char *path, rn_marks *out) {
  char *text;
  size_t length;
  *out = (rn_marks){NULL, 0, rn_arena_text(arena, path, strlen(path)), NULL};
  char *note = rn_arena_alloc(arena, strlen(path) + sizeof " says so");
  if (out->path == NULL || note == NULL) return no_memory();
  out->note = strcat(strcpy(note, path), " says so");
  RN_TRY(rn_text_file_read(path, &text, &length));
  if (text == NULL) return NULL;
  char *kept = rn_arena_text(arena, text, strlen(text));
  rn_mem_free(text);
  return kept != NULL ? parse(arena, kept, out) : no_memory();
}

const rn_mark *rn_marks_find(const rn_marks *m, uint32_t kind, const char *id, const char *build) {
  for (uint32_t i = 0; i < m->count; i++) {
    const rn_mark *k = &m->items[i];
    if (k->kind != kind || (id != NULL && strcmp(k->id, id) != 0)) continue;
    if (build == NULL || k->build[0] == '\0' || strcmp(k->build, build) == 0) return k;
  }
  return NULL;
}

/* What would end a field becomes a space. */
static void field(rn_text *t, const char *before, const char *s) {
  rn_text_add(t, before);
  for (; *s != '\0'; s++) rn_text_add_bytes(t, *s == '\t' || *s == '\n' || *s == '\r' ? " " : s, 1);
}

static void line(rn_text *t, const rn_mark *k) {
  field(t, "\n", k->word);
  field(t, "\t", k->id);
  field(t, "\t", k->build);
  field(t, "\t", k->text);
}

static rn_status *rewrite(rn_arena *arena, const char *path, const rn_mark *change, int put, int *out_was) {
  rn_marks m;
  rn_text t;
  RN_TRY(rn_marks_read(arena, path, &m));
  rn_text_init(&t);
  rn_text_add(&t, head);
  *out_was = 0;
  for (uint32_t i = 0; i < m.count; i++) {
    int same = m.items[i].kind == change->kind && strcmp(m.items[i].id, change->id) == 0;
    *out_was |= same;
    if (!same) line(&t, &m.items[i]);
  }
  if (put) line(&t, change);
  rn_text_add(&t, "\n");
  rn_status *s = NULL;
  if (put || *out_was) s = t.failed ? no_memory() : rn_text_file_replace(path, t.data, t.length);
  rn_text_finish(&t);
  return s;
}

static rn_status *make_folders(char *path) {
  for (char *c = path + 1;; c++) {
    if (*c != '/' && *c != '\0') continue;
    char kept = *c;
    *c = '\0';
    int failed = mkdir(path, 0755) != 0 && errno != EEXIST;
    rn_status *s = failed ? rn_status_make(RN_PERMISSION_DENIED, "%s cannot be made: %s", path, strerror(errno)) : NULL;
    *c = kept;
    if (s != NULL || kept == '\0') return s;
  }
}

static rn_status *change_mark(const rn_mark *change, int put, int *out_was) {
  char folder[4096], path[4096 + 16];
  RN_TRY(rn_plugin_folder(0, folder, sizeof folder));
  if (put) RN_TRY(make_folders(folder));
  int lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock < 0 && errno == ENOENT && !put) return NULL;
  if (lock < 0) return rn_status_make(RN_PERMISSION_DENIED, "%s: %s", folder, strerror(errno));
  while (flock(lock, LOCK_EX) != 0 && errno == EINTR) continue;
  rn_arena arena;
  rn_arena_init(&arena, 4096);
  (void)snprintf(path, sizeof path, "%s/plugins.state", folder);
  rn_status *s = rewrite(&arena, path, change, put, out_was);
  rn_arena_finish(&arena);
  close(lock);
  return s;
}

rn_status *rn_plugin_mark(uint32_t mark, const char *id, const char *build, const char *text) {
  int was;
  if (mark == 0 || mark >= sizeof words / sizeof words[0])
    return rn_status_make(RN_INVALID_ARGUMENT, "there is no mark %u", mark);
  return change_mark(&(rn_mark){mark, words[mark], id, build, text}, 1, &was);
}

rn_status *rn_plugin_unmark(uint32_t mark, const char *id, int *out_was) {
  *out_was = 0;
  if (mark == 0 || mark >= sizeof words / sizeof words[0])
    return rn_status_make(RN_INVALID_ARGUMENT, "there is no mark %u", mark);
  return change_mark(&(rn_mark){mark, words[mark], id, "", ""}, 0, out_was);
}
