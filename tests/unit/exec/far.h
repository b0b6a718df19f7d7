/* tests/unit/exec/far.h - a device with memory of its own, and a thread that works off its queue (tests/unit).
 * Device 1 of it is synchronous. Allocations are small, so arenas come in several. "lent" is the same with
 * memory that the host reads, and runs the toy's kernels. */
#ifndef FAR_H
#define FAR_H
#include "toy.h"

enum { FAR_CHUNK = 4096 };
struct rn_mem {
  char *bytes;
};
struct rn_timeline {
  _Atomic uint64_t value;
};
typedef struct far_command {
  struct far_command *next;
  void (*run)(const struct far_command *c);
  char *a, *b, *y;
  uint64_t size;
  int32_t number;
  void (*work)(void *arg); /* launched */
  void *arg;
  rn_point wait, signal;
  uint64_t correlation;
} far_command;
enum { FAR_SPANS = 256 };
struct rn_queue {
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t more;
  far_command *first, **last;
  int stop, traced;
  uint64_t mark;
  rn_device_span span[FAR_SPANS];
  uint32_t n_span;
};
struct rn_recording {
  far_command *first, **last;
};
static _Atomic int64_t far_bytes, far_allocations, far_largest, far_recordings, far_replays;
static rn_recording *far_open; /* one instance records at a time in these tests */

static void far_add(const far_command *c) {
  for (uint64_t i = 0; i < c->size / 4; i++) ((float *)c->y)[i] = ((float *)c->a)[i] + ((float *)c->b)[i];
}
static void far_divide(const far_command *c) {
  for (uint64_t i = 0; i < c->size / 4; i++) ((float *)c->y)[i] = ((float *)c->a)[i] / ((float *)c->b)[i];
}
static void far_twice(const far_command *c) {
  for (uint64_t i = 0; i < c->size / 4; i++) ((int32_t *)c->y)[i] = 2 * ((int32_t *)c->a)[i];
}
static void far_scale(const far_command *c) {
  for (uint64_t i = 0; i < c->size / 4; i++) ((float *)c->y)[i] = ((float *)c->a)[i] * (float)c->number;
}
static void far_copy(const far_command *c) { memcpy(c->y, c->a, c->size); }

static void *far_work(void *arg) {
  rn_queue *q = arg;
  (void)pthread_mutex_lock(&q->lock);
  while (!q->stop || q->first != NULL) {
    far_command *c = q->first;
    if (c == NULL) {
      (void)pthread_cond_wait(&q->more, &q->lock);
      continue;
    }
    if ((q->first = c->next) == NULL) q->last = &q->first;
    (void)pthread_mutex_unlock(&q->lock);
    assert_true(c->wait.timeline == NULL || atomic_load(&c->wait.timeline->value) >= c->wait.value);
    (void)nanosleep(&(struct timespec){0, 20000}, NULL);
    uint64_t begin = exec_now_ns();
    if (c->run != NULL) c->run(c);
    if (q->traced && c->correlation != 0 && q->n_span < FAR_SPANS)
      q->span[q->n_span++] =
          (rn_device_span){(uint32_t)sizeof *q->span, 0, c->correlation, begin, exec_now_ns(), NULL, NULL};
    if (c->signal.timeline != NULL) atomic_store(&c->signal.timeline->value, c->signal.value);
    free(c);
    (void)pthread_mutex_lock(&q->lock);
  }
  (void)pthread_mutex_unlock(&q->lock);
  return NULL;
}

static void far_submit(rn_queue *q, far_command c) {
  if (q == NULL) {
    c.run(&c);
    return;
  }
  far_command *kept = malloc(sizeof c);
  *kept = c;
  kept->next = NULL;
  if (kept->correlation == 0) kept->correlation = q->mark;
  if (far_open != NULL && c.signal.timeline == NULL) {
    *far_open->last = kept;
    far_open->last = &kept->next;
    return;
  }
  (void)pthread_mutex_lock(&q->lock);
  *q->last = kept;
  q->last = &kept->next;
  (void)pthread_cond_signal(&q->more);
  (void)pthread_mutex_unlock(&q->lock);
}

