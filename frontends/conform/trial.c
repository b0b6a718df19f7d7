/* trial.c - one kernel called on one sample, without a session (frontends/conform). */
#include "trial.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "number.h"
#include "resource.h"

static rn_status *put_index(void *arg, const rn_device_info *i) {
  rn_device_info *first = arg;
  if (first->struct_size == 0) memcpy(first, i, i->struct_size < sizeof *first ? i->struct_size : sizeof *first);
  first->struct_size = 1;
  return NULL;
}

/* Devices are opened once in a child and stay open. */
static int open_device(kit *k, const char *type, void **out, char why[256]) {
  static struct {
    char type[32];
    void *handle;
  } opened[8];
  static uint32_t n;
  const offer *plugin;
  rn_device_info info;
  for (uint32_t i = 0; i < n; i++) {
    *out = opened[i].handle;
    if (strcmp(opened[i].type, type) == 0) return 1;
  }
  const rn_device_def *d = kit_find_device(k, type, &plugin);
  if (d == NULL) return snprintf(why, 256, "no plugin offers a device of type '%s'", type), 0;
  const rn_host_api *host = plugin == &k->own ? &k->host->api : plugin->host;
  memset(&info, 0, sizeof info);
  if (d->enumerate == NULL) return snprintf(why, 256, "device '%s' has no enumerate", type), 0;
  rn_status *s = d->enumerate(host, put_index, &info);
  if (s == NULL && info.struct_size == 0) return snprintf(why, 256, "there is no '%s' here", type), 0;
  uint32_t needed = RN_DEVICE_HOST_MEMORY | RN_DEVICE_SYNCHRONOUS;
  if (s == NULL && (info.features & needed) != needed) return snprintf(why, 256, "session"), 0;
  if (s == NULL && d->open != NULL) s = d->open(host, info.index, out);
  if (s != NULL) {
    snprintf(why, 256, "'%s' does not open: %s", type, rn_status_message(s));
    rn_status_free(s);
    return 0;
  }
  if (n < 8) {
    snprintf(opened[n].type, sizeof opened[n].type, "%s", type);
    opened[n++].handle = *out;
  }
  return 1;
}

int subject_open(kit *k, const kit_op *op, const kit_kernel *kernel, subject *out, char why[256]) {
  memset(out, 0, sizeof *out);
  out->k = k;
  out->op = op;
  out->kernel = *kernel;
  return open_device(k, kernel->def.device_type, &out->device, why);
}

/* ---------------------------------------------------------------------------------------------- views */
static rn_self self_of(const subject *u, const sample *s) {
  rn_self self = {u->kernel.host, u->k->view, s->graph, s->node, 0};
  return self;
}

rn_status *trial_prepare(const subject *u, const sample *s, trial_prepared *out) {
  rn_tensor_view view[2 * SAMPLE_IN];
  const rn_tensor_view *at[2 * SAMPLE_IN];
  const rn_kernel_def *d = &u->kernel.def;
  rn_self self = self_of(u, s);
  memset(out, 0, sizeof *out);
  if (d->supports != NULL) {
    uint8_t yes = 1;
    RN_TRY(d->supports(d->user, &self, &yes, out->reason));
    out->refused = !yes;
    if (!yes) return NULL;
  }
  out->p = (rn_prepared){
      (uint32_t)sizeof out->p, 0, d->compute, (void *)(uintptr_t)d->user, NULL, 0, d->inplace, d->alias, 0};
  if (d->prepare == NULL) return NULL;
  for (uint32_t i = 0; i < s->n_in; i++) {
    const sample_input *in = &s->in[i];
    view[i] = trial_view(rn_dtype_base(in->dtype), &in->shape);
    if (in->kind == INPUT_CONSTANT) {
      view[i].data = rn_tensor_data(in->tensor);
      view[i].tensor = in->tensor;
      view[i].flags = RN_VIEW_CONSTANT;
      view[i].version = 1;
    }
  }
  for (uint32_t i = 0; i < s->n_out; i++) {
    rn_value v = {s->node, i};
    view[s->n_in + i] = trial_view(rn_dtype_base(rn_graph_dtype(s->graph, v)), rn_graph_shape(s->graph, v));
  }
  for (uint32_t i = 0; i < s->n_in + s->n_out; i++) at[i] = &view[i];
  rn_prepare p = {(uint32_t)sizeof p, s->n_in, s->n_out, 4, self, at, at + s->n_in, u->device, d->user, NULL};
  return d->prepare(&p, &out->p);
}

void trial_unprepare(trial_prepared *p) {
  if (p->p.destroy != NULL) p->p.destroy(p->p.state);
  memset(p, 0, sizeof *p);
}

/* ------------------------------------------------------------------------------------------- one call */
/* An asynchronous kernel answers later; a hang is for the parent to find. */
static rn_status *await(call *c) {
  while (__atomic_load_n(&c->done, __ATOMIC_ACQUIRE) == 0) usleep(50);
  usleep(200); /* time for a second completion */
  return c->async_status;
}

