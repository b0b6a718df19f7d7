/* slice.c - parts of tensors: their text, arithmetic and names (plugins/io). */
#include "slice.h"

io_slice io_slice_full(int32_t rank) {
  io_slice s = {rank, {0}, {0}};
  for (int32_t i = 0; i < rank; i++) s.length[i] = -1;
  return s;
}

int io_slice_settle(const io_slice *s, const rn_shape *full, io_slice *out) {
  *out = *s;
  if (s->rank != full->rank) return 0;
  for (int32_t i = 0; i < s->rank; i++) {
    if (s->length[i] < 0) out->length[i] = full->dim[i] - s->start[i];
    if (s->start[i] < 0 || s->start[i] > full->dim[i] || out->length[i] < 0 ||
        out->length[i] > full->dim[i] - s->start[i])
      return 0;
  }
  return 1;
}

int io_slice_is_full(const io_slice *s, const rn_shape *full) {
  io_slice t;
  if (!io_slice_settle(s, full, &t)) return 0;
  for (int32_t i = 0; i < t.rank; i++)
    if (t.start[i] != 0 || t.length[i] != full->dim[i]) return 0;
  return 1;
}

rn_shape io_slice_shape(const io_slice *settled) { return rn_shape_make(settled->rank, settled->length); }

typedef struct slice_overlap {
  int64_t lo[RN_MAX_RANK], n[RN_MAX_RANK], total;
} slice_overlap;

static slice_overlap overlap_of(const io_slice *a, const io_slice *b) {
  slice_overlap o = {{0}, {0}, 1};
  for (int32_t i = 0; i < a->rank; i++) {
    int64_t ea = a->start[i] + a->length[i], eb = b->start[i] + b->length[i];
    o.lo[i] = a->start[i] > b->start[i] ? a->start[i] : b->start[i];
    o.n[i] = (ea < eb ? ea : eb) - o.lo[i];
    if (o.n[i] <= 0) o.total = 0;
    if (o.total) o.total *= o.n[i];
  }
  return o;
}

static int64_t offset_in(const io_slice *s, const int64_t *at) {
  int64_t offset = 0;
  for (int32_t i = 0; i < s->rank; i++) offset = offset * s->length[i] + (at[i] - s->start[i]);
  return offset;
}

int64_t io_slice_copy(const io_slice *a, const void *from, const io_slice *b, void *to, size_t size) {
  slice_overlap o = overlap_of(a, b);
  if (o.total == 0) return 0;
  int32_t last = a->rank - 1;
  int64_t run = last >= 0 ? o.n[last] : 1, at[RN_MAX_RANK];
  memcpy(at, o.lo, sizeof at);
  for (int64_t done = 0; done < o.total; done += run) {
    memcpy((char *)to + (size_t)offset_in(b, at) * size, (const char *)from + (size_t)offset_in(a, at) * size,
           (size_t)run * size);
    for (int32_t i = last - 1; i >= 0; i--) {
      if (++at[i] < o.lo[i] + o.n[i]) break;
      at[i] = o.lo[i];
    }
  }
  return o.total;
}

/* A non-negative number that ends before `end`. */
static int take_number(const char **p, const char *end, int64_t *out) {
  int64_t v = 0;
  const char *begin = *p;
  for (; *p < end && **p >= '0' && **p <= '9'; ++*p) {
    if (v > (INT64_MAX - 9) / 10) return 0;
    v = v * 10 + (**p - '0');
  }
  *out = v;
  return *p > begin;
}

static int take_extent(const char **p, const char *end, int64_t *start, int64_t *length) {
  if (*p < end && **p == '-') {
    ++*p;
    *start = 0;
    *length = -1;
    return 1;
  }
  if (!take_number(p, end, start) || *p == end || **p != ',') return 0;
  ++*p;
  return take_number(p, end, length);
}

static int parse(rn_bytes text, rn_shape *full, io_slice *s) {
  const char *p = text.data, *end = p + text.size;
  *full = rn_shape_scalar();
  for (;;) { /* a dimension is followed by a space; the first extent is not */
    const char *mark = p;
    int64_t v;
    if (full->rank == RN_MAX_RANK || !take_number(&p, end, &v) || p == end || *p != ' ') {
      p = mark;
      break;
    }
    full->dim[full->rank++] = v;
    p++;
  }
  s->rank = 0;
  while (s->rank < full->rank) {
    if (s->rank > 0 && (p == end || *p++ != ':')) return 0;
    if (!take_extent(&p, end, &s->start[s->rank], &s->length[s->rank])) return 0;
    s->rank++;
  }
  return p == end && full->rank > 0;
}

rn_status *io_slice_parse(const rn_host_api *h, rn_bytes text, int *out_has_slice, rn_shape *out_full, io_slice *out) {
  io_slice settled;
  memset(out, 0, sizeof *out);
  *out_full = rn_shape_unknown();
  *out_has_slice = text.size > 0;
  if (text.size == 0) return NULL;
  if (!parse(text, out_full, out) || !io_slice_settle(out, out_full, &settled))
    return rn_error(h, RN_INVALID_ARGUMENT, "'%.*s' is not a shape and a slice of it, such as '4 10 0,2:-'",
                    (int)(text.size < 200 ? text.size : 200), text.data);
  return NULL;
}

int io_slice_from_proto(io_span body, io_slice *out) {
  io_field f, part;
  memset(out, 0, sizeof *out);
  while (body.p < body.end) {
    if (!io_take_field(&body, &f)) return 0;
    if (f.number != 1 || f.wire != 2) continue;
    if (out->rank == RN_MAX_RANK) return 0;
    int64_t *start = &out->start[out->rank], *length = &out->length[out->rank];
    *length = -1;
    while (f.body.p < f.body.end) {
      if (!io_take_field(&f.body, &part)) return 0;
      if (part.number == 1) *start = (int64_t)part.value;
      if (part.number == 2) *length = (int64_t)part.value;
    }
    out->rank++;
  }
  return 1;
}

void io_slice_to_proto(const io_slice *s, uint32_t number, io_buffer *out) {
  io_buffer body = {0}, extent = {0};
  for (int32_t i = 0; i < s->rank; i++) {
    extent.size = 0;
    io_put_field(&extent, 1, (uint64_t)s->start[i]);
    if (s->length[i] >= 0) { /* a choice: written even when it is 0 */
      io_put_varint(&extent, 2 << 3);
      io_put_varint(&extent, (uint64_t)s->length[i]);
    }
    io_put_body(&body, 1, extent.data, extent.size);
  }
  io_put_body(out, number, body.data, body.size);
  out->failed |= body.failed | extent.failed;
  io_drop(&body);
  io_drop(&extent);
}
