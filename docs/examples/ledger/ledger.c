/* ledger.c - a device that writes down every call it gets (docs/examples/ledger).
 *
 * Its memory is the host's, handed out by an allocator of its own; its queues are threads, its timelines numbers under
 * a lock. It has no kernels: with kernels_of = "cpu" the CPU's run on it, each as work that `launch` puts into a queue.
 * So any graph runs here, asynchronously, and the ledger shows in which order and what waited for what.
 *
 *   [plugin.ledger]
 *   log = /tmp/ledger.txt
 *
 * One lock guards the whole device and one condition tells of every change; a real device has better. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <pthread.h>
#include <runnel/plugin.h>
#include <stdlib.h>
#include <time.h>

#define SMALLEST 8u /* log2 of the smallest block, 256 bytes */
#define CLASSES 40u
#define LINE 512

struct rn_mem {
  void *bytes;
  uint64_t size_bytes; /* as asked for */
  uint32_t number, size_class;
  rn_mem *next; /* in the list of free blocks of its class */
};
struct rn_timeline {
  uint64_t value;
  uint32_t number;
};
typedef struct job {
  struct job *next;
  rn_point *wait, *signal; /* behind the job in its block, as the regions and the name are */
  rn_region *regions;
  char *name;
  uint32_t n_wait, n_signal;
  void (*work)(void *arg); /* NULL: a copy */
  void *arg;
  rn_copy copy;
} job;
typedef struct ledger {
  const rn_host_api *host;
  FILE *log; /* NULL: none asked for */
  pthread_mutex_t lock;
  pthread_cond_t changed;
  rn_mem *free_blocks[CLASSES];
  uint64_t held_bytes, peak_bytes, allocations, copies, launches, pending;
  uint32_t numbers; /* given to blocks, queues and timelines */
} ledger;
struct rn_queue {
  ledger *device;
  pthread_t thread;
  job *first, **end;
  uint32_t number;
  int stopping;
};

/* ---- the ledger itself ---- */
RN_PRINTF(2, 3) static void note(ledger *d, const char *format, ...) {
  char line[LINE];
  va_list ap;
  va_start(ap, format);
  vsnprintf(line, sizeof line, format, ap);
  va_end(ap);
  if (d->log != NULL) fprintf(d->log, "%s\n", line);
  d->host->log(d->host->ctx, RN_LOG_DEBUG, line);
}
/* " after t1:4 t2:1" */
static const char *list_points(char text[LINE], const char *word, const rn_point *p, uint32_t n) {
  size_t used = (size_t)snprintf(text, LINE, "%s", n > 0 ? word : "");
  for (uint32_t i = 0; i < n && used + 32 < LINE; i++)
    used +=
        (size_t)snprintf(text + used, LINE - used, " t%u:%llu", p[i].timeline->number, (unsigned long long)p[i].value);
  return text;
}

static rn_status *no_memory(const ledger *d, const char *what, uint64_t size_bytes) {
  return rn_error(d->host, RN_RESOURCE_EXHAUSTED, "ledger: no memory for %s (%llu bytes)", what,
                  (unsigned long long)size_bytes);
}
static void *take(const ledger *d, uint64_t size_bytes, size_t align) {
  void *p = d->host->alloc(d->host->ctx, (size_t)size_bytes, align);
  if (p != NULL && size_bytes < 4096) memset(p, 0, (size_t)size_bytes);
  return p;
}
static void give(const ledger *d, void *p) { d->host->free(d->host->ctx, p); }

