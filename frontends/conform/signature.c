/* signature.c - reads an op's signature (frontends/conform). */
#include "signature.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct reader {
  const char *start, *at;
  char *why;
} reader;
static int fail(reader *r, const char *wanted) {
  if (r->why[0] == '\0') snprintf(r->why, 128, "byte %zu: expected %s", (size_t)(r->at - r->start), wanted);
  return 0;
}
static void space(reader *r) {
  while (isspace((unsigned char)*r->at)) r->at++;
}
static int take(reader *r, const char *token) {
  size_t n = strlen(token);
  space(r);
  if (strncmp(r->at, token, n) != 0) return 0;
  if (isalpha((unsigned char)token[0]) && (isalnum((unsigned char)r->at[n]) || r->at[n] == '_')) return 0;
  r->at += n;
  return 1;
}
static int need(reader *r, const char *token) { return take(r, token) ? 1 : fail(r, token); }
static int name(reader *r, char out[SIG_NAME]) {
  size_t n = 0;
  space(r);
  for (; isalnum((unsigned char)*r->at) || *r->at == '_'; r->at++)
    if (n + 1 < SIG_NAME) out[n++] = *r->at;
  out[n] = '\0';
  return n > 0 ? 1 : fail(r, "a name");
}

/* ---------------------------------------------------------------------------------------- arguments */
typedef struct raw {
  char type[SIG_NAME], number[SIG_NAME];
} raw;
static int arg_type(reader *r, sig_arg *a, raw *t) {
  int outer = take(r, "Ref") && need(r, "("), inner = 0;
  if (!name(r, t->type)) return 0;
  if (take(r, "*")) {
    memcpy(t->number, t->type, SIG_NAME);
    inner = take(r, "Ref") && need(r, "(");
    if (!name(r, t->type)) return 0;
  }
  a->is_ref = outer || inner;
  return !a->is_ref || need(r, ")");
}
static int args(reader *r, sig_arg *a, raw *t, uint32_t *n) {
  if (!need(r, "(")) return 0;
  if (take(r, ")")) return 1;
  do {
    if (*n == SIG_ARGS) return fail(r, "at most 64 arguments");
    if (!name(r, a[*n].name) || !need(r, ":") || !arg_type(r, &a[*n], &t[*n])) return 0;
    ++*n;
  } while (take(r, ","));
  return need(r, ")");
}

/* --------------------------------------------------------------------------------------- attributes */
static const struct {
  const char *word;
  uint32_t type;
} kinds[] = {{"int", RN_ATTR_INT},     {"float", RN_ATTR_FLOAT},   {"bool", RN_ATTR_BOOL}, {"string", RN_ATTR_STRING},
             {"shape", RN_ATTR_SHAPE}, {"tensor", RN_ATTR_TENSOR}, {"func", RN_ATTR_FUNC}, {"type", RN_ATTR_TYPE}};
static const struct {
  const char *word;
  rn_dtype types[20];
} sets[] = {{"number",
             {RN_FLOAT, RN_DOUBLE, RN_INT32, RN_UINT8, RN_INT16, RN_INT8, RN_COMPLEX64, RN_INT64, RN_QINT8, RN_QUINT8,
              RN_QINT32, RN_BFLOAT16, RN_UINT16, RN_COMPLEX128, RN_HALF, RN_UINT32, RN_UINT64}},
            {"realnumber",
             {RN_FLOAT, RN_DOUBLE, RN_INT32, RN_UINT8, RN_INT16, RN_INT8, RN_INT64, RN_BFLOAT16, RN_UINT16, RN_HALF,
              RN_UINT32, RN_UINT64}},
            {"quantized", {RN_QINT8, RN_QUINT8, RN_QINT32, RN_QINT16, RN_QUINT16}}};

