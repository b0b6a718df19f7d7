/* parts.c - what in a graph is the model, and what trains and saves it (viz).
 *
 * The gradient and all that depends on it is training; constants and variables that only training reads
 * (rates, slots, powers, the step) belong to it. What lies under "save" is saving. A value that only ever initialises
 * a variable joins that variable's box; a node that only waits for initialisations is starting. Summary ops and what
 * only they read are the summaries. */
#include "parts.h"
#include <runnel/plugin.h>
#include <stdlib.h>
#include <string.h>
#include "fold.h"

enum { MOST_READERS = 4096 };

const char *part_name(unsigned char part) {
  static const char *const names[] = {"model", "training", "saving", "initialisation", "summaries"};
  return names[part];
}

static int is_under(const char *name, const char *scope) {
  size_t n = strlen(scope);
  return strncmp(name, scope, n) == 0 && (name[n] == '/' || name[n] == '\0' || name[n] == '_');
}

static int reads_training(const parts *p, const rn_graph *g, rn_node_id n) {
  for (uint32_t i = 0; i < rn_graph_input_count(g, n); i++) {
    rn_node_id from = rn_graph_input(g, n, i).node;
    if (from != RN_NO_NODE && from < n && p->part[from] == PART_TRAINING && !is_variable(g, from)) return 1;
  }
  for (uint32_t i = 0; i < rn_graph_control_count(g, n); i++)
    if (rn_graph_control(g, n, i) < n && p->part[rn_graph_control(g, n, i)] == PART_TRAINING) return 1;
  return 0;
}

static int summarises(const rn_graph *g, rn_node_id n) {
  const char *op = rn_graph_op(g, n);
  size_t length = strlen(op);
  return (length >= 7 && strcmp(op + length - 7, "Summary") == 0) || strcmp(op, "AudioSummaryV2") == 0 ||
         strcmp(op, "TensorSummaryV2") == 0;
}

static void mark_forward(parts *p, const rn_graph *g) {
  for (rn_node_id n = 0; n < rn_graph_node_count(g); n++) {
    const char *name = rn_graph_name(g, n);
    if (is_under(name, "save"))
      p->part[n] = PART_SAVING;
    else if (summarises(g, n)) /* also of what training computes */
      p->part[n] = PART_SUMMARIES;
    else if (is_under(name, "gradients") || reads_training(p, g, n))
      p->part[n] = PART_TRAINING;
  }
}

/* Calls visit for who reads any output of n or waits for it; stops when visit says 0. */
static int all_readers(const rn_graph *g, rn_node_id n, rn_value *room, int (*visit)(void *arg, rn_node_id reader),
                       void *arg) {
  int some = 0;
  for (uint32_t port = 0; port <= rn_graph_output_count(g, n); port++) {
    uint32_t at = port == rn_graph_output_count(g, n) ? RN_CONTROL : port;
    uint32_t count = rn_graph_consumers(g, (rn_value){n, at}, room, MOST_READERS);
    if (count > MOST_READERS) return 0;
    for (uint32_t i = 0; i < count; i++)
      if (!visit(arg, room[i].node)) return 0;
    some |= count > 0;
  }
  return some;
}

typedef struct question {
  const parts *p;
  const rn_graph *g;
  rn_node_id self, variable;
  char *scratch;
  int trained; /* a reader trains it */
} question;

/* Is the reader the assignment of one variable, or itself only its initial value? */
static int is_initialising(void *arg, rn_node_id reader) {
  question *q = arg;
  rn_node_id variable = q->p->stands_for[reader];
  if (variable == reader) variable = variable_of(q->g, rn_graph_name(q->g, reader), q->scratch);
  if (variable == RN_NO_NODE || !is_variable(q->g, variable)) return 0;
  if (q->variable != RN_NO_NODE && q->variable != variable) return 0;
  q->variable = variable;
  return 1;
}

/* Who initialises a variable does not count as its reader. */
static int is_outside_model(void *arg, rn_node_id reader) {
  question *q = arg;
  const char *name = rn_graph_name(q->g, reader);
  size_t n = strlen(name);
  q->trained |= q->p->part[reader] == PART_TRAINING && variable_of(q->g, name, q->scratch) != q->self;
  return q->p->part[reader] != PART_MODEL || (n > 7 && strcmp(name + n - 7, "/Assign") == 0);
}

static int is_summary(void *arg, rn_node_id reader) {
  const question *q = arg;
  return q->p->part[reader] == PART_SUMMARIES;
}

/* What is fed and what is trained stays where it is, whoever looks at it. */
static void mark_summaries(parts *p, const rn_graph *g, rn_value *room, char *scratch) {
  for (rn_node_id n = rn_graph_node_count(g); n-- > 0;) {
    question q = {p, g, n, RN_NO_NODE, scratch, 0};
    uint32_t flags = 0, role = 0;
    (void)rn_graph_op_known(g, n, &flags, &role);
    int stays =
        role == RN_ROLE_PLACEHOLDER || variable_of(g, rn_graph_name(g, n), scratch) != RN_NO_NODE || is_variable(g, n);
    if (p->part[n] != PART_MODEL || stays) continue;
    if (all_readers(g, n, room, is_summary, &q)) p->part[n] = PART_SUMMARIES;
  }
}

