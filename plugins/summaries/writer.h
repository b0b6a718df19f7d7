/* writer.h - the object behind a summary writer's handle (plugins/summaries). */
#ifndef RN_SUMMARIES_WRITER_H
#define RN_SUMMARIES_WRITER_H
#include <pthread.h>
#include "summaries.h"

typedef struct sum_writer {
  pthread_mutex_t lock;
  const rn_host_api *host; /* for what is written when the session goes */
  sum_file *file;          /* NULL: none yet */
  uint64_t waiting, max_queue, flush_ms, flushed_ms;
} sum_writer;
rn_status *sum_writer_get(rn_call *c, sum_writer **out); /* of input 0 */
/* Locks the writer and says why not when it has no file; end counts one event, perhaps flushes, and unlocks. */
rn_status *sum_writer_begin(rn_call *c, sum_writer **out);
rn_status *sum_writer_end(rn_call *c, sum_writer *w, rn_status *s);
#endif
