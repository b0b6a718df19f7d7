/* scope_impl.h - what a scope is made of; seen by the files of this folder (frontends/c). */
#ifndef RN_C_SCOPE_IMPL_H
#define RN_C_SCOPE_IMPL_H
#include <runnel/c/layers.h>

typedef struct scope_frame {
  char *prefix, *device;
  rn_node_id *control;
  uint32_t n_control;
  rn_node_id colocate;
} scope_frame;
typedef struct scope_collection {
  char *key;
  rn_value *items;
  uint32_t n, cap;
} scope_collection;
typedef struct scope_name {
  char *text;
  uint32_t next; /* the first number that may be free: text_1, text_2 ... */
  int taken;
} scope_name;
typedef struct scope_names {
  scope_name *item;
  uint32_t n, cap; /* cap: 0 or a power of two */
} scope_names;
struct rn_scope {
  rn_graph *g;
  rn_status *error;
  scope_frame *frame; /* the last is in force */
  uint32_t n_frames, cap_frames;
  scope_names names;
  scope_collection *collection;
  uint32_t n_collections, cap_collections;
  rn_variable *variable;
  uint32_t n_variables, cap_variables;
  int64_t seed, n_random;
};
/* Makes room for one more item. 0 after reporting that memory is out. */
int scope_grow(rn_scope *s, void *items, uint32_t n, uint32_t *cap, size_t size);
char *scope_text(rn_scope *s, const char *format, ...) RN_FORMAT(2, 3); /* owned, or NULL: reported */
/* Until the matching leave names are whole; device, control inputs and colocation stay. */
void scope_enter_root(rn_scope *s);
/* Scope names (names.c). free: base, or base_1, base_2 ..., whatever no scope and no node has; own: owned,
 * NULL: reported. */
int scope_name_taken(const rn_scope *s, const char *text);
char *scope_name_free(rn_scope *s, const char *base);
void scope_name_take(rn_scope *s, const char *text);
void scope_names_finish(scope_names *t);
/* Drops the variables made after the first n: the edit that held them was taken back. */
void scope_forget_variables(rn_scope *s, uint32_t n);
rn_tensor *scope_tensor(rn_scope *s, rn_dtype t, const rn_shape *shape, const void *data);
#endif