/* ---- memory: blocks of a power of two, kept when they are released ---- */
static rn_status *ledger_alloc(void *device, uint64_t size_bytes, rn_mem **out) {
  ledger *d = device;
  uint32_t c = 0;
  while (c < CLASSES && (UINT64_C(1) << (c + SMALLEST)) < size_bytes) c++;
  if (c == CLASSES) return no_memory(d, "a tensor", size_bytes);
  pthread_mutex_lock(&d->lock);
  rn_mem *m = d->free_blocks[c];
  if (m != NULL) d->free_blocks[c] = m->next;
  pthread_mutex_unlock(&d->lock);
  if (m == NULL) {
    m = take(d, sizeof *m, 16);
    if (m != NULL) m->bytes = d->host->alloc(d->host->ctx, (size_t)1 << (c + SMALLEST), 64);
    if (m != NULL && m->bytes == NULL) give(d, m);
    if (m == NULL || m->bytes == NULL) return no_memory(d, "a tensor", size_bytes);
    m->size_class = c;
  }
  pthread_mutex_lock(&d->lock);
  m->size_bytes = size_bytes;
  m->number = ++d->numbers;
  m->next = NULL;
  d->allocations++;
  d->held_bytes += size_bytes;
  if (d->held_bytes > d->peak_bytes) d->peak_bytes = d->held_bytes;
  pthread_mutex_unlock(&d->lock);
  note(d, "alloc m%u, %llu bytes", m->number, (unsigned long long)size_bytes);
  *out = m;
  return NULL;
}
static void ledger_release(void *device, rn_mem *m) {
  ledger *d = device;
  if (m == NULL) return;
  note(d, "release m%u", m->number);
  pthread_mutex_lock(&d->lock);
  d->held_bytes -= m->size_bytes;
  m->next = d->free_blocks[m->size_class];
  d->free_blocks[m->size_class] = m;
  pthread_mutex_unlock(&d->lock);
}
static void *ledger_address(void *device, rn_mem *m) {
  (void)device;
  return m->bytes;
}

/* ---- timelines ---- */
static void reach(ledger *d, rn_timeline *t, uint64_t value) { /* with the lock */
  if (value > t->value) t->value = value;
  pthread_cond_broadcast(&d->changed);
}
static rn_status *timeline_create(void *device, rn_timeline **out) {
  ledger *d = device;
  rn_timeline *t = take(d, sizeof *t, 16);
  if (t == NULL) return no_memory(d, "a timeline", sizeof *t);
  pthread_mutex_lock(&d->lock);
  t->number = ++d->numbers;
  pthread_mutex_unlock(&d->lock);
  *out = t;
  return NULL;
}
static void timeline_destroy(void *device, rn_timeline *t) { give(device, t); }
static rn_status *timeline_query(void *device, rn_timeline *t, uint64_t *out) {
  ledger *d = device;
  pthread_mutex_lock(&d->lock);
  *out = t->value;
  pthread_mutex_unlock(&d->lock);
  return NULL;
}
static rn_status *timeline_signal(void *device, rn_timeline *t, uint64_t value) {
  ledger *d = device;
  note(d, "host signals t%u:%llu", t->number, (unsigned long long)value);
  pthread_mutex_lock(&d->lock);
  reach(d, t, value);
  pthread_mutex_unlock(&d->lock);
  return NULL;
}
static struct timespec deadline(uint64_t timeout_ns) {
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  uint64_t seconds = timeout_ns / 1000000000u, rest = timeout_ns % 1000000000u + (uint64_t)at.tv_nsec;
  if (seconds > 100000000u) seconds = 100000000u; /* three years: for ever */
  at.tv_sec += (time_t)(seconds + rest / 1000000000u);
  at.tv_nsec = (long)(rest % 1000000000u);
  return at;
}
static rn_status *timeline_wait(void *device, rn_point p, uint64_t timeout_ns) {
  ledger *d = device;
  struct timespec until = deadline(timeout_ns);
  int late = 0;
  note(d, "host waits t%u:%llu", p.timeline->number, (unsigned long long)p.value);
  pthread_mutex_lock(&d->lock);
  while (p.timeline->value < p.value && !late)
    late = pthread_cond_timedwait(&d->changed, &d->lock, &until) == ETIMEDOUT;
  late = p.timeline->value < p.value;
  pthread_mutex_unlock(&d->lock);
  return late ? rn_error(d->host, RN_DEADLINE_EXCEEDED, "ledger: t%u has not reached %llu", p.timeline->number,
                         (unsigned long long)p.value)
              : NULL;
}

