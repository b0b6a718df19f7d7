/* exec/program_text.c - what a program is of and for, in words that are kept beside it (core/exec).
 *
 *   device tpu                      in float 100x784 images:0
 *   machine v1: 256 x 256 int8      cell float 784x10 weights:0
 *   compiler tpu                    out float 100x10 logits:0
 *   plugin tpu 0.1                  node MatMul logits
 *
 * One fact a line. "const" is an "in" whose content is known. A scalar's shape is "-". Values come in the order in
 * which the program takes them. */
#include "exec/program.h"
#include "tensor/shape.h"

enum { MOST_LINES = 1 << 20 };
static const char *const kinds[] = {"device", "machine", "compiler", "plugin", "node", "const", "in", "cell", "out"};
enum { K_DEVICE, K_MACHINE, K_COMPILER, K_PLUGIN, K_NODE, K_CONST, K_IN, K_CELL, K_OUT, N_KINDS };

/* ------------------------------------------------------------------------------------- writing */
static void add_value(rn_text *t, int kind, const exec_subgraph *g, rn_value v, const rn_shape *s) {
  const rn_graph_view_api *view = g->pub.view;
  rn_text_printf(t, "%s %s ", kinds[kind], rn_dtype_name(rn_dtype_base(view->dtype(g->pub.graph, v))));
  if (s == NULL || s->rank <= 0) rn_text_add(t, "-");
  for (int32_t i = 0; s != NULL && i < s->rank; i++)
    rn_text_printf(t, "%s%lld", i > 0 ? "x" : "", (long long)s->dim[i]);
  rn_text_printf(t, " %s:%u\n", view->name(g->pub.graph, v.node), v.port);
}

void exec_program_words(const exec_subgraph *g, int constants, rn_text *out) {
  const rn_subgraph *s = &g->pub;
  const exec_claim *c = g->node->claim;
  const exec_device *d = g->node->device;
  rn_maker maker = rn_registry_maker(g->layout->plan->session->rt, c->host);
  rn_text_printf(out, "device %s\nmachine %s\ncompiler %s\nplugin %s %s\n", d->type->def->type, d->info.name,
                 c->def->name, maker.id, maker.version);
  for (uint32_t i = 0; i < s->n_in; i++) {
    int known = constants && s->value_of(s, s->in[i]) != NULL;
    add_value(out, known ? K_CONST : K_IN, g, s->in[i], &s->in_shape[i]);
  }
  for (uint32_t i = 0; i < s->n_cells; i++) add_value(out, K_CELL, g, s->cells[i], s->shape_of(s, s->cells[i]));
  for (uint32_t i = 0; i < s->n_out; i++) add_value(out, K_OUT, g, s->out[i], &s->out_shape[i]);
  for (uint32_t i = 0; i < s->n_nodes; i++)
    rn_text_printf(out, "node %s %s\n", s->view->op(s->graph, s->nodes[i]), s->view->name(s->graph, s->nodes[i]));
}

/* ------------------------------------------------------------------------------------- reading */
typedef struct reading {
  rn_arena *memory;
  rn_program_info *info;
  rn_program_value *value[3]; /* in, cell, out */
  const char **node;
  uint32_t line;
} reading;

static rn_status *wrong(const reading *r, const char *what) {
  return rn_status_make(RN_DATA_LOSS, "line %u of the program's description: %s", r->line, what);
}

/* The first word of *at, which moves behind it. */
static char *word(char **at) {
  char *first = *at, *end = first + strcspn(first, " ");
  *at = *end != '\0' ? end + 1 : end;
  *end = '\0';
  return first;
}

static rn_status *read_shape(const reading *r, char *text, rn_shape *out) {
  memset(out, 0, sizeof *out);
  if (strcmp(text, "-") == 0) return NULL;
  while (*text != '\0') {
    size_t n = strcspn(text, "x");
    if (out->rank == RN_MAX_RANK || !rn_parse_i64(text, n, &out->dim[out->rank]) || out->dim[out->rank] < 0)
      return wrong(r, "that is no shape");
    out->rank++;
    text += n + (text[n] == 'x');
  }
  int64_t count;
  rn_status *large = rn_shape_count(out, &count);
  rn_status_free(large);
  return large == NULL && count <= INT64_MAX / 16 ? NULL : wrong(r, "the shape is too large");
}

static rn_status *read_value(reading *r, int kind, char *rest) {
  uint32_t *count[] = {&r->info->n_in, &r->info->n_cells, &r->info->n_out};
  int list = kind == K_CONST ? 0 : kind - K_IN;
  rn_program_value *v = &r->value[list][*count[list]];
  const char *type = word(&rest);
  v->dtype = rn_dtype_parse(type, strlen(type));
  if (v->dtype == RN_INVALID || rn_dtype_size(v->dtype) == 0) return wrong(r, "that is no type of plain numbers");
  RN_TRY(read_shape(r, word(&rest), &v->shape));
  if (*rest == '\0') return wrong(r, "the value has no name");
  v->name = rest;
  v->data = kind == K_CONST ? "" : NULL;
  ++*count[list];
  return NULL;
}

static rn_status *read_fact(reading *r, int kind, char *rest) {
  const char **text[] = {&r->info->device, &r->info->machine, &r->info->compiler};
  if (kind >= K_CONST) return read_value(r, kind, rest);
  if (kind == K_NODE) {
    r->node[r->info->n_nodes++] = rest;
    return NULL;
  }
  if (kind == K_PLUGIN) {
    r->info->plugin = word(&rest);
    r->info->version = rest;
    return NULL;
  }
  *text[kind] = rest;
  return NULL;
}

static rn_status *read_lines(reading *r, char *text) {
  while (*text != '\0') {
    char *line = text, *end = text + strcspn(text, "\n");
    text = *end != '\0' ? end + 1 : end;
    *end = '\0';
    r->line++;
    const char *first = word(&line);
    int kind = 0;
    while (kind < N_KINDS && strcmp(first, kinds[kind]) != 0) kind++;
    if (kind == N_KINDS) return wrong(r, "it begins with no word that is known");
    RN_TRY(read_fact(r, kind, line));
  }
  return NULL;
}

rn_status *exec_program_read(const char *words, size_t length, rn_arena *memory, rn_program_info *out) {
  reading r = {.memory = memory, .info = out};
  size_t lines = 1;
  *out = (rn_program_info){.struct_size = (uint32_t)sizeof *out};
  out->device = out->machine = out->compiler = out->plugin = out->version = "";
  if (memchr(words, '\0', length) != NULL) return wrong(&r, "it is no text");
  for (size_t i = 0; i < length; i++) lines += words[i] == '\n';
  if (lines > MOST_LINES) return wrong(&r, "it has too many lines");
  char *text = rn_arena_text(memory, words, length);
  r.node = rn_arena_array(memory, lines, sizeof *r.node);
  int ok = text != NULL && r.node != NULL;
  for (int i = 0; i < 3; i++) ok &= (r.value[i] = rn_arena_array(memory, lines, sizeof *r.value[i])) != NULL;
  if (!ok) return exec_out_of_memory("a program");
  RN_TRY(read_lines(&r, text));
  if (out->device[0] == '\0' || out->compiler[0] == '\0') return wrong(&r, "it names no device or no compiler");
  out->nodes = r.node;
  out->in = r.value[0];
  out->cells = r.value[1];
  out->out = r.value[2];
  return NULL;
}

size_t exec_program_value_bytes(const rn_program_value *v) {
  return (size_t)rn_shape_elems(&v->shape) * rn_dtype_size(v->dtype);
}