static rn_point far_point(rn_points p) { return p.count > 0 ? p.items[0] : (rn_point){NULL, 0}; }
static char *far_at(const rn_tensor_view *v) { return v->mem->bytes + v->offset_bytes; }
static rn_status *far_binary(const void *state, rn_call *c) {
  far_submit(c->queue, (far_command){.run = *(void (*const *)(const far_command *))state,
                                     .a = far_at(c->in[0]),
                                     .b = far_at(c->in[1]),
                                     .y = far_at(c->out[0]),
                                     .size = c->out[0]->size_bytes,
                                     .wait = far_point(c->wait),
                                     .signal = far_point(c->signal)});
  return NULL;
}
static rn_status *far_binary_of_one(const void *state, rn_call *c) { /* "lent"'s own: y = a + a */
  (void)state;
  far_submit(c->queue, (far_command){.run = far_add,
                                     .a = far_at(c->in[0]),
                                     .b = far_at(c->in[0]),
                                     .y = far_at(c->out[0]),
                                     .size = c->out[0]->size_bytes,
                                     .wait = far_point(c->wait),
                                     .signal = far_point(c->signal)});
  return NULL;
}
static rn_status *far_unary(const void *state, rn_call *c) { /* what it reads on the host comes second */
  assert_null(c->in[0]->data);
  far_submit(c->queue, (far_command){.run = *(void (*const *)(const far_command *))state,
                                     .a = far_at(c->in[0]),
                                     .y = far_at(c->out[0]),
                                     .size = c->out[0]->size_bytes,
                                     .number = c->n_in == 2 ? *(const int32_t *)c->in[1]->data : 0,
                                     .wait = far_point(c->wait),
                                     .signal = far_point(c->signal)});
  return NULL;
}
static rn_status *far_never(const void *state, rn_call *c) {
  (void)state;
  (void)c;
  fail_msg("the layout knows what it would compute");
  return NULL;
}
static rn_status *far_assign_add(const void *state, rn_call *c) {
  (void)state;
  char *w = far_at(c->in[0]);
  far_submit(c->queue, (far_command){.run = far_add,
                                     .a = w,
                                     .b = far_at(c->in[1]),
                                     .y = w,
                                     .size = c->in[0]->size_bytes,
                                     .wait = far_point(c->wait),
                                     .signal = far_point(c->signal)});
  return NULL;
}
static rn_status *far_assign(const void *state, rn_call *c) {
  (void)state;
  rn_status *s = c->api->cell_assign(c, c->resource[0], c->in[1]);
  far_command done = {.wait = far_point(c->wait), .signal = far_point(c->signal)};
  if (s == NULL && c->queue != NULL) far_submit(c->queue, done);
  return s;
}
static void (*const far_add_fn)(const far_command *) = far_add;
static void (*const far_twice_fn)(const far_command *) = far_twice;
static void (*const far_scale_fn)(const far_command *) = far_scale;
static void (*const far_divide_fn)(const far_command *) = far_divide;
#define FAR_KERNEL(o, f, u, flags_)                                                                     \
  {                                                                                                     \
    .struct_size = (uint32_t)sizeof(rn_kernel_def), .op = o, .device_type = "far", .types = "T: float", \
    .label = "far", .priority = 10, .compute = f, .user = u, .flags = flags_                            \
  }
static const rn_kernel_def far_kernels[] = {FAR_KERNEL("Add", far_binary, &far_add_fn, RN_KERNEL_RECORDS),
                                            FAR_KERNEL("Div", far_binary, &far_divide_fn, 0),
                                            FAR_KERNEL("AssignAdd", far_assign_add, NULL, RN_KERNEL_RECORDS),
                                            FAR_KERNEL("Assign", far_assign, NULL, 0),
                                            {.struct_size = (uint32_t)sizeof(rn_kernel_def),
                                             .op = "ShapeOf",
                                             .device_type = "far",
                                             .label = "far",
                                             .compute = far_never},
                                            {.struct_size = (uint32_t)sizeof(rn_kernel_def),
                                             .op = "Twice",
                                             .device_type = "far",
                                             .types = "T: int32",
                                             .label = "far",
                                             .compute = far_unary,
                                             .user = &far_twice_fn,
                                             .flags = RN_KERNEL_RECORDS},
                                            {.struct_size = (uint32_t)sizeof(rn_kernel_def),
                                             .op = "Scale",
                                             .device_type = "far",
                                             .label = "far",
                                             .host_args = "n",
                                             .compute = far_unary,
                                             .user = &far_scale_fn,
                                             .flags = RN_KERNEL_RECORDS},
                                            {.struct_size = (uint32_t)sizeof(rn_kernel_def),
                                             .op = "Slow",
                                             .device_type = "lent",
                                             .label = "own",
                                             .compute = far_binary_of_one}};

