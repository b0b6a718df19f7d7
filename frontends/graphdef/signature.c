/* signature.c - a metagraph's signatures (frontends/graphdef). */
#include <stdlib.h>
#include <string.h>
#include "metagraph.h"
#include "value.h"

uint32_t rn_metagraph_signature_count(const rn_metagraph *m) { return (uint32_t)m->def->n_signature_def; }

static const Tf__SignatureDef *find(const rn_metagraph *m, uint32_t i) {
  return i < m->def->n_signature_def ? m->def->signature_def[i]->value : NULL;
}

int rn_metagraph_signature(const rn_metagraph *m, uint32_t i, rn_signature_info *out) {
  const Tf__SignatureDef *d = find(m, i);
  if (d == NULL) return 0;
  *out =
      (rn_signature_info){m->def->signature_def[i]->key, d->method_name, (uint32_t)d->n_inputs, (uint32_t)d->n_outputs};
  return 1;
}

static int read_tensor(const Tf__TensorInfoEntry *e, rn_signature_tensor *out) {
  const Tf__TensorInfo *t = e->value;
  memset(out, 0, sizeof *out);
  out->key = e->key;
  out->tensor = "";
  if (t == NULL) return 0;
  if (t->encoding_case == TF__TENSOR_INFO__ENCODING_NAME) out->tensor = t->name;
  if (t->encoding_case == TF__TENSOR_INFO__ENCODING_COO_SPARSE) out->tensor = t->coo_sparse->values_tensor_name;
  out->dtype = (rn_dtype)t->dtype;
  rn_status *s = shape_from_proto(t->tensor_shape, &out->shape);
  if (s != NULL || t->tensor_shape == NULL) out->shape.rank = -1;
  rn_status_free(s);
  return 1;
}

int rn_metagraph_signature_input(const rn_metagraph *m, uint32_t i, uint32_t k, rn_signature_tensor *out) {
  const Tf__SignatureDef *d = find(m, i);
  return d != NULL && k < d->n_inputs && read_tensor(d->inputs[k], out);
}

int rn_metagraph_signature_output(const rn_metagraph *m, uint32_t i, uint32_t k, rn_signature_tensor *out) {
  const Tf__SignatureDef *d = find(m, i);
  return d != NULL && k < d->n_outputs && read_tensor(d->outputs[k], out);
}

/* A shape made of malloc, unlike shape_to_proto's. */
static int copy_shape(const rn_shape *s, Tf__TensorShapeProto *p) {
  p->unknown_rank = s->rank < 0;
  for (int32_t i = 0; i < s->rank; i++) {
    Tf__TensorShapeProto__Dim **at = repeated_room(&p->dim, p->n_dim, sizeof *at);
    if (at == NULL || (*at = message_new(&tf__tensor_shape_proto__dim__descriptor)) == NULL) return 0;
    (*at)->size = s->dim[i] < 0 ? -1 : s->dim[i];
    p->n_dim++;
  }
  return 1;
}

static int fill_tensor(const rn_signature_tensor *t, Tf__TensorInfoEntry *e) {
  e->value = message_new(&tf__tensor_info__descriptor);
  if (e->value == NULL || !text_set(&e->key, t->key)) return 0;
  if ((e->value->name = strdup(t->tensor)) == NULL) return 0;
  e->value->encoding_case = TF__TENSOR_INFO__ENCODING_NAME;
  e->value->dtype = (Tf__DataType)t->dtype;
  e->value->tensor_shape = message_new(&tf__tensor_shape_proto__descriptor);
  return e->value->tensor_shape != NULL && copy_shape(&t->shape, e->value->tensor_shape);
}

static int fill_tensors(const rn_signature_tensor *t, uint32_t n, Tf__TensorInfoEntry ***items, size_t *count) {
  for (uint32_t i = 0; i < n; i++) {
    Tf__TensorInfoEntry **at = repeated_room(items, *count, sizeof *at);
    if (at == NULL || (*at = message_new(&tf__tensor_info_entry__descriptor)) == NULL) return 0;
    ++*count;
    if (!fill_tensor(&t[i], *at)) return 0;
  }
  return 1;
}

rn_status *rn_metagraph_add_signature(rn_metagraph *m, const char *key, const char *method,
                                      const rn_signature_tensor *inputs, uint32_t n_inputs,
                                      const rn_signature_tensor *outputs, uint32_t n_outputs) {
  Tf__MetaGraphDef__SignatureEntry *e = message_new(&tf__meta_graph_def__signature_entry__descriptor);
  if (e == NULL) return out_of_memory();
  Tf__SignatureDef *d = e->value = message_new(&tf__signature_def__descriptor);
  int ok = d != NULL && text_set(&e->key, key) && text_set(&d->method_name, method) &&
           fill_tensors(inputs, n_inputs, &d->inputs, &d->n_inputs) &&
           fill_tensors(outputs, n_outputs, &d->outputs, &d->n_outputs);
  void **at = ok ? repeated_room(&m->def->signature_def, m->def->n_signature_def, sizeof *at) : NULL;
  if (at == NULL) {
    protobuf_c_message_free_unpacked(&e->base, NULL);
    return out_of_memory();
  }
  *at = e;
  m->def->n_signature_def++;
  return NULL;
}
