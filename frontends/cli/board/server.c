/* server.c - a report over HTTP (frontends/cli/board).
 *
 * GET / is the page, GET /data?since=VERSION what changed after that version: the answer waits until something did, or
 * for 20 seconds. Each connection has a thread; one lock is around the report. Nothing else is served, nothing is
 * taken. */
#include "server.h"
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "host_name.h"

enum { MOST_CONNECTIONS = 64, IDLE_SECONDS = 60, WAIT_SECONDS = 20 };

struct server {
  rn_report *report;
  struct MHD_Daemon *daemon;
  pthread_mutex_t lock;
  pthread_cond_t changed; /* of CLOCK_MONOTONIC */
  int ending, port;
  char *host, *url, *policy;
};

/* ---- answers */
static void add_headers(const server *s, struct MHD_Response *r, const char *type) {
  MHD_add_response_header(r, "Content-Type", type);
  MHD_add_response_header(r, "Content-Security-Policy", s->policy);
  MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
  MHD_add_response_header(r, "X-Frame-Options", "DENY");
  MHD_add_response_header(r, "Referrer-Policy", "no-referrer");
  MHD_add_response_header(r, "Cross-Origin-Resource-Policy", "same-origin");
  MHD_add_response_header(r, "Cache-Control", "no-store");
}

static enum MHD_Result answer(const server *s, struct MHD_Connection *c, unsigned code, const char *type, char *text,
                              size_t size, void (*done)(void *)) {
  struct MHD_Response *r = done != NULL ? MHD_create_response_from_buffer_with_free_callback(size, text, done)
                                        : MHD_create_response_from_buffer(size, text, MHD_RESPMEM_PERSISTENT);
  if (r == NULL) {
    if (done != NULL) done(text);
    return MHD_NO;
  }
  add_headers(s, r, type);
  if (code == MHD_HTTP_METHOD_NOT_ALLOWED) MHD_add_response_header(r, "Allow", "GET");
  enum MHD_Result queued = MHD_queue_response(c, code, r);
  MHD_destroy_response(r);
  return queued;
}

static enum MHD_Result refuse(const server *s, struct MHD_Connection *c, unsigned code, const char *why) {
  return answer(s, c, code, "text/plain; charset=utf-8", (char *)(uintptr_t)why, strlen(why), NULL);
}

static void drop(void *text) { rn_report_free(text); }

