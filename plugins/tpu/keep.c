/* keep.c - a compiled program as bytes, and again (plugins/tpu).
 *
 *   "RNTPUC\0\1", inputs, outputs, variables and packs (4 bytes each, little endian), the packs, the program
 *
 * The bytes come from a file that anybody may have changed. The verifier keeps the program within the machine's
 * memories and its tensors; what is checked here is that tensors and packs are those of such a program. */
#include <math.h>
#include "compiled.h"

enum { PACK_BYTES = 80 };
static const char magic[8] = "RNTPUC\0\1";
static const char version[] = "1"; /* of what the compiler makes of a claim: a new one makes old programs stale */

static uint64_t mix(uint64_t h, const void *bytes, size_t n) {
  const uint8_t *b = bytes;
  for (size_t i = 0; i < n; i++) h = (h ^ b[i]) * 0x100000001b3u;
  return h;
}

/* Ranges decide on every integer's scale, so all of the file counts. */
uint64_t tpu_fingerprint(const rn_host_api *host, void *device) {
  const tpu_machine *m = &((const tpu_device *)device)->machine;
  const char *calibrate = host->config(host->ctx, "calibrate");
  uint64_t print = tpu_machine_print(m), h = mix(0xcbf29ce484222325u, version, sizeof version);
  h = mix(h, &print, sizeof print);
  if (m->arithmetic != TPU_INT8) return h;
  if (calibrate != NULL) h = mix(h, calibrate, strlen(calibrate));
  tpu_ranges ranges;
  rn_status *s = tpu_ranges_read(host, host->config(host->ctx, "ranges"), &ranges);
  if (s != NULL) host->status_free(s);
  for (uint32_t i = 0; i < ranges.n; i++) {
    h = mix(h, ranges.item[i].name, strlen(ranges.item[i].name));
    h = mix(h, &ranges.item[i].low, sizeof(float));
    h = mix(h, &ranges.item[i].high, sizeof(float));
  }
  tpu_ranges_finish(&ranges);
  return h;
}

/* ------------------------------------------------------------------------------------- writing */
static uint8_t *put(uint8_t *to, uint64_t x, unsigned bytes) {
  for (unsigned i = 0; i < bytes; i++) *to++ = (uint8_t)(x >> (8 * i));
  return to;
}

static rn_status *write_pack(const tpu_pack *p, rn_status *(*write)(void *, const void *, size_t), void *arg) {
  uint8_t bytes[PACK_BYTES], *to = bytes;
  const uint32_t word[] = {p->weights, p->bias,   p->weights_at, p->table_at,    p->min,
                           p->max,     p->bottom, p->top,        p->per_channel, p->parts};
  const uint32_t bits[] = {tpu_float_bits(p->in.scale), (uint32_t)p->in.zero,   tpu_float_bits(p->out.scale),
                           (uint32_t)p->out.zero,       tpu_float_bits(p->low), tpu_float_bits(p->high)};
  to = put(put(to, p->k, 8), p->n, 8);
  for (size_t i = 0; i < sizeof word / sizeof word[0]; i++) to = put(to, word[i], 4);
  for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) to = put(to, bits[i], 4);
  return write(arg, bytes, sizeof bytes);
}

rn_status *tpu_serialize(const void *program, rn_status *(*write)(void *arg, const void *bytes, size_t n), void *arg) {
  const tpu_compiled *c = program;
  uint8_t head[sizeof magic + 16];
  if (c->made.n_seen > 0) return rn_error(c->host, RN_UNIMPLEMENTED, "tpu: a program that measures ranges is not kept");
  memcpy(head, magic, sizeof magic);
  (void)put(put(put(put(head + 8, c->n_in, 4), c->n_out, 4), c->n_cells, 4), c->made.n_packs, 4);
  RN_TRY(write(arg, head, sizeof head));
  for (uint32_t i = 0; i < c->made.n_packs; i++) RN_TRY(write_pack(&c->made.pack[i], write, arg));
  tpu_text t = {c->host, NULL, 0, 0, 0};
  rn_status *s = tpu_program_write(&c->made.program, &t);
  if (s == NULL) s = write(arg, t.chars, t.n);
  tpu_text_finish(&t);
  return s;
}

/* ------------------------------------------------------------------------------------- reading */
static uint64_t take(const uint8_t **at, unsigned bytes) {
  uint64_t x = 0;
  for (unsigned i = 0; i < bytes; i++) x |= (uint64_t) * (*at)++ << (8 * i);
  return x;
}

