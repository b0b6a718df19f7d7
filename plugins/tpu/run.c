/* run.c - one run of a program: its memories, its instructions in order (plugins/tpu). */
#include "simulator.h"

static void *zeros(const rn_host_api *h, uint64_t size_bytes) {
  void *p = h->alloc(h->ctx, size_bytes + 64, 64);
  if (p != NULL) memset(p, 0, size_bytes + 64);
  return p;
}

rn_status *tpu_run_init(tpu_run *r, const tpu_program *p, const tpu_machine *m, const tpu_needs *needs, int cells) {
  const rn_host_api *h = p->host;
  memset(r, 0, sizeof *r);
  r->p = p;
  r->m = m;
  r->cells = cells != 0;
  r->lane = (m->array_columns + 31) / 32 * 32;
  r->buffer = zeros(h, needs->buffer_bytes);
  r->memory = zeros(h, needs->memory_bytes);
  r->acc = zeros(h, (uint64_t)(needs->accumulator_rows + 4) * r->lane * sizeof(float));
  r->tile = zeros(h, (uint64_t)m->fifo_tiles * m->array_rows * r->lane * sizeof(float));
  if (cells) r->array = zeros(h, 2 * (uint64_t)m->array_rows * m->array_columns * sizeof(float));
  if (!r->buffer || !r->memory || !r->acc || !r->tile || (cells && !r->array))
    return rn_error(h, RN_RESOURCE_EXHAUSTED, "tpu: out of memory for %llu bytes of buffer and %llu of memory",
                    (unsigned long long)needs->buffer_bytes, (unsigned long long)needs->memory_bytes);
  for (uint32_t i = 0; i < p->n_data; i++)
    if (p->data[i].size_bytes > 0)
      memcpy(r->memory + p->data[i].offset, p->bytes + p->data[i].at, p->data[i].size_bytes);
  return NULL;
}

void tpu_run_finish(tpu_run *r) {
  if (r->p == NULL) return;
  const rn_host_api *h = r->p->host;
  void *parts[] = {r->buffer, r->memory, r->acc, r->tile, r->array};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) h->free(h->ctx, parts[i]);
  memset(r, 0, sizeof *r);
}

uint8_t *tpu_run_at(const tpu_run *r, const tpu_place *p) {
  uint8_t *base = p->space == TPU_BUFFER ? r->buffer : p->space == TPU_MEMORY ? r->memory : r->io[p->io];
  return base + p->offset;
}

/* A tile waits in the queue as the array will hold it: rounded, and zero where there is no weight. */
void tpu_run_load(tpu_run *r, const tpu_ins *i) {
  uint32_t k = i->n[L_K], cols = i->n[L_COLS];
  uint64_t rs = i->n[L_RS], cs = i->n[L_CS];
  float *tile = r->tile + (size_t)((r->queue_at + r->queued++) % r->m->fifo_tiles) * r->m->array_rows * r->lane;
  const float *from = (const float *)(const void *)tpu_run_at(r, &i->a);
  const int8_t *whole = (const int8_t *)(const void *)from;
  memset(tile, 0, (size_t)r->m->array_rows * r->lane * sizeof *tile);
  for (uint32_t y = 0; y < k; y++)
    for (uint32_t x = 0; x < cols; x++) {
      if (r->m->arithmetic == TPU_BF16)
        tile[(size_t)y * r->lane + x] = tpu_to_bf16(from[y * rs + x * cs]);
      else
        tile[(size_t)y * r->lane + x] = tpu_bits_float((uint32_t)(int32_t)whole[y * rs + x * cs]);
    }
}

static void execute(tpu_run *r, const tpu_ins *i) {
  switch (i->op) {
    case TPU_WINDOW:
      r->window[i->slot] = i;
      break;
    case TPU_LOAD:
      tpu_run_load(r, i);
      break;
    case TPU_MATMUL:
      tpu_run_matmul(r, i);
      break;
    case TPU_STORE:
      tpu_run_store(r, i);
      break;
    case TPU_VECTOR:
      tpu_run_vector(r, i);
      break;
    case TPU_REDUCE:
      tpu_run_reduce(r, i);
      break;
    case TPU_ONEHOT:
      tpu_run_onehot(r, i);
      break;
    case TPU_QUANTIZE:
    case TPU_DEQUANTIZE:
      tpu_run_convert(r, i);
      break;
    case TPU_LOOKUP:
      tpu_run_lookup(r, i);
      break;
    case TPU_COMBINE:
      tpu_run_combine(r, i);
      break;
    case TPU_END:
      break;
    default:
      tpu_run_pool(r, i);
      break;
  }
}

rn_status *tpu_run_program(tpu_run *r, void *const *io, int (*stop)(void *arg), void *arg) {
  r->io = io;
  r->queue_at = r->queued = 0;
  for (uint32_t i = 0; i < r->p->n_ins; i++) {
    if (stop != NULL && i % 64 == 63 && stop(arg))
      return r->p->host->status(RN_CANCELLED, "tpu: the step was cancelled");
    execute(r, &r->p->ins[i]);
  }
  return NULL;
}
