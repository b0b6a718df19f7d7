/* program.c - a program's memory: it grows while it is made, and is one piece afterwards (plugins/tpu). */
#include "program.h"
#include <stdarg.h>

void tpu_program_init(tpu_program *p, const rn_host_api *host, const tpu_machine *m) {
  memset(p, 0, sizeof *p);
  p->host = host;
  if (m == NULL) return;
  memcpy(p->machine, m->name, sizeof p->machine);
  p->print = tpu_machine_print(m);
}

void tpu_program_finish(tpu_program *p) {
  const rn_host_api *h = p->host;
  h->free(h->ctx, p->io);
  h->free(h->ctx, p->data);
  h->free(h->ctx, p->ins);
  h->free(h->ctx, p->bytes);
  memset(p, 0, sizeof *p);
  p->host = h;
}

/* A larger copy of a list; the old one is freed. NULL: out of memory, and the old one is as it was. */
static void *larger(const rn_host_api *h, void *old, uint64_t used, uint64_t room) {
  void *grown = h->alloc(h->ctx, room, 16);
  if (grown == NULL) return NULL;
  if (used > 0) memcpy(grown, old, used);
  h->free(h->ctx, old);
  return grown;
}
static rn_status *no_room(const rn_host_api *h) {
  return h->status(RN_RESOURCE_EXHAUSTED, "tpu: out of memory for a program");
}

rn_status *tpu_program_add(tpu_program *p, const tpu_ins *i) {
  if (p->n_ins == p->cap_ins) {
    uint32_t cap = p->cap_ins ? p->cap_ins * 2 : 64;
    tpu_ins *grown = cap > p->cap_ins
                         ? larger(p->host, p->ins, (uint64_t)p->n_ins * sizeof *grown, (uint64_t)cap * sizeof *grown)
                         : NULL;
    if (grown == NULL) return no_room(p->host);
    p->ins = grown;
    p->cap_ins = cap;
  }
  p->ins[p->n_ins++] = *i;
  return NULL;
}

rn_status *tpu_program_add_io(tpu_program *p, tpu_io io) {
  if (p->n_io == UINT16_MAX) return rn_error(p->host, RN_INVALID_ARGUMENT, "tpu: more than %u tensors", UINT16_MAX);
  if (p->n_io == p->cap_io) {
    uint32_t cap = p->cap_io ? p->cap_io * 2 : 8;
    tpu_io *grown = larger(p->host, p->io, p->n_io * sizeof *grown, cap * sizeof *grown);
    if (grown == NULL) return no_room(p->host);
    p->io = grown;
    p->cap_io = cap;
  }
  p->io[p->n_io++] = io;
  return NULL;
}

rn_status *tpu_program_add_data(tpu_program *p, uint32_t offset, const void *data, uint32_t size_bytes) {
  if (p->n_data == p->cap_data) {
    uint32_t cap = p->cap_data ? p->cap_data * 2 : 8;
    tpu_data *grown = larger(p->host, p->data, p->n_data * sizeof *grown, (uint64_t)cap * sizeof *grown);
    if (grown == NULL) return no_room(p->host);
    p->data = grown;
    p->cap_data = cap;
  }
  if (size_bytes > p->cap_bytes - p->n_bytes) {
    uint64_t cap = (p->n_bytes + size_bytes) * 2;
    uint8_t *grown = larger(p->host, p->bytes, p->n_bytes, cap);
    if (grown == NULL) return no_room(p->host);
    p->bytes = grown;
    p->cap_bytes = cap;
  }
  if (data != NULL && size_bytes > 0) memcpy(p->bytes + p->n_bytes, data, size_bytes);
  if (data == NULL && size_bytes > 0) memset(p->bytes + p->n_bytes, 0, size_bytes);
  p->data[p->n_data++] = (tpu_data){offset, size_bytes, p->n_bytes};
  p->n_bytes += size_bytes;
  return NULL;
}

/* ---------------------------------------------------------------------------------------- texts */
static int make_room(tpu_text *t, size_t more) {
  if (t->failed) return 0;
  if (t->n + more + 1 <= t->room) return 1;
  size_t room = (t->n + more + 1) * 2;
  char *grown = larger(t->host, t->chars, t->n + (t->chars != NULL), room);
  t->failed = grown == NULL;
  if (t->failed) return 0;
  t->chars = grown;
  t->room = room;
  return 1;
}

void tpu_text_add(tpu_text *t, const char *format, ...) {
  va_list ap, again;
  va_start(ap, format);
  va_copy(again, ap);
  int n = vsnprintf(NULL, 0, format, ap);
  if (n >= 0 && make_room(t, (size_t)n)) {
    vsnprintf(t->chars + t->n, (size_t)n + 1, format, again);
    t->n += (size_t)n;
  }
  va_end(again);
  va_end(ap);
}

void tpu_text_finish(tpu_text *t) {
  t->host->free(t->host->ctx, t->chars);
  t->chars = NULL;
  t->n = t->room = 0;
}

