/* op_def.c - the signature notation, `(a: T, b: N * T) -> (c: T); T: {float, double}; N: int >= 1`, as
 * an OpDef (frontends/graphdef). TensorFlow reads these when it imports a MetaGraph. */
#include "op_def.h"
#include <stdlib.h>
#include <string.h>
#include <runnel/plugin.h>
#include "value.h"

typedef struct parser {
  scratch *s;
  const char *text, *p;
} parser;

static rn_status *wrong(const parser *r, const char *what) {
  return rn_status_make(RN_INVALID_ARGUMENT, "signature \"%s\": %s is expected at position %zu", r->text, what,
                        (size_t)(r->p - r->text));
}

static void skip_space(parser *r) { r->p += strspn(r->p, " \t\n"); }

static int next_is(parser *r, const char *token) {
  skip_space(r);
  size_t n = strlen(token);
  if (strncmp(r->p, token, n) != 0) return 0;
  r->p += n;
  return 1;
}

static size_t word_length(const char *p) {
  return strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
}

static rn_status *take_word(parser *r, char **out) {
  skip_space(r);
  size_t n = word_length(r->p);
  if (n == 0) return wrong(r, "a name");
  *out = scratch_text(r->s, r->p, n);
  r->p += n;
  return *out ? NULL : out_of_memory();
}

/* Appends p to an array whose capacity is the next power of two. */
static int append(scratch *s, void ***items, size_t *n, void *p) {
  if ((*n & (*n - 1)) == 0) {
    void **more = scratch_take(s, *n ? *n * 2 : 1, sizeof *more);
    if (more == NULL) return 0;
    if (*n) memcpy(more, *items, *n * sizeof *more);
    *items = more;
  }
  (*items)[(*n)++] = p;
  return 1;
}

/* T, float, N * T, Ref(T), Ref(N * T) */
static rn_status *take_arg_type(parser *r, Tf__OpDef__ArgDef *a) {
  int close = next_is(r, "Ref(");
  a->is_ref = close;
  RN_TRY(take_word(r, &a->type_attr));
  if (next_is(r, "*")) {
    a->number_attr = a->type_attr;
    if (next_is(r, "Ref(")) a->is_ref = ++close;
    RN_TRY(take_word(r, &a->type_attr));
  }
  if (close && !next_is(r, ")")) return wrong(r, "')'");
  a->is_ref = a->is_ref != 0;
  return NULL;
}

static rn_status *take_args(parser *r, Tf__OpDef__ArgDef ***items, size_t *n) {
  if (!next_is(r, "(")) return wrong(r, "'('");
  if (next_is(r, ")")) return NULL;
  do {
    Tf__OpDef__ArgDef *a = scratch_take(r->s, 1, sizeof *a);
    if (a == NULL) return out_of_memory();
    tf__op_def__arg_def__init(a);
    RN_TRY(take_word(r, &a->name));
    if (!next_is(r, ":")) return wrong(r, "':'");
    RN_TRY(take_arg_type(r, a));
    if (!append(r->s, (void ***)(void *)items, n, a)) return out_of_memory();
  } while (next_is(r, ","));
  return next_is(r, ")") ? NULL : wrong(r, "')'");
}

/* One plain value of an attribute: number, word, "string", [shape]. */
static rn_status *take_plain(parser *r, const char *type, rn_attr_value *v) {
  char *end = (char *)(uintptr_t)r->p;
  v->count = 1;
  if (strcmp(type, "int") == 0) {
    v->type = RN_ATTR_INT;
    v->u.i = strtoll(r->p, &end, 10);
  } else if (strcmp(type, "float") == 0) {
    v->type = RN_ATTR_FLOAT;
    v->u.f = strtof(r->p, &end);
  } else if (strcmp(type, "string") == 0 || strcmp(type, "func") == 0) {
    v->type = RN_ATTR_STRING;
    const char *close = *r->p == '"' ? strchr(r->p + 1, '"') : NULL;
    if (close == NULL) return wrong(r, "a string");
    v->u.bytes = (rn_bytes){r->p + 1, (uint64_t)(close - r->p - 1)};
    end = (char *)(uintptr_t)close + 1;
  } else {
    size_t n = word_length(r->p);
    v->type = type[0] == 'b' ? RN_ATTR_BOOL : RN_ATTR_TYPE;
    if (type[0] == 'b') v->u.b = n == 4 && strncmp(r->p, "true", 4) == 0;
    if (type[0] == 't') v->u.type = rn_dtype_parse(r->p, n);
    end += n;
  }
  if (end == r->p) return wrong(r, "a value");
  r->p = end;
  return NULL;
}

