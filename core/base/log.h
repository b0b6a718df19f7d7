/* base/log.h - messages to whoever listens (core/base). Nothing below front ends prints. thread: any. */
#ifndef RN_BASE_LOG_H
#define RN_BASE_LOG_H
#include <runnel/status.h>
typedef struct rn_log {
  void (*fn)(void *arg, int level, const char *message); /* NULL: dropped */
  void *arg;
  int level; /* RN_LOG_*: messages above it are dropped */
} rn_log;
void rn_log_write(const rn_log *l, int level, const char *format, ...) RN_FORMAT(3, 4);
#endif
