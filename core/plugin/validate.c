/* plugin/validate.c - who is checked, what is reported and where it goes (core/plugin).
 *
 * A validator belongs to one start of a module and is never freed: a plugin that calls after its fini must
 * find a table that says so. */
#include "plugin/validate.h"
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include "base/mem.h"
#include "base/text.h"
#include "plugin/module.h"
#include "plugin/pointer_map.h"
#include "plugin/registry.h"

struct rn_validator {
  struct rn_validator *next;
  char *id;
  rn_runtime *runtime; /* where reports go; under guard */
  _Atomic int stopped;
  rn_host_api table; /* the one that init gets */
  rn_checked own;
};

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static rn_validator *validators;
static rn_pointer_map contexts; /* every rn_checked */
static rn_runtime *living[64];  /* validating runtimes: reports without a place of their own go to the newest */
static size_t n_living;
static _Atomic int64_t countdown;
static _Thread_local rn_scope *top;

int rn_runtime_validates(rn_runtime *rt) {
  const char *value = rt != NULL ? rn_config_get(rn_runtime_config(rt), "run", "validate") : NULL;
  return value != NULL && strcmp(value, "true") == 0;
}

void rn_validate_begin(rn_runtime *rt) {
  if (!rn_runtime_validates(rt)) return;
  rn_statuses_watch();
  atomic_store(&countdown, rn_config_get_int(rn_runtime_config(rt), "validate", "fail_allocation", 0));
  (void)pthread_mutex_lock(&guard);
  if (n_living < sizeof living / sizeof living[0]) living[n_living++] = rt;
  (void)pthread_mutex_unlock(&guard);
}

void rn_validate_end(rn_runtime *rt) {
  (void)pthread_mutex_lock(&guard);
  for (size_t i = n_living; i-- > 0;)
    if (living[i] == rt) memmove(living + i, living + i + 1, (--n_living - i) * sizeof *living);
  for (rn_validator *v = validators; v != NULL; v = v->next)
    if (v->runtime == rt) v->runtime = NULL;
  (void)pthread_mutex_unlock(&guard);
}

int rn_validate_must_fail(void) {
  int64_t left = atomic_load(&countdown);
  while (left > 0 && !atomic_compare_exchange_weak(&countdown, &left, left - 1)) continue;
  return left == 1;
}

/* ------------------------------------------------------------------------------------- modules */
static int add_context(rn_checked *c) {
  (void)pthread_mutex_lock(&guard);
  int ok = rn_pointer_map_put(&contexts, c, c);
  (void)pthread_mutex_unlock(&guard);
  return ok;
}

const rn_checked *rn_checked_find(const void *ctx) {
  (void)pthread_mutex_lock(&guard);
  const rn_checked *c = rn_pointer_map_get(&contexts, ctx);
  (void)pthread_mutex_unlock(&guard);
  return c;
}

static rn_validator *make(rn_module *m, rn_runtime *rt) {
  rn_validator *v = rn_mem_zero(1, sizeof *v);
  char *id = rn_mem_copy_text(m->desc.id);
  if (v != NULL) {
    v->id = id;
    v->runtime = rt;
    v->own = (rn_checked){v, &m->host};
    v->table = rn_checking_table;
    v->table.ctx = &v->own;
  }
  if (v != NULL && id != NULL && add_context(&v->own)) return v;
  rn_mem_free(v);
  rn_mem_free(id);
  return NULL;
}

