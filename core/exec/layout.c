/* exec/layout.c - shapes and memory of a plan, for given shapes of feeds and cells (core/exec).
 *
 * Inference runs again over the plan's nodes with what is known now. Values of feeds never enter; what
 * depends on them stays open and is laid out during the run. A plan keeps its newest layouts. */
#include "exec/exec.h"
#include "tensor/shape.h"

static const rn_shape unknown_shape = {.rank = -1};

static const rn_shape *feed_shape(rn_tensor *const *feeds, uint32_t i) {
  return feeds[i] != NULL ? rn_tensor_shape(feeds[i]) : &unknown_shape;
}

/* What a cell's readers may rely on throughout the step. */
static const rn_shape *cell_shape(const exec_plan *p, rn_resource *const *cells, uint32_t i) {
  const exec_cell *c = &p->cell[i];
  if (cells[i] == NULL || !rn_resource_is_cell(cells[i])) return &c->declared;
  return c->shape_moves ? &unknown_shape : rn_cell_shape(cells[i]);
}

static int fits(const exec_layout *l, rn_tensor *const *feeds, rn_resource *const *cells) {
  const exec_plan *p = l->plan;
  for (uint32_t i = 0; i < p->n_feed; i++)
    if (!rn_shape_equal(&l->key[i], feed_shape(feeds, i))) return 0;
  for (uint32_t i = 0; i < p->n_cell; i++)
    if (!rn_shape_equal(&l->key[p->n_feed + i], cell_shape(p, cells, i)) ||
        l->stays[i] != exec_cell_stays(&p->cell[i], cells[i]))
      return 0;
  return 1;
}

static void *zeroed(exec_layout *l, size_t count, size_t item) {
  void *a = rn_arena_array(&l->memory, count + 1, item);
  if (a != NULL) memset(a, 0, (count + 1) * item);
  return a;
}

static rn_status *allocate(exec_layout *l) {
  const exec_plan *p = l->plan;
  l->key = zeroed(l, (size_t)p->n_feed + p->n_cell, sizeof *l->key);
  l->fact = zeroed(l, p->n_value, sizeof *l->fact);
  l->proto = zeroed(l, p->n_value, sizeof *l->proto);
  l->slot = zeroed(l, p->n_value, sizeof *l->slot);
  l->constant = zeroed(l, p->n_value, sizeof(rn_tensor *));
  l->step = zeroed(l, p->n_node, sizeof *l->step);
  l->order = zeroed(l, p->n_node, sizeof *l->order);
  l->cell_root = zeroed(l, p->n_cell, sizeof *l->cell_root);
  l->stays = zeroed(l, p->n_cell, sizeof *l->stays);
  l->lane_bytes = zeroed(l, p->n_lane, sizeof *l->lane_bytes);
  if (l->key == NULL || l->fact == NULL || l->proto == NULL || l->slot == NULL || l->constant == NULL ||
      l->step == NULL || l->order == NULL || l->cell_root == NULL || l->stays == NULL || l->lane_bytes == NULL)
    return exec_out_of_memory("a layout");
  memset(l->cell_root, 0xff, p->n_cell * sizeof *l->cell_root);
  return NULL;
}

static rn_status *check_feed(const exec_plan *p, uint32_t i, const rn_shape *got) {
  char have[RN_SHAPE_TEXT], want[RN_SHAPE_TEXT];
  const rn_shape *declared = rn_graph_shape(p->graph, p->feed[i]);
  if (declared == NULL || rn_shape_matches(declared, got)) return NULL;
  (void)rn_shape_print(got, have, sizeof have);
  (void)rn_shape_print(declared, want, sizeof want);
  return rn_status_make(RN_INVALID_ARGUMENT, "feed '%s:%u' has shape %s, the graph declares %s",
                        rn_graph_name(p->graph, p->feed[i].node), p->feed[i].port, have, want);
}

