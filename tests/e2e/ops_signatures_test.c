/* ops_signatures_test.c - our signatures against TensorFlow 1.15's op list (tests/e2e).
 *
 * Every op of every plugin that also stands in reference/tensorflow_ops_v1.15.pbtxt must have the same
 * arguments, attributes, order, allowed values, minima and defaults, and be stateful and commutative alike.
 * The list is read by a small reader of protobuf's text format; each entry is printed in plugin.h's
 * notation and compared word by word, numbers by value. */
#include <ctype.h>
#include <runnel/plugin.h>
#include <runnel/runnel.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Differs for good, with the reason. */
static const char *const unsupported[][2] = {
    {"", ""},
};
/* Differs for now, with what is missing. */
static const char *const expected_fail[][2] = {
    {"", ""},
};

/* --- text format: a message is a list of fields, each a word or another message ----------------------- */
typedef struct field {
  char *name, *word;
  struct field *inner, *next;
} field;

typedef struct reader {
  const char *at;
} reader;

static void skip_space(reader *r) {
  while (isspace((unsigned char)*r->at) || *r->at == '#') {
    if (*r->at == '#') r->at += strcspn(r->at, "\n");
    if (*r->at) r->at++;
  }
}

static char *copy_text(const char *from, size_t n) {
  char *to = malloc(n + 1);
  assert_non_null(to);
  memcpy(to, from, n);
  to[n] = '\0';
  return to;
}

/* A quoted word keeps its quotes. */
static char *read_word(reader *r) {
  skip_space(r);
  const char *from = r->at;
  if (*from == '"') {
    for (r->at++; *r->at && *r->at != '"'; r->at++)
      if (*r->at == '\\' && r->at[1]) r->at++;
    if (*r->at) r->at++;
  } else {
    r->at += strcspn(from, " \t\r\n{}:");
  }
  return copy_text(from, (size_t)(r->at - from));
}

static field *read_message(reader *r, int depth) {
  field *first = NULL, **last = &first;
  assert_true(depth < 16);
  for (skip_space(r); *r->at && *r->at != '}'; skip_space(r)) {
    field *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->name = read_word(r);
    skip_space(r);
    int is_word = *r->at == ':';
    assert_true(is_word || *r->at == '{');
    r->at++;
    if (is_word) f->word = read_word(r);
    if (!is_word) {
      f->inner = read_message(r, depth + 1);
      assert_int_equal(*r->at, '}');
      r->at++;
    }
    *last = f;
    last = &f->next;
  }
  return first;
}

static void free_message(field *f) {
  while (f) {
    field *next = f->next;
    free_message(f->inner);
    free(f->name);
    free(f->word);
    free(f);
    f = next;
  }
}

static const field *find(const field *m, const char *name) {
  for (; m; m = m->next)
    if (strcmp(m->name, name) == 0) return m;
  return NULL;
}
static const char *word(const field *m, const char *name) {
  const field *f = find(m, name);
  return f && f->word ? f->word : NULL;
}
static int is_true(const field *m, const char *name) {
  const char *w = word(m, name);
  return w && strcmp(w, "true") == 0;
}

/* --- printing an OpDef in plugin.h's notation --------------------------------------------------------- */
typedef struct text {
  char *bytes;
  size_t n, capacity;
} text;

static void put(text *t, const char *s) {
  size_t n = strlen(s);
  if (t->n + n + 1 > t->capacity) {
    t->capacity = 2 * (t->n + n + 1);
    t->bytes = realloc(t->bytes, t->capacity);
    assert_non_null(t->bytes);
  }
  memcpy(t->bytes + t->n, s, n + 1);
  t->n += n;
}
static void put_unquoted(text *t, const char *quoted) {
  char *s = copy_text(quoted + 1, strlen(quoted) - 2);
  put(t, s);
  free(s);
}
/* DT_FLOAT is float. */
static void put_type(text *t, const char *name) {
  for (const char *p = name + 3; *p; p++) put(t, (char[2]){(char)tolower((unsigned char)*p), 0});
}

