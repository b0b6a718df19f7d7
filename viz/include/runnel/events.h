/* runnel/events.h - reading what a run wrote about itself (viz).
 *
 * For programs that show runs. Event files are TensorFlow's: they may be from Runnel or from TensorFlow, whole or
 * still being written. Writing them is the business of ops (runnel/c/summary.h).
 * thread: one reader from one thread at a time. */
#ifndef RUNNEL_EVENTS_H
#define RUNNEL_EVENTS_H
#include <runnel/status.h>
#ifdef __cplusplus
extern "C" {
#endif

enum {
  RN_EVENT_VERSION = 1,     /* bytes: "brain.Event:2" */
  RN_EVENT_SCALAR = 2,      /* tag, number */
  RN_EVENT_HISTOGRAM = 3,   /* tag, histogram */
  RN_EVENT_IMAGE = 4,       /* tag, bytes: PNG; width, height */
  RN_EVENT_AUDIO = 5,       /* tag, bytes: WAV */
  RN_EVENT_TENSOR = 6,      /* tag, bytes: a TensorProto that is no scalar */
  RN_EVENT_GRAPH = 7,       /* bytes: a GraphDef */
  RN_EVENT_OTHER = 8,       /* something this reader does not know */
  RN_EVENT_RUN_METADATA = 9 /* tag, bytes: a RunMetadata (runnel/timeline.h) */
};
typedef struct rn_histogram {
  double min, max, count, sum, sum_squares;
  uint32_t n_buckets;
  const double *limit, *bucket; /* bucket i counts values from limit i - 1 up to limit i */
} rn_histogram;
/* One thing that was written. Everything it points at is borrowed for the call. */
typedef struct rn_event {
  uint32_t struct_size, kind;
  double wall_time; /* seconds since 1970 */
  int64_t step;
  rn_bytes tag; /* as written: any bytes */
  double number;
  rn_bytes bytes;
  int64_t width, height;
  const rn_histogram *histogram;
} rn_event;

/* One event file. own: owned. err NOT_FOUND, PERMISSION_DENIED */
typedef struct rn_event_file rn_event_file;
RN_API rn_status *rn_event_file_open(const char *path, rn_event_file **out);
RN_API void rn_event_file_close(rn_event_file *f); /* NULL is accepted */
/* Calls visit for everything that was added since the last call. A record that is not complete is left for later.
 * visit's failure ends the reading and is returned; what it failed at is not visited again.
 * err DATA_LOSS: a damaged record, with its place; the file is then at its end for good */
RN_API rn_status *rn_event_file_read(rn_event_file *f, rn_status *(*visit)(void *arg, const rn_event *e), void *arg);
/* Bytes behind the last complete record: those of a record being written, or cut off. */
RN_API uint64_t rn_event_file_rest(const rn_event_file *f);

/* The event files of a folder, oldest first; without any, those one level down (one folder a run).
 * visit: path of the file, name of the run ("." for the folder itself). err NOT_FOUND: none at all */
RN_API rn_status *rn_event_files_find(const char *folder,
                                      rn_status *(*visit)(void *arg, const char *path, const char *run), void *arg);
#ifdef __cplusplus
}
#endif
#endif
