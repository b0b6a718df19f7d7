/* op_text.c - takes a signature apart (frontends/c/generate).
 *
 * "(a: T, vs: N * T) -> (y: Ref(T)); N: int >= 1; T: {half, float} = float". The plugin's host has
 * checked it already; here it is only split. */
#include <ctype.h>
#include <string.h>
#include "op_text.h"

static void trim_into(char *to, size_t size, const char *from, size_t n) {
  while (n && isspace((unsigned char)*from)) from++, n--;
  while (n && isspace((unsigned char)from[n - 1])) n--;
  if (n >= size) n = size - 1;
  memcpy(to, from, n);
  to[n] = '\0';
}

/* The end of a piece that stops at one of `stops` outside brackets and quotes. */
static const char *piece_end(const char *p, const char *stops) {
  int depth = 0, quoted = 0;
  for (; *p; p++) {
    if (*p == '"') quoted = !quoted;
    if (quoted) continue;
    if (depth == 0 && strchr(stops, *p)) return p;
    if (strchr("({[", *p)) depth++;
    if (strchr(")}]", *p)) depth--;
  }
  return p;
}

static void parse_arg_type(op_arg *a, const char *text) {
  const char *star = strchr(text, '*');
  if (star) {
    trim_into(a->number, sizeof a->number, text, (size_t)(star - text));
    a->is_list = 1;
    text = star + 1;
  }
  while (isspace((unsigned char)*text)) text++;
  if (strncmp(text, "Ref(", 4) == 0) {
    a->is_ref = 1;
    trim_into(a->type, sizeof a->type, text + 4, strcspn(text + 4, ")"));
    return;
  }
  trim_into(a->type, sizeof a->type, text, strlen(text));
}

/* "(name: type, ...)"; returns what follows, or NULL. */
static const char *parse_args(const char *p, op_arg *args, int *n) {
  *n = 0;
  while (isspace((unsigned char)*p)) p++;
  if (*p++ != '(') return NULL;
  for (;;) {
    while (isspace((unsigned char)*p)) p++;
    if (*p == ')') return p + 1;
    const char *colon = strchr(p, ':'), *end = piece_end(p, ",)");
    char type[128];
    if (colon == NULL || colon > end || *n == MAX_ARGS) return NULL;
    op_arg *a = &args[(*n)++];
    memset(a, 0, sizeof *a);
    trim_into(a->name, sizeof a->name, p, (size_t)(colon - p));
    trim_into(type, sizeof type, colon + 1, (size_t)(end - colon - 1));
    parse_arg_type(a, type);
    p = *end == ',' ? end + 1 : end;
  }
}

static void parse_attr_type(op_attr *a, const char *text) {
  if (strncmp(text, "list(", 5) == 0) {
    a->is_list = 1;
    text += 5;
  }
  if (*text == '{')
    strcpy(a->type, strchr(text, '"') ? "string" : "type");
  else
    trim_into(a->type, sizeof a->type, text, strcspn(text, ") >="));
}

static int parse_attr(const char *p, const char *end, op_attr *a) {
  const char *colon = memchr(p, ':', (size_t)(end - p));
  char rest[1024];
  memset(a, 0, sizeof *a);
  if (colon == NULL) return 0;
  trim_into(a->name, sizeof a->name, p, (size_t)(colon - p));
  trim_into(rest, sizeof rest, colon + 1, (size_t)(end - colon - 1));
  const char *equals = piece_end(rest, "=");
  while (*equals && equals > rest && equals[-1] == '>') equals = piece_end(equals + 1, "=");
  if (*equals) {
    a->has_default = 1;
    trim_into(a->value, sizeof a->value, equals + 1, strlen(equals + 1));
  }
  parse_attr_type(a, rest);
  return 1;
}

static int is_named_by_inputs(const op_text *o, const char *attr) {
  for (int i = 0; i < o->n_in; i++)
    if (strcmp(o->in[i].type, attr) == 0 || strcmp(o->in[i].number, attr) == 0) return 1;
  return 0;
}
static void mark_lists(const op_text *o, op_arg *args, int n) {
  for (int i = 0; i < n; i++)
    for (int k = 0; k < o->n_attr; k++)
      if (o->attr[k].is_list && strcmp(o->attr[k].name, args[i].type) == 0) args[i].is_list = 1;
}

int op_text_parse(const char *name, const char *signature, op_text *o) {
  memset(o, 0, sizeof *o);
  o->name = name;
  const char *p = parse_args(signature, o->in, &o->n_in);
  if (p == NULL || (p = strstr(p, "->")) == NULL) return 0;
  p = parse_args(p + 2, o->out, &o->n_out);
  if (p == NULL) return 0;
  while (*(p += strspn(p, " \n\t;"))) {
    const char *end = piece_end(p, ";");
    if (o->n_attr == MAX_ATTRS || !parse_attr(p, end, &o->attr[o->n_attr])) return 0;
    o->n_attr++;
    p = end;
  }
  for (int i = 0; i < o->n_attr; i++) o->attr[i].is_inferred = is_named_by_inputs(o, o->attr[i].name);
  mark_lists(o, o->in, o->n_in);
  mark_lists(o, o->out, o->n_out);
  return 1;
}
