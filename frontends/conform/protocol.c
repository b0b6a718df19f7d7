/* protocol.c - fields to lines and back (frontends/conform). */
#include "protocol.h"
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

/* Behind a backslash n stands for a line's end, t for a tab; anything else for itself. */
static char escaped(char c) {
  if (c == '\n') return 'n';
  if (c == '\t') return 't';
  return c;
}
static char meant(char c) {
  if (c == 'n') return '\n';
  if (c == 't') return '\t';
  return c;
}

static size_t put(char *line, size_t at, size_t room, const char *text) {
  for (; *text != '\0' && at + 2 < room; text++) {
    if (*text == '\n' || *text == '\t' || *text == '\\') {
      line[at++] = '\\';
      line[at++] = escaped(*text);
    } else {
      line[at++] = *text;
    }
  }
  return at;
}

/* One write a line: lines of a child that dies are whole or absent, as far as they fit into a pipe's page. */
void tell(const char *first, ...) {
  char line[4096];
  size_t n = put(line, 0, sizeof line - 1, first), done = 0;
  va_list ap;
  va_start(ap, first);
  for (const char *field = va_arg(ap, const char *); field != NULL; field = va_arg(ap, const char *)) {
    if (n < sizeof line - 2) line[n++] = '\t';
    n = put(line, n, sizeof line - 1, field);
  }
  va_end(ap);
  line[n++] = '\n';
  while (done < n) {
    ssize_t got = write(PROTOCOL_FD, line + done, n - done);
    if (got <= 0) return;
    done += (size_t)got;
  }
}

static void unescape(char *s) {
  char *to = s;
  for (; *s != '\0'; s++) {
    if (*s == '\\' && s[1] != '\0') {
      s++;
      *to++ = meant(*s);
    } else {
      *to++ = *s;
    }
  }
  *to = '\0';
}

uint32_t protocol_fields(char *line, char **out, uint32_t cap) {
  uint32_t n = 0;
  for (char *at = line; at != NULL && n < cap;) {
    char *tab = strchr(at, '\t');
    if (tab != NULL) *tab++ = '\0';
    unescape(at);
    out[n++] = at;
    at = tab;
  }
  return n;
}
