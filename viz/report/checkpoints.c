/* checkpoints.c - which checkpoints lie in a log folder and in the folders of its runs (viz/report). */
#include <dirent.h>
#include <runnel/graphdef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "checkpoint.h"
#include "gather.h"

enum { MOST_CHECKPOINTS = 200 };
typedef struct search {
  rn_report *report;
  json *out;
  uint64_t hash; /* of names, sizes and times: another when anything changed */
  uint32_t count;
} search;

static int ends_with(const char *s, const char *end) {
  size_t n = strlen(s), m = strlen(end);
  return n > m && strcmp(s + n - m, end) == 0;
}
static int is_index(const struct dirent *d) { return ends_with(d->d_name, ".index"); }
static int is_shown(const struct dirent *d) { return d->d_name[0] != '.'; }

static void mix(search *s, const char *text) {
  for (; *text != '\0'; text++) s->hash = (s->hash ^ (unsigned char)*text) * 1099511628211u;
}

/* Is it the one that the folder's state file names? */
static int is_current(const char *folder, const char *prefix) {
  rn_checkpoint_state state;
  const char *name = strrchr(prefix, '/');
  rn_status *none = rn_checkpoint_state_read(folder, &state);
  if (none != NULL) {
    rn_status_free(none);
    return 0;
  }
  const char *slash = strrchr(state.current, '/');
  int same = strcmp(slash != NULL ? slash + 1 : state.current, name != NULL ? name + 1 : prefix) == 0;
  rn_checkpoint_state_finish(&state);
  return same;
}

typedef rn_status *(*each_fn)(search *s, const char *folder, const char *prefix, const struct stat *st);

static rn_status *note_one(search *s, const char *folder, const char *prefix, const struct stat *st) {
  char text[64];
  (void)folder;
  snprintf(text, sizeof text, "|%lld|%lld", (long long)st->st_size, (long long)st->st_mtime);
  mix(s, prefix);
  mix(s, text);
  s->count++;
  return NULL;
}

static rn_status *print_one(search *s, const char *folder, const char *prefix, const struct stat *st) {
  json_begin(s->out, NULL, '{');
  json_word(s->out, "prefix", prefix);
  json_number(s->out, "time", (double)st->st_mtime);
  if (is_current(folder, prefix)) json_whole(s->out, "newest", 1);
  rn_status *failed = checkpoint_print(s->report->rt, prefix, s->out);
  json_end(s->out, '}');
  return failed;
}

static rn_status *each_in(search *s, const char *folder, each_fn visit) {
  struct dirent **entry = NULL;
  rn_status *failed = NULL;
  int n = scandir(folder, &entry, is_index, alphasort);
  for (int i = 0; i < n; i++) {
    char path[4096];
    struct stat st;
    int length = snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
    int is_file = length > 0 && (size_t)length < sizeof path && stat(path, &st) == 0 && S_ISREG(st.st_mode);
    if (failed == NULL && is_file && i < MOST_CHECKPOINTS) {
      path[(size_t)length - strlen(".index")] = '\0';
      failed = visit(s, folder, path, &st);
    }
    free(entry[i]);
  }
  free(entry);
  return failed;
}

static rn_status *each_checkpoint(search *s, each_fn visit) {
  struct dirent **entry = NULL;
  const char *folder = s->report->folder;
  rn_status *failed = each_in(s, folder, visit);
  int n = scandir(folder, &entry, is_shown, alphasort);
  for (int i = 0; i < n; i++) {
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
    if (failed == NULL && i < MOST_RUNS && length > 0 && (size_t)length < sizeof path) failed = each_in(s, path, visit);
    free(entry[i]);
  }
  free(entry);
  return failed;
}

rn_status *checkpoints_update(rn_report *r) {
  json out = {0};
  search look = {.report = r, .out = &out, .hash = 1469598103934665603u};
  RN_TRY(each_checkpoint(&look, note_one));
  r->n_checkpoints = look.count;
  if (look.hash == r->checkpoint_hash) return NULL;
  json_begin(&out, NULL, '[');
  rn_status *failed = each_checkpoint(&look, print_one);
  json_end(&out, ']');
  if (failed == NULL && out.failed) failed = report_no_memory();
  if (failed != NULL) {
    json_drop(&out);
    return failed;
  }
  json_drop(&r->checkpoints);
  r->checkpoints = out;
  r->checkpoint_hash = look.hash;
  report_changed(r, SECTION_CHECKPOINTS);
  return NULL;
}
