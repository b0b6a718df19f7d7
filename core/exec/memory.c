/* exec/memory.c - where in the arena each value lies (core/exec).
 *
 * A buffer is the memory of a value and its aliases, or a kernel's scratch. Two buffers may overlap
 * when every access to the one happens before the first write of the other: by position when nodes run
 * one after the other, by the plan's partial order (a bit per ancestor) when branches run side by side.
 * Here it is settled which buffers there are and which may overlap; offset.c places them. */
#include "exec/memory.h"

static uint64_t round_up(const exec_memory *w, uint64_t size) { return (size + w->align - 1) & ~(w->align - 1); }

static int is_here(const exec_memory *w, uint32_t v) {
  const exec_plan *p = w->l->plan;
  const exec_device *home = p->value[v].home;
  return w->l->slot[v].kind == SLOT_ARENA && (home == NULL ? 0 : exec_plan_lane(p, home) + 1) == w->space;
}

static uint32_t buffer_of(const exec_memory *w, uint32_t v) { return w->of[w->l->slot[v].root]; }

/* What is copied to a device is read until the step ends, as far as the host knows. */
static int is_upload(const exec_plan *p, const exec_node *n) {
  return n->kind == NODE_COPY && p->value[n->out].home != NULL;
}

static void touch(exec_memory *w, uint32_t v, uint32_t position) {
  uint32_t b = buffer_of(w, v);
  if (b == EXEC_NONE) return;
  if (position > w->buf[b].last) w->buf[b].last = position;
  w->buf[b].n_users++;
}

static void find_lives(exec_memory *w) {
  exec_layout *l = w->l;
  const exec_plan *p = l->plan;
  for (uint32_t i = 0; i < l->n_order; i++) {
    const exec_node *n = &p->node[l->order[i]];
    for (uint32_t v = n->out; v < n->out + n->n_out; v++) {
      if (!is_here(w, v)) continue;
      w->of[v] = w->n_buf;
      w->buf[w->n_buf++] = (exec_buffer){round_up(w, l->slot[v].size_bytes), 0, i, i, 0, 1};
    }
    for (uint32_t k = 0; k < n->n_in; k++) touch(w, p->input[n->in + k], is_upload(p, n) ? l->n_order : i);
  }
  for (uint32_t i = 0; i < p->n_fetch; i++) touch(w, p->fetch_value[i], l->n_order);
}

/* -------------------------------------------------------------------------- the partial order */
static rn_status *find_above(exec_memory *w) {
  exec_layout *l = w->l;
  w->words = (l->n_order + 63) / 64;
  size_t bytes;
  if (!rn_mul_size(l->n_order, w->words * sizeof *w->above, &bytes)) return exec_out_of_memory("a layout");
  w->above = rn_mem_zero(bytes != 0 ? bytes : 1, 1);
  if (w->above == NULL) return exec_out_of_memory("a layout");
  for (uint32_t i = 0; i < l->n_order; i++) {
    const uint64_t *from = w->above + (size_t)i * w->words;
    for (uint32_t k = l->after_at[i]; k < l->after_at[i + 1]; k++) {
      uint64_t *to = w->above + (size_t)l->after[k] * w->words;
      for (uint32_t j = 0; j < w->words; j++) to[j] |= from[j];
      to[i / 64] |= (uint64_t)1 << (i % 64);
    }
  }
  return NULL;
}

static int is_above(const exec_memory *w, uint32_t a, uint32_t b) {
  return b < w->l->n_order && (w->above[(size_t)b * w->words + a / 64] >> (a % 64) & 1) != 0;
}

static void add_user(exec_memory *w, uint32_t b, uint32_t position) {
  if (b != EXEC_NONE) w->user[w->buf[b].users + w->buf[b].n_users++] = position;
}

static rn_status *list_users(exec_memory *w) {
  exec_layout *l = w->l;
  const exec_plan *p = l->plan;
  uint64_t total = 0;
  for (uint32_t b = 0; b < w->n_buf; b++) {
    w->buf[b].users = (uint32_t)total;
    total += w->buf[b].n_users;
    w->buf[b].n_users = 0;
  }
  w->user = rn_mem_alloc((size_t)(total + l->n_order + 1) * sizeof *w->user);
  if (w->user == NULL) return exec_out_of_memory("a layout");
  w->scratch_user = (uint32_t)total;
  for (uint32_t i = 0; i < l->n_order; i++) w->user[total + i] = i;
  for (uint32_t i = 0; i < l->n_order; i++) {
    const exec_node *n = &p->node[l->order[i]];
    for (uint32_t v = n->out; v < n->out + n->n_out; v++)
      if (is_here(w, v)) add_user(w, w->of[v], i);
    for (uint32_t k = 0; k < n->n_in; k++)
      add_user(w, buffer_of(w, p->input[n->in + k]), is_upload(p, n) ? l->n_order : i);
  }
  for (uint32_t i = 0; i < p->n_fetch; i++) add_user(w, buffer_of(w, p->fetch_value[i]), l->n_order);
  return NULL;
}

/* Is a out of use when position runs? */
static int is_done(const exec_memory *w, const exec_buffer *a, uint32_t position) {
  if (a->last >= position) return 0;
  for (uint32_t k = 0; w->above != NULL && k < a->n_users; k++)
    if (!is_above(w, w->user[a->users + k], position)) return 0;
  return 1;
}

int exec_buffers_meet(const exec_memory *w, const exec_buffer *a, const exec_buffer *b) {
  return !is_done(w, a, b->first) && !is_done(w, b, a->first);
}

