/* value.h - attribute values, shapes and tensors between protobuf and Runnel (frontends/graphdef). */
#ifndef RN_GRAPHDEF_VALUE_H
#define RN_GRAPHDEF_VALUE_H
#include "message.h"
#include "scratch.h"

/* Messages say what is wrong, the caller adds where. Results live in the scratch. */
rn_status *shape_from_proto(const Tf__TensorShapeProto *p, rn_shape *out);
rn_status *shape_to_proto(scratch *s, const rn_shape *shape, Tf__TensorShapeProto **out);
rn_status *tensor_from_proto(const Tf__TensorProto *p, rn_tensor **out); /* own: owned */
/* Points into the tensor's memory, which must outlive the message. */
rn_status *tensor_to_proto(scratch *s, rn_tensor *t, Tf__TensorProto **out);
/* An empty list has no type of its own in the file: want_type (RN_ATTR_*, 0: unknown) settles it. */
rn_status *attr_from_proto(scratch *s, const Tf__AttrValue *p, uint32_t want_type, rn_attr_value *out);
rn_status *attr_to_proto(scratch *s, const rn_attr_value *v, Tf__AttrValue *out);
/* A dtype that Runnel knows, reference or not? */
int dtype_known(int32_t t);
#endif
