/* compiler.c - the compiler that the host calls: claims become programs, programs run (plugins/tpu).
 *
 * A compiled claim keeps the program, its counters, and the memories of runs that are over, for the next ones: a
 * steady step allocates nothing. Several threads may run one program, each with memories of its own. */
#include <math.h>
#include "compiled.h"
#include "trace.h"

/* ----------------------------------------------------------------------------------- compiling */
static void report(const tpu_compiled *c, const rn_subgraph *s) {
  const char *path = c->host->config(c->host->ctx, "report"), *whole = c->host->config(c->host->ctx, "programs");
  tpu_text t = {c->host, NULL, 0, 0, 0};
  if (path == NULL || *path == '\0') return;
  FILE *f = fopen(path, "a");
  if (f == NULL) {
    tpu_text_add(&t, "tpu: report '%s' cannot be written", path);
    if (t.chars != NULL) c->host->log(c->host->ctx, RN_LOG_WARNING, t.chars);
  } else {
    tpu_text_add(&t, "; %u nodes, the first '%s', on machine %s; %llu bytes of buffer, %llu of memory\n", s->n_nodes,
                 s->view->name(s->graph, s->nodes[0]), c->machine.name, (unsigned long long)c->needs.buffer_bytes,
                 (unsigned long long)c->needs.memory_bytes);
    tpu_counters_print(&c->counters, &c->machine, &t);
    rn_status *failed = whole != NULL && strcmp(whole, "true") == 0 ? tpu_disassemble(&c->made.program, &t) : NULL;
    if (failed != NULL) c->host->status_free(failed);
    if (t.chars != NULL) (void)fwrite(t.chars, 1, t.n, f);
    fclose(f);
  }
  tpu_text_finish(&t);
}

/* ---------------------------------------------------------------------------------- calibration */
/* Ranges of other programs, and of runs before, stay in the file. */
static void keep_seen(const tpu_compiled *c) {
  tpu_ranges all;
  if (c->calibrate[0] == '\0' || c->pool->seen.n == 0) return;
  rn_status *s = tpu_ranges_read(c->host, c->calibrate, &all);
  for (uint32_t i = 0; i < c->pool->seen.n && s == NULL; i++)
    s = tpu_ranges_note(&all, c->pool->seen.item[i].name, c->pool->seen.item[i].low, c->pool->seen.item[i].high);
  if (s == NULL) s = tpu_ranges_write(&all, c->calibrate);
  tpu_ranges_finish(&all);
  if (s == NULL) return;
  c->host->log(c->host->ctx, RN_LOG_ERROR, c->host->status_message(s));
  c->host->status_free(s);
}

static rn_status *look(const tpu_compiled *c, const tpu_run *r) {
  rn_status *s = NULL;
  (void)pthread_mutex_lock(&c->pool->guard);
  for (uint32_t i = 0; i < c->made.n_seen && s == NULL; i++) {
    const float *x = (const float *)(const void *)tpu_run_at(r, &c->made.seen[i].place);
    float low = INFINITY, high = -INFINITY;
    for (uint64_t k = 0; k < c->made.seen[i].elems; k++) {
      if (x[k] < low) low = x[k];
      if (x[k] > high) high = x[k];
    }
    if (low <= high && high < INFINITY && low > -INFINITY)
      s = tpu_ranges_note(&c->pool->seen, c->made.seen[i].name, low, high);
  }
  (void)pthread_mutex_unlock(&c->pool->guard);
  return s;
}

void tpu_compiled_release(void *program) {
  tpu_compiled *c = program;
  const rn_host_api *h = c->host;
  while (c->pool->idle != NULL) {
    tpu_idle *i = c->pool->idle;
    c->pool->idle = i->next;
    tpu_run_finish(&i->run);
    h->free(h->ctx, i->io);
    h->free(h->ctx, i);
  }
  keep_seen(c);
  tpu_ranges_finish(&c->pool->seen);
  tpu_program_finish(&c->made.program);
  (void)pthread_mutex_destroy(&c->pool->guard);
  h->free(h->ctx, c->pool);
  h->free(h->ctx, c);
}

