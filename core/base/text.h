/* base/text.h - growing text, and numbers without regard to the locale (core/base). */
#ifndef RN_BASE_TEXT_H
#define RN_BASE_TEXT_H
#include <runnel/status.h>

/* A failed append sets `failed` and later ones do nothing, so calls chain. */
typedef struct rn_text {
  char *data; /* NUL-terminated, or NULL when empty */
  size_t length, capacity;
  int failed;
} rn_text;
void rn_text_init(rn_text *t);
void rn_text_finish(rn_text *t);
void rn_text_add(rn_text *t, const char *s);
void rn_text_add_bytes(rn_text *t, const char *s, size_t n);
void rn_text_printf(rn_text *t, const char *format, ...) RN_FORMAT(2, 3);
/* own: owned (rn_mem_free). NULL if an append failed. */
char *rn_text_take(rn_text *t);

int rn_parse_i64(const char *s, size_t n, int64_t *out);  /* whole text, decimal; 0: not a number */
int rn_parse_f64(const char *s, size_t n, double *out);   /* also inf, nan; '.' in every locale */
int rn_print_f64(char *buf, size_t size_bytes, double v); /* shortest that reads back the same */
/* Is `text` matched by `pattern` with * and ?  */
int rn_glob_match(const char *pattern, const char *text);
/* Edit distance of two names, for "did you mean". At most `limit` + 1. */
uint32_t rn_edit_distance(const char *a, const char *b, uint32_t limit);
#endif
