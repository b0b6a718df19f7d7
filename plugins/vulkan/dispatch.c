/* dispatch.c - from a kernel's words to commands (plugins/vulkan). */
#include "kernel.h"

gpu_dispatch gpu_dispatch_of(const rn_call *c, uint32_t shader) {
  gpu_dispatch d;
  memset(&d, 0, sizeof d);
  d.code = &gpu_shaders[shader];
  d.n_spec = 1;
  d.spec[0] = ((const gpu_device *)c->device)->limits.workgroup;
  d.groups[0] = d.groups[1] = d.groups[2] = 1;
  return d;
}

void gpu_spec(gpu_dispatch *d, uint32_t value) { d->spec[d->n_spec++] = value; }
void gpu_bind(gpu_dispatch *d, const rn_tensor_view *v, int writes) {
  d->bind[d->n_bind++] = (gpu_operand){v->mem, v->data, v->offset_bytes, v->size_bytes, (uint8_t)writes, 0};
}
void gpu_bind_scratch(gpu_dispatch *d, const rn_mem *m, int writes) {
  d->bind[d->n_bind++] = (gpu_operand){m, NULL, 0, m->size, (uint8_t)writes, 0};
}
void gpu_bind_texels(gpu_dispatch *d, const rn_tensor_view *v, uint32_t words) {
  gpu_bind(d, v, 0);
  d->bind[d->n_texels++].words = (uint8_t)words;
}
void gpu_bind_scratch_texels(gpu_dispatch *d, const rn_mem *m) {
  gpu_bind_scratch(d, m, 0);
  d->bind[d->n_texels++].words = 4;
}
void gpu_push(gpu_dispatch *d, uint32_t value) { d->push[d->n_push++] = value; }
void gpu_push_float(gpu_dispatch *d, float value) { memcpy(&d->push[d->n_push++], &value, sizeof value); }
void gpu_push_all(gpu_dispatch *d, const uint32_t *values, uint32_t n) {
  for (uint32_t k = 0; k < n; k++) gpu_push(d, values[k]);
}

void gpu_over(gpu_dispatch *d, const rn_call *c, uint64_t n) {
  const gpu_limits *l = &((const gpu_device *)c->device)->limits;
  uint64_t groups = GPU_CEIL(n, d->spec[0]);
  d->groups[0] = (uint32_t)GPU_MIN(groups, l->max_groups);
}

/* A shader binds something even where a tensor is empty: the first operand that is not. */
static const gpu_operand *solid(const gpu_dispatch *d, uint32_t k) {
  if (d->bind[k].mem != NULL && d->bind[k].size != 0) return &d->bind[k];
  for (uint32_t i = 0; i < d->n_bind; i++)
    if (d->bind[i].mem != NULL && d->bind[i].size != 0) return &d->bind[i];
  return NULL;
}

static rn_status *ranges(const gpu_device *g, const gpu_dispatch *d, gpu_range *range) {
  for (uint32_t k = 0; k < d->n_bind; k++) {
    const gpu_operand *o = solid(d, k);
    if (o == NULL) return rn_error(gpu_host, RN_INTERNAL, "%s: all operands are empty", d->code->name);
    uint64_t lo = o->mem->offset + o->offset;
    range[k] = (gpu_range){gpu_memory_buffer(o->mem), lo, lo + (o->size + 3) / 4 * 4,
                           (uint8_t)(o == &d->bind[k] && o->writes)};
    if (range[k].hi - range[k].lo > g->limits.max_binding)
      return rn_error(gpu_host, RN_RESOURCE_EXHAUSTED, "a tensor of %llu bytes; '%s' binds at most %llu",
                      (unsigned long long)o->size, g->name, (unsigned long long)g->limits.max_binding);
    if (k < d->n_texels && (range[k].hi - range[k].lo) / 4 / o->words > g->limits.max_texels)
      return rn_error(gpu_host, RN_RESOURCE_EXHAUSTED, "a tensor of %llu bytes; '%s' reads at most %llu texels",
                      (unsigned long long)o->size, g->name, (unsigned long long)g->limits.max_texels);
  }
  return NULL;
}

