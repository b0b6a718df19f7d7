/* runnel/plot.h - curves over steps as a picture (viz).
 *
 * For programs that show how a run went. thread: any. */
#ifndef RUNNEL_PLOT_H
#define RUNNEL_PLOT_H
#include <runnel/status.h>
#ifdef __cplusplus
extern "C" {
#endif

/* Points in order of x; NaN and infinite values leave a gap. Borrowed for the call. */
typedef struct rn_curve {
  const char *name;
  const double *x, *y;
  uint32_t count;
} rn_curve;
typedef struct rn_plot_options {
  uint32_t struct_size, flags; /* RN_PLOT_LOG_Y */
  const char *format;          /* "svg" or "png" */
  const char *title, *x_label; /* NULL: none */
  double smoothing;            /* 0: none, to below 1: weight of what came before; the points stay, faint */
  uint32_t width, height;      /* pixels; 0: 720 x 420 */
} rn_plot_options;
enum { RN_PLOT_LOG_Y = 1u };

/* own: *out_bytes owned, rn_plot_free. err INVALID_ARGUMENT (format, nothing to draw), RESOURCE_EXHAUSTED */
RN_API rn_status *rn_plot_draw(const rn_curve *curves, uint32_t n_curves, const rn_plot_options *options,
                               char **out_bytes, size_t *out_size);
RN_API void rn_plot_free(char *bytes);
#ifdef __cplusplus
}
#endif
#endif
