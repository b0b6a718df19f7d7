/* assembler.c - programs as text, both ways (plugins/tpu).
 *
 *   .machine bf16 print=0x1234
 *   .memory 4096
 *   .io 401408 in near                 tensor 0; then in or out or both, near or far
 *   .data 0x40 0a0b0c                  bytes of the memory, as hexadecimal digits
 *   matmul a=io0+0x0 acc=0 rows=100 k=128 cols=128 rs=784 cs=1 +accumulate
 *   store.relu dst=buffer+0x0 b=memory+0x40 rows=100 cols=128 rs=128 +bias
 *
 * What is 0 is not printed. ; begins a comment. */
#include "program.h"
#include <stdlib.h>

static const char *const spaces[] = {"nowhere", "buffer", "memory", "io"};

static void print_place(tpu_text *t, const char *name, tpu_place p) {
  if (p.space == TPU_NOWHERE && p.offset == 0 && p.io == 0) return;
  tpu_text_add(t, " %s=%s", name, spaces[p.space & 3]);
  if (p.space == TPU_IO) tpu_text_add(t, "%u", p.io);
  tpu_text_add(t, "+0x%x", p.offset);
}

static void print_number(tpu_text *t, const tpu_op *op, uint32_t k, uint32_t x) {
  float real;
  if (x == 0) return;
  memcpy(&real, &x, sizeof real);
  if ((op->reals >> k & 1) == 0)
    tpu_text_add(t, " %s=%u", op->numbers[k], x);
  else if (real == real)
    tpu_text_add(t, " %s=%a", op->numbers[k], (double)real);
  else
    tpu_text_add(t, " %s=bits:0x%x", op->numbers[k], x);
}

void tpu_print_ins(const tpu_ins *i, tpu_text *t) {
  if (i->op >= TPU_N_OPS) {
    tpu_text_add(t, "(op %u)", i->op);
    return;
  }
  const tpu_op *op = &tpu_ops[i->op];
  tpu_text_add(t, "%s", op->name);
  if (op->n_fn > 0 && i->fn < op->n_fn) tpu_text_add(t, ".%s", op->fn[i->fn]);
  if ((op->has & TPU_HAS_SLOT) != 0 && i->slot != 0) tpu_text_add(t, " slot=%u", i->slot);
  if ((op->has & TPU_HAS_DST) != 0) print_place(t, "dst", i->dst);
  if ((op->has & TPU_HAS_A) != 0) print_place(t, "a", i->a);
  if ((op->has & TPU_HAS_B) != 0) print_place(t, "b", i->b);
  for (uint32_t k = 0; k < op->n_numbers; k++) print_number(t, op, k, i->n[k]);
  for (uint32_t k = 0; k < TPU_N_FLAGS; k++)
    if ((i->flags >> k & 1) != 0) tpu_text_add(t, " +%s", tpu_flag_names[k]);
}

rn_status *tpu_disassemble(const tpu_program *p, tpu_text *t) {
  tpu_text_add(t, ".machine %s print=0x%llx\n.memory %llu\n", p->machine[0] ? p->machine : "-",
               (unsigned long long)p->print, (unsigned long long)p->memory_bytes);
  for (uint32_t i = 0; i < p->n_io; i++)
    tpu_text_add(t, ".io %llu %s %s\n", (unsigned long long)p->io[i].size_bytes,
                 p->io[i].reads && p->io[i].writes ? "both"
                 : p->io[i].writes                 ? "out"
                 : p->io[i].reads                  ? "in"
                                                   : "none",
                 p->io[i].near ? "near" : "far");
  for (uint32_t i = 0; i < p->n_data; i++) {
    tpu_text_add(t, ".data 0x%x ", p->data[i].offset);
    for (uint32_t k = 0; k < p->data[i].size_bytes; k++) tpu_text_add(t, "%02x", p->bytes[p->data[i].at + k]);
    tpu_text_add(t, "\n");
  }
  for (uint32_t i = 0; i < p->n_ins; i++) {
    tpu_print_ins(&p->ins[i], t);
    tpu_text_add(t, "\n");
  }
  return t->failed ? p->host->status(RN_RESOURCE_EXHAUSTED, "tpu: out of memory for a program's text") : NULL;
}

