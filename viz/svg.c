/* svg.c - what is added to Graphviz's SVG (viz).
 *
 * The picture is drawn in the light colours, and on screens of a dark scheme a style sheet replaces each by its like.
 * Paper and programs without style sheets see the light ones. Graphviz draws the names of frames first, below all
 * lines; here they move to the end. Names in the file are escaped, so no text can be taken for a tag. */
#include "svg.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const likes[][2] = {
    {"white", "#15191e"},   {"#ffffff", "#15191e"}, {"black", "#e8ecf1"},                           /* ground, text */
    {"#eef3fb", "#1e2a3d"}, {"#4a6fa5", "#7fa3d9"}, {"#f6f2e7", "#2f2a1c"}, {"#a08a4a", "#c9b06b"}, /* op, part */
    {"#fbe9dd", "#3a2718"}, {"#c06a2b", "#d98b52"}, {"#f8d3b8", "#55301a"}, {"#a94f12", "#f0a06a"}, /* variables */
    {"#e4f4e7", "#1b3323"}, {"#3c8d57", "#6cc08a"}, {"#f4f4f4", "#2b2f35"}, {"#8a8a8a", "#9aa1aa"}, /* fed, constant */
    {"#efe6f7", "#30233d"}, {"#7a4fa0", "#b48be0"}, {"#e2f3f5", "#173238"}, {"#2b7f8c", "#62bccb"}, /* loops, calls */
    {"#fde8e8", "#3d1c1c"}, {"#c0392b", "#f07b6e"}, {"#d81b60", "#ff5c98"}, {"#c2185b", "#ff6ea6"}, /* odd ones */
    {"#6b7785", "#93a1b3"}, {"#5a6675", "#a9b5c4"}, {"#b9c2cf", "#4a5563"}, {"#7a7a7a", "#8d959f"}, /* lines, words */
    {"#a6cee3", "#2c5a73"}, {"#fdbf6f", "#7a5216"}, {"#b2df8a", "#3f6224"}, {"#cab2d6", "#5d456b"}, /* paints */
    {"#ffff99", "#66661f"}, {"#fb9a99", "#7d3635"}, {"#d9d9d9", "#555b63"}, {"#b3e2cd", "#2f5f4b"},
    {"#0b6e4f", "#4fc9a0"}, {"#6a1b9a", "#c48be8"}, {"#1f4fa3", "#7da7f0"}, {"#b3006b", "#ff7ac4"}, /* joints */
    {"#8a5a00", "#e0a83c"}, {"#00707a", "#4cc4cf"}, {"#555555", "#aab2bb"}, {"#7d6a30", "#d8c07a"},
};
enum { N_LIKES = sizeof likes / sizeof likes[0], RULE_BYTES = 160 };

/* Words at lines stay readable where a line crosses them. */
#define HALO(ground) \
  ".edge text,.frames text{paint-order:stroke;stroke:" ground ";stroke-width:3px;stroke-linejoin:round}"

static size_t write_style(char *to, size_t room) {
  size_t at = (size_t)snprintf(
      to, room, "<style>@media screen and (prefers-color-scheme: dark){text:not([fill]){fill:%s}", likes[2][1]);
  for (size_t i = 0; i < N_LIKES; i++)
    at += (size_t)snprintf(to + at, room - at, "[fill=\"%s\"]{fill:%s}[stroke=\"%s\"]{stroke:%s}", likes[i][0],
                           likes[i][1], likes[i][0], likes[i][1]);
  return at + (size_t)snprintf(to + at, room - at, "}</style>\n");
}

/* Moves the words of frames from `from` to `names`; both have room. Returns what is left of `from`. */
static size_t take_names(char *from, char *names, size_t *n_names) {
  char *to = from, *at = from, *frame;
  *n_names = 0;
  while ((frame = strstr(at, "class=\"cluster\"")) != NULL) {
    char *end = strstr(frame, "</g>"), *text = strstr(frame, "<text"), *after = text ? strstr(text, "</text>") : NULL;
    if (end == NULL) break;
    if (text == NULL || after == NULL || after > end) text = after = end;
    if (after != end) after += strlen("</text>");
    memmove(to, at, (size_t)(text - at));
    to += text - at;
    memcpy(names + *n_names, text, (size_t)(after - text));
    *n_names += (size_t)(after - text);
    at = after;
    if (text == after) { /* a frame without a name: on behind its end */
      memmove(to, at, 1);
      to++;
      at++;
    }
  }
  size_t rest = strlen(at);
  memmove(to, at, rest + 1);
  return (size_t)(to - from) + rest;
}

int svg_finish(char **svg, size_t *size) {
  static const char begin[] = "<g class=\"frames\">", finish[] = "</g>\n", tail[] = "</g>\n</svg>";
  char *root = strstr(*svg, "<svg"), *end = root ? strchr(root, '>') : NULL;
  if (end == NULL) return 1;
  size_t room = (N_LIKES + 2) * RULE_BYTES, before = (size_t)(end - *svg) + 1, n_names;
  char *with = malloc(*size + room + sizeof begin + sizeof finish), *names = malloc(*size + 1);
  if (with == NULL || names == NULL) {
    free(with);
    free(names);
    return 0;
  }
  memcpy(with, *svg, before);
  size_t at = before + write_style(with + before, room);
  memcpy(with + at, *svg + before, *size - before + 1);
  at += take_names(with + at, names, &n_names);
  if (n_names > 0 && at > sizeof tail && strncmp(with + at - sizeof tail, tail, sizeof tail - 1) == 0) {
    at -= sizeof tail;
    at += (size_t)sprintf(with + at, "%s%.*s%s%s\n", begin, (int)n_names, names, finish, tail);
  }
  free(names);
  free(*svg);
  *svg = with;
  *size = at;
  return 1;
}
