/* exec/validate_async.c - asynchronous kernels: completed once, and in time (core/exec).
 *
 * complete is handed on when compute has returned, so that an error and a completion cannot both count.
 * A watchdog completes a kernel that does not: its buffers are its own, so it may wake up later unharmed. */
#include <errno.h>
#include <time.h>
#include "exec/validate.h"

#define LIMIT_NS 10000000000u /* of a step without a time-out */
#define GRACE_NS 1000000000u  /* after the step's time-out */
#define LOOK_EVERY_NS 50000000u

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER; /* returned, completed, result of every frame */

static void finish(exec_frame *f, int abandoned) {
  exec_call *real = f->real;
  rn_status *s = exec_frame_end(f, f->result, abandoned);
  exec_async_done(real, s);
}

static void stop_waiting(exec_frame *f) {
  exec_validation *v = f->validation;
  (void)pthread_mutex_lock(&v->guard);
  exec_frame **at = &v->waiting;
  while (*at != NULL && *at != f) at = &(*at)->next;
  if (*at == f) *at = f->next;
  (void)pthread_mutex_unlock(&v->guard);
}

/* ------------------------------------------------------------------------------------- watching */
static void give_up(exec_frame *f) {
  (void)pthread_mutex_lock(&guard);
  int mine = !f->completed;
  if (mine) f->completed = f->late = 1;
  (void)pthread_mutex_unlock(&guard);
  if (!mine) return;
  rn_violation(f->plugin, f->what, &f->notes, "the asynchronous kernel has not called complete after %.1f s",
               (double)(exec_now_ns() - f->begin_ns) / 1e9);
  finish(f, 1);
}

/* Under v->guard: takes out one whose time is over. */
static exec_frame *overdue(exec_validation *v) {
  uint64_t now = exec_now_ns();
  for (exec_frame **at = &v->waiting; *at != NULL; at = &(*at)->next) {
    exec_frame *f = *at;
    if (now <= f->limit_ns) continue;
    *at = f->next;
    return f;
  }
  return NULL;
}

static void *watch(void *arg) {
  exec_validation *v = arg;
  (void)pthread_mutex_lock(&v->guard);
  while (!v->stop) {
    struct timespec t;
    exec_frame *f = overdue(v);
    if (f != NULL) {
      (void)pthread_mutex_unlock(&v->guard);
      give_up(f);
      (void)pthread_mutex_lock(&v->guard);
      continue;
    }
    (void)clock_gettime(CLOCK_REALTIME, &t);
    t.tv_nsec += LOOK_EVERY_NS;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    if (v->waiting != NULL)
      (void)pthread_cond_timedwait(&v->wake, &v->guard, &t);
    else
      (void)pthread_cond_wait(&v->wake, &v->guard);
  }
  (void)pthread_mutex_unlock(&v->guard);
  return NULL;
}

static void wait_for(exec_frame *f) {
  exec_validation *v = f->validation;
  const exec_run *r = f->real->instance != NULL ? f->real->instance->run : f->real->run;
  while (r != NULL && r->parent != NULL) r = r->parent;
  f->limit_ns = r != NULL && r->deadline_ns != 0 ? r->deadline_ns + GRACE_NS : f->begin_ns + LIMIT_NS;
  (void)pthread_mutex_lock(&v->guard);
  if (!v->has_watchdog) v->has_watchdog = pthread_create(&v->watchdog, NULL, watch, v) == 0;
  f->next = v->waiting;
  v->waiting = f;
  (void)pthread_cond_signal(&v->wake);
  (void)pthread_mutex_unlock(&v->guard);
}

void exec_watchdog_stop(exec_validation *v) {
  (void)pthread_mutex_lock(&v->guard);
  v->stop = 1;
  (void)pthread_cond_signal(&v->wake);
  (void)pthread_mutex_unlock(&v->guard);
  if (v->has_watchdog) (void)pthread_join(v->watchdog, NULL);
}

/* ----------------------------------------------------------------------------------- completing */
rn_status *exec_frame_returned(exec_frame *f, rn_status *s) {
  if (s == NULL) wait_for(f);
  (void)pthread_mutex_lock(&guard);
  int completed = f->completed;
  f->returned = 1;
  if (s != NULL) f->completed = 1;
  (void)pthread_mutex_unlock(&guard);
  if (s == NULL && completed) {
    stop_waiting(f);
    finish(f, 0);
  }
  if (s == NULL) return NULL;
  if (completed) {
    rn_violation(f->plugin, f->what, &f->notes, "compute called complete and then returned an error: \"%.200s\"",
                 rn_status_message(s));
    rn_status_free(f->result);
  }
  return exec_frame_end(f, s, 0);
}

/* What came too late, or was not asked for. NULL: all is well, and f is completed. */
static const char *complaint(exec_frame *f, rn_status *s, int *out_finish) {
  const char *text = NULL;
  (void)pthread_mutex_lock(&guard);
  if (f->late)
    text = "complete is called after the host gave up waiting for it";
  else if (f->completed && f->async)
    text = "complete is called a second time, or after compute returned an error";
  else if (!f->async)
    text = "complete is called, but the kernel is not asynchronous (RN_KERNEL_ASYNC)";
  else {
    f->completed = 1;
    f->result = s;
    *out_finish = f->returned;
  }
  (void)pthread_mutex_unlock(&guard);
  return text;
}

void exec_frame_complete(rn_call *c, rn_status *s) {
  int finishes = 0;
  exec_frame *f = exec_frame_find(c);
  if (s != NULL && !rn_status_is_alive(f != NULL ? f->plugin : NULL, s, "complete takes")) s = NULL;
  if (f == NULL) {
    rn_violation_here(NULL, "complete: %p is no call of this host", (void *)c);
    rn_status_free(s);
    return;
  }
  const char *text = complaint(f, s, &finishes);
  if (text != NULL) {
    rn_notes *late = f->validation != NULL ? &f->validation->late : NULL;
    rn_violation(f->plugin, f->what, f->real != NULL ? &f->notes : late, "%s", text);
    rn_status_free(s);
  } else if (finishes) {
    stop_waiting(f);
    finish(f, 0);
  }
}
