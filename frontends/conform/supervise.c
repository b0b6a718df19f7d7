/* supervise.c - the parent: children run the cases, whatever becomes of them (frontends/conform).
 *
 * A child says which case begins and how it ends. When it dies, hangs or leaves early, the case that was
 * running has failed, in the words of the shared page, and the next child begins behind it. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "parent.h"

static rn_status *no_memory(void) { return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for the report"); }

/* ------------------------------------------------------------------------------------- the children */
enum { MAX_ARGS = 160 };
static void exec_child(const parent *p, uint32_t from) {
  const conform_options *o = p->o;
  char start[24];
  const char *arg[MAX_ARGS] = {"runnel", "plugin", "check-worker", o->file, "--from", start};
  int n = 6;
  snprintf(start, sizeof start, "%u", from);
  if (o->op != NULL) arg[n++] = "--op", arg[n++] = o->op;
  if (o->only != NULL) arg[n++] = "--case", arg[n++] = o->only;
  if (o->bench) arg[n++] = "--bench";
  for (uint32_t i = 0; i < o->n_settings && n + 3 < MAX_ARGS; i++) arg[n++] = "--set", arg[n++] = o->settings[i];
  execv("/proc/self/exe", (char *const *)(uintptr_t)arg);
  _exit(127);
}

static rn_status *start_child(parent *p, uint32_t from) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return rn_status_make(RN_RESOURCE_EXHAUSTED, "a pipe: %s", strerror(errno));
  memset(p->shared, 0, sizeof *p->shared);
  snprintf(p->shared->doing, sizeof p->shared->doing, "the child's start");
  fflush(stdout);
  p->child = fork();
  if (p->child < 0) {
    close(ends[0]), close(ends[1]);
    return rn_status_make(RN_RESOURCE_EXHAUSTED, "a child process: %s", strerror(errno));
  }
  if (p->child == 0) {
    setpgid(0, 0); /* a plugin that signals its group hits itself alone */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* The numbers may be in each other's way: first away, then into place. */
    int quiet = open("/dev/null", O_RDWR), out = fcntl(ends[1], F_DUPFD, 10), page = fcntl(p->shared_fd, F_DUPFD, 10);
    dup2(quiet, 0), dup2(quiet, 1), dup2(quiet, 2); /* plugins print nothing */
    dup2(out, PROTOCOL_FD), dup2(page, SHARED_FD);
    for (int fd = 5; fd < 64; fd++) close(fd);
    if (chdir(p->folder) != 0) _exit(127);
    exec_child(p, from);
  }
  close(ends[1]);
  p->pipe_fd = ends[0];
  p->running = NONE;
  p->ended = 0;
  p->filled = 0;
  p->case_begun = parent_now();
  return NULL;
}

/* 0: the pipe is at its end; 1: the case took too long; 2: all took too long. */
static int listen_to(parent *p) {
  for (;;) {
    double t = parent_now(), left = p->case_begun + p->o->case_seconds - t, all = p->begun + p->o->all_seconds - t;
    if (all <= 0) return 2;
    if (left <= 0) return 1;
    struct pollfd wait = {p->pipe_fd, POLLIN, 0};
    int ready = poll(&wait, 1, (int)((left < all ? left : all) * 1000) + 1);
    if (ready <= 0) continue;
    ssize_t got = read(p->pipe_fd, p->buffer + p->filled, sizeof p->buffer - 1 - p->filled);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return 0;
    p->filled += (size_t)got;
    parent_hear(p);
  }
}

static const char *signal_name(int number, char *buf, size_t room) {
  const char *name = sigabbrev_np(number);
  if (name != NULL)
    snprintf(buf, room, "SIG%s", name);
  else
    snprintf(buf, room, "signal %d", number);
  return buf;
}

static void put_end(const parent *p, int hung, int status, char *out, size_t room) {
  char name[32];
  const protocol_shared *s = p->shared;
  if (hung) {
    snprintf(out, room, "hangs: no end after %g s in %s", p->o->case_seconds, s->doing);
  } else if (s->signal != 0 || WIFSIGNALED(status)) {
    int number = s->signal != 0 ? s->signal : WTERMSIG(status);
    int n = snprintf(out, room, "crashed with %s", signal_name(number, name, sizeof name));
    if (s->signal == SIGSEGV || s->signal == SIGBUS)
      n += snprintf(out + n, room - (size_t)n, " at %#llx", (unsigned long long)s->address);
    if (s->crash[0] != '\0') n += snprintf(out + n, room - (size_t)n, " (%s)", s->crash);
    snprintf(out + n, room - (size_t)n, " in %s", s->doing);
  } else {
    snprintf(out, room, "the process ended (exit code %d) in %s", WEXITSTATUS(status), s->doing);
  }
}

/* After a child: what it left open has failed. Returns where the next one begins; NONE: nothing is left. */
static uint32_t bury(parent *p, int why, uint32_t from) {
  int status = 0;
  char words[1600];
  if (why != 0) kill(p->child, SIGKILL);
  while (waitpid(p->child, &status, 0) < 0 && errno == EINTR) continue;
  kill(-p->child, SIGKILL); /* what it left running */
  close(p->pipe_fd);
  p->r->out_of_time |= why == 2;
  if (why == 2 || (p->ended && p->running == NONE)) return NONE;
  put_end(p, why == 1, status, words, sizeof words);
  if (p->r->n_cases == 0) { /* not even a list */
    parent_add_case(p->r, "file/load");
    parent_settle(p, 0, CONFORM_FAILED, words);
    return NONE;
  }
  uint32_t i = p->running != NONE ? p->running : from;
  parent_settle(p, i, CONFORM_FAILED, words);
  return i + 1 < p->r->n_cases ? i + 1 : NONE;
}

static rn_status *run(parent *p) {
  for (uint32_t from = 0; from != NONE;) {
    RN_TRY(start_child(p, from));
    from = bury(p, listen_to(p), from);
  }
  parent_settle_rows(p->r);
  p->r->seconds = parent_now() - p->begun;
  return NULL;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at) {
  (void)st, (void)kind, (void)at;
  return remove(path);
}

rn_status *conform_check(const conform_options *o, conform_report **out) {
  parent p = {.o = o, .r = calloc(1, sizeof *p.r), .begun = parent_now(), .folder = "/tmp/runnel-check-XXXXXX"};
  *out = NULL;
  if (p.r == NULL) return no_memory();
  if (mkdtemp(p.folder) == NULL) {
    conform_report_free(p.r);
    return rn_status_make(RN_UNAVAILABLE, "no folder can be made in /tmp: %s", strerror(errno));
  }
  p.r->file = strdup(o->file);
  p.r->id = strdup("?");
  p.r->version = strdup("?");
  p.shared_fd = memfd_create("conform", MFD_CLOEXEC);
  void *page = MAP_FAILED;
  if (p.shared_fd >= 0 && ftruncate(p.shared_fd, sizeof *p.shared) == 0)
    page = mmap(NULL, sizeof *p.shared, PROT_READ | PROT_WRITE, MAP_SHARED, p.shared_fd, 0);
  rn_status *s = page != MAP_FAILED ? NULL : no_memory();
  p.shared = page;
  if (s == NULL) s = run(&p);
  if (page != MAP_FAILED) munmap(page, sizeof *p.shared);
  if (p.shared_fd >= 0) close(p.shared_fd);
  (void)nftw(p.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
  if (s != NULL)
    conform_report_free(p.r);
  else
    *out = p.r;
  return s;
}