static int far_enumerations;
static rn_status *far_enumerate(const rn_host_api *h, rn_status *(*put)(void *arg, const rn_device_info *i),
                                void *arg) {
  (void)h;
  far_enumerations++;
  rn_device_info i = {.struct_size = (uint32_t)sizeof i, .align_bytes = 256, .max_alloc_bytes = FAR_CHUNK};
  i.features = RN_DEVICE_RECORDS;
  RN_TRY(put(arg, &i));
  i.index = 1;
  i.features = RN_DEVICE_SYNCHRONOUS;
  return put(arg, &i);
}
static rn_status *lent_enumerate(const rn_host_api *h, rn_status *(*put)(void *arg, const rn_device_info *i),
                                 void *arg) {
  (void)h;
  rn_device_info i = {.struct_size = (uint32_t)sizeof i, .max_alloc_bytes = FAR_CHUNK};
  i.features = RN_DEVICE_HOST_MEMORY;
  RN_TRY(put(arg, &i));
  i.index = 1;
  i.features |= RN_DEVICE_SYNCHRONOUS;
  return put(arg, &i);
}
static rn_status *far_device_open(const rn_host_api *h, uint32_t index, void **out) {
  static char device[2];
  (void)h;
  *out = &device[index];
  return NULL;
}
static rn_status *far_alloc(void *d, uint64_t size, rn_mem **out) {
  (void)d;
  *out = malloc(sizeof **out);
  (*out)->bytes = malloc(size);
  (void)atomic_fetch_add(&far_allocations, 1);
  if ((int64_t)size > far_largest) far_largest = (int64_t)size;
  return NULL;
}
static void far_release(void *d, rn_mem *m) {
  (void)d;
  (void)atomic_fetch_sub(&far_allocations, 1);
  free(m->bytes);
  free(m);
}
static rn_status *far_move(void *d, rn_queue *q, rn_points wait, rn_points signal, const rn_copy *c) {
  (void)d;
  const rn_region *r = c->regions;
  char *from = c->src != NULL ? c->src->bytes : c->host, *to = c->dst != NULL ? c->dst->bytes : c->host;
  far_submit(q, (far_command){.run = far_copy,
                              .a = from + r->src_offset_bytes,
                              .y = to + r->dst_offset_bytes,
                              .size = r->size_bytes,
                              .wait = far_point(wait),
                              .signal = far_point(signal)});
  (void)atomic_fetch_add(&far_bytes, (int64_t)r->size_bytes);
  return NULL;
}
static void *lent_address(void *d, rn_mem *m) {
  (void)d;
  return m->bytes;
}
static _Atomic int64_t lent_launches;
static void lent_work(const far_command *c) { c->work(c->arg); }
static rn_status *lent_launch(void *d, rn_queue *q, rn_points wait, rn_points signal, const char *name,
                              void (*work)(void *arg), void *arg) {
  (void)d;
  assert_true(name[0] != '\0');
  (void)atomic_fetch_add(&lent_launches, 1);
  far_submit(q, (far_command){
                    .run = lent_work, .work = work, .arg = arg, .wait = far_point(wait), .signal = far_point(signal)});
  return NULL;
}
static rn_status *far_queue_create(void *d, rn_queue **out) {
  (void)d;
  rn_queue *q = calloc(1, sizeof *q);
  q->last = &q->first;
  (void)pthread_mutex_init(&q->lock, NULL);
  (void)pthread_cond_init(&q->more, NULL);
  (void)pthread_create(&q->thread, NULL, far_work, q);
  *out = q;
  return NULL;
}
static void far_queue_destroy(void *d, rn_queue *q) {
  (void)d;
  (void)pthread_mutex_lock(&q->lock);
  q->stop = 1;
  (void)pthread_cond_signal(&q->more);
  (void)pthread_mutex_unlock(&q->lock);
  (void)pthread_join(q->thread, NULL);
  (void)pthread_cond_destroy(&q->more);
  (void)pthread_mutex_destroy(&q->lock);
  free(q);
}
static rn_status *far_timeline_create(void *d, rn_timeline **out) {
  (void)d;
  *out = calloc(1, sizeof **out);
  return NULL;
}
static void far_timeline_destroy(void *d, rn_timeline *t) {
  (void)d;
  free(t);
}
static const rn_host_api *far_host;
static rn_status *far_wait(void *d, rn_point p, uint64_t timeout_ns) {
  (void)d;
  for (uint64_t t = 0; t < timeout_ns / 100000 && atomic_load(&p.timeline->value) < p.value; t++)
    (void)nanosleep(&(struct timespec){0, 100000}, NULL);
  return atomic_load(&p.timeline->value) >= p.value ? NULL : far_host->status(RN_DEADLINE_EXCEEDED, "not yet");
}
static rn_status *far_record_begin(void *d, rn_queue *q) {
  (void)d;
  (void)q;
  far_open = calloc(1, sizeof *far_open);
  far_open->last = &far_open->first;
  return NULL;
}
static rn_status *far_record_end(void *d, rn_queue *q, rn_recording **out) {
  (void)d;
  (void)q;
  *out = far_open;
  far_open = NULL;
  (void)atomic_fetch_add(&far_recordings, 1);
  return NULL;
}
static rn_status *far_replay(void *d, rn_queue *q, rn_recording *r, rn_points wait, rn_points signal) {
  (void)d;
  (void)atomic_fetch_add(&far_replays, 1);
  for (const far_command *c = r->first; c != NULL; c = c->next) {
    far_command again = *c;
    if (c == r->first) again.wait = far_point(wait);
    if (c->next == NULL) again.signal = far_point(signal);
    far_submit(q, again);
  }
  return NULL;
}
static void far_recording_destroy(void *d, rn_recording *r) {
  (void)d;
  for (far_command *c = r->first, *next; c != NULL; c = next) {
    next = c->next;
    free(c);
  }
  free(r);
}
static rn_status *far_trace_begin(void *d, rn_queue *q) {
  (void)d;
  if (q == NULL) return rn_status_make(RN_UNIMPLEMENTED, "no clock without a queue");
  q->traced = 1;
  q->n_span = 0;
  return NULL;
}
static rn_status *far_trace_mark(void *d, rn_queue *q, uint64_t correlation) {
  (void)d;
  q->mark = correlation;
  return NULL;
}
static rn_status *far_trace_end(void *d, rn_queue *q, void (*put)(void *arg, const rn_device_span *s), void *arg) {
  (void)d;
  q->traced = 0;
  for (uint32_t i = 0; i < q->n_span; i++) put(arg, &q->span[i]);
  return NULL;
}
static const rn_device_trace far_trace = {(uint32_t)sizeof far_trace, 0, far_trace_begin, far_trace_mark,
                                          far_trace_end};
