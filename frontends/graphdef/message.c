/* message.c - binary protobuf with bounds (frontends/graphdef).
 *
 * protobuf-c unpacks by recursion without a limit, so a walk over the wire format goes first and
 * refuses what nests deeper than MAX_NESTING. Unknown fields stay in the message and are written again. */
#include "message.h"
#include <stdlib.h>
#include <string.h>

rn_status *out_of_memory(void) { return rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory"); }

typedef struct span {
  const uint8_t *p, *end;
} span;

static int take_varint(span *s, uint64_t *out) {
  uint64_t v = 0;
  for (unsigned shift = 0; shift < 70 && s->p < s->end; shift += 7) {
    uint8_t b = *s->p++;
    if (shift < 64) v |= (uint64_t)(b & 127) << shift;
    if (b < 128) {
      *out = v;
      return 1;
    }
  }
  return 0;
}

/* Steps over one field's value; *out_body is what a length-delimited field holds. */
static int take_value(span *s, unsigned wire, span *out_body) {
  uint64_t n = 0;
  out_body->p = out_body->end = NULL;
  if (wire == 0) return take_varint(s, &n);
  if (wire == 1)
    n = 8;
  else if (wire == 5)
    n = 4;
  else if (wire != 2 || !take_varint(s, &n))
    return 0;
  if (n > (uint64_t)(s->end - s->p)) return 0;
  out_body->p = s->p;
  out_body->end = s->p + n;
  s->p += n;
  return 1;
}

static int well_nested(message_type type, span s, int depth) {
  if (depth > MAX_NESTING) return 0;
  while (s.p < s.end) {
    uint64_t tag;
    span body;
    if (!take_varint(&s, &tag) || tag > UINT32_MAX || tag >> 3 == 0) return 0;
    if (!take_value(&s, (unsigned)(tag & 7), &body)) return 0;
    if ((tag & 7) != 2) continue;
    const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field(type, (unsigned)(tag >> 3));
    if (f != NULL && f->type == PROTOBUF_C_TYPE_MESSAGE && !well_nested(f->descriptor, body, depth + 1)) return 0;
  }
  return 1;
}

size_t message_element_size(ProtobufCType type) {
  switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_DOUBLE:
      return 8;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
      return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
      return sizeof(ProtobufCBinaryData);
    default:
      return 4;
  }
}

rn_status *message_parse(message_type type, const void *data, size_t size_bytes, int format, const char *origin,
                         ProtobufCMessage **out) {
  if (format == RN_FILE_TEXT) return text_parse(type, data, size_bytes, origin, out);
  static const uint8_t nothing[1];
  const uint8_t *bytes = size_bytes ? data : nothing;
  span all = {bytes, bytes + size_bytes};
  *out = NULL;
  if (well_nested(type, all, 0)) *out = protobuf_c_message_unpack(type, NULL, size_bytes, bytes);
  if (*out != NULL) return NULL;
  return rn_status_make(RN_DATA_LOSS, "'%s' is not a binary %s (%zu bytes)", origin, type->short_name, size_bytes);
}

rn_status *message_print(const ProtobufCMessage *m, int format, void **out_data, size_t *out_size_bytes) {
  if (format == RN_FILE_TEXT) return text_print(m, out_data, out_size_bytes);
  size_t n = protobuf_c_message_get_packed_size(m);
  if (n > INT32_MAX)
    return rn_status_make(RN_RESOURCE_EXHAUSTED, "%s of %zu bytes: a message holds at most 2 GiB",
                          m->descriptor->short_name, n);
  uint8_t *p = malloc(n ? n : 1);
  if (p == NULL) return out_of_memory();
  *out_size_bytes = protobuf_c_message_pack(m, p);
  *out_data = p;
  return NULL;
}

rn_status *message_write(const ProtobufCMessage *m, const char *path, int format) {
  void *data;
  size_t n;
  RN_TRY(message_print(m, format, &data, &n));
  rn_status *s = file_write(path, data, n);
  free(data);
  return s;
}
