/* runnel/tensor.h - dtypes, shapes and tensors in host memory (core/tensor).
 *
 * For programs that use Runnel. A tensor is a dtype, a known shape and dense row-major bytes. It is
 * reference counted; once shared it is not written any more.
 * thread: retain and release from any thread; reading from several threads is safe. */
#ifndef RUNNEL_TENSOR_H
#define RUNNEL_TENSOR_H
#include <runnel/status.h>
#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of one element; 0 for RN_STRING, RN_RESOURCE, RN_VARIANT and unknown numbers. Ref dtypes
 * answer for their base. */
RN_API size_t rn_dtype_size(rn_dtype t);
/* "float", "int32", "float_ref": TensorFlow's spelling in text. own: static; "invalid" when unknown. */
RN_API const char *rn_dtype_name(rn_dtype t);
/* Accepts "float", "float32" and "DT_FLOAT" (and _ref / _REF). RN_INVALID when unknown. */
RN_API rn_dtype rn_dtype_parse(const char *name, size_t length);
RN_API rn_dtype rn_dtype_base(rn_dtype t);

/* "[2,?,3]", "[]", "<unknown>". Returns the length, as snprintf does. */
RN_API int rn_shape_print(const rn_shape *s, char *buf, size_t size_bytes);
/* Number of elements. err INVALID_ARGUMENT: unknown rank or dimension, or the product overflows. */
RN_API rn_status *rn_shape_count(const rn_shape *s, int64_t *out_count);
RN_API int rn_shape_equal(const rn_shape *a, const rn_shape *b);
/* Can a tensor of the known shape stand where `pattern` (partly unknown) is declared? */
RN_API int rn_shape_matches(const rn_shape *pattern, const rn_shape *known);

/* A tensor of zeros (or of empty strings). own: owned. err INVALID_ARGUMENT, RESOURCE_EXHAUSTED. */
RN_API rn_status *rn_tensor_create(rn_dtype t, const rn_shape *s, rn_tensor **out);
/* A tensor over the caller's memory. done (may be NULL) is called with arg at the last release.
 * own: data kept until done. */
RN_API rn_status *rn_tensor_wrap(rn_dtype t, const rn_shape *s, void *data, void (*done)(void *arg), void *arg,
                                 rn_tensor **out);
/* A copy of `size_bytes` = count * size of dtype from data. own: owned */
RN_API rn_status *rn_tensor_from(rn_dtype t, const rn_shape *s, const void *data, rn_tensor **out);
/* An RN_STRING tensor; the bytes are copied. */
RN_API rn_status *rn_tensor_strings(const rn_shape *s, const rn_bytes *items, rn_tensor **out);
/* The same bytes under another shape with the same count. own: owned, shares memory. */
RN_API rn_status *rn_tensor_reshape(rn_tensor *t, const rn_shape *s, rn_tensor **out);
RN_API rn_tensor *rn_tensor_retain(rn_tensor *t);
RN_API void rn_tensor_release(rn_tensor *t); /* NULL is accepted */

/* What a tensor is; none of these can fail. own: borrowed from t */
RN_API rn_dtype rn_tensor_dtype(const rn_tensor *t);
RN_API const rn_shape *rn_tensor_shape(const rn_tensor *t);
RN_API int64_t rn_tensor_count(const rn_tensor *t);
RN_API size_t rn_tensor_size_bytes(const rn_tensor *t); /* strings: the bytes of all elements */
/* NULL for RN_STRING. Write only before the tensor is shared. */
RN_API void *rn_tensor_data(const rn_tensor *t);
RN_API rn_bytes rn_tensor_string(const rn_tensor *t, int64_t index); /* own: borrowed from t */
#ifdef __cplusplus
}
#endif
#endif