/* ---------------------------------------------------------------------------------------- bytes */
static void put(tpu_text *t, uint64_t x, unsigned bytes) {
  if (!make_room(t, bytes)) return;
  for (unsigned i = 0; i < bytes; i++) t->chars[t->n++] = (char)(x >> (8 * i));
}
static void put_place(tpu_text *t, tpu_place p) {
  put(t, p.offset, 4);
  put(t, p.io, 2);
  put(t, p.space, 1);
  put(t, 0, 1);
}
static const char magic[8] = "RNTPU\0\1";

rn_status *tpu_program_write(const tpu_program *p, tpu_text *out) {
  for (unsigned i = 0; i < sizeof magic; i++) put(out, (uint8_t)magic[i], 1);
  for (unsigned i = 0; i < sizeof p->machine; i++) put(out, (uint8_t)p->machine[i], 1);
  put(out, p->print, 8);
  put(out, p->memory_bytes, 8);
  put(out, p->n_io, 4);
  put(out, p->n_data, 4);
  put(out, p->n_ins, 4);
  for (uint32_t i = 0; i < p->n_io; i++) {
    put(out, p->io[i].size_bytes, 8);
    put(out, (uint64_t)p->io[i].reads | (uint64_t)p->io[i].writes << 1 | (uint64_t)p->io[i].near << 2, 1);
  }
  for (uint32_t i = 0; i < p->n_data; i++) {
    put(out, p->data[i].offset, 4);
    put(out, p->data[i].size_bytes, 4);
    for (uint32_t k = 0; k < p->data[i].size_bytes; k++) put(out, p->bytes[p->data[i].at + k], 1);
  }
  for (uint32_t i = 0; i < p->n_ins; i++) {
    const tpu_ins *x = &p->ins[i];
    put(out, x->op, 1), put(out, x->fn, 1), put(out, x->flags, 1), put(out, x->slot, 1);
    put_place(out, x->dst), put_place(out, x->a), put_place(out, x->b);
    for (unsigned k = 0; k < TPU_N_NUMBERS; k++) put(out, x->n[k], 4);
  }
  return out->failed ? no_room(p->host) : NULL;
}

typedef struct taker {
  const uint8_t *at, *end;
  int short_of;
} taker;
static uint64_t take(taker *t, unsigned bytes) {
  uint64_t x = 0;
  if ((size_t)(t->end - t->at) < bytes) {
    t->short_of = 1;
    return 0;
  }
  for (unsigned i = 0; i < bytes; i++) x |= (uint64_t)*t->at++ << (8 * i);
  return x;
}
static tpu_place take_place(taker *t) {
  tpu_place p = {(uint32_t)take(t, 4), (uint16_t)take(t, 2), (uint8_t)take(t, 1), 0};
  (void)take(t, 1);
  return p;
}

static rn_status *take_parts(taker *t, tpu_program *p, const uint32_t count[3]) {
  for (uint32_t i = 0; i < count[0] && !t->short_of; i++) {
    uint64_t size_bytes = take(t, 8), bits = take(t, 1);
    RN_TRY(tpu_program_add_io(p, (tpu_io){size_bytes, bits & 1, bits >> 1 & 1, bits >> 2 & 1, {0}}));
  }
  for (uint32_t i = 0; i < count[1] && !t->short_of; i++) {
    uint32_t offset = (uint32_t)take(t, 4), n = (uint32_t)take(t, 4);
    t->short_of |= (size_t)(t->end - t->at) < n;
    if (t->short_of) break;
    RN_TRY(tpu_program_add_data(p, offset, t->at, n));
    t->at += n;
  }
  for (uint32_t i = 0; i < count[2] && !t->short_of; i++) {
    tpu_ins x;
    memset(&x, 0, sizeof x);
    x.op = (uint8_t)take(t, 1), x.fn = (uint8_t)take(t, 1), x.flags = (uint8_t)take(t, 1), x.slot = (uint8_t)take(t, 1);
    x.dst = take_place(t), x.a = take_place(t), x.b = take_place(t);
    for (unsigned k = 0; k < TPU_N_NUMBERS; k++) x.n[k] = (uint32_t)take(t, 4);
    if (!t->short_of) RN_TRY(tpu_program_add(p, &x));
  }
  return NULL;
}

rn_status *tpu_program_read(const rn_host_api *host, const void *bytes, size_t n, tpu_program *out) {
  taker t = {bytes, (const uint8_t *)bytes + n, 0};
  uint32_t count[3];
  tpu_program_init(out, host, NULL);
  if (n < sizeof magic || memcmp(bytes, magic, sizeof magic) != 0)
    return rn_error(host, RN_DATA_LOSS, "tpu: not a program: it does not begin with RNTPU and version 1");
  t.at += sizeof magic;
  for (unsigned i = 0; i < sizeof out->machine; i++) out->machine[i] = (char)take(&t, 1);
  out->machine[sizeof out->machine - 1] = '\0';
  out->print = take(&t, 8);
  out->memory_bytes = take(&t, 8);
  for (int i = 0; i < 3; i++) count[i] = (uint32_t)take(&t, 4);
  RN_TRY(take_parts(&t, out, count));
  if (t.short_of) return rn_error(host, RN_DATA_LOSS, "tpu: the program ends in the middle, after %zu bytes", n);
  if (t.at != t.end)
    return rn_error(host, RN_DATA_LOSS, "tpu: %zu bytes stand behind the program", (size_t)(t.end - t.at));
  return NULL;
}