/* numbertype and numerictype are the same. */
static int is_set(const char *word, const char *set) {
  char other[SIG_NAME];
  snprintf(other, sizeof other, "%stype", set);
  if (strcmp(word, other) == 0) return 1;
  const char *number = strstr(set, "number");
  if (number == NULL) return 0;
  snprintf(other, sizeof other, "%.*snumerictype", (int)(number - set), set);
  return strcmp(word, other) == 0;
}
static int add_type(sig_attr *a, const char *word) {
  for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
    if (!is_set(word, sets[i].word)) continue;
    for (const rn_dtype *t = sets[i].types; *t != RN_INVALID && a->n_types < SIG_TYPES; t++)
      a->types[a->n_types++] = *t;
    return 1;
  }
  rn_dtype t = rn_dtype_parse(word, strlen(word));
  if (t != RN_INVALID && a->n_types < SIG_TYPES) a->types[a->n_types++] = t;
  return t != RN_INVALID;
}
/* {float, double} or {"SAME", "VALID"} */
static int choices(reader *r, sig_attr *a) {
  char word[SIG_NAME];
  do {
    if (take(r, "\"")) {
      size_t n = 0;
      for (; *r->at != '\0' && *r->at != '"'; r->at++)
        if (n + 1 < sizeof word) word[n++] = *r->at;
      word[n] = '\0';
      if (!need(r, "\"")) return 0;
      a->type = RN_ATTR_STRING;
      if (a->n_words < SIG_WORDS) memcpy(a->words[a->n_words++], word, sizeof word);
    } else {
      if (!name(r, word)) return 0;
      a->type = RN_ATTR_TYPE;
      if (!add_type(a, word)) return fail(r, "an element type");
    }
  } while (take(r, ","));
  return need(r, "}");
}
static int one_kind(reader *r, sig_attr *a) {
  char word[SIG_NAME];
  if (take(r, "{")) return choices(r, a);
  if (!name(r, word)) return 0;
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (strcmp(word, kinds[i].word) != 0) continue;
    a->type = kinds[i].type;
    return 1;
  }
  a->type = RN_ATTR_TYPE;
  return add_type(a, word) ? 1 : fail(r, "a kind of attribute");
}
static int kind(reader *r, sig_attr *a) {
  if (!take(r, "list")) return one_kind(r, a);
  if (!need(r, "(") || !one_kind(r, a) || !need(r, ")")) return 0;
  a->type |= RN_ATTR_LIST;
  return 1;
}
/* Up to the ; that ends it, outside of strings and brackets. */
static void default_text(reader *r, sig_attr *a) {
  int deep = 0, quoted = 0;
  size_t n = 0;
  space(r);
  for (; *r->at != '\0' && (*r->at != ';' || deep > 0 || quoted); r->at++) {
    if (*r->at == '"') quoted = !quoted;
    if (!quoted) deep += (*r->at == '[') - (*r->at == ']');
    if (n + 1 < sizeof a->value) a->value[n++] = *r->at;
  }
  while (n > 0 && isspace((unsigned char)a->value[n - 1])) n--;
  a->value[n] = '\0';
}
static int attr(reader *r, sig_attr *a) {
  if (!name(r, a->name) || !need(r, ":") || !kind(r, a)) return 0;
  if (take(r, ">=")) {
    space(r);
    char *end;
    a->has_min = 1;
    a->min = strtoll(r->at, &end, 10);
    if (end == r->at) return fail(r, "a number");
    r->at = end;
  }
  if (take(r, "=")) {
    a->has_default = 1;
    default_text(r, a);
  }
  return 1;
}

int signature_attr_find(const signature *s, const char *word) {
  for (uint32_t i = 0; i < s->n_attr; i++)
    if (strcmp(s->attr[i].name, word) == 0) return (int)i;
  return -1;
}
static int resolve(signature *s, sig_arg *a, const raw *t, int is_input) {
  a->type_attr = a->number_attr = a->list_attr = -1;
  if (t->number[0] != '\0' && (a->number_attr = signature_attr_find(s, t->number)) < 0) return 0;
  if (is_input && a->number_attr >= 0) s->attr[a->number_attr].is_inferred = 1;
  int at = signature_attr_find(s, t->type);
  if (at < 0) return (a->type = rn_dtype_parse(t->type, strlen(t->type))) != RN_INVALID;
  if (s->attr[at].type & RN_ATTR_LIST)
    a->list_attr = at;
  else
    a->type_attr = at;
  if (is_input) s->attr[at].is_inferred = 1;
  return 1;
}

int signature_read(const char *text, signature *s, char why[128]) {
  raw in[SIG_ARGS], out[SIG_ARGS];
  reader r = {text, text, why};
  memset(s, 0, sizeof *s);
  memset(in, 0, sizeof in);
  memset(out, 0, sizeof out);
  why[0] = '\0';
  if (!args(&r, s->in, in, &s->n_in) || !need(&r, "->") || !args(&r, s->out, out, &s->n_out)) return 0;
  for (space(&r); *r.at != '\0'; space(&r)) {
    if (!need(&r, ";")) return 0;
    space(&r);
    if (*r.at == '\0') break;
    if (s->n_attr == SIG_ATTRS) return fail(&r, "at most 32 attributes");
    if (!attr(&r, &s->attr[s->n_attr++])) return 0;
  }
  for (uint32_t i = 0; i < s->n_in; i++)
    if (!resolve(s, &s->in[i], &in[i], 1)) return fail(&r, "an input's type that is known");
  for (uint32_t i = 0; i < s->n_out; i++)
    if (!resolve(s, &s->out[i], &out[i], 0)) return fail(&r, "an output's type that is known");
  return 1;
}

/* A type, a set or {a, b}: in a constraint float and string are types, not kinds of attributes. */
static int constraint(reader *r, sig_attr *a) {
  char word[SIG_NAME];
  if (take(r, "{")) return choices(r, a);
  if (!name(r, word)) return 0;
  return strcmp(word, "type") == 0 || add_type(a, word) ? 1 : fail(r, "an element type");
}

int kernel_types_allow(const char *types, const char *attr_name, rn_dtype t) {
  char why[128] = "", word[SIG_NAME];
  reader r = {types, types, why};
  if (types == NULL) return 1;
  for (space(&r); *r.at != '\0'; space(&r)) {
    sig_attr a;
    memset(&a, 0, sizeof a);
    if (!name(&r, word) || !need(&r, ":") || !constraint(&r, &a)) return 1;
    (void)take(&r, ";");
    if (strcmp(word, attr_name) != 0) continue;
    for (uint32_t i = 0; i < a.n_types; i++)
      if (a.types[i] == t) return 1;
    return a.n_types == 0;
  }
  return 1;
}