static rn_status *bind_all(const gpu_device *g, gpu_commands *t, const gpu_dispatch *d, const gpu_range *range) {
  VkDescriptorBufferInfo buffer[GPU_MAX_BIND];
  VkBufferView view[GPU_MAX_TEXELS];
  VkWriteDescriptorSet write[2] = {{.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                    .dstBinding = d->n_texels,
                                    .descriptorCount = d->n_bind - d->n_texels,
                                    .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                    .pBufferInfo = buffer},
                                   {.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                    .descriptorCount = d->n_texels,
                                    .descriptorType = VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER,
                                    .pTexelBufferView = view}};
  RN_TRY(gpu_commands_set(t, gpu_set_layout(g, d->n_bind, d->n_texels), &write[0].dstSet));
  write[1].dstSet = write[0].dstSet;
  for (uint32_t k = 0; k < d->n_texels; k++) RN_TRY(gpu_commands_view(t, &range[k], d->bind[k].words, &view[k]));
  for (uint32_t k = d->n_texels; k < d->n_bind; k++)
    buffer[k - d->n_texels] = (VkDescriptorBufferInfo){range[k].buffer, range[k].lo, range[k].hi - range[k].lo};
  g->vk->UpdateDescriptorSets(g->handle, d->n_texels != 0 ? 2 : 1, write, 0, NULL);
  g->vk->CmdBindDescriptorSets(t->buffer, VK_PIPELINE_BIND_POINT_COMPUTE,
                               gpu_pipeline_layout(g, d->n_bind, d->n_texels), 0, 1, &write[0].dstSet, 0, NULL);
  return NULL;
}

/* A constant the host folded has not been brought here: a copy lives as long as the commands. */
static rn_status *bring(gpu_commands *t, const void *data, uint64_t size, const rn_mem **out) {
  rn_mem *m;
  RN_TRY(gpu_commands_hold(t, size, GPU_HELD_STAGING, &m));
  memcpy(gpu_memory_address(m), data, size);
  *out = m;
  return NULL;
}

static rn_status *bring_constants(gpu_commands *t, gpu_dispatch *d) {
  for (uint32_t k = 0; k < d->n_bind; k++) {
    gpu_operand *o = &d->bind[k];
    if (o->mem != NULL || o->data == NULL || o->size == 0) continue;
    if (o->writes) return gpu_host->status(RN_INTERNAL, "a result in host memory");
    RN_TRY(bring(t, o->data, o->size, &o->mem));
    o->offset = 0;
  }
  return NULL;
}

