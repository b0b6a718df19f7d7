/* json.c - writing JSON that may stand inside a page's script (viz/report).
 *
 * "<", ">" and "&" are escaped, so no text can end the script or open a comment in it; so are the two separators that
 * JSON allows and JavaScript once did not. */
#include "json.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "utf8.h"

void json_put(json *j, const char *text, size_t size) {
  if (j->failed) return;
  if (j->room - j->size < size + 1) {
    size_t room = 2 * j->room + size + 256;
    char *more = realloc(j->text, room);
    if (more == NULL) {
      j->failed = 1;
      return;
    }
    j->text = more;
    j->room = room;
  }
  if (size != 0) memcpy(j->text + j->size, text, size);
  j->size += size;
  j->text[j->size] = '\0';
}

static void put_word(json *j, const char *word) { json_put(j, word, strlen(word)); }

static void put_key(json *j, const char *key) {
  if (j->comma) put_word(j, ",");
  j->comma = 1;
  if (key == NULL) return;
  put_word(j, "\"");
  put_word(j, key);
  put_word(j, "\":");
}

void json_begin(json *j, const char *key, char bracket) {
  put_key(j, key);
  json_put(j, &bracket, 1);
  j->comma = 0;
}

void json_end(json *j, char bracket) {
  json_put(j, &bracket, 1);
  j->comma = 1;
}

static void put_escaped(json *j, unsigned code) {
  char escaped[8];
  snprintf(escaped, sizeof escaped, "\\u%04x", code & 0xffffu);
  put_word(j, escaped);
}

static int is_plain(unsigned char c) {
  return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

/* One character or one byte that is none; returns how many bytes that were. */
static size_t put_character(json *j, const unsigned char *p, size_t left) {
  size_t n = utf8_length(p, left);
  if (n == 0)
    put_escaped(j, 0xfffd);
  else if (n == 1)
    put_escaped(j, *p);
  else if (n == 3 && p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9))
    put_escaped(j, 0x2000u + (p[2] & 0x3fu));
  else
    json_put(j, (const char *)p, n);
  return n != 0 ? n : 1;
}

void json_text(json *j, const char *key, rn_bytes value, size_t most_bytes) {
  const unsigned char *p = (const unsigned char *)value.data;
  size_t size = value.size < most_bytes ? (size_t)value.size : most_bytes;
  /* Do not cut a character in two. */
  for (int i = 0; i < 3 && size < value.size && size > 0 && (p[size] & 0xc0) == 0x80; i++) size--;
  put_key(j, key);
  put_word(j, "\"");
  for (size_t at = 0; at < size;) {
    size_t run = at;
    while (run < size && is_plain(p[run])) run++;
    json_put(j, (const char *)p + at, run - at);
    at = run < size ? run + put_character(j, p + run, size - run) : run;
  }
  char cut[64] = "";
  if (size < value.size) snprintf(cut, sizeof cut, "\xe2\x80\xa6 (%" PRIu64 " bytes)", value.size);
  put_word(j, cut);
  put_word(j, "\"");
}

void json_word(json *j, const char *key, const char *value) {
  json_text(j, key, json_bytes(value != NULL ? value : ""), MOST_NAME_BYTES);
}

void json_number(json *j, const char *key, double value) {
  char text[40] = "null";
  if (isfinite(value))
    snprintf(text, sizeof text, fabs(value) < 1e15 && floor(value) == value ? "%.0f" : "%.7g", value);
  put_key(j, key);
  put_word(j, text);
}

void json_seconds(json *j, const char *key, double value) {
  char text[64] = "null";
  if (fabs(value) < 1e15) snprintf(text, sizeof text, "%.3f", value);
  put_key(j, key);
  put_word(j, text);
}

void json_whole(json *j, const char *key, int64_t value) {
  char text[32];
  snprintf(text, sizeof text, "%" PRId64, value);
  put_key(j, key);
  put_word(j, text);
}

void json_raw(json *j, const char *key, const char *text, size_t size) {
  put_key(j, key);
  json_put(j, text, size);
}

void json_base64(json *j, const void *data, size_t size) {
  static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const uint8_t *p = data;
  for (size_t i = 0; i < size; i += 3) {
    size_t n = size - i < 3 ? size - i : 3;
    uint32_t bits = (uint32_t)p[i] << 16 | (n > 1 ? (uint32_t)p[i + 1] << 8 : 0) | (n > 2 ? p[i + 2] : 0u);
    char four[4] = {digit[bits >> 18], digit[bits >> 12 & 63], digit[bits >> 6 & 63], digit[bits & 63]};
    for (size_t k = n + 1; k < 4; k++) four[k] = '=';
    json_put(j, four, sizeof four);
  }
}

void json_drop(json *j) {
  free(j->text);
  *j = (json){0};
}
