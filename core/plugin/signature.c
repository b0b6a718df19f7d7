/* plugin/signature.c - an op's signature, "(a: T, b: N * T) -> (c: Ref(T)); N: int; T: type" (core/plugin).
 *
 * Arguments name attributes that stand behind them, so their types are kept as words and resolved at
 * the end. Counts are bounded by 64: an argument is a bit in a kernel's host mask. */
#include <string.h>
#include <runnel/tensor.h>
#include "plugin/lexer.h"

#define MOST 64
typedef struct raw_arg {
  rn_word name, number, type;
  size_t at;
  uint8_t is_ref;
} raw_arg;
typedef struct parser {
  rn_lexer l;
  raw_arg in[MOST], out[MOST];
  rn_sig_attr attr[MOST];
  uint32_t n_in, n_out, n_attr;
} parser;

/* [Ref(] [N *] [Ref(] T [)] */
static rn_status *parse_type(rn_lexer *l, raw_arg *a) {
  int outer = rn_lexer_take(l, "Ref");
  if (outer) RN_TRY(rn_lexer_need(l, "("));
  a->at = l->at;
  if (!rn_lexer_at(l, "Ref")) RN_TRY(rn_lexer_name(l, &a->type));
  if (a->type.data != NULL && rn_lexer_take(l, "*")) {
    a->number = a->type;
    a->type = (rn_word){NULL, 0};
    if (!rn_lexer_at(l, "Ref")) RN_TRY(rn_lexer_name(l, &a->type));
  }
  int inner = a->type.data == NULL;
  if (inner) {
    if (outer || !rn_lexer_take(l, "Ref")) return rn_lexer_expected(l, "a type");
    RN_TRY(rn_lexer_need(l, "("));
    RN_TRY(rn_lexer_name(l, &a->type));
  }
  a->is_ref = (uint8_t)(outer || inner);
  return a->is_ref ? rn_lexer_need(l, ")") : NULL;
}

static int has_arg(const raw_arg *a, uint32_t n, rn_word name) {
  for (uint32_t i = 0; i < n; i++) {
    if (a[i].name.length == name.length && memcmp(a[i].name.data, name.data, name.length) == 0) return 1;
  }
  return 0;
}

static rn_status *parse_args(rn_lexer *l, raw_arg *a, uint32_t *n) {
  RN_TRY(rn_lexer_need(l, "("));
  if (rn_lexer_take(l, ")")) return NULL;
  do {
    rn_word name;
    if (*n == MOST) return rn_lexer_expected(l, "at most 64 arguments");
    RN_TRY(rn_lexer_name(l, &name));
    if (has_arg(a, *n, name))
      return rn_status_make(RN_INVALID_ARGUMENT, "signature: two arguments '%.*s'", (int)name.length, name.data);
    a[*n].name = name;
    RN_TRY(rn_lexer_need(l, ":"));
    RN_TRY(parse_type(l, &a[(*n)++]));
  } while (rn_lexer_take(l, ","));
  return rn_lexer_need(l, ")");
}

static int32_t find(const rn_sig_attr *attr, uint32_t n, const char *name, size_t length) {
  for (uint32_t i = 0; i < n; i++) {
    if (strlen(attr[i].name) == length && memcmp(attr[i].name, name, length) == 0) return (int32_t)i;
  }
  return -1;
}

int32_t rn_signature_find_attr(const rn_signature *s, const char *name, size_t length) {
  return find(s->attr, s->n_attr, name, length);
}

static rn_status *parse_attrs(parser *p) {
  while (!rn_lexer_end(&p->l)) {
    rn_word name;
    RN_TRY(rn_lexer_need(&p->l, ";"));
    if (rn_lexer_end(&p->l)) return NULL;
    if (p->n_attr == MOST) return rn_lexer_expected(&p->l, "at most 64 attributes");
    RN_TRY(rn_lexer_name(&p->l, &name));
    if (find(p->attr, p->n_attr, name.data, name.length) >= 0)
      return rn_status_make(RN_INVALID_ARGUMENT, "signature: two attributes '%.*s'", (int)name.length, name.data);
    rn_sig_attr *a = &p->attr[p->n_attr++];
    a->name = rn_arena_text(p->l.arena, name.data, name.length);
    if (a->name == NULL) return rn_lexer_no_memory();
    RN_TRY(rn_lexer_need(&p->l, ":"));
    RN_TRY(rn_signature_attr_parse(&p->l, a));
  }
  return NULL;
}

static rn_status *bad_arg(const raw_arg *r, rn_word w, const char *what) {
  return rn_status_make(RN_INVALID_ARGUMENT, "signature byte %zu: '%.*s' (argument '%.*s') %s", r->at, (int)w.length,
                        w.data, (int)r->name.length, r->name.data, what);
}

static rn_status *resolve(const parser *p, const raw_arg *r, rn_sig_arg *a) {
  *a = (rn_sig_arg){rn_arena_text(p->l.arena, r->name.data, r->name.length), RN_INVALID, -1, -1, -1, r->is_ref};
  if (a->name == NULL) return rn_lexer_no_memory();
  if (r->number.data != NULL) {
    a->number_attr = find(p->attr, p->n_attr, r->number.data, r->number.length);
    if (a->number_attr < 0 || p->attr[a->number_attr].type != RN_ATTR_INT)
      return bad_arg(r, r->number, "is not an attribute of type int");
  }
  int32_t t = find(p->attr, p->n_attr, r->type.data, r->type.length);
  if (t < 0) {
    a->type = rn_dtype_parse(r->type.data, r->type.length);
    return a->type != RN_INVALID ? NULL : bad_arg(r, r->type, "is neither an element type nor an attribute");
  }
  if (p->attr[t].type == RN_ATTR_TYPE) {
    a->type_attr = t;
    return NULL;
  }
  if (p->attr[t].type != (RN_ATTR_LIST | RN_ATTR_TYPE))
    return bad_arg(r, r->type, "is an attribute, but not of type type");
  if (a->number_attr >= 0) return bad_arg(r, r->type, "is a list already and cannot be repeated");
  a->list_attr = t;
  return NULL;
}

static rn_status *finish(const parser *p, rn_signature **out) {
  rn_signature *s = rn_arena_alloc(p->l.arena, sizeof *s);
  rn_sig_arg *in = rn_arena_array(p->l.arena, p->n_in + p->n_out + 1u, sizeof *in);
  rn_sig_attr *attr = rn_arena_array(p->l.arena, p->n_attr + 1u, sizeof *attr);
  if (s == NULL || in == NULL || attr == NULL) return rn_lexer_no_memory();
  for (uint32_t i = 0; i < p->n_in; i++) RN_TRY(resolve(p, &p->in[i], &in[i]));
  for (uint32_t i = 0; i < p->n_out; i++) RN_TRY(resolve(p, &p->out[i], &in[p->n_in + i]));
  memcpy(attr, p->attr, p->n_attr * sizeof *attr);
  *s = (rn_signature){in, in + p->n_in, attr, p->n_in, p->n_out, p->n_attr, 0};
  *out = s;
  return NULL;
}

rn_status *rn_signature_parse(const char *text, struct rn_arena *arena, rn_signature **out) {
  parser p;
  memset(&p, 0, sizeof p);
  p.l = (rn_lexer){text, 0, arena};
  RN_TRY(parse_args(&p.l, p.in, &p.n_in));
  RN_TRY(rn_lexer_need(&p.l, "->"));
  RN_TRY(parse_args(&p.l, p.out, &p.n_out));
  RN_TRY(parse_attrs(&p));
  return finish(&p, out);
}
