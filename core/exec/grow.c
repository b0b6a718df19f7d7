/* exec/grow.c - room for what the planner adds (core/exec).
 *
 * The arrays of a plan are exact; parts that add nodes after the first count move them once. */
#include "exec/exec.h"

static int grow(rn_arena *a, void *array, uint32_t count, uint32_t more, size_t item) {
  void **at = array, *from = *at;
  if (count > EXEC_NONE - 2 - more) return 0;
  void *to = rn_arena_array(a, (size_t)count + more + 1, item);
  if (to == NULL) return 0;
  if (count > 0) memcpy(to, from, count * item);
  *at = to;
  return 1;
}

rn_status *exec_plan_grow(exec_plan *p, uint32_t nodes, uint32_t values, uint32_t inputs, uint32_t preds) {
  rn_arena *a = &p->memory;
  int ok =
      grow(a, &p->node, p->n_node, nodes, sizeof *p->node) && grow(a, &p->order, p->n_node, nodes, sizeof *p->order) &&
      grow(a, &p->value, p->n_value, values, sizeof *p->value) &&
      grow(a, &p->input, p->n_input, inputs, sizeof *p->input) && grow(a, &p->pred, p->n_pred, preds, sizeof *p->pred);
  return ok ? NULL : exec_out_of_memory("a plan");
}
