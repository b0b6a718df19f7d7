/* ranges.h - how large values were on sample feeds: what an integer machine is calibrated with (plugins/tpu).
 *
 * A text file of lines `node:port low high`. It is written by a run with `calibrate = FILE`, which computes in
 * float and notes every value that would be rounded, and read by runs with `ranges = FILE`. */
#ifndef TPU_RANGES_H
#define TPU_RANGES_H
#include <runnel/plugin.h>

typedef struct tpu_range {
  char name[192];
  float low, high;
} tpu_range;
typedef struct tpu_ranges {
  const rn_host_api *host;
  tpu_range *item;
  uint32_t n, room;
} tpu_ranges;

/* A missing file is no ranges. err INVALID_ARGUMENT: the line. Finish it also after a failure. */
rn_status *tpu_ranges_read(const rn_host_api *host, const char *path, tpu_ranges *out);
rn_status *tpu_ranges_write(const tpu_ranges *r, const char *path);
void tpu_ranges_finish(tpu_ranges *r);
const tpu_range *tpu_ranges_find(const tpu_ranges *r, const char *name);
/* Widens the range of this name. */
rn_status *tpu_ranges_note(tpu_ranges *r, const char *name, float low, float high);
/* "node:port" */
void tpu_value_name(const rn_graph_view_api *v, const rn_graph *g, rn_value id, char out[192]);

/* real = scale (integer - zero), integers -128 to 127; 0 is exact. */
typedef struct tpu_scale {
  float scale;
  int32_t zero;
} tpu_scale;
tpu_scale tpu_scale_of(const tpu_range *r);
#endif
