/* explain.c - runnel explain: which kernels could run each node, which does, and by which rule (frontends/cli). */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "commands.h"
#include "graph_file.h"
#include "sinks.h"

#define MAX_DEVICES 64

typedef struct used {
  char name[80];
  uint32_t nodes;
} used;
typedef struct explanation {
  rn_graph *graph;
  rn_session *session;
  rn_value *feeds, *fetches;
  rn_node_id *targets;
  uint32_t n_feeds, n_fetches, n_targets;
  const char *pattern; /* of node names; NULL: all */
  cJSON *nodes;        /* NULL: print text */
  used device[MAX_DEVICES];
  uint32_t n_devices, n_nodes, n_idle, n_fallen, n_stuck, n_claimed;
} explanation;

/* --------------------------------------------------------------------------------- what is asked */
static rn_status *add_feed(explanation *x, const char *text) {
  char name[512];
  snprintf(name, sizeof name, "%.*s", (int)strcspn(text, "="), text); /* a value tells nothing here */
  rn_status *s = rn_graph_find_value(x->graph, name, &x->feeds[x->n_feeds]);
  if (s == NULL) x->n_feeds++;
  return s;
}

static rn_status *add_target(explanation *x, const char *name) {
  rn_value v = {rn_graph_find(x->graph, name), 0};
  if (v.node == RN_NO_NODE) RN_TRY(rn_graph_find_value(x->graph, name, &v)); /* says which names are near */
  x->targets[x->n_targets++] = v.node;
  return NULL;
}

static int is_fed(const explanation *x, rn_node_id n) {
  for (uint32_t i = 0; i < x->n_feeds; i++)
    if (x->feeds[i].node == n) return 1;
  return 0;
}

/* Placeholders count as fed: what they hold decides nothing. */
static void feed_placeholders(explanation *x) {
  for (rn_node_id n = 0; n < rn_graph_node_count(x->graph); n++) {
    if (!sinks_is_placeholder(x->graph, n) || is_fed(x, n)) continue;
    x->feeds[x->n_feeds++] = (rn_value){n, 0};
  }
}

static rn_status *read_request(cli *c, explanation *x) {
  const char *text;
  size_t room = rn_graph_node_count(x->graph) + (size_t)c->count + 1;
  x->feeds = calloc(room, sizeof *x->feeds);
  x->fetches = calloc(room, sizeof *x->fetches);
  x->targets = calloc(room, sizeof *x->targets);
  if (!x->feeds || !x->fetches || !x->targets) return rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory");
  while ((text = cli_option(c, "feed")) != NULL) RN_TRY(add_feed(x, text));
  while ((text = cli_option(c, "fetch")) != NULL)
    RN_TRY(rn_graph_find_value(x->graph, text, &x->fetches[x->n_fetches++]));
  while ((text = cli_option(c, "target")) != NULL) RN_TRY(add_target(x, text));
  if (c->count) return rn_status_make(RN_INVALID_ARGUMENT, "'%s' is not understood here", c->args[0]);
  feed_placeholders(x);
  return x->n_fetches + x->n_targets == 0 ? sinks_find(x->graph, x->targets, &x->n_targets) : NULL;
}

/* ------------------------------------------------------------------------------------------ text */
/* "T is float, takes " of "T is float, takes half": the length of what two refusals may share; 0: nothing. */
static size_t shared_part(const rn_candidate *k) {
  const char *takes = strstr(k->reason, ", takes ");
  return takes ? (size_t)(takes - k->reason) + strlen(", takes ") : 0;
}

/* The same kernel for another type, refusing for the same reason. */
static int is_more_of(const rn_candidate *a, const rn_candidate *b) {
  size_t n = shared_part(a);
  return n && n == shared_part(b) && strncmp(a->reason, b->reason, n) == 0 && strcmp(a->device, b->device) == 0 &&
         strcmp(a->plugin, b->plugin) == 0 && strcmp(a->label, b->label) == 0 && a->priority == b->priority &&
         a->borrowed == b->borrowed;
}

