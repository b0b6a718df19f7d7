/* exec/validate_frame.c - one checked call of a kernel: its copies, and what they tell (core/exec). */
#include <stdio.h>
#include "exec/validate.h"
#include "plugin/pointer_map.h"

#define KEPT 512u

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static rn_pointer_map frames;
static exec_frame *kept[KEPT]; /* over: what a kernel kept of its call points here */
static size_t next_kept;

/* ----------------------------------------------------------------------------------- beginning */
void *exec_frame_copy(exec_frame *f, frame_bytes *b, void *real, size_t size_bytes) {
  char name[128], text[300];
  b->real = real;
  b->size_bytes = size_bytes;
  (void)snprintf(text, sizeof text, "%s of %.90s", exec_frame_name(f, b, name, sizeof name), f->what);
  b->own = rn_guarded_alloc(f->plugin, text, size_bytes, 64, 0);
  return b->own;
}

/* Two views of the same bytes stay two views of the same bytes. */
static frame_bytes *same_bytes(exec_frame *f, uint32_t before, const void *real, size_t size_bytes) {
  for (uint32_t i = 0; i < before; i++)
    if (f->bytes[i].own != NULL && f->bytes[i].real == real && f->bytes[i].size_bytes == size_bytes)
      return &f->bytes[i];
  return NULL;
}

/* Declared, or, in a claim that also holds the variable's update, the content that goes in beside the handle. */
static uint8_t may_write(const exec_plan *p, const exec_node *n, uint32_t i) {
  uint32_t cell = p->value[p->input[n->in + i]].cell;
  if (exec_node_writes(p, n, i)) return 1;
  for (uint32_t k = 0; n->kind == NODE_CLAIM && cell != EXEC_NONE && k < n->n_in; k++)
    if (p->value[p->input[n->in + k]].cell == cell && exec_node_writes(p, n, k)) return 1;
  return 0;
}

static int copy_input(exec_frame *f, uint32_t i) {
  const exec_watched *w = f->watched;
  const exec_node *n = &w->plan->node[w->node];
  rn_tensor_view *v = &f->view[i];
  frame_bytes *b = &f->bytes[i];
  uint32_t value = w->plan->input[n->in + i];
  b->resource = f->pub.resource != NULL ? f->pub.resource[i] : NULL;
  b->writes = may_write(w->plan, n, i);
  b->volatile_real = w->plan->value[value].cell != EXEC_NONE &&
                     (f->async || (n->op != NULL && (n->op->def->flags & (RN_OP_BLOCKING | RN_OP_CALLS)) != 0));
  if (!f->isolated || v->data == NULL || v->size_bytes == 0) return 1;
  frame_bytes *same = same_bytes(f, i, v->data, (size_t)v->size_bytes);
  if (same != NULL) {
    *b = (frame_bytes){.own = same->own, .real = v->data, .size_bytes = same->size_bytes, .shared = 1};
    b->resource = same->resource;
    same->writes |= b->writes;
  } else if (exec_frame_copy(f, b, v->data, (size_t)v->size_bytes) == NULL) {
    return 0;
  } else {
    memcpy(b->own, v->data, (size_t)v->size_bytes);
  }
  v->data = b->own;
  return 1;
}

static int copy_output(exec_frame *f, uint32_t o) {
  const exec_watched *w = f->watched;
  uint32_t i = f->pub.n_in + o;
  rn_tensor_view *v = &f->view[i];
  frame_bytes *b = &f->bytes[i];
  b->made.rank = -1;
  b->given = w->plan->value[w->plan->node[w->node].out + o].cell != EXEC_NONE; /* a Ref: it has its content */
  if (!f->isolated || v->data == NULL || v->size_bytes == 0) return 1;
  frame_bytes *same = same_bytes(f, f->pub.n_in, v->data, (size_t)v->size_bytes);
  if (same != NULL) {
    same->writes |= (uint8_t)!b->given;
    b->own = same->own;
    b->real = v->data;
    b->size_bytes = same->size_bytes;
    b->shared = b->given = 1;
  } else if (!b->given && exec_frame_copy(f, b, v->data, (size_t)v->size_bytes) == NULL) {
    return 0;
  }
  if (b->own != NULL) v->data = b->own;
  return 1;
}

static int copy_scratch(exec_frame *f) {
  frame_bytes *b = &f->bytes[exec_frame_parts(f) - 1];
  uint64_t need = f->watched->prep.scratch_bytes;
  if (f->pub.scratch == NULL || need == 0) return 1;
  if (exec_frame_copy(f, b, NULL, (size_t)need) == NULL) return 0;
  f->pub.scratch = b->own;
  return 1;
}

static int copy_all(exec_frame *f) {
  for (uint32_t i = 0; i < f->pub.n_in; i++)
    if (!copy_input(f, i)) return 0;
  for (uint32_t o = 0; o < f->pub.n_out; o++)
    if (!copy_output(f, o)) return 0;
  return copy_scratch(f);
}

static exec_frame *make(const exec_call *real) {
  size_t n_in = real->pub.n_in, n = n_in + real->pub.n_out;
  exec_frame *f = rn_mem_zero(1, sizeof *f + n * (sizeof *f->view + sizeof(void *) + sizeof *f->bytes) +
                                     sizeof *f->bytes + n_in * sizeof(void *));
  if (f == NULL) return NULL;
  f->view = (rn_tensor_view *)(void *)(f + 1);
  f->bytes = (frame_bytes *)(void *)(f->view + n);
  const rn_tensor_view **view = (const rn_tensor_view **)(void *)(f->bytes + n + 1);
  rn_resource **resource = (rn_resource **)(void *)(view + n);
  f->pub = real->pub;
  f->pub.api = &exec_checking_call;
  f->pub.in = view;
  f->pub.out = (rn_tensor_view **)(void *)(view + n_in);
  for (size_t i = 0; i < n; i++) {
    f->view[i] = i < n_in ? *real->pub.in[i] : *real->pub.out[i - n_in];
    view[i] = &f->view[i];
  }
  if (real->pub.resource != NULL) f->pub.resource = resource;
  for (size_t i = 0; i < n_in && real->pub.resource != NULL; i++) resource[i] = real->pub.resource[i];
  return f;
}