static rn_status *read_key(exec_layout *l, rn_tensor *const *feeds, rn_resource *const *cells) {
  const exec_plan *p = l->plan;
  for (uint32_t i = 0; i < p->n_feed; i++) {
    l->key[i] = *feed_shape(feeds, i);
    if (feeds[i] != NULL) RN_TRY(check_feed(p, i, &l->key[i]));
  }
  for (uint32_t i = 0; i < p->n_cell; i++) {
    l->key[p->n_feed + i] = *cell_shape(p, cells, i);
    l->stays[i] = (uint8_t)exec_cell_stays(&p->cell[i], cells[i]);
  }
  return NULL;
}

static rn_status *build(exec_layout *l, rn_tensor *const *feeds, rn_resource *const *cells) {
  exec_plan *p = l->plan;
  RN_TRY(allocate(l));
  RN_TRY(read_key(l, feeds, cells));
  for (uint32_t v = 0; v < p->n_feed; v++) RN_TRY(exec_layout_feed(l, v, feeds[v]));
  l->plain = 1;
  for (uint32_t i = 0; i < p->n_node; i++) RN_TRY(exec_layout_value(l, p->order[i]));
  for (uint32_t i = 0; i < p->n_node; i++) {
    if (l->step[p->order[i]].mode == STEP_SKIP) continue;
    l->order[l->n_order++] = p->order[i];
    if (l->step[p->order[i]].mode != STEP_STATIC) l->plain = 0;
  }
  for (uint32_t i = 0; i < p->n_fetch; i++) l->slot[l->slot[p->fetch_value[i]].root].uses++;
  RN_TRY(exec_layout_parallel(l));
  RN_TRY(exec_layout_segments(l));
  return exec_layout_memory(l);
}

static rn_status *create(exec_plan *p, rn_tensor *const *feeds, rn_resource *const *cells, exec_layout **out) {
  exec_layout *l = rn_mem_zero(1, sizeof *l);
  if (l == NULL) return exec_out_of_memory("a layout");
  l->plan = p;
  atomic_init(&l->refs, 1);
  rn_arena_init(&l->memory, 4096);
  rn_status *s = build(l, feeds, cells);
  if (s != NULL) {
    exec_layout_release(l);
    return s;
  }
  atomic_fetch_add(&p->session->made_layouts, 1);
  *out = l;
  return NULL;
}

static void drop_oldest(exec_plan *p) {
  exec_layout **at = &p->layouts;
  while ((*at)->next != NULL) at = &(*at)->next;
  exec_layout *oldest = *at;
  *at = NULL;
  p->n_layouts--;
  exec_layout_release(oldest);
}

/* Made under the plan's lock: two threads that come with the same shapes make one layout. */
rn_status *exec_layout_get(exec_plan *p, rn_tensor *const *feeds, rn_resource *const *cells, exec_layout **out) {
  rn_status *s = NULL;
  (void)pthread_mutex_lock(&p->guard);
  exec_layout *l = p->layouts;
  while (l != NULL && !fits(l, feeds, cells)) l = l->next;
  if (l == NULL) {
    s = create(p, feeds, cells, &l);
    if (s == NULL) {
      l->next = p->layouts;
      p->layouts = l;
      if (++p->n_layouts > EXEC_MAX_LAYOUTS) drop_oldest(p);
    }
  }
  if (s == NULL) {
    atomic_fetch_add(&l->refs, 1);
    *out = l;
  }
  (void)pthread_mutex_unlock(&p->guard);
  return s;
}

void exec_layout_release(exec_layout *l) {
  if (l == NULL || atomic_fetch_sub(&l->refs, 1) != 1) return;
  while (l->free != NULL) {
    exec_instance *x = l->free;
    l->free = x->next;
    exec_instance_destroy(x);
  }
  for (uint32_t i = 0; l->step != NULL && i < l->plan->n_node; i++) exec_prep_finish(&l->step[i].prep);
  for (uint32_t v = 0; l->constant != NULL && v < l->plan->n_value; v++) rn_tensor_release(l->constant[v]);
  exec_layout_drop_uploads(l);
  rn_arena_finish(&l->memory);
  rn_mem_free(l);
}
