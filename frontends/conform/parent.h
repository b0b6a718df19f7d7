/* parent.h - the parent's state: the report as it grows, the child that runs (frontends/conform). */
#ifndef CONFORM_PARENT_H
#define CONFORM_PARENT_H
#include <sys/types.h>
#include "conform/conform.h"
#include "protocol.h"

#define NONE UINT32_MAX
typedef struct parent {
  const conform_options *o;
  conform_report *r;
  protocol_shared *shared;
  int shared_fd, pipe_fd;
  pid_t child;
  double begun, case_begun;
  char folder[32];  /* where children stand: ops that write files write them here */
  uint32_t running; /* case; NONE: between cases */
  int ended;        /* the child said it is through */
  char buffer[8192];
  size_t filled;
} parent;

/* hear.c: what the child says, put into the report. */
double parent_now(void);     /* seconds */
void parent_hear(parent *p); /* whole lines of the buffer */
void parent_add_case(conform_report *r, const char *id);
void parent_settle(parent *p, uint32_t i, conform_result result, const char *words);
void parent_settle_rows(conform_report *r); /* from their cases */
#endif
