/* timeline_fuzz.c - any bytes as the run metadata of a step (tests/fuzz). */
#include <runnel/timeline.h>

static rn_status *touch(void *arg, const rn_span *s) {
  uint64_t *sum = arg;
  const rn_bytes text[] = {s->node, s->op, s->device, s->kernel, s->plugin, s->track, s->scope, s->shape};
  for (int i = 0; i < 8; i++)
    for (uint64_t k = 0; k < text[i].size; k++) *sum += (unsigned char)text[i].data[k];
  for (uint32_t i = 0; i < s->n_covers; i++)
    for (uint64_t k = 0; k < s->covers[i].size; k++) *sum += (unsigned char)s->covers[i].data[k];
  *sum += s->end_us < s->begin_us;
  *sum += (unsigned char)rn_timeline_kind(s->kind)[0];
  return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint64_t sum = 0;
  rn_status_free(rn_timeline_read(data, size, touch, &sum));
  return 0;
}
