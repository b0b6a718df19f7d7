/* trial.c - starts the child of a trial, listens, and judges how it ended (frontends/cli/install).
 * A step that takes longer than it may ends the child, with everything it started. */
#include "install/trial.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST_SAID 2000
typedef struct child {
  pid_t pid;
  int from, printed; /* what it tells; what it prints */
  char *told;
  size_t length, capacity;
} child;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

#define MOST_WORDS 80 /* those of every trial, and the settings */
static void become_child(const cli *c, int to, int printed, const char *path, const char *manifest_path) {
  char fd[16];
  const char *words[MOST_WORDS] = {
      "runnel", TRIAL_WORD, fd, path, manifest_path ? manifest_path : "-", c->config_file ? c->config_file : ""};
  const struct rlimit none = {0, 0};
  snprintf(fd, sizeof fd, "%d", to);
  for (uint32_t i = 0; i < c->n_settings && i + 7 < MOST_WORDS; i++) words[6 + i] = c->settings[i];
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setrlimit(RLIMIT_CORE, &none);
  int nothing = open("/dev/null", O_RDONLY);
  if (nothing >= 0) dup2(nothing, 0);
  dup2(printed, 1);
  dup2(printed, 2);
  fcntl(to, F_SETFD, 0);
  execv("/proc/self/exe", (char **)(uintptr_t)words);
  _exit(127);
}

static rn_status *start(const cli *asker, child *c, const char *path, const char *manifest_path) {
  int ends[2];
  memset(c, 0, sizeof *c);
  c->printed = memfd_create("printed", MFD_CLOEXEC);
  if (c->printed < 0 || pipe2(ends, O_CLOEXEC) != 0)
    return rn_status_make(RN_RESOURCE_EXHAUSTED, "no descriptors for a child process: %s", strerror(errno));
  fflush(NULL);
  c->pid = fork();
  if (c->pid == 0) become_child(asker, ends[1], c->printed, path, manifest_path);
  close(ends[1]);
  c->from = ends[0];
  fcntl(c->from, F_SETFL, O_NONBLOCK);
  if (c->pid > 0) return NULL;
  return rn_status_make(RN_RESOURCE_EXHAUSTED, "no child process can be started: %s", strerror(errno));
}

/* Reads what is there. 0: the child has closed its end. */
static int listen_to(child *c) {
  for (;;) {
    if (c->capacity - c->length < 4096) {
      char *grown = realloc(c->told, c->capacity + (64 << 10));
      if (!grown) return 0;
      c->told = grown;
      c->capacity += 64 << 10;
    }
    ssize_t n = read(c->from, c->told + c->length, c->capacity - c->length - 1);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    if (n == 0) return 0;
    c->length += (size_t)n;
    c->told[c->length] = '\0';
  }
}

/* The child's wait status; *hung when it had to be ended. */
static int wait_for(child *c, double timeout_s, int *hung) {
  int status = 0, open_end = 1;
  double limit = now() + timeout_s;
  *hung = 0;
  while (waitpid(c->pid, &status, WNOHANG) == 0) {
    size_t before = c->length;
    struct pollfd p = {.fd = open_end ? c->from : -1, .events = POLLIN};
    poll(&p, 1, open_end ? 50 : 5);
    if (open_end) open_end = listen_to(c);
    if (c->length != before) limit = now() + timeout_s;
    if (now() < limit || *hung) continue;
    *hung = 1;
    kill(-c->pid, SIGKILL);
    kill(c->pid, SIGKILL);
  }
  kill(-c->pid, SIGKILL); /* what it left running */
  if (open_end) listen_to(c);
  return status;
}

static char *format(const char *form, ...) __attribute__((format(printf, 1, 2)));
static char *format(const char *form, ...) {
  char *text = NULL;
  va_list ap;
  va_start(ap, form);
  if (vasprintf(&text, form, ap) < 0) text = NULL;
  va_end(ap);
  return text;
}

static void add_said(trial *t, const char *text, size_t n) {
  char *longer = format("%s%s%.*s", t->said ? t->said : "", t->said && t->said[0] ? "\n" : "", (int)n, text);
  if (!longer) return;
  free(t->said);
  t->said = longer;
}

/* One message at `at`; where the next begins. */
static const char *read_message(const char *at, const char *end, trial *t) {
  const char *line = memchr(at, '\n', (size_t)(end - at));
  if (!line) return end;
  int code = 0;
  size_t n = 0;
  if (sscanf(at, "step %15s", t->step) == 1) return line + 1;
  if (strncmp(at, "log ", 4) == 0) {
    add_said(t, at + 4, (size_t)(line - at - 4));
    return line + 1;
  }
  int failed = sscanf(at, "fail %d %zu", &code, &n) == 2;
  if (!failed && sscanf(at, "manifest %zu", &n) != 1) return line + 1;
  if (n > (size_t)(end - line - 1)) return end;
  char *text = strndup(line + 1, n);
  t->code = (int32_t)code;
  free(failed ? t->reason : t->manifest);
  if (failed)
    t->reason = text;
  else
    t->manifest = text;
  return line + 1 + n;
}

static void read_printed(const child *c, trial *t) {
  char text[MOST_SAID];
  ssize_t n = pread(c->printed, text, sizeof text, 0);
  while (n > 0 && text[n - 1] == '\n') n--;
  if (n <= 0) return;
  add_said(t, "it printed:", 11);
  add_said(t, text, (size_t)n);
}

static void judge(trial *t, int status, int hung, double timeout_s) {
  char *crash = NULL;
  t->end = TRIAL_CRASHED;
  if (hung) {
    t->end = TRIAL_HUNG;
    crash = format("it hangs in step '%s': no answer within %g s", t->step, timeout_s);
  } else if (WIFSIGNALED(status)) {
    const char *name = sigabbrev_np(WTERMSIG(status));
    crash =
        format("it crashes in step '%s': signal SIG%s (%s)", t->step, name ? name : "?", strsignal(WTERMSIG(status)));
  } else if (t->reason) {
    t->end = TRIAL_REFUSED;
  } else if (t->manifest && WEXITSTATUS(status) == 0) {
    t->end = TRIAL_PASSED;
  } else {
    crash = format("it ends the process in step '%s' with exit code %d", t->step, WEXITSTATUS(status));
  }
  if (t->end == TRIAL_PASSED || t->end == TRIAL_REFUSED) return;
  free(t->reason);
  t->reason = crash;
}

rn_status *trial_hold(const cli *asker, const char *path, const char *manifest_path, double timeout_s, trial *out) {
  child c;
  int hung;
  memset(out, 0, sizeof *out);
  strcpy(out->step, "start");
  double begin = now();
  rn_status *s = start(asker, &c, path, manifest_path);
  if (s) return s;
  int status = wait_for(&c, timeout_s, &hung);
  out->seconds = now() - begin;
  for (const char *at = c.told, *end = c.told + c.length; at && at < end;) at = read_message(at, end, out);
  read_printed(&c, out);
  judge(out, status, hung, timeout_s);
  if (out->end != TRIAL_PASSED) free(out->manifest), out->manifest = NULL;
  if (!out->reason) out->reason = strdup("");
  if (!out->said) out->said = strdup("");
  free(c.told);
  close(c.from);
  close(c.printed);
  return out->reason && out->said ? NULL : rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for a trial");
}

void trial_finish(trial *t) {
  free(t->reason);
  free(t->manifest);
  free(t->said);
}
