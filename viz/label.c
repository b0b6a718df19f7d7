/* label.c - names from files as text that is safe in a Graphviz label (viz). */
#include "label.h"
#include <string.h>

/* Length of the valid UTF-8 sequence at s, or 0. */
static size_t sequence_length(const unsigned char *s) {
  size_t n = s[0] < 0x80                   ? 1
             : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
             : s[0] >= 0xe0 && s[0] < 0xf0 ? 3
             : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
                                           : 0;
  for (size_t i = 1; i < n; i++)
    if ((s[i] & 0xc0) != 0x80) return 0;
  if (n == 3 && ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] >= 0xa0))) return 0;
  if (n == 4 && ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] >= 0x90))) return 0;
  return n;
}

static size_t put(char *buf, size_t at, const char *text, size_t n) {
  memcpy(buf + at, text, n);
  return at + n;
}

char *label_text(const char *s, size_t max_chars, char *buf, size_t size_bytes) {
  const unsigned char *p = (const unsigned char *)s;
  size_t at = 0, chars = 0;
  while (*p && chars < max_chars && at + 12 < size_bytes) {
    size_t n = sequence_length(p);
    if (n == 0 || *p < 0x20 || *p == 0x7f)
      at = put(buf, at, "?", 1);
    else if (*p == '\\')
      at = put(buf, at, "\\\\", 2);
    else if (*p == '&')
      at = put(buf, at, "&amp;", 5);
    else
      at = put(buf, at, (const char *)p, n);
    p += n ? n : 1;
    chars++;
  }
  if (*p) at = put(buf, at, "\xe2\x80\xa6", 3);
  buf[at] = '\0';
  return buf;
}
