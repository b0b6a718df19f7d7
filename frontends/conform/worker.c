/* worker.c - the child: loads the plugin, lists the cases, runs them (frontends/conform).
 *
 * The plugin is loaded into a runtime, stopped, and started again with the kit's own host. A fatal signal
 * leaves its address, and the name of a fenced buffer, on the shared page; the signal then does what it does. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "fence.h"
#include "host.h"
#include "kit.h"

static protocol_shared *page;

static void on_signal(int number, siginfo_t *info, void *context) {
  (void)context;
  if (page != NULL && page->signal == 0) {
    page->signal = number;
    page->address = (uint64_t)(uintptr_t)info->si_addr;
    if (number == SIGSEGV || number == SIGBUS) fence_name(info->si_addr, page->crash, sizeof page->crash);
  }
  signal(number, SIG_DFL);
  raise(number);
}

static void catch_signals(void) {
  static char stack[64 << 10];
  static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
  stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
  struct sigaction a;
  memset(&a, 0, sizeof a);
  a.sa_sigaction = on_signal;
  a.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaltstack(&own, NULL);
  for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++) sigaction(fatal[i], &a, NULL);
}

void doing(kit *k, const char *format, ...) {
  va_list ap;
  va_start(ap, format);
  vsnprintf(k->shared->doing, sizeof k->shared->doing, format, ap);
  va_end(ap);
}

static void keep_words(kit *k, const char *format, va_list ap) {
  if (k->words[0] == '\0') vsnprintf(k->words, sizeof k->words, format, ap);
}
verdict fail(kit *k, const char *format, ...) {
  va_list ap;
  va_start(ap, format);
  keep_words(k, format, ap);
  va_end(ap);
  return FAILED;
}
verdict skip(kit *k, const char *format, ...) {
  va_list ap;
  va_start(ap, format);
  keep_words(k, format, ap);
  va_end(ap);
  return SKIPPED;
}
verdict fail_status(kit *k, const char *what, rn_status *s) {
  if (s == NULL) return PASSED;
  (void)fail(k, "%s: %s", what, rn_status_message(s));
  rn_status_free(s);
  return FAILED;
}

int wants_op(const kit *k, const char *op) { return k->o->op == NULL || strcmp(k->o->op, op) == 0; }

kit_case *add_case(kit *k, verdict (*run)(kit *k, const kit_case *c), uint32_t index, const char *format, ...) {
  if (k->n_cases == k->cap_cases) {
    kit_case *grown = realloc(k->cases, (k->cap_cases * 2 + 256) * sizeof *grown);
    if (grown == NULL) return NULL;
    k->cases = grown;
    k->cap_cases = k->cap_cases * 2 + 256;
  }
  kit_case *c = &k->cases[k->n_cases];
  memset(c, 0, sizeof *c);
  va_list ap;
  va_start(ap, format);
  vsnprintf(c->id, sizeof c->id, format, ap);
  va_end(ap);
  if (k->o->only != NULL && strcmp(k->o->only, c->id) != 0) return NULL;
  c->run = run;
  c->index = index;
  k->n_cases++;
  return c;
}

/* ----------------------------------------------------------------------------------------- the start */
typedef struct others {
  char id[64][128];
  uint32_t n;
  const char *own;
} others;
static void remember(void *arg, const rn_plugin_info *p) {
  others *o = arg;
  int usable = strcmp(p->state, "scanned") == 0 || strcmp(p->state, "loaded") == 0;
  if (usable && o->n < 64 && strcmp(p->id, o->own) != 0) snprintf(o->id[o->n++], sizeof o->id[0], "%s", p->id);
}

