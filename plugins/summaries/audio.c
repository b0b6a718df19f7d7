/* audio.c - AudioSummary: sound as 16-bit WAV (plugins/summaries).
 *
 * Samples in [-1, 1] become whole numbers, 32768 for 1, clipped to 16 bits; a WAV file is a RIFF header of 44 bytes and
 * the interleaved samples, little-endian. */
#include "summaries.h"
#include <math.h>

static void put_text(io_buffer *b, const char *four) { io_put(b, four, 4); }

static void put_wav(io_buffer *b, const float *x, uint64_t frames, uint32_t channels, uint32_t rate) {
  const uint32_t sample = 2;
  uint64_t data = frames * channels * sample;
  put_text(b, "RIFF");
  io_put_fixed(b, 4, data + 36);
  put_text(b, "WAVE");
  put_text(b, "fmt ");
  io_put_fixed(b, 4, 16);
  io_put_fixed(b, 2, 1); /* plain samples */
  io_put_fixed(b, 2, channels);
  io_put_fixed(b, 4, rate);
  io_put_fixed(b, 4, (uint64_t)rate * channels * sample);
  io_put_fixed(b, 2, channels * sample);
  io_put_fixed(b, 2, 8 * sample);
  put_text(b, "data");
  io_put_fixed(b, 4, data);
  for (uint64_t i = 0; i < frames * channels; i++) {
    float v = roundf(x[i] * 32768);
    int32_t whole = v != v ? 0 : v > 32767 ? 32767 : v < -32768 ? -32768 : (int32_t)v;
    io_put_fixed(b, 2, (uint16_t)whole);
  }
}

static rn_status *add_one(rn_call *c, const float *x, uint64_t frames, uint32_t channels, float rate,
                          const sum_value *value, io_buffer *out) {
  io_buffer body = {0}, wav = {0};
  sum_value v = *value;
  put_wav(&wav, x, frames, channels, (uint32_t)lroundf(rate));
  sum_put_float(&body, 1, rate);
  io_put_field(&body, 2, channels);
  io_put_field(&body, 3, frames);
  io_put_body(&body, 4, wav.data, wav.size);
  io_put_body(&body, 5, "audio/wav", 9);
  if (wav.failed) body.failed = 1;
  v.part = SUM_AUDIO;
  v.body = &body;
  sum_put_value(out, &v);
  io_drop(&wav);
  io_drop(&body);
  return out->failed ? sum_no_memory(c->host) : NULL;
}

rn_status *sum_audio(rn_call *c, int64_t most, float rate, uint32_t tag, uint32_t sound, io_buffer *out) {
  rn_bytes base;
  RN_TRY(sum_tag(c, tag, &base));
  const rn_shape *s = &c->in[sound]->shape;
  if (s->rank != 2 && s->rank != 3)
    return rn_error(c->host, RN_INVALID_ARGUMENT,
                    "the sound must have shape [batch, frames(, channels)]; its rank is %d", s->rank);
  uint64_t frames = (uint64_t)s->dim[1], channels = s->rank == 3 ? (uint64_t)s->dim[2] : 1;
  if (!(rate > 0 && rate < 1e9f) || channels == 0 || channels > 65535 || frames * channels > 0x7ffffff0u / 2)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "%llu frames of %llu channels at %g Hz are no WAV file",
                    (unsigned long long)frames, (unsigned long long)channels, (double)rate);
  rn_status *failed = NULL;
  for (int64_t i = 0; failed == NULL && i < s->dim[0] && i < most; i++) {
    char name[64];
    io_buffer full = {0};
    snprintf(name, sizeof name, most > 1 ? "/audio/%lld" : "/audio", (long long)i);
    io_put(&full, base.data, base.size);
    io_put(&full, name, strlen(name));
    sum_value v = {.tag = {(const char *)full.data, full.size}};
    const float *x = (const float *)c->in[sound]->data + (uint64_t)i * frames * channels;
    failed = full.failed ? sum_no_memory(c->host) : add_one(c, x, frames, (uint32_t)channels, rate, &v, out);
    io_drop(&full);
  }
  return failed;
}

typedef struct options {
  sum_state base;
  int64_t most;
  float rate; /* below 0: input 2 says it */
} options;

static rn_status *compute(const void *state, rn_call *c) {
  const options *o = state;
  io_buffer b = {0};
  float rate = o->rate < 0 ? (float)sum_number(c->in[2], 0) : o->rate;
  rn_status *s = sum_audio(c, o->most, rate, 0, 1, &b);
  if (s == NULL) s = sum_give(c, &b);
  io_drop(&b);
  return s;
}

static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  options *o = sum_state_make(p, sizeof *o, out);
  if (o == NULL) return sum_no_memory(p->self.host);
  o->most = rn_self_int(&p->self, "max_outputs", 3);
  o->rate = p->n_in == 3 ? -1.0f : rn_self_float(&p->self, "sample_rate", 0);
  return NULL;
}

static rn_status *infer(rn_infer *c) {
  const rn_shape *rate = c->n_in == 3 ? c->api->shape(c, 2) : NULL;
  if (rate != NULL && rate->rank > 0)
    return rn_error(c->self.host, RN_INVALID_ARGUMENT, "the sample rate (input 2) has rank %d; it must be a scalar",
                    rate->rank);
  return sum_infer_scalar(c);
}

static const rn_op_def ops[] = {
    {.struct_size = sizeof(rn_op_def),
     .flags = RN_OP_NO_GRADIENT | RN_OP_HOST_ONLY,
     .name = "AudioSummary",
     .signature = "(tag: string, tensor: float) -> (summary: string); sample_rate: float; max_outputs: int >= 1 = 3",
     .doc = "A Summary with sounds.",
     .infer = infer},
    {.struct_size = sizeof(rn_op_def),
     .flags = RN_OP_NO_GRADIENT | RN_OP_HOST_ONLY,
     .name = "AudioSummaryV2",
     .signature = "(tag: string, tensor: float, sample_rate: float) -> (summary: string); max_outputs: int >= 1 = 3",
     .doc = "A Summary with sounds; the sample rate is a tensor.",
     .infer = infer},
};
#define KERNEL(op_name)                                                                                                \
  {                                                                                                                    \
    .struct_size = sizeof(rn_kernel_def), .op = (op_name), .device_type = "cpu", .label = "summaries", .priority = 10, \
    .compute = compute, .prepare = prepare                                                                             \
  }
static const rn_kernel_def kernels[] = {KERNEL("AudioSummary"), KERNEL("AudioSummaryV2")};
const rn_group sum_audio_group = {.struct_size = sizeof(rn_group), .ops = RN_TABLE(ops), .kernels = RN_TABLE(kernels)};
