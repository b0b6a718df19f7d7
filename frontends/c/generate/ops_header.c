/* ops_header.c - prints <runnel/ops.h>: a typed builder for every op the plugins define (frontends/c/generate).
 *
 * Run by the build after the plugins. Inputs and attributes without a default are arguments; attributes
 * with one are members of a struct, where 0 means the default (rn_option_* where the default is not 0);
 * attributes that follow from the inputs are left out. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <runnel/runtime.h>
#include "op_text.h"

static FILE *out;

/* MatMul -> mat_mul, Conv2D -> conv2d, LSTMBlockCell -> lstm_block_cell */
static void snake(const char *name, char *to, size_t size) {
  size_t n = 0;
  for (size_t i = 0; name[i] && n + 2 < size; i++) {
    int upper = isupper((unsigned char)name[i]) != 0, next_lower = islower((unsigned char)name[i + 1]) != 0;
    int before_lower = i && islower((unsigned char)name[i - 1]),
        before_upper = i && isupper((unsigned char)name[i - 1]);
    int before_digit = i && isdigit((unsigned char)name[i - 1]);
    if (upper && (before_lower || ((before_upper || before_digit) && next_lower))) to[n++] = '_';
    to[n++] = (char)tolower((unsigned char)name[i]);
  }
  to[n] = '\0';
}

/* A name that is no keyword of C or C++ and none of the builder's own. */
static const char *safe(const char *name, char *buf, size_t size) {
  static const char *const taken[] = {
      "default", "switch", "register", "auto", "const",  "int",      "float", "double",   "char",    "long",   "short",
      "signed",  "union",  "struct",   "enum", "static", "template", "class", "delete",   "new",     "this",   "scope",
      "attrs",   "call",   "and",      "or",   "not",    "xor",      "bool",  "operator", "private", "public", "name"};
  int clash = 0;
  for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) clash |= strcmp(taken[i], name) == 0;
  snprintf(buf, size, "%s%s", name, clash ? "_" : "");
  return buf;
}

typedef struct c_type {
  const char *type, *single, *list, *member, *code;
} c_type;
/* attribute type; C type alone; C type of list elements; union member; constant */
static const c_type types[] = {
    {"int", "int64_t ", "const int64_t *", "i", "RN_ATTR_INT"},
    {"float", "float ", "const float *", "f", "RN_ATTR_FLOAT"},
    {"bool", "int ", "const uint8_t *", "b", "RN_ATTR_BOOL"},
    {"string", "const char *", "const rn_bytes *", "bytes", "RN_ATTR_STRING"},
    {"type", "rn_dtype ", "const rn_dtype *", "type", "RN_ATTR_TYPE"},
    {"shape", "const rn_shape *", "const rn_shape *", "shape", "RN_ATTR_SHAPE"},
    {"tensor", "rn_tensor *", "rn_tensor *const *", "tensor", "RN_ATTR_TENSOR"},
    {"func", "const char *", "const rn_bytes *", "bytes", "RN_ATTR_FUNC"},
};
static const c_type *type_of(const op_attr *a) {
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
    if (strcmp(types[i].type, a->type) == 0) return &types[i];
  return NULL;
}

static int is_number(const op_attr *a) {
  return !a->is_list && (strcmp(a->type, "int") == 0 || strcmp(a->type, "float") == 0 || strcmp(a->type, "bool") == 0);
}
/* A number whose default is not 0: leaving it out must differ from giving 0. */
static int is_option(const op_attr *a) {
  return is_number(a) && a->has_default && (strcmp(a->value, "true") == 0 || strtod(a->value, NULL) != 0);
}
static int is_optional(const op_attr *a) { return a->has_default && !a->is_inferred; }
static int is_required(const op_attr *a) { return !a->has_default && !a->is_inferred; }

static void print_doc(const rn_op_info *info) {
  size_t n = strcspn(info->doc ? info->doc : "", "\n");
  fprintf(out, "/* %s: ", info->name);
  for (size_t i = 0; i < n; i++) {
    fputc(info->doc[i], out);
    if (info->doc[i] == '*' && info->doc[i + 1] == '/') fputc(' ', out);
  }
  fprintf(out, " (%s) */\n", info->plugin ? info->plugin : "");
}

