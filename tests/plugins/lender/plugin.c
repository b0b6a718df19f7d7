/* plugin.c - a device that brings no kernels: it runs the processor's, one after the other on a thread (tests/plugins).
 *
 * Memory is its own, a queue is a list that the thread works off, a timeline is a number with a lock. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <runnel/plugin.h>
#include <stdlib.h>
#include <time.h>

struct rn_mem {
  char *bytes;
};
struct rn_timeline {
  pthread_mutex_t lock;
  pthread_cond_t grown;
  uint64_t value;
};
typedef struct job {
  struct job *next;
  void (*work)(void *arg); /* NULL: the copy */
  void *arg;
  char *to, *from;
  uint64_t size_bytes;
  rn_point wait, signal;
} job;
struct rn_queue {
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t more;
  job *first, **last;
  int stop;
};
static const rn_host_api *host;
static char the_device;

static rn_status *no_memory(void) { return host->status(RN_RESOURCE_EXHAUSTED, "lender: no memory"); }

static rn_status *enumerate(const rn_host_api *h, rn_status *(*put)(void *, const rn_device_info *), void *arg) {
  rn_device_info i = {.struct_size = (uint32_t)sizeof i, .align_bytes = 64, .features = RN_DEVICE_HOST_MEMORY};
  (void)h;
  memcpy(i.name, "lender", sizeof "lender");
  return put(arg, &i);
}
static rn_status *open_device(const rn_host_api *h, uint32_t index, void **out) {
  if (index != 0) return h->status(RN_NOT_FOUND, "there is one device, number 0");
  *out = &the_device;
  return NULL;
}

static rn_status *alloc_mem(void *d, uint64_t size_bytes, rn_mem **out) {
  (void)d;
  *out = host->alloc(host->ctx, sizeof **out, 16);
  if (*out == NULL) return no_memory();
  (*out)->bytes = host->alloc(host->ctx, size_bytes, 64);
  if ((*out)->bytes != NULL) return NULL;
  host->free(host->ctx, *out);
  return no_memory();
}
static void release_mem(void *d, rn_mem *m) {
  (void)d;
  host->free(host->ctx, m->bytes);
  host->free(host->ctx, m);
}
static void *address(void *d, rn_mem *m) {
  (void)d;
  return m->bytes;
}

/* ------------------------------------------------------------------------------------- timelines */
static rn_status *timeline_create(void *d, rn_timeline **out) {
  (void)d;
  if ((*out = calloc(1, sizeof **out)) == NULL) return no_memory();
  pthread_mutex_init(&(*out)->lock, NULL);
  pthread_cond_init(&(*out)->grown, NULL);
  return NULL;
}
static void timeline_destroy(void *d, rn_timeline *t) {
  (void)d;
  pthread_cond_destroy(&t->grown);
  pthread_mutex_destroy(&t->lock);
  free(t);
}
static void reach(rn_point p) {
  if (p.timeline == NULL) return;
  pthread_mutex_lock(&p.timeline->lock);
  p.timeline->value = p.value;
  pthread_cond_broadcast(&p.timeline->grown);
  pthread_mutex_unlock(&p.timeline->lock);
}
static rn_status *timeline_wait(void *d, rn_point p, uint64_t timeout_ns) {
  struct timespec until;
  int late = 0;
  (void)d;
  clock_gettime(CLOCK_REALTIME, &until);
  uint64_t ns = (uint64_t)until.tv_nsec + timeout_ns;
  until.tv_sec += (time_t)(ns / 1000000000u);
  until.tv_nsec = (long)(ns % 1000000000u);
  pthread_mutex_lock(&p.timeline->lock);
  while (p.timeline->value < p.value && late == 0)
    late = pthread_cond_timedwait(&p.timeline->grown, &p.timeline->lock, &until);
  int reached = p.timeline->value >= p.value;
  pthread_mutex_unlock(&p.timeline->lock);
  return reached ? NULL : host->status(RN_DEADLINE_EXCEEDED, "lender: not yet");
}

