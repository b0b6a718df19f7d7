/* exec/stored.c - programs that were compiled before, in another process (core/exec).
 *
 * That a program cannot be kept, or read again, is no failure: it is said, and the part is compiled. */
#include "exec/program.h"
#include "exec/validate.h"

static const exec_claim *claim_of(const exec_subgraph *g) { return g->node->claim; }

static rn_status *compile(const exec_subgraph *g, void **out) {
  const exec_claim *c = claim_of(g);
  rn_scope scope;
  rn_scope_enter(&scope, rn_validator_of(c->host), "compile", NULL);
  return rn_scope_leave(&scope, c->def->compile(c->host, g->node->device->handle, &g->pub, out));
}

static void report(const exec_subgraph *g, rn_status *s /* given; NULL: nothing */, const char *what) {
  if (s == NULL) return;
  rn_log_write(rn_runtime_log(g->layout->plan->session->rt), RN_LOG_WARNING, "compiler '%s': %s: %s",
               claim_of(g)->def->name, what, rn_status_message(s));
  rn_status_free(s);
}

static rn_status *load(const exec_subgraph *g, const char *path, const rn_program_key *key, void **out) {
  const exec_claim *c = claim_of(g);
  char *held;
  rn_program_bytes b;
  rn_program_key same;
  rn_scope scope;
  RN_TRY(rn_program_read(path, key, &same, &held, &b));
  if (held == NULL) return NULL;
  rn_scope_enter(&scope, rn_validator_of(c->host), "deserialize", NULL);
  rn_status *s = c->def->deserialize(c->host, g->node->device->handle, &g->pub, b.program, b.program_length, out);
  s = rn_scope_leave(&scope, s);
  rn_mem_free(held);
  if (s == NULL) return NULL;
  *out = NULL;
  return rn_status_wrap(s, "%s", path);
}

static rn_status *write(void *arg, const void *bytes, size_t size_bytes) {
  rn_text *t = arg;
  rn_text_add_bytes(t, bytes, size_bytes);
  return t->failed ? exec_out_of_memory("a program's bytes") : NULL;
}

static rn_status *keep(const exec_subgraph *g, const char *path, const rn_program_key *key, const void *program) {
  const exec_claim *c = claim_of(g);
  rn_text bytes, words;
  rn_scope scope;
  rn_text_init(&bytes);
  rn_text_init(&words);
  exec_program_words(g, 0, &words);
  rn_scope_enter(&scope, rn_validator_of(c->host), "serialize", NULL);
  rn_status *s = rn_scope_leave(&scope, c->def->serialize(program, write, &bytes));
  if (s == NULL && words.failed) s = exec_out_of_memory("a program's words");
  rn_program_bytes b = {words.data, bytes.data, NULL, words.length, bytes.length, 0};
  if (s == NULL) s = rn_program_write(path, key, &b);
  rn_text_finish(&bytes);
  rn_text_finish(&words);
  return s;
}

/* The session's wish that nothing is compiled. */
static rn_status *must_be_kept(const exec_subgraph *g, const char *folder) {
  char text[300];
  const exec_plan *p = g->layout->plan;
  return rn_status_make(RN_FAILED_PRECONDITION,
                        "programs.only: there is no program for these %u nodes from %s on and these shapes in '%s'",
                        g->pub.n_nodes, rn_node_text(p->graph, g->pub.nodes[0], text, sizeof text),
                        folder != NULL ? folder : "(programs.folder is not set)");
}

static int can_keep(const rn_compiler_def *def) { return def->serialize != NULL && def->deserialize != NULL; }

rn_status *exec_stored_program(const exec_subgraph *g, void **out) {
  const rn_compiler_def *def = claim_of(g)->def;
  rn_runtime *rt = g->layout->plan->session->rt;
  const char *folder = rn_runtime_setting(rt, "programs", "folder"), *only = rn_runtime_setting(rt, "programs", "only");
  rn_program_key key = {{0, 0}};
  char *path = NULL;
  *out = NULL;
  if (can_keep(def) && folder != NULL) {
    key = exec_stored_key(g);
    report(g, rn_program_path(rt, def->name, &key, &path), "its programs are not kept");
  }
  if (path != NULL) report(g, load(g, path, &key, out), "a kept program is not used");
  if (*out != NULL)
    rn_log_write(rn_runtime_log(rt), RN_LOG_INFO, "compiler '%s': a program of %u nodes is taken from %s", def->name,
                 g->pub.n_nodes, path);
  rn_status *s = NULL;
  if (*out == NULL && can_keep(def) && only != NULL && strcmp(only, "true") == 0) {
    s = must_be_kept(g, folder);
  } else if (*out == NULL) {
    s = compile(g, out);
    if (s == NULL && path != NULL) report(g, keep(g, path, &key, *out), "a program is not kept");
  }
  rn_mem_free(path);
  return s;
}
