/* base/log.c - formats a message for the listener (core/base).
 *
 * The message stands on the stack: logging works when memory is out, and a longer message is cut. */
#include "base/log.h"
#include <stdarg.h>
#include <stdio.h>

#define LONGEST 2048

void rn_log_write(const rn_log *l, int level, const char *format, ...) {
  if (l == NULL || l->fn == NULL || level > l->level) return;
  char message[LONGEST];
  va_list args;
  va_start(args, format);
  int printed = vsnprintf(message, sizeof message, format, args);
  va_end(args);
  if (printed < 0) return;
  if ((size_t)printed >= sizeof message) memcpy(message + sizeof message - 4, "...", 4);
  l->fn(l->arg, level, message);
}
