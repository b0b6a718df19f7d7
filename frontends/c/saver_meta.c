/* saver_meta.c - the .meta file of a checkpoint: graph, saver, collections (frontends/c). */
#include <stdio.h>
#include <runnel/graphdef.h>
#include "saver.h"

static rn_status *collect_variables(rn_saver *v, rn_metagraph *m) {
  rn_scope *s = v->s;
  char text[4][512];
  for (uint32_t i = 0; i < s->n_variables; i++) {
    const rn_variable *w = &s->variable[i];
    const char *init = rn_graph_name(s->g, w->initial_value.node);
    snprintf(text[0], sizeof text[0], "%s:0", rn_graph_name(s->g, w->ref.node));
    snprintf(text[1], sizeof text[1], "%s", rn_graph_name(s->g, w->assign));
    snprintf(text[2], sizeof text[2], "%s:0", rn_graph_name(s->g, w->read.node));
    snprintf(text[3], sizeof text[3], "%s:%u", init, w->initial_value.port);
    rn_variable_def def = {text[0], text[1], text[2], text[3], w->trainable, 0};
    RN_TRY(rn_metagraph_collect_variable(m, "variables", &def));
    if (w->trainable) RN_TRY(rn_metagraph_collect_variable(m, "trainable_variables", &def));
  }
  return NULL;
}

static rn_status *collect(rn_saver *v, rn_metagraph *m) {
  RN_TRY(collect_variables(v, m));
  for (uint32_t i = 0; i < rn_collection_keys(v->s); i++) {
    const char *key = rn_collection_key(v->s, i);
    char text[512];
    if (strcmp(key, "variables") == 0 || strcmp(key, "trainable_variables") == 0 || strcmp(key, "global_step") == 0)
      continue;
    for (uint32_t k = 0; k < rn_collection_count(v->s, key); k++) {
      rn_value item = rn_collection_get(v->s, key, k);
      const char *name = rn_graph_name(v->s->g, item.node);
      int is_op = strcmp(key, "train_op") == 0 || item.port == RN_CONTROL;
      if (is_op)
        snprintf(text, sizeof text, "%s", name);
      else
        snprintf(text, sizeof text, "%s:%u", name, item.port);
      RN_TRY(rn_metagraph_collect_node(m, key, text));
    }
  }
  return NULL;
}

rn_status *rn_saver_write_meta(rn_saver *v, const char *path) {
  rn_metagraph *m = NULL;
  char filename[256], saved[256];
  RN_TRY(rn_metagraph_create(v->s->g, &m));
  snprintf(filename, sizeof filename, "%s:0", rn_graph_name(v->s->g, v->filename.node));
  snprintf(saved, sizeof saved, "%s:0", rn_graph_name(v->s->g, v->saved.node));
  rn_saver_def def = {filename, saved, rn_graph_name(v->s->g, v->restore), (int32_t)v->keep, 0, 10000, 2};
  rn_status *e = rn_metagraph_set_saver(m, &def);
  if (e == NULL) e = collect(v, m);
  if (e == NULL) e = rn_metagraph_write(m, path, RN_FILE_BINARY);
  rn_metagraph_destroy(m);
  return e;
}
