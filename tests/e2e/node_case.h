/* node_case.h - one node described in lines of text: op, attributes, inputs, outputs (tests/e2e).
 *
 * For tests that build a graph of one node from a table or a file. The notation is described in
 * tests/oracle/op_vectors.py; a test may use lines of its own, which come back as `other`. Malformed
 * text ends the test: it is ours. */
#ifndef NODE_CASE_H
#define NODE_CASE_H
#include <runnel/runnel.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "numbers.h"

enum { CASE_MAX_INPUTS = 16, CASE_MAX_ATTRS = 16, CASE_MAX_OUTPUTS = 48, CASE_MAX_OWNED = 64 };
typedef enum case_input_kind { CASE_IN, CASE_VAR, CASE_HANDLE, CASE_RANDOM } case_input_kind;
typedef struct case_input {
  case_input_kind kind;
  rn_tensor *tensor;
} case_input;
typedef struct case_output {
  rn_tensor *tensor; /* of a head: its first values only */
  rn_shape shape;
  int is_head;
  double mean;
} case_output;
typedef struct node_case {
  char name[96], op[64];
  int exact;
  uint32_t steps, n_inputs, n_attrs, n_outputs, n_owned;
  case_input inputs[CASE_MAX_INPUTS];
  rn_attr attrs[CASE_MAX_ATTRS];
  case_output outputs[CASE_MAX_OUTPUTS];
  void *owned[CASE_MAX_OWNED];
} node_case;

static void *case_own(node_case *c, size_t size_bytes) {
  assert_true(c->n_owned < CASE_MAX_OWNED);
  void *p = calloc(1, size_bytes + 1);
  assert_non_null(p);
  c->owned[c->n_owned++] = p;
  return p;
}

static void node_case_clear(node_case *c) {
  for (uint32_t i = 0; i < c->n_inputs; i++) rn_tensor_release(c->inputs[i].tensor);
  for (uint32_t i = 0; i < c->n_outputs; i++) rn_tensor_release(c->outputs[i].tensor);
  for (uint32_t i = 0; i < c->n_owned; i++) free(c->owned[i]);
  memset(c, 0, sizeof *c);
  c->steps = 1;
}

static void must(rn_status *s) {
  if (s) fail_msg("%s", rn_status_message(s));
}

/* ---- words: at points into a line that is cut up as it is read */
static char *case_word(char **at) {
  *at += strspn(*at, " ");
  char *word = *at;
  *at += strcspn(*at, " ");
  if (**at) *(*at)++ = '\0';
  return word;
}

static rn_shape case_shape(const char *text) {
  rn_shape s;
  memset(&s, 0, sizeof s);
  for (const char *p = text + 1; *p && *p != ']'; p += *p == ',') {
    char *end;
    s.dim[s.rank++] = strtoll(p, &end, 10);
    p = end;
  }
  return s;
}

static rn_dtype case_dtype(const char *word) {
  rn_dtype t = rn_dtype_parse(word, strlen(word));
  if (t == RN_INVALID) fail_msg("no dtype '%s'", word);
  return t;
}

static uint8_t case_hex(char digit) { return (uint8_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10); }

/* x and hexadecimal digits each. */
static rn_tensor *case_strings(const rn_shape *s, char **at) {
  rn_tensor *out = NULL;
  int64_t n = 0;
  must(rn_shape_count(s, &n));
  rn_bytes *items = calloc((size_t)n + 1, sizeof *items);
  assert_non_null(items);
  for (int64_t i = 0; i < n; i++) {
    char *word = case_word(at);
    if (*word != 'x') fail_msg("'%s' is no string", word);
    uint8_t *bytes = (uint8_t *)word; /* the digits lie behind what they become */
    items[i] = (rn_bytes){word, strlen(word + 1) / 2};
    for (uint64_t k = 0; k < items[i].size; k++)
      bytes[k] = (uint8_t)(case_hex(word[1 + 2 * k]) << 4 | case_hex(word[2 + 2 * k]));
  }
  must(rn_tensor_strings(s, items, &out));
  free(items);
  return out;
}

static rn_tensor *case_values(rn_dtype t, const rn_shape *s, char **at) {
  rn_tensor *out = NULL;
  if (t == RN_STRING) return case_strings(s, at);
  must(rn_tensor_create(t, s, &out));
  int64_t n = rn_tensor_count(out) * (is_complex(t) ? 2 : 1);
  for (int64_t i = 0; i < n; i++) {
    char *word = case_word(at);
    if (!*word) fail_msg("%lld values are missing", (long long)(n - i));
    number_store(out, i, word);
  }
  return out;
}

static void case_add_output(node_case *c, char *at, int is_head) {
  assert_true(c->n_outputs < CASE_MAX_OUTPUTS);
  case_output *o = &c->outputs[c->n_outputs];
  rn_dtype t = case_dtype(case_word(&at));
  rn_shape first;
  o->shape = first = case_shape(case_word(&at));
  o->is_head = is_head;
  if (is_head) {
    int64_t n = 1;
    for (int32_t i = 0; i < first.rank; i++) n *= first.dim[i];
    o->mean = strtod(case_word(&at), NULL);
    first.rank = 1;
    first.dim[0] = n < 10 ? n : 10;
  }
  o->tensor = case_values(t, &first, &at);
  c->n_outputs++;
}

static void case_add_input(node_case *c, char *at, case_input_kind kind) {
  assert_true(c->n_inputs < CASE_MAX_INPUTS);
  rn_dtype t = case_dtype(case_word(&at));
  rn_shape s = case_shape(case_word(&at));
  c->inputs[c->n_inputs].kind = kind;
  c->inputs[c->n_inputs++].tensor = case_values(t, &s, &at);
}