static void drop(exec_frame *f) {
  rn_mem_free(f->cell);
  rn_mem_free(f->opened);
  rn_mem_free(f);
}

static void retire(exec_frame *f) {
  for (uint32_t i = 0; i < exec_frame_parts(f); i++)
    if (f->bytes[i].own != NULL && !f->bytes[i].shared) rn_guarded_retire(f->bytes[i].own);
  for (uint32_t i = 0; i < f->n_cell; i++) rn_guarded_retire(f->cell[i].own);
}

exec_frame *exec_frame_begin(const exec_watched *w, exec_call *real) {
  exec_frame *f = make(real);
  if (f == NULL) return NULL;
  f->real = real;
  f->validation = w->plan->session->validation;
  f->watched = w;
  f->plugin = w->plugin;
  f->notes.is_brief = 1;
  f->async = w->async;
  f->isolated = w->isolated;
  f->begin_ns = exec_now_ns();
  (void)snprintf(f->what, sizeof f->what, "%s", w->what);
  (void)pthread_mutex_lock(&guard);
  int ok = rn_pointer_map_put(&frames, f, f);
  (void)pthread_mutex_unlock(&guard);
  if (ok && copy_all(f)) return f;
  (void)pthread_mutex_lock(&guard);
  rn_pointer_map_remove(&frames, f);
  (void)pthread_mutex_unlock(&guard);
  retire(f);
  drop(f);
  return NULL;
}

exec_frame *exec_frame_find(const rn_call *c) {
  (void)pthread_mutex_lock(&guard);
  exec_frame *f = rn_pointer_map_get(&frames, c);
  (void)pthread_mutex_unlock(&guard);
  return f;
}

void exec_frames_leave(const exec_validation *v) {
  (void)pthread_mutex_lock(&guard);
  for (size_t i = 0; i < KEPT; i++)
    if (kept[i] != NULL && kept[i]->validation == v) kept[i]->validation = NULL;
  (void)pthread_mutex_unlock(&guard);
}

void exec_frame_see_output(exec_frame *f, uint32_t o) {
  uint32_t i = f->pub.n_in + o;
  frame_bytes *b = &f->bytes[i];
  rn_tensor_view now = *f->real->pub.out[o];
  f->view[i] = now;
  if (b->own != NULL && b->real != now.data) { /* it was made before, elsewhere */
    if (!b->shared) rn_guarded_retire(b->own);
    b->own = NULL;
    b->shared = 0;
  }
  if (!f->isolated || now.data == NULL || now.size_bytes == 0) return;
  if (b->own != NULL) {
    if (b->given) memcpy(b->own, now.data, (size_t)now.size_bytes);
    f->view[i].data = b->own;
  } else if (!b->given && exec_frame_copy(f, b, now.data, (size_t)now.size_bytes) != NULL) {
    f->view[i].data = b->own;
  }
}

/* --------------------------------------------------------------------------------------- ending */
/* take: the copies end here; without it the variable stays as seen. */
void exec_frame_flush(exec_frame *f, const rn_resource *r, int take) {
  uint32_t n = f->pub.n_in + f->n_cell;
  for (uint32_t k = 0; k < n; k++) {
    frame_bytes *b = k < f->pub.n_in ? &f->bytes[k] : &f->cell[k - f->pub.n_in];
    if (b->own == NULL || b->shared || b->stale || b->resource == NULL || (r != NULL && b->resource != r)) continue;
    if (b->writes && take) memcpy(b->real, b->own, b->size_bytes);
    b->stale = 1;
  }
}

static void take_over(exec_frame *f) {
  exec_frame_flush(f, NULL, 1);
  for (uint32_t i = f->pub.n_in; i < f->pub.n_in + f->pub.n_out; i++) {
    const frame_bytes *b = &f->bytes[i];
    int is_cell =
        f->watched->plan->value[f->watched->plan->node[f->watched->node].out + i - f->pub.n_in].cell != EXEC_NONE;
    if (b->own != NULL && !is_cell) memcpy(b->real, b->own, b->size_bytes);
  }
}

rn_status *exec_frame_end(exec_frame *f, rn_status *s, int abandoned) {
  rn_scope scope;
  rn_scope_enter(&scope, f->plugin, f->what, &f->notes);
  if (s != NULL && !rn_status_is_alive(f->plugin, s, "returns")) s = NULL;
  if (!abandoned) {
    exec_frame_look(f, s != NULL);
    take_over(f);
    retire(f);
    rn_guarded_sweep();
  }
  (void)rn_scope_leave(&scope, NULL);
  s = rn_notes_take(&f->notes, s);
  (void)pthread_mutex_lock(&guard);
  f->real = NULL;
  f->watched = NULL;
  exec_frame *oldest = kept[next_kept % KEPT];
  kept[next_kept++ % KEPT] = f;
  if (oldest != NULL) rn_pointer_map_remove(&frames, oldest);
  (void)pthread_mutex_unlock(&guard);
  if (oldest != NULL) drop(oldest);
  return s;
}