/* ---- queues: a thread each, jobs in order ---- */
static void run_copy(const rn_copy *c) {
  char *to = c->dst != NULL ? c->dst->bytes : c->host;
  const char *from = c->src != NULL ? c->src->bytes : c->host;
  for (uint32_t i = 0; i < c->region_count; i++)
    memmove(to + c->regions[i].dst_offset_bytes, from + c->regions[i].src_offset_bytes,
            (size_t)c->regions[i].size_bytes);
}
static int is_ready(const job *j) {
  for (uint32_t i = 0; i < j->n_wait; i++)
    if (j->wait[i].timeline->value < j->wait[i].value) return 0;
  return 1;
}
static void run_job(ledger *d, job *j) { /* without the lock */
  char text[LINE];
  if (j->work != NULL)
    j->work(j->arg);
  else
    run_copy(&j->copy);
  if (j->n_signal > 0) note(d, "signal%s", list_points(text, "", j->signal, j->n_signal));
}
static void *serve(void *arg) {
  rn_queue *q = arg;
  ledger *d = q->device;
  pthread_mutex_lock(&d->lock);
  while (q->first != NULL || !q->stopping) {
    job *j = q->first;
    if (j == NULL || !is_ready(j)) {
      if (q->stopping) break; /* what it waits for will never come */
      pthread_cond_wait(&d->changed, &d->lock);
      continue;
    }
    pthread_mutex_unlock(&d->lock);
    run_job(d, j);
    pthread_mutex_lock(&d->lock);
    q->first = j->next;
    if (q->first == NULL) q->end = &q->first;
    d->pending--;
    for (uint32_t i = 0; i < j->n_signal; i++) reach(d, j->signal[i].timeline, j->signal[i].value);
    pthread_cond_broadcast(&d->changed);
    give(d, j);
  }
  pthread_mutex_unlock(&d->lock);
  return NULL;
}
static rn_status *queue_create(void *device, rn_queue **out) {
  ledger *d = device;
  rn_queue *q = take(d, sizeof *q, 16);
  if (q == NULL) return no_memory(d, "a queue", sizeof *q);
  q->device = d;
  q->end = &q->first;
  pthread_mutex_lock(&d->lock);
  q->number = ++d->numbers;
  pthread_mutex_unlock(&d->lock);
  int failed = pthread_create(&q->thread, NULL, serve, q);
  if (failed != 0) {
    give(d, q);
    return rn_error(d->host, RN_RESOURCE_EXHAUSTED, "ledger: no thread for a queue: %s", strerror(failed));
  }
  note(d, "queue q%u", q->number);
  *out = q;
  return NULL;
}
static void queue_destroy(void *device, rn_queue *q) {
  ledger *d = device;
  if (q == NULL) return;
  pthread_mutex_lock(&d->lock);
  q->stopping = 1;
  pthread_cond_broadcast(&d->changed);
  pthread_mutex_unlock(&d->lock);
  pthread_join(q->thread, NULL);
  pthread_mutex_lock(&d->lock);
  for (job *j = q->first, *next; j != NULL; j = next) {
    next = j->next;
    d->pending--;
    give(d, j);
  }
  pthread_mutex_unlock(&d->lock);
  give(d, q);
}
static rn_status *flush(void *device, rn_queue *q) { /* jobs begin by themselves */
  (void)device, (void)q;
  return NULL;
}

