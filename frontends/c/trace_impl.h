/* trace_impl.h - a step that was kept. For the files trace*.c (frontends/c). */
#ifndef RN_C_TRACE_IMPL_H
#define RN_C_TRACE_IMPL_H
#include <runnel/c/trace.h>

typedef struct trace_texts trace_texts;
struct rn_trace {
  rn_trace_event *event;
  uint64_t *own_ns; /* NULL until somebody asks */
  uint32_t count, capacity;
  trace_texts *texts; /* copies of what events point at */
  int failed;         /* memory was out: the step is not complete */
};
/* Works out own_ns. err FAILED_PRECONDITION: no step was kept; RESOURCE_EXHAUSTED */
rn_status *trace_settle(rn_trace *t);
const char *trace_kind(uint32_t kind);             /* "copy to device" */
const char *trace_device(const rn_trace_event *e); /* "VULKAN:0" of "/device:VULKAN:0"; "host" of "" */
size_t trace_utf8(const unsigned char *s);         /* bytes of the character at s; 0: it is not UTF-8 */
#endif