static void put_shape(text *t, const field *shape) {
  const char *separator = "";
  if (is_true(shape, "unknown_rank")) {
    put(t, "<unknown>");
    return;
  }
  put(t, "[");
  for (const field *d = shape; d; d = d->next) {
    if (strcmp(d->name, "dim") != 0) continue;
    put(t, separator);
    const char *size = word(d->inner, "size");
    put(t, size && strcmp(size, "-1") != 0 ? size : "?");
    separator = ", ";
  }
  put(t, "]");
}

static void put_value(text *t, const field *v) {
  if (strcmp(v->name, "type") == 0)
    put_type(t, v->word);
  else if (strcmp(v->name, "shape") == 0)
    put_shape(t, v->inner);
  else if (v->word)
    put(t, v->word);
  else
    put(t, "{}");
}

static void put_list(text *t, const field *list, const char *open, const char *close) {
  put(t, open);
  for (const field *v = list; v; v = v->next) {
    put_value(t, v);
    if (v->next) put(t, ", ");
  }
  put(t, close);
}

static void put_argument(text *t, const field *a) {
  const char *number = word(a, "number_attr"), *type = word(a, "type");
  const char *attr = word(a, "type_attr") ? word(a, "type_attr") : word(a, "type_list_attr");
  put_unquoted(t, word(a, "name"));
  put(t, ": ");
  if (number) put_unquoted(t, number);
  if (number) put(t, " * ");
  if (is_true(a, "is_ref")) put(t, "Ref(");
  if (type) put_type(t, type);
  if (!type) put_unquoted(t, attr);
  if (is_true(a, "is_ref")) put(t, ")");
}

static void put_arguments(text *t, const field *op, const char *which) {
  const char *separator = "";
  put(t, "(");
  for (const field *f = op; f; f = f->next) {
    if (strcmp(f->name, which) != 0) continue;
    put(t, separator);
    put_argument(t, f->inner);
    separator = ", ";
  }
  put(t, ")");
}

static void put_attr(text *t, const field *a) {
  const char *type = word(a, "type"), *minimum = word(a, "minimum");
  const field *allowed = find(a, "allowed_values"), *def = find(a, "default_value");
  put(t, "; ");
  put_unquoted(t, word(a, "name"));
  put(t, ": ");
  int is_list = strncmp(type, "\"list(", 6) == 0;
  if (allowed && is_list) put(t, "list(");
  if (allowed) put_list(t, find(allowed->inner, "list")->inner, "{", "}");
  if (allowed && is_list) put(t, ")");
  if (!allowed) put_unquoted(t, type);
  if (is_true(a, "has_minimum")) put(t, " >= ");
  if (is_true(a, "has_minimum")) put(t, minimum ? minimum : "0");
  if (!def) return;
  put(t, " = ");
  if (strcmp(def->inner->name, "list") == 0)
    put_list(t, def->inner->inner, "[", "]");
  else
    put_value(t, def->inner);
}

static void put_signature(text *t, const field *op) {
  put_arguments(t, op, "input_arg");
  put(t, " -> ");
  put_arguments(t, op, "output_arg");
  for (const field *f = op; f; f = f->next)
    if (strcmp(f->name, "attr") == 0) put_attr(t, f->inner);
}

/* --- comparing ---------------------------------------------------------------------------------------- */
static const char *next_token(const char *p, size_t *n) {
  while (isspace((unsigned char)*p)) p++;
  *n = *p != '\0';
  if (*p == '"') {
    while (p[*n] && p[*n] != '"') ++*n;
    *n += p[*n] == '"';
  } else if (isalnum((unsigned char)*p) || *p == '_' || *p == '-' || *p == '.') {
    while (isalnum((unsigned char)p[*n]) || strchr("_.+-", p[*n] ? p[*n] : ' ')) ++*n;
  }
  return p;
}

