/* attr_proto.c - AttrValue and rn_attr_value (frontends/graphdef).
 *
 * A function's own attributes (NameAttrList.attr) have no counterpart and are left out: functions
 * here have settled types. */
#include "value.h"

static rn_status *list_new(scratch *s, rn_attr_value *out, uint32_t type, size_t n, size_t size, void **out_items) {
  *out_items = scratch_take(s, n ? n : 1, size);
  if (*out_items == NULL || n > UINT32_MAX) return out_of_memory();
  out->type = RN_ATTR_LIST | type;
  out->count = (uint32_t)n;
  out->u.list = *out_items;
  return NULL;
}

static rn_status *bytes_list(scratch *s, const Tf__AttrValue__ListValue *l, rn_attr_value *out) {
  void *p;
  RN_TRY(list_new(s, out, RN_ATTR_STRING, l->n_s, sizeof(rn_bytes), &p));
  for (size_t i = 0; i < l->n_s; i++)
    ((rn_bytes *)p)[i] = (rn_bytes){l->s[i].len ? (const char *)l->s[i].data : "", l->s[i].len};
  return NULL;
}

static rn_status *func_list(scratch *s, const Tf__AttrValue__ListValue *l, rn_attr_value *out) {
  void *p;
  RN_TRY(list_new(s, out, RN_ATTR_FUNC, l->n_func, sizeof(rn_bytes), &p));
  for (size_t i = 0; i < l->n_func; i++) ((rn_bytes *)p)[i] = (rn_bytes){l->func[i]->name, strlen(l->func[i]->name)};
  return NULL;
}

static rn_status *type_list(scratch *s, const Tf__AttrValue__ListValue *l, rn_attr_value *out) {
  void *p;
  RN_TRY(list_new(s, out, RN_ATTR_TYPE, l->n_type, sizeof(rn_dtype), &p));
  for (size_t i = 0; i < l->n_type; i++) ((rn_dtype *)p)[i] = (rn_dtype)l->type[i];
  return NULL;
}

static rn_status *bool_list(scratch *s, const Tf__AttrValue__ListValue *l, rn_attr_value *out) {
  void *p;
  RN_TRY(list_new(s, out, RN_ATTR_BOOL, l->n_b, 1, &p));
  for (size_t i = 0; i < l->n_b; i++) ((uint8_t *)p)[i] = l->b[i] != 0;
  return NULL;
}

static rn_status *number_list(scratch *s, const void *from, size_t n, uint32_t type, size_t size, rn_attr_value *out) {
  void *p;
  RN_TRY(list_new(s, out, type, n, size, &p));
  memcpy(p, from, n * size);
  return NULL;
}

static rn_status *shape_list(scratch *s, const Tf__AttrValue__ListValue *l, rn_attr_value *out) {
  void *p;
  RN_TRY(list_new(s, out, RN_ATTR_SHAPE, l->n_shape, sizeof(rn_shape), &p));
  for (size_t i = 0; i < l->n_shape; i++) RN_TRY(shape_from_proto(l->shape[i], &((rn_shape *)p)[i]));
  return NULL;
}

static rn_status *tensor_list(scratch *s, const Tf__AttrValue__ListValue *l, rn_attr_value *out) {
  void *p;
  RN_TRY(list_new(s, out, RN_ATTR_TENSOR, l->n_tensor, sizeof(rn_tensor *), &p));
  for (size_t i = 0; i < l->n_tensor; i++) {
    rn_tensor *t;
    RN_TRY(tensor_from_proto(l->tensor[i], &t));
    if (!scratch_own(s, t)) return out_of_memory();
    ((rn_tensor **)p)[i] = t;
  }
  return NULL;
}

static rn_status *list_from_proto(scratch *s, const Tf__AttrValue__ListValue *l, uint32_t want, rn_attr_value *out) {
  void *nothing;
  if (l->n_s) return bytes_list(s, l, out);
  if (l->n_i) return number_list(s, l->i, l->n_i, RN_ATTR_INT, sizeof *l->i, out);
  if (l->n_f) return number_list(s, l->f, l->n_f, RN_ATTR_FLOAT, sizeof *l->f, out);
  if (l->n_b) return bool_list(s, l, out);
  if (l->n_type) return type_list(s, l, out);
  if (l->n_shape) return shape_list(s, l, out);
  if (l->n_tensor) return tensor_list(s, l, out);
  if (l->n_func) return func_list(s, l, out);
  want &= ~(uint32_t)RN_ATTR_LIST;
  return list_new(s, out, want ? want : RN_ATTR_STRING, 0, 16, &nothing);
}

