/* report.c - runnel report: what the runs of a folder wrote, as one page (frontends/cli). */
#include <runnel/report.h>
#include <stdio.h>
#include "commands.h"
#include "new_file.h"

static rn_status *print(const rn_report *r, int as_json, const char *output) {
  char *text = NULL;
  size_t size = 0;
  RN_TRY(as_json ? rn_report_print_data(r, 0, &text, &size) : rn_report_print_page(r, 0, &text, &size));
  rn_status *s = NULL;
  if (output != NULL)
    s = new_file_write(output, text, size);
  else if (fwrite(text, 1, size, stdout) != size || putchar('\n') == EOF)
    s = rn_status_make(RN_UNKNOWN, "cannot write to the standard output");
  rn_report_free(text);
  return s;
}

static rn_status *report(const cli *c, const char *folder, const char *output) {
  rn_report *r = NULL;
  RN_TRY(rn_report_open(c->runtime, folder, &r));
  rn_status *s = NULL;
  if (rn_report_is_empty(r))
    s = rn_status_make(RN_NOT_FOUND, "neither event files nor checkpoints in '%s', nor in its folders", folder);
  if (s == NULL) fputs(rn_report_notes(r), stderr);
  if (s == NULL) s = print(r, c->json, output);
  rn_report_destroy(r);
  return s;
}

int command_report(cli *c) {
  const char *output = cli_option(c, "o"), *folder = cli_positional(c);
  if (!cli_finish(c)) return 2;
  if (folder == NULL) return cli_usage(c, "the runs of which folder?");
  if (output == NULL && !c->json) return cli_usage(c, "say where to: -o FILE.html");
  rn_status *s = report(c, folder, output);
  return s != NULL ? cli_fail(c, s) : 0;
}
