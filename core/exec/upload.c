/* exec/upload.c - a copy in a layout (core/exec).
 *
 * A constant, or what the layout worked out, is brought to a device once, when the layout is made, and is a
 * constant there. Other copies execute in each step, between fixed places. */
#include "exec/exec.h"

rn_status *exec_layout_upload(exec_layout *l, uint32_t v, exec_device *d, const rn_tensor_view *from) {
  rn_region r = {0, 0, from->size_bytes};
  exec_upload *u = rn_arena_alloc(&l->memory, sizeof *u);
  if (u == NULL) return exec_out_of_memory("a layout");
  RN_TRY(exec_device_alloc(d, from->size_bytes, &u->mem));
  u->device = d;
  u->next = l->upload;
  l->upload = u;
  if (from->size_bytes != 0)
    RN_TRY(exec_device_copy(d, &(rn_copy){(uint32_t)sizeof(rn_copy), 1, u->mem, NULL, from->data, &r}));
  l->slot[v].kind = SLOT_CONST;
  l->proto[v].mem = u->mem;
  l->proto[v].data = exec_device_address(d, u->mem);
  l->proto[v].tensor = NULL;
  l->proto[v].flags = RN_VIEW_CONSTANT;
  l->proto[v].version = 1;
  return NULL;
}

/* What the layout computed is on the host already. */
static void share_constant(exec_layout *l, uint32_t v, rn_tensor *t) {
  l->slot[v].kind = SLOT_CONST;
  l->proto[v].data = rn_tensor_data(t);
  l->proto[v].flags = RN_VIEW_CONSTANT;
  l->proto[v].version = 1;
}

rn_status *exec_layout_copy(exec_layout *l, uint32_t node) {
  const exec_plan *p = l->plan;
  const exec_node *n = &p->node[node];
  char text[256];
  uint32_t from = p->input[n->in];
  /* What a node made while the step ran is in memory that both sides read. */
  if (!rn_shape_known(&l->proto[from].shape) && n->device->kernels_of != NULL) {
    exec_layout_alias(l, n->out, from);
    return NULL;
  }
  if (!rn_shape_known(&l->proto[from].shape) && p->value[from].node != EXEC_NONE)
    exec_plan_mark_open(l->plan, p->node[p->value[from].node].id);
  if (!rn_shape_known(&l->proto[from].shape))
    return rn_status_make(RN_UNIMPLEMENTED, "%s: its shape is known only while the step runs, and %s needs it before",
                          exec_node_text(p, node, text, sizeof text), n->device->full_name);
  if (l->proto[from].dtype == RN_STRING || l->proto[from].dtype == RN_VARIANT)
    return rn_status_make(RN_UNIMPLEMENTED, "%s is %s, which cannot be in the memory of %s",
                          exec_node_text(p, node, text, sizeof text), rn_dtype_name(l->proto[from].dtype),
                          n->device->full_name);
  uint32_t root = l->slot[from].root;
  if (p->value[n->out].home != NULL && l->slot[root].kind == SLOT_CONST)
    return exec_layout_upload(l, n->out, n->device, &l->proto[from]);
  if (p->value[n->out].home == NULL && l->slot[root].kind == SLOT_CONST && l->constant[root] != NULL) {
    share_constant(l, n->out, l->constant[root]);
    return NULL;
  }
  l->step[node].copies = 1;
  if (p->value[n->out].home != NULL) l->slot[root].uses++; /* kept until the step ends */
  return exec_layout_executes(l, node, 0);
}

void exec_layout_drop_uploads(exec_layout *l) {
  for (exec_upload *u = l->upload; u != NULL; u = u->next) u->device->type->def->release(u->device->handle, u->mem);
  l->upload = NULL;
}
