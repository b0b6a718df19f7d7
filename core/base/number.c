/* base/number.c - numbers as text, and names compared (core/base); declared in base/text.h.
 *
 * The C library's number functions follow the locale of the thread. The "C" locale is made once and
 * used for the one call, so that a program's setlocale changes neither files nor messages. */
#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/text.h"

#define LONGEST_NUMBER 512

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;
static void make_c_locale(void) { c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0); }

/* (locale_t)0 only if the C library could not make it; then the thread's own locale is used. */
static locale_t plain_locale(void) {
  (void)pthread_once(&c_locale_once, make_c_locale);
  return c_locale;
}

int rn_parse_i64(const char *s, size_t n, int64_t *out) {
  size_t i = n > 0 && (s[0] == '-' || s[0] == '+');
  int negative = n > 0 && s[0] == '-';
  int64_t value = 0;
  if (i == n) return 0;
  for (; i < n; i++) {
    if (s[i] < '0' || s[i] > '9') return 0;
    int64_t digit = s[i] - '0';
    if (__builtin_mul_overflow(value, (int64_t)10, &value)) return 0;
    if (__builtin_add_overflow(value, negative ? -digit : digit, &value)) return 0;
  }
  *out = value;
  return 1;
}

/* strtod also takes leading blanks and hexadecimal; neither is a number here. */
static int starts_number(const char *s, size_t n) {
  if (n == 0 || n >= LONGEST_NUMBER) return 0;
  for (size_t i = 0; i < n; i++) {
    if (s[i] == 'x' || s[i] == 'X' || s[i] == '(' || (unsigned char)s[i] <= ' ') return 0;
  }
  return 1;
}

int rn_parse_f64(const char *s, size_t n, double *out) {
  char copy[LONGEST_NUMBER];
  char *end = copy;
  if (!starts_number(s, n)) return 0;
  memcpy(copy, s, n);
  copy[n] = '\0';
  locale_t plain = plain_locale();
  double value = plain != (locale_t)0 ? strtod_l(copy, &end, plain) : strtod(copy, &end);
  if (end != copy + n) return 0;
  *out = value;
  return 1;
}

int rn_print_f64(char *buf, size_t size_bytes, double v) {
  char digits[64];
  locale_t plain = plain_locale();
  locale_t before = plain != (locale_t)0 ? uselocale(plain) : (locale_t)0;
  if (v != v) {
    (void)snprintf(digits, sizeof digits, "nan");
  } else {
    for (int precision = 1; precision <= 17; precision++) {
      (void)snprintf(digits, sizeof digits, "%.*g", precision, v);
      if (precision < 17 && strtod(digits, NULL) == v) break;
    }
  }
  if (before != (locale_t)0) (void)uselocale(before);
  return snprintf(buf, size_bytes, "%s", digits);
}

/* Backtracks to the last star alone: at most |pattern| x |text| steps, no recursion. */
int rn_glob_match(const char *pattern, const char *text) {
  const char *star = NULL, *retry = NULL;
  while (*text != '\0') {
    if (*pattern == '*') {
      star = pattern++;
      retry = text;
    } else if (*pattern != '\0' && (*pattern == '?' || *pattern == *text)) {
      pattern++;
      text++;
    } else if (star != NULL) {
      pattern = star + 1;
      text = ++retry;
    } else {
      return 0;
    }
  }
  while (*pattern == '*') pattern++;
  return *pattern == '\0';
}

#define LONGEST_NAME 128u

static uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* One row of the Levenshtein table at a time. Longer names are never near. */
uint32_t rn_edit_distance(const char *a, const char *b, uint32_t limit) {
  size_t na = strlen(a), nb = strlen(b);
  size_t gap = na > nb ? na - nb : nb - na;
  if (gap > limit) return limit + 1;
  if (na > LONGEST_NAME || nb > LONGEST_NAME) return strcmp(a, b) == 0 ? 0 : limit + 1;
  uint32_t row[LONGEST_NAME + 1];
  for (uint32_t j = 0; j <= nb; j++) row[j] = j;
  for (uint32_t i = 1; i <= na; i++) {
    uint32_t diagonal = row[0];
    row[0] = i;
    for (uint32_t j = 1; j <= nb; j++) {
      uint32_t above = row[j];
      uint32_t change = diagonal + (a[i - 1] != b[j - 1]);
      row[j] = least(change, least(above, row[j - 1]) + 1);
      diagonal = above;
    }
  }
  return row[nb] > limit ? limit + 1 : row[nb];
}