/* ---- attributes */
static const char *const case_attr_kinds[] = {"", "string", "int", "float", "bool", "type", "shape"};
static size_t case_attr_size(uint32_t type) {
  static const size_t sizes[] = {0, sizeof(rn_bytes), sizeof(int64_t), sizeof(float),
                                 1, sizeof(rn_dtype), sizeof(rn_shape)};
  return sizes[type];
}
static void case_attr_item(node_case *c, uint32_t type, const char *word, void *out) {
  switch (type) {
    case RN_ATTR_STRING: {
      char *text = case_own(c, strlen(word));
      memcpy(text, word, strlen(word));
      *(rn_bytes *)out = (rn_bytes){text, strlen(word)};
      break;
    }
    case RN_ATTR_INT:
      *(int64_t *)out = strtoll(word, NULL, 10);
      break;
    case RN_ATTR_FLOAT:
      *(float *)out = strtof(word, NULL);
      break;
    case RN_ATTR_BOOL:
      *(uint8_t *)out = *word == '1';
      break;
    case RN_ATTR_TYPE:
      *(rn_dtype *)out = case_dtype(word);
      break;
    default:
      *(rn_shape *)out = case_shape(word);
      break;
  }
}

static void case_add_attr(node_case *c, char *at) {
  assert_true(c->n_attrs < CASE_MAX_ATTRS);
  rn_attr *a = &c->attrs[c->n_attrs++];
  const char *name = case_word(&at), *kind = case_word(&at);
  char *copy = case_own(c, strlen(name));
  memcpy(copy, name, strlen(name));
  a->name = copy;
  uint32_t type = RN_ATTR_STRING;
  while (type <= RN_ATTR_SHAPE && strncmp(kind, case_attr_kinds[type], strlen(case_attr_kinds[type])) != 0) type++;
  if (type > RN_ATTR_SHAPE) fail_msg("attribute kind '%s'", kind);
  a->value.type = type;
  a->value.count = 1;
  if (strlen(kind) == strlen(case_attr_kinds[type])) {
    if (type == RN_ATTR_SHAPE) {
      rn_shape *s = case_own(c, sizeof *s);
      *s = case_shape(case_word(&at));
      a->value.u.shape = s;
    } else {
      case_attr_item(c, type, case_word(&at), &a->value.u);
    }
    return;
  }
  char *items = case_own(c, CASE_MAX_INPUTS * case_attr_size(type));
  a->value.type |= RN_ATTR_LIST;
  a->value.u.list = items;
  for (a->value.count = 0; *(at += strspn(at, " ")); a->value.count++)
    case_attr_item(c, type, case_word(&at), items + a->value.count * case_attr_size(type));
}

/* Reads one line into the case. Returns 0 when the line is none of the notation's: then `line` is as it was. */
static int node_case_line(node_case *c, char *line) {
  size_t n = strcspn(line, " ");
  char *at = line + n + (line[n] == ' ');
  if (n == 4 && strncmp(line, "case", 4) == 0) {
    snprintf(c->name, sizeof c->name, "%s", case_word(&at));
    snprintf(c->op, sizeof c->op, "%s", case_word(&at));
    c->exact = strcmp(case_word(&at), "exact") == 0;
  } else if (n == 4 && strncmp(line, "attr", 4) == 0) {
    case_add_attr(c, at);
  } else if (n == 2 && strncmp(line, "in", 2) == 0) {
    case_add_input(c, at, CASE_IN);
  } else if (n == 3 && strncmp(line, "var", 3) == 0) {
    case_add_input(c, at, CASE_VAR);
  } else if (n == 6 && strncmp(line, "handle", 6) == 0) {
    case_add_input(c, at, CASE_HANDLE);
  } else if (n == 5 && strncmp(line, "steps", 5) == 0) {
    c->steps = (uint32_t)strtoul(at, NULL, 10);
  } else if (n == 3 && strncmp(line, "out", 3) == 0) {
    case_add_output(c, at, 0);
  } else if (n == 4 && strncmp(line, "head", 4) == 0) {
    case_add_output(c, at, 1);
  } else {
    return 0;
  }
  return 1;
}

/* ---- nodes */
static rn_status *case_node(rn_graph *g, const char *op, const rn_value *in, uint32_t n_in, const rn_attr *attrs,
                            uint32_t n_attrs, rn_value *out) {
  rn_node_request r = rn_node_request_for(op, NULL);
  r.inputs = in;
  r.n_inputs = n_in;
  r.attrs = attrs;
  r.n_attrs = n_attrs;
  out->port = 0;
  return rn_graph_add(g, &r, &out->node);
}

static rn_status *case_constant(rn_graph *g, rn_tensor *t, rn_value *out) {
  rn_attr a[2] = {RN_AT("dtype", rn_tensor_dtype(t)), RN_ATENSOR("value", t)};
  return case_node(g, "Const", NULL, 0, a, 2, out);
}

/* shape NULL: nothing is known */
static rn_status *case_placeholder(rn_graph *g, rn_dtype t, const rn_shape *shape, rn_value *out) {
  rn_shape unknown;
  memset(&unknown, 0, sizeof unknown);
  unknown.rank = -1;
  rn_attr a[2] = {RN_AT("dtype", t), RN_ASHAPE("shape", shape ? shape : &unknown)};
  return case_node(g, "Placeholder", NULL, 0, a, 2, out);
}
#endif
