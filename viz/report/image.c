/* image.c - a picture that a run wrote, as a data URL (viz/report). */
#include "gather.h"

#define MOST_IMAGE_BYTES ((uint64_t)2 << 20)

/* The decoder is the browser's; what is not a PNG by its first bytes is not given to it. */
int image_is_shown(rn_bytes b) {
  static const char head[] = "\x89PNG\r\n\x1a\n";
  return b.size > sizeof head && b.size <= MOST_IMAGE_BYTES && memcmp(b.data, head, sizeof head - 1) == 0;
}

void image_print(const rn_event *e, json *j) {
  json_begin(j, NULL, '{');
  json_whole(j, "step", e->step);
  json_whole(j, "width", e->width);
  json_whole(j, "height", e->height);
  json_begin(j, "src", '"');
  json_put(j, "data:image/png;base64,", strlen("data:image/png;base64,"));
  json_base64(j, e->bytes.data, (size_t)e->bytes.size);
  json_end(j, '"');
  json_end(j, '}');
}