/* The first of n, and those after it that say the same; returns how many that were. */
static uint32_t print_candidates(const rn_candidate *const *k, uint32_t n) {
  uint32_t i = 1;
  printf("    %c %-16s %s", k[0]->chosen ? '*' : k[0]->takes ? '+' : '-', k[0]->device, k[0]->plugin);
  if (k[0]->label[0]) printf(" '%s', priority %d", k[0]->label, k[0]->priority);
  if (k[0]->types[0] && !shared_part(k[0])) printf(", %s", k[0]->types);
  if (k[0]->borrowed) fputs(", borrowed", stdout);
  if (k[0]->reason[0]) printf(": %s", k[0]->reason);
  for (; i < n && is_more_of(k[0], k[i]); i++) printf(", %s", k[i]->reason + shared_part(k[i]));
  putchar('\n');
  return i;
}

static void print_node(const rn_node_explanation *n) {
  if (n->function[0]) printf("in function '%s': ", n->function);
  if (n->part[0]) {
    printf("%s '%s': %s\n", n->op, n->name, n->part);
    return;
  }
  if (n->problem[0]) /* the rest of it is the candidates once more */
    printf("%s '%s' runs nowhere\n  why:    %.*s\n", n->op, n->name, (int)strcspn(n->problem, "\n"), n->problem);
  else
    printf("%s '%s' runs on %s with '%s' of %s\n  device: %s\n  kernel: %s\n", n->op, n->name, n->device, n->label,
           n->plugin, n->device_rule, n->kernel_rule);
  if (n->claimed_by[0])
    printf("  claim:  compiler '%s' computes it together with others: %s\n", n->claimed_by, n->claim_reason);
  else if (n->left_reason[0])
    printf("  left:   %s\n", n->left_reason);
  for (uint32_t i = 0; i < n->n_candidates;) i += print_candidates(n->candidates + i, n->n_candidates - i);
}

/* ------------------------------------------------------------------------------------------ JSON */
static cJSON *json_candidate(const rn_candidate *k) {
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "device", k->device);
  cJSON_AddStringToObject(o, "plugin", k->plugin);
  cJSON_AddStringToObject(o, "label", k->label);
  cJSON_AddNumberToObject(o, "priority", k->priority);
  cJSON_AddStringToObject(o, "types", k->types);
  cJSON_AddBoolToObject(o, "takes", k->takes);
  cJSON_AddBoolToObject(o, "chosen", k->chosen);
  cJSON_AddBoolToObject(o, "borrowed", k->borrowed);
  cJSON_AddStringToObject(o, "reason", k->reason);
  return o;
}

static cJSON *json_node(const rn_node_explanation *n) {
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "name", n->name);
  cJSON_AddStringToObject(o, "op", n->op);
  cJSON_AddStringToObject(o, "function", n->function);
  cJSON_AddStringToObject(o, "part", n->part);
  cJSON_AddStringToObject(o, "device", n->device);
  cJSON_AddStringToObject(o, "plugin", n->plugin);
  cJSON_AddStringToObject(o, "label", n->label);
  cJSON_AddStringToObject(o, "device_rule", n->device_rule);
  cJSON_AddStringToObject(o, "kernel_rule", n->kernel_rule);
  cJSON_AddStringToObject(o, "claimed_by", n->claimed_by);
  cJSON_AddStringToObject(o, "claim_reason", n->claim_reason);
  cJSON_AddStringToObject(o, "left_reason", n->left_reason);
  cJSON_AddStringToObject(o, "problem", n->problem);
  cJSON_AddBoolToObject(o, "fell_back", n->fell_back);
  cJSON *list = cJSON_AddArrayToObject(o, "candidates");
  for (uint32_t i = 0; i < n->n_candidates; i++) cJSON_AddItemToArray(list, json_candidate(n->candidates[i]));
  return o;
}

/* --------------------------------------------------------------------------------------- visiting */
static void count(explanation *x, const rn_node_explanation *n) {
  uint32_t d = 0;
  x->n_nodes++;
  x->n_idle += n->part[0] != 0;
  x->n_stuck += n->problem[0] != 0;
  x->n_fallen += n->fell_back;
  x->n_claimed += n->claimed_by[0] != 0;
  if (!n->device[0]) return;
  while (d < x->n_devices && strcmp(x->device[d].name, n->device) != 0) d++;
  if (d == MAX_DEVICES) return;
  if (d == x->n_devices) snprintf(x->device[x->n_devices++].name, sizeof x->device[d].name, "%s", n->device);
  x->device[d].nodes++;
}

