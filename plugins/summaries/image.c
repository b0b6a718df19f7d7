/* image.c - ImageSummary: pictures as PNG (plugins/summaries).
 *
 * Floats are spread over 0..255 picture by picture: without negative values the largest becomes 255; with
 * them 0 becomes 128 and the largest size 1 or 255. Pixels that are not finite get the bad colour
 * (TensorFlow's core/kernels/summary_image_op.cc). */
#include "summaries.h"
#include <math.h>
#include <png.h>
#include <stdlib.h>

typedef struct picture {
  uint32_t height, width, depth;
  uint8_t *pixels; /* height * width * depth */
} picture;

static rn_status *measure(rn_call *c, uint32_t images, int64_t *out_batch, picture *p) {
  const rn_shape *s = &c->in[images]->shape;
  int fits = s->rank == 4 && (s->dim[3] == 1 || s->dim[3] == 3 || s->dim[3] == 4);
  if (!fits)
    return rn_error(c->host, RN_INVALID_ARGUMENT,
                    "the pictures must have shape [batch, height, width, 1, 3 or 4 channels]; their rank is %d%s",
                    s->rank, s->rank == 4 ? ", the channels are another number" : "");
  const int64_t most = 1 << 15;
  if (s->dim[1] == 0 || s->dim[2] == 0 || s->dim[1] > most || s->dim[2] > most)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "a picture of %lld x %lld pixels; 1 to %lld each way are possible",
                    (long long)s->dim[1], (long long)s->dim[2], (long long)most);
  *out_batch = s->dim[0];
  *p = (picture){(uint32_t)s->dim[1], (uint32_t)s->dim[2], (uint32_t)s->dim[3], NULL};
  return NULL;
}

static int is_bad(const rn_tensor_view *v, uint64_t at, uint32_t depth) {
  for (uint32_t k = 0; k < depth; k++)
    if (!isfinite(sum_number(v, at + k))) return 1;
  return 0;
}

/* y = x * scale + offset, from the finite pixels of this picture. */
static void find_scale(const rn_tensor_view *v, uint64_t first, uint64_t n, uint32_t depth, float *scale,
                       float *offset) {
  double least = INFINITY, most = -INFINITY;
  for (uint64_t i = 0; i < n; i += depth) {
    if (is_bad(v, first + i, depth)) continue;
    for (uint32_t k = 0; k < depth; k++) {
      double x = sum_number(v, first + i + k);
      least = x < least ? x : least;
      most = x > most ? x : most;
    }
  }
  const float nothing = 1e-6f;
  float low = (float)least, high = (float)most, size = -low > high ? -low : high;
  if (low < 0) {
    *scale = size < nothing ? 0 : 127 / size;
    *offset = 128;
  } else {
    *scale = high < nothing ? 0 : 255 / high;
    *offset = 0;
  }
}

static void spread_floats(const rn_tensor_view *v, uint64_t first, const sum_image_options *o, picture *p) {
  uint64_t n = (uint64_t)p->height * p->width * p->depth;
  float scale, offset;
  find_scale(v, first, n, p->depth, &scale, &offset);
  for (uint64_t i = 0; i < n; i += p->depth) {
    int bad = is_bad(v, first + i, p->depth);
    for (uint32_t k = 0; k < p->depth; k++)
      p->pixels[i + k] = bad ? o->bad[k] : (uint8_t)((float)sum_number(v, first + i + k) * scale + offset);
  }
}

static rn_status *encode(rn_call *c, const picture *p, io_buffer *out) {
  static const png_uint_32 format[] = {0, PNG_FORMAT_GRAY, 0, PNG_FORMAT_RGB, PNG_FORMAT_RGBA};
  png_image image;
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  image.width = p->width;
  image.height = p->height;
  image.format = format[p->depth];
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image); /* enough for any content: encoded once */
  uint8_t *png = malloc(size);
  if (png == NULL) return sum_no_memory(c->host);
  rn_status *s = NULL;
  if (!png_image_write_to_memory(&image, png, &size, 0, p->pixels, 0, NULL))
    s = rn_error(c->host, RN_INTERNAL, "the picture cannot be written as PNG: %s", image.message);
  else
    io_put_body(out, 4, png, size);
  free(png);
  return s;
}