/* What is handed over is borrowed for the call, so the job has copies of all of it, in one block. */
static job *make_job(const ledger *d, rn_points wait, rn_points signal, const char *name, uint32_t n_regions) {
  size_t points = (size_t)(wait.count + signal.count) * sizeof(rn_point), regions = n_regions * sizeof(rn_region);
  size_t size = sizeof(job) + points + regions + strlen(name) + 1;
  job *j = d->host->alloc(d->host->ctx, size, 16);
  if (j == NULL) return NULL;
  memset(j, 0, sizeof *j);
  j->wait = (rn_point *)(void *)(j + 1);
  j->signal = j->wait + wait.count;
  j->regions = (rn_region *)(void *)(j->signal + signal.count);
  j->name = (char *)(j->regions + n_regions);
  j->n_wait = wait.count;
  j->n_signal = signal.count;
  if (wait.count > 0) memcpy(j->wait, wait.items, wait.count * sizeof *wait.items);
  if (signal.count > 0) memcpy(j->signal, signal.items, signal.count * sizeof *signal.items);
  memcpy(j->name, name, strlen(name) + 1);
  return j;
}
static void submit(ledger *d, rn_queue *q, job *j) {
  char after[LINE], then[LINE];
  list_points(after, " after", j->wait, j->n_wait);
  list_points(then, " then", j->signal, j->n_signal);
  note(d, "%s on q%u%s%s", j->name, q->number, after, then);
  pthread_mutex_lock(&d->lock);
  *q->end = j;
  q->end = &j->next;
  d->pending++;
  if (j->work != NULL)
    d->launches++;
  else
    d->copies++;
  pthread_cond_broadcast(&d->changed);
  pthread_mutex_unlock(&d->lock);
}
static rn_status *launch(void *device, rn_queue *q, rn_points wait, rn_points signal, const char *name,
                         void (*work)(void *arg), void *arg) {
  ledger *d = device;
  char title[LINE];
  snprintf(title, sizeof title, "launch %.400s", name);
  job *j = make_job(d, wait, signal, title, 0);
  if (j == NULL) return no_memory(d, name, sizeof *j);
  j->work = work;
  j->arg = arg;
  submit(d, q, j);
  return NULL;
}
static void name_side(char text[32], const rn_mem *m) {
  if (m != NULL)
    snprintf(text, 32, "m%u", m->number);
  else
    snprintf(text, 32, "host");
}
static rn_status *ledger_copy(void *device, rn_queue *q, rn_points wait, rn_points signal, const rn_copy *c) {
  ledger *d = device;
  char title[LINE], from[32], to[32];
  uint64_t bytes = 0;
  name_side(from, c->src);
  name_side(to, c->dst);
  for (uint32_t i = 0; i < c->region_count; i++) bytes += c->regions[i].size_bytes;
  snprintf(title, sizeof title, "copy %s to %s, %llu bytes", from, to, (unsigned long long)bytes);
  job *j = make_job(d, wait, signal, title, c->region_count);
  if (j == NULL) return no_memory(d, "a copy", sizeof *j);
  j->copy = (rn_copy){sizeof(rn_copy), c->region_count, c->dst, c->src, c->host, j->regions};
  if (c->region_count > 0) memcpy(j->regions, c->regions, c->region_count * sizeof *c->regions);
  submit(d, q, j);
  return NULL;
}

