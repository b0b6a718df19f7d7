/* terminal.c - what the labs print (docs/labs). */
#include <stdarg.h>
#include <unistd.h>
#include "lab.h"

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

/* One line that is written over: how far, and how the loss falls. */
void lab_progress(const lab_run *r, double rate) {
  char bar[31];
  int done = r->flags->steps ? (int)(30 * r->step / r->flags->steps) : 30;
  for (int i = 0; i < 30; i++) bar[i] = i < done ? '#' : '.';
  bar[30] = '\0';
  const char *end = isatty(STDOUT_FILENO) ? "\r" : "\n";
  lab_say(r->flags, "[%s] step %lld/%lld  loss %-9.4g  %.0f steps/s  %s", bar, (long long)r->step,
          (long long)r->flags->steps, r->last_loss, rate, end);
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
