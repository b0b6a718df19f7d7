/* print.c - a report as JSON, section by section (viz/report). */
#include <stdlib.h>
#include <time.h>
#include "gather.h"

static void print_tag(json *j, const names *n, uint32_t i) {
  json_whole(j, "run", n->entry[i].run);
  json_text(j, "tag", (rn_bytes){n->entry[i].tag, n->entry[i].size}, MOST_NAME_BYTES);
}

static void print_runs(const rn_report *r, json *j) {
  json_begin(j, "runs", '[');
  for (uint32_t i = 0; i < r->n_runs; i++) {
    const report_run *run = &r->runs[i];
    json_begin(j, NULL, '{');
    json_word(j, "name", run->name);
    json_seconds(j, "started", run->first_time);
    json_seconds(j, "updated", run->last_time);
    json_number(j, "step", run->last_step);
    json_whole(j, "files", run->n_files);
    json_end(j, '}');
  }
  json_end(j, ']');
}

static void print_scalars(const rn_report *r, json *j) {
  json_begin(j, "scalars", '[');
  for (uint32_t i = 0; i < r->curve_names.count; i++) {
    if (r->curves[i] == NULL || r->curves[i]->seen == 0) continue;
    json_begin(j, NULL, '{');
    print_tag(j, &r->curve_names, i);
    curve_print(r->curves[i], j, r->runs[r->curve_names.entry[i].run].first_time);
    json_end(j, '}');
  }
  json_end(j, ']');
}

static void print_albums(json *j, const char *key, const names *n, album *const *albums) {
  json_begin(j, key, '[');
  for (uint32_t i = 0; i < n->count; i++) {
    if (albums[i] == NULL) continue;
    json_begin(j, NULL, '{');
    print_tag(j, n, i);
    album_print(albums[i], j);
    json_end(j, '}');
  }
  json_end(j, ']');
}

static void print_graphs(const rn_report *r, json *j) {
  json_begin(j, "graphs", '[');
  for (uint32_t i = 0; i < r->n_graphs; i++) {
    json_begin(j, NULL, '{');
    json_begin(j, "runs", '[');
    for (uint32_t k = 0; k < r->n_runs; k++)
      if (r->runs[k].graph == i + 1) json_whole(j, NULL, k);
    json_end(j, ']');
    json_raw(j, "graph", r->graphs[i].text.text, r->graphs[i].text.size);
    json_end(j, '}');
  }
  json_end(j, ']');
}

static void print_notes(const rn_report *r, json *j) {
  json_begin(j, "notes", '[');
  for (uint32_t i = 0; i < r->n_notes; i++) json_word(j, NULL, r->notes[i]);
  json_end(j, ']');
}

rn_status *rn_report_print_data(const rn_report *r, uint64_t since, char **out_text, size_t *out_size) {
  json j = {0};
  json_begin(&j, NULL, '{');
  json_number(&j, "version", (double)r->version);
  json_word(&j, "folder", r->folder);
  json_number(&j, "now", (double)time(NULL));
  if (since == 0 && r->machine.size != 0) json_raw(&j, "machine", r->machine.text, r->machine.size);
  const uint64_t *stamp = r->stamp;
  if (since == 0 || stamp[SECTION_RUNS] > since) print_runs(r, &j);
  if (since == 0 || stamp[SECTION_SCALARS] > since) print_scalars(r, &j);
  if (since == 0 || stamp[SECTION_HISTOGRAMS] > since)
    print_albums(&j, "histograms", &r->histogram_names, r->histograms);
  if (since == 0 || stamp[SECTION_IMAGES] > since) print_albums(&j, "images", &r->image_names, r->images);
  if (since == 0 || stamp[SECTION_GRAPHS] > since) print_graphs(r, &j);
  if (since == 0 || stamp[SECTION_TIMELINES] > since) print_albums(&j, "timelines", &r->timeline_names, r->timelines);
  if ((since == 0 || stamp[SECTION_CHECKPOINTS] > since) && r->checkpoints.size != 0)
    json_raw(&j, "checkpoints", r->checkpoints.text, r->checkpoints.size);
  if (since == 0 || stamp[SECTION_NOTES] > since) print_notes(r, &j);
  json_end(&j, '}');
  *out_text = j.text;
  *out_size = j.size;
  if (!j.failed) return NULL;
  json_drop(&j);
  *out_text = NULL;
  return report_no_memory();
}

void rn_report_free(char *text) { free(text); }
