/* ranges.c - calibration files (plugins/tpu). */
#include "ranges.h"
#include <math.h>
#include <stdlib.h>

void tpu_value_name(const rn_graph_view_api *v, const rn_graph *g, rn_value id, char out[192]) {
  snprintf(out, 192, "%s:%u", v->name(g, id.node), id.port);
}

const tpu_range *tpu_ranges_find(const tpu_ranges *r, const char *name) {
  for (uint32_t i = 0; i < r->n; i++)
    if (strcmp(r->item[i].name, name) == 0) return &r->item[i];
  return NULL;
}

rn_status *tpu_ranges_note(tpu_ranges *r, const char *name, float low, float high) {
  tpu_range *old = (tpu_range *)(uintptr_t)tpu_ranges_find(r, name);
  if (old != NULL) {
    if (low < old->low) old->low = low;
    if (high > old->high) old->high = high;
    return NULL;
  }
  if (r->n == r->room) {
    uint32_t room = r->room ? r->room * 2 : 16;
    tpu_range *grown = r->host->alloc(r->host->ctx, room * sizeof *grown, 16);
    if (grown == NULL) return r->host->status(RN_RESOURCE_EXHAUSTED, "tpu: out of memory for ranges");
    if (r->n > 0) memcpy(grown, r->item, r->n * sizeof *grown);
    r->host->free(r->host->ctx, r->item);
    r->item = grown;
    r->room = room;
  }
  tpu_range *to = &r->item[r->n++];
  snprintf(to->name, sizeof to->name, "%s", name);
  to->low = low, to->high = high;
  return NULL;
}

static rn_status *read_line(tpu_ranges *r, const char *path, uint32_t line, char *text) {
  char *name = text + strspn(text, " \t"), *end, *at;
  size_t n = strcspn(name, " \t\r\n");
  if (n == 0 || *name == ';') return NULL;
  at = name + n;
  float low = strtof(at, &end);
  int good = end != at;
  at = end;
  float high = strtof(at, &end);
  good = good && end != at && end[strspn(end, " \t\r\n")] == '\0' && low <= high && n < 192;
  name[n] = '\0';
  if (good) return tpu_ranges_note(r, name, low, high);
  return rn_error(r->host, RN_INVALID_ARGUMENT, "tpu: %s, line %u: expected NODE:PORT LOW HIGH", path, line);
}

rn_status *tpu_ranges_read(const rn_host_api *host, const char *path, tpu_ranges *out) {
  char text[512];
  uint32_t line = 0;
  memset(out, 0, sizeof *out);
  out->host = host;
  FILE *f = path != NULL && *path != '\0' ? fopen(path, "rb") : NULL;
  rn_status *s = NULL;
  while (f != NULL && s == NULL && fgets(text, sizeof text, f) != NULL) s = read_line(out, path, ++line, text);
  if (f != NULL) fclose(f);
  return s;
}

rn_status *tpu_ranges_write(const tpu_ranges *r, const char *path) {
  FILE *f = fopen(path, "wb");
  if (f == NULL)
    return rn_error(r->host, RN_PERMISSION_DENIED, "tpu: the calibration file '%s' cannot be written", path);
  for (uint32_t i = 0; i < r->n; i++)
    fprintf(f, "%s %.9g %.9g\n", r->item[i].name, (double)r->item[i].low, (double)r->item[i].high);
  return fclose(f) == 0 ? NULL : rn_error(r->host, RN_DATA_LOSS, "tpu: the calibration file '%s' is not whole", path);
}

void tpu_ranges_finish(tpu_ranges *r) {
  if (r->host != NULL) r->host->free(r->host->ctx, r->item);
  memset(r, 0, sizeof *r);
}

tpu_scale tpu_scale_of(const tpu_range *r) {
  float low = r->low < 0 ? r->low : 0, high = r->high > 0 ? r->high : 0, scale = (high - low) / 255.0f;
  if (!(scale > 1e-30f)) scale = 1.0f; /* only zeros */
  float zero = rintf(-128.0f - low / scale);
  return (tpu_scale){scale, zero < -128.0f ? -128 : zero > 127.0f ? 127 : (int32_t)zero};
}
