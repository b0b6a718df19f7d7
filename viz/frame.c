/* frame.c - the frames around boxes: one for each scope, and one for what repeats (viz). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "draw.h"
#include "label.h"

#define MAX_FRAMES 24 /* nested; what lies deeper shares the deepest frame */

static Agraph_t *make_frame(Agraph_t *around, const char *id, const char *label, const char *line, const char *words) {
  Agraph_t *f = agsubg(around, draw_name(id), 1);
  if (!f) return around;
  draw_set(f, "label", label);
  draw_set(f, "labeljust", "l");
  draw_set(f, "style", "rounded");
  draw_set(f, "color", line);
  draw_set(f, "penwidth", "1"); /* else that of the frame around it */
  draw_set(f, "fontcolor", words);
  return f;
}

static Agraph_t *scope_frame(Agraph_t *around, const char *path, size_t start, size_t end) {
  char id[32], part[128], label[256];
  uint64_t h = 1469598103934665603u;
  for (size_t k = 0; k < end; k++) h = (h ^ (unsigned char)path[k]) * 1099511628211u;
  snprintf(id, sizeof id, "cluster_%016" PRIx64, h);
  snprintf(part, sizeof part, "%.*s", (int)(end - start), path + start);
  return make_frame(around, id, label_text(part, 40, label, sizeof label), "#b9c2cf", "#5a6675");
}

/* The frames of repeats whose turns are parts of this scope, the outermost first. A repeat of this box alone needs
 * none: the box says it. */
static Agraph_t *repeat_frames(const picture *p, Agraph_t *at, const viz_box *b, uint32_t which, size_t length) {
  if (which == REPEAT_NONE) return at;
  const repeat *r = &p->fold.repeats.list[which];
  at = repeat_frames(p, at, b, r->parent, length);
  if (strlen(r->scope) != length || memcmp(r->scope, b->path, length) != 0) return at;
  if (which == b->repeat && p->inside[which] == 1) return at;
  char id[32], title[256], label[320];
  snprintf(id, sizeof id, "cluster_repeat%u", which);
  snprintf(label, sizeof label, "%u times: %s", r->times, label_text(r->title, 60, title, sizeof title));
  at = make_frame(at, id, label, "#a08a4a", "#7d6a30");
  draw_set(at, "penwidth", "2");
  return at;
}

Agraph_t *draw_frame(const picture *p, const viz_box *b) {
  uint32_t frames = 0;
  const char *path = b->path;
  Agraph_t *at = repeat_frames(p, p->root, b, b->repeat, 0);
  for (size_t i = 0, start = 0; path[i] != '\0' && frames < MAX_FRAMES; i++) {
    if (path[i] != '/') continue;
    at = scope_frame(at, path, start, i);
    at = repeat_frames(p, at, b, b->repeat, i);
    start = i + 1;
    frames++;
  }
  return at;
}