static const rn_device_def far_devices[] = {{.struct_size = (uint32_t)sizeof(rn_device_def),
                                             .type = "far",
                                             .enumerate = far_enumerate,
                                             .open = far_device_open,
                                             .alloc = far_alloc,
                                             .release = far_release,
                                             .copy = far_move,
                                             .queue_create = far_queue_create,
                                             .queue_destroy = far_queue_destroy,
                                             .timeline_create = far_timeline_create,
                                             .timeline_destroy = far_timeline_destroy,
                                             .timeline_wait = far_wait,
                                             .record_begin = far_record_begin,
                                             .record_end = far_record_end,
                                             .replay = far_replay,
                                             .recording_destroy = far_recording_destroy,
                                             .trace = &far_trace},
                                            {.struct_size = (uint32_t)sizeof(rn_device_def),
                                             .type = "lent",
                                             .enumerate = lent_enumerate,
                                             .open = far_device_open,
                                             .alloc = far_alloc,
                                             .release = far_release,
                                             .address = lent_address,
                                             .copy = far_move,
                                             .queue_create = far_queue_create,
                                             .queue_destroy = far_queue_destroy,
                                             .timeline_create = far_timeline_create,
                                             .timeline_destroy = far_timeline_destroy,
                                             .timeline_wait = far_wait,
                                             .kernels_of = "toy",
                                             .launch = lent_launch}};
static rn_status *far_init(const rn_host_api *h) {
  far_host = h;
  return NULL;
}
static const rn_group far_group = {
    .struct_size = (uint32_t)sizeof(rn_group), .kernels = RN_TABLE(far_kernels), .devices = RN_TABLE(far_devices)};
static const rn_group *const far_groups[] = {&far_group};
static const rn_plugin_desc *far_entry(void) {
  static const rn_plugin_desc desc = {.struct_size = (uint32_t)sizeof desc,
                                      .abi_major = RN_ABI_MAJOR,
                                      .abi_minor = RN_ABI_MINOR,
                                      .build_flags = RN_BUILD_FLAGS,
                                      .id = "far",
                                      .version = "1",
                                      .groups = far_groups,
                                      .group_count = 1,
                                      .init = far_init};
  return &desc;
}
#endif
