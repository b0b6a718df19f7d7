/* writer.c - SummaryWriter and its file: a resource that steps write events to (plugins/summaries).
 *
 * The handle names an object of the session; it has no file until CreateSummaryFileWriter. Writing without one
 * is an error. Events wait until max_queue of them are there or flush_millis have gone by. */
#include "writer.h"
#include <stdlib.h>
#include <time.h>
#include "summaries.h"

static uint64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static rn_status *create(void *arg, void **object) {
  const rn_host_api *host = arg;
  sum_writer *w = calloc(1, sizeof *w);
  if (w == NULL) return sum_no_memory(host);
  pthread_mutex_init(&w->lock, NULL);
  w->host = host;
  *object = w;
  return NULL;
}

static void destroy(void *object) {
  sum_writer *w = object;
  if (w->file != NULL) w->host->status_free(sum_file_flush(w->host, w->file));
  sum_file_close(w->file);
  pthread_mutex_destroy(&w->lock);
  free(w);
}

#define TYPE "summary writer"
rn_status *sum_writer_get(rn_call *c, sum_writer **out) {
  *out = c->resource[0] != NULL ? c->api->resource_object(c->resource[0], TYPE) : NULL;
  return *out != NULL ? NULL : c->host->status(RN_INVALID_ARGUMENT, "input 0 is not the handle of a summary writer");
}

rn_status *sum_writer_begin(rn_call *c, sum_writer **out) {
  RN_TRY(sum_writer_get(c, out));
  pthread_mutex_lock(&(*out)->lock);
  if ((*out)->file != NULL) return NULL;
  pthread_mutex_unlock(&(*out)->lock);
  return c->host->status(RN_FAILED_PRECONDITION, "the summary writer has no file; run CreateSummaryFileWriter first");
}

rn_status *sum_writer_end(rn_call *c, sum_writer *w, rn_status *s) {
  if (s == NULL) w->waiting++;
  int full = w->waiting > w->max_queue || now_ms() - w->flushed_ms > w->flush_ms;
  if (s == NULL && full) {
    s = sum_file_flush(c->host, w->file);
    w->waiting = 0;
    w->flushed_ms = now_ms();
  }
  pthread_mutex_unlock(&w->lock);
  return s;
}

/* ---- SummaryWriter */
typedef struct names {
  sum_state base;
  rn_bytes container, name;
} names;

static rn_status *compute_handle(const void *state, rn_call *c) {
  const names *n = state;
  rn_resource *r;
  RN_TRY(c->api->resource_open(c, RN_SCOPE_SESSION, n->container, n->name, TYPE, create, (void *)(uintptr_t)c->host,
                               destroy, &r));
  return c->api->set_output_resource(c, 0, r);
}

static rn_bytes keep(char *to, rn_bytes b) {
  if (b.size != 0) memcpy(to, b.data, b.size);
  return (rn_bytes){to, b.size};
}
static rn_status *prepare_handle(const rn_prepare *p, rn_prepared *out) {
  rn_bytes container = rn_self_string(&p->self, "container"), name = rn_self_string(&p->self, "shared_name");
  const char *own = p->self.view->name(p->self.graph, p->self.id);
  if (name.size == 0) name = (rn_bytes){own, strlen(own)};
  names *n = sum_state_make(p, sizeof *n + container.size + name.size, out);
  if (n == NULL) return sum_no_memory(p->self.host);
  n->container = keep((char *)(n + 1), container);
  n->name = keep((char *)(n + 1) + container.size, name);
  return NULL;
}