/* ------------------------------------------------------------------------------------ reading */
typedef struct reader {
  tpu_program *p;
  uint32_t line;
  char word[128]; /* the word looked at */
  const char *at; /* what follows it */
} reader;

static rn_status *bad(const reader *r, const char *what) {
  return rn_error(r->p->host, RN_INVALID_ARGUMENT, "tpu: line %u: %s: '%s'", r->line, what, r->word);
}

/* The next word of the line into r->word; 0: there is none. Words that do not fit are cut and so not known. */
static int next(reader *r) {
  size_t n = 0;
  while (*r->at == ' ' || *r->at == '\t' || *r->at == '\r') r->at++;
  if (*r->at == '\0' || *r->at == '\n' || *r->at == ';') return 0;
  while (*r->at != '\0' && strchr(" \t\r\n;", *r->at) == NULL) {
    if (n + 1 < sizeof r->word) r->word[n++] = *r->at;
    r->at++;
  }
  r->word[n] = '\0';
  return 1;
}

static int whole(const char *text, uint64_t max, uint64_t *out) {
  char *end;
  if (*text < '0' || *text > '9') return 0;
  *out = strtoull(text, &end, 0);
  return *end == '\0' && *out <= max;
}

static int number(const char *text, int is_real, uint32_t *out) {
  uint64_t x;
  char *end;
  if (strncmp(text, "bits:", 5) == 0) is_real = 0, text += 5;
  if (!is_real) {
    if (!whole(text, UINT32_MAX, &x)) return 0;
    *out = (uint32_t)x;
    return 1;
  }
  float real = strtof(text, &end);
  memcpy(out, &real, sizeof real);
  return end != text && *end == '\0';
}

static int place(const char *text, tpu_place *out) {
  uint64_t io = 0, offset;
  const char *plus = strchr(text, '+');
  char name[32];
  if (plus == NULL || (size_t)(plus - text) >= sizeof name || !whole(plus + 1, UINT32_MAX, &offset)) return 0;
  memcpy(name, text, (size_t)(plus - text));
  name[plus - text] = '\0';
  for (uint8_t s = 0; s < 3; s++)
    if (strcmp(name, spaces[s]) == 0) {
      *out = (tpu_place){(uint32_t)offset, 0, s, 0};
      return 1;
    }
  if (strncmp(name, "io", 2) != 0 || !whole(name + 2, UINT16_MAX, &io)) return 0;
  *out = (tpu_place){(uint32_t)offset, (uint16_t)io, TPU_IO, 0};
  return 1;
}

static rn_status *field(reader *r, const tpu_op *op, tpu_ins *i) {
  char *equals = strchr(r->word, '=');
  uint64_t x;
  if (r->word[0] == '+') {
    for (uint32_t k = 0; k < TPU_N_FLAGS; k++) {
      if (strcmp(r->word + 1, tpu_flag_names[k]) != 0 || (op->flags >> k & 1) == 0) continue;
      i->flags |= (uint8_t)(1u << k);
      return NULL;
    }
    return bad(r, "no such flag of this instruction");
  }
  if (equals == NULL) return bad(r, "expected name=value");
  size_t n = (size_t)(equals - r->word);
  const char *value = equals + 1;
  const struct {
    const char *name;
    uint32_t bit;
    tpu_place *to;
  } places[] = {{"dst", TPU_HAS_DST, &i->dst}, {"a", TPU_HAS_A, &i->a}, {"b", TPU_HAS_B, &i->b}};
  for (int k = 0; k < 3; k++)
    if (strlen(places[k].name) == n && strncmp(places[k].name, r->word, n) == 0 && (op->has & places[k].bit) != 0)
      return place(value, places[k].to) ? NULL : bad(r, "not a place, such as buffer+0x40 or io0+0x0");
  if (n == 4 && strncmp(r->word, "slot", 4) == 0 && (op->has & TPU_HAS_SLOT) != 0) {
    if (!whole(value, 255, &x)) return bad(r, "not a slot");
    i->slot = (uint8_t)x;
    return NULL;
  }
  for (uint32_t k = 0; k < op->n_numbers; k++)
    if (strlen(op->numbers[k]) == n && strncmp(op->numbers[k], r->word, n) == 0)
      return number(value, (op->reals >> k & 1) != 0, &i->n[k]) ? NULL : bad(r, "not a number of 32 bits");
  return bad(r, "no such field of this instruction");
}

