/* runnel/status.h - errors as values (core/base).
 *
 * For programs that use Runnel. NULL is success. A status says what was asked, what was found and
 * where; causes are chained and the message reads from the outside in. */
#ifndef RUNNEL_STATUS_H
#define RUNNEL_STATUS_H
#include <runnel/types.h>
#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#define RN_API __attribute__((visibility("default")))
#define RN_FORMAT(a, b) __attribute__((format(printf, a, b)))
#define RN_NEVER_NULL __attribute__((returns_nonnull))
#else
#define RN_API
#define RN_FORMAT(a, b)
#define RN_NEVER_NULL
#endif

/* A new status. own: owned. Never NULL: when memory is out, a static RESOURCE_EXHAUSTED status. */
RN_API rn_status *rn_status_make(int32_t code, const char *format, ...) RN_FORMAT(2, 3) RN_NEVER_NULL;
/* Puts a sentence in front of cause, which keeps its code. own: cause given, result owned. */
RN_API rn_status *rn_status_wrap(rn_status *cause, const char *format, ...) RN_FORMAT(2, 3);
/* RN_OK for NULL. */
RN_API int32_t rn_status_code(const rn_status *s);
/* The whole chain as text, "outer: inner". own: borrowed until free. "" for NULL. */
RN_API const char *rn_status_message(const rn_status *s);
/* "INVALID_ARGUMENT" and so on. own: static. */
RN_API const char *rn_status_code_name(int32_t code);
/* NULL is accepted. */
RN_API void rn_status_free(rn_status *s);
#ifdef __cplusplus
}
#endif
#endif