/* That the verifier refuses what was just lowered is a bug here; the kernels compute the claim then. */
static rn_status *finish(tpu_compiled *c) {
  rn_status *s = tpu_verify(&c->made.program, &c->machine, &c->needs);
  if (s == NULL) return tpu_time(&c->made.program, &c->machine, &c->counters);
  rn_status *made = rn_error(c->host, RN_UNIMPLEMENTED, "tpu: the program that was made is not right: %s",
                             c->host->status_message(s));
  c->host->status_free(s);
  return made;
}

/* A machine of integers that is being calibrated computes in float instead, and remembers. */
static rn_status *lower(tpu_compiled *c, const rn_subgraph *s) {
  const char *calibrate = c->host->config(c->host->ctx, "calibrate");
  int measures = c->machine.arithmetic == TPU_INT8 && calibrate != NULL && *calibrate != '\0';
  tpu_ranges ranges;
  if (measures) {
    snprintf(c->calibrate, sizeof c->calibrate, "%s", calibrate);
    RN_TRY(tpu_machine_find(c->host, "bf16", &c->machine));
    return tpu_lower(c->host, &c->machine, s, NULL, 1, &c->made);
  }
  rn_status *failed = tpu_ranges_read(c->host, c->host->config(c->host->ctx, "ranges"), &ranges);
  if (failed == NULL) failed = tpu_lower(c->host, &c->machine, s, &ranges, 0, &c->made);
  tpu_ranges_finish(&ranges);
  return failed;
}

rn_status *tpu_compiled_create(const rn_host_api *host, void *device, tpu_compiled **out) {
  tpu_compiled *c = host->alloc(host->ctx, sizeof *c, 16);
  const char *cells = host->config(host->ctx, "cells");
  tpu_pool *p = host->alloc(host->ctx, sizeof *p, 16);
  if (c == NULL || p == NULL) {
    host->free(host->ctx, c);
    host->free(host->ctx, p);
    return host->status(RN_RESOURCE_EXHAUSTED, "tpu: out of memory for a program");
  }
  memset(c, 0, sizeof *c);
  memset(p, 0, sizeof *p);
  c->pool = p;
  p->seen.host = host;
  c->host = host;
  c->made.program.host = host;
  c->machine = ((const tpu_device *)device)->machine;
  c->cells = cells != NULL && strcmp(cells, "true") == 0;
  (void)pthread_mutex_init(&p->guard, NULL);
  *out = c;
  return NULL;
}

static rn_status *compile(const rn_host_api *host, void *device, const rn_subgraph *s, void **out_program) {
  tpu_compiled *c;
  RN_TRY(tpu_compiled_create(host, device, &c));
  c->n_in = s->n_in, c->n_out = s->n_out, c->n_cells = s->n_cells;
  rn_status *failed = lower(c, s);
  if (failed == NULL) failed = finish(c);
  if (failed != NULL) {
    tpu_compiled_release(c);
    return failed;
  }
  report(c, s);
  *out_program = c;
  return NULL;
}

/* ------------------------------------------------------------------------------------- running */
static rn_status *take_run(const tpu_compiled *c, tpu_idle **out) {
  const rn_host_api *h = c->host;
  (void)pthread_mutex_lock(&c->pool->guard);
  tpu_idle *i = c->pool->idle;
  if (i != NULL) c->pool->idle = i->next;
  (void)pthread_mutex_unlock(&c->pool->guard);
  *out = i;
  if (i != NULL) return NULL;
  i = h->alloc(h->ctx, sizeof *i, 16);
  if (i == NULL) return h->status(RN_RESOURCE_EXHAUSTED, "tpu: out of memory for a run");
  memset(i, 0, sizeof *i);
  i->io = h->alloc(h->ctx, (c->made.program.n_io + (size_t)1) * sizeof *i->io, 16);
  rn_status *s = i->io == NULL ? h->status(RN_RESOURCE_EXHAUSTED, "tpu: out of memory for a run")
                               : tpu_run_init(&i->run, &c->made.program, &c->machine, &c->needs, (int)c->cells);
  if (s == NULL) {
    *out = i;
    return NULL;
  }
  tpu_run_finish(&i->run);
  h->free(h->ctx, i->io);
  h->free(h->ctx, i);
  return s;
}

static void give_run(const tpu_compiled *c, tpu_idle *i) {
  (void)pthread_mutex_lock(&c->pool->guard);
  i->next = c->pool->idle;
  c->pool->idle = i;
  (void)pthread_mutex_unlock(&c->pool->guard);
}

