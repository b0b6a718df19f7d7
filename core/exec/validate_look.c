/* exec/validate_look.c - what the copies of a call tell when the kernel is done (core/exec). */
#include <stdio.h>
#include "exec/validate.h"

uint32_t exec_frame_parts(const exec_frame *f) { return f->pub.n_in + f->pub.n_out + 1; }

const char *exec_frame_name(const exec_frame *f, const frame_bytes *b, char *buf, size_t size_bytes) {
  uint32_t i = 0, scratch = exec_frame_parts(f) - 1;
  while (i <= scratch && b != &f->bytes[i]) i++;
  if (i > scratch)
    (void)snprintf(buf, size_bytes, "variable '%.100s'", rn_resource_name(b->resource));
  else if (i == scratch)
    (void)snprintf(buf, size_bytes, "its scratch");
  else if (i >= f->pub.n_in)
    (void)snprintf(buf, size_bytes, "output %u", i - f->pub.n_in);
  else
    (void)snprintf(buf, size_bytes, "input %u", i);
  return buf;
}

static void check_zones(exec_frame *f, const frame_bytes *b) {
  rn_damage d;
  char name[128], text[160];
  if (b->own == NULL || b->shared || rn_guarded_check(b->own, &d)) return;
  rn_violation_here(f->plugin, "wrote outside of %s of %zu bytes: %s", exec_frame_name(f, b, name, sizeof name),
                    b->size_bytes, rn_damage_text(&d, text, sizeof text));
}

static size_t first_difference(const void *a, const void *b, size_t n) {
  size_t i = 0;
  while (i < n && ((const unsigned char *)a)[i] == ((const unsigned char *)b)[i]) i++;
  return i;
}

static void check_unchanged(exec_frame *f, const frame_bytes *b) {
  char name[128];
  if (b->own == NULL || b->shared || b->writes || b->stale || b->volatile_real || b->real == NULL) return;
  if (memcmp(b->own, b->real, b->size_bytes) == 0) return;
  rn_violation_here(f->plugin, "changed %s, which it may only read, from byte %zu of %zu on",
                    exec_frame_name(f, b, name, sizeof name), first_difference(b->own, b->real, b->size_bytes),
                    b->size_bytes);
}

/* Bytes still as they were when the memory was made, in whole words; an element may look so by chance. */
static size_t unwritten(const void *p, size_t n, size_t *out_first) {
  const uint32_t word = RN_UNWRITTEN;
  size_t bytes = 0;
  for (size_t i = 0; i + sizeof word <= n; i += sizeof word) {
    if (memcmp((const char *)p + i, &word, sizeof word) != 0) continue;
    if (bytes == 0) *out_first = i;
    bytes += sizeof word;
  }
  return bytes;
}

static void check_output(exec_frame *f, uint32_t o) {
  const exec_watched *w = f->watched;
  const exec_call *real = f->real;
  const frame_bytes *b = &f->bytes[f->pub.n_in + o];
  const exec_value *v = &w->plan->value[w->plan->node[w->node].out + o];
  size_t first = 0, bytes = b->own != NULL && !b->given ? unwritten(b->own, b->size_bytes, &first) : 0;
  if (bytes != 0)
    rn_violation_here(f->plugin, "%zu of %zu bytes of output %u were never written, from byte %zu on", bytes,
                      b->size_bytes, o, first);
  const rn_tensor_view *out = real->pub.out[o];
  int empty = rn_shape_known(&out->shape) && out->size_bytes == 0 && out->dtype != RN_STRING;
  int made = out->data != NULL || out->mem != NULL || real->held[o] != NULL || real->made[o] != NULL || empty;
  if (!made && v->cell == EXEC_NONE && v->dtype < RN_REF)
    rn_violation_here(f->plugin, "output %u was never made: neither set_output nor set_output_tensor", o);
}

static void check_state(const exec_frame *f) {
  const exec_watched *w = f->watched;
  size_t now;
  if (w->state_bytes == 0 || !rn_guarded_find(w->prep.state, &now)) return;
  if (exec_hash_bytes(w->prep.state, w->state_bytes) != w->state_hash)
    rn_violation_here(f->plugin, "changed its prepared state of %zu bytes, which all runs share", w->state_bytes);
  rn_damage d;
  char text[160];
  if (!rn_guarded_check(w->prep.state, &d))
    rn_violation_here(f->plugin, "wrote outside of its prepared state of %zu bytes: %s", w->state_bytes,
                      rn_damage_text(&d, text, sizeof text));
}

void exec_frame_look(exec_frame *f, int failed) {
  for (uint32_t i = 0; i < exec_frame_parts(f); i++) check_zones(f, &f->bytes[i]);
  for (uint32_t i = 0; i < f->n_cell; i++) check_zones(f, &f->cell[i]);
  for (uint32_t i = 0; i < f->pub.n_in; i++) check_unchanged(f, &f->bytes[i]);
  for (uint32_t i = 0; i < f->n_cell; i++) check_unchanged(f, &f->cell[i]);
  for (uint32_t o = 0; o < f->pub.n_out && !failed; o++) check_output(f, o);
  check_state(f);
}
