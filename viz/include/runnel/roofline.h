/* runnel/roofline.h - how fast programs run, below what their machine allows, as a picture (viz).
 *
 * A roofline (Williams, Waterman, Patterson 2009): operations per second over operations per byte of memory, both
 * logarithmic. The roof rises with the memory's bandwidth up to the arithmetic's peak. thread: any. */
#ifndef RUNNEL_ROOFLINE_H
#define RUNNEL_ROOFLINE_H
#include <runnel/status.h>
#ifdef __cplusplus
extern "C" {
#endif

/* One program: a run of it takes so many operations, bytes of memory and seconds. Borrowed for the call. */
typedef struct rn_roofline_dot {
  const char *name;
  double operations, bytes, seconds;
} rn_roofline_dot;
typedef struct rn_roofline_options {
  uint32_t struct_size, reserved;
  const char *format;                             /* "svg" or "png" */
  const char *title;                              /* NULL: none */
  double operations_per_second, bytes_per_second; /* the machine's */
  uint32_t width, height;                         /* pixels; 0: 720 x 460 */
} rn_roofline_options;

/* Dots without operations, bytes or time are left out. own: *out_bytes owned, rn_roofline_free.
 * err INVALID_ARGUMENT (format, no machine, nothing to draw), RESOURCE_EXHAUSTED */
RN_API rn_status *rn_roofline_draw(const rn_roofline_dot *dots, uint32_t n_dots, const rn_roofline_options *options,
                                   char **out_bytes, size_t *out_size);
RN_API void rn_roofline_free(char *bytes);
#ifdef __cplusplus
}
#endif
#endif