static void visit(void *arg, const rn_node_explanation *n) {
  explanation *x = arg;
  count(x, n);
  if (x->pattern && fnmatch(x->pattern, n->name, 0) != 0) return;
  if (x->nodes)
    cJSON_AddItemToArray(x->nodes, json_node(n));
  else
    print_node(n);
}

static int is_broken(const rn_plugin_info *p) {
  return strcmp(p->state, "refused") == 0 || strcmp(p->state, "quarantined") == 0;
}
static void print_broken(void *arg, const rn_plugin_info *p) {
  (void)arg;
  if (is_broken(p)) printf("plugin %s is %s: %s\n", p->id, p->state, p->reason);
}
static void json_broken(void *arg, const rn_plugin_info *p) {
  if (!is_broken(p)) return;
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "id", p->id);
  cJSON_AddStringToObject(o, "state", p->state);
  cJSON_AddStringToObject(o, "reason", p->reason);
  cJSON_AddItemToArray(arg, o);
}

static void print_summary(const cli *c, const explanation *x, const rn_status *problem) {
  printf("\n%u nodes:", x->n_nodes);
  for (uint32_t d = 0; d < x->n_devices; d++) printf(" %u on %s,", x->device[d].nodes, x->device[d].name);
  printf(" %u need no kernel, %u run nowhere\n", x->n_idle, x->n_stuck);
  if (x->n_claimed) printf("%u nodes are in programs that compilers make\n", x->n_claimed);
  if (x->n_fallen) printf("%u nodes fall back: they are not where they were wanted\n", x->n_fallen);
  if (problem) printf("the step cannot be run: %s\n", rn_status_message(problem));
  rn_runtime_plugins(c->runtime, print_broken, NULL);
}

static void print_all_json(const cli *c, const explanation *x, const rn_status *problem) {
  cJSON *o = cJSON_CreateObject();
  cJSON_AddItemToObject(o, "nodes", x->nodes);
  cJSON *devices = cJSON_AddObjectToObject(o, "devices");
  for (uint32_t d = 0; d < x->n_devices; d++) cJSON_AddNumberToObject(devices, x->device[d].name, x->device[d].nodes);
  cJSON_AddNumberToObject(o, "claimed", x->n_claimed);
  cJSON_AddNumberToObject(o, "fell_back", x->n_fallen);
  cJSON_AddNumberToObject(o, "run_nowhere", x->n_stuck);
  cJSON_AddStringToObject(o, "problem", problem ? rn_status_message(problem) : "");
  rn_runtime_plugins(c->runtime, json_broken, cJSON_AddArrayToObject(o, "broken_plugins"));
  cli_print_json(o);
}

static rn_status *explain(cli *c, explanation *x, const char *path) {
  rn_session_options options;
  rn_status *problem = NULL;
  memset(&options, 0, sizeof options);
  options.struct_size = (uint32_t)sizeof options;
  options.device = cli_option(c, "device");
  x->pattern = cli_option(c, "node");
  RN_TRY(graph_file_read(c->runtime, path, &x->graph));
  RN_TRY(read_request(c, x));
  RN_TRY(rn_session_create(x->graph, &options, &x->session));
  if (c->json) x->nodes = cJSON_CreateArray();
  rn_status *failed = rn_session_explain_nodes(x->session, x->feeds, x->n_feeds, x->fetches, x->n_fetches, x->targets,
                                               x->n_targets, visit, x, &problem);
  if (failed) {
    cJSON_Delete(x->nodes);
    return failed;
  }
  if (c->json)
    print_all_json(c, x, problem);
  else
    print_summary(c, x, problem);
  rn_status_free(problem);
  return NULL;
}

int command_explain(cli *c) {
  const char *path = cli_positional(c);
  if (!path) return cli_usage(c, "which graph?");
  explanation *x = calloc(1, sizeof *x);
  if (!x) return cli_fail(c, rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory"));
  rn_status *status = explain(c, x, path);
  rn_session_destroy(x->session);
  rn_graph_destroy(x->graph);
  free(x->feeds);
  free(x->fetches);
  free(x->targets);
  free(x);
  return status ? cli_fail(c, status) : 0;
}
