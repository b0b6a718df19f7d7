/* signature.h - an op's signature taken apart (frontends/conform).
 *
 * The notation is plugin.h's. Only what a generator of inputs needs: which attributes there are, what they may
 * be, and which arguments they shape. */
#ifndef CONFORM_SIGNATURE_H
#define CONFORM_SIGNATURE_H
#include <runnel/tensor.h>

enum { SIG_ARGS = 64, SIG_ATTRS = 32, SIG_TYPES = 24, SIG_WORDS = 12, SIG_NAME = 48 };
typedef struct sig_arg {
  char name[SIG_NAME];
  rn_dtype type;                         /* fixed, or RN_INVALID */
  int type_attr, number_attr, list_attr; /* indices; -1: none */
  int is_ref;
} sig_arg;
typedef struct sig_attr {
  char name[SIG_NAME];
  uint32_t type;                         /* RN_ATTR_* | RN_ATTR_LIST */
  int has_default, has_min, is_inferred; /* inferred: from the inputs' types or number */
  int64_t min;
  rn_dtype types[SIG_TYPES]; /* allowed; n_types 0: every */
  uint32_t n_types;
  char words[SIG_WORDS][SIG_NAME]; /* allowed strings */
  uint32_t n_words;
  char value[128]; /* the default's text */
} sig_attr;
typedef struct signature {
  sig_arg in[SIG_ARGS], out[SIG_ARGS];
  sig_attr attr[SIG_ATTRS];
  uint32_t n_in, n_out, n_attr;
} signature;

/* err INVALID_ARGUMENT: where it stops making sense, in `why` */
int signature_read(const char *text, signature *out, char why[128]);
int signature_attr_find(const signature *s, const char *name);
/* "T: {float, double}; Tidx: int32": may attribute `name` be t? 1 when nothing is said of it. */
int kernel_types_allow(const char *types, const char *name, rn_dtype t);
#endif
