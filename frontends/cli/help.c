/* help.c - prints the help of the command, of a group and of one command, and all of it for the build, which
 * makes man pages and completions of that (frontends/cli). */
#include <stdio.h>
#include <string.h>
#include "commands.h"

/* The length of the group's name in "plugin list", 0 for a command of one word. */
static size_t group_length(const command *row) {
  const char *space = strchr(row->name, ' ');
  return space ? (size_t)(space - row->name) : 0;
}

static int is_verb_of(const command *row, const char *group, size_t n) {
  return row->name && group_length(row) == n && strncmp(row->name, group, n) == 0;
}

const command *help_find(char **words, int count) {
  for (const command *row = commands; row->name; row++) {
    size_t n = group_length(row);
    if (n == 0 ? strcmp(row->name, words[0]) == 0
               : count > 1 && is_verb_of(row, words[0], strlen(words[0])) && strcmp(row->name + n + 1, words[1]) == 0)
      return row;
  }
  return NULL;
}

const command *help_find_group(const char *name) {
  for (const command *row = commands; row->name; row++) {
    if (is_verb_of(row, name, strlen(name))) return row;
  }
  return NULL;
}

/* A group is one line of the overview: its verbs. Returns its last row. */
static const command *print_group_line(FILE *to, const command *row) {
  size_t n = group_length(row);
  fprintf(to, "  %-11.*s ", (int)n, row->name);
  for (const char *mark = "";; row++, mark = ", ") {
    if (row->summary) fprintf(to, "%s%s", mark, row->name + n + 1);
    if (!is_verb_of(row + 1, row->name, n)) break;
  }
  fputc('\n', to);
  return row;
}

void help_overview(FILE *to) {
  fputs(
      "runnel - build, run and look at dataflow graphs; every op, kernel and device is a plugin\n\n"
      "runnel COMMAND [ARGUMENTS] [--json] [--set SECTION.KEY=VALUE]... [--config FILE]\n\n",
      to);
  for (const command *row = commands; row->name; row++) {
    if (group_length(row))
      row = print_group_line(to, row);
    else if (row->summary)
      fprintf(to, "  %-11s %s\n", row->name, row->summary);
  }
  fprintf(to, "  %-11s %s\n\n%s\nHelp for one: runnel help COMMAND, or runnel COMMAND --help.\n", "help",
          "this text, or the help of one command", common_help);
}

void help_group(const char *group) {
  size_t n = strlen(group);
  printf("runnel %s VERB [ARGUMENTS] [--json]\n\n", group);
  for (const command *row = commands; row->name; row++) {
    if (is_verb_of(row, group, n) && row->summary) printf("  %-11s %s\n", row->name + n + 1, row->summary);
  }
  printf("\nHelp for one: runnel help %s VERB, or runnel %s VERB --help.\n", group, group);
}

static int print_all(void) {
  printf("== runnel: build, run and look at dataflow graphs\n%s", common_help);
  for (const command *row = commands; row->name; row++) {
    if (row->summary) printf("== %s: %s\n%s", row->name, row->summary, row->help);
  }
  return 0;
}

int help_command(char **words, int count) {
  if (count == 0) {
    help_overview(stdout);
    return 0;
  }
  if (strcmp(words[0], "--all") == 0) return print_all();
  const command *row = help_find(words, count);
  if (row) {
    fputs(row->help ? row->help : "", stdout);
    return 0;
  }
  if (count == 1 && help_find_group(words[0])) {
    help_group(words[0]);
    return 0;
  }
  fprintf(stderr, "runnel: no command '%s%s%s'\n\n", words[0], count > 1 ? " " : "", count > 1 ? words[1] : "");
  help_overview(stderr);
  return 2;
}
