/* plugin/lexer.h - words and errors of the signature notation (core/plugin); for signature*.c and kernels.c. */
#ifndef RN_PLUGIN_LEXER_H
#define RN_PLUGIN_LEXER_H
#include <runnel/plugin.h>
#include <runnel/status.h>
#include "base/arena.h"
#include "plugin/registry.h"

typedef struct rn_lexer {
  const char *text;
  size_t at;
  rn_arena *arena;
} rn_lexer;
typedef struct rn_word {
  const char *data;
  size_t length;
} rn_word;

int rn_lexer_at(rn_lexer *l, const char *token);   /* is the next token this one? Takes nothing */
int rn_lexer_take(rn_lexer *l, const char *token); /* takes it if it is */
int rn_lexer_end(rn_lexer *l);
rn_status *rn_lexer_need(rn_lexer *l, const char *token);
rn_status *rn_lexer_name(rn_lexer *l, rn_word *out);    /* an identifier */
rn_status *rn_lexer_number(rn_lexer *l, rn_word *out);  /* the longest run of number characters */
rn_status *rn_lexer_string(rn_lexer *l, rn_bytes *out); /* "..." with escapes; in the arena */
rn_status *rn_lexer_expected(const rn_lexer *l, const char *what);
rn_status *rn_lexer_no_memory(void);
int rn_word_is(rn_word w, const char *text);

/* A dtype, a named set or {a, b}: allowed types in the arena. n 0: every type ("type"). */
rn_status *rn_lexer_types(rn_lexer *l, const rn_dtype **out, uint32_t *out_count);
/* `type [>= min] [= default]` of the attribute a. */
rn_status *rn_signature_attr_parse(rn_lexer *l, rn_sig_attr *a);
rn_status *rn_signature_default_parse(rn_lexer *l, rn_sig_attr *a);
#endif