static void read_pack(const uint8_t **at, tpu_pack *p) {
  uint32_t *word[] = {&p->weights, &p->bias,   &p->weights_at, &p->table_at,    &p->min,
                      &p->max,     &p->bottom, &p->top,        &p->per_channel, &p->parts};
  p->k = take(at, 8);
  p->n = take(at, 8);
  for (size_t i = 0; i < sizeof word / sizeof word[0]; i++) *word[i] = (uint32_t)take(at, 4);
  p->in.scale = tpu_bits_float((uint32_t)take(at, 4));
  p->in.zero = (int32_t)(uint32_t)take(at, 4);
  p->out.scale = tpu_bits_float((uint32_t)take(at, 4));
  p->out.zero = (int32_t)(uint32_t)take(at, 4);
  p->low = tpu_bits_float((uint32_t)take(at, 4));
  p->high = tpu_bits_float((uint32_t)take(at, 4));
}

static int is_scale(const tpu_scale *s) {
  return isfinite(s->scale) && s->scale > 0 && s->zero >= -128 && s->zero <= 127;
}

static int is_input(const tpu_compiled *c, uint32_t i, int may_lack) {
  return i < c->n_in || (may_lack && i == UINT32_MAX);
}

static const char *check_pack(const tpu_compiled *c, const tpu_pack *p) {
  uint64_t room = c->needs.memory_bytes;
  if (!is_input(c, p->weights, 0) || !is_input(c, p->bias, 1) || !is_input(c, p->min, 1) ||
      (p->min != UINT32_MAX && !is_input(c, p->max, 0)))
    return "weights that are no input";
  if (p->parts < 1 || p->parts > 2 || p->bottom > p->top || p->top > 255 || p->per_channel > 1)
    return "steps that are none";
  if (p->min == UINT32_MAX && (!isfinite(p->low) || !isfinite(p->high) || p->per_channel))
    return "a range that is none";
  if (p->k == 0 || p->n == 0 || p->k > room / p->n / p->parts || p->n > room / TPU_COLUMN_BYTES)
    return "weights of no size";
  if (p->weights_at > room - p->k * p->n * p->parts || p->table_at > room - p->n * TPU_COLUMN_BYTES)
    return "weights outside of the memory";
  return is_scale(&p->in) && is_scale(&p->out) ? NULL : "a scale that is none";
}

static const char *check(const tpu_compiled *c, const rn_subgraph *s) {
  const tpu_program *p = &c->made.program;
  if ((uint64_t)c->n_in + c->n_out + c->n_cells != p->n_io) return "its tensors are not those of its program";
  for (uint32_t i = 0; i < c->n_in; i++)
    if (p->io[i].writes) return "it writes an input";
  for (uint32_t i = 0; i < c->made.n_packs; i++) {
    const char *no = check_pack(c, &c->made.pack[i]);
    if (no != NULL) return no;
  }
  if (s != NULL && (s->n_in != c->n_in || s->n_out != c->n_out || s->n_cells != c->n_cells))
    return "it has other inputs and outputs";
  return NULL;
}

static rn_status *read(tpu_compiled *c, const rn_subgraph *s, const uint8_t *bytes, size_t n) {
  const uint8_t *at = bytes + sizeof magic;
  if (n < sizeof magic + 16 || memcmp(bytes, magic, sizeof magic) != 0)
    return rn_error(c->host, RN_DATA_LOSS, "tpu: not a compiled program: it does not begin with RNTPUC and version 1");
  c->n_in = (uint32_t)take(&at, 4);
  c->n_out = (uint32_t)take(&at, 4);
  c->n_cells = (uint32_t)take(&at, 4);
  c->made.n_packs = (uint32_t)take(&at, 4);
  size_t left = n - sizeof magic - 16;
  if (c->made.n_packs > TPU_MAX_PACKS || left / PACK_BYTES < c->made.n_packs)
    return rn_error(c->host, RN_DATA_LOSS, "tpu: the program ends in the middle, after %zu bytes", n);
  for (uint32_t i = 0; i < c->made.n_packs; i++) read_pack(&at, &c->made.pack[i]);
  left -= (size_t)c->made.n_packs * PACK_BYTES;
  RN_TRY(tpu_program_read(c->host, at, left, &c->made.program));
  RN_TRY(tpu_verify(&c->made.program, &c->machine, &c->needs));
  const char *no = check(c, s);
  if (no != NULL) return rn_error(c->host, RN_DATA_LOSS, "tpu: not a program of this compiler: %s", no);
  return tpu_time(&c->made.program, &c->machine, &c->counters);
}

rn_status *tpu_deserialize(const rn_host_api *host, void *device, const rn_subgraph *s, const void *bytes, size_t n,
                           void **out) {
  tpu_compiled *c;
  RN_TRY(tpu_compiled_create(host, device, &c));
  rn_status *failed = read(c, s, bytes, n);
  if (failed != NULL)
    tpu_compiled_release(c);
  else
    *out = c;
  return failed;
}
