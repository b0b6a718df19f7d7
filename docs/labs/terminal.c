/* terminal.c - what the labs print (docs/labs). */
#include <math.h>
#include <stdarg.h>
#include <unistd.h>
#include "lab.h"

enum { BAR = 20, CURVE = 20 };

int lab_report(rn_status *s) {
  if (s == NULL) return 0;
  fprintf(stderr, "%s: %s\n", rn_status_code_name(rn_status_code(s)), rn_status_message(s));
  rn_status_free(s);
  return 1;
}

void lab_say(const lab_flags *f, const char *format, ...) {
  va_list ap;
  if (f->json) return;
  va_start(ap, format);
  vprintf(format, ap);
  va_end(ap);
  fflush(stdout);
}

/* The reported losses from the first to the last, the largest as a full block. */
static void print_curve(const lab_run *r) {
  static const char *const block[] = {"\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588"};
  double low = r->curve[0], high = low;
  uint32_t n = r->n_curve < CURVE ? r->n_curve : CURVE;
  for (uint32_t i = 0; i < r->n_curve; i++) {
    low = fmin(low, r->curve[i]);
    high = fmax(high, r->curve[i]);
  }
  for (uint32_t i = 0; i < n; i++) {
    double v = r->curve[n < 2 ? 0 : i * (r->n_curve - 1) / (n - 1)];
    fputs(block[high > low ? (int)((v - low) / (high - low) * 7 + 0.5) : 0], stdout);
  }
  printf("%*s", (int)(CURVE - n), "");
}

static void print_bar(const lab_run *r) {
  int done = r->flags->steps ? (int)(BAR * r->step / r->flags->steps) : BAR;
  putchar('[');
  for (int i = 0; i < BAR; i++) putchar(i < done ? '#' : '.');
  fputs("]  ", stdout);
}

void lab_progress(lab_run *r, double rate) {
  enum { MOST = sizeof r->curve / sizeof r->curve[0] };
  if (r->n_curve < MOST) r->curve[r->n_curve++] = r->last_loss;
  if (r->flags->json) return;
  int to_terminal = isatty(STDOUT_FILENO);
  int64_t left = rate > 0 ? (int64_t)((double)(r->flags->steps - r->step) / rate + 0.5) : 0;
  if (to_terminal) putchar('\r');
  printf("step %lld/%lld  ", (long long)r->step, (long long)r->flags->steps);
  if (to_terminal) print_bar(r);
  printf("loss %-8.4g ", r->last_loss);
  if (to_terminal) print_curve(r);
  printf(" %.0f steps/s", rate);
  if (to_terminal)
    printf(", %lld:%02lld left \033[K", (long long)(left / 60), (long long)(left % 60));
  else
    putchar('\n');
  fflush(stdout);
}

void lab_progress_end(const lab_run *r) {
  if (isatty(STDOUT_FILENO)) lab_say(r->flags, "\n");
}

void lab_json_loss(const lab_run *r) {
  if (r->steps_done)
    printf("{\"final_loss\": %.9g, ", r->last_loss);
  else
    printf("{\"final_loss\": null, ");
}

void lab_draw(const uint8_t *pixels, int64_t height, int64_t width) {
  static const char *const shade[2][2] = {{" ", "\u2584"}, {"\u2580", "\u2588"}};
  for (int64_t y = 0; y < height; y += 2) {
    for (int64_t x = 0; x < width; x++) {
      int top = pixels[y * width + x] > 96, bottom = y + 1 < height && pixels[(y + 1) * width + x] > 96;
      fputs(shade[top][bottom], stdout);
    }
    fputc('\n', stdout);
  }
}
