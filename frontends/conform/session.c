/* session.c - samples and small graphs run by a session (frontends/conform). */
#include "session.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

rn_status *session_outputs(rn_session *session, const sample *s, rn_tensor *const *feeds, rn_tensor **out) {
  rn_feed feed[SAMPLE_IN];
  rn_value fetch[SAMPLE_IN];
  uint32_t n = 0;
  for (uint32_t i = 0; i < s->n_in; i++)
    if (s->in[i].kind == INPUT_FED)
      feed[n++] = (rn_feed){s->in[i].value, feeds != NULL && feeds[i] != NULL ? feeds[i] : s->in[i].tensor};
  for (uint32_t i = 0; i < s->n_out; i++) {
    fetch[i] = (rn_value){s->node, i};
    out[i] = NULL;
  }
  return rn_session_run(session, NULL, feed, n, fetch, s->n_out, out, s->n_out == 0 ? &s->node : NULL, s->n_out == 0);
}

static rn_status *add(const sample *s, const char *op, const rn_value *in, uint32_t n_in, const rn_attr *attrs,
                      uint32_t n_attrs, rn_node_id *out) {
  rn_node_request q = rn_node_request_for(op, NULL);
  q.inputs = in;
  q.n_inputs = n_in;
  q.attrs = attrs;
  q.n_attrs = n_attrs;
  return rn_graph_add(s->graph, &q, out);
}

rn_status *session_add_variables(const sample *s, session_variables *v) {
  memset(v, 0, sizeof *v);
  for (uint32_t i = 0; i < s->n_in; i++) {
    const sample_input *in = &s->in[i];
    int handle = in->kind == INPUT_HANDLE;
    if (in->kind != INPUT_REF && !handle) continue;
    rn_attr attrs[2] = {RN_AT("dtype", rn_tensor_dtype(in->tensor)), RN_ATENSOR("value", in->tensor)};
    rn_value set[2] = {in->value, {0, 0}}, *read = &v->read[v->n];
    RN_TRY(add(s, "Const", NULL, 0, attrs, 2, &set[1].node));
    RN_TRY(add(s, handle ? "AssignVariableOp" : "Assign", set, 2, NULL, 0, &v->init[v->n]));
    RN_TRY(add(s, handle ? "ReadVariableOp" : "Identity", &in->value, 1, attrs, (uint32_t)handle, &read->node));
    v->n++;
  }
  return NULL;
}

rn_status *session_outputs_and_variables(rn_session *session, const sample *s, const session_variables *v,
                                         rn_tensor **out) {
  if (v->n != 0) RN_TRY(rn_session_run(session, NULL, NULL, 0, NULL, 0, NULL, v->init, v->n));
  RN_TRY(session_outputs(session, s, NULL, out));
  for (uint32_t i = 0; i < v->n; i++) RN_TRY(session_fetch(session, v->read[i], &out[s->n_out + i]));
  return NULL;
}

void session_device_mark(const char *type, char *out, size_t room) {
  size_t n = (size_t)snprintf(out, room, "/device:");
  for (const char *p = type; *p != '\0' && n + 2 < room; p++) out[n++] = (char)toupper((unsigned char)*p);
  out[n++] = ':';
  out[n] = '\0';
}

rn_status *session_places_on(rn_session *session, const sample *s, const char *type, int *out_yes) {
  rn_value feed[SAMPLE_IN], fetch[SAMPLE_IN];
  uint32_t n = 0;
  char *text = NULL, *rest = NULL, mark[64];
  *out_yes = 0;
  for (uint32_t i = 0; i < s->n_in; i++)
    if (s->in[i].kind == INPUT_FED) feed[n++] = s->in[i].value;
  for (uint32_t i = 0; i < s->n_out; i++) fetch[i] = (rn_value){s->node, i};
  RN_TRY(rn_session_explain(session, feed, n, fetch, s->n_out, s->n_out == 0 ? &s->node : NULL, s->n_out == 0, &text));
  session_device_mark(type, mark, sizeof mark);
  for (char *line = strtok_r(text, "\n", &rest); line != NULL && !*out_yes; line = strtok_r(NULL, "\n", &rest))
    *out_yes = strstr(line, "'subject'") != NULL && strstr(line, mark) != NULL && strstr(line, "kernel '") != NULL;
  free(text);
  return NULL;
}

rn_status *session_fetch(rn_session *session, rn_value v, rn_tensor **out) {
  *out = NULL;
  return rn_session_run(session, NULL, NULL, 0, &v, 1, out, NULL, 0);
}
