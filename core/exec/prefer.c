/* exec/prefer.c - what the configuration says on devices and kernels, read once per session (core/exec).
 *
 * [place] lines in the order they stand: the first that matches a node has it. [kernels] lines are taken
 * apart into entries, all of them in one row: where two entries name a kernel, the earlier counts. */
#include "exec/exec.h"

static uint32_t count_section(const rn_config *c, const char *wanted, uint32_t *out_entries) {
  const char *section, *key, *value, *origin;
  uint32_t n = 0;
  *out_entries = 0;
  for (uint32_t i = 0; i < rn_config_count(c); i++) {
    rn_config_at(c, i, &section, &key, &value, &origin);
    if (strcmp(section, wanted) != 0) continue;
    n++;
    for (const char *at = value; at != NULL; at = strchr(at + 1, ',')) ++*out_entries;
  }
  return n;
}

/* "!plugin/label" */
static rn_status *add_entry(rn_session *s, const char *text, size_t length, exec_preference line) {
  exec_preference *e = &s->preference[s->n_preference];
  while (length > 0 && strchr(" \t!", *text) != NULL) {
    line.never |= (uint8_t)(*text == '!');
    text++;
    length--;
  }
  while (length > 0 && strchr(" \t", text[length - 1]) != NULL) length--;
  char *copy = rn_arena_text(&s->names, text, length);
  if (copy == NULL) return exec_out_of_memory("a session");
  char *slash = strchr(copy, '/');
  if (slash != NULL) *slash = '\0';
  line.plugin = copy;
  line.label = slash != NULL ? slash + 1 : NULL;
  *e = line;
  s->n_preference++;
  return NULL;
}

static rn_status *add_line(rn_session *s, const char *pattern, const char *value, const char *origin) {
  for (const char *at = value; at != NULL;) {
    size_t n = strcspn(at, ",");
    RN_TRY(add_entry(s, at, n, (exec_preference){.pattern = pattern, .origin = origin}));
    at = at[n] == ',' ? at + n + 1 : NULL;
  }
  return NULL;
}

static rn_status *say(rn_session *s, const char **out, rn_text *t) {
  *out = t->data != NULL && !t->failed ? rn_arena_text(&s->names, t->data, t->length) : NULL;
  rn_text_finish(t);
  return *out != NULL ? NULL : exec_out_of_memory("a session");
}

static rn_status *add_rule(rn_session *s, const char *pattern, const char *device, const char *origin) {
  rn_text t;
  rn_text_init(&t);
  exec_rule *r = &s->rule[s->n_rule++];
  *r = (exec_rule){.pattern = pattern, .device = device};
  rn_text_printf(&t, "[place] %s = %s (%s)", pattern, device, origin);
  return say(s, &r->words, &t);
}

static rn_status *say_order(rn_session *s, const char *origin) {
  rn_text t;
  rn_text_init(&t);
  rn_text_printf(&t, "devices.order (%s)", origin);
  return say(s, &s->order_words, &t);
}

rn_status *exec_read_preferences(rn_session *s) {
  const rn_config *c = rn_runtime_config(s->rt);
  const char *section, *key, *value, *origin;
  uint32_t entries, n_rules = count_section(c, "place", &entries);
  (void)count_section(c, "kernels", &entries);
  s->rule = rn_arena_array(&s->names, n_rules + (size_t)1, sizeof *s->rule);
  s->preference = rn_arena_array(&s->names, entries + (size_t)1, sizeof *s->preference);
  if (s->rule == NULL || s->preference == NULL) return exec_out_of_memory("a session");
  for (uint32_t i = 0; i < rn_config_count(c); i++) {
    rn_config_at(c, i, &section, &key, &value, &origin);
    if (strcmp(section, "place") == 0) RN_TRY(add_rule(s, key, value, origin));
    if (strcmp(section, "devices") == 0 && strcmp(key, "order") == 0) RN_TRY(say_order(s, origin));
    if (strcmp(section, "kernels") == 0) RN_TRY(add_line(s, key, value, origin));
  }
  return NULL;
}

static int names(const exec_preference *e, const rn_kernel *k) {
  if (!rn_glob_match(e->plugin, k->plugin)) return 0;
  return e->label == NULL || rn_glob_match(e->label, k->def->label != NULL ? k->def->label : "");
}

/* A refusal beats every wish. */
const exec_preference *exec_preference_of(const rn_session *s, const rn_kernel *k) {
  const exec_preference *wish = NULL;
  for (uint32_t i = 0; i < s->n_preference; i++) {
    const exec_preference *e = &s->preference[i];
    if ((wish != NULL && !e->never) || !rn_glob_match(e->pattern, k->def->op) || !names(e, k)) continue;
    if (e->never) return e;
    wish = e;
  }
  return wish;
}