static rn_status *take_shape(parser *r, rn_attr_value *v) {
  rn_shape *shape = scratch_take(r->s, 1, sizeof *shape);
  if (shape == NULL) return out_of_memory();
  v->type = RN_ATTR_SHAPE;
  v->count = 1;
  v->u.shape = shape;
  if (!next_is(r, "[")) {
    shape->rank = -1; /* <unknown>, unknown, ? */
    r->p += strcspn(r->p, ";");
    return NULL;
  }
  while (!next_is(r, "]")) {
    if (shape->rank == RN_MAX_RANK) return wrong(r, "']'");
    rn_attr_value dim = {0};
    if (next_is(r, "?"))
      dim.u.i = -1;
    else
      RN_TRY(take_plain(r, "int", &dim));
    shape->dim[shape->rank++] = dim.u.i;
    next_is(r, ",");
  }
  return NULL;
}

/* [a, b] of a list type, into the repeated field of that type. */
static rn_status *take_list(parser *r, const char *item, Tf__AttrValue *out) {
  Tf__AttrValue__ListValue *l = scratch_take(r->s, 1, sizeof *l);
  void *items = scratch_take(r->s, 64, sizeof(ProtobufCBinaryData));
  if (l == NULL || items == NULL) return out_of_memory();
  tf__attr_value__list_value__init(l);
  out->value_case = TF__ATTR_VALUE__VALUE_LIST;
  out->list = l;
  if (!next_is(r, "[")) return wrong(r, "'['");
  for (size_t n = 0; !next_is(r, "]"); n++) {
    rn_attr_value v = {0};
    if (n == 64) return wrong(r, "a list of at most 64 items");
    RN_TRY(take_plain(r, item, &v));
    switch (v.type) {
      case RN_ATTR_INT:
        l->i = items;
        l->n_i = n + 1;
        l->i[n] = v.u.i;
        break;
      case RN_ATTR_FLOAT:
        l->f = items;
        l->n_f = n + 1;
        l->f[n] = v.u.f;
        break;
      case RN_ATTR_BOOL:
        l->b = items;
        l->n_b = n + 1;
        l->b[n] = v.u.b;
        break;
      case RN_ATTR_TYPE:
        l->type = items;
        l->n_type = n + 1;
        l->type[n] = (Tf__DataType)v.u.type;
        break;
      default:
        l->s = items;
        l->n_s = n + 1;
        l->s[n] = (ProtobufCBinaryData){v.u.bytes.size, (uint8_t *)(uintptr_t)v.u.bytes.data};
    }
    next_is(r, ",");
    skip_space(r);
  }
  return NULL;
}

static Tf__AttrValue *attr_value_new(scratch *s) {
  Tf__AttrValue *v = scratch_take(s, 1, sizeof *v);
  if (v != NULL) tf__attr_value__init(v);
  return v;
}

/* A tensor's default is in the kernel, and the notation only says that there is one: the definition has none. */
static rn_status *take_tensor_default(parser *r) { return next_is(r, "{") && next_is(r, "}") ? NULL : wrong(r, "{}"); }

static rn_status *take_default(parser *r, Tf__OpDef__AttrDef *a) {
  rn_attr_value v = {0};
  skip_space(r);
  if (strcmp(a->type, "tensor") == 0) return take_tensor_default(r);
  a->default_value = attr_value_new(r->s);
  if (a->default_value == NULL) return out_of_memory();
  if (strncmp(a->type, "list(", 5) == 0) {
    char *item = scratch_text(r->s, a->type + 5, strlen(a->type) - 6);
    return item ? take_list(r, item, a->default_value) : out_of_memory();
  }
  if (strcmp(a->type, "shape") == 0)
    RN_TRY(take_shape(r, &v));
  else
    RN_TRY(take_plain(r, a->type, &v));
  return attr_to_proto(r->s, &v, a->default_value);
}

/* {half, float} or {"SAME", "VALID"}; the brace is taken already. */
static rn_status *take_choice(parser *r, Tf__OpDef__AttrDef *a, const char **out_type) {
  skip_space(r);
  *out_type = *r->p == '"' ? "string" : "type";
  parser list = *r;
  const char *close = strchr(r->p, '}');
  if (close == NULL) return wrong(r, "'}'");
  char *inside = scratch_print(r->s, "[%.*s]", (int)(close - r->p), r->p);
  a->allowed_values = attr_value_new(r->s);
  if (inside == NULL || a->allowed_values == NULL) return out_of_memory();
  list.text = list.p = inside;
  RN_TRY(take_list(&list, *out_type, a->allowed_values));
  r->p = close + 1;
  return NULL;
}

static rn_status *take_attr_type(parser *r, Tf__OpDef__AttrDef *a) {
  const char *type = NULL;
  char *word = NULL;
  int list = next_is(r, "list(");
  if (next_is(r, "{"))
    RN_TRY(take_choice(r, a, &type));
  else
    RN_TRY(take_word(r, &word));
  if (type == NULL) type = word;
  if (list && !next_is(r, ")")) return wrong(r, "')'");
  a->type = scratch_print(r->s, list ? "list(%s)" : "%s", type);
  return a->type ? NULL : out_of_memory();
}

