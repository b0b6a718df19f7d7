/* exec/device.c - the devices of a runtime (core/exec).
 *
 * Looked for by type when somebody asks for the type, opened on first use: a graph that stays on the host
 * never opens another device, nor its plugin. The table hangs on the runtime and goes before the plugins do. */
#include <ctype.h>
#include <stdio.h>
#include "exec/validate.h"

typedef struct table {
  exec_devices pub;
  rn_store *process;
} table;
typedef struct finding {
  table *t;
  const rn_device_type *type;
} finding;

static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;

rn_status *exec_out_of_memory(const char *what) {
  return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for %s", what);
}

static void name_device(exec_device *d) {
  char upper[32];
  size_t n = strlen(d->type->def->type);
  if (n >= sizeof upper) n = sizeof upper - 1;
  for (size_t i = 0; i < n; i++) upper[i] = (char)toupper((unsigned char)d->type->def->type[i]);
  upper[n] = '\0';
  (void)snprintf(d->full_name, sizeof d->full_name, "/device:%s:%u", upper, d->info.index);
}

/* Another type's kernels need memory that both can reach, and somebody to run them. */
static const char *kernels_of(const rn_runtime *rt, const rn_device_def *def, const rn_device_info *info) {
  if (!RN_HAS_FN(def, rn_device_def, kernels_of)) return NULL;
  int memory = (info->features & RN_DEVICE_HOST_MEMORY) != 0 && def->address != NULL && def->alloc != NULL &&
               def->release != NULL && def->copy != NULL;
  int runs = (info->features & RN_DEVICE_SYNCHRONOUS) != 0 || RN_HAS_FN(def, rn_device_def, launch);
  if (memory && runs) return def->kernels_of;
  rn_log_write(rn_runtime_log((rn_runtime *)(uintptr_t)rt), RN_LOG_WARNING,
               "device type '%s' borrows the kernels of '%s', but %s: only its own are used", def->type,
               def->kernels_of, memory ? "it cannot launch them" : "the host cannot reach its memory");
  return NULL;
}

static rn_status *found(void *arg, const rn_device_info *info) {
  const finding *f = arg;
  exec_devices *all = &f->t->pub;
  if (all->count == EXEC_MAX_DEVICES)
    return rn_status_make(RN_RESOURCE_EXHAUSTED, "more than %u devices", EXEC_MAX_DEVICES);
  exec_device *d = rn_mem_zero(1, sizeof *d);
  if (d == NULL) return exec_out_of_memory("the table of devices");
  size_t size = info->struct_size < sizeof d->info ? info->struct_size : sizeof d->info;
  memcpy(&d->info, info, size);
  d->info.name[sizeof d->info.name - 1] = d->info.vendor[sizeof d->info.vendor - 1] = '\0';
  d->info.driver[sizeof d->info.driver - 1] = '\0';
  d->type = f->type;
  d->kernels_of = kernels_of(all->rt, f->type->def, &d->info);
  name_device(d);
  (void)pthread_mutex_init(&d->carrying, NULL);
  all->item[all->count++] = d;
  return NULL;
}

static void destroy(void *exec) {
  table *t = exec;
  if (t == NULL) return;
  rn_store_destroy(t->process);
  for (uint32_t i = 0; i < t->pub.count; i++) {
    exec_device *d = t->pub.item[i];
    if (d->is_open) exec_device_stop_copies(d);
    if (d->is_open && d->type->def->drain != NULL) rn_status_free(d->type->def->drain(d->handle, 1000000000u));
    if (d->is_open && d->type->def->close != NULL) d->type->def->close(d->handle);
    (void)pthread_mutex_destroy(&d->carrying);
    rn_mem_free(d);
  }
  rn_text_finish(&t->pub.types);
  (void)pthread_mutex_destroy(&t->pub.lock);
  rn_mem_free(t);
}

/* A device type that cannot be enumerated (a missing driver) is left out and said once. */
static rn_status *enumerate(table *t, const rn_device_type *type) {
  if (type->def->enumerate == NULL) return NULL;
  rn_status *s = type->def->enumerate(type->host, found, &(finding){t, type});
  if (s == NULL || rn_status_code(s) == RN_RESOURCE_EXHAUSTED) return s;
  rn_log_write(rn_runtime_log(t->pub.rt), RN_LOG_WARNING, "no %s devices (plugin %s): %s", type->def->type,
               type->plugin, rn_status_message(s));
  rn_status_free(s);
  return NULL;
}

static rn_status *find_type(table *t, const char *type) {
  const rn_device_type *types;
  char line[80];
  uint32_t n;
  (void)snprintf(line, sizeof line, "\n%.70s\n", type);
  for (char *c = line; *c != '\0'; c++) *c = (char)tolower((unsigned char)*c);
  if (t->pub.types.data != NULL && strstr(t->pub.types.data, line) != NULL) return NULL;
  RN_TRY(rn_registry_device_types(t->pub.rt, type, &types, &n));
  for (uint32_t i = 0; i < n; i++) RN_TRY(enumerate(t, &types[i]));
  rn_text_add(&t->pub.types, line);
  return t->pub.types.failed ? exec_out_of_memory("the table of devices") : NULL;
}

rn_status *exec_devices_find(exec_devices *all, const char *type) {
  (void)pthread_mutex_lock(&all->lock);
  rn_status *s = find_type((table *)all, type);
  (void)pthread_mutex_unlock(&all->lock);
  return s;
}

