/* server.h - a report over HTTP (frontends/cli/board). */
#ifndef RN_CLI_BOARD_SERVER_H
#define RN_CLI_BOARD_SERVER_H
#include <runnel/report.h>

typedef struct server server;
/* Listens; port 0: any free one. The report is the server's own until close: no one else calls it.
 * err INVALID_ARGUMENT (no such host), UNAVAILABLE (cannot listen there), RESOURCE_EXHAUSTED. own: owned */
rn_status *server_open(rn_report *r, const char *host, int port, server **out);
/* Lets the report look for what is new, and answers those who wait for it. */
rn_status *server_update(server *s);
int server_port(const server *s);
const char *server_url(const server *s); /* own: borrowed until close */
void server_close(server *s);            /* answers who waits, then ends all connections */
#endif
