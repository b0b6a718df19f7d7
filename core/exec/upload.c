/* exec/upload.c - a copy in a layout (core/exec).
 *
 * A constant is brought to a device once, when the layout is made, and is a constant there. Other copies
 * execute in each step, between fixed places. */
#include "exec/exec.h"

static rn_status *upload_constant(exec_layout *l, const exec_node *n) {
  const exec_plan *p = l->plan;
  uint32_t from = p->input[n->in];
  const rn_tensor_view *v = &l->proto[from];
  rn_region r = {0, 0, v->size_bytes};
  exec_upload *u = rn_arena_alloc(&l->memory, sizeof *u);
  if (u == NULL) return exec_out_of_memory("a layout");
  RN_TRY(exec_device_alloc(n->device, v->size_bytes, &u->mem));
  u->device = n->device;
  u->next = l->upload;
  l->upload = u;
  if (v->size_bytes != 0)
    RN_TRY(exec_device_copy(n->device, &(rn_copy){(uint32_t)sizeof(rn_copy), 1, u->mem, NULL, v->data, &r}));
  l->slot[n->out].kind = SLOT_CONST;
  l->proto[n->out].mem = u->mem;
  l->proto[n->out].data = exec_device_address(n->device, u->mem);
  l->proto[n->out].flags = RN_VIEW_CONSTANT;
  l->proto[n->out].version = 1;
  return NULL;
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
  if (!rn_shape_known(&l->proto[from].shape))
    return rn_status_make(RN_UNIMPLEMENTED, "%s: its shape is known only while the step runs, and %s needs it before",
                          exec_node_text(p, node, text, sizeof text), n->device->full_name);
  if (l->proto[from].dtype == RN_STRING || l->proto[from].dtype == RN_VARIANT)
    return rn_status_make(RN_UNIMPLEMENTED, "%s is %s, which cannot be in the memory of %s",
                          exec_node_text(p, node, text, sizeof text), rn_dtype_name(l->proto[from].dtype),
                          n->device->full_name);
  if (p->value[n->out].home != NULL && l->slot[l->slot[from].root].kind == SLOT_CONST) return upload_constant(l, n);
  l->step[node].copies = 1;
  if (p->value[n->out].home != NULL) l->slot[l->slot[from].root].uses++; /* kept until the step ends */
  return exec_layout_executes(l, node, 0);
}

void exec_layout_drop_uploads(exec_layout *l) {
  for (exec_upload *u = l->upload; u != NULL; u = u->next) u->device->type->def->release(u->device->handle, u->mem);
  l->upload = NULL;
}
