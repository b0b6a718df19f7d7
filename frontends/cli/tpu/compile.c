/* compile.c - runnel tpu compile: the programs of a graph, into a file or a folder (frontends/cli/tpu). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <runnel/plugin.h>
#include "tpu/verbs.h"

typedef struct output {
  const char *path; /* a file for one program; NULL: the runtime keeps them in a folder */
  uint32_t written;
  cJSON *list;
  rn_status *failed;
} output;

static void report(output *o, const rn_program *p) {
  const rn_program_info *info = rn_program_get_info(p);
  char *line = NULL;
  rn_status *s = rn_program_print(p, RN_PROGRAM_LINE, &line);
  if (s) rn_status_free(s);
  if (o->list) {
    cJSON *one = cJSON_CreateObject();
    cJSON_AddNumberToObject(one, "nodes", info->n_nodes);
    cJSON_AddStringToObject(one, "first", info->n_nodes ? info->nodes[0] : "");
    cJSON_AddStringToObject(one, "machine", info->machine);
    cJSON_AddStringToObject(one, "line", line ? line : "");
    cJSON_AddItemToArray(o->list, one);
  } else {
    printf("%u nodes from %s on: %s\n", info->n_nodes, info->n_nodes ? info->nodes[0] : "?", line ? line : "");
  }
  free(line);
}

static void visit(void *arg, const rn_program *p) {
  output *o = arg;
  if (o->failed) return;
  if (o->path && o->written == 0) o->failed = rn_program_save(p, o->path);
  o->written++;
  report(o, p);
}

static int is_folder(const char *path) {
  struct stat st;
  return path[strlen(path) - 1] == '/' || (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

static void count(void *arg, const rn_program *p) { (void)arg, (void)p; }

static rn_status *compile(cli *c, tpu_request *q, output *o, const char *path) {
  RN_TRY(tpu_request_read(c, path, q));
  RN_TRY(tpu_request_programs(q, count, NULL));
  if (o->path && q->n_programs > 1)
    return rn_status_make(RN_INVALID_ARGUMENT, "the graph makes %u programs: -o takes a folder for them ('%s/')",
                          q->n_programs, o->path);
  RN_TRY(tpu_request_programs(q, visit, o)); /* the layout is there: nothing is compiled again */
  return o->failed;
}

int tpu_compile(cli *c) {
  char setting[4200];
  const char *path = cli_positional(c), *out = cli_option(c, "o"), *set = setting;
  if (!path) return cli_usage(c, "which graph?");
  if (!out || !*out) return cli_usage(c, "where to? -o FILE, or -o FOLDER/ for several programs");
  output o = {.path = is_folder(out) ? NULL : out, .list = c->json ? cJSON_CreateArray() : NULL};
  tpu_request q = {0};
  rn_status *s = NULL;
  if (!o.path) {
    snprintf(setting, sizeof setting, "programs.folder=%s", out);
    s = tpu_set(c, &set, 1);
  }
  if (!s) s = compile(c, &q, &o, path);
  tpu_request_finish(&q);
  if (s) {
    cJSON_Delete(o.list);
    return cli_fail(c, s);
  }
  return o.list ? cli_print_json(o.list) : 0;
}
