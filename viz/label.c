/* label.c - names from files as text that is safe in a Graphviz label (viz). */
#include "label.h"
#include <string.h>
#include "utf8.h"

static size_t put(char *buf, size_t at, const char *text, size_t n) {
  memcpy(buf + at, text, n);
  return at + n;
}

char *label_text(const char *s, size_t max_chars, char *buf, size_t size_bytes) {
  const unsigned char *p = (const unsigned char *)s;
  size_t at = 0, chars = 0, left = strlen(s);
  while (*p && chars < max_chars && at + 12 < size_bytes) {
    size_t n = utf8_length(p, left);
    if (n == 0 || *p < 0x20 || *p == 0x7f)
      at = put(buf, at, "?", 1);
    else if (*p == '\\')
      at = put(buf, at, "\\\\", 2);
    else if (*p == '&')
      at = put(buf, at, "&amp;", 5);
    else
      at = put(buf, at, (const char *)p, n);
    p += n ? n : 1;
    left -= n ? n : 1;
    chars++;
  }
  if (*p) at = put(buf, at, "\xe2\x80\xa6", 3);
  buf[at] = '\0';
  return buf;
}

char *label_html(const char *s, size_t max_chars, char *buf, size_t size_bytes) {
  static const char *const escapes[] = {"<", "&lt;", ">", "&gt;", "&", "&amp;", "\"", "&quot;"};
  const unsigned char *p = (const unsigned char *)s;
  size_t at = 0, chars = 0, left = strlen(s);
  for (; *p && chars < max_chars && at + 12 < size_bytes; chars++) {
    size_t n = utf8_length(p, left), e = 0;
    while (e < 8 && escapes[e][0] != (char)*p) e += 2;
    if (n == 0 || *p < 0x20 || *p == 0x7f)
      at = put(buf, at, "?", 1);
    else if (e < 8)
      at = put(buf, at, escapes[e + 1], strlen(escapes[e + 1]));
    else
      at = put(buf, at, (const char *)p, n);
    p += n ? n : 1;
    left -= n ? n : 1;
  }
  if (*p) at = put(buf, at, "\xe2\x80\xa6", 3);
  buf[at] = '\0';
  return buf;
}
