/* exec/passed.c - the graph after the plugins' passes (core/exec).
 *
 * Passes work on a copy with the same node ids, made once per version of the graph and shared by its
 * plans. A step that feeds something other than a placeholder, or asks for a node that a pass took
 * away, is planned on the graph as it was built. */
#include "exec/exec.h"

static rn_status *run_passes(rn_session *s, const rn_pass_def *const *passes, const rn_host_api *const *hosts,
                             uint32_t n) {
  rn_graph *copy;
  uint32_t changes, version = rn_graph_version(s->graph);
  RN_TRY(rn_graph_copy(s->graph, &copy));
  for (uint32_t i = 0; i < n; i++) {
    rn_status *failed = rn_graph_run_pass(copy, passes[i], hosts[i], &changes);
    if (failed == NULL) continue;
    if (rn_status_code(failed) == RN_RESOURCE_EXHAUSTED) {
      rn_graph_destroy(copy);
      return failed;
    }
    rn_log_write(rn_runtime_log(s->rt), RN_LOG_WARNING, "pass '%s' is left out: %s", passes[i]->name,
                 rn_status_message(failed));
    rn_status_free(failed);
  }
  s->passed = copy;
  s->passed_version = version;
  return NULL;
}

static int survives(const rn_graph *passed, const exec_request *r) {
  const rn_graph *g = passed;
  uint32_t flags, role;
  for (uint32_t i = 0; i < r->n_feeds; i++) {
    if (r->feeds[i].node >= rn_graph_node_count(g) || rn_node_removed(g, r->feeds[i].node)) return 0;
    if (!rn_graph_op_known(g, r->feeds[i].node, &flags, &role) || role != RN_ROLE_PLACEHOLDER) return 0;
  }
  for (uint32_t i = 0; i < r->n_fetches; i++)
    if (r->fetches[i].node >= rn_graph_node_count(g) || rn_node_removed(g, r->fetches[i].node)) return 0;
  for (uint32_t i = 0; i < r->n_targets; i++)
    if (r->targets[i] >= rn_graph_node_count(g) || rn_node_removed(g, r->targets[i])) return 0;
  return 1;
}

/* Under the session's `planning` lock. Copies that older plans use live until the session goes. */
rn_status *exec_passed_graph(rn_session *s, exec_request *r) {
  const rn_pass_def *const *passes;
  const rn_host_api *const *hosts;
  uint32_t n;
  if ((s->flags & RN_SESSION_NO_PASSES) != 0) return NULL;
  RN_TRY(rn_registry_passes(s->rt, &passes, &hosts, &n));
  if (n == 0) return NULL;
  if (s->passed == NULL || s->passed_version != rn_graph_version(s->graph)) {
    rn_graph **kept = rn_mem_grow(s->old_passed, s->n_old_passed + 1, sizeof *kept);
    if (kept == NULL) return exec_out_of_memory("passes");
    s->old_passed = kept;
    if (s->passed != NULL) s->old_passed[s->n_old_passed++] = s->passed;
    s->passed = NULL;
    RN_TRY(run_passes(s, passes, hosts, n));
  }
  if (survives(s->passed, r)) r->graph = s->passed;
  return NULL;
}
