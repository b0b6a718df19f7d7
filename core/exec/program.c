/* exec/program.c - programs that front ends look at, keep and open (core/exec). */
#include "exec/program.h"
#include <stdlib.h>
#include "exec/validate.h"

static rn_status *make(rn_runtime *rt, const char *words, size_t length, rn_program **out) {
  rn_program *p = rn_mem_zero(1, sizeof *p);
  if (p == NULL) return exec_out_of_memory("a program");
  rn_arena_init(&p->memory, 4096);
  p->rt = rt;
  p->words = rn_arena_text(&p->memory, words, length);
  p->words_length = length;
  rn_status *s =
      p->words != NULL ? exec_program_read(words, length, &p->memory, &p->info) : exec_out_of_memory("a program");
  if (s == NULL)
    *out = p;
  else
    rn_program_destroy(p);
  return s;
}

void rn_program_destroy(rn_program *p) {
  if (p == NULL) return;
  if (p->owns && p->state != NULL && p->def->release != NULL) p->def->release(p->state);
  rn_arena_finish(&p->memory);
  rn_mem_free(p);
}

const rn_program_info *rn_program_get_info(const rn_program *p) { return &p->info; }

/* -------------------------------------------------------------------------------- of a session */
static void know_constants(rn_program *p, const rn_subgraph *s) {
  rn_program_value *in = (rn_program_value *)(uintptr_t)p->info.in; /* made here */
  for (uint32_t i = 0; i < p->info.n_in; i++)
    if (in[i].data != NULL) in[i].data = s->value_of(s, s->in[i])->data;
}

static rn_status *visit_one(const exec_layout *l, uint32_t node, void (*visit)(void *arg, const rn_program *p),
                            void *arg) {
  const exec_node *n = &l->plan->node[node];
  exec_subgraph g;
  rn_text words;
  rn_program *p = NULL;
  RN_TRY(exec_subgraph_init(&g, l, n));
  rn_text_init(&words);
  exec_program_words(&g, 1, &words);
  rn_status *s =
      words.failed ? exec_out_of_memory("a program") : make(l->plan->session->rt, words.data, words.length, &p);
  if (s == NULL) {
    p->def = n->claim->def;
    p->host = n->claim->host;
    p->device = n->device;
    p->state = l->step[node].program;
    p->key = exec_stored_key(&g);
    know_constants(p, &g.pub);
    visit(arg, p);
  }
  rn_program_destroy(p);
  rn_text_finish(&words);
  exec_subgraph_finish(&g);
  return s;
}

static rn_status *visit_layout(exec_plan *p, rn_tensor *const *feeds, void (*visit)(void *arg, const rn_program *p),
                               void *arg) {
  exec_layout *l;
  rn_status *s = NULL;
  rn_resource **cell = rn_mem_zero(p->n_cell + (size_t)1, sizeof *cell);
  if (cell == NULL) return exec_out_of_memory("a layout");
  for (uint32_t i = 0; i < p->n_cell; i++) cell[i] = p->cell[i].resource;
  s = exec_layout_get(p, feeds, cell, &l);
  rn_mem_free(cell);
  if (s != NULL) return s;
  for (uint32_t i = 0; i < p->n_node && s == NULL; i++)
    if (l->step[p->order[i]].program != NULL) s = visit_one(l, p->order[i], visit, arg);
  exec_layout_release(l);
  return s;
}

rn_status *rn_session_programs(rn_session *s, const rn_feed *feeds, uint32_t n_feeds, const rn_value *fetches,
                               uint32_t n_fetches, const rn_node_id *targets, uint32_t n_targets,
                               void (*visit)(void *arg, const rn_program *p), void *arg) {
  rn_value *value = rn_mem_alloc((n_feeds + (size_t)1) * sizeof *value);
  rn_tensor **tensor = rn_mem_alloc((n_feeds + (size_t)1) * sizeof(rn_tensor *));
  rn_status *failed = value == NULL || tensor == NULL ? exec_out_of_memory("feeds") : NULL;
  exec_plan *p = NULL;
  for (uint32_t i = 0; failed == NULL && i < n_feeds; i++) {
    value[i] = feeds[i].value;
    tensor[i] = feeds[i].tensor;
  }
  exec_request r = {.feeds = value,
                    .fetches = fetches,
                    .targets = targets,
                    .n_feeds = n_feeds,
                    .n_fetches = n_fetches,
                    .n_targets = n_targets};
  if (failed == NULL) failed = exec_plan_find(s, &r, &p);
  if (failed == NULL) failed = exec_check_feeds(p, &(exec_args){tensor, NULL, NULL});
  if (failed == NULL) failed = visit_layout(exec_plan_latest(p), tensor, visit, arg);
  exec_plan_release(p);
  rn_mem_free(value);
  rn_mem_free(tensor);
  return failed;
}

/* ------------------------------------------------------------------------------ words and files */
static rn_status *append(void *arg, const void *bytes, size_t size_bytes) {
  rn_text *t = arg;
  rn_text_add_bytes(t, bytes, size_bytes);
  return t->failed ? exec_out_of_memory("a program's words") : NULL;
}

static rn_status *scoped(const rn_program *p, const char *what, uint32_t words, rn_text *out) {
  rn_scope scope;
  rn_scope_enter(&scope, rn_validator_of(p->host), what, NULL);
  rn_status *s = words != 0 ? p->def->print(p->state, words, append, out) : p->def->serialize(p->state, append, out);
  return rn_scope_leave(&scope, s);
}