static rn_status *bind(const tpu_compiled *c, uint32_t io, const rn_tensor_view *v, void **to) {
  uint64_t want = c->made.program.io[io].size_bytes;
  to[io] = v->data;
  if (want == 0 || (v->data != NULL && v->size_bytes >= want)) return NULL;
  return rn_error(c->host, RN_INTERNAL, "tpu: tensor %u of a program has %llu bytes, it was compiled for %llu", io,
                  (unsigned long long)(v->data != NULL ? v->size_bytes : 0), (unsigned long long)want);
}

static rn_status *bind_all(const tpu_compiled *c, rn_call *call, void **io) {
  for (uint32_t i = 0; i < c->n_in; i++) RN_TRY(bind(c, i, call->in[i], io));
  for (uint32_t o = 0; o < c->n_out; o++) RN_TRY(bind(c, c->n_in + o, call->out[o], io));
  for (uint32_t k = 0; k < c->n_cells; k++) {
    rn_tensor_view v = {.struct_size = (uint32_t)sizeof v};
    RN_TRY(call->api->cell_view(call, call->resource[c->n_in + k], &v));
    RN_TRY(bind(c, c->n_in + c->n_out + k, &v, io));
  }
  return NULL;
}

static int holds(const rn_tensor_view *v, uint64_t floats) {
  return v->data != NULL && v->size_bytes / sizeof(float) >= floats;
}

/* Weights that changed since this run last packed them; version 0 may have. */
static rn_status *pack(const tpu_compiled *c, rn_call *call, tpu_idle *i) {
  for (uint32_t k = 0; k < c->made.n_packs; k++) {
    const tpu_pack *p = &c->made.pack[k];
    const rn_tensor_view *w = call->in[p->weights], *b = p->bias != UINT32_MAX ? call->in[p->bias] : NULL;
    const rn_tensor_view *range[2] = {p->min != UINT32_MAX ? call->in[p->min] : NULL,
                                      p->min != UINT32_MAX ? call->in[p->max] : NULL};
    uint64_t ranges = p->per_channel ? p->n : 1;
    if (!holds(w, p->k * p->n) || (b != NULL && !holds(b, p->n)) || (range[0] != NULL && !holds(range[0], ranges)) ||
        (range[1] != NULL && !holds(range[1], ranges)))
      return rn_error(c->host, RN_INTERNAL, "tpu: the weights of input %u are not those of the program", p->weights);
    uint64_t version[2] = {w->version, b != NULL ? b->version : 1};
    if (version[0] != 0 && version[1] != 0 && memcmp(version, i->packed[k], sizeof version) == 0) continue;
    memcpy(i->packed[k], version, sizeof version);
    tpu_pack_inputs from = {w->data, b != NULL ? b->data : NULL, range[0] != NULL ? range[0]->data : NULL,
                            range[1] != NULL ? range[1]->data : NULL};
    tpu_pack_weights(p, &from, i->run.memory);
  }
  return NULL;
}

static int cancelled(void *arg) {
  const rn_call *c = arg;
  return c->api->cancelled(c);
}

static rn_status *execute(const void *state, rn_call *call) {
  const tpu_compiled *c = state;
  tpu_idle *i;
  uint64_t begin = tpu_trace_now(call->device);
  RN_TRY(take_run(c, &i));
  rn_status *s = bind_all(c, call, i->io);
  if (s == NULL) s = pack(c, call, i);
  if (s == NULL) s = tpu_run_program(&i->run, i->io, cancelled, call);
  if (s == NULL && c->made.n_seen > 0) s = look(c, &i->run);
  give_run(c, i);
  if (s == NULL) tpu_trace_add(call->device, begin, call->correlation, &c->counters);
  return s;
}

static const rn_compiler_def compilers[] = {{.struct_size = (uint32_t)sizeof(rn_compiler_def),
                                             .flags = RN_COMPILER_ALONE,
                                             .name = "tpu",
                                             .device_type = "tpu",
                                             .claim = tpu_claim,
                                             .compile = compile,
                                             .execute = execute,
                                             .release = tpu_compiled_release,
                                             .fingerprint = tpu_fingerprint,
                                             .serialize = tpu_serialize,
                                             .deserialize = tpu_deserialize,
                                             .print = tpu_print}};
const rn_group tpu_compilers_group = {.struct_size = (uint32_t)sizeof(rn_group), .compilers = RN_TABLE(compilers)};
