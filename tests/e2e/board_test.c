/* board_test.c - runnel board as a person and as an enemy meet it: it follows runs, answers its own name only, ends
 * when it is told to (tests/e2e). */
#include "report_run.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "browser.h"

typedef struct board {
  pid_t pid;
  int port;
  char url[64], folder[64];
} board;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void open_board(board *b) {
  char program[600], line[512];
  int out[2];
  memset(b, 0, sizeof *b);
  make_folder(b->folder);
  snprintf(program, sizeof program, "%s/runnel", getenv("RUNNEL_BIN"));
  assert_int_equal(pipe2(out, O_CLOEXEC), 0);
  b->pid = fork();
  if (b->pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves none behind */
    dup2(out[1], 1);
    execl(program, program, "board", b->folder, "--port", "0", (char *)NULL);
    _exit(127);
  }
  close(out[1]);
  FILE *f = fdopen(out[0], "r");
  assert_non_null(f);
  assert_non_null(fgets(line, sizeof line, f));
  const char *url = strstr(line, "http://127.0.0.1:");
  assert_non_null(url);
  b->port = atoi(url + 17);
  snprintf(b->url, sizeof b->url, "http://127.0.0.1:%d/", b->port);
  fclose(f); /* what it says at its end is not read: it must end all the same */
}

/* The exit code; -1: it did not end within five seconds. */
static int end_board(board *b, int how) {
  int status = 0;
  double until = now() + 5;
  kill(b->pid, how);
  while (waitpid(b->pid, &status, WNOHANG) == 0) {
    if (now() > until) {
      kill(b->pid, SIGKILL);
      waitpid(b->pid, &status, 0);
      return -1;
    }
    usleep(20000);
  }
  remove_folder(b->folder);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -2;
}

/* ---- requests by hand */
static int connect_to(const board *b) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)b->port)};
  inet_pton(AF_INET, "127.0.0.1", &at.sin_addr);
  int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(connect(s, (struct sockaddr *)&at, sizeof at), 0);
  return s;
}

/* The status of the answer; some of it stays in out. */
static int ask(const board *b, const char *request, char *out, size_t size) {
  int s = connect_to(b), code = 0;
  size_t at = 0;
  assert_int_equal(write(s, request, strlen(request)), (ssize_t)strlen(request));
  ssize_t n;
  while (at + 1 < size && (n = read(s, out + at, size - 1 - at)) > 0) at += (size_t)n;
  out[at] = '\0';
  close(s);
  (void)sscanf(out, "HTTP/1.1 %d", &code);
  return code;
}