static void print_attrs_struct(const op_text *o, const char *name) {
  char buf[80];
  fprintf(out, "typedef struct rn_op_%s_attrs {\n  const char *name;\n", name);
  for (int i = 0; i < o->n_attr; i++) {
    const op_attr *a = &o->attr[i];
    const c_type *t = type_of(a);
    if (!is_optional(a) || t == NULL) continue;
    if (is_option(a))
      fprintf(out, "  rn_option_%s %s; /* %s */\n", strcmp(a->type, "float") == 0 ? "float" : "int",
              safe(a->name, buf, sizeof buf), a->value);
    else if (a->is_list)
      fprintf(out, "  %s%s;\n  uint32_t n_%s;\n", t->list, safe(a->name, buf, sizeof buf), a->name);
    else
      fprintf(out, "  %s%s;\n", t->single, safe(a->name, buf, sizeof buf));
  }
  fprintf(out, "} rn_op_%s_attrs;\n", name);
}

enum { RESULT_NODE, RESULT_VALUE, RESULT_STRUCT };
static int result_kind(const op_text *o) {
  for (int i = 0; i < o->n_out; i++)
    if (o->out[i].is_list) return RESULT_NODE;
  return o->n_out == 0 ? RESULT_NODE : o->n_out == 1 ? RESULT_VALUE : RESULT_STRUCT;
}

static void print_result_struct(const op_text *o, const char *name) {
  char buf[80];
  if (result_kind(o) != RESULT_STRUCT) return;
  fprintf(out, "typedef struct rn_op_%s_out {\n  rn_value", name);
  for (int i = 0; i < o->n_out; i++) fprintf(out, "%s%s", i ? ", " : " ", safe(o->out[i].name, buf, sizeof buf));
  fprintf(out, ";\n} rn_op_%s_out;\n", name);
}

static void print_head(const op_text *o, const char *name) {
  char buf[80];
  int kind = result_kind(o);
  if (kind == RESULT_STRUCT)
    fprintf(out, "static inline rn_op_%s_out rn_op_%s(rn_scope *scope", name, name);
  else
    fprintf(out, "static inline %s rn_op_%s(rn_scope *scope", kind == RESULT_VALUE ? "rn_value" : "rn_node_id", name);
  for (int i = 0; i < o->n_in; i++) {
    safe(o->in[i].name, buf, sizeof buf);
    if (o->in[i].is_list)
      fprintf(out, ", const rn_value *%s, uint32_t n_%s", buf, o->in[i].name);
    else
      fprintf(out, ", rn_value %s", buf);
  }
  for (int i = 0; i < o->n_attr; i++) {
    const op_attr *a = &o->attr[i];
    const c_type *t = type_of(a);
    if (!is_required(a) || t == NULL) continue;
    safe(a->name, buf, sizeof buf);
    if (a->is_list)
      fprintf(out, ", %s%s, uint32_t n_%s", t->list, buf, a->name);
    else
      fprintf(out, ", %s%s", t->single, buf);
  }
  fprintf(out, ", const rn_op_%s_attrs *attrs) {\n", name);
}

static void print_attr_value(const op_attr *a, const char *at, const char *count, const char *indent) {
  const c_type *t = type_of(a);
  fprintf(out, "%s{\n%s  rn_attr_value attr_value = {", indent, indent);
  if (a->is_list)
    fprintf(out, "RN_ATTR_LIST | %s, %s, {.list = %s}};\n", t->code, count, at);
  else if (strcmp(t->member, "bytes") == 0)
    fprintf(out, "%s, 1, {.bytes = {%s, strlen(%s)}}};\n", t->code, at, at);
  else if (strcmp(t->member, "b") == 0)
    fprintf(out, "%s, 1, {.b = (uint8_t)(%s ? 1 : 0)}};\n", t->code, at);
  else
    fprintf(out, "%s, 1, {.%s = %s}};\n", t->code, t->member, at);
  fprintf(out, "%s  rn_op_attr(&call, \"%s\", &attr_value);\n%s}\n", indent, a->name, indent);
}