rn_status *rn_program_print(const rn_program *p, uint32_t what, char **out_text) {
  rn_text t;
  if (p->def->print == NULL)
    return rn_status_make(RN_UNIMPLEMENTED, "compiler '%s' does not print its programs", p->def->name);
  rn_text_init(&t);
  rn_status *s = scoped(p, "print", what, &t);
  *out_text = s == NULL ? strdup(t.data != NULL ? t.data : "") : NULL; /* the caller has free() */
  rn_text_finish(&t);
  return s != NULL || *out_text != NULL ? s : exec_out_of_memory("a program's words");
}

rn_status *rn_program_save(const rn_program *p, const char *path) {
  rn_text t;
  if (p->def->serialize == NULL)
    return rn_status_make(RN_UNIMPLEMENTED, "compiler '%s' does not write its programs down", p->def->name);
  rn_text_init(&t);
  rn_status *s = scoped(p, "serialize", 0, &t);
  rn_text constants;
  rn_text_init(&constants);
  for (uint32_t i = 0; i < p->info.n_in && s == NULL; i++) {
    const rn_program_value *v = &p->info.in[i];
    if (v->data != NULL) s = append(&constants, v->data, exec_program_value_bytes(v));
  }
  rn_program_bytes b = {p->words, t.data, constants.data, p->words_length, t.length, constants.length};
  if (s == NULL) s = rn_program_write(path, &p->key, &b);
  rn_text_finish(&constants);
  rn_text_finish(&t);
  return s;
}

static rn_status *no_machine(const rn_program *p, const exec_devices *all) {
  rn_text names;
  rn_text_init(&names);
  for (uint32_t i = 0; i < all->count; i++)
    if (strcasecmp(all->item[i]->type->def->type, p->info.device) == 0)
      rn_text_printf(&names, "%s'%s'", names.length > 0 ? ", " : "", all->item[i]->info.name);
  rn_status *s = rn_status_make(
      RN_FAILED_PRECONDITION, "the program is for the %s '%s', which is not here; there %s %s", p->info.device,
      p->info.machine, names.length > 0 ? "are" : "is", names.length > 0 ? names.data : "none");
  rn_text_finish(&names);
  return s;
}

static rn_status *find_device(rn_program *p, const char *asked) {
  exec_devices *all;
  RN_TRY(exec_devices_get(p->rt, &all));
  RN_TRY(exec_devices_find(all, p->info.device));
  for (uint32_t i = 0; i < all->count && p->device == NULL; i++) {
    exec_device *d = all->item[i];
    if (strcasecmp(d->type->def->type, p->info.device) != 0) continue;
    if (asked != NULL ? exec_device_matches(d, asked) : strcmp(d->info.name, p->info.machine) == 0) p->device = d;
  }
  if (p->device != NULL) return exec_device_open(all, p->device);
  if (asked == NULL) return no_machine(p, all);
  return rn_status_make(RN_INVALID_ARGUMENT, "the program is for a device of type '%s'; there is no such device '%s'",
                        p->info.device, asked);
}

static rn_status *find_compiler(rn_program *p) {
  const rn_compiler_def *const *defs;
  const rn_host_api *const *hosts;
  uint32_t n;
  RN_TRY(rn_registry_compilers(p->rt, p->info.device, &defs, &hosts, &n));
  for (uint32_t i = 0; i < n; i++) {
    if (strcmp(defs[i]->name, p->info.compiler) != 0 || defs[i]->deserialize == NULL) continue;
    p->def = defs[i];
    p->host = hosts[i];
    return NULL;
  }
  return rn_status_make(RN_FAILED_PRECONDITION,
                        "the program was made by compiler '%s' for '%s', and no plugin here reads its programs",
                        p->info.compiler, p->info.device);
}

/* The constants of the file, in memory of the program's own. */
static rn_status *take_constants(rn_program *p, const rn_program_bytes *b) {
  rn_program_value *in = (rn_program_value *)(uintptr_t)p->info.in; /* made here */
  const char *from = b->constants;
  size_t left = b->constants_length;
  for (uint32_t i = 0; i < p->info.n_in; i++) {
    size_t n = exec_program_value_bytes(&in[i]);
    if (in[i].data == NULL) continue;
    if (n > left) return rn_status_make(RN_DATA_LOSS, "the constants end within '%s'", in[i].name);
    void *own = rn_arena_alloc(&p->memory, n + 64);
    if (own == NULL) return exec_out_of_memory("a program's constants");
    own = (void *)(((uintptr_t)own + 63) & ~(uintptr_t)63);
    memcpy(own, from, n);
    in[i].data = own;
    from += n;
    left -= n;
  }
  return left == 0 ? NULL : rn_status_make(RN_DATA_LOSS, "%zu bytes stand behind the constants", left);
}

static rn_status *revive(rn_program *p, const rn_program_bytes *b, const char *device) {
  rn_scope scope;
  RN_TRY(take_constants(p, b));
  RN_TRY(find_compiler(p));
  RN_TRY(find_device(p, device));
  rn_scope_enter(&scope, rn_validator_of(p->host), "deserialize", NULL);
  rn_status *s = p->def->deserialize(p->host, p->device->handle, NULL, b->program, b->program_length, &p->state);
  return rn_scope_leave(&scope, s);
}

rn_status *rn_program_open(rn_runtime *rt, const char *path, const char *device, rn_program **out) {
  rn_program_bytes b;
  rn_program_key key;
  char *held;
  rn_program *p = NULL;
  RN_TRY(rn_program_read(path, NULL, &key, &held, &b));
  if (held == NULL) return rn_status_make(RN_NOT_FOUND, "there is no file '%s'", path);
  rn_status *s = make(rt, b.words, b.words_length, &p);
  if (s == NULL) {
    p->key = key;
    s = revive(p, &b, device);
    p->owns = s == NULL;
  }
  rn_mem_free(held);
  if (s == NULL)
    *out = p;
  else
    rn_program_destroy(p);
  return s != NULL ? rn_status_wrap(s, "%s", path) : NULL;
}
