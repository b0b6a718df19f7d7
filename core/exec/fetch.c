/* exec/fetch.c - what leaves a step (core/exec).
 *
 * Tensors that nobody writes any more are handed over, the rest is copied: a fetched variable is a
 * snapshot. On failure nothing is owned by the caller. */
#include "exec/exec.h"

static rn_status *fetch_into(const exec_plan *p, uint32_t i, const rn_resource *cell, const rn_tensor_view *v,
                             rn_tensor *to) {
  const char *name = rn_graph_name(p->graph, p->fetch[i].node);
  if (rn_tensor_dtype(to) != rn_dtype_base(v->dtype) || !rn_shape_equal(rn_tensor_shape(to), &v->shape) ||
      v->dtype == RN_STRING)
    return rn_status_make(RN_INVALID_ARGUMENT,
                          "the tensor given for fetch '%s:%u' has another dtype or shape than the value", name,
                          p->fetch[i].port);
  if (v->mem != NULL) return exec_cell_download(cell, v, rn_tensor_data(to));
  if (v->size_bytes != 0) memcpy(rn_tensor_data(to), v->data, v->size_bytes);
  return NULL;
}

/* A variable at home on a device. */
static rn_status *fetch_cell(const rn_resource *cell, const rn_tensor_view *v, rn_tensor **out) {
  RN_TRY(rn_tensor_create(v->dtype, &v->shape, out));
  rn_status *s = exec_cell_download(cell, v, rn_tensor_data(*out));
  if (s == NULL) return NULL;
  rn_tensor_release(*out);
  *out = NULL;
  return s;
}

static rn_status *fetch_one(exec_instance *x, uint32_t i, rn_tensor **out) {
  const exec_plan *p = x->layout->plan;
  const rn_tensor_view *v = &x->view[p->fetch_value[i]];
  int in_cell = p->value[p->fetch_value[i]].cell != EXEC_NONE || x->layout->slot[p->fetch_value[i]].kind == SLOT_CELL;
  if (p->value[p->fetch_value[i]].dtype == RN_RESOURCE) return NULL; /* of a function: its caller has the handle */
  uint32_t c = p->value[p->fetch_value[i]].cell;
  const rn_resource *cell = c != EXEC_NONE ? x->cell[c] : NULL;
  if (*out != NULL) return fetch_into(p, i, cell, v, *out);
  if (v->mem != NULL) return fetch_cell(cell, v, out);
  if (v->tensor == NULL || (in_cell && v->dtype != RN_STRING)) return rn_tensor_from(v->dtype, &v->shape, v->data, out);
  if (!rn_shape_equal(rn_tensor_shape(v->tensor), &v->shape)) return rn_tensor_reshape(v->tensor, &v->shape, out);
  *out = rn_tensor_retain(v->tensor);
  return NULL;
}

rn_status *exec_fetch(exec_instance *x, const exec_args *a) {
  const exec_plan *p = x->layout->plan;
  uint64_t given[16] = {0};
  for (uint32_t i = 0; i < p->n_fetch; i++) {
    if (i < 1024 && a->fetches[i] != NULL) given[i / 64] |= (uint64_t)1 << (i % 64);
    rn_status *s = fetch_one(x, i, &a->fetches[i]);
    if (s == NULL) continue;
    for (uint32_t k = 0; k < i; k++) {
      if (k < 1024 && (given[k / 64] >> (k % 64) & 1) != 0) continue;
      rn_tensor_release(a->fetches[k]);
      a->fetches[k] = NULL;
    }
    return s;
  }
  return NULL;
}
