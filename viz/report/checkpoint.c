/* checkpoint.c - one checkpoint: its files and what is in it (viz/report).
 *
 * The index is read by the code of the plugin `io`, checksums and all; it takes its errors from a host's table, which
 * that plugin's own description comes with. Without that plugin there are the files only. */
#include "checkpoint.h"
#include <dirent.h>
#include <runnel/plugin.h>
#include <runnel/tensor.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "bundle.h"

enum { MOST_VARIABLES = 5000, MOST_FILES = 64 };

static void print_files(const char *prefix, json *j) {
  const char *slash = strrchr(prefix, '/'), *name = slash + 1;
  char folder[4096], path[8192];
  struct dirent **entry = NULL;
  struct stat st;
  snprintf(folder, sizeof folder, "%.*s", (int)(slash - prefix), prefix);
  int n = scandir(folder, &entry, NULL, alphasort), shown = 0;
  json_begin(j, "files", '[');
  for (int i = 0; i < n; i++) {
    size_t length = strlen(name);
    int is_own = strncmp(entry[i]->d_name, name, length) == 0 && entry[i]->d_name[length] == '.';
    snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
    if (is_own && stat(path, &st) == 0 && shown++ < MOST_FILES) {
      json_word(j, NULL, entry[i]->d_name);
      json_number(j, NULL, (double)st.st_size);
    }
    free(entry[i]);
  }
  free(entry);
  json_end(j, ']');
}

static void print_variables(const io_bundle *b, json *j) {
  uint32_t shown = 0;
  json_begin(j, "variables", '[');
  for (uint32_t i = 0; i < b->n_entries && shown < MOST_VARIABLES; i++) {
    const io_entry *e = &b->entries[i];
    char type[160], shape[128] = "";
    if (e->key.size == 0 || e->key.data[0] == '\0') continue; /* the header, and slices of others */
    rn_shape_print(&e->shape, shape, sizeof shape);
    snprintf(type, sizeof type, "%s%s", rn_dtype_name(e->dtype), shape);
    json_text(j, NULL, e->key, MOST_NAME_BYTES);
    json_word(j, NULL, type);
    json_number(j, NULL, (double)e->size);
    shown++;
  }
  json_end(j, ']');
}

static rn_status *host_of(rn_runtime *rt, const rn_host_api **out) {
  const rn_plugin_desc *unused = NULL;
  return rn_runtime_description(rt, "io", &unused, out);
}

rn_status *checkpoint_print(rn_runtime *rt, const char *prefix, json *j) {
  const rn_host_api *host = NULL;
  io_bundle b = {0};
  print_files(prefix, j);
  if (rt == NULL) return NULL;
  rn_status *s = host_of(rt, &host);
  if (s == NULL) {
    s = io_bundle_open(host, prefix, &b);
    if (s == NULL) print_variables(&b, j);
    io_bundle_close(&b);
  }
  if (rn_status_code(s) == RN_RESOURCE_EXHAUSTED) return s;
  if (s != NULL) json_text(j, "trouble", json_bytes(rn_status_message(s)), MOST_DETAIL_BYTES);
  rn_status_free(s);
  return NULL;
}