static int waits_for_assignments(const parts *p, const rn_graph *g, rn_node_id n, char *scratch) {
  if (rn_graph_input_count(g, n) > 0 || rn_graph_control_count(g, n) == 0) return 0;
  for (uint32_t i = 0; i < rn_graph_control_count(g, n); i++) {
    rn_node_id from = rn_graph_control(g, n, i);
    if (variable_of(g, rn_graph_name(g, from), scratch) == RN_NO_NODE && p->part[from] != PART_STARTING) return 0;
  }
  return 1;
}

static int is_constant(const rn_graph *g, rn_node_id n) {
  uint32_t flags = 0, role = 0;
  return rn_graph_op_known(g, n, &flags, &role) && role == RN_ROLE_CONSTANT;
}

static int is_unread(const rn_graph *g, rn_node_id n) {
  uint32_t readers = rn_graph_consumers(g, (rn_value){n, RN_CONTROL}, NULL, 0);
  for (uint32_t port = 0; port < rn_graph_output_count(g, n); port++)
    readers += rn_graph_consumers(g, (rn_value){n, port}, NULL, 0);
  return readers == 0;
}

/* Constants, variables and their parts go where their readers are; readers come first. A variable's part that nobody
 * reads does not hold it in the model. */
static void mark_sources(parts *p, const rn_graph *g, rn_value *room, char *scratch) {
  for (rn_node_id n = 0; n < rn_graph_node_count(g); n++)
    if (p->part[n] == PART_MODEL && waits_for_assignments(p, g, n, scratch)) p->part[n] = PART_STARTING;
  for (rn_node_id n = rn_graph_node_count(g); n-- > 0;) {
    question q = {p, g, n, RN_NO_NODE, scratch, 0};
    rn_node_id whole = variable_of(g, rn_graph_name(g, n), scratch);
    int is_slot = whole != RN_NO_NODE && is_variable(g, n);
    int is_source = is_variable(g, n) || is_constant(g, n) || whole != RN_NO_NODE;
    if (p->part[n] != PART_MODEL || !is_source) continue;
    int is_idle = whole != RN_NO_NODE && !is_slot && is_unread(g, n);
    if (is_slot || is_idle || (all_readers(g, n, room, is_outside_model, &q) && q.trained)) p->part[n] = PART_TRAINING;
  }
  for (rn_node_id n = 0; n < rn_graph_node_count(g); n++) {
    rn_node_id v = variable_of(g, rn_graph_name(g, n), scratch);
    if (v != RN_NO_NODE && !is_variable(g, n)) p->part[n] = p->part[v];
  }
}

static void join_initial_values(parts *p, const rn_graph *g, rn_value *room, char *scratch) {
  for (rn_node_id n = rn_graph_node_count(g); n-- > 0;) {
    uint32_t flags = 0, role = 0;
    question q = {p, g, n, RN_NO_NODE, scratch, 0};
    (void)rn_graph_op_known(g, n, &flags, &role);
    if (p->part[n] != PART_MODEL || role == RN_ROLE_PLACEHOLDER || is_variable(g, n)) continue;
    if (variable_of(g, rn_graph_name(g, n), scratch) != RN_NO_NODE) continue;
    if (!all_readers(g, n, room, is_initialising, &q)) continue;
    p->stands_for[n] = q.variable;
    p->part[n] = p->part[q.variable];
  }
}

rn_status *parts_init(parts *p, const rn_graph *g) {
  uint32_t n = rn_graph_node_count(g);
  size_t longest = 0;
  for (rn_node_id i = 0; i < n; i++) {
    size_t length = strlen(rn_graph_name(g, i));
    if (length > longest) longest = length;
  }
  p->part = calloc((size_t)n + 1, 1);
  p->stands_for = calloc((size_t)n + 1, sizeof *p->stands_for);
  rn_value *room = calloc(MOST_READERS, sizeof *room);
  char *scratch = malloc(longest + 1);
  rn_status *status = NULL;
  if (p->part && p->stands_for && room && scratch) {
    for (rn_node_id i = 0; i < n; i++) p->stands_for[i] = i;
    mark_forward(p, g);
    mark_summaries(p, g, room, scratch);
    mark_sources(p, g, room, scratch);
    join_initial_values(p, g, room, scratch);
  } else {
    status = rn_status_make(RN_RESOURCE_EXHAUSTED, "drawing: out of memory");
  }
  free(room);
  free(scratch);
  return status;
}

void parts_finish(parts *p) {
  free(p->part);
  free(p->stands_for);
  p->part = NULL;
  p->stands_for = NULL;
}
