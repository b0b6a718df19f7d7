/* plugin/lexer.c - words of the signature notation (core/plugin). Errors name the byte where the text
 * stops making sense and show what stands there. */
#include "plugin/lexer.h"
#include <string.h>

static void skip(rn_lexer *l) {
  while (l->text[l->at] == ' ' || l->text[l->at] == '\t' || l->text[l->at] == '\n') l->at++;
}

static int is_name(char c, int first) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_') return 1;
  return !first && ((c >= '0' && c <= '9') || c == '.');
}

int rn_lexer_at(rn_lexer *l, const char *token) {
  skip(l);
  size_t n = strlen(token);
  if (strncmp(l->text + l->at, token, n) != 0) return 0;
  return !is_name(token[0], 1) || !is_name(l->text[l->at + n], 0);
}

int rn_lexer_take(rn_lexer *l, const char *token) {
  if (!rn_lexer_at(l, token)) return 0;
  l->at += strlen(token);
  return 1;
}

int rn_lexer_end(rn_lexer *l) {
  skip(l);
  return l->text[l->at] == '\0';
}

rn_status *rn_lexer_expected(const rn_lexer *l, const char *what) {
  const char *found = l->text + l->at;
  if (*found == '\0')
    return rn_status_make(RN_INVALID_ARGUMENT, "signature ends at byte %zu where %s is expected", l->at, what);
  return rn_status_make(RN_INVALID_ARGUMENT, "signature byte %zu: expected %s, found '%.16s'", l->at, what, found);
}

rn_status *rn_lexer_no_memory(void) { return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for a signature"); }

rn_status *rn_lexer_need(rn_lexer *l, const char *token) {
  char what[24] = "'";
  if (rn_lexer_take(l, token)) return NULL;
  strncat(what, token, 16);
  strcat(what, "'");
  return rn_lexer_expected(l, what);
}

rn_status *rn_lexer_name(rn_lexer *l, rn_word *out) {
  skip(l);
  size_t n = 0;
  while (is_name(l->text[l->at + n], n == 0)) n++;
  if (n == 0) return rn_lexer_expected(l, "a name");
  *out = (rn_word){l->text + l->at, n};
  l->at += n;
  return NULL;
}

rn_status *rn_lexer_number(rn_lexer *l, rn_word *out) {
  skip(l);
  size_t n = 0;
  const char *s = l->text + l->at;
  while (is_name(s[n], 0) || s[n] == '-' || s[n] == '+') n++;
  if (n == 0) return rn_lexer_expected(l, "a number");
  *out = (rn_word){s, n};
  l->at += n;
  return NULL;
}

static char unescape(char c) {
  if (c == 'n') return '\n';
  if (c == 't') return '\t';
  if (c == '0') return '\0';
  return c;
}

rn_status *rn_lexer_string(rn_lexer *l, rn_bytes *out) {
  RN_TRY(rn_lexer_need(l, "\""));
  size_t end = l->at;
  while (l->text[end] != '"' && l->text[end] != '\0') end += l->text[end] == '\\' && l->text[end + 1] != '\0' ? 2 : 1;
  if (l->text[end] == '\0')
    return rn_status_make(RN_INVALID_ARGUMENT, "signature byte %zu: a string does not end", l->at - 1);
  char *copy = rn_arena_alloc(l->arena, end - l->at + 1);
  size_t n = 0;
  if (copy == NULL) return rn_lexer_no_memory();
  for (size_t i = l->at; i < end; i++) {
    char c = l->text[i];
    if (c == '\\') c = unescape(l->text[++i]);
    copy[n++] = c;
  }
  copy[n] = '\0';
  *out = (rn_bytes){copy, n};
  l->at = end + 1;
  return NULL;
}

int rn_word_is(rn_word w, const char *text) { return strlen(text) == w.length && memcmp(w.data, text, w.length) == 0; }