static rn_status *shape_single(scratch *s, const Tf__TensorShapeProto *p, rn_attr_value *out) {
  rn_shape *shape = scratch_take(s, 1, sizeof *shape);
  if (shape == NULL) return out_of_memory();
  out->u.shape = shape;
  return shape_from_proto(p, shape);
}

static rn_status *tensor_single(scratch *s, const Tf__TensorProto *p, rn_attr_value *out) {
  RN_TRY(tensor_from_proto(p, &out->u.tensor));
  return scratch_own(s, out->u.tensor) ? NULL : out_of_memory();
}

rn_status *attr_from_proto(scratch *s, const Tf__AttrValue *p, uint32_t want_type, rn_attr_value *out) {
  memset(out, 0, sizeof *out);
  out->count = 1;
  switch (p->value_case) {
    case TF__ATTR_VALUE__VALUE_LIST:
      return list_from_proto(s, p->list, want_type, out);
    case TF__ATTR_VALUE__VALUE_S:
      out->type = RN_ATTR_STRING;
      out->u.bytes = (rn_bytes){p->s.len ? (const char *)p->s.data : "", p->s.len};
      return NULL;
    case TF__ATTR_VALUE__VALUE_I:
      out->type = RN_ATTR_INT;
      out->u.i = p->i;
      return NULL;
    case TF__ATTR_VALUE__VALUE_F:
      out->type = RN_ATTR_FLOAT;
      out->u.f = p->f;
      return NULL;
    case TF__ATTR_VALUE__VALUE_B:
      out->type = RN_ATTR_BOOL;
      out->u.b = p->b != 0;
      return NULL;
    case TF__ATTR_VALUE__VALUE_TYPE:
      out->type = RN_ATTR_TYPE;
      out->u.type = (rn_dtype)p->type;
      return NULL;
    case TF__ATTR_VALUE__VALUE_SHAPE:
      out->type = RN_ATTR_SHAPE;
      return shape_single(s, p->shape, out);
    case TF__ATTR_VALUE__VALUE_TENSOR:
      out->type = RN_ATTR_TENSOR;
      return tensor_single(s, p->tensor, out);
    case TF__ATTR_VALUE__VALUE_FUNC:
      out->type = RN_ATTR_FUNC;
      out->u.bytes = (rn_bytes){p->func->name, strlen(p->func->name)};
      return NULL;
    case TF__ATTR_VALUE__VALUE_PLACEHOLDER:
      out->type = RN_ATTR_PLACEHOLDER;
      out->u.bytes = (rn_bytes){p->placeholder, strlen(p->placeholder)};
      return NULL;
    default:
      return rn_status_make(RN_INVALID_ARGUMENT, "the attribute has no value");
  }
}

static rn_status *func_to_proto(scratch *s, rn_bytes name, Tf__NameAttrList **out) {
  Tf__NameAttrList *f = scratch_take(s, 1, sizeof *f);
  if (f == NULL) return out_of_memory();
  tf__name_attr_list__init(f);
  *out = f;
  f->name = scratch_text(s, name.data, name.size);
  return f->name ? NULL : out_of_memory();
}

static rn_status *items_to_proto(scratch *s, const rn_attr_value *v, Tf__AttrValue__ListValue *l, uint32_t i) {
  const rn_bytes *bytes = v->u.list;
  switch (v->type & ~(uint32_t)RN_ATTR_LIST) {
    case RN_ATTR_STRING:
      l->s[i] = (ProtobufCBinaryData){bytes[i].size, (uint8_t *)(uintptr_t)bytes[i].data};
      return NULL;
    case RN_ATTR_BOOL:
      l->b[i] = ((const uint8_t *)v->u.list)[i] != 0;
      return NULL;
    case RN_ATTR_TYPE:
      l->type[i] = (Tf__DataType)((const rn_dtype *)v->u.list)[i];
      return NULL;
    case RN_ATTR_SHAPE:
      return shape_to_proto(s, (const rn_shape *)v->u.list + i, &l->shape[i]);
    case RN_ATTR_TENSOR:
      return tensor_to_proto(s, ((rn_tensor *const *)v->u.list)[i], &l->tensor[i]);
    case RN_ATTR_FUNC:
      return func_to_proto(s, bytes[i], &l->func[i]);
    default:
      return rn_status_make(RN_INTERNAL, "a list of an unknown attribute type");
  }
}