static rn_status *create(rn_runtime *rt, table **out) {
  table *t = rn_mem_zero(1, sizeof *t);
  if (t == NULL) return exec_out_of_memory("the table of devices");
  t->pub.rt = rt;
  (void)pthread_mutex_init(&t->pub.lock, NULL);
  rn_text_init(&t->pub.types);
  rn_status *s = rn_store_create(&t->process);
  if (s == NULL)
    *out = t;
  else
    destroy(t);
  return s;
}

rn_status *exec_devices_get(rn_runtime *rt, exec_devices **out) {
  rn_status *s = NULL;
  (void)pthread_mutex_lock(&making);
  void **slot = rn_runtime_exec_slot(rt, destroy);
  table *t = *slot;
  if (t == NULL) s = create(rt, &t);
  if (s == NULL) {
    *slot = t;
    *out = &t->pub;
  }
  (void)pthread_mutex_unlock(&making);
  return s;
}

rn_store *exec_process_store(rn_runtime *rt) {
  exec_devices *all;
  rn_status *s = exec_devices_get(rt, &all);
  rn_status_free(s);
  return s == NULL ? ((table *)all)->process : NULL;
}

rn_status *exec_device_open(exec_devices *all, exec_device *d) {
  rn_status *s = NULL;
  (void)pthread_mutex_lock(&all->lock);
  if (!d->is_open && d->type->def->open != NULL) s = d->type->def->open(d->type->host, d->info.index, &d->handle);
  if (s == NULL && !d->is_open) {
    d->is_open = 1;
    s = exec_validate_device(all->rt, d);
  }
  (void)pthread_mutex_unlock(&all->lock);
  return s != NULL ? rn_status_wrap(s, "device %s cannot be opened", d->full_name) : NULL;
}

static void print_uuid(const exec_device *d, char text[33]) {
  for (int i = 0; i < 16; i++) (void)snprintf(text + 2 * i, 3, "%02x", d->info.uuid[i]);
}

/* "v1" of "v1: 256 x 256 int8", or all of it, in any case. */
static int is_called(const exec_device *d, const char *name) {
  size_t n = strlen(name);
  return n > 0 && (strcasecmp(d->info.name, name) == 0 ||
                   (strcspn(d->info.name, ":") == n && strncasecmp(d->info.name, name, n) == 0));
}

/* `selector` is what stands after "type:": an index, "*", "name~text", "uuid=hex", a name. */
static int selected(const exec_device *d, const char *selector) {
  char uuid[33];
  int64_t index;
  if (strcmp(selector, "*") == 0) return 1;
  if (strncmp(selector, "name~", 5) == 0) return strcasestr(d->info.name, selector + 5) != NULL;
  if (strncmp(selector, "uuid=", 5) == 0) {
    print_uuid(d, uuid);
    return strcasecmp(uuid, selector + 5) == 0;
  }
  if (rn_parse_i64(selector, strlen(selector), &index)) return index == (int64_t)d->info.index;
  return is_called(d, selector);
}

static const char *type_part(const char *text) {
  if (text[0] != '/') return text;
  const char *at = strstr(text, "/device:");
  if (at != NULL) return at + strlen("/device:");
  at = strrchr(text, '/'); /* the old form "/job:x/cpu:0" */
  return strncmp(at, "/job:", 5) == 0 || strncmp(at, "/replica:", 9) == 0 || strncmp(at, "/task:", 6) == 0 ? NULL
                                                                                                           : at + 1;
}

int exec_device_type_of(const char *pattern, char *out, size_t size_bytes) {
  const char *type = type_part(pattern);
  if (type == NULL) return 0;
  size_t n = strcspn(type, ":");
  if (n == 0 || n >= size_bytes) return 0;
  memcpy(out, type, n);
  out[n] = '\0';
  return 1;
}

int exec_device_matches(const exec_device *d, const char *text) {
  const char *type = type_part(text);
  if (type == NULL) return 1; /* only a job or a task: this one */
  size_t n = strcspn(type, ":");
  if (n != strlen(d->type->def->type) || strncasecmp(type, d->type->def->type, n) != 0) return 0;
  return type[n] == '\0' || selected(d, type + n + 1);
}

static void show(const exec_device *d, void (*visit)(void *arg, const rn_device_entry *d), void *arg) {
  char uuid[33];
  print_uuid(d, uuid);
  rn_device_entry e = {d->type->def->type, d->info.name,         d->info.vendor, d->info.driver, d->type->plugin, uuid,
                       d->info.index,      d->info.memory_bytes, d->full_name};
  visit(arg, &e);
}

rn_status *rn_runtime_devices(rn_runtime *rt, void (*visit)(void *arg, const rn_device_entry *d), void *arg) {
  exec_devices *all;
  const char *const *names;
  uint32_t n;
  RN_TRY(exec_devices_get(rt, &all));
  RN_TRY(rn_registry_device_type_names(rt, &names, &n));
  for (uint32_t i = 0; i < n; i++) RN_TRY(exec_devices_find(all, names[i]));
  for (int host = 1; host >= 0; host--) /* the host's first */
    for (uint32_t i = 0; i < all->count; i++)
      if (exec_device_is_host(all->item[i]) == host) show(all->item[i], visit, arg);
  return NULL;
}