static rn_status *read_others(kit *k) {
  others o = {.n = 0, .own = k->own.id};
  rn_runtime_plugins(k->runtime, remember, &o);
  k->others = calloc(o.n + 1u, sizeof *k->others);
  if (k->others == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for the other plugins");
  for (uint32_t i = 0; i < o.n; i++) {
    rn_status *s = offer_read(k->runtime, o.id[i], &k->others[k->n_others]);
    if (s == NULL) k->n_others++;
    rn_status_free(s); /* one that does not load is not this plugin's fault */
  }
  return NULL;
}

static rn_status *take_view(void *arg, rn_builder *b) {
  *(const rn_graph_view_api **)arg = b->self.view;
  return NULL;
}
static rn_status *find_view(kit *k) {
  rn_graph *g = NULL;
  RN_TRY(rn_graph_create(k->runtime, 0, &g));
  rn_status *s = rn_graph_edit(g, take_view, &k->view);
  rn_graph_destroy(g);
  return s;
}

/* From here on the plugin has the kit's table, also where it keeps the one from init. */
static rn_status *change_host(kit *k) {
  static hostile host;
  const rn_plugin_desc *d = k->own.desc;
  hostile_init(&host, k->own.host);
  k->host = &host;
  doing(k, "the plugin's quiesce and fini");
  if (d->quiesce != NULL) RN_TRY(d->quiesce(1000000000ull));
  if (d->fini != NULL) d->fini();
  doing(k, "the plugin's init, after fini");
  return d->init != NULL ? d->init(&host.api) : NULL;
}

static rn_status *begin(kit *k) {
  char id[128] = "";
  doing(k, "loading the plugin: its constructors, entry and init");
  RN_TRY(load_plugin(k->o, NULL, 0, &k->runtime, id, sizeof id));
  RN_TRY(offer_read(k->runtime, id, &k->own));
  tell("plugin", k->own.id, k->own.desc->version != NULL ? k->own.desc->version : "", NULL);
  doing(k, "loading the other plugins");
  RN_TRY(read_others(k));
  RN_TRY(find_view(k));
  return change_host(k);
}

static void list(kit *k) {
  list_file_cases(k);
  list_life_cases(k);
  list_op_cases(k);
  list_gradient_cases(k);
  list_kernel_cases(k);
  list_optimizer_cases(k);
  list_device_cases(k);
  list_rewrite_cases(k);
  if (k->o->bench) list_bench_cases(k);
  for (uint32_t i = 0; i < k->n_cases && k->from == 0; i++) {
    char number[16];
    snprintf(number, sizeof number, "%u", i);
    tell("case", number, k->cases[i].id, NULL);
  }
}

static void run(kit *k, uint32_t i) {
  char number[16];
  snprintf(number, sizeof number, "%u", i);
  k->words[0] = '\0';
  doing(k, "%s", k->cases[i].id);
  tell("begin", number, NULL);
  verdict v = k->cases[i].run(k, &k->cases[i]);
  char noted[1000];
  if (load_noted(noted, sizeof noted) && v != FAILED) {
    k->words[0] = '\0';
    v = fail(k, "%s", noted);
  }
  if (v == PASSED)
    tell("passed", NULL);
  else
    tell(v == FAILED ? "failed" : "skipped", k->words, NULL);
}

int conform_worker(const conform_options *o, uint32_t from) {
  static kit k;
  k.o = o;
  k.from = from;
  void *shared = mmap(NULL, sizeof *k.shared, PROT_READ | PROT_WRITE, MAP_SHARED, SHARED_FD, 0);
  static protocol_shared alone;
  k.shared = shared != MAP_FAILED ? shared : &alone;
  page = k.shared;
  catch_signals();
  rn_status *s = begin(&k);
  if (s != NULL) {
    char number[16];
    snprintf(number, sizeof number, "%u", from);
    tell("case", number, "file/load", NULL);
    tell("begin", number, NULL);
    tell("failed", rn_status_message(s), NULL);
    tell("end", NULL);
    _exit(1);
  }
  list(&k);
  for (uint32_t i = from; i < k.n_cases; i++) run(&k, i);
  tell("end", NULL);
  _exit(0); /* what the plugin would do at exit is a case of its own */
}