static rn_status *add_one(rn_call *c, const sum_image_options *o, uint32_t images, int64_t i, rn_bytes tag, picture *p,
                          io_buffer *out) {
  const rn_tensor_view *v = c->in[images];
  io_buffer body = {0};
  uint64_t n = (uint64_t)p->height * p->width * p->depth, first = (uint64_t)i * n;
  char name[64];
  snprintf(name, sizeof name, o->most > 1 ? "/image/%lld" : "/image", (long long)i);
  io_buffer full = {0};
  io_put(&full, tag.data, tag.size);
  io_put(&full, name, strlen(name));
  if (v->dtype == RN_UINT8)
    memcpy(p->pixels, (const uint8_t *)v->data + first, n);
  else
    spread_floats(v, first, o, p);
  io_put_field(&body, 1, p->height);
  io_put_field(&body, 2, p->width);
  io_put_field(&body, 3, p->depth);
  rn_status *s = encode(c, p, &body);
  sum_value value = {.tag = {(const char *)full.data, full.size}, .part = SUM_IMAGE, .body = &body};
  if (s == NULL) sum_put_value(out, &value);
  if (s == NULL && (out->failed || full.failed)) s = sum_no_memory(c->host);
  io_drop(&full);
  io_drop(&body);
  return s;
}

rn_status *sum_image(rn_call *c, const sum_image_options *o, uint32_t tag, uint32_t images, io_buffer *out) {
  rn_bytes name;
  int64_t batch = 0;
  picture p = {0, 0, 0, NULL};
  RN_TRY(sum_tag(c, tag, &name));
  RN_TRY(measure(c, images, &batch, &p));
  p.pixels = malloc((size_t)p.height * p.width * p.depth);
  if (p.pixels == NULL) return sum_no_memory(c->host);
  rn_status *s = NULL;
  for (int64_t i = 0; s == NULL && i < batch && i < o->most; i++) s = add_one(c, o, images, i, name, &p, out);
  free(p.pixels);
  return s;
}

typedef struct image_state {
  sum_state base;
  sum_image_options options;
} image_state;

static rn_status *compute(const void *state, rn_call *c) {
  io_buffer b = {0};
  rn_status *s = sum_image(c, &((const image_state *)state)->options, 0, 1, &b);
  if (s == NULL) s = sum_give(c, &b);
  io_drop(&b);
  return s;
}

/* bad_color: four bytes; red where the graph does not say. */
static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  const rn_host_api *host = p->self.host;
  image_state *o = sum_state_make(p, sizeof *o, out);
  if (o == NULL) return sum_no_memory(host);
  o->options = (sum_image_options){rn_self_int(&p->self, "max_images", 3), {255, 0, 0, 255}};
  rn_attr_value bad;
  if (rn_self_attr(&p->self, "bad_color", RN_ATTR_TENSOR, &bad) && bad.count != 0 && bad.u.tensor != NULL) {
    rn_tensor_view v = {.struct_size = sizeof v};
    host->tensor_view(bad.u.tensor, &v);
    for (uint64_t i = 0; v.dtype == RN_UINT8 && i < 4 && i < v.size_bytes; i++)
      o->options.bad[i] = ((const uint8_t *)v.data)[i];
  }
  return NULL;
}

static const rn_op_def ops[] = {{.struct_size = sizeof(rn_op_def),
                                 .flags = RN_OP_NO_GRADIENT | RN_OP_HOST_ONLY,
                                 .name = "ImageSummary",
                                 .signature =
                                     "(tag: string, tensor: T) -> (summary: string); max_images: int >= 1 = 3; "
                                     "T: {uint8, float, half, double} = float; bad_color: tensor = {}",
                                 .doc = "A Summary with pictures.",
                                 .infer = sum_infer_scalar}};
static const rn_kernel_def kernels[] = {{.struct_size = sizeof(rn_kernel_def),
                                         .op = "ImageSummary",
                                         .device_type = "cpu",
                                         .label = "summaries",
                                         .priority = 10,
                                         .compute = compute,
                                         .prepare = prepare}};
const rn_group sum_image_group = {.struct_size = sizeof(rn_group), .ops = RN_TABLE(ops), .kernels = RN_TABLE(kernels)};