static rn_status *instruction(reader *r) {
  tpu_ins i;
  uint8_t op = 0;
  memset(&i, 0, sizeof i);
  char *dot = strchr(r->word, '.');
  if (dot != NULL) *dot = '\0';
  while (op < TPU_N_OPS && strcmp(r->word, tpu_ops[op].name) != 0) op++;
  if (op == TPU_N_OPS) return bad(r, "no such instruction");
  i.op = op;
  if ((dot != NULL) != (tpu_ops[op].n_fn > 0)) return bad(r, dot ? "it has no functions" : "its function is missing");
  while (dot != NULL && i.fn < tpu_ops[op].n_fn && strcmp(dot + 1, tpu_ops[op].fn[i.fn]) != 0) i.fn++;
  if (dot != NULL && i.fn == tpu_ops[op].n_fn) return bad(r, "no such function of this instruction");
  while (next(r)) RN_TRY(field(r, &tpu_ops[op], &i));
  return tpu_program_add(r->p, &i);
}

static rn_status *io(reader *r) {
  tpu_io x = {0};
  if (!next(r) || !whole(r->word, UINT64_MAX, &x.size_bytes)) return bad(r, ".io: expected its bytes");
  while (next(r)) {
    int both = strcmp(r->word, "both") == 0, in = strcmp(r->word, "in") == 0, out = strcmp(r->word, "out") == 0,
        near = strcmp(r->word, "near") == 0;
    if (!both && !in && !out && !near && strcmp(r->word, "far") != 0 && strcmp(r->word, "none") != 0)
      return bad(r, ".io: expected in, out, both or none, near or far");
    x.reads |= (uint8_t)(both || in);
    x.writes |= (uint8_t)(both || out);
    x.near |= (uint8_t)near;
  }
  return tpu_program_add_io(r->p, x);
}

static int digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

static rn_status *data(reader *r) {
  uint64_t offset;
  if (!next(r) || !whole(r->word, UINT32_MAX, &offset)) return bad(r, ".data: expected an offset");
  while (*r->at == ' ') r->at++;
  size_t n = 0;
  while (digit(r->at[n]) >= 0) n++;
  if (n % 2 != 0 || n / 2 > UINT32_MAX) return bad(r, ".data: expected pairs of hexadecimal digits");
  RN_TRY(tpu_program_add_data(r->p, (uint32_t)offset, NULL, (uint32_t)(n / 2)));
  uint8_t *to = n > 0 ? r->p->bytes + r->p->n_bytes - n / 2 : NULL;
  for (size_t k = 0; k < n / 2; k++) to[k] = (uint8_t)(digit(r->at[2 * k]) << 4 | digit(r->at[2 * k + 1]));
  r->at += n;
  return next(r) ? bad(r, ".data: expected pairs of hexadecimal digits") : NULL;
}

static rn_status *machine(reader *r) {
  if (!next(r) || strlen(r->word) >= sizeof r->p->machine) return bad(r, ".machine: expected a name");
  memset(r->p->machine, 0, sizeof r->p->machine);
  if (strcmp(r->word, "-") != 0) memcpy(r->p->machine, r->word, strlen(r->word));
  if (!next(r) || strncmp(r->word, "print=", 6) != 0 || !whole(r->word + 6, UINT64_MAX, &r->p->print))
    return bad(r, ".machine: expected print=NUMBER");
  return NULL;
}

static rn_status *read_line(reader *r) {
  if (!next(r)) return NULL;
  if (strcmp(r->word, ".io") == 0) return io(r);
  if (strcmp(r->word, ".data") == 0) return data(r);
  if (strcmp(r->word, ".machine") == 0) return machine(r);
  if (strcmp(r->word, ".memory") != 0) return instruction(r);
  return next(r) && whole(r->word, UINT64_MAX, &r->p->memory_bytes) ? NULL : bad(r, ".memory: expected its bytes");
}

rn_status *tpu_assemble(const rn_host_api *host, const char *text, tpu_program *out) {
  reader r = {out, 0, "", text};
  tpu_program_init(out, host, NULL);
  while (*text != '\0') {
    r.line++;
    r.at = text;
    r.word[0] = '\0';
    RN_TRY(read_line(&r));
    text += strcspn(text, "\n");
    text += *text == '\n';
  }
  return NULL;
}
