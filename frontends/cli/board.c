/* board.c - runnel board: the page about runs, served while they go on (frontends/cli). */
#include <runnel/report.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "board/server.h"
#include "commands.h"

enum { LOOK_EVERY_MS = 500 };

/* Signals are waited for, not handled: nothing is interrupted. Blocked before any thread starts, so that none of them
 * gets one. */
static sigset_t ending_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  return set;
}

static void complain_once(rn_status *s, char *last, size_t size_bytes) {
  if (s != NULL && strcmp(last, rn_status_message(s)) != 0) {
    snprintf(last, size_bytes, "%s", rn_status_message(s));
    fprintf(stderr, "runnel: %s\n", last);
  }
  rn_status_free(s);
}

static void serve(server *b, const sigset_t *ends) {
  const struct timespec pause = {LOOK_EVERY_MS / 1000, LOOK_EVERY_MS % 1000 * 1000000L};
  char last[1024] = "";
  for (;;) {
    if (sigtimedwait(ends, NULL, &pause) > 0) return;
    complain_once(server_update(b), last, sizeof last);
  }
}

static void tell(const cli *c, const char *folder, const char *url, int port) {
  if (c->json) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "url", url);
    cJSON_AddNumberToObject(o, "port", port);
    cli_print_json(o);
  } else {
    printf("%s is at %s (Ctrl-C ends it)\n", folder, url);
  }
  fflush(stdout);
}

static rn_status *board(const cli *c, const char *folder, const char *host, int port) {
  sigset_t ends = ending_signals();
  rn_report *r = NULL;
  server *b = NULL;
  RN_TRY(rn_report_open(c->runtime, folder, &r));
  rn_status *s = server_open(r, host, port, &b);
  if (s == NULL) {
    fputs(rn_report_notes(r), stderr);
    tell(c, folder, server_url(b), server_port(b));
    serve(b, &ends);
    server_close(b);
    if (!c->json) puts("ended");
  }
  rn_report_destroy(r);
  return s;
}

int command_board(cli *c) {
  const char *port_text = cli_option(c, "port"), *host = cli_option(c, "host"), *folder = cli_positional(c);
  char *end = NULL;
  long port = port_text != NULL ? strtol(port_text, &end, 10) : 6007;
  if (!cli_finish(c)) return 2;
  if (folder == NULL) return cli_usage(c, "the runs of which folder?");
  if (port_text != NULL && (end == port_text || *end != '\0' || port < 0 || port > 65535))
    return cli_usage(c, "--port takes a number from 0 (any free one) to 65535");
  rn_status *s = board(c, folder, host != NULL ? host : "127.0.0.1", (int)port);
  return s != NULL ? cli_fail(c, s) : 0;
}