/* ---- CreateSummaryFileWriter: the first one opens, later ones change nothing */
static rn_status *compute_create(const void *state, rn_call *c) {
  sum_writer *w;
  (void)state;
  RN_TRY(sum_writer_get(c, &w));
  rn_bytes logdir, suffix;
  RN_TRY(sum_tag(c, 1, &logdir));
  RN_TRY(sum_tag(c, 4, &suffix));
  int32_t queue = *(const int32_t *)c->in[2]->data, millis = *(const int32_t *)c->in[3]->data;
  rn_status *s = NULL;
  pthread_mutex_lock(&w->lock);
  if (w->file == NULL) {
    s = sum_file_create(c->host, logdir, suffix, &w->file);
    w->max_queue = queue > 0 ? (uint64_t)queue : 0;
    w->flush_ms = millis > 0 ? (uint64_t)millis : 0;
    w->flushed_ms = now_ms();
  }
  pthread_mutex_unlock(&w->lock);
  return s;
}

/* ---- FlushSummaryWriter, CloseSummaryWriter */
static rn_status *compute_flush(const void *state, rn_call *c) {
  sum_writer *w;
  (void)state;
  RN_TRY(sum_writer_begin(c, &w));
  rn_status *s = sum_file_flush(c->host, w->file);
  w->waiting = 0;
  w->flushed_ms = now_ms();
  pthread_mutex_unlock(&w->lock);
  return s;
}

static rn_status *compute_close(const void *state, rn_call *c) {
  sum_writer *w;
  (void)state;
  RN_TRY(sum_writer_get(c, &w));
  pthread_mutex_lock(&w->lock);
  rn_status *s = w->file != NULL ? sum_file_flush(c->host, w->file) : NULL;
  sum_file_close(w->file);
  w->file = NULL;
  w->waiting = 0;
  pthread_mutex_unlock(&w->lock);
  return s;
}

static rn_status *infer_create(rn_infer *c) {
  for (uint32_t i = 1; i < c->n_in; i++)
    if (c->api->shape(c, i)->rank > 0)
      return rn_error(c->self.host, RN_INVALID_ARGUMENT, "input %u has rank %d; it must be a scalar", i,
                      c->api->shape(c, i)->rank);
  return NULL;
}

#define FLAGS (RN_OP_NO_GRADIENT | RN_OP_HOST_ONLY | RN_OP_STATEFUL)
static const rn_op_def ops[] = {
    {.struct_size = sizeof(rn_op_def),
     .flags = FLAGS,
     .name = "SummaryWriter",
     .signature = "() -> (writer: resource); shared_name: string = \"\"; container: string = \"\"",
     .doc = "The handle of a writer of summaries.",
     .infer = sum_infer_scalar},
    {.struct_size = sizeof(rn_op_def),
     .flags = FLAGS,
     .name = "CreateSummaryFileWriter",
     .signature = "(writer: resource, logdir: string, max_queue: int32, flush_millis: int32, filename_suffix: string) "
                  "-> ()",
     .doc = "Opens an event file for a writer, unless it has one.",
     .infer = infer_create},
    {.struct_size = sizeof(rn_op_def),
     .flags = FLAGS,
     .name = "FlushSummaryWriter",
     .signature = "(writer: resource) -> ()",
     .doc = "Writes what waits in a writer to its file."},
    {.struct_size = sizeof(rn_op_def),
     .flags = FLAGS,
     .name = "CloseSummaryWriter",
     .signature = "(writer: resource) -> ()",
     .doc = "Writes what waits and closes the file."},
};
static const rn_kernel_def kernels[] = {{.struct_size = sizeof(rn_kernel_def),
                                         .op = "SummaryWriter",
                                         .device_type = "cpu",
                                         .label = "summaries",
                                         .priority = 10,
                                         .compute = compute_handle,
                                         .prepare = prepare_handle},
                                        SUM_KERNEL("CreateSummaryFileWriter", compute_create),
                                        SUM_KERNEL("FlushSummaryWriter", compute_flush),
                                        SUM_KERNEL("CloseSummaryWriter", compute_close)};
const rn_group sum_writer_group = {.struct_size = sizeof(rn_group), .ops = RN_TABLE(ops), .kernels = RN_TABLE(kernels)};