static rn_status *check_module(rn_module *m, rn_runtime *rt) {
  if (m->validator != NULL || m->started) {
    if (m->validator == NULL && rn_runtime_validates(rt))
      rn_log_write(rn_runtime_log(rt), RN_LOG_WARNING,
                   "plugin '%s' was started by a runtime that does not validate: what it calls is not checked",
                   m->desc.id);
    return NULL;
  }
  if (!rn_runtime_validates(rt)) return NULL;
  rn_validator *v = make(m, rt);
  if (v == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory to validate plugin '%s'", m->desc.id);
  (void)pthread_mutex_lock(&guard);
  v->next = validators;
  validators = v;
  (void)pthread_mutex_unlock(&guard);
  m->validator = v;
  return NULL;
}

rn_status *rn_validate_start(rn_module *m, rn_host *host, rn_runtime *rt) {
  RN_TRY(check_module(m, rt));
  if (m->validator == NULL) return NULL;
  rn_checked *c = rn_mem_zero(1, sizeof *c);
  if (c != NULL) *c = (rn_checked){m->validator, host};
  if (c == NULL || !add_context(c)) {
    rn_mem_free(c);
    return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory to validate plugin '%s'", m->desc.id);
  }
  host->api = rn_checking_table;
  host->api.ctx = c;
  (void)pthread_mutex_lock(&guard);
  if (m->validator->runtime == NULL) m->validator->runtime = rt;
  (void)pthread_mutex_unlock(&guard);
  return NULL;
}

rn_status *rn_validate_init(rn_module *m) {
  rn_scope s;
  if (m->validator == NULL) return m->desc.init(&m->host.api);
  rn_scope_enter(&s, m->validator, "init", NULL);
  return rn_scope_leave(&s, m->desc.init(&m->validator->table));
}

void rn_validate_stopped(rn_module *m) {
  if (m->validator == NULL) return;
  atomic_store(&m->validator->stopped, 1);
  rn_guarded_report(m->validator);
  rn_tensors_report(m->validator);
  rn_statuses_report(m->validator);
}

void rn_validate_detach(rn_host *host) {
  rn_checked *c = (rn_checked *)(uintptr_t)rn_checked_find(host->api.ctx);
  if (c != NULL) c->host = NULL;
}

void rn_validate_forget(rn_module *m) {
  if (m->validator == NULL) return;
  m->validator->own.host = NULL;
  atomic_store(&m->validator->stopped, 1);
}

rn_validator *rn_validator_of(const rn_host_api *host) {
  if (host == NULL || host->status != rn_checking_table.status) return NULL;
  return ((const rn_checked *)host->ctx)->validator;
}
const char *rn_validator_id(const rn_validator *v) { return v != NULL ? v->id : "?"; }
int rn_validator_is_stopped(const rn_validator *v) { return v != NULL && atomic_load(&v->stopped); }

/* -------------------------------------------------------------------------------------- scopes */
void rn_scope_enter(rn_scope *s, rn_validator *plugin, const char *what, rn_notes *notes) {
  *s = (rn_scope){top, plugin, what, notes, {NULL, 0}};
  if (notes == NULL) s->notes = &s->own;
  top = s;
}

rn_scope *rn_scope_now(void) { return top; }

rn_status *rn_notes_take(rn_notes *n, rn_status *result) {
  (void)pthread_mutex_lock(&guard);
  rn_status *first = n->first;
  n->first = NULL;
  (void)pthread_mutex_unlock(&guard);
  if (first == NULL) return result;
  rn_status_free(result);
  return first;
}

rn_status *rn_scope_leave(rn_scope *s, rn_status *result) {
  top = s->outer;
  return s->notes == &s->own ? rn_notes_take(&s->own, result) : result;
}

static void send(const rn_validator *v, const char *text) {
  (void)pthread_mutex_lock(&guard);
  rn_runtime *rt = v != NULL && v->runtime != NULL ? v->runtime : n_living != 0 ? living[n_living - 1] : NULL;
  rn_log log = rt != NULL ? *rn_runtime_log(rt) : (rn_log){NULL, NULL, 0};
  (void)pthread_mutex_unlock(&guard);
  rn_log_write(&log, RN_LOG_ERROR, "validation: %s", text);
}

static void report(rn_validator *v, const char *what, rn_notes *notes, const char *format, va_list args) {
  char message[700], text[1024];
  (void)vsnprintf(message, sizeof message, format, args);
  (void)snprintf(text, sizeof text, "plugin '%s': %s%s%s", rn_validator_id(v), what != NULL ? what : "",
                 what != NULL ? ": " : "", message);
  send(v, text);
  if (notes == NULL) return;
  rn_status *s = notes->is_brief ? rn_status_make(RN_INTERNAL, "plugin '%s': %s", rn_validator_id(v), message)
                                 : rn_status_make(RN_INTERNAL, "%s", text);
  (void)pthread_mutex_lock(&guard);
  rn_status *drop = notes->first != NULL ? s : NULL;
  if (drop == NULL) notes->first = s;
  (void)pthread_mutex_unlock(&guard);
  rn_status_free(drop);
}

void rn_violation(rn_validator *v, const char *what, rn_notes *notes, const char *format, ...) {
  va_list args;
  va_start(args, format);
  report(v, what, notes, format, args);
  va_end(args);
}

void rn_violation_here(rn_validator *v, const char *format, ...) {
  va_list args;
  va_start(args, format);
  report(v != NULL     ? v
         : top != NULL ? top->plugin
                       : NULL,
         top != NULL ? top->what : NULL, top != NULL ? top->notes : NULL, format, args);
  va_end(args);
}