static void it_answers_under_its_own_name_only(void **state) {
  (void)state;
  static const struct {
    const char *request;
    int code;
  } cases[] = {
      {"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", 200},
      {"GET / HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\n\r\n", 200},
      {"GET / HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n", 200},
      {"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", 403},
      {"GET /data HTTP/1.1\r\nHost: evil.example:80\r\nConnection: close\r\n\r\n", 403},
      {"GET / HTTP/1.1\r\nHost: localhost.evil.example\r\nConnection: close\r\n\r\n", 403},
      {"GET / HTTP/1.1\r\nHost: localhost:80@evil.example\r\nConnection: close\r\n\r\n", 403},
      {"GET / HTTP/1.1\r\nHost: 127.0.0.1.evil.example\r\nConnection: close\r\n\r\n", 403},
      {"GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n", 403},
      {"GET / HTTP/1.0\r\nConnection: close\r\n\r\n", 403},
      {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc", 405},
      {"PUT /data HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 405},
      {"HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 405},
      {"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 404},
      {"GET /%2e%2e/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 404},
      {"GET /data?since=junk HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 200},
      {"GET /data?since=99999999999999999999 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 200},
  };
  board b;
  char out[8192];
  open_board(&b);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int code = ask(&b, cases[i].request, out, sizeof out);
    if (code != cases[i].code) fail_msg("%s\nanswered with %d: %.200s", cases[i].request, code, out);
  }
  assert_int_equal(ask(&b, cases[0].request, out, sizeof out), 200);
  assert_non_null(strstr(out, "Content-Security-Policy: default-src 'none'"));
  assert_non_null(strstr(out, "X-Content-Type-Options: nosniff"));
  assert_null(strstr(out, "Access-Control-Allow"));
  assert_int_equal(end_board(&b, SIGTERM), 0);
}

/* One that waits for news keeps nobody from ending it, nor does one that says nothing. */
static void it_ends_while_somebody_waits(void **state) {
  (void)state;
  board b;
  open_board(&b);
  int waits = connect_to(&b), silent = connect_to(&b);
  static const char request[] = "GET /data?since=1 HTTP/1.1\r\nHost: localhost\r\n\r\n";
  assert_int_equal(write(waits, request, sizeof request - 1), (ssize_t)sizeof request - 1);
  usleep(300000);
  assert_int_equal(end_board(&b, SIGINT), 0);
  close(waits);
  close(silent);
}

static int run_command(const char *arguments, char *out, size_t size) {
  char command[800];
  snprintf(command, sizeof command, "timeout 10 %s/runnel %s 2>&1", getenv("RUNNEL_BIN"), arguments);
  FILE *f = popen(command, "r");
  assert_non_null(f);
  size_t n = fread(out, 1, size - 1, f);
  out[n] = '\0';
  int status = pclose(f);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void what_cannot_be_served_is_said(void **state) {
  (void)state;
  board b;
  char out[2048], arguments[200];
  open_board(&b);
  snprintf(arguments, sizeof arguments, "board %s --port %d", b.folder, b.port);
  assert_int_equal(run_command(arguments, out, sizeof out), 1);
  assert_non_null(strstr(out, "cannot listen on 127.0.0.1"));
  snprintf(arguments, sizeof arguments, "board %s --host no.such.host.invalid --port 0", b.folder);
  assert_int_equal(run_command(arguments, out, sizeof out), 1);
  assert_non_null(strstr(out, "no.such.host.invalid"));
  snprintf(arguments, sizeof arguments, "board %s --port 70000", b.folder);
  assert_int_equal(run_command(arguments, out, sizeof out), 2);
  snprintf(arguments, sizeof arguments, "board %s/none", b.folder);
  assert_int_equal(run_command(arguments, out, sizeof out), 1);
  assert_non_null(strstr(out, "NOT_FOUND"));
  snprintf(arguments, sizeof arguments, "report %s -o %s/x.html", b.folder, b.folder);
  assert_int_equal(run_command(arguments, out, sizeof out), 1);
  assert_non_null(strstr(out, "neither event files nor checkpoints"));
  assert_int_equal(end_board(&b, SIGHUP), 0);
}

#define LAST_POINT "document.querySelectorAll('.card circle').length"
static void a_page_follows_its_runs(void **state) {
  (void)state;
  board b;
  browser chromium;
  small_run run;
  char folder[96];
  open_board(&b); /* an empty folder: the page waits for its first run */
  if (!browser_open(&chromium, 1400, 900)) fail_msg("there is no chromium; ./dev test installs it");
  browser_go(&chromium, b.url);
  assert_true(browser_is(&chromium, "document.querySelector('#main').textContent.includes('No numbers yet')"));
  assert_true(browser_is(&chromium, "document.querySelector('#live-text').textContent === 'live'"));
  snprintf(folder, sizeof folder, "%s/first", b.folder);
  mkdir(folder, 0777);
  small_run_begin(&run, folder);
  for (int i = 0; i < 5; i++) small_run_step(&run, NULL);
  must(rn_events_flush(run.events));
  assert_true(browser_wait(&chromium, LAST_POINT " === 5"));
  browser_do(&chromium, "document.querySelector('.card svg').focus()");
  for (int i = 0; i < 3; i++) small_run_step(&run, NULL);
  must(rn_events_flush(run.events));
  assert_true(browser_wait(&chromium, LAST_POINT " === 8")); /* the new points appear */
  assert_true(
      browser_is(&chromium, "document.activeElement === document.querySelector('.card svg')")); /* nothing jumps */
  assert_true(browser_wait(&chromium, "document.querySelector('#runs-list').textContent.includes('step 7')"));
  snprintf(folder, sizeof folder, "%s/second", b.folder);
  mkdir(folder, 0777);
  write_run(folder, 4); /* a new run appears, with a checkpoint and a timeline */
  assert_true(browser_wait(&chromium, "document.querySelectorAll('#runs-list .run').length === 2"));
  assert_true(browser_wait(&chromium, LAST_POINT " === 12"));
  assert_true(browser_wait(&chromium, "document.querySelector('#tab-checkpoints').textContent === 'Checkpoints1'"));
  assert_true(browser_wait(&chromium, "document.querySelector('#tab-timeline').textContent === 'Timeline1'"));
  if (chromium.n_complaints) fail_msg("the page complains: %s", chromium.complaint);
  if (strncmp(chromium.request, b.url, strlen(b.url)) != 0) fail_msg("the page asks for %s", chromium.request);
  small_run_end(&run);
  assert_int_equal(end_board(&b, SIGTERM), 0);
  assert_true(browser_wait(&chromium, "document.querySelector('#live-text').textContent.includes('does not answer')"));
  browser_close(&chromium);
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_answers_under_its_own_name_only),
      cmocka_unit_test(it_ends_while_somebody_waits),
      cmocka_unit_test(what_cannot_be_served_is_said),
      cmocka_unit_test(a_page_follows_its_runs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