/* ---------------------------------------------------------------------------------------- queues */
static void *work_off(void *arg) {
  rn_queue *q = arg;
  pthread_mutex_lock(&q->lock);
  while (q->first != NULL || !q->stop) {
    job *j = q->first;
    if (j == NULL) {
      pthread_cond_wait(&q->more, &q->lock);
      continue;
    }
    if ((q->first = j->next) == NULL) q->last = &q->first;
    pthread_mutex_unlock(&q->lock);
    if (j->wait.timeline != NULL)
      while (1) {
        rn_status *s = timeline_wait(NULL, j->wait, 1000000000u);
        if (s == NULL) break;
        host->status_free(s);
      }
    if (j->work != NULL)
      j->work(j->arg);
    else
      memcpy(j->to, j->from, j->size_bytes);
    reach(j->signal);
    free(j);
    pthread_mutex_lock(&q->lock);
  }
  pthread_mutex_unlock(&q->lock);
  return NULL;
}
static rn_status *queue_create(void *d, rn_queue **out) {
  (void)d;
  rn_queue *q = calloc(1, sizeof *q);
  if (q == NULL) return no_memory();
  q->last = &q->first;
  pthread_mutex_init(&q->lock, NULL);
  pthread_cond_init(&q->more, NULL);
  if (pthread_create(&q->thread, NULL, work_off, q) == 0) {
    *out = q;
    return NULL;
  }
  pthread_cond_destroy(&q->more);
  pthread_mutex_destroy(&q->lock);
  free(q);
  return host->status(RN_RESOURCE_EXHAUSTED, "lender: no thread for a queue");
}
static void queue_destroy(void *d, rn_queue *q) {
  (void)d;
  pthread_mutex_lock(&q->lock);
  q->stop = 1;
  pthread_cond_signal(&q->more);
  pthread_mutex_unlock(&q->lock);
  pthread_join(q->thread, NULL);
  pthread_cond_destroy(&q->more);
  pthread_mutex_destroy(&q->lock);
  free(q);
}
static rn_status *submit(rn_queue *q, rn_points wait, rn_points signal, job what) {
  job *j = malloc(sizeof *j);
  if (j == NULL) return no_memory();
  *j = what;
  j->next = NULL;
  if (wait.count > 0) j->wait = wait.items[0];
  if (signal.count > 0) j->signal = signal.items[0];
  pthread_mutex_lock(&q->lock);
  *q->last = j;
  q->last = &j->next;
  pthread_cond_signal(&q->more);
  pthread_mutex_unlock(&q->lock);
  return NULL;
}
static rn_status *copy(void *d, rn_queue *q, rn_points wait, rn_points signal, const rn_copy *c) {
  const rn_points none = {NULL, 0, 0};
  char *to = c->dst != NULL ? c->dst->bytes : c->host, *from = c->src != NULL ? c->src->bytes : c->host;
  (void)d;
  for (uint32_t i = 0; i < c->region_count; i++) { /* the first waits, the last signals */
    const rn_region *r = &c->regions[i];
    job one = {.to = to + r->dst_offset_bytes, .from = from + r->src_offset_bytes, .size_bytes = r->size_bytes};
    RN_TRY(submit(q, i == 0 ? wait : none, i + 1 == c->region_count ? signal : none, one));
  }
  return NULL;
}
static rn_status *launch(void *d, rn_queue *q, rn_points wait, rn_points signal, const char *name,
                         void (*work)(void *arg), void *arg) {
  (void)d;
  (void)name;
  return submit(q, wait, signal, (job){.work = work, .arg = arg});
}

static const rn_device_def devices[] = {{.struct_size = (uint32_t)sizeof(rn_device_def),
                                         .type = "lender",
                                         .doc = "Runs the processor's kernels on a queue.",
                                         .enumerate = enumerate,
                                         .open = open_device,
                                         .alloc = alloc_mem,
                                         .release = release_mem,
                                         .address = address,
                                         .copy = copy,
                                         .queue_create = queue_create,
                                         .queue_destroy = queue_destroy,
                                         .timeline_create = timeline_create,
                                         .timeline_destroy = timeline_destroy,
                                         .timeline_wait = timeline_wait,
                                         .kernels_of = "cpu",
                                         .launch = launch}};
static const rn_group group = {.struct_size = (uint32_t)sizeof(rn_group), .devices = RN_TABLE(devices)};
static const rn_group *const groups[] = {&group};
static rn_status *init(const rn_host_api *h) {
  host = h;
  return NULL;
}
const rn_plugin_desc *rn_plugin_entry(void) {
  static const rn_plugin_desc desc = {.struct_size = (uint32_t)sizeof desc,
                                      .abi_major = RN_ABI_MAJOR,
                                      .abi_minor = RN_ABI_MINOR,
                                      .build_flags = RN_BUILD_FLAGS,
                                      .id = "lender",
                                      .version = "1",
                                      .license = "Apache-2.0",
                                      .doc = "A device of borrowed kernels, for tests.",
                                      .groups = groups,
                                      .group_count = 1,
                                      .init = init};
  return &desc;
}
