/* plugin/signature_attr.c - the attribute part of a signature: `type [>= min] [= default]` (core/plugin). */
#include <string.h>
#include "base/text.h"
#include "plugin/lexer.h"

static const struct kind {
  const char *name;
  uint32_t type;
} kinds[] = {{"int", RN_ATTR_INT},     {"float", RN_ATTR_FLOAT},   {"bool", RN_ATTR_BOOL}, {"string", RN_ATTR_STRING},
             {"shape", RN_ATTR_SHAPE}, {"tensor", RN_ATTR_TENSOR}, {"func", RN_ATTR_FUNC}};

static rn_status *strings(rn_lexer *l, rn_sig_attr *a) {
  rn_bytes found[64];
  uint32_t n = 0;
  a->type |= RN_ATTR_STRING;
  do {
    if (n == 64) return rn_lexer_expected(l, "at most 64 strings");
    RN_TRY(rn_lexer_string(l, &found[n++]));
  } while (rn_lexer_take(l, ","));
  RN_TRY(rn_lexer_need(l, "}"));
  rn_bytes *copy = rn_arena_array(l->arena, n, sizeof *copy);
  if (copy == NULL) return rn_lexer_no_memory();
  memcpy(copy, found, n * sizeof *copy);
  a->strings = copy;
  a->n_strings = n;
  return NULL;
}

static rn_status *element(rn_lexer *l, rn_sig_attr *a) {
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (!rn_lexer_take(l, kinds[i].name)) continue;
    a->type |= kinds[i].type;
    return NULL;
  }
  if (rn_lexer_at(l, "{")) {
    size_t brace = l->at;
    l->at++;
    if (rn_lexer_at(l, "\"")) return strings(l, a);
    l->at = brace;
  }
  a->type |= RN_ATTR_TYPE;
  return rn_lexer_types(l, &a->types, &a->n_types);
}

static rn_status *minimum(rn_lexer *l, rn_sig_attr *a) {
  rn_word w;
  if (a->type != RN_ATTR_INT && (a->type & RN_ATTR_LIST) == 0)
    return rn_lexer_expected(l, "no minimum but for int and lists");
  size_t at = l->at;
  RN_TRY(rn_lexer_number(l, &w));
  a->has_min = 1;
  if (rn_parse_i64(w.data, w.length, &a->min)) return NULL;
  l->at = at;
  return rn_lexer_expected(l, "a whole number");
}

rn_status *rn_signature_attr_parse(rn_lexer *l, rn_sig_attr *a) {
  if (rn_lexer_take(l, "list")) {
    a->type = RN_ATTR_LIST;
    RN_TRY(rn_lexer_need(l, "("));
    RN_TRY(element(l, a));
    RN_TRY(rn_lexer_need(l, ")"));
  } else {
    RN_TRY(element(l, a));
  }
  if (rn_lexer_take(l, ">=")) RN_TRY(minimum(l, a));
  if (!rn_lexer_take(l, "=")) return NULL;
  a->has_default = 1;
  return rn_signature_default_parse(l, a);
}