static enum MHD_Result answer_printed(const server *s, struct MHD_Connection *c, const char *type, rn_status *failed,
                                      char *text, size_t size) {
  if (failed == NULL) return answer(s, c, MHD_HTTP_OK, type, text, size, drop);
  rn_status_free(failed);
  return refuse(s, c, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory\n");
}

static enum MHD_Result answer_page(server *s, struct MHD_Connection *c) {
  char *text = NULL;
  size_t size = 0;
  pthread_mutex_lock(&s->lock);
  rn_status *failed = rn_report_print_page(s->report, RN_REPORT_LIVE, &text, &size);
  pthread_mutex_unlock(&s->lock);
  return answer_printed(s, c, "text/html; charset=utf-8", failed, text, size);
}

/* Under the lock. */
static void wait_for_change(server *s, uint64_t since) {
  struct timespec end;
  clock_gettime(CLOCK_MONOTONIC, &end);
  end.tv_sec += WAIT_SECONDS;
  while (!s->ending && rn_report_version(s->report) == since)
    if (pthread_cond_timedwait(&s->changed, &s->lock, &end) != 0) return;
}

static enum MHD_Result answer_data(server *s, struct MHD_Connection *c) {
  const char *since_text = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "since");
  uint64_t since = since_text != NULL ? strtoull(since_text, NULL, 10) : 0;
  char *text = NULL;
  size_t size = 0;
  pthread_mutex_lock(&s->lock);
  /* From before a restart of the board: all of it again. */
  if (since > rn_report_version(s->report)) since = 0;
  wait_for_change(s, since);
  rn_status *failed = rn_report_print_data(s->report, since, &text, &size);
  pthread_mutex_unlock(&s->lock);
  return answer_printed(s, c, "application/json", failed, text, size);
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *c, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **state) {
  server *s = arg;
  static int seen;
  (void)version;
  (void)upload;
  if (*state == NULL) { /* the head: what is refused is refused before anything is sent */
    *state = &seen;
    if (!host_name_is_own(MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Host"), s->host))
      return refuse(s, c, MHD_HTTP_FORBIDDEN, "this is not the name of this board; use its address\n");
    if (strcmp(method, "GET") != 0) return refuse(s, c, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n");
    return MHD_YES;
  }
  if (*upload_size != 0) { /* the body of a GET, which has none */
    *upload_size = 0;
    return MHD_YES;
  }
  if (strcmp(url, "/") == 0) return answer_page(s, c);
  if (strcmp(url, "/data") == 0) return answer_data(s, c);
  return refuse(s, c, MHD_HTTP_NOT_FOUND, "there is / and /data\n");
}

/* ---- life */
static rn_status *no_memory(void) { return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for a board"); }

static rn_status *listen_at(server *s, const struct addrinfo *at, int port) {
  unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL;
  if (at->ai_family == AF_INET6) flags |= MHD_USE_IPv6;
  errno = 0;
  s->daemon = MHD_start_daemon(flags, (uint16_t)port, NULL, NULL, handle, s, MHD_OPTION_SOCK_ADDR, at->ai_addr,
                               MHD_OPTION_CONNECTION_LIMIT, (unsigned)MOST_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
                               (unsigned)IDLE_SECONDS, MHD_OPTION_END);
  if (s->daemon == NULL)
    return rn_status_make(RN_UNAVAILABLE, "cannot listen on %s, port %d: %s", s->host, port,
                          errno != 0 ? strerror(errno) : "the server does not start");
  s->port = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
  const char *form = at->ai_family == AF_INET6 && strchr(s->host, ':') != NULL ? "http://[%s]:%d/" : "http://%s:%d/";
  size_t size = strlen(s->host) + 32;
  s->url = malloc(size);
  if (s->url == NULL) return no_memory();
  snprintf(s->url, size, form, s->host, s->port);
  return NULL;
}

static rn_status *find_and_listen(server *s, int port) {
  struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *found = NULL;
  char port_text[16];
  snprintf(port_text, sizeof port_text, "%d", port);
  int failed = getaddrinfo(s->host, port_text, &wanted, &found);
  if (failed != 0)
    return rn_status_make(RN_INVALID_ARGUMENT, "--host '%s' is no address here: %s", s->host, gai_strerror(failed));
  rn_status *status = listen_at(s, found, port);
  freeaddrinfo(found);
  return status;
}

rn_status *server_open(rn_report *r, const char *host, int port, server **out) {
  server *s = calloc(1, sizeof *s);
  pthread_condattr_t clock;
  if (s == NULL) return no_memory();
  s->report = r;
  s->host = strdup(host);
  pthread_mutex_init(&s->lock, NULL);
  pthread_condattr_init(&clock);
  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
  pthread_cond_init(&s->changed, &clock);
  pthread_condattr_destroy(&clock);
  rn_status *status = s->host != NULL ? rn_report_print_policy(RN_REPORT_LIVE, &s->policy) : no_memory();
  if (status == NULL) status = find_and_listen(s, port);
  if (status == NULL) {
    *out = s;
    return NULL;
  }
  server_close(s);
  return status;
}

rn_status *server_update(server *s) {
  pthread_mutex_lock(&s->lock);
  uint64_t before = rn_report_version(s->report);
  rn_status *status = rn_report_update(s->report);
  if (rn_report_version(s->report) != before) pthread_cond_broadcast(&s->changed);
  pthread_mutex_unlock(&s->lock);
  return status;
}

int server_port(const server *s) { return s->port; }
const char *server_url(const server *s) { return s->url; }

void server_close(server *s) {
  pthread_mutex_lock(&s->lock);
  s->ending = 1;
  pthread_cond_broadcast(&s->changed);
  pthread_mutex_unlock(&s->lock);
  if (s->daemon != NULL) MHD_stop_daemon(s->daemon);
  pthread_cond_destroy(&s->changed);
  pthread_mutex_destroy(&s->lock);
  rn_report_free(s->policy);
  free(s->host);
  free(s->url);
  free(s);
}
