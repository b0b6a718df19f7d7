/* check.c - Assert, Print, CheckNumerics: watching values (plugins/cpu).
 *
 * Print goes to the host's log; a plugin has no other mouth. */
#include "cpu.h"
#include <math.h>

typedef struct watch {
  int64_t summarize, first_n;
  char message[256];
} watch;

/* The first elements of v, in brackets. */
static size_t summary(const rn_tensor_view *v, int64_t limit, char *text, size_t room) {
  int64_t n = rn_shape_elems(&v->shape), m = limit < 0 ? n : CPU_MIN(n, limit);
  size_t at = (size_t)snprintf(text, room, "[");
  for (int64_t i = 0; i < m && at + 40 < room; i++) {
    const char *gap = i ? " " : "";
    if (v->dtype == RN_STRING) {
      rn_bytes b = cpu_host->string_at(v, (uint64_t)i);
      at += (size_t)snprintf(text + at, room - at, "%s%.*s", gap, (int)CPU_MIN(b.size, 200u), b.data);
      at = CPU_MIN(at, room - 1);
    } else if (v->dtype == RN_INT32 || v->dtype == RN_INT64 || v->dtype == RN_BOOL) {
      at += (size_t)snprintf(text + at, room - at, "%s%lld", gap, (long long)cpu_int_at(v, i));
    } else {
      at += (size_t)snprintf(text + at, room - at, "%s%g", gap, cpu_real_at(v, i));
    }
  }
  if (at + 8 < room) at += (size_t)snprintf(text + at, room - at, m < n ? "...]" : "]");
  return at;
}
static void describe(rn_call *c, const watch *w, const char *head, char *text, size_t room) {
  size_t at = (size_t)snprintf(text, room, "%s", head);
  for (uint32_t i = 1; i < c->n_in && at + 64 < room; i++) at += summary(c->in[i], w->summarize, text + at, room - at);
}

static rn_status *assert_kernel(const void *state, rn_call *c) {
  char text[480];
  if (*(const uint8_t *)c->in[0]->data) return NULL;
  describe(c, state, "assertion failed: ", text, sizeof text);
  return c->host->status(RN_INVALID_ARGUMENT, text);
}
static rn_status *print(const void *state, rn_call *c) {
  const watch *w = state;
  char text[2048];
  if (w->first_n < 0 || c->api->reserve(c, 1) < (uint64_t)w->first_n) {
    describe(c, w, w->message, text, sizeof text);
    c->host->log(c->host->ctx, RN_LOG_INFO, text);
  }
  return c->api->forward(c, 0, 0);
}
static rn_status *check_numerics(const void *state, rn_call *c) {
  const watch *w = state;
  const rn_tensor_view *x = c->in[0];
  int64_t n = rn_shape_elems(&x->shape), infinite = 0, nan = 0;
  for (int64_t i = 0; i < n; i++) {
    double v = cpu_real_at(x, i);
    infinite += isinf(v) != 0;
    nan += isnan(v) != 0;
  }
  if (infinite || nan)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "%s : Tensor had %s%s%s values", w->message, infinite ? "Inf" : "",
                    infinite && nan ? " and " : "", nan ? "NaN" : "");
  return c->api->forward(c, 0, 0);
}

static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  watch *w;
  RN_TRY(cpu_state(out, sizeof *w, (void **)&w));
  w->summarize = rn_self_int(&p->self, "summarize", 3);
  w->first_n = rn_self_int(&p->self, "first_n", -1);
  rn_bytes m = rn_self_string(&p->self, "message");
  snprintf(w->message, sizeof w->message, "%.*s", (int)CPU_MIN(m.size, 255u), m.data);
  return NULL;
}
static const rn_kernel_def kernels[] = {
    CPU_K("Assert", NULL, assert_kernel, .prepare = prepare),
    CPU_K("Print", NULL, print, .prepare = prepare),
    CPU_K("CheckNumerics", "T: {float, double, half, bfloat16}", check_numerics, .prepare = prepare),
};
CPU_GROUP(cpu_check, kernels);