rn_status *gpu_run(const rn_call *c, gpu_dispatch *d) {
  gpu_device *g = c->device;
  gpu_range range[GPU_MAX_BIND];
  gpu_commands *t;
  VkPipeline pipeline;
  if (d->groups[0] == 0 || d->groups[1] == 0 || d->groups[2] == 0) return NULL;
  RN_TRY(gpu_target(c->queue, &t));
  RN_TRY(bring_constants(t, d));
  RN_TRY(ranges(g, d, range));
  RN_TRY(gpu_pipeline_get(g, d->code, d->n_bind, d->n_texels, d->spec, d->n_spec, &pipeline));
  gpu_commands_order(t, range, d->n_bind);
  g->vk->CmdBindPipeline(t->buffer, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
  RN_TRY(bind_all(g, t, d, range));
  g->vk->CmdPushConstants(t->buffer, gpu_pipeline_layout(g, d->n_bind, d->n_texels), VK_SHADER_STAGE_COMPUTE_BIT, 0,
                          GPU_MAX_PUSH * 4, d->push);
  g->vk->CmdDispatch(t->buffer, d->groups[0], d->groups[1], d->groups[2]);
  t->dispatches++;
  if (g->profile) g->last_shader = d->code->name;
  return NULL;
}

rn_status *gpu_rounds(const rn_call *c, uint64_t rounds) {
  const gpu_device *g = c->device;
  if (g->limits.max_rounds == 0 || rounds <= g->limits.max_rounds) return NULL;
  return rn_error(gpu_host, RN_UNIMPLEMENTED,
                  "it takes %llu rounds of a loop, and the driver of '%s' ends loops after 65535 (place it on the CPU)",
                  (unsigned long long)rounds, g->name);
}

rn_status *gpu_scratch(const rn_call *c, uint64_t size_bytes, rn_mem **out) {
  gpu_commands *t;
  RN_TRY(gpu_target(c->queue, &t));
  return gpu_commands_hold(t, size_bytes, GPU_HELD_SCRATCH, out);
}

rn_status *gpu_scratch_shared(const rn_call *c, uint32_t slot, uint64_t size_bytes, rn_mem **out) {
  gpu_commands *t;
  RN_TRY(gpu_target(c->queue, &t));
  if (t->shared[slot] == NULL || t->shared[slot]->size < size_bytes)
    RN_TRY(gpu_commands_hold(t, size_bytes, GPU_HELD_SCRATCH, &t->shared[slot]));
  *out = t->shared[slot];
  return NULL;
}

rn_status *gpu_fill(const rn_call *c, const rn_tensor_view *v, uint32_t word) {
  const gpu_device *g = c->device;
  gpu_commands *t;
  if (v->size_bytes == 0) return NULL;
  RN_TRY(gpu_target(c->queue, &t));
  uint64_t lo = v->mem->offset + v->offset_bytes, size = (v->size_bytes + 3) / 4 * 4;
  gpu_range range = {gpu_memory_buffer(v->mem), lo, lo + size, 1};
  gpu_commands_order(t, &range, 1);
  g->vk->CmdFillBuffer(t->buffer, range.buffer, lo, size, word);
  return NULL;
}

rn_status *gpu_copy_view(const rn_call *c, const rn_tensor_view *from, const rn_tensor_view *to) {
  gpu_commands *t;
  const rn_mem *src_mem = from->mem;
  if (to->size_bytes == 0 || (from->mem == to->mem && from->offset_bytes == to->offset_bytes)) return NULL;
  RN_TRY(gpu_target(c->queue, &t));
  if (src_mem == NULL) RN_TRY(bring(t, from->data, from->size_bytes, &src_mem));
  uint64_t src = src_mem->offset + (from->mem != NULL ? from->offset_bytes : 0);
  uint64_t dst = to->mem->offset + to->offset_bytes;
  gpu_range range[2] = {{gpu_memory_buffer(src_mem), src, src + to->size_bytes, 0},
                        {gpu_memory_buffer(to->mem), dst, dst + to->size_bytes, 1}};
  VkBufferCopy copy = {src, dst, to->size_bytes};
  gpu_commands_order(t, range, 2);
  t->d->vk->CmdCopyBuffer(t->buffer, range[0].buffer, range[1].buffer, 1, &copy);
  t->copies++;
  return NULL;
}

/* ------------------------------------------------------------------------------------------- kernels */
/* With the setting `profile` nothing is recorded, and each kernel is waited for and its time logged. */
static rn_status *timed(gpu_device *g, rn_call *c, uint64_t begin_ns) {
  char text[160];
  RN_TRY(gpu_flush(g, c->queue));
  RN_TRY(gpu_drain(g, UINT64_MAX));
  const rn_tensor_view *v = c->n_out != 0 ? c->out[0] : c->in[0];
  (void)snprintf(text, sizeof text, "profile: %.1f us, %s, %llu bytes", (double)(gpu_now_ns() - begin_ns) * 1e-3,
                 g->last_shader != NULL ? g->last_shader : "no shader", (unsigned long long)v->size_bytes);
  g->host->log(g->host->ctx, RN_LOG_INFO, text);
  return NULL;
}

rn_status *gpu_compute(const void *state, rn_call *c) {
  const gpu_op *op = state;
  gpu_device *g = c->device;
  uint64_t begin_ns = g->profile ? gpu_now_ns() : 0;
  RN_TRY(gpu_begin(c->queue, c->wait));
  RN_TRY(op->record(op, c));
  RN_TRY(gpu_finish(c->queue, c->signal));
  return g->profile ? timed(g, c, begin_ns) : NULL;
}

rn_status *gpu_state(rn_prepared *out, size_t bytes, gpu_record_fn record, void *state) {
  void **to = state;
  gpu_op *op = gpu_zero(bytes);
  if (op == NULL) return gpu_no_memory("a kernel's state");
  op->record = record;
  out->state = op;
  out->destroy = gpu_free;
  *to = op;
  return NULL;
}

rn_status *gpu_cell(rn_call *c, uint32_t i, rn_tensor_view *out) {
  memset(out, 0, sizeof *out);
  out->struct_size = (uint32_t)sizeof *out;
  if (c->resource != NULL && c->resource[i] != NULL) return c->api->cell_view(c, c->resource[i], out);
  *out = *c->in[i];
  return NULL;
}

int64_t gpu_int_at(const rn_tensor_view *v, int64_t i) {
  return v->dtype == RN_INT64 ? ((const int64_t *)v->data)[i] : ((const int32_t *)v->data)[i];
}
uint32_t gpu_elems(const rn_tensor_view *v) { return (uint32_t)rn_shape_elems(&v->shape); }

int gpu_same_shape(const rn_shape *a, const rn_shape *b) {
  if (a->rank != b->rank) return 0;
  for (int32_t k = 0; k < a->rank; k++)
    if (a->dim[k] != b->dim[k]) return 0;
  return 1;
}

int64_t gpu_product(const int64_t *dims, int32_t n) {
  int64_t p = 1;
  for (int32_t k = 0; k < n; k++) p *= dims[k];
  return p;
}

rn_status *gpu_axis(int64_t axis, int32_t rank, int32_t *out) {
  if (axis < -rank || axis >= rank)
    return rn_error(gpu_host, RN_INVALID_ARGUMENT, "axis %lld is not in [%d, %d)", (long long)axis, -rank, rank);
  *out = (int32_t)(axis < 0 ? axis + rank : axis);
  return NULL;
}

const void *gpu_attr_list(const rn_self *s, const char *name, uint32_t type, uint32_t *count) {
  rn_attr_value v;
  *count = 0;
  if (!rn_self_attr(s, name, RN_ATTR_LIST | type, &v)) return NULL;
  *count = v.count;
  return v.u.list;
}