/* ------------------------------------------------------------------------------------- in place */
/* Output 0 takes over a dead input's buffer. Only serial order merges: the list of users stays simple. */
static int take_over(exec_memory *w, uint32_t position, uint32_t input) {
  exec_layout *l = w->l;
  const exec_plan *p = l->plan;
  const exec_node *n = &p->node[l->order[position]];
  uint32_t from = buffer_of(w, p->input[n->in + input]), to = w->of[n->out];
  if (from == EXEC_NONE || to == EXEC_NONE || from == to) return 0;
  if (l->slot[p->input[n->in + input]].size_bytes != l->slot[n->out].size_bytes) return 0;
  if (w->buf[from].size != w->buf[to].size || w->buf[from].last != position) return 0;
  for (uint32_t k = 0; k < n->n_in; k++)
    if (k != input && buffer_of(w, p->input[n->in + k]) == from) return 0;
  w->buf[from].last = w->buf[to].last;
  w->buf[to].size = 0;
  w->buf[to].first = EXEC_NONE; /* gone */
  w->of[n->out] = from;
  return 1;
}

static void merge_in_place(exec_memory *w) {
  exec_layout *l = w->l;
  if (l->parallel) return;
  for (uint32_t i = 0; i < l->n_order; i++) {
    const exec_prep *prep = &l->step[l->order[i]].prep;
    const exec_node *n = &l->plan->node[l->order[i]];
    if (prep->inplace == 0 || n->n_out == 0 || !is_here(w, n->out)) continue;
    for (uint32_t k = 0; k < n->n_in && k < 32; k++)
      if ((prep->inplace >> k & 1) != 0 && take_over(w, i, k)) break;
  }
}

/* A borrowed kernel works later, when the host's arena has gone on: its scratch is the device's. */
static int has_scratch(const exec_memory *w, uint32_t position) {
  const exec_plan *p = w->l->plan;
  const exec_node *n = &p->node[w->l->order[position]];
  uint32_t space = n->borrowed ? exec_plan_lane(p, n->device) + 1 : 0;
  return w->l->step[w->l->order[position]].prep.scratch_bytes != 0 && space == w->space;
}

static void add_scratch(exec_memory *w) {
  exec_layout *l = w->l;
  for (uint32_t i = 0; i < l->n_order; i++) {
    if (!has_scratch(w, i)) continue;
    uint64_t size = l->step[l->order[i]].prep.scratch_bytes + (w->space != 0 ? EXEC_ALIGN : 0); /* to be aligned in */
    w->buf[w->n_buf++] = (exec_buffer){round_up(w, size), 0, i, i, w->scratch_user + i, 1};
  }
}

static void write_offsets(exec_memory *w, uint32_t first_scratch) {
  exec_layout *l = w->l;
  const exec_plan *p = l->plan;
  uint32_t scratch = first_scratch;
  for (uint32_t v = 0; v < p->n_value; v++)
    if (is_here(w, v)) l->slot[v].offset = w->buf[buffer_of(w, v)].offset;
  for (uint32_t i = 0; i < l->n_order; i++)
    if (has_scratch(w, i)) l->step[l->order[i]].prep.scratch_offset = w->buf[scratch++].offset;
}

static rn_status *check_chunk(const exec_memory *w) {
  for (uint32_t b = 0; w->chunk != 0 && b < w->n_buf; b++)
    if (w->buf[b].size > w->chunk)
      return rn_status_make(
          RN_RESOURCE_EXHAUSTED, "device %s: a value of %llu bytes, it takes at most %llu in one piece",
          w->l->plan->lane[w->space - 1]->full_name, (unsigned long long)w->buf[b].size, (unsigned long long)w->chunk);
  return NULL;
}

static rn_status *place(exec_memory *w) {
  exec_layout *l = w->l;
  find_lives(w);
  if (l->parallel && w->n_buf <= EXEC_MANY_BUFFERS) {
    RN_TRY(find_above(w));
    RN_TRY(list_users(w));
  }
  merge_in_place(w);
  uint32_t first_scratch = w->n_buf;
  add_scratch(w);
  RN_TRY(check_chunk(w));
  int few = w->n_buf <= 2 * EXEC_MANY_BUFFERS && (!l->parallel || w->above != NULL);
  RN_TRY(few || w->chunk != 0 ? exec_place_by_size(w) : exec_place_in_order(w));
  write_offsets(w, first_scratch);
  return NULL;
}

static rn_status *place_space(exec_layout *l, uint32_t space) {
  const exec_plan *p = l->plan;
  exec_memory w = {.l = l, .space = space, .align = EXEC_ALIGN};
  if (space > 0) {
    const exec_device *d = p->lane[space - 1];
    if (d->info.align_bytes > w.align) w.align = d->info.align_bytes;
    w.chunk = exec_lane_chunk(d);
  }
  w.of = rn_mem_alloc((p->n_value + (size_t)1) * sizeof *w.of);
  w.buf = rn_mem_alloc((p->n_value + l->n_order + (size_t)1) * sizeof *w.buf);
  if (w.of != NULL) memset(w.of, 0xff, (p->n_value + (size_t)1) * sizeof *w.of);
  rn_status *s = w.of != NULL && w.buf != NULL ? place(&w) : exec_out_of_memory("a layout");
  *(space == 0 ? &l->arena_bytes : &l->lane_bytes[space - 1]) = w.bytes;
  rn_mem_free(w.of);
  rn_mem_free(w.buf);
  rn_mem_free(w.above);
  rn_mem_free(w.user);
  return s;
}

rn_status *exec_layout_memory(exec_layout *l) {
  for (uint32_t space = 0; space <= l->plan->n_lane; space++) RN_TRY(place_space(l, space));
  return NULL;
}