static rn_status *take_attr(parser *r, Tf__OpDef *def) {
  Tf__OpDef__AttrDef *a = scratch_take(r->s, 1, sizeof *a);
  if (a == NULL) return out_of_memory();
  tf__op_def__attr_def__init(a);
  RN_TRY(take_word(r, &a->name));
  if (!next_is(r, ":")) return wrong(r, "':'");
  RN_TRY(take_attr_type(r, a));
  if (next_is(r, ">=")) {
    rn_attr_value v = {0};
    skip_space(r);
    RN_TRY(take_plain(r, "int", &v));
    a->has_minimum = 1;
    a->minimum = v.u.i;
  }
  if (next_is(r, "=")) RN_TRY(take_default(r, a));
  return append(r->s, (void ***)(void *)&def->attr, &def->n_attr, a) ? NULL : out_of_memory();
}

static rn_status *imply_attr(scratch *s, Tf__OpDef *def, char *name, const char *type) {
  if (op_def_attr(def, name) != NULL) return NULL;
  Tf__OpDef__AttrDef *a = scratch_take(s, 1, sizeof *a);
  if (a == NULL) return out_of_memory();
  tf__op_def__attr_def__init(a);
  a->name = name;
  a->type = (char *)(uintptr_t)type;
  a->has_minimum = type[0] == 'i';
  a->minimum = a->has_minimum;
  return append(s, (void ***)(void *)&def->attr, &def->n_attr, a) ? NULL : out_of_memory();
}

/* An argument's type word is an attribute of a kind, or a dtype. */
static rn_status *settle_arg(scratch *s, Tf__OpDef *def, Tf__OpDef__ArgDef *a) {
  char *word = a->type_attr, *none = (char *)(uintptr_t)protobuf_c_empty_string;
  const Tf__OpDef__AttrDef *attr = op_def_attr(def, word);
  if (a->number_attr[0]) RN_TRY(imply_attr(s, def, a->number_attr, "int"));
  if (attr != NULL && strncmp(attr->type, "list", 4) == 0) {
    a->type_list_attr = word;
    a->type_attr = none;
    return NULL;
  }
  rn_dtype t = attr ? RN_INVALID : rn_dtype_parse(word, strlen(word));
  if (t == RN_INVALID) return imply_attr(s, def, word, "type");
  a->type = (Tf__DataType)t;
  a->type_attr = none;
  return NULL;
}

rn_status *op_def_parse(scratch *s, const char *name, const char *signature, uint32_t op_flags, Tf__OpDef **out) {
  parser r = {s, signature, signature};
  Tf__OpDef *def = scratch_take(s, 1, sizeof *def);
  if (def == NULL) return out_of_memory();
  tf__op_def__init(def);
  *out = def;
  def->name = scratch_text(s, name, strlen(name));
  if (def->name == NULL) return out_of_memory();
  def->is_stateful = (op_flags & RN_OP_STATEFUL) != 0;
  def->is_commutative = (op_flags & RN_OP_COMMUTATIVE) != 0;
  def->allows_uninitialized_input = (op_flags & RN_OP_UNINITIALIZED_OK) != 0;
  RN_TRY(take_args(&r, &def->input_arg, &def->n_input_arg));
  if (!next_is(&r, "->")) return wrong(&r, "'->'");
  RN_TRY(take_args(&r, &def->output_arg, &def->n_output_arg));
  while (next_is(&r, ";")) {
    skip_space(&r);
    if (*r.p != '\0') RN_TRY(take_attr(&r, def));
  }
  skip_space(&r);
  if (*r.p != '\0') return wrong(&r, "';'");
  for (size_t i = 0; i < def->n_input_arg; i++) RN_TRY(settle_arg(s, def, def->input_arg[i]));
  for (size_t i = 0; i < def->n_output_arg; i++) RN_TRY(settle_arg(s, def, def->output_arg[i]));
  return NULL;
}

const Tf__OpDef__AttrDef *op_def_attr(const Tf__OpDef *def, const char *name) {
  for (size_t i = 0; i < def->n_attr; i++)
    if (strcmp(def->attr[i]->name, name) == 0) return def->attr[i];
  return NULL;
}

uint32_t op_def_attr_type(const Tf__OpDef__AttrDef *a) {
  static const char *const words[] = {"", "string", "int", "float", "bool", "type", "shape", "tensor", "func"};
  int list = strncmp(a->type, "list(", 5) == 0;
  const char *word = a->type + (list ? 5 : 0);
  size_t n = strlen(word) - (list ? 1 : 0);
  for (uint32_t i = 1; i < sizeof words / sizeof *words; i++)
    if (strlen(words[i]) == n && strncmp(words[i], word, n) == 0) return i | (list ? RN_ATTR_LIST : 0u);
  return 0;
}
