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
struct rn_scope {
  rn_graph *g;
  rn_status *error;
  scope_frame *frame; /* the last is in force */
  uint32_t n_frames, cap_frames;
  char **used; /* scope names opened so far */
  uint32_t n_used, cap_used;
  scope_collection *collection;
  uint32_t n_collections, cap_collections;
  rn_variable *variable;
  uint32_t n_variables, cap_variables;
  int64_t seed, n_random;
};
/* Makes room for one more item. 0 after reporting that memory is out. */
int scope_grow(rn_scope *s, void *items, uint32_t n, uint32_t *cap, size_t size);
char *scope_text(rn_scope *s, const char *format, ...) RN_FORMAT(2, 3); /* owned, or NULL: reported */
/* Drops the variables made after the first n: the edit that held them was taken back. */
void scope_forget_variables(rn_scope *s, uint32_t n);
rn_tensor *scope_tensor(rn_scope *s, rn_dtype t, const rn_shape *shape, const void *data);
#endif
