/* args.c - arguments, errors and JSON out (frontends/cli). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"

static void drop(cli *c, int at, int n) {
  memmove(c->args + at, c->args + at + n, (size_t)(c->count - at - n) * sizeof *c->args);
  c->count -= n;
}

/* "--name" or, for one letter, "-n": what follows the dashes in arg, or NULL. */
static const char *option_name(const char *arg) {
  if (strncmp(arg, "--", 2) == 0 && arg[2]) return arg + 2;
  if (arg[0] == '-' && arg[1] && arg[2] == '\0' && (arg[1] < '0' || arg[1] > '9')) return arg + 1;
  return NULL;
}

int cli_flag(cli *c, const char *name) {
  for (int i = 0; i < c->count; i++) {
    const char *found = option_name(c->args[i]);
    if (!found || strcmp(found, name) != 0) continue;
    drop(c, i, 1);
    return 1;
  }
  return 0;
}

const char *cli_option(cli *c, const char *name) {
  size_t n = strlen(name);
  for (int i = 0; i < c->count; i++) {
    const char *found = option_name(c->args[i]);
    if (!found || strncmp(found, name, n) != 0) continue;
    if (found[n] == '=') {
      drop(c, i, 1);
      return found + n + 1;
    }
    if (found[n] == '\0' && i + 1 < c->count) {
      const char *value = c->args[i + 1];
      drop(c, i, 2);
      return value;
    }
  }
  return NULL;
}

const char *cli_positional(cli *c) {
  if (c->count == 0 || option_name(c->args[0])) return NULL;
  const char *word = c->args[0];
  drop(c, 0, 1);
  return word;
}

int cli_finish(cli *c) {
  if (c->count == 0) return 1;
  fprintf(stderr, "runnel %s: '%s' is not understood here; see runnel %s --help\n", c->command, c->args[0], c->command);
  return 0;
}

int cli_usage(const cli *c, const char *what) {
  fprintf(stderr, "runnel %s: %s; see runnel %s --help\n", c->command, what, c->command);
  return 2;
}

int cli_fail(const cli *c, rn_status *s) {
  fprintf(stderr, "runnel %s: %s: %s\n", c->command, rn_status_code_name(rn_status_code(s)), rn_status_message(s));
  rn_status_free(s);
  return 1;
}

int cli_print_json(cJSON *object) {
  char *text = cJSON_Print(object);
  if (text) puts(text);
  cJSON_free(text);
  cJSON_Delete(object);
  return text ? 0 : 1;
}

const char *cli_first_line(const char *text, char *buf, size_t size_bytes) {
  size_t n = text ? strcspn(text, "\n") : 0;
  if (n >= size_bytes) n = size_bytes - 1;
  if (n) memcpy(buf, text, n);
  buf[n] = '\0';
  return buf;
}
