/* exec/explain.c - a plan in words (core/exec).
 *
 * One line per node in the order of execution: what runs where with which kernel and why, what takes
 * part without running; then the variables, and the layouts made so far. */
#include <stdlib.h>
#include "exec/exec.h"

const char *exec_node_part(const exec_plan *p, const exec_node *n) {
  if (n->op != NULL && n->op->def->role == RN_ROLE_PLACEHOLDER) return "placeholder";
  switch (n->kind) {
    case NODE_CONSTANT:
      return "constant";
    case NODE_RESOURCE:
      return "variable";
    case NODE_NOTHING:
      return "orders only";
    case NODE_SNAPSHOT:
      return "copy of a variable, for its fetch";
    case NODE_TOKEN:
      return "control flow";
    case NODE_COPY:
      return p->value[n->out].home != NULL ? "copied to the device" : "copied to the host";
    case NODE_IDENTITY:
      if (!n->snapshot) return "shares its input's memory";
      return p->locks_per_op ? "copy: variables are locked per op"
                             : "copy: the variable is written before its last reader";
    default:
      return "";
  }
}

static void explain_node(const exec_plan *p, uint32_t i, rn_text *t) {
  const exec_node *n = &p->node[i];
  char text[512];
  rn_text_printf(t, "%-40s ", exec_node_text(p, i, text, sizeof text));
  if (n->kind == NODE_CLAIMED)
    rn_text_printf(t, "%s, inside the next claim of compiler '%s'; by itself: ", n->device->full_name,
                   n->claim->def->name);
  if (n->kind == NODE_CLAIM)
    rn_text_printf(t,
                   "%s, compiler '%s' (priority %d), %u nodes in one call, %u inputs, %u outputs, %u variables: %s\n",
                   n->device->full_name, n->claim->def->name, n->claim->priority, n->claim->n_nodes, n->claim->n_in,
                   n->claim->n_out, n->claim->n_cells, n->why);
  else if (n->kind == NODE_COPY)
    rn_text_printf(t, "%s, %s\n", n->device->full_name, exec_node_part(p, n));
  else if (n->kernel != NULL)
    rn_text_printf(t, "%s, kernel '%s' of %s (priority %d): %s\n", n->device->full_name,
                   n->kernel->def->label != NULL ? n->kernel->def->label : "", n->kernel->plugin,
                   n->kernel->def->priority, n->why != NULL ? n->why : "");
  else
    rn_text_printf(t, "%s\n", exec_node_part(p, n));
}

static void explain_cells(const exec_plan *p, rn_text *t) {
  for (uint32_t i = 0; i < p->n_cell; i++) {
    const exec_cell *c = &p->cell[i];
    const char *name = c->resource != NULL ? rn_resource_name(c->resource)
                       : c->step_scope     ? "(of the step)"
                                           : "(argument)";
    rn_text_printf(t, "variable '%s': %s", name, c->writes ? "written" : c->reads ? "read" : "named only");
    if (c->settled) rn_text_printf(t, ", at home on %s", c->home != NULL ? c->home->full_name : "the host");
    rn_text_printf(t, "\n");
  }
}

static rn_status *add_words(void *arg, const void *bytes, size_t size_bytes) {
  rn_text_add_bytes(arg, bytes, size_bytes);
  return NULL;
}

static void explain_programs(const exec_layout *l, rn_text *t) {
  for (uint32_t i = 0; i < l->plan->n_node; i++) {
    const exec_claim *c = l->plan->node[i].claim;
    if (l->step[i].program == NULL) continue;
    rn_text_printf(t, "  program of compiler '%s', %u nodes: ", c->def->name, c->n_nodes);
    if (c->def->print != NULL) rn_status_free(c->def->print(l->step[i].program, RN_PROGRAM_LINE, add_words, t));
    rn_text_add(t, "\n");
  }
}

static void explain_layouts(exec_plan *p, rn_text *t) {
  (void)pthread_mutex_lock(&p->guard);
  for (const exec_layout *l = p->layouts; l != NULL; l = l->next) {
    uint32_t mode[5] = {0};
    for (uint32_t i = 0; i < p->n_node; i++) mode[l->step[i].mode]++;
    rn_text_printf(
        t, "layout: %u prepared, %u with care, %u shaped while running, %u without execution; arena %llu bytes, %s\n",
        mode[STEP_STATIC], mode[STEP_CAREFUL], mode[STEP_DYNAMIC], mode[STEP_SKIP], (unsigned long long)l->arena_bytes,
        l->parallel ? "branches side by side" : "one after the other");
    if (mode[STEP_DEVICE] != 0)
      rn_text_printf(t, "  %u through lanes, %u recorded segments\n", mode[STEP_DEVICE], l->n_segment);
    explain_programs(l, t);
    for (uint32_t k = 0; k < p->n_lane; k++)
      rn_text_printf(t, "  %s: arena %llu bytes\n", p->lane[k]->full_name, (unsigned long long)l->lane_bytes[k]);
  }
  (void)pthread_mutex_unlock(&p->guard);
}

rn_status *exec_explain(exec_plan *p, char **out_text) {
  rn_text t;
  rn_text_init(&t);
  rn_text_printf(&t, "%u nodes, %u variables, %u feeds, %u fetches\n", p->n_node, p->n_cell, p->n_feed, p->n_fetch);
  for (uint32_t i = 0; i < p->n_node; i++) explain_node(p, p->order[i], &t);
  if (p->notes != NULL) rn_text_printf(&t, "%s", p->notes);
  explain_cells(p, &t);
  explain_layouts(p, &t);
  char *copy = t.failed || t.data == NULL ? NULL : strdup(t.data); /* the caller has free() */
  rn_text_finish(&t);
  if (copy == NULL) return exec_out_of_memory("an explanation");
  *out_text = copy;
  return NULL;
}
