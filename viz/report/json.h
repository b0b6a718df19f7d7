/* json.h - writing JSON that may stand inside a page's script (viz/report). */
#ifndef RN_REPORT_JSON_H
#define RN_REPORT_JSON_H
#include <runnel/types.h>

/* Grows; the first failure (out of memory) sticks. Starts zeroed; text is freed by drop. */
typedef struct json {
  char *text;
  size_t size, room;
  int failed, comma;
} json;
/* key NULL: an element of an array, or the outermost value. bracket: '{', '[', or '"' for a text that json_put and
 * json_base64 write. */
void json_begin(json *j, const char *key, char bracket);
void json_end(json *j, char bracket); /* '}', ']', '"' */
/* Text of any bytes: what is not UTF-8 becomes U+FFFD, what is longer than most_bytes is cut and says so. */
void json_text(json *j, const char *key, rn_bytes value, size_t most_bytes);
void json_word(json *j, const char *key, const char *value); /* the same of a string, up to MOST_NAME_BYTES */
void json_number(json *j, const char *key, double value);    /* not finite: null */
void json_seconds(json *j, const char *key, double value);   /* to the millisecond, dates too */
void json_whole(json *j, const char *key, int64_t value);
void json_raw(json *j, const char *key, const char *text, size_t size); /* JSON already */
void json_put(json *j, const char *text, size_t size);                  /* any text, no comma */
void json_base64(json *j, const void *data, size_t size);               /* inside of a text */
void json_drop(json *j);

enum { MOST_NAME_BYTES = 1024, MOST_DETAIL_BYTES = 4096 };
static inline rn_bytes json_bytes(const char *s) { return (rn_bytes){s, strlen(s)}; }
#endif
