/* op_text.h - an op's signature taken apart, as far as a builder needs it (frontends/c/generate). */
#ifndef OP_TEXT_H
#define OP_TEXT_H
#include <stddef.h>

#define MAX_ARGS 64
#define MAX_ATTRS 32
typedef struct op_arg {
  char name[64], type[64]; /* type: "T", "float", "resource" */
  char number[64];         /* "N" of "N * T", or "" */
  int is_ref, is_list;
} op_arg;
typedef struct op_attr {
  char name[64], type[32]; /* int float bool string type shape tensor func */
  char value[128];         /* the default's text */
  int is_list, has_default, is_inferred;
} op_attr;
typedef struct op_text {
  const char *name;
  op_arg in[MAX_ARGS], out[MAX_ARGS];
  op_attr attr[MAX_ATTRS];
  int n_in, n_out, n_attr;
} op_text;
/* 0: the signature is not understood. */
int op_text_parse(const char *name, const char *signature, op_text *out);
#endif
