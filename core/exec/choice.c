/* exec/choice.c - the devices a session may use, preferred first (core/exec).
 *
 * What the caller, devices.order, pins and [place] name is looked for by type; only the plugins of those
 * types are opened. The others join, one type after the other, when a node finds no place: the type that
 * is preferred by default first, then in the order of the search. What has joined stays. */
#include "base/setting.h"
#include "exec/exec.h"

/* The next element of a list; NULL: there is none. */
static const char *next_name(const char *list, char *out, size_t size) {
  if (list == NULL) return NULL;
  list += strspn(list, ", \t");
  size_t n = strcspn(list, ",\t ");
  if (n == 0) return NULL;
  size_t kept = n < size ? n : size - 1;
  memcpy(out, list, kept);
  out[kept] = '\0';
  return list + n;
}

static int is_disabled(const rn_session *s, const exec_device *d) {
  char name[256];
  const char *at = rn_config_get(rn_runtime_config(s->rt), "devices", "disable");
  while ((at = next_name(at, name, sizeof name)) != NULL)
    if (exec_device_matches(d, name)) return 1;
  return 0;
}

/* Under the table's lock. */
static uint32_t join_matching(rn_session *s, const char *pattern) {
  uint32_t n = atomic_load(&s->n_order), before = n;
  for (uint32_t i = 0; i < s->devices->count; i++) {
    exec_device *d = s->devices->item[i];
    int known = 0;
    for (uint32_t k = 0; k < n; k++) known |= s->order[k] == d;
    if (known || !exec_device_matches(d, pattern) || is_disabled(s, d)) continue;
    s->order[n++] = d;
    if (!exec_device_is_host(d)) atomic_store(&s->has_homes, 1);
  }
  atomic_store(&s->n_order, n); /* readers see what is there up to n */
  return n - before;
}

rn_status *exec_session_join(rn_session *s, const char *pattern, uint32_t *out_joined) {
  char type[64];
  *out_joined = 0;
  if (!exec_device_type_of(pattern, type, sizeof type)) return NULL;
  RN_TRY(exec_devices_find(s->devices, type));
  (void)pthread_mutex_lock(&s->devices->lock);
  *out_joined = join_matching(s, pattern);
  (void)pthread_mutex_unlock(&s->devices->lock);
  return NULL;
}

rn_status *exec_session_join_more(rn_session *s, uint32_t *out_joined) {
  char name[256];
  const char *const *names;
  uint32_t n;
  const char *at = rn_setting_find("devices", "order")->value;
  *out_joined = 0;
  if (atomic_load(&s->has_all)) return NULL;
  while ((at = next_name(at, name, sizeof name)) != NULL && *out_joined == 0)
    RN_TRY(exec_session_join(s, name, out_joined));
  if (*out_joined != 0) return NULL;
  RN_TRY(rn_registry_device_type_names(s->rt, &names, &n));
  for (uint32_t i = 0; i < n && *out_joined == 0; i++) RN_TRY(exec_session_join(s, names[i], out_joined));
  if (*out_joined == 0) atomic_store(&s->has_all, 1);
  return NULL;
}

/* Why there is no such device: its plugin's own words, where there is one. */
rn_status *exec_no_device(rn_session *s, const char *pattern, const char *asked_by) {
  char type[64];
  const rn_device_type *t;
  rn_status *cause = NULL;
  if (exec_device_type_of(pattern, type, sizeof type)) cause = rn_registry_device_type(s->rt, type, &t);
  rn_status *made = rn_status_make(RN_INVALID_ARGUMENT, "%s: there is no device '%s'%s%s", asked_by, pattern,
                                   cause != NULL ? ": " : "", cause != NULL ? rn_status_message(cause) : "");
  rn_status_free(cause);
  return made;
}

/* A wish that cannot be granted is no silent matter, unless falling back is allowed. */
static rn_status *miss(rn_session *s, const char *pattern) {
  rn_status *missing = exec_no_device(s, pattern, "devices.order");
  if (s->fallback == FALLBACK_ERROR) return missing;
  if (s->fallback == FALLBACK_WARN)
    rn_log_write(rn_runtime_log(s->rt), RN_LOG_WARNING, "%s", rn_status_message(missing));
  rn_status_free(missing);
  return NULL;
}

static rn_status *join_list(rn_session *s, const char *list) {
  char name[256];
  uint32_t joined;
  while ((list = next_name(list, name, sizeof name)) != NULL) {
    RN_TRY(exec_session_join(s, name, &joined));
    int there = 0;
    for (uint32_t k = 0; k < s->n_order; k++) there |= exec_device_matches(s->order[k], name);
    if (!there) RN_TRY(miss(s, name));
    if (s->n_preferred == 0) s->n_preferred = s->n_order;
  }
  return NULL;
}

rn_status *exec_session_devices(rn_session *s, const char *device) {
  uint32_t joined;
  RN_TRY(exec_devices_get(s->rt, &s->devices));
  if (device != NULL && device[0] != '\0') {
    RN_TRY(exec_session_join(s, device, &joined));
    if (joined == 0) return exec_no_device(s, device, "the session's options");
    s->n_asked = s->n_preferred = joined;
  }
  return join_list(s, rn_config_get(rn_runtime_config(s->rt), "devices", "order"));
}

/* The first that runs host-only ops; NULL: none. */
rn_status *exec_session_host(rn_session *s, exec_device **out) {
  uint32_t joined = 1;
  *out = NULL;
  for (uint32_t d = 0; joined > 0;) {
    for (; d < s->n_order; d++) {
      if (!exec_device_is_host(s->order[d])) continue;
      *out = s->order[d];
      return NULL;
    }
    RN_TRY(exec_session_join_more(s, &joined));
  }
  return NULL;
}