static rn_status *list_to_proto(scratch *s, const rn_attr_value *v, Tf__AttrValue *out) {
  Tf__AttrValue__ListValue *l = scratch_take(s, 1, sizeof *l);
  void *items = scratch_take(s, v->count ? v->count : 1, sizeof(ProtobufCBinaryData));
  if (l == NULL || items == NULL) return out_of_memory();
  tf__attr_value__list_value__init(l);
  out->value_case = TF__ATTR_VALUE__VALUE_LIST;
  out->list = l;
  void *borrowed = (void *)(uintptr_t)v->u.list;
  switch (v->type & ~(uint32_t)RN_ATTR_LIST) {
    case RN_ATTR_INT:
      l->n_i = v->count;
      l->i = borrowed;
      return NULL;
    case RN_ATTR_FLOAT:
      l->n_f = v->count;
      l->f = borrowed;
      return NULL;
    case RN_ATTR_STRING:
      l->n_s = v->count;
      l->s = items;
      break;
    case RN_ATTR_BOOL:
      l->n_b = v->count;
      l->b = items;
      break;
    case RN_ATTR_TYPE:
      l->n_type = v->count;
      l->type = items;
      break;
    case RN_ATTR_SHAPE:
      l->n_shape = v->count;
      l->shape = items;
      break;
    case RN_ATTR_TENSOR:
      l->n_tensor = v->count;
      l->tensor = items;
      break;
    case RN_ATTR_FUNC:
      l->n_func = v->count;
      l->func = items;
      break;
    default:
      break;
  }
  for (uint32_t i = 0; i < v->count; i++) RN_TRY(items_to_proto(s, v, l, i));
  return NULL;
}

rn_status *attr_to_proto(scratch *s, const rn_attr_value *v, Tf__AttrValue *out) {
  tf__attr_value__init(out);
  if (v->type & RN_ATTR_LIST) return list_to_proto(s, v, out);
  switch (v->type) {
    case RN_ATTR_STRING:
      out->value_case = TF__ATTR_VALUE__VALUE_S;
      out->s = (ProtobufCBinaryData){v->u.bytes.size, (uint8_t *)(uintptr_t)v->u.bytes.data};
      return NULL;
    case RN_ATTR_INT:
      out->value_case = TF__ATTR_VALUE__VALUE_I;
      out->i = v->u.i;
      return NULL;
    case RN_ATTR_FLOAT:
      out->value_case = TF__ATTR_VALUE__VALUE_F;
      out->f = v->u.f;
      return NULL;
    case RN_ATTR_BOOL:
      out->value_case = TF__ATTR_VALUE__VALUE_B;
      out->b = v->u.b != 0;
      return NULL;
    case RN_ATTR_TYPE:
      out->value_case = TF__ATTR_VALUE__VALUE_TYPE;
      out->type = (Tf__DataType)v->u.type;
      return NULL;
    case RN_ATTR_SHAPE:
      out->value_case = TF__ATTR_VALUE__VALUE_SHAPE;
      return shape_to_proto(s, v->u.shape, &out->shape);
    case RN_ATTR_TENSOR:
      out->value_case = TF__ATTR_VALUE__VALUE_TENSOR;
      return tensor_to_proto(s, v->u.tensor, &out->tensor);
    case RN_ATTR_FUNC:
      out->value_case = TF__ATTR_VALUE__VALUE_FUNC;
      return func_to_proto(s, v->u.bytes, &out->func);
    case RN_ATTR_PLACEHOLDER:
      out->value_case = TF__ATTR_VALUE__VALUE_PLACEHOLDER;
      out->placeholder = scratch_text(s, v->u.bytes.data, v->u.bytes.size);
      return out->placeholder ? NULL : out_of_memory();
    default:
      return rn_status_make(RN_INTERNAL, "an unknown attribute type %u", v->type);
  }
}
