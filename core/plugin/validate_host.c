/* plugin/validate_host.c - the checking table in the place of the host's own (core/plugin).
 *
 * Each function looks at its arguments, says what is wrong, and calls the plain one with what is right.
 * What cannot be made right gives a harmless answer: NULL, 0, an empty string, an error. */
#include <stdatomic.h>
#include <runnel/tensor.h>
#include "base/mem.h"
#include "plugin/validate.h"

static rn_validator *here(void) {
  const rn_scope *s = rn_scope_now();
  return s != NULL ? s->plugin : NULL;
}

static const rn_host_api *plain(void) {
  static rn_host_api table;
  static _Atomic int ready;
  if (!atomic_load(&ready)) { /* several threads write the same */
    rn_plain_table(NULL, &table);
    atomic_store(&ready, 1);
  }
  return &table;
}

/* The context behind ctx, or NULL after saying why there is none. */
static const rn_checked *enter(void *ctx, const char *function) {
  const rn_checked *c = rn_checked_find(ctx);
  rn_validator *v = here();
  if (c == NULL) {
    rn_violation_here(v, "%s: ctx %p is not the host's: pass host->ctx of the table that is called", function, ctx);
    return NULL;
  }
  if (rn_validator_is_stopped(c->validator) || c->host == NULL) {
    rn_violation_here(c->validator, "%s is called after fini", function);
    return NULL;
  }
  if (v != NULL && v != c->validator)
    rn_violation_here(v, "%s: ctx belongs to plugin '%s'", function, rn_validator_id(c->validator));
  return c;
}

/* ------------------------------------------------------------------------------------ statuses */
static rn_status *make_status(int32_t code, const char *message) {
  if (code <= RN_OK || code > RN_DATA_LOSS) {
    rn_violation_here(here(), "status: %d is no error code", code);
    code = RN_INTERNAL;
  }
  if (message == NULL) rn_violation_here(here(), "status: the message is NULL");
  return plain()->status(code, message != NULL ? message : "(no message)");
}

static rn_status *wrap_status(rn_status *cause, const char *message) {
  if (message == NULL) rn_violation_here(here(), "status_wrap: the message is NULL");
  if (cause != NULL && !rn_status_is_alive(here(), cause, "status_wrap:"))
    return plain()->status(RN_INTERNAL, message != NULL ? message : "(no message)");
  return plain()->status_wrap(cause, message != NULL ? message : "(no message)");
}

static int32_t status_code(const rn_status *s) {
  if (s != NULL && !rn_status_is_alive(here(), s, "status_code reads")) return RN_INTERNAL;
  return plain()->status_code(s);
}

static const char *status_message(const rn_status *s) {
  if (s != NULL && !rn_status_is_alive(here(), s, "status_message reads")) return "";
  return plain()->status_message(s);
}

static void status_free(rn_status *s) {
  if (s == NULL || rn_status_is_alive(here(), s, "status_free frees")) plain()->status_free(s);
}

/* -------------------------------------------------------------------------------------- memory */
static void *guarded_alloc(void *ctx, size_t size_bytes, size_t align) {
  const rn_checked *c = enter(ctx, "alloc");
  const rn_scope *s = rn_scope_now();
  if (c == NULL) return NULL;
  if ((align & (align - 1)) != 0) {
    rn_violation_here(c->validator, "alloc: alignment %zu is not a power of two", align);
    return NULL;
  }
  if (rn_validate_must_fail()) return NULL;
  rn_host *h = c->host;
  void *p = rn_guarded_alloc(c->validator, s != NULL ? s->what : "", size_bytes, align, 1);
  if (p != NULL) ++*h->blocks;
  return p;
}

static void guarded_free(void *ctx, void *p) {
  const rn_checked *c = enter(ctx, "free");
  if (c == NULL || p == NULL) return;
  rn_host *h = c->host;
  rn_guarded_free(c->validator, p, h->blocks);
}

/* ----------------------------------------------------------------------------------- the plugin */
static void checked_log(void *ctx, uint32_t level, const char *message) {
  const rn_checked *c = enter(ctx, "log");
  if (c == NULL) return;
  if (level < RN_LOG_ERROR || level > RN_LOG_DEBUG) {
    rn_violation_here(c->validator, "log: there is no level %u", level);
    level = RN_LOG_ERROR;
  }
  if (message == NULL)
    rn_violation_here(c->validator, "log: the message is NULL");
  else
    plain()->log(c->host, level, message);
}

static uint32_t checked_threads(void *ctx) {
  const rn_checked *c = enter(ctx, "threads");
  return c != NULL ? plain()->threads(c->host) : 1;
}

/* Pieces run on other threads: they report to where the caller does. */
typedef struct pieces {
  void (*fn)(void *arg, uint64_t lo, uint64_t hi, uint32_t worker);
  void *arg;
  rn_validator *plugin;
  const char *what;
  rn_notes *notes;
} pieces;

static void run_piece(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  const pieces *p = arg;
  rn_scope s;
  rn_notes none = {NULL, 0};
  rn_scope_enter(&s, p->plugin, p->what, p->notes != NULL ? p->notes : &none);
  p->fn(p->arg, lo, hi, worker);
  rn_status_free(rn_scope_leave(&s, NULL));
  rn_status_free(rn_notes_take(&none, NULL));
}