/* ---- the device ---- */
static rn_status *enumerate(const rn_host_api *host, rn_status *(*put)(void *arg, const rn_device_info *i), void *arg) {
  rn_device_info i = {.struct_size = sizeof i, .name = "ledger in host memory", .vendor = "example", .align_bytes = 64};
  (void)host;
  i.features = RN_DEVICE_HOST_MEMORY;
  return put(arg, &i);
}
static rn_status *open_log(ledger *d) {
  const char *path = d->host->config(d->host->ctx, "log");
  if (path == NULL || path[0] == '\0') return NULL;
  d->log = fopen(path, "a");
  return d->log != NULL
             ? NULL
             : rn_error(d->host, RN_PERMISSION_DENIED, "ledger: [plugin.ledger] log = %s: %s", path, strerror(errno));
}
static rn_status *ledger_open(const rn_host_api *host, uint32_t index, void **out_device) {
  if (index != 0) return rn_error(host, RN_NOT_FOUND, "ledger: there is one device, not a number %u", index);
  ledger *d = host->alloc(host->ctx, sizeof *d, 16);
  if (d == NULL) return host->status(RN_RESOURCE_EXHAUSTED, "ledger: no memory for the device");
  memset(d, 0, sizeof *d);
  d->host = host;
  rn_status *e = open_log(d);
  if (e != NULL) {
    host->free(host->ctx, d);
    return e;
  }
  pthread_mutex_init(&d->lock, NULL);
  pthread_cond_init(&d->changed, NULL);
  note(d, "open ledger:%u", index);
  *out_device = d;
  return NULL;
}
static rn_status *drain(void *device, uint64_t timeout_ns) {
  ledger *d = device;
  struct timespec until = deadline(timeout_ns);
  int late = 0;
  pthread_mutex_lock(&d->lock);
  while (d->pending > 0 && !late) late = pthread_cond_timedwait(&d->changed, &d->lock, &until) == ETIMEDOUT;
  uint64_t left = d->pending;
  pthread_mutex_unlock(&d->lock);
  note(d, "drain, %llu left", (unsigned long long)left);
  if (d->log != NULL) fflush(d->log);
  return left == 0
             ? NULL
             : rn_error(d->host, RN_DEADLINE_EXCEEDED, "ledger: %llu jobs are not done", (unsigned long long)left);
}
static void ledger_close(void *device) {
  ledger *d = device;
  note(d, "close: %llu launches, %llu copies, %llu allocations, at most %llu bytes held",
       (unsigned long long)d->launches, (unsigned long long)d->copies, (unsigned long long)d->allocations,
       (unsigned long long)d->peak_bytes);
  for (uint32_t c = 0; c < CLASSES; c++)
    for (rn_mem *m = d->free_blocks[c], *next; m != NULL; m = next) {
      next = m->next;
      give(d, m->bytes);
      give(d, m);
    }
  if (d->log != NULL) fclose(d->log);
  pthread_cond_destroy(&d->changed);
  pthread_mutex_destroy(&d->lock);
  give(d, d);
}

static const rn_device_def devices[] = {{.struct_size = sizeof(rn_device_def),
                                         .type = "ledger",
                                         .doc = "Runs the CPU's kernels and writes down every call.",
                                         .enumerate = enumerate,
                                         .open = ledger_open,
                                         .drain = drain,
                                         .close = ledger_close,
                                         .alloc = ledger_alloc,
                                         .release = ledger_release,
                                         .address = ledger_address,
                                         .copy = ledger_copy,
                                         .queue_create = queue_create,
                                         .queue_destroy = queue_destroy,
                                         .timeline_create = timeline_create,
                                         .timeline_destroy = timeline_destroy,
                                         .timeline_query = timeline_query,
                                         .timeline_wait = timeline_wait,
                                         .timeline_signal = timeline_signal,
                                         .flush = flush,
                                         .kernels_of = "cpu",
                                         .launch = launch}};
static const rn_group group = {.struct_size = sizeof(rn_group), .devices = RN_TABLE(devices)};
static const rn_group *const groups[] = {&group};
static const rn_plugin_desc desc = {.struct_size = sizeof(rn_plugin_desc),
                                    .abi_major = RN_ABI_MAJOR,
                                    .abi_minor = RN_ABI_MINOR,
                                    .build_flags = RN_BUILD_FLAGS,
                                    .id = "ledger",
                                    .version = "1.0",
                                    .license = "Apache-2.0",
                                    .doc = "A device that writes down every call.",
                                    .groups = groups,
                                    .group_count = 1};
RN_EXPORT const rn_plugin_desc *RN_PLUGIN_ENTRY(ledger)(void) { return &desc; }