static rn_status *compute(call *c, const trial_prepared *p) {
  int async = (c->u->kernel.def.flags & RN_KERNEL_ASYNC) != 0;
  if (p->p.compute != NULL) {
    rn_status *s = p->p.compute(p->p.state, &c->pub);
    return s == NULL && async ? await(c) : s;
  }
  if (p->p.alias <= 0 || (uint32_t)p->p.alias > c->pub.n_in)
    return rn_status_make(RN_INTERNAL, "the kernel has nothing to compute with");
  return c->pub.api->forward(&c->pub, 0, (uint32_t)p->p.alias - 1);
}

static void look(call *c, const char *name, const fence *f) {
  char why[200];
  (void)name;
  if (f != NULL && !fence_intact(f, why, sizeof why)) call_trouble(c, why);
}

static void take_output(call *c, uint32_t i, const sample *s, outcome *o) {
  rn_value value = {s->node, i};
  rn_tensor_view *v = &c->out[i];
  char words[80];
  if (rn_graph_dtype(s->graph, value) == RN_RESOURCE || rn_graph_dtype(s->graph, value) >= RN_REF) return;
  if (c->made[i].tensor != NULL && v->dtype == RN_STRING) {
    o->out[i] = rn_tensor_retain(c->made[i].tensor);
  } else if (v->data != NULL && rn_shape_known(&v->shape)) {
    rn_status_free(rn_tensor_from(v->dtype, &v->shape, v->data, &o->out[i]));
  } else {
    snprintf(words, sizeof words, "output %u was not made", i);
    call_trouble(c, words);
  }
}

static void take(call *c, const sample *s, outcome *o) {
  for (uint32_t i = 0; i < s->n_out && o->status == NULL; i++) take_output(c, i, s, o);
  for (uint32_t i = 0; i < s->n_in; i++) {
    const rn_resource *r = c->resource[i];
    if (r == NULL) continue;
    if (r->memory != NULL)
      rn_status_free(rn_tensor_from(r->dtype, &r->shape, fence_data(r->memory), &o->cell[i]));
    else
      o->cell[i] = rn_tensor_retain(r->strings);
  }
}

static void clear(call *c, fence *scratch) {
  for (uint32_t i = 0; i < SAMPLE_IN; i++) {
    look(c, "input", c->input[i]);
    look(c, "output", c->made[i].memory);
    if (c->resource[i] != NULL) look(c, "variable", c->resource[i]->memory);
  }
  look(c, "scratch", scratch);
  for (uint32_t i = 0; i < SAMPLE_IN; i++) {
    rn_tensor_release(c->tensor[i]);
    rn_tensor_release(c->made[i].tensor);
    fence_destroy(c->input[i]);
    fence_destroy(c->made[i].memory);
    if (c->resource[i] == NULL) continue;
    rn_tensor_release(c->resource[i]->strings);
    fence_destroy(c->resource[i]->memory);
    free(c->resource[i]);
  }
  for (rn_resource *r = c->objects, *next; r != NULL; r = next) {
    next = r->next;
    if (r->destroy != NULL) r->destroy(r->object);
    free(r);
  }
  fence_destroy(scratch);
}

static int lay_scratch(call *c, const trial_prepared *p, fence **out) {
  *out = NULL;
  if (p->p.scratch_bytes == 0) return 1;
  *out = fence_create((size_t)p->p.scratch_bytes, "scratch");
  if (*out != NULL) c->pub.scratch = fence_data(*out);
  return *out != NULL;
}

void trial_run(const subject *u, const sample *s, const trial_prepared *p, int in_place, outcome *o) {
  fence *scratch = NULL;
  call *c = calloc(1, sizeof *c);
  memset(o, 0, sizeof *o);
  o->n_out = s->n_out;
  o->n_in = s->n_in;
  int ok =
      c != NULL && s->n_out <= SAMPLE_IN && trial_lay(c, u, s, in_place, o->trouble) && lay_scratch(c, p, &scratch);
  o->status = ok ? compute(c, p) : rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for a trial");
  if (ok) take(c, s, o);
  if (c != NULL && s->n_out <= SAMPLE_IN) clear(c, scratch);
  free(c);
}

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int trial_time(const subject *u, const sample *s, const trial_prepared *p, uint32_t times, double *out_ns) {
  char trouble[400] = "";
  fence *scratch = NULL;
  call *c = calloc(1, sizeof *c);
  int ok = c != NULL && s->n_out <= SAMPLE_IN && trial_lay(c, u, s, -1, trouble) && lay_scratch(c, p, &scratch);
  for (uint32_t i = 0; ok && i < times; i++) {
    double t = now_ns();
    rn_status *failed = compute(c, p);
    out_ns[i] = now_ns() - t;
    ok = failed == NULL;
    rn_status_free(failed);
  }
  if (c != NULL) clear(c, scratch);
  free(c);
  return ok;
}