static void checked_parallel_for(void *ctx, uint64_t n, uint64_t grain,
                                 void (*fn)(void *arg, uint64_t lo, uint64_t hi, uint32_t worker), void *arg) {
  const rn_checked *c = enter(ctx, "parallel_for");
  const rn_scope *s = rn_scope_now();
  if (fn == NULL) {
    rn_violation_here(c != NULL ? c->validator : here(), "parallel_for: the function is NULL");
    return;
  }
  pieces p = {fn, arg, c != NULL ? c->validator : here(), s != NULL ? s->what : NULL, s != NULL ? s->notes : NULL};
  if (c != NULL)
    plain()->parallel_for(c->host, n, grain, run_piece, &p);
  else if (n > 0)
    run_piece(&p, 0, n, 0);
}

static const char *checked_config(void *ctx, const char *key) {
  const rn_checked *c = enter(ctx, "config");
  if (c != NULL && key == NULL) rn_violation_here(c->validator, "config: the key is NULL");
  return c != NULL && key != NULL ? plain()->config(c->host, key) : NULL;
}

static const char *checked_plugin_dir(void *ctx) {
  const rn_checked *c = enter(ctx, "plugin_dir");
  return c != NULL ? plain()->plugin_dir(c->host) : "";
}

static const void *checked_get_ext(void *ctx, const char *name, uint32_t min_version) {
  const rn_checked *c = enter(ctx, "get_ext");
  if (c != NULL && name == NULL) rn_violation_here(c->validator, "get_ext: the name is NULL");
  return c != NULL && name != NULL ? plain()->get_ext(c->host, name, min_version) : NULL;
}

static uint64_t checked_cpu_features(void) { return plain()->cpu_features(); }
static uint64_t checked_entropy(void) { return plain()->entropy(); }

/* ------------------------------------------------------------------------------------- tensors */
static rn_status *missing(const char *what) {
  rn_violation_here(here(), "%s is NULL", what);
  return rn_status_make(RN_INTERNAL, "%s is NULL", what);
}

static rn_status *tensor_create(rn_dtype dt, const rn_shape *s, rn_tensor **out) {
  if (s == NULL || out == NULL) return missing(s == NULL ? "tensor_create: the shape" : "tensor_create: out");
  RN_TRY(plain()->tensor_create(dt, s, out));
  rn_tensor_given(*out, 1);
  return NULL;
}

static rn_status *tensor_strings(const rn_shape *s, const rn_bytes *items, rn_tensor **out) {
  if (s == NULL || out == NULL) return missing(s == NULL ? "tensor_strings: the shape" : "tensor_strings: out");
  RN_TRY(plain()->tensor_strings(s, items, out));
  rn_tensor_given(*out, 1);
  return NULL;
}

static void tensor_view(rn_tensor *t, rn_tensor_view *out) {
  if (out == NULL || t == NULL) {
    rn_violation_here(here(), "tensor_view: %s is NULL", out == NULL ? "out" : "the tensor");
    return;
  }
  if (out->struct_size < RN_SIZE_TO(rn_tensor_view, dtype) || out->struct_size > 4096)
    rn_violation_here(here(), "tensor_view: out->struct_size is %u: the caller sets it", out->struct_size);
  else if (rn_tensor_is_alive(here(), t, "tensor_view looks at"))
    plain()->tensor_view(t, out);
}

static rn_tensor *tensor_retain(rn_tensor *t) {
  if (t == NULL) {
    rn_violation_here(here(), "tensor_retain: the tensor is NULL");
    return NULL;
  }
  (void)rn_tensor_is_alive(here(), t, "tensor_retain retains");
  (void)plain()->tensor_retain(t);
  rn_tensor_given(t, 0);
  return t;
}

static void tensor_release(rn_tensor *t) {
  if (t != NULL && rn_tensor_may_release(here(), t)) plain()->tensor_release(t);
}

static rn_bytes string_at(const rn_tensor_view *v, uint64_t index) {
  const rn_bytes none = {"", 0};
  if (v == NULL || !RN_HAS_FN(v, rn_tensor_view, tensor)) {
    rn_violation_here(here(), "string_at: %s", v == NULL ? "the view is NULL" : "the view has no tensor");
    return none;
  }
  if (!rn_tensor_is_alive(here(), v->tensor, "string_at reads")) return none;
  int64_t count = rn_tensor_count(v->tensor);
  if (rn_tensor_dtype(v->tensor) != RN_STRING)
    rn_violation_here(here(), "string_at: the tensor is %s", rn_dtype_name(rn_tensor_dtype(v->tensor)));
  else if (index >= (uint64_t)count)
    rn_violation_here(here(), "string_at: element %llu of %lld", (unsigned long long)index, (long long)count);
  else
    return plain()->string_at(v, index);
  return none;
}

const rn_host_api rn_checking_table = {.struct_size = sizeof(rn_host_api),
                                       .abi_minor = RN_ABI_MINOR,
                                       .status = make_status,
                                       .status_wrap = wrap_status,
                                       .status_code = status_code,
                                       .status_message = status_message,
                                       .status_free = status_free,
                                       .alloc = guarded_alloc,
                                       .free = guarded_free,
                                       .log = checked_log,
                                       .threads = checked_threads,
                                       .parallel_for = checked_parallel_for,
                                       .config = checked_config,
                                       .plugin_dir = checked_plugin_dir,
                                       .cpu_features = checked_cpu_features,
                                       .entropy = checked_entropy,
                                       .tensor_create = tensor_create,
                                       .tensor_strings = tensor_strings,
                                       .tensor_view = tensor_view,
                                       .tensor_retain = tensor_retain,
                                       .tensor_release = tensor_release,
                                       .string_at = string_at,
                                       .get_ext = checked_get_ext};