static int same_token(const char *a, size_t na, const char *b, size_t nb) {
  if (na == nb && memcmp(a, b, na) == 0) return 1;
  if (!na || !nb || !strchr("-.0123456789", *a) || !strchr("-.0123456789", *b)) return 0;
  char *end_a, *end_b;
  float x = strtof(a, &end_a), y = strtof(b, &end_b);
  return end_a == a + na && end_b == b + nb && x == y;
}

static int same_signature(const char *a, const char *b) {
  for (;;) {
    size_t na, nb;
    a = next_token(a, &na);
    b = next_token(b, &nb);
    if (na == 0 && nb == 0) return 1;
    if (!same_token(a, na, b, nb)) return 0;
    a += na;
    b += nb;
  }
}

static const char *in_list(const char *const list[][2], size_t n, const char *name) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(list[i][0], name) == 0) return list[i][1];
  return NULL;
}

typedef struct comparison {
  const field *reference;
  int compared, differing;
} comparison;

static const field *reference_of(const field *all, const char *name) {
  size_t n = strlen(name);
  for (; all; all = all->next) {
    const char *w = word(all->inner, "name");
    if (w && strlen(w) == n + 2 && memcmp(w + 1, name, n) == 0) return all->inner;
  }
  return NULL;
}

static void compare(void *arg, const rn_op_info *o) {
  comparison *c = arg;
  const field *op = reference_of(c->reference, o->name);
  text t = {NULL, 0, 0};
  if (!op) return;
  put_signature(&t, op);
  int same = same_signature(t.bytes, o->signature);
  int stateful = is_true(op, "is_stateful") == ((o->flags & RN_OP_STATEFUL) != 0);
  int commutative = is_true(op, "is_commutative") == ((o->flags & RN_OP_COMMUTATIVE) != 0);
  int differs = !same || !stateful || !commutative;
  const char *why = in_list(unsupported, sizeof unsupported / sizeof *unsupported, o->name);
  const char *later = in_list(expected_fail, sizeof expected_fail / sizeof *expected_fail, o->name);
  c->compared++;
  if (differs && !why && !later) {
    print_error("%s (plugin %s)%s%s\n  TensorFlow: %s\n  ours:       %s\n", o->name, o->plugin,
                stateful ? "" : ": stateful differs", commutative ? "" : ": commutative differs", t.bytes,
                o->signature);
    c->differing++;
  }
  if (!differs && later) {
    print_error("%s agrees now: take it off the list of expected failures\n", o->name);
    c->differing++;
  }
  free(t.bytes);
}

static char *read_reference(void) {
  const char *data = getenv("RUNNEL_DATA");
  char path[4096];
  snprintf(path, sizeof path, "%s/reference/tensorflow_ops_v1.15.pbtxt", data ? data : "../shared/data");
  FILE *f = fopen(path, "rb");
  if (!f) {
    print_message("skipped: %s is not there\n", path);
    return NULL;
  }
  assert_int_equal(fseek(f, 0, SEEK_END), 0);
  long n = ftell(f);
  assert_true(n > 0);
  rewind(f);
  char *bytes = malloc((size_t)n + 1);
  assert_non_null(bytes);
  size_t got = fread(bytes, 1, (size_t)n, f);
  fclose(f);
  bytes[got] = '\0';
  return bytes;
}

static void signatures_are_tensorflows(void **state) {
  (void)state;
  char *bytes = read_reference();
  if (!bytes) {
    print_message("skipped: no reference signatures in $RUNNEL_DATA\n");
    skip();
  }
  reader r = {bytes};
  field *all = read_message(&r, 0);
  rn_runtime *rt = NULL;
  comparison c = {all, 0, 0};
  assert_null(rn_runtime_create(NULL, &rt));
  rn_status *e = rn_runtime_ops(rt, compare, &c);
  if (e) fail_msg("%s", rn_status_message(e));
  print_message("%d ops compared, %d differ\n", c.compared, c.differing);
  assert_true(c.compared > 0);
  assert_int_equal(c.differing, 0);
  rn_runtime_destroy(rt);
  free_message(all);
  free(bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(signatures_are_tensorflows)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
