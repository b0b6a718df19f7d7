/* message.h - protobuf messages in and out of bytes, text and files (frontends/graphdef).
 *
 * Messages read here are made of malloc and are released with protobuf_c_message_free_unpacked(m, NULL). */
#ifndef RN_GRAPHDEF_MESSAGE_H
#define RN_GRAPHDEF_MESSAGE_H
#include <runnel/graphdef.h>
#include "tensorflow.pb-c.h"

/* Messages may nest this deep: protobuf's own default. */
#define MAX_NESTING 100

typedef const ProtobufCMessageDescriptor *message_type;

/* err DATA_LOSS names origin. own: owned */
rn_status *message_parse(message_type type, const void *data, size_t size_bytes, int format, const char *origin,
                         ProtobufCMessage **out);
/* own: *out_data owned, free(). Text is NUL-terminated. */
rn_status *message_print(const ProtobufCMessage *m, int format, void **out_data, size_t *out_size_bytes);
rn_status *message_write(const ProtobufCMessage *m, const char *path, int format);

/* The two formats. text_parse reports line and column. */
rn_status *text_parse(message_type type, const char *data, size_t size_bytes, const char *origin,
                      ProtobufCMessage **out);
rn_status *text_print(const ProtobufCMessage *m, void **out_data, size_t *out_size_bytes);

/* Whole files. The writer goes through a temporary name, fsync and rename. */
rn_status *file_read(const char *path, void **out_data, size_t *out_size_bytes);
rn_status *file_write(const char *path, const void *data, size_t size_bytes);
int file_format(const char *path); /* by the name's ending */

size_t message_element_size(ProtobufCType type); /* in memory, of a repeated field */
rn_status *out_of_memory(void);
#endif
