/* host_name.h - which names of this server are believed (frontends/cli/board). */
#ifndef RN_CLI_BOARD_HOST_NAME_H
#define RN_CLI_BOARD_HOST_NAME_H
/* A page of another site can make its name point here (DNS rebinding) and then read what is served, as the browser
 * takes both for one site. Such a request carries that name in its Host field; an address, "localhost" and the name
 * that the server was given are no such names. header NULL: 0. */
int host_name_is_own(const char *header, const char *own);
#endif