static void print_attr(const op_attr *a) {
  char buf[80], at[128], count[128];
  if (type_of(a) == NULL || a->is_inferred) return;
  safe(a->name, buf, sizeof buf);
  const char *owner = is_optional(a) ? "attrs->" : "";
  snprintf(at, sizeof at, "%s%s%s", owner, buf, is_optional(a) && is_option(a) ? ".value" : "");
  snprintf(count, sizeof count, "%sn_%s", owner, a->name);
  if (!is_optional(a)) {
    print_attr_value(a, at, count, "  ");
    return;
  }
  if (is_option(a))
    fprintf(out, "  if (attrs && attrs->%s.is_set)\n", buf);
  else if (strcmp(a->type, "float") == 0 && !a->is_list)
    fprintf(out, "  if (attrs && (%s < 0 || %s > 0))\n", at, at);
  else
    fprintf(out, "  if (attrs && %s)\n", at);
  print_attr_value(a, at, count, "  ");
}

static void print_builder(const op_text *o, const char *name) {
  char buf[80];
  print_head(o, name);
  fprintf(out, "  rn_op_call call;\n  rn_op_begin(&call, scope, \"%s\", attrs ? attrs->name : NULL);\n", o->name);
  for (int i = 0; i < o->n_in; i++) {
    safe(o->in[i].name, buf, sizeof buf);
    if (o->in[i].is_list)
      fprintf(out, "  rn_op_inputs(&call, %s, n_%s);\n", buf, o->in[i].name);
    else
      fprintf(out, "  rn_op_input(&call, %s);\n", buf);
  }
  for (int i = 0; i < o->n_attr; i++) print_attr(&o->attr[i]);
  switch (result_kind(o)) {
    case RESULT_NODE:
      fprintf(out, "  return rn_op_end(&call);\n}\n\n");
      break;
    case RESULT_VALUE:
      fprintf(out, "  return (rn_value){rn_op_end(&call), 0};\n}\n\n");
      break;
    default:
      fprintf(out, "  rn_node_id node = rn_op_end(&call);\n  rn_op_%s_out result = {", name);
      for (int i = 0; i < o->n_out; i++) fprintf(out, "%s{node, %d}", i ? ", " : "", i);
      fprintf(out, "};\n  return result;\n}\n\n");
  }
}

static void print_op(void *arg, const rn_op_info *info) {
  static op_text o;
  char name[128];
  int *failures = arg;
  if (info->signature == NULL || !op_text_parse(info->name, info->signature, &o)) {
    fprintf(stderr, "%s: signature not understood: %s\n", info->name, info->signature ? info->signature : "");
    ++*failures;
    return;
  }
  snake(info->name, name, sizeof name);
  print_doc(info);
  print_attrs_struct(&o, name);
  print_result_struct(&o, name);
  print_builder(&o, name);
}

static int report(rn_status *e) {
  fprintf(stderr, "ops_header: %s\n", rn_status_message(e));
  rn_status_free(e);
  return 1;
}

int main(int argc, char **argv) {
  rn_runtime *rt = NULL;
  int failures = 0;
  if (argc != 2 || (out = fopen(argv[1], "w")) == NULL) {
    fprintf(stderr, "usage: ops_header FILE\n");
    return 2;
  }
  fprintf(out,
          "/* runnel/ops.h - builders of all ops, generated from the plugins' definitions; see runnel/c/scope.h.\n"
          " *\n * Outputs: one is a value, several are a struct, lists are the node's outputs in order. attrs may be\n"
          " * NULL; in it 0 and NULL stand for the default. */\n"
          "#ifndef RUNNEL_OPS_H\n#define RUNNEL_OPS_H\n#include <string.h>\n#include <runnel/c/scope.h>\n\n");
  rn_status *e = rn_runtime_create(NULL, &rt);
  if (e != NULL) return report(e);
  e = rn_runtime_ops(rt, print_op, &failures);
  if (e != NULL) failures = report(e);
  rn_runtime_destroy(rt);
  fprintf(out, "#endif\n");
  if (fclose(out) != 0) failures = 1;
  return failures ? 1 : 0;
}
