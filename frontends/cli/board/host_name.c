/* host_name.c - which names of this server are believed (frontends/cli/board). */
#include "host_name.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static int is_port(const char *s) {
  if (*s == '\0') return 1;
  if (*s++ != ':') return 0;
  while (isdigit((unsigned char)*s)) s++;
  return *s == '\0';
}

int host_name_is_own(const char *header, const char *own) {
  char name[256];
  struct in6_addr any;
  if (header == NULL) return 0;
  int is_bracketed = header[0] == '[';
  size_t n = strcspn(header, is_bracketed ? "]" : ":");
  const char *rest = header + n;
  if (is_bracketed && *rest != ']') return 0;
  if (n >= sizeof name || n == 0 || !is_port(is_bracketed ? rest + 1 : rest)) return 0;
  snprintf(name, sizeof name, "%.*s", (int)(n - (size_t)is_bracketed), header + is_bracketed);
  if (is_bracketed) return inet_pton(AF_INET6, name, &any) == 1;
  return strcasecmp(name, "localhost") == 0 || strcasecmp(name, own) == 0 || inet_pton(AF_INET, name, &any) == 1;
}
